"""Scores a run of the gpt template's kind: its weights and its code answer, confined; the sealed judge counts."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random, SystemRandom

from nightdesk.base.errors import DeskError
from nightdesk.lab.artifact import NAME, Artifact, ArtifactError, take_artifact
from nightdesk.lab.confined import NoAnswerError, StoppedError
from nightdesk.lab.jobs import Finished, Job, Scored, Stopped, Use
from nightdesk.lab.judge_files import hidden_places
from nightdesk.lab.labs import Lab
from nightdesk.lab.machines.machine import usable_cores
from nightdesk.lab.model_process import ModelProcess, Terms, rows_at_a_time
from nightdesk.lab.run_figures import run_figures
from nightdesk.lab.run_folder import shown_files, write_files
from nightdesk.lab.scores import finite
from nightdesk.lab.scoring import MOST_MEMORY, WAIT, seconds_to_score, workplace
from nightdesk.lab.sealed import Judged, RefusedError, score_model
from nightdesk.lab.split_tokens import read_material

READABLE_DATA = "stdlib"  # every run can read the files of its own interpreter
MOST_THREADS = 8  # of each answering process
JUDGES_OWN = ("artifact_mb", "scored_tokens", "scored_bytes", "scored_windows", "causality_checks", "judge_cpu_seconds")


@dataclass(frozen=True, slots=True)
class SealedScorer:
    """The judge `nightdesk`: bits per byte of a text that neither the run nor the candidate's code has ever seen."""

    lab: Lab
    confined: bool

    @property
    def sealed(self) -> bool:
        """Whether the text was hidden: not without confinement, and not where it is Python's own source."""
        return self.confined and self.lab.program.data != READABLE_DATA

    @property
    def held_out(self) -> bool:
        """There is always a test split."""
        return True

    def score(self, job: Job, finished: Finished, *, stopped: Stopped) -> Scored | None:
        """Return the model's bits per byte on a split. Raises DeskError where the lab's own data is damaged."""
        metric = self.lab.program.metric
        reserved = (metric, f"{metric}_se", *JUDGES_OWN)
        if finished.failure:
            return Scored(None, finished.failure, run_figures(finished, {}, reserved=reserved))
        scoring = _Scoring(self.lab, job, stopped, self.confined)
        try:
            failure, judged = scoring.judge(finished), scoring.found
        except StoppedError:
            return None
        figures: dict[str, float] = {"judge_cpu_seconds": round(scoring.use.cpu_seconds, 3)}
        if scoring.artifact is not None:
            figures["artifact_mb"] = round(scoring.artifact.size_bytes / 2**20, 3)
        score = None if judged is None else finite(judged.bits_per_byte)
        if judged is not None and score is not None:
            figures |= {
                metric: score,
                f"{metric}_se": round(judged.standard_error, 6),
                "scored_tokens": float(judged.tokens),
                "scored_bytes": float(judged.bytes),
                "scored_windows": float(judged.windows),
                "causality_checks": float(judged.checks),
            }
        elif not failure:
            failure = "the model's logits give no finite score"
        return Scored(score, failure, run_figures(finished, figures, reserved=reserved), scoring.use)


@dataclass(slots=True)
class _Scoring:
    """The scoring of one run, with what is known of it so far."""

    lab: Lab
    job: Job
    stopped: Stopped
    confined: bool
    use: Use = field(default_factory=Use)
    artifact: Artifact | None = None
    found: Judged | None = None

    def judge(self, finished: Finished) -> str:
        """Set `found` or return the candidate's fault, one line. Raises StoppedError, DeskError."""
        with workplace(self.lab, self.job) as place:
            folder = place / "lab"
            write_files(folder, shown_files(self.job.files))
            try:
                self.artifact = self._take(finished.folder, folder / NAME)
                self._ask(folder, finished.gpu)
            except (ArtifactError, RefusedError) as error:
                return str(error)
            except NoAnswerError as error:
                return f"the model's process gave no answer: {error.reason}"
        return ""

    def _take(self, left: Path, into: Path) -> Artifact:
        try:
            into.unlink(missing_ok=True)  # a lab that has weights of this name among its files
            return take_artifact(left, into)
        except OSError as error:
            raise DeskError(f"{into}: {error.strerror}", fix="make room on the disk and start again") from error

    def _ask(self, folder: Path, gpu: str) -> None:
        material = read_material(self.lab.data, self.lab.sealed, self.job.split)
        (folder / "data").mkdir(exist_ok=True)
        (folder / "data" / "tokenizer.json").write_bytes((self.lab.data / "tokenizer.json").read_bytes())
        began, own, processes = time.monotonic(), time.thread_time(), list[ModelProcess]()
        try:
            for _ in range(2):
                processes.append(ModelProcess(folder, material.vocabulary, self._terms(gpu)))
            for process in processes:
                process.start()
            first, second = processes
            random: Random = SystemRandom()
            rows, strict = rows_at_a_time(material.vocabulary), self.job.split == "test"
            self.found = score_model((first, second), material, rows=rows, random=random, strict=strict)
        finally:
            used = [process.end() for process in processes]
            self.use = Use(
                wall_seconds=time.monotonic() - began,
                cpu_seconds=sum(use.cpu_seconds for use in used) + time.thread_time() - own,
                peak_memory_bytes=sum(use.peak_memory_bytes for use in used),
            )

    def _terms(self, gpu: str) -> Terms:
        seconds = seconds_to_score(self.job)
        threads = max(1, min(MOST_THREADS, len(usable_cores()) // 2))  # two processes answer, at the run's own place
        return Terms(
            confined=self.confined,
            hidden=hidden_places(self.lab),
            seconds=WAIT * seconds,
            cpu_seconds=seconds,
            memory_bytes=self.job.memory_bytes or MOST_MEMORY,
            gpu=gpu,
            variables={"OMP_NUM_THREADS": str(threads), "NIGHTDESK_SEED": str(self.job.seed)},
            stopped=self.stopped,
        )
