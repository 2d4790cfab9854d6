"""The morning report: from the ledger alone, and honest about what is not known."""

from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.pages import parse_page
from nightdesk.lab.confirmations import Confirmed
from nightdesk.lab.experiments import Experiment, RunRecord
from nightdesk.lab.judging import Run
from nightdesk.lab.labs import Lab
from nightdesk.lab.programs import parse_program
from nightdesk.lab.reporting import render_report, write_report
from nightdesk.lab.summary import summarise
from tests.lab.nights import baseline, better, crashed, discarded, simpler

NIGHT = (
    baseline(),
    better(1, 1.40, 1.41, title="A | [[b]] <script> 1 -> 2", worker="openai:m"),
    crashed(2, "killed: more than 4 GB of memory"),
    crashed(3, "killed: more than 8 GB of memory"),
    simpler(4, 1.40, 1.41, 1.40),
    discarded(5, 1.385, reason="within the noise", title="a near miss"),
    discarded(6, 1.9, program="p2"),
)


def lab_at(root: Path, *, judged: bool = True, desk: bool = True) -> Lab:
    judge = "judge: nightdesk\n" if judged else ""
    text = f"---\nrun: a\nedit: [train.py]\nmetric: val_bpb\n{judge}---\n"
    return Lab("tiny", root, root, root / "s", parse_program(text, files={"train.py"}), Desk(root) if desk else None)


def report(*night: Experiment, confirmed: Confirmed | None = None, root: Path = Path("/x"), **how: bool) -> str:
    summary = summarise(night, lower_is_better=True)
    return render_report(lab_at(root, **how), summary, confirmed=confirmed, experiments=night)


def confirmation(before: float, after: float) -> Confirmed:
    def arm(score: float) -> tuple[RunRecord, ...]:
        return tuple(RunRecord(Run(score + seed / 1000), seed) for seed in range(5))

    arms = {"baseline": arm(before), "winner": arm(after)}
    return Confirmed(1, "2026-11-23", 0, 4, metric="val_bpb", split="test", seeds=5, tries=6, arms=arms, done=True)


def test_it_tells_what_was_tried_kept_and_learned() -> None:
    text = report(*NIGHT)
    front = parse_page(text)
    assert (front.value("experiments"), front.value("kept"), front.value("crashed")) == (6, 2, 2)
    assert "6 experiments: 1 kept as better, 1 kept as good and simpler, 2 discarded, 2 crashed." in text
    assert "- 2 × killed: more than … GB of memory" in text
    assert "Noise: 3 runs of the unchanged program differ by a standard deviation of 0.02" in text
    assert "Near miss, worth a bolder form: a near miss ([5](experiments/0005.md))" in text
    assert "| openai:m | 1 | 1 |" in text
    assert "| p2 | 1 | 0 |" in text
    assert "![The search so far](progress.png)" in text
    assert "self-reported" not in text
    assert text == report(*NIGHT)


def test_texts_from_candidates_cannot_act_as_markup() -> None:
    text = report(*NIGHT)
    assert r"A \| \[\[b]] \<script> 1 -> 2" in text


def test_what_is_not_confirmed_is_called_so() -> None:
    assert "Not confirmed yet" in report(*NIGHT)
    assert "## What held" not in report(baseline(), discarded(1, 1.9))  # there is nothing that could hold
    assert "nothing was shown to be better" in report(baseline(), discarded(1, 1.9))


@pytest.mark.parametrize(
    ("after", "words", "adopt"), [(1.4, "**It held.**", True), (1.5, "**Not shown:**", False), (1.7, "worse", False)]
)
def test_search_gain_and_confirmed_gain_are_told_apart(after: float, words: str, adopt: bool) -> None:
    text = report(*NIGHT, confirmed=confirmation(1.5, after))
    assert words in text
    assert "search:" in text
    assert "confirmed:" in text
    assert ("nightdesk lab adopt tiny" in text) is adopt
    assert "lab confirm" not in text


def test_a_self_reported_metric_is_called_so() -> None:
    assert "**self-reported**" in report(*NIGHT, judged=False)


def test_nothing_and_a_broken_baseline_are_told() -> None:
    assert "Nothing has been judged yet" in report()
    text = report(crashed(0, "exit code 1", is_baseline=True))
    assert "The baseline has no score" in text
    assert "exit code 1" in text


def test_a_thousand_experiments_still_make_a_page() -> None:
    many = [baseline(), *(discarded(n, 1.6 + n / 1e5) for n in range(1, 1000))]
    text = report(*many)
    assert len(text.splitlines()) < 80
    assert "and 979 more: results.tsv has all." in text


def test_in_a_repository_of_the_persons_own_it_goes_among_the_experiments(tmp_path: Path) -> None:
    summary = summarise(NIGHT, lower_is_better=True)
    path = write_report(lab_at(tmp_path, desk=False), summary, confirmed=None)
    assert path == tmp_path / "experiments" / "report.md"
    assert "[1](0001.md)" in path.read_text()
    assert [entry.name for entry in tmp_path.iterdir()] == ["experiments"]
    assert write_report(lab_at(tmp_path), summary, confirmed=None) == tmp_path / "report.md"
