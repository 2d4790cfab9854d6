"""What a lab's ledger has for an idea."""

from dataclasses import replace
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.confirmations import write_confirmation
from nightdesk.lab.experiments import FOLDER, Experiment, write_experiment
from nightdesk.lab.ideas import MAX_KEPT, measured_of
from nightdesk.lab.labs import Lab
from nightdesk.wiki.ideas.checking import check_idea
from nightdesk.wiki.ideas.composing import compose
from nightdesk.wiki.ideas.drafting import draft
from nightdesk.wiki.ideas.material import Material
from nightdesk.wiki.ideas.private import Known
from tests.lab.nights import baseline, better, crashed, discarded
from tests.lab.test_reporting import confirmation, lab_at


def lab_of(root: Path, *night: Experiment, judged: bool = True) -> Lab:
    (root / FOLDER).mkdir()
    for one in night:
        write_experiment(root / FOLDER, one)
    return lab_at(root, judged=judged)


def test_a_keep_is_told_with_its_gain_and_that_nothing_confirmed_it(tmp_path: Path) -> None:
    lab = lab_of(tmp_path, baseline(), better(1, 1.40, 1.41, title="WIDTH 4 -> 8"), discarded(2, 1.6))
    (one,) = measured_of(lab)
    assert one.title == "WIDTH 4 -> 8"
    assert one.gained
    assert "from 1.500000 to 1.410000 over 2 runs, a gain of +0.09" in one.lines[0]  # the replicate, not the lucky pick
    assert "not confirmed" in one.lines[1]
    assert "picked among 2 tries" in one.lines[1]


@pytest.mark.parametrize(("after", "held"), [(1.40, "held"), (1.499, "not shown"), (1.60, "worse")])
def test_a_confirmation_is_told_with_its_interval(tmp_path: Path, after: float, held: str) -> None:
    lab = lab_of(tmp_path, baseline(), better(4, 1.40, 1.41))
    write_confirmation(tmp_path, confirmation(1.50, after))
    (one,) = measured_of(lab)
    assert "interval" in one.lines[1]
    assert one.lines[1].endswith(f"of val_bpb: {held}.")


def test_what_was_not_kept_is_told_as_such_and_only_if_named(tmp_path: Path) -> None:
    lab = lab_of(tmp_path, baseline(), discarded(1, 1.6), crashed(2))
    with pytest.raises(DeskError, match="kept nothing"):
        measured_of(lab)
    assert "not shown to be better" in measured_of(lab, 1)[0].lines[0]
    assert not measured_of(lab, 1)[0].gained
    assert "crashed" in measured_of(lab, 2)[0].lines[0]
    with pytest.raises(DeskError, match="no judged experiment 9"):
        measured_of(lab, 9)


def test_the_largest_gains_are_told_first_and_not_all(tmp_path: Path) -> None:
    night = [better(n, 1.5 - n / 100, 1.5 - n / 100, title=f"change {n}") for n in range(1, 10)]
    told = measured_of(lab_of(tmp_path, baseline(), *night))
    assert len(told) == MAX_KEPT


def test_a_metric_that_runs_print_is_called_so(tmp_path: Path) -> None:
    (one,) = measured_of(lab_of(tmp_path, baseline(), better(1, 1.4, 1.4), judged=False))
    assert "nothing else vouches" in one.lines[-1]


def test_an_idea_from_a_lab_is_clean_and_asks_for_a_gain(tmp_path: Path) -> None:
    night = better(1, 1.40, 1.41, title="A | [[b]] <script> 1 -> 2")
    lab = lab_of(tmp_path, baseline(), replace(night, hypothesis="See [[x]] and **y**."))
    material = Material(("tiny",), measured=measured_of(lab))
    text = compose("A wider one", draft(material), material, summary="x", by="test")
    assert check_idea(text, Known()) == ()
    assert "python compare.py" in text
    assert "+A = 2" in text
