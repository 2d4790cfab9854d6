"""Proposers without an AI: values from the ledger, ranges and turns of the hybrid one."""

import threading
from dataclasses import replace

import pytest

from nightdesk.agents.tasks import CapReachedError, LeftError
from nightdesk.lab.experiments import Experiment, parse_experiment, render_experiment
from nightdesk.lab.fingerprints import fingerprint
from nightdesk.lab.jobs import Proposal, Search
from nightdesk.lab.judging import Decision
from nightdesk.lab.proposers import GaveUpError, HybridProposer, TuningProposer, ranges_of, with_ranges
from nightdesk.lab.trials import trials_of
from nightdesk.lab.tunables import values_of
from tests.lab.searches import FILES, TRAIN, after, baseline, experiment, search

pytest.importorskip("optuna")


class Thinker:
    """Somebody who proposes structure; each proposal adds a line."""

    name = "openai:model"
    at_once = 1

    def __init__(self, ranges: dict[str, tuple[float, float]] | None = None) -> None:
        self.asked = 0
        self.ranges = ranges or {}
        self.fails: Exception | None = None

    def propose(self, search: Search) -> Proposal | None:
        self.asked += 1
        if self.fails:
            raise self.fails
        files = {"train.py": search.files["train.py"] + f"print({self.asked})\n"}
        return Proposal(f"idea {self.asked}", with_ranges("Why.", self.ranges), files, self.name)

    def fix(self, search: Search, crashed: Experiment) -> Proposal | None:
        return Proposal("mended", "Why.", {"train.py": "pass\n"}, self.name)


def test_it_changes_constants_and_nothing_else() -> None:
    known = search()
    proposer = TuningProposer()
    for number in range(12):
        proposal = proposer.propose(known)
        assert proposal is not None
        assert proposal == proposer.propose(known), "the same ledger, the same proposal"
        (path,) = proposal.files
        assert len(proposal.files[path].splitlines()) == len(TRAIN.splitlines())
        assert "SEED = 1\nprint(LR)\n" in proposal.files[path]
        assert values_of(proposal.files) == proposal.values
        assert fingerprint(proposal.files) not in known.tried
        assert " -> " in proposal.title
        assert proposal.worker == "builtin"
        known = after(known, proposal, 1.5 + number / 100 if number % 3 else None)
    assert proposer.fix(known, known.experiments[-1]) is None
    assert proposer.at_once == 0


def test_nothing_to_tune_and_all_tried_is_none() -> None:
    assert TuningProposer().propose(search({"train.py": "def f(): pass\n"})) is None
    assert TuningProposer().propose(search({"notes.txt": "LR = 1\n"})) is None
    switch = {"train.py": "TIED = True\n"}
    assert TuningProposer().propose(search(switch, tried=[{"train.py": "TIED = False\n"}])) is None


def test_a_name_in_two_files_is_told_apart() -> None:
    files = {"a.py": "WIDTH = 32\n", "b.py": "WIDTH = 64\nTIED = True\n", "c.toml": "WIDTH = 1\n"}
    seen = set()
    known = search(files)
    for _ in range(8):
        proposal = TuningProposer().propose(known)
        assert proposal is not None
        assert set(proposal.values) == {"a.py:WIDTH", "b.py:WIDTH", "TIED"}
        assert proposal.files["c.toml"] == files["c.toml"]
        seen |= {name for name, value in proposal.values.items() if value != values_of(files)[name]}
        known = after(known, proposal, 1.5)
    assert seen >= {"a.py:WIDTH", "b.py:WIDTH"}


def test_a_killed_night_goes_on_the_same() -> None:
    """What the experiments' files keep is all that the next proposal depends on."""
    known = search()
    for _ in range(9):
        proposal = TuningProposer().propose(known)
        assert proposal is not None
        known = after(known, proposal, 1.49)
    read = [parse_experiment(render_experiment(one)) for one in known.experiments]
    assert TuningProposer().propose(replace(known, experiments=read)) == TuningProposer().propose(known)


def test_scores_are_taken_relative_to_the_change_of_structure_below_them() -> None:
    values = values_of(FILES)
    idea = experiment(2, Decision.KEEP, score=1.4, title="an idea")  # somebody's: it begins a family
    tuned = experiment(1, score=1.52, method="tpe", values={**values, "LR": 0.02})
    later = experiment(3, score=1.41, parent=2, method="tpe", values={**values, "LR": 0.03})
    crashed = experiment(4, Decision.CRASH, score=None, parent=2, method="tpe", values={**values, "LR": 0.5})
    known = search(experiments=(tuned, idea, later, crashed), incumbent=idea, score=1.4)
    told = {trial.values["LR"]: trial.score for trial in trials_of(known)}
    assert told == {0.01: 1.4, 0.02: pytest.approx(1.42), 0.03: pytest.approx(1.41), 0.5: None}


def test_other_branches_guide_it_where_program_md_is_the_same() -> None:
    values = values_of(FILES)
    first = replace(baseline(2.0), number=90, commit="9" * 40, tag="old")
    same = replace(experiment(91, score=1.9, method="tpe", values={**values, "LR": 0.02}), parent="9" * 40)
    other = replace(experiment(92, score=9.0, method="tpe", values={**values, "LR": 0.03}), program="another")
    told = {trial.values["LR"]: trial.score for trial in trials_of(search(), (first, same, other))}
    assert told == {0.01: 1.5, 0.02: pytest.approx(1.4)}


def test_a_ledger_that_goes_round_in_a_circle_ends() -> None:
    one = experiment(1, parent=2, method="tpe", values=values_of(FILES))
    two = experiment(2, parent=1, method="tpe", values=values_of(FILES))
    assert len(trials_of(search(experiments=(one, two)))) == 3


def test_hybrid_asks_every_fourth_time_and_tunes_in_between() -> None:
    thinker, known = Thinker(), search()
    workers = []
    for _ in range(9):
        proposal = HybridProposer(thinker, TuningProposer()).propose(
            known
        )  # made anew: the ledger says whose turn it is
        assert proposal is not None
        workers.append(proposal.worker)
        known = after(known, proposal, 1.5)
    assert workers == ["openai:model", *["builtin"] * 3] * 2 + ["openai:model"]


def test_hybrid_asked_several_times_at_once_gives_one_to_the_thinker_and_no_two_the_same() -> None:
    thinker, known = Thinker(), search()
    asked, answer = threading.Event(), threading.Event()
    propose = thinker.propose

    def slow(search: Search) -> Proposal | None:
        asked.set()
        assert answer.wait(20)
        return propose(search)

    thinker.propose = slow  # type: ignore[method-assign]
    proposer = HybridProposer(thinker, TuningProposer())
    thought: list[Proposal | None] = []
    thread = threading.Thread(target=lambda: thought.append(proposer.propose(known)))
    thread.start()
    assert asked.wait(20)
    tuned = [proposal for _ in range(3) if (proposal := proposer.propose(known))]  # nobody has seen the others yet
    assert [proposal.worker for proposal in tuned] == ["builtin"] * 3
    assert len({fingerprint(proposal.files) for proposal in tuned}) == 3
    answer.set()
    thread.join(20)
    assert [proposal.worker for proposal in thought if proposal] == ["openai:model"]
    later = proposer.propose(replace(known, waiting=tuned))
    assert later is not None
    assert later.worker == "openai:model", "after three of the optimiser's, wherever they are"


def test_hybrid_counts_what_waits_from_an_earlier_session() -> None:
    known, tuner = search(), TuningProposer()
    waiting: list[Proposal] = [Proposal("idea", "Why.", {"train.py": TRAIN + "print(0)\n"}, "openai:model")]
    workers = []
    for _ in range(4):
        proposal = HybridProposer(Thinker(), tuner).propose(replace(known, waiting=waiting))
        assert proposal is not None
        workers.append(proposal.worker)
        waiting.append(proposal)
    assert workers == [*["builtin"] * 3, "openai:model"]
    assert len({fingerprint(proposal.files) for proposal in waiting}) == 5
    joined = replace(waiting[0], worker="nightdesk", merges=(1, 2))
    proposal = HybridProposer(Thinker(), tuner).propose(replace(known, waiting=[*waiting[:4], joined]))
    assert proposal is not None
    assert proposal.worker == "openai:model", "what joins two was nobody's turn"


def test_hybrid_keeps_to_the_ranges() -> None:
    proposer = HybridProposer(Thinker({"LR": (0.02, 0.021)}), TuningProposer())
    known, seen = search(), set()
    for _ in range(12):
        proposal = proposer.propose(known)
        assert proposal is not None
        if proposal.method:
            seen.add(float(proposal.values["LR"]))
        known = after(known, proposal, 1.5)
    assert seen - {0.01}, "it is tuned"
    assert all(0.02 <= value <= 0.021 for value in seen - {0.01})


def test_hybrid_tunes_on_where_the_thinker_fails_and_stops_at_a_cap() -> None:
    thinker = Thinker()
    proposer = HybridProposer(thinker, TuningProposer())
    thinker.fails = GaveUpError("no network")
    for _ in range(3):
        proposal = proposer.propose(search())
        assert proposal is not None
        assert proposal.worker == "builtin"
    assert thinker.asked == 1, "not again before something else was tried"
    for error in (CapReachedError("2 USD are spent"), LeftError("stopped")):
        thinker.fails = error
        with pytest.raises(LeftError):
            HybridProposer(thinker, TuningProposer()).propose(search())


def test_hybrid_falls_back_on_the_thinker_where_nothing_can_be_tuned() -> None:
    known = search({"train.py": "pass\n"}, [experiment(1)])  # the thinker's turn is over
    proposal = HybridProposer(Thinker(), TuningProposer()).propose(known)
    assert proposal is not None
    assert proposal.worker == "openai:model"


def test_hybrid_lets_the_thinker_mend_its_own() -> None:
    proposer = HybridProposer(Thinker(), TuningProposer())
    assert proposer.fix(search(), experiment(1, Decision.CRASH)) is not None
    assert proposer.fix(search(), experiment(1, Decision.CRASH, method="tpe")) is None


@pytest.mark.parametrize(
    ("ranges", "written"),
    [
        ({"LR": (0.01, 0.1), "ADAM_BETAS[1]": (0.9, 0.999)}, None),
        ({"a.py:DEPTH": (1, 1e6)}, None),
        ({}, "Why.\n\nRanges to search: LR from 2 to 1"),
        ({}, "Why.\n\nRanges to search: LR from a to b"),
        ({}, "Ranges to search: LR from 1 to 2\n\nWhy."),
    ],
)
def test_ranges_are_read_from_the_hypothesis(ranges: dict[str, tuple[float, float]], written: str | None) -> None:
    known = experiment(1, hypothesis=written or with_ranges("Why.", ranges))
    assert ranges_of([known]) == ranges
    assert ranges_of([replace(known, method="tpe")]) == {}
