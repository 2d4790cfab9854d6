"""Changes that were tried on an earlier program are refused with what became of them, if that says anything of them."""

import json
from dataclasses import replace

import pytest

from nightdesk.lab.experiments import Experiment
from nightdesk.lab.failures import is_outside
from nightdesk.lab.jobs import Proposal, Search
from nightdesk.lab.judging import Decision, Ground, Verdict
from nightdesk.lab.propose_task import Material, make_material, make_mending, verify_proposal
from nightdesk.lab.searching.novelty import change_key
from nightdesk.lab.searching.repeats import against_repeat, refused_changes
from tests.lab.searches import FILES, TRAIN, experiment, search

OLD = {"train.py": TRAIN.replace("LR = 0.01", "# old\nLR = 0.02")}  # the program that it was tried on
TRIED = change_key(OLD, {"train.py": OLD["train.py"].replace("print(LR)", "print(LR * 2)")})
AGAIN = {"train.py": TRAIN.replace("print(LR)", "print( LR * 2 )")}
HAND_IN = json.dumps(
    {
        "title": "Twice the rate",
        "hypothesis": "It may help.",
        "edits": [{"file": "train.py", "search": "print(LR)", "replace": "print(LR * 2)  # twice"}],
    }
)


def tried(became: Experiment) -> Search:
    """Return a search in which experiment 12 made the change on an earlier program."""
    return search(experiments=[became], changes={TRIED: 12})


@pytest.mark.parametrize(
    ("became", "said"),
    [
        (experiment(12, parent=7), "was tried as experiment 12 (discarded: reason) on an earlier program"),
        (experiment(12, parent=0), "was tried as experiment 12 (discarded: reason) on this program"),
        (
            experiment(12, Decision.CRASH, parent=7, score=None, failure="exit code 1"),
            "was tried as experiment 12 (crashed: exit code 1) on an earlier program",
        ),
        (experiment(12, None, parent=7), "is tried as experiment 12 on an earlier program"),
        (experiment(12, Decision.KEEP, parent=7), ""),  # it helped once
        (experiment(12, Decision.CRASH, score=None, failure="killed: the disk has less than 100 MB left"), ""),
        (experiment(12, Decision.CRASH, score=None, failure="its machine went away 3 times: node 4"), ""),
        (experiment(11), ""),  # 12 is not in the ledger any more
    ],
)
def test_what_was_tried_is_refused_with_what_became_of_it(became: Experiment, said: str) -> None:
    found = tried(became)
    assert against_repeat(FILES, AGAIN, refused_changes(found)) == (f"the same change {said}" if said else "")
    verified = verify_proposal(make_material(found), HAND_IN)
    assert verified.reasons == ((f"the same change {said}",) if said else ())
    assert (verified.result is None) == bool(said)


def test_another_process_says_the_same() -> None:
    material = make_material(tried(experiment(12, parent=7)))
    again = Material.from_json(json.loads(json.dumps(material.to_json())))
    assert again == material
    assert verify_proposal(again, HAND_IN).reasons == verify_proposal(material, HAND_IN).reasons != ()


def test_a_material_of_an_earlier_version_is_read() -> None:
    told = make_material(tried(experiment(12))).to_json()
    del told["changes"]
    assert verify_proposal(Material.from_json(told), HAND_IN).result is not None


def test_a_mended_form_is_not_held_to_be_a_repeat() -> None:
    crashed = experiment(12, Decision.CRASH, score=None, failure="exit code 1")
    assert verify_proposal(make_mending(tried(crashed), crashed, FILES), HAND_IN).result is not None


def test_a_constant_near_to_one_that_was_tried_is_told_so() -> None:
    one, near, far = ({"train.py": TRAIN.replace("0.01", value)} for value in ("0.05", "0.0505", "0.052"))
    refused = refused_changes(search(experiments=[experiment(12)], changes={change_key(OLD, one): 12}))
    assert against_repeat(FILES, near, refused).startswith("nearly the same change was tried as experiment 12 (")
    assert against_repeat(FILES, far, refused) == ""


def test_what_waits_to_be_run_counts_as_tried() -> None:
    waiting = Proposal("Twice\n the rate", "", AGAIN, "w")
    found = search(waiting=(waiting, replace(waiting, files=FILES)))
    assert verify_proposal(make_material(found), HAND_IN).reasons == (
        "the same change waits to be run: Twice the rate",
    )


def test_a_long_reason_is_cut() -> None:
    long = replace(experiment(12), verdict=Verdict(Decision.DISCARD, Ground.GUARD, "so\n" * 500))
    (why,) = refused_changes(tried(long)).values()
    assert len(why) < 300
    assert "\n" not in why


@pytest.mark.parametrize(
    ("failure", "outside"),
    [
        ("its machine went away 3 times: no answer", True),
        ("killed: the disk has less than 100 MB left", True),
        ("ended by signal 9", True),
        ("ended by signal 15", True),
        ("ended by signal 11", False),
        ("exit code 9", False),
        ("killed: more than 2 GB of memory", False),
        ("RuntimeError: its machine went away", False),
        ("", False),
    ],
)
def test_failures_from_outside(failure: str, outside: bool) -> None:
    assert is_outside(failure) is outside
