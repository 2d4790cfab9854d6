"""A night in values: what is wished for, what it tells as it goes, what runs now, and how it ended."""

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.lab.experiments import Experiment, RunRecord
from nightdesk.lab.labs import Lab
from nightdesk.lab.noise import BASELINE_RUNS, LEAST_RUNS
from nightdesk.lab.searching.strategies import GREEDY, Strategy

STOP_AT_ONCE = "now"  # in the file `stop`: the run at work is ended too


@dataclass(frozen=True, slots=True)
class Plan:
    """What a person wishes of a session. Without `count` and `seconds` it goes on until it is stopped."""

    count: int | None = None  # experiments to be judged in this session; the baseline and repeated runs come on top
    seconds: float | None = None  # after them no new experiment begins; those at work are finished
    until: datetime | None = None  # the same, as a moment (with its time zone); the clock on the wall counts
    without_gain: int | None = None  # experiments in a row without a keep, after which it ends
    tag: str | None = None  # to go on with or to begin; None: the newest if it still fits, else today's date
    baseline_runs: int = BASELINE_RUNS
    remeasure: int = 12  # candidates after which the best program runs once more, for drift and a surer noise
    strategy: Strategy = GREEDY
    fixes: int = 2  # times that one experiment's crash goes back to its worker
    commit: bool = True  # results.tsv and experiments/ at the end, in a desk

    def __post_init__(self) -> None:
        if self.count is not None and self.count < 0:
            raise DeskError(f"{self.count} is no number of experiments", fix="--count 12")
        if self.seconds is not None and not self.seconds > 0:
            raise DeskError("the night must last some time", fix="--hours 8")
        if self.baseline_runs < LEAST_RUNS:
            raise DeskError(
                f"the noise cannot be measured from {self.baseline_runs} runs of the baseline",
                fix=f"at least {LEAST_RUNS} are needed",
            )


class Kind(StrEnum):
    """What a happening is about."""

    TAG = "tag"  # which branch is gone on with or begun, and why
    RECOVERED = "recovered"  # something that an interrupted session left was finished
    PROPOSED = "proposed"
    RUNNING = "running"
    RAN = "ran"  # a run is over and has its score, or none
    DISTURBED = "disturbed"
    JUDGED = "judged"
    REFUSED = "refused"  # a proposal, before it ran
    DROPPED = "dropped"  # a draft, since the best program changed
    REMEASURED = "remeasured"
    BRANCH = "branch"  # could not be moved
    NOTE = "note"
    CONFIRMED = "confirmed"
    COMMITTED = "committed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened, as it can be shown: `text` is one line."""

    kind: Kind
    text: str
    experiment: Experiment | None = None
    run: RunRecord | None = None


Tell = Callable[[Happening], None]


class Ended(StrEnum):
    """Why a session is over."""

    DONE = "done"  # as many experiments as wished
    TIME = "time"
    STOPPED = "stopped"  # at once; a run at work is void and is done again
    WOUND_DOWN = "wound down"  # after the run that was at work
    NO_GAIN = "no gain"  # as many experiments in a row without a keep as the person allows
    EXHAUSTED = "exhausted"  # the proposer has nothing more to try
    CAP = "cap"  # a cap of the person's was reached
    LEFT = "left"  # the worker failed, or waits for somebody


@dataclass(frozen=True, slots=True)
class Night:
    """What a session did."""

    tag: str
    ended: Ended
    why: str  # one line
    judged: tuple[int, ...]  # numbers of the experiments judged in it, the baseline's too
    kept: tuple[int, ...]  # of these, without the baseline
    baseline: int  # its number in the tag
    best: int  # the number of the best program now
    commit: str | None = None  # of results.tsv and experiments/
    busy_share: float | None = None  # of its places' time that runs were at work, scoring included


@dataclass(frozen=True, slots=True)
class AtWork:
    """One run at work."""

    key: str  # of its job: names its live file
    experiment: int | None  # its number; None for an arm of a confirmation, which the title names
    title: str
    run: int  # of the experiment or arm, from 1
    place: str  # its name
    doing: str  # "running", "scoring", "waiting for its place"
    since: str
    expected_seconds: float | None = None  # wall time that a run takes there, from the last ones


@dataclass(frozen=True, slots=True)
class Running:
    """What a session does at this moment: state/running.json, there while it lasts. Times are ISO 8601, UTC."""

    tag: str
    process: int
    began: str
    doing: str  # "running", "scoring", "waiting for a proposal", "starting"
    since: str
    judged: int = 0  # experiments in this session
    count: int | None = None  # wished for
    until: str | None = None  # no new experiment begins after it
    works: tuple[AtWork, ...] = ()  # the runs at work, the longest at work first
    drafts: int = 0  # proposals that wait for a place
    busy_share: float | None = None  # of the places' time so far, from 0 to 1


def now() -> str:
    """Return the time as the ledger writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def running_file(lab: Lab) -> Path:
    """Return where a session says what it does."""
    return lab.state / "running.json"


def stop_file(lab: Lab) -> Path:
    """Return the file that asks a session to wind down, and with STOP_AT_ONCE in it to stop."""
    return lab.state / "stop"


def tell_running(lab: Lab, running: Running) -> None:
    """Write what the session does. Raises OSError."""
    write_atomically(running_file(lab), json.dumps(asdict(running)), durable=False)


def read_running(lab: Lab) -> Running | None:
    """Return what a session of the lab does at this moment, None where none is at work."""
    try:
        told: dict[str, Any] = json.loads(running_file(lab).read_text(encoding="utf-8"))
        running = Running(**{key: told[key] for key in told if key in Running.__slots__})
        running = replace(running, works=tuple(AtWork(**work) for work in told.get("works") or ()))
        os.kill(running.process, 0)
    except PermissionError:  # another user's process: it is there
        return running
    except (OSError, ValueError, TypeError, AttributeError, OverflowError):
        return None  # none, half a file of a full disk, or one that kill -9 left behind
    return running


def asked_to_stop(lab: Lab) -> str | None:
    """Return what the file `stop` asks for: STOP_AT_ONCE, "" (wind down), None where there is none."""
    with contextlib.suppress(OSError):
        return stop_file(lab).read_text(encoding="utf-8", errors="replace").strip()
    return None


def ask_to_stop(lab: Lab, *, at_once: bool) -> bool:
    """Ask the session of a lab to end. Return whether there is one. Raises OSError."""
    if read_running(lab) is None:
        return False
    write_atomically(stop_file(lab), STOP_AT_ONCE if at_once else "", durable=False)
    return True


def silent(happening: Happening) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Told:
    """Keeps what happens, for tests and for those who want it afterwards."""

    happenings: list[Happening] = field(default_factory=list)

    def __call__(self, happening: Happening) -> None:
        """Take the next happening."""
        self.happenings.append(happening)

    def texts(self, kind: Kind) -> list[str]:
        """Return what was told of a kind."""
        return [happening.text for happening in self.happenings if happening.kind is kind]
