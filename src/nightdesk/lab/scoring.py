"""Who gives a lab's runs their score: the sealed judge, a judge command, or the runs themselves."""

import importlib.util
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.lab.confined import Ran, run_confined
from nightdesk.lab.jobs import Finished, Job, Scored, Scorer, Split, Stopped
from nightdesk.lab.judge_files import JUDGE_FOLDER, hidden_places, judge_files, keep_plain_files
from nightdesk.lab.labs import Lab
from nightdesk.lab.measurements import Measurements, log_tail, parse_measurements
from nightdesk.lab.programs import BUILT_IN_JUDGE
from nightdesk.lab.run_figures import run_figures
from nightdesk.lab.run_folder import write_files
from nightdesk.lab.surroundings import split_command

LEAST_SECONDS = 60.0  # of CPU time that a judge may use at least
WAIT = 5  # so many times its CPU time a judge is waited for: the machine may be busy
MOST_MEMORY = 8 << 30  # bytes, where the program sets no limit
SPLIT_NAME = "NIGHTDESK_SPLIT"


def scorer_of(lab: Lab, *, confined: bool) -> Scorer:
    """Return what scores a lab's runs; without confinement nothing is sealed.

    Raises DeskError where the judge needs what is not installed.
    """
    judge = lab.program.judge
    if judge is None:
        return PrintedScorer(lab.program.metric)
    if judge != BUILT_IN_JUDGE:
        return CommandScorer(lab, judge, confined)
    if importlib.util.find_spec("numpy") is None:
        raise DeskError("the sealed judge needs the extra 'lab'", fix="pip install 'nightdesk[lab]'")
    from nightdesk.lab.sealed_scoring import SealedScorer  # noqa: PLC0415  # numpy comes only with the extra

    return SealedScorer(lab, confined)


def seconds_to_score(job: Job) -> float:
    """Return the CPU seconds that judging one run may take."""
    budget = job.timeout_seconds if job.budget.kind == "steps" else job.budget.amount
    return max(LEAST_SECONDS, 2 * budget)


@contextmanager
def workplace(lab: Lab, job: Job) -> Iterator[Path]:
    """Yield a new folder to judge one run in, empty even after a kill -9, and remove it."""
    folder = lab.state / "scoring" / f"{job.key}-{job.split}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class PrintedScorer:
    """Takes the metric that a run printed: self-reported, since nothing but the run vouches for it."""

    metric: str
    sealed: bool = False
    held_out: bool = False

    def score(self, job: Job, finished: Finished, *, stopped: Stopped) -> Scored | None:
        """Return the printed metric; there is one split only."""
        figures = run_figures(finished, {})
        printed = None if finished.failure else finished.printed.score(self.metric)
        failure = "" if printed is not None else finished.failure or finished.printed.why_no_score(self.metric)
        return Scored(printed, failure, figures)


@dataclass(frozen=True, slots=True)
class CommandScorer:
    """Runs a lab's own judge, confined, on what a run left; it prints the metric in Karpathy's block.

    Its working folder holds the lab's files as they were committed with its folder judge/, which no run sees. It is
    told NIGHTDESK_LAB (that folder), NIGHTDESK_RUN (what the run left), NIGHTDESK_SPLIT (val or test), NIGHTDESK_SEED
    (the run's) and NIGHTDESK_MEASURED (a JSON file: what the run printed and what was measured from outside).
    """

    lab: Lab
    command: str
    confined: bool

    @property
    def sealed(self) -> bool:
        """Whether runs and judge are kept apart."""
        return self.confined

    @property
    def held_out(self) -> bool:
        """Whether the judge asks for the split: one of its files has the word NIGHTDESK_SPLIT."""
        folder = self.lab.folder
        named = [folder / word for word in split_command(self.command)[1:] if (folder / word).is_file()]
        return any(SPLIT_NAME.encode() in path.read_bytes() for path in (*named, *_files(folder / JUDGE_FOLDER)))

    def score(self, job: Job, finished: Finished, *, stopped: Stopped) -> Scored | None:
        """Return what the judge printed. For the split test it must have printed `split: test` as well."""
        metric = self.lab.program.metric
        if finished.failure:
            return Scored(None, finished.failure, run_figures(finished, {}, reserved=(metric,)))
        ran = self._judge(job, finished, stopped)
        if ran is None:
            return None
        said = parse_measurements(ran.log)
        failure = _why_not(ran, said, metric, job.split)
        judged = {} if failure else said.numbers
        figures = run_figures(finished, judged, reserved=(metric,)) | {
            "judge_cpu_seconds": round(ran.use.cpu_seconds, 3)
        }
        return Scored(None if failure else said.numbers[metric], failure, figures, ran.use)

    def _judge(self, job: Job, finished: Finished, stopped: Stopped) -> Ran | None:
        keep_plain_files(finished.folder)
        seconds = seconds_to_score(job)
        with workplace(self.lab, job) as place:
            folder, measured = place / "lab", place / "measured.json"
            write_files(folder, judge_files(job.files))
            measured.write_text(json.dumps(run_figures(finished, {})), encoding="utf-8")
            return run_confined(
                split_command(self.command),
                folder=folder,
                confined=self.confined,
                seconds=WAIT * seconds,
                readable=(finished.folder, measured),
                hidden=hidden_places(self.lab),
                memory_bytes=job.memory_bytes or MOST_MEMORY,
                cpu_seconds=seconds,
                gpu=finished.gpu,
                variables={
                    "NIGHTDESK_LAB": str(folder),
                    "NIGHTDESK_RUN": str(finished.folder),
                    SPLIT_NAME: job.split,
                    "NIGHTDESK_SEED": str(job.seed),
                    "NIGHTDESK_MEASURED": str(measured),
                },
                stopped=stopped,
            )


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []


def _why_not(ran: Ran, said: Measurements, metric: str, split: Split) -> str:
    """Return why a judge gave no score, "" where it gave one."""
    if ran.failure:
        last = log_tail(ran.log, lines=1).strip()
        return f"judge: {last or ran.failure}" if ran.code > 0 else f"judge: {ran.failure}"
    if said.score(metric) is None:
        return f"judge: {said.why_no_score(metric)}"
    if split == "test" and said.texts.get("split") != "test":
        return "judge: it did not say that it scored the test split (a line split: test)"
    return ""
