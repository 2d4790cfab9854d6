"""What passes between the loop and those who propose, run and score: values, so that a run may happen anywhere."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from nightdesk.lab.budgets import Budget
from nightdesk.lab.experiments import Experiment
from nightdesk.lab.measurements import Measurements
from nightdesk.lab.noise import Noise

Split = Literal["val", "test"]
Stopped = Callable[[], bool]  # whether the person asked to stop: whoever waits asks it several times a second


@dataclass(frozen=True, slots=True)
class Job:
    """One run of one program."""

    key: str  # experiment and run, "0042-2": the name of its folder
    files: Mapping[str, bytes]  # the lab's folder as the candidate's commit has it, "/" between the parts
    editable: tuple[str, ...]  # of these the ones that a proposal may have changed
    command: str  # as a shell would split it
    seed: int  # NIGHTDESK_SEED in the run's environment
    budget: Budget
    timeout_seconds: float  # wall time after which it is killed
    allowance_seconds: float | None  # beyond the budget, for start-up, compile and export; None: being calibrated
    memory_bytes: int | None = None
    network: bool = False
    split: Split = "val"  # what it is to be scored on; a run never sees it
    judged_with: Mapping[str, bytes] = field(default_factory=dict)  # the lab's files that only the judge may read

    def for_judge(self) -> "Job":
        """Return the job as the judge gets it: with all of the lab's files."""
        return replace(self, files={**self.files, **self.judged_with})


@dataclass(frozen=True, slots=True)
class Place:
    """Where one run at a time happens: a share of a machine."""

    name: str  # for people, and told apart by it: "cores 0-3", "gpu 1", "node 10.0.0.7, gpu 0"
    hardware: str  # its kind: scores of different kinds are not compared; "" where that is not known
    cores: tuple[int, ...] = ()  # that the run is held to; (): all
    gpu: str = ""  # what CUDA_VISIBLE_DEVICES is to say; "": no graphics card is dealt out
    remote: bool = False  # cores and card are another machine's


ANYWHERE = Place("this machine", "")


@dataclass(frozen=True, slots=True)
class Use:
    """What a run used, measured from outside over its whole process tree."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    other_load: float = 0.0  # cores that others kept busy meanwhile, on average
    harness_cpu_seconds: float = 0.0  # what nightdesk itself used around the run
    slept_seconds: float = 0.0  # that the whole machine slept meanwhile; no part of the wall time
    cores: int = 0  # that it could use; 0: not known. Loads are those of these cores

    def measured(self) -> dict[str, float]:
        """Return it under the names that guards and experiments use; a run cannot print these itself."""
        return {
            "wall_seconds": round(self.wall_seconds, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
            "peak_memory_mb": round(self.peak_memory_bytes / 2**20, 1),
            "other_load": round(self.other_load, 3),
        }


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that is over. `failure` "" : it ended by itself with code 0 and kept all limits."""

    key: str
    seed: int
    code: int  # minus a signal's number
    failure: str  # one line for the ledger
    use: Use
    printed: Measurements
    log: str  # its end, as it can be shown
    folder: Path  # what the run left; nobody may take it for harmless
    hardware: str = ""  # of the place that it ran at
    gpu: str = ""  # of its place: what scoring it may see of the graphics cards


@dataclass(frozen=True, slots=True)
class Scored:
    """A run's score, or why it has none. `measured`: what it printed, and what was measured from outside over it."""

    score: float | None
    failure: str
    measured: Mapping[str, float]
    use: Use = field(default_factory=Use)  # of scoring; it is not the candidate's and not the harness's


class LostError(Exception):
    """The place of a run went away with it, through no fault of the run's; str() says how, in one line."""


class Executor(Protocol):
    """Runs jobs. It returns for every job, whatever the candidate does; it raises only for the machine's own faults.

    Runs at different places may be asked for at the same time, each from a thread of its own.
    """

    def places(self) -> tuple[Place, ...]:
        """Return where runs may happen at this moment: each takes one run at a time. It may change, as nodes do."""

    def turn(self, place: Place, *, stopped: Stopped, waiting: Callable[[str], None]) -> AbstractContextManager[bool]:
        """Hold a place for the block: no other session of its machine uses its cores and card meanwhile.

        Yields False where `stopped` ended the wait; `waiting` is told once, in one line, where there is one.
        """

    def run(self, job: Job, *, place: Place = ANYWHERE, stopped: Stopped) -> Finished | None:
        """Return the finished run, on disk before it returns; None where `stopped` ended it: it is void.

        Raises LostError where the place went away meanwhile: the run can happen again at another one.
        """

    def finished(self, key: str) -> Finished | None:
        """Return a run that finished earlier and was not forgotten, as `run` returned it."""

    def forget(self, key: str) -> None:
        """Remove what a run left."""

    def end_orphans(self) -> None:
        """End what an earlier process left running, if anything."""


class Scorer(Protocol):
    """Gives a finished run its score."""

    @property
    def sealed(self) -> bool:
        """Whether the metric is computed where the candidate cannot reach; else it is self-reported."""

    @property
    def held_out(self) -> bool:
        """Whether there is a test split that the search never sees."""

    def score(self, job: Job, finished: Finished, *, stopped: Stopped) -> Scored | None:
        """Return the score on the job's split, None where `stopped` ended it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change to the editable files, to be tried."""

    title: str  # one line: the description in results.tsv
    hypothesis: str
    files: Mapping[str, str]  # every editable file, as it is to be
    worker: str
    method: str = ""  # of an optimiser
    values: Mapping[str, Any] = field(default_factory=dict)  # of the constants, where an optimiser chose them
    brief: str = ""  # version of the brief that a worker was given
    merges: tuple[int, ...] = ()  # the experiments whose changes it joins


@dataclass(frozen=True, slots=True)
class Search:
    """What a proposer may know: the program's files, what was tried, and how far apart luck alone puts two runs."""

    instructions: str  # the prose of program.md
    metric: str
    lower_is_better: bool
    budget: str
    files: Mapping[str, str]  # the editable files as the incumbent has them
    fixed: Mapping[str, str]  # the other text files of the lab, to be read
    experiments: Sequence[Experiment]  # of this branch, judged ones and open ones, by number
    incumbent: Experiment  # the program to be changed: the best so far, or another that the strategy goes on from
    score: float | None  # by which the incumbent is known
    noise: Noise | None
    tried: frozenset[str]  # `fingerprint` of each set of editable files that was run
    waiting: Sequence["Proposal"] = ()  # drafts that will be run soon: something else is wanted
    changes: Mapping[str, int] = field(default_factory=dict)  # normalised change -> the experiment that tried it


class Proposer(Protocol):
    """Proposes experiments. It may be asked from other threads than the one that runs them."""

    @property
    def name(self) -> str:
        """What the ledger calls it: builtin, openai:gpt-5 …"""

    @property
    def at_once(self) -> int:
        """How many questions it can be asked at a time, from threads; 0: an answer takes no time, so that it is asked
        when a place is free, from the thread that runs the night."""

    def propose(self, search: Search) -> Proposal | None:
        """Return the next experiment, None where nothing is left to try.

        Raises agents.tasks.LeftError where a cap stops it or the worker failed too often.
        """

    def fix(self, search: Search, crashed: Experiment) -> Proposal | None:
        """Return a mended form of an experiment that crashed, None where it cannot or need not be mended."""
