"""A night whose runs went on side by side, and what its groups found, as pages show them."""

from dataclasses import replace
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.lab.experiments import FOLDER, Experiment, new_experiment, write_experiment
from nightdesk.lab.judging import Decision, Ground, Verdict
from nightdesk.lab.labs import Lab, open_lab
from nightdesk.lab.summary import summarise
from nightdesk.views.web.lab.experiment import told_comparison
from nightdesk.views.web.lab.groups import groups_of
from nightdesk.views.web.lab.pages import spark
from nightdesk.views.web.lab.shelf import Reading, Shelf
from nightdesk.views.web.lab.state import state_of
from nightdesk.views.web.lab.table import rows_of, wish_of
from nightdesk.views.web.lab.words import verdict_word, verdict_words
from tests.desks import make_desk
from tests.lab.nights import baseline, better, discarded, experiment
from tests.views.web.lab_desks import make_lab

BEHIND = Verdict(Decision.DISCARD, Ground.BEHIND, "better than what it changed", gain=-0.1, p=0.9)
NIGHT = (
    replace(baseline((16.0, 16.1, 16.2)), order=0),
    replace(better(1, 8.0, worker="two"), order=2, against=2),
    replace(better(2, 9.0, program="p2"), order=1, against=0),
    replace(discarded(3, 8.5, worker="two", program="p2"), order=3, against=1, verdict=BEHIND),
)


def reading(tmp_path: Path, *more: Experiment) -> tuple[Lab, Reading]:
    desk = make_desk(tmp_path, {"muon.md": "# Muon\n\nMuon is fast.\n"})
    folder = make_lab(desk, "quick")
    for one in (*NIGHT, *more):
        write_experiment(folder / FOLDER, one)
    lab = open_lab("quick", desk=Desk(desk), here=desk)
    return lab, Shelf(desk, Desk(desk)).read(lab)


def test_the_plot_goes_by_the_order_of_judging(tmp_path: Path) -> None:
    waiting = new_experiment(
        4, title="open", hypothesis="", diff="", commit="4" * 40, parent="1" * 40, worker="two", program="p1",
        proposed="2026-11-23T01:00:00Z", tag="2026-11-23",
    )  # fmt: skip
    _, read = reading(tmp_path, waiting)
    state = state_of(read)
    assert (state["number"], state["place"], state["status"]) == ([0, 2, 1, 3, 4], [0, 1, 2, 3, 4], "bkkdw")
    summary = read.summary()
    assert summary.winner is not None
    assert summary.winner.number == 1
    rows = rows_of(read.experiments, summary, wish_of({"sort": "number", "up": "1"})).rows
    assert [(row.number, row.place) for row in rows] == [(0, 0), (1, 2), (2, 1), (3, 3), (4, 4)]
    xs = [float(corner.split(",")[0]) for corner in spark(summary.points).split()]
    assert xs == sorted(xs)


def test_what_is_behind_is_said_in_words(tmp_path: Path) -> None:
    lab, read = reading(tmp_path)
    assert verdict_word("discard", is_baseline=False, ground="behind") == "discarded, behind"
    assert "not than the best one" in verdict_words(BEHIND, lab.program)
    point = read.summary().points[-1]
    assert rows_of(read.experiments, read.summary(), wish_of({})).rows[0].status == "discarded, behind"
    assert point.ground == "behind"


def test_groups_have_rates_and_differences(tmp_path: Path) -> None:
    _, read = reading(tmp_path)
    workers, programs = groups_of(read.compared("2026-11-23"))
    assert [key for key, _ in workers.rows] == ["builtin", "two"]
    assert (workers.label, programs.label, workers.confirmed) == ("Worker", "Version of program.md", False)
    assert workers.told[0].startswith("builtin over two, a run, by what the search saw:")
    assert groups_of(read.compared("no such branch")) == []


def test_scores_of_two_kinds_of_hardware_are_not_compared() -> None:
    one, other = (
        replace(made, runs=tuple(replace(record, hardware=kind) for record in made.runs))
        for made, kind in ((better(1, 8.0), "cpu"), (experiment(2, [2.0], Decision.DISCARD, Ground.NOT_BETTER), "gpu"))
    )
    told = told_comparison(one, other, summarise((one, other), lower_is_better=True), lower_is_better=True)
    assert told == ["They ran on different hardware (cpu and gpu), so that their scores cannot be compared."]
