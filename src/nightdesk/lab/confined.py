"""Confined programs of a lab that are no runs: one that answers over pipes, and one that runs to its end."""

import os
import select
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from nightdesk.base.processes import NOTHING, PIPE, TOGETHER
from nightdesk.base.sandbox import Confinement, program_folders
from nightdesk.lab.jobs import Stopped, Use
from nightdesk.lab.machines.machine import gpu_variables
from nightdesk.lab.measurements import LogWindow
from nightdesk.lab.supervising import Allowed, Supervised
from nightdesk.lab.surroundings import BARE, devices, found_command, hidden_packages, interpreter_folders
from nightdesk.lab.watching import exit_failure, watch

_CHUNK_BYTES = 1 << 20
_LAST_WORDS_SECONDS = 1.0  # that an ended program's output may take to arrive
_CANNOT_START = 127


class NoAnswerError(Exception):
    """The program gives no (more) answer. `reason`: one line for the ledger; `log`: the end of what it complained."""

    def __init__(self, reason: str, log: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.log = log


class StoppedError(Exception):
    """The person asked to stop while the program was being waited for; it has been ended."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that is over. `failure` "": it ended by itself with code 0 and kept all limits."""

    code: int
    failure: str
    log: str  # the end of its standard output and error, as it can be shown
    use: Use


class Answering:
    """A program that is asked over its standard input and answers on its standard output. Ended on leaving `with`.

    Its limits are looked at while it is waited for. One thread has it from its start to its end.
    """

    def __init__(self, program: Supervised, stopped: Stopped) -> None:
        self._program = program
        self._stopped = stopped
        self._complaints = LogWindow()
        self._looked = 0.0
        child = program.child
        assert child.stdin is not None and child.stdout is not None and child.stderr is not None  # noqa: S101, PT018
        self._to, self._from = child.stdin, child.stdout
        self._err: IO[bytes] | None = child.stderr
        for stream in (child.stdin, child.stdout, child.stderr):
            os.set_blocking(stream.fileno(), False)

    def send(self, message: bytes) -> None:
        """Write all of `message` to it. Raises NoAnswerError, StoppedError."""
        rest = memoryview(message)
        while rest:
            if not self._wait(self._to, writing=True):
                continue
            try:
                rest = rest[os.write(self._to.fileno(), rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                self._fail("it ended")

    def receive(self, size: int, *, seconds: float) -> bytes:
        """Return exactly `size` bytes of its answers. Raises NoAnswerError if they don't come in time, StoppedError."""
        answer = bytearray()
        deadline = time.monotonic() + seconds
        while len(answer) < size:
            if self._wait(self._from):
                chunk = os.read(self._from.fileno(), min(size - len(answer), _CHUNK_BYTES))
                if not chunk:
                    self._fail("it closed its output")
                answer += chunk
            elif time.monotonic() > deadline:
                self._fail(f"killed: no answer in {seconds:g} s")
        return bytes(answer)

    @property
    def log(self) -> str:
        """The end of its standard error up to now, as it can be shown."""
        return self._complaints.text

    def use(self) -> Use:
        """Return what it has used up to now, over its whole process tree."""
        return self._program.use()

    def end(self) -> Use:
        """End it with all that it started and return what it used; nothing happens if it has ended."""
        self._program.end()
        return self._program.use()

    def __enter__(self) -> "Answering":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _wait(self, stream: IO[bytes], *, writing: bool = False) -> bool:
        """Wait a moment until `stream` can be used, keep what it complains, and see that it keeps its limits."""
        readers: list[IO[bytes]] = [] if writing else [stream]
        readers += [self._err] if self._err is not None else []
        pause = self._program.pause_seconds
        readable, writable, _ = select.select(readers, [stream] if writing else [], [], pause)
        if self._err in readable:
            self._take_complaints()
        if time.monotonic() - self._looked >= pause:
            self._looked = time.monotonic()
            failure = self._program.look(printed_bytes=self._complaints.bytes_seen)
            if failure:
                self._fail(failure)
            if self._stopped():
                self.end()
                raise StoppedError
        return stream in readable or stream in writable

    def _take_complaints(self) -> None:
        assert self._err is not None  # noqa: S101
        chunk = os.read(self._err.fileno(), _CHUNK_BYTES)
        if chunk:
            self._complaints.feed(chunk)
        else:
            self._err = None

    def _fail(self, reason: str) -> None:
        """End it and say why there is no answer: by its exit code, where it ended by itself."""
        deadline = time.monotonic() + _LAST_WORDS_SECONDS
        if not reason.startswith("killed"):
            while self._err is not None and time.monotonic() < deadline:
                if select.select([self._err], [], [], 0.05)[0]:
                    self._take_complaints()
            while not self._program.over and time.monotonic() < deadline:
                time.sleep(0.01)
        by_itself = self._program.over
        code = self._program.end()
        if by_itself and not reason.startswith("killed"):
            reason = f"ended by signal {-code}" if code < 0 else f"{reason} with exit code {code}"
        raise NoAnswerError(reason, self._complaints.text)


def start_answering(  # noqa: PLR0913  # each is a wish of its own, by name
    command: Sequence[str],
    *,
    folder: Path,
    confined: bool,
    seconds: float,
    shared: Path | None = None,
    readable: tuple[Path, ...] = (),
    hidden: tuple[Path, ...] = (),
    memory_bytes: int | None = None,
    cpu_seconds: float | None = None,
    gpu: str = "",
    variables: Mapping[str, str] | None = None,
    stopped: Stopped = lambda: False,
) -> Answering:
    """Return the running program; its working folder is `folder`, read-only to it, like `readable`.

    It may write to the file `shared` (at its own path, to be mapped by both sides) and to a private /tmp, sees no
    network and nothing in `hidden`, and is killed after `seconds` of wall time, `cpu_seconds`, or past `memory_bytes`.
    Of the graphics cards it sees those of the place `gpu`, "" all. "python" as its first word is nightdesk's own
    interpreter. Raises NoAnswerError where there is no such program.
    """
    program = _start(
        command,
        Confinement(
            work=folder,
            readable=readable,
            writable=(shared,) if shared else (),
            hidden=hidden,
            devices=devices(gpu),
            variables={**gpu_variables(gpu), **(variables or {})},
        ),
        Allowed(seconds, f"over {seconds:g} s", cpu_seconds, f"{cpu_seconds} s are allowed", memory_bytes),
        confined=confined,
        streams=(PIPE, PIPE),
    )
    if program is None:
        raise NoAnswerError(f"cannot start: {command[0]} is not on PATH")
    return Answering(program, stopped)


def run_confined(  # noqa: PLR0913
    command: Sequence[str],
    *,
    folder: Path,
    confined: bool,
    seconds: float,
    readable: tuple[Path, ...] = (),
    hidden: tuple[Path, ...] = (),
    memory_bytes: int | None = None,
    cpu_seconds: float | None = None,
    gpu: str = "",
    variables: Mapping[str, str] | None = None,
    stopped: Stopped = lambda: False,
) -> Ran | None:
    """Run a program to its end with `folder` as read-only working folder; None where `stopped` ended it."""
    program = _start(
        command,
        Confinement(
            work=folder,
            readable=readable,
            hidden=hidden,
            devices=devices(gpu),
            variables={**gpu_variables(gpu), **(variables or {})},
        ),
        Allowed(seconds, f"over {seconds:g} s", cpu_seconds, f"{cpu_seconds} s are allowed", memory_bytes),
        confined=confined,
        streams=(NOTHING, TOGETHER),
    )
    if program is None:
        return Ran(_CANNOT_START, f"cannot start: {command[0]} is not on PATH", "", Use())
    log = LogWindow()
    try:
        failure = watch(program, log, stopped=stopped)
    finally:
        code = program.end()
    if failure is None:
        return None
    return Ran(code, failure or exit_failure(code), log.text, program.use())


def _start(
    command: Sequence[str], wish: Confinement, allowed: Allowed, *, confined: bool, streams: tuple[int, int]
) -> Supervised | None:
    """Return the program, which gets the interpreter and its working folder read-only; None where there is no such."""
    found = found_command(command, folder=wish.work)
    if found is None:
        return None
    confinement = replace(
        wish,
        readable=(*interpreter_folders(), *program_folders(Path(found[0])), *wish.readable),
        hidden=(*hidden_packages(), *wish.hidden),
        read_only=True,
        variables=(BARE if confined else BARE | {"TMPDIR": "/tmp"}) | dict(wish.variables),  # noqa: S108  # unconfined
    )
    return Supervised(found, confinement, confined=confined, allowed=allowed, stdin=streams[0], stderr=streams[1])
