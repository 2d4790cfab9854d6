"""Runs on this machine: a fresh copy of the lab's files, a sandbox, limits over the whole process tree, a record."""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.processes import TOGETHER
from nightdesk.base.sandbox import Confinement, program_folders
from nightdesk.lab.jobs import ANYWHERE, Finished, Job, Place, Stopped, Use
from nightdesk.lab.judge_files import hidden_places
from nightdesk.lab.labs import Lab
from nightdesk.lab.measurements import LogWindow, Measurements, parse_measurements
from nightdesk.lab.run_folder import changed_files, remove_folder, shown_files, write_files
from nightdesk.lab.supervising import Allowed, Supervised, kill_marked
from nightdesk.lab.surroundings import (
    BARE,
    budget_text,
    devices,
    environment_of,
    found_command,
    hidden_packages,
    interpreter_folders,
    split_command,
)
from nightdesk.lab.watching import exit_failure, watch

RECORD = "finished.json"
_CALIBRATION_SECONDS = 120.0  # beside twice the budget, while the allowance is not known
_TELL_SECONDS = 1.0  # between two calls of `on_progress`
_NO_MODULE = re.compile(r"^ModuleNotFoundError: No module named '([\w.]{1,60})'$", re.MULTILINE)
_CANNOT_START = 127


@dataclass(frozen=True, slots=True)
class Live:
    """A run at work."""

    key: str
    wall_seconds: float
    cpu_seconds: float
    memory_bytes: int
    line: str  # the last one that it printed
    printed: str = ""  # whole lines since the last time, as far as they are kept, as they came


@dataclass(frozen=True, slots=True)
class LocalExecutor:
    """Runs the jobs of one lab on this machine.

    Not `confined`, a program sees and may change all that the person may; its limits hold all the same. On systems
    without /proc (macOS) its CPU time, memory and processes are not known then, wall time and output are.
    """

    lab: Lab
    confined: bool
    readable: tuple[Path, ...] = ()  # beside the interpreter and the program that is run
    hidden: tuple[Path, ...] = ()  # beside the repository, the desk and what holds validation data
    variables: Mapping[str, str] | None = None
    on_progress: Callable[[Live], None] | None = None
    limits: Mapping[str, int] | None = None  # of Allowed: processes, threads, written_bytes, printed_bytes

    def places(self) -> tuple[Place, ...]:
        """Return the one place that there is."""
        return (ANYWHERE,)

    def run(self, job: Job, *, place: Place = ANYWHERE, stopped: Stopped) -> Finished | None:
        """Return the finished run, on disk before it returns; None where `stopped` ended it.

        A run that cannot even start is a finished run with a failure. Raises DeskError on a full disk and where
        programs cannot be confined.
        """
        began = time.thread_time()
        self.forget(job.key)
        folder = self._folder(job.key)
        work = folder / "work"
        files = shown_files(job.files)
        write_files(work, files)
        (folder / "tmp").mkdir()
        finished = self._supervise(job, files, folder, stopped)
        if finished is None:
            self.forget(job.key)
            return None
        used = replace(finished.use, harness_cpu_seconds=finished.use.harness_cpu_seconds + time.thread_time() - began)
        finished = replace(finished, use=used)
        try:
            write_atomically(folder / RECORD, json.dumps(_record(finished), ensure_ascii=False))
        except OSError as error:
            raise DeskError(f"{folder}: {error.strerror}", fix="make room on the disk and start again") from error
        return finished

    def finished(self, key: str) -> Finished | None:
        """Return a run that finished earlier and was not forgotten, as `run` returned it."""
        folder = self._folder(key)
        try:
            return _read_record(json.loads((folder / RECORD).read_text(encoding="utf-8")), folder / "work")
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def forget(self, key: str) -> None:
        """Remove what a run left."""
        folder = self._folder(key)
        (folder / RECORD).unlink(missing_ok=True)  # first: a folder that is half gone is no finished run
        remove_folder(folder)

    def end_orphans(self) -> None:
        """End what an earlier process left running: only a run that was not confined can have outlived it."""
        kill_marked(self.lab.runs.resolve())

    def _folder(self, key: str) -> Path:
        return self.lab.runs / key

    def _supervise(self, job: Job, files: Mapping[str, bytes], folder: Path, stopped: Stopped) -> Finished | None:
        work = folder / "work"
        words = split_command(job.command)
        command = found_command(words, folder=work)
        if command is None:
            return _not_started(job, work, f"cannot start: {words[0]} is not on PATH")
        confinement = self._confinement(job, files, command, folder)
        if not self.confined:
            self._link_data(files, work)
        allowed = self._allowed(job)
        own = time.thread_time()  # what is counted before is the caller's
        program = Supervised(
            command,
            confinement,
            confined=self.confined,
            allowed=allowed,
            watched=(work, folder / "tmp"),
            stderr=TOGETHER,
        )
        log = LogWindow()
        try:
            failure = watch(program, log, stopped=stopped, tell=self._tell(program, job.key, log))
        finally:
            code = program.end()
        if failure is None:
            return None
        text = log.text
        failure = (
            failure
            or _over(program.use(), allowed)
            or program.written_fault()
            or _changed(work, files, job)
            or _exit(code, text)
        )
        use = replace(program.use(), harness_cpu_seconds=program.use().harness_cpu_seconds - (time.thread_time() - own))
        return Finished(job.key, job.seed, code, failure, use, parse_measurements(text), text, work)

    def _tell(self, program: Supervised, key: str, log: LogWindow) -> Callable[[], None]:
        """Return what tells of the run's progress, once in a while."""
        told, place = 0.0, 0

        def tell() -> None:
            nonlocal told, place
            if self.on_progress is not None and time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                reading = program.reading
                line = log.last_line
                printed, place = log.lines_since(place)
                used = (program.wall_seconds, reading.cpu_seconds, reading.memory_bytes)
                self.on_progress(Live(key, *used, line, printed))

        return tell

    def _confinement(self, job: Job, files: Mapping[str, bytes], command: tuple[str, ...], folder: Path) -> Confinement:
        work, lab = folder / "work", self.lab
        readable, variables = interpreter_folders() + program_folders(Path(command[0])), dict(BARE)
        if lab.program.adopted or Path(command[0]).name == "uv":
            shown, set_for = environment_of(lab.repository, command)
            readable += shown
            variables |= set_for
        variables |= {"NIGHTDESK_SEED": str(job.seed), "NIGHTDESK_BUDGET": budget_text(job.budget)}
        if not self.confined:
            variables |= {"HOME": str(folder / "tmp"), "TMPDIR": str(folder / "tmp")}
        fixed = tuple(work / name for name in files if name not in job.editable)
        return Confinement(
            work=work,
            readable=(*readable, *self.readable, *fixed),
            hidden=(*hidden_places(lab), *(path.resolve() for path in (*hidden_packages(), *self.hidden))),
            places={work / "data": lab.data} if lab.data.is_dir() else {},
            devices=devices(),
            network=job.network,
            variables=variables | dict(self.variables or {}),
        )

    def _link_data(self, files: Mapping[str, bytes], work: Path) -> None:
        if self.lab.data.is_dir() and not any(name.startswith("data/") for name in files):
            (work / "data").symlink_to(self.lab.data)

    def _allowed(self, job: Job) -> Allowed:
        wall, wall_text = job.timeout_seconds, f"over {_duration(job.timeout_seconds)}"
        cpu, cpu_text = None, ""
        most, told = _with_allowance(job)
        if job.budget.kind == "cpu":
            cpu, cpu_text = most, told
        elif job.budget.kind == "wall" and most < wall:
            wall, wall_text = most, f"over {_duration(most)}: {told}"
        return Allowed(
            wall_seconds=wall,
            wall_text=wall_text,
            cpu_seconds=cpu,
            cpu_text=cpu_text,
            memory_bytes=job.memory_bytes,
            **(self.limits or {}),
        )


def _with_allowance(job: Job) -> tuple[float, str]:
    """Return the seconds that a run may use in all, and how to say it."""
    budget = job.budget.amount
    if job.allowance_seconds is None:
        most = 2 * budget + _CALIBRATION_SECONDS
        return most, f"{most:g} s are allowed while the allowance is not known"
    most = budget + job.allowance_seconds
    return most, f"{budget:g} s and {job.allowance_seconds:.1f} s for start-up and export are allowed"


def _over(use: Use, allowed: Allowed) -> str:
    """Return why a run that ended by itself was too late all the same: it went over between two looks."""
    if allowed.cpu_seconds is not None and use.cpu_seconds > allowed.cpu_seconds:
        return f"used {use.cpu_seconds:.1f} s of CPU time, {allowed.cpu_text}"
    return allowed.wall_text if use.wall_seconds > allowed.wall_seconds else ""


def _changed(work: Path, files: Mapping[str, bytes], job: Job) -> str:
    changed = changed_files(work, files, editable=job.editable)
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    return f"changed {changed[0]}{more} while it ran" if changed else ""


def _exit(code: int, log: str) -> str:
    missing = _NO_MODULE.search(log) if code else None
    return exit_failure(code) + (f": there is no module {missing[1]}" if missing else "")


def _not_started(job: Job, work: Path, failure: str) -> Finished:
    return Finished(job.key, job.seed, _CANNOT_START, failure, Use(), Measurements(fault="it did not run"), "", work)


def _duration(seconds: float) -> str:
    """Return a duration as program.md writes it."""
    whole = round(seconds)
    if whole != seconds or whole == 0:
        return f"{seconds:.3g}s"
    parts = ((whole // 3600, "h"), (whole // 60 % 60, "m"), (whole % 60, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number)


def _record(finished: Finished) -> dict[str, Any]:
    told = asdict(finished)
    del told["folder"]
    return told


def _read_record(told: Mapping[str, Any], work: Path) -> Finished:
    return Finished(
        key=str(told["key"]),
        seed=int(told["seed"]),
        code=int(told["code"]),
        failure=str(told["failure"]),
        use=Use(**told["use"]),
        printed=Measurements(**told["printed"]),
        log=str(told["log"]),
        folder=work,
    )
