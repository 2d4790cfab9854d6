"""The loop on real repositories: what it keeps, what it leaves as it was, and how it ends."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.experiments import Experiment, State
from nightdesk.lab.jobs import Finished, Job, Proposal, Scored, Search
from nightdesk.lab.judging import Ground
from nightdesk.lab.ledger import read_results
from nightdesk.lab.measuring import Calm
from nightdesk.lab.night import Ended, Kind, Plan
from tests.lab.fakes import (
    PROGRAM,
    FakeExecutor,
    FakeProposer,
    FakeScorer,
    again,
    branch,
    constants,
    desk_lab,
    gains,
    git,
    ledger,
    own_lab,
    play,
    put,
    setting,
    statuses,
)


def test_a_night(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    head = git(lab.repository, "rev-parse", "HEAD").strip()
    night, told = play(lab, gains([-0.1, 0.1, 0.1001, 0.3]))
    assert (night.ended, night.judged, night.kept, night.best) == (Ended.DONE, (0, 1, 2, 3, 4), (2, 4), 4)
    found = ledger(lab)
    assert [e.status for e in found] == ["keep", "discard", "keep", "discard", "keep"]
    assert len(found[0].runs) == 5
    assert found[0].verdict is not None
    assert found[0].verdict.ground is Ground.BASELINE
    assert found[0].commit == head, "nothing differed from HEAD"
    assert [e.parent for e in found] == ["", head, head, found[2].commit, found[2].commit]
    assert branch(lab, night.tag) == found[4].commit
    assert git(lab.repository, "rev-list", "--count", f"{head}..{found[4].commit}").strip() == "2"
    for experiment in found:
        ref = f"refs/nightdesk/tiny/{experiment.number}"
        assert git(lab.repository, "rev-parse", ref).strip() == experiment.commit
    rows = read_results(lab.folder / "results.tsv")
    assert [(row.commit, row.status) for row in rows] == [(e.commit[:7], e.status) for e in found]
    assert rows[0].memory_gb == 0.0
    assert git(lab.repository, "show", f"{found[4].commit}:lab/tiny/train.py").startswith("GAIN = 0.3")
    assert git(lab.repository, "show", f"{found[4].commit}:notes.md") == "mine\n", "the whole desk is on the branch"
    assert "+GAIN = 0.3" in found[4].diff
    assert found[4].log_tail.startswith("training\n---\nval_bpb:"), "the log ends in the block, the judge's score first"
    assert len(told.texts(Kind.JUDGED)) == 5
    seeds = [record.seed for experiment in found for record in experiment.runs]
    assert len(set(seeds)) == len(seeds)


def test_what_the_person_has_is_untouched(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    put(lab.repository, {"notes.md": "edited\n", "new.md": "new\n", "staged.md": "staged\n"})
    git(lab.repository, "add", "staged.md")
    before = git(lab.repository, "status", "--porcelain")
    night, _ = play(lab, gains([0.1, -0.1]))
    assert git(lab.repository, "status", "--porcelain") == before
    assert git(lab.repository, "symbolic-ref", "HEAD").strip() == "refs/heads/main"
    assert git(lab.repository, "show", "--format=%an", "--name-only", "HEAD").split() == [
        "nightdesk",
        *(f"lab/tiny/experiments/{n:04d}.md" for n in range(3)),
        "lab/tiny/results.tsv",
    ]
    assert night.commit == git(lab.repository, "rev-parse", "HEAD").strip()
    assert not (lab.state / "running.json").exists()


def test_edits_that_are_not_committed_are_what_is_run(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    put(lab.folder, {"train.py": "GAIN = 0.5\n", "helper.py": "1\n", "ignored.pyc": "x", ".gitignore": "*.pyc\n"})
    put(lab.folder, {"judge/secret.txt": "answers", "report.md": "old"})
    executor, scorer = FakeExecutor(), FakeScorer()
    head = git(lab.repository, "rev-parse", "HEAD").strip()
    play(again(lab), [], executor=executor, scorer=scorer)
    job = executor.ran[0]
    assert set(job.files) == {"program.md", "train.py", "prepare.py", "helper.py", ".gitignore"}
    assert job.files["train.py"] == b"GAIN = 0.5\n"
    assert job.editable == ("train.py",)
    assert "judge/secret.txt" in scorer.scored[0].files, "the judge may read what runs may not"
    start = ledger(lab)[0].commit
    assert git(lab.repository, "rev-parse", f"{start}^").strip() == head


def test_the_baseline_calibrates_the_allowance(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    executor = FakeExecutor()
    play(lab, gains([0.1]), executor=executor)
    assert [job.allowance_seconds for job in executor.ran[:5]] == [None] * 5
    # 10.5 s used of 10: 1.5 times 0.5 and 5 % of 10 are less than 2
    assert {job.allowance_seconds for job in executor.ran[5:]} == {2.0}


def test_a_planted_gain_is_found_and_nothing_else(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    planted = {3: 0.02, 8: 0.04, 14: 0.06}  # the noise is 0.001
    edits = [setting(GAIN=planted.get(n, -0.01), WIDTH=n + 10) for n in range(20)]
    night, _ = play(lab, edits)
    assert night.kept == (4, 9, 15)
    assert constants(git(lab.repository, "show", f"lab/tiny/{night.tag}:lab/tiny/train.py"))["GAIN"] == 0.06


def test_nothing_works_and_nearly_nothing_is_kept(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    night, _ = play(lab, [setting(WIDTH=n + 10, HEIGHT=n) for n in range(40)])
    assert len(night.kept) <= 6, "5 % of 40 at most, on average"
    counts = Counter(len(e.runs) for e in ledger(lab)[1:] if e.number != night.best)
    assert counts[1] > 15


def test_shorter_and_as_good_is_kept_as_simpler(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    night, _ = play(lab, [lambda text: text.replace("print(WIDTH)\n", "")], executor=FakeExecutor(sd=0.0))
    verdict = ledger(lab)[1].verdict
    assert night.kept == (1,)
    assert verdict is not None
    assert verdict.ground is Ground.SIMPLER


def test_a_crash_goes_back_to_its_worker_twice_at_most(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    proposer = FakeProposer([setting(CRASH=1), setting(GAIN=0.2)], mend=True)
    # what is mended crashes again: the proposer starts from the best program, so the crash is put back
    mended = proposer.fix

    def still_broken(search: Search, crashed: Experiment) -> Proposal | None:
        found = mended(search, crashed)
        assert found is not None
        files = {"train.py": setting(CRASH=1)(found.files["train.py"])}
        return Proposal(found.title, found.hypothesis, files, found.worker)

    proposer.fix = still_broken  # type: ignore[method-assign]
    night, _ = play(lab, proposer=proposer, plan=Plan(count=4))
    assert statuses(lab) == ["keep", "crash", "crash", "crash", "keep"]
    assert [e.fixes for e in ledger(lab)] == [None, None, 1, 2, None]
    assert proposer.fixed == [1, 2]
    assert [row.score for row in read_results(lab.folder / "results.tsv")][1:4] == [None] * 3
    assert night.kept == (4,)


def test_what_was_tried_is_refused(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    same = setting(GAIN=0.1)
    edits = [same, same, lambda text: text, lambda text: text + "# a comment\n", setting(GAIN=0.3)]
    night, told = play(lab, edits, plan=Plan(count=2))
    assert statuses(lab) == ["keep", "keep", "keep"]
    assert len(told.texts(Kind.REFUSED)) == 3
    _, told = play(again(lab), [same] * 9, plan=Plan(count=1))
    assert told.texts(Kind.ENDED) == ["fake proposed 5 times what cannot be tried: it was tried before"]
    assert night.ended is Ended.DONE


@pytest.mark.parametrize("files", [{}, {"train.py": "x", "prepare.py": "y"}, {"train.py": "\ud800"}])
def test_a_proposal_for_other_files_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    lab = desk_lab(tmp_path / "desk")
    proposer = FakeProposer([])
    proposer.propose = lambda search: Proposal("t", "h", files, "fake")  # type: ignore[method-assign]
    night, told = play(lab, proposer=proposer, plan=Plan(count=1))
    assert night.ended is Ended.EXHAUSTED
    assert len(told.texts(Kind.REFUSED)) == 5
    assert (lab.folder / "prepare.py").read_text() == "FIXED = 1\n"


def test_a_disturbed_run_is_repeated_twice_at_most(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    seen: Counter[str] = Counter()

    def disturbed(finished: Finished, calm: Calm) -> str:
        seen[finished.key[:4]] += 1
        busy = finished.key.startswith("0001") or finished.key == "0000-2"
        return "the machine was busy" if busy else ""

    night, told = play(lab, gains([0.2]), disturbed=disturbed, scorer=FakeScorer())
    assert seen["0000"] == 6
    assert len(ledger(lab)[0].counted_runs()) == 5
    runs = ledger(lab)[1].runs
    assert [run.disturbed for run in runs[:3]] == [True, True, False]
    assert runs[2].note == "the machine was busy; counted all the same, after 2 repeats"
    assert night.kept == (1,)
    assert len(told.texts(Kind.DISTURBED)) >= 3


def test_the_best_is_measured_again(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, gains([-0.1] * 7), plan=Plan(count=7, remeasure=3))
    assert len(ledger(lab)[0].runs) == 5 + 2
    assert all(e.state is State.JUDGED for e in ledger(lab))
    # a keep that one run decided is measured again before it is compared with anything
    play(again(lab), gains([0.5, -0.2]), plan=Plan(count=2, remeasure=99))
    assert len(ledger(lab)[8].runs) == 2


def test_a_changed_machine_is_told(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, gains([-0.1]))

    class Slower(FakeScorer):
        def score(self, job: Job, finished: Finished, **given: Any) -> Scored | None:
            scored = super().score(job, finished, **given)
            assert scored is not None
            assert scored.score is not None
            return replace(scored, score=scored.score + 0.05)

    _, told = play(again(lab), gains([-0.2, -0.3]), scorer=Slower(), plan=Plan(count=2, remeasure=1))
    assert "the machine or its load changed" in told.texts(Kind.NOTE)[0]


def test_guards_hold_against_the_baseline(tmp_path: Path) -> None:
    lab = desk_lab(
        tmp_path / "desk",
        program=PROGRAM.replace(
            "judge:", "guards:\n  num_steps: at least 100% of the baseline\n  seen: at most 1\njudge:"
        ),
    )
    play(lab, gains([0.2]))
    assert statuses(lab) == ["keep", "keep"]
    lab = desk_lab(tmp_path / "two", program=PROGRAM.replace("judge:", "guards:\n  seen: at most 0\njudge:"))
    _, told = play(lab, gains([0.2]))
    assert statuses(lab) == ["keep", "discard"]
    assert "the baseline itself breaks a guard" in told.texts(Kind.NOTE)[0]


def test_a_repository_of_ones_own(tmp_path: Path) -> None:
    lab = own_lab(tmp_path / "autoresearch")
    night, _ = play(lab, gains([0.2, -0.1]))
    assert git(lab.repository, "status", "--porcelain") == ""
    assert git(lab.repository, "log", "--format=%s").split() == ["mine"]
    assert night.commit is None
    assert (lab.repository / ".git/info/exclude").read_text().splitlines()[-2:] == ["/results.tsv", "/experiments/"]
    assert git(lab.repository, "branch", "--list").split() == [f"lab/autoresearch/{night.tag}", "*", "master"]
    before = (lab.repository / ".git/info/exclude").read_text()
    play(again(lab), gains([0.3]))
    assert (lab.repository / ".git/info/exclude").read_text() == before
    assert statuses(lab) == ["keep", "keep", "discard", "keep"]
    assert lab.folder.joinpath("train.py").read_text().startswith("GAIN = 0.0")


def test_a_table_under_version_control_is_not_written_to(tmp_path: Path) -> None:
    lab = own_lab(tmp_path / "repo", files={"results.tsv": "mine\n"})
    with pytest.raises(DeskError, match=r"results.tsv is under version control"):
        play(lab, gains([0.2]))
    assert (lab.folder / "results.tsv").read_text() == "mine\n"
