"""One run of one program, from its job to its record: run, looked at for disturbance, scored."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nightdesk.lab.branches import LabFiles
from nightdesk.lab.experiments import RunRecord
from nightdesk.lab.jobs import Executor, Finished, Job, Scorer, Split, Stopped
from nightdesk.lab.judging import Run
from nightdesk.lab.programs import Program
from nightdesk.lab.run_figures import run_figures, with_metric
from nightdesk.lab.scores import finite

REPEATS = 2  # times that a disturbed run is done again before it has to count
_SEEDS = 2**31 - 1  # what every library takes for a seed

Calm = Sequence[Mapping[str, float]]  # what was measured of the unchanged program's runs
Disturbed = Callable[[Finished, Calm], str]  # what disturbed a run, "" for nothing


@dataclass(frozen=True, slots=True)
class Measured:
    """A finished run as the ledger keeps it, and its log."""

    record: RunRecord
    log: str


def undisturbed(finished: Finished, calm: Calm) -> str:
    """Call no run disturbed."""
    return ""


def draw_seed() -> int:
    """Return a seed that nobody can foresee."""
    return secrets.randbelow(_SEEDS) + 1


@dataclass(slots=True)
class Bench:
    """Where programs are measured."""

    program: Program
    executor: Executor
    scorer: Scorer
    stopped: Stopped
    disturbed: Disturbed = undisturbed
    seeds: Callable[[], int] = draw_seed
    _drawn: set[int] = field(default_factory=set)

    def fresh_seed(self, used: Sequence[int] = ()) -> int:
        """Return a seed that no run had before: neither one of those `used` nor one that this returned."""
        self._drawn.update(used)
        seed = self.seeds()
        while seed in self._drawn:
            seed = self.seeds()
        self._drawn.add(seed)
        return seed

    def job(
        self, key: str, files: LabFiles, seed: int, *, allowance_seconds: float | None, split: Split = "val"
    ) -> Job:
        """Return the job of one run of the program with these files; it holds nothing that a run must not see."""
        program = self.program
        return Job(
            key=key,
            files=files.for_runs,
            editable=files.editable,
            command=program.run,
            seed=seed,
            budget=program.budget,
            timeout_seconds=program.timeout_seconds,
            allowance_seconds=allowance_seconds,
            memory_bytes=program.memory_bytes,
            network=program.network,
            split=split,
            judged_with={path: content for path, content in files.contents.items() if path not in files.for_runs},
        )

    def score(self, job: Job, finished: Finished, *, calm: Calm, repeated: int) -> Measured | None:
        """Return the record of a finished run, None where the person stopped the scoring.

        A disturbed run is not scored, since it does not count, unless it was `repeated` often enough.
        """
        outside = run_figures(finished, {}, reserved=(self.program.metric,) if self.scorer.sealed else ())
        what = self.disturbed(finished, calm)
        if what and repeated < REPEATS:
            run = Run(None, outside, finished.failure)
            record = RunRecord(run, finished.seed, disturbed=True, note=what, hardware=finished.hardware)
            return Measured(record, finished.log)
        note = f"{what}; counted all the same, after {repeated} repeats" if what else ""
        if finished.failure:
            run = Run(None, outside, finished.failure)
            return Measured(RunRecord(run, finished.seed, note=note, hardware=finished.hardware), finished.log)
        scored = self.scorer.score(job.for_judge(), finished, stopped=self.stopped)
        if scored is None:
            return None
        value = finite(scored.score)
        failure = scored.failure if value is None else ""
        if value is None and not failure:
            failure = "the score is no finite number"
        run = Run(value, {**outside, **_numbers(scored.measured)}, failure)
        log = finished.log if value is None else with_metric(finished.log, self.program.metric, value)
        return Measured(RunRecord(run, finished.seed, note=note, hardware=finished.hardware), log)


def repeats_before(records: Sequence[RunRecord]) -> int:
    """Return how often the run that comes next was disturbed already."""
    count = 0
    for record in reversed(records):
        if not record.disturbed:
            break
        count += 1
    return count


def _numbers(measured: Mapping[str, float]) -> dict[str, float]:
    return {name: number for name, value in measured.items() if (number := finite(value)) is not None}
