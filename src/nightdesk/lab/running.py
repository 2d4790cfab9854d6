"""Runs on this machine: a fresh copy of the lab's files, a sandbox, limits over the whole process tree, a record."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.process_trees import free_memory_bytes
from nightdesk.base.processes import TOGETHER
from nightdesk.base.sandbox import Confinement, program_folders
from nightdesk.lab.allowed import allowed_for, over
from nightdesk.lab.jobs import ANYWHERE, Finished, Job, Place, Stopped, Use
from nightdesk.lab.judge_files import hidden_places
from nightdesk.lab.labs import Lab
from nightdesk.lab.machines.machine import gpu_variables
from nightdesk.lab.machines.sharing import claim_of, turn
from nightdesk.lab.measurements import LogWindow, Measurements, parse_measurements
from nightdesk.lab.run_folder import changed_files, remove_folder, shown_files, write_files
from nightdesk.lab.supervising import FREE_SHARE, Supervised, kill_marked
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
    over: bool = False  # told once, when what it left is forgotten; nothing else is told then


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
    at: tuple[Place, ...] = (ANYWHERE,)
    book: Path | None = None  # where sessions take turns (machines.sharing); None: nothing is shared
    _at_work: dict[str, Supervised] = field(default_factory=dict, init=False, compare=False)
    _told: set[str] = field(default_factory=set, init=False, compare=False)

    def places(self) -> tuple[Place, ...]:
        """Return the places of this machine: always the same."""
        return self.at

    @contextmanager
    def turn(self, place: Place, *, stopped: Stopped, waiting: Callable[[str], None]) -> Iterator[bool]:
        """Hold a place for the block; False where `stopped` ended the wait for it. Each reason to wait is told once."""

        def tell(line: str) -> None:
            if line not in self._told:
                self._told.add(line)
                waiting(line)

        if self.book is None:
            yield True
            return
        with turn(self.book, claim_of(place, self.at, self.lab.name), stopped=stopped, waiting=tell) as mine:
            yield mine

    def run(self, job: Job, *, place: Place = ANYWHERE, stopped: Stopped) -> Finished | None:
        """Return the finished run, on disk before it returns; None where `stopped` ended it.

        A run that cannot even start is a finished run with a failure. Raises DeskError on a full disk and where
        programs cannot be confined.
        """
        began = time.thread_time()
        self._remove(job.key)
        folder = self._folder(job.key)
        work = folder / "work"
        files = shown_files(job.files)
        write_files(work, files)
        (folder / "tmp").mkdir()
        finished = self._supervise(job, files, folder, place, stopped)
        if finished is None:
            self.forget(job.key)
            return None
        used = replace(finished.use, harness_cpu_seconds=finished.use.harness_cpu_seconds + time.thread_time() - began)
        finished = replace(finished, use=used)
        try:
            write_atomically(folder / RECORD, json.dumps(finished_record(finished), ensure_ascii=False))
        except OSError as error:
            raise DeskError(f"{folder}: {error.strerror}", fix="make room on the disk and start again") from error
        return finished

    def finished(self, key: str) -> Finished | None:
        """Return a run that finished earlier and was not forgotten, as `run` returned it."""
        folder = self._folder(key)
        try:
            return read_finished(json.loads((folder / RECORD).read_text(encoding="utf-8")), folder / "work")
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def forget(self, key: str) -> None:
        """Remove what a run left."""
        self._remove(key)
        if self.on_progress is not None:
            self.on_progress(Live(key, 0.0, 0.0, 0, "", over=True))

    def end_orphans(self) -> None:
        """End what an earlier process left running: only a run that was not confined can have outlived it."""
        kill_marked(self.lab.runs.resolve())

    def _remove(self, key: str) -> None:
        folder = self._folder(key)
        (folder / RECORD).unlink(missing_ok=True)  # first: a folder that is half gone is no finished run
        remove_folder(folder)

    def _folder(self, key: str) -> Path:
        return self.lab.runs / key

    def _supervise(
        self, job: Job, files: Mapping[str, bytes], folder: Path, place: Place, stopped: Stopped
    ) -> Finished | None:
        work = folder / "work"
        words = split_command(job.command)
        command = found_command(words, folder=work)
        if command is None:
            return _not_started(job, work, f"cannot start: {words[0]} is not on PATH")
        confinement = self._confinement(job, files, command, folder, place)
        if not self.confined:
            self._link_data(files, work)
        allowed = allowed_for(job, share_of_memory=self._share_of_memory(), limits=self.limits or {})
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
        self._at_work[job.key] = program
        try:
            failure = watch(program, log, stopped=stopped, tell=self._tell(program, job.key, log))
        finally:
            code = program.end()
            del self._at_work[job.key]
        if failure is None:
            return None
        text = log.text
        failure = (
            failure
            or over(program.use(), allowed)
            or program.written_fault()
            or _changed(work, files, job)
            or _exit(code, text)
        )
        use = replace(program.use(), harness_cpu_seconds=program.use().harness_cpu_seconds - (time.thread_time() - own))
        return Finished(
            job.key, job.seed, code, failure, use, parse_measurements(text), text, work, place.hardware, place.gpu
        )

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

    def _confinement(
        self, job: Job, files: Mapping[str, bytes], command: tuple[str, ...], folder: Path, place: Place
    ) -> Confinement:
        work, lab = folder / "work", self.lab
        readable, variables = interpreter_folders() + program_folders(Path(command[0])), dict(BARE)
        if lab.program.adopted or Path(command[0]).name == "uv":
            shown, set_for = environment_of(lab.repository, command)
            readable += shown
            variables |= set_for
        variables |= gpu_variables(place.gpu)
        variables |= {"NIGHTDESK_SEED": str(job.seed), "NIGHTDESK_BUDGET": budget_text(job.budget)}
        if not self.confined:
            variables |= {"HOME": str(folder / "tmp"), "TMPDIR": str(folder / "tmp")}
        fixed = tuple(work / name for name in files if name not in job.editable)
        return Confinement(
            work=work,
            readable=(*readable, *self.readable, *fixed),
            hidden=(*hidden_places(lab), *(path.resolve() for path in (*hidden_packages(), *self.hidden))),
            places={work / "data": lab.data} if lab.data.is_dir() else {},
            devices=devices(place.gpu),
            network=job.network,
            variables=variables | dict(self.variables or {}),
        )

    def _link_data(self, files: Mapping[str, bytes], work: Path) -> None:
        if self.lab.data.is_dir() and not any(name.startswith("data/") for name in files):
            (work / "data").symlink_to(self.lab.data)

    def _share_of_memory(self) -> int | None:
        """Return what a run may take where the program does not say: an even share of what all at once could have."""
        free = free_memory_bytes()
        if len(self.at) == 1 or free is None:
            return None
        taken = sum(program.reading.memory_bytes for program in tuple(self._at_work.values()))
        return int(FREE_SHARE * (free + taken) / len(self.at))


def _changed(work: Path, files: Mapping[str, bytes], job: Job) -> str:
    changed = changed_files(work, files, editable=job.editable)
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    return f"changed {changed[0]}{more} while it ran" if changed else ""


def _exit(code: int, log: str) -> str:
    missing = _NO_MODULE.search(log) if code else None
    return exit_failure(code) + (f": there is no module {missing[1]}" if missing else "")


def _not_started(job: Job, work: Path, failure: str) -> Finished:
    return Finished(job.key, job.seed, _CANNOT_START, failure, Use(), Measurements(fault="it did not run"), "", work)


def finished_record(finished: Finished) -> dict[str, Any]:
    """Return a finished run as a record keeps it, without where it lies."""
    told = asdict(finished)
    del told["folder"]
    return told


def read_finished(told: Mapping[str, Any], work: Path) -> Finished:
    """Return the finished run of a record. Raises KeyError, TypeError or ValueError where it is none."""
    return Finished(
        key=str(told["key"]),
        seed=int(told["seed"]),
        code=int(told["code"]),
        failure=str(told["failure"]),
        use=Use(**told["use"]),
        printed=Measurements(**told["printed"]),
        log=str(told["log"]),
        folder=work,
        hardware=str(told.get("hardware", "")),
        gpu=str(told.get("gpu", "")),
    )
