"""Files to Markdown in a pool of child processes with limits: a bad file costs its own conversion and nothing else."""

import json
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightdesk.base.processes import Limits, kill, start
from nightdesk.sources.converter import OUT_OF_MEMORY
from nightdesk.sources.formats.converted import Converted

CONVERTER_VERSION = "1"  # raised when the same file gives other Markdown: what was converted before is stale then
MAX_FILE_BYTES = 500_000_000  # of what a conversion writes
RESERVED_BYTES = 1 << 30  # address space that the PDF library takes at its start and mostly never touches
JOBS_PER_CHILD = 200  # then a fresh one, so that what libraries leak does not add up
_DEFAULT_COMMAND = (sys.executable, "-P", "-m", "nightdesk.sources.converter")  # -P: no module from the working folder
_MEMORY_WORDS = (b"memory allocation", b"bad_alloc", b"MemoryError", b"out of memory", b"Cannot allocate memory")


@dataclass(frozen=True, slots=True)
class Job:
    """One file to convert: its kind (see `kinds`), where its images go, and what links to them start with."""

    path: Path
    kind: str
    assets: Path
    assets_link: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: the text, or in one line why there is none. Exactly one of the two is None."""

    job: Job
    converted: Converted | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one conversion may take, in time by the clock and of the processor, and its child in memory.

    The memory limit is one of address space, of which the PDF library reserves 1 GiB that other files may use.
    """

    wall_seconds: float = 60
    cpu_seconds: int = 60
    memory_bytes: int = 2_000_000_000


class Converters:
    """Up to `children` converting processes, each started when first needed and used for many files.

    As a context manager: at the end, also after Ctrl-C, no child is left.
    """

    def __init__(self, children: int, *, bounds: Bounds = Bounds(), command: Sequence[str] = _DEFAULT_COMMAND) -> None:
        self._size = max(children, 1)
        self._bounds = bounds
        self._command = tuple(command)

    def __enter__(self) -> "Converters":
        self.folder = Path(tempfile.mkdtemp(prefix="nightdesk-convert-"))
        # The threads live as long as the pool, and each child is started by the thread that uses it: the kernel
        # kills a child when the thread that started it ends.
        self._threads = ThreadPoolExecutor(self._size, thread_name_prefix="convert")
        self._own = threading.local()
        self._children: list[_Child] = []
        self._lock = threading.Lock()
        self._closed = False
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._closed = True
            children = list(self._children)
        for child in children:
            child.end()  # its thread reads the end of its answers and returns
        self._threads.shutdown(wait=True, cancel_futures=True)
        for child in self._children:
            child.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def convert_all(self, jobs: Iterable[Job]) -> Iterator[Outcome]:
        """Yield the outcome of each job as it is done, in no certain order. `jobs` is read as children come free."""
        waiting: set[Future[Outcome]] = set()
        try:
            for job in jobs:
                waiting.add(self._threads.submit(self._convert, job))
                if len(waiting) >= 2 * self._size:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            for future in waiting:
                future.cancel()

    def _convert(self, job: Job) -> Outcome:
        while True:
            child = self._child()
            fresh = child.jobs == 0
            reply = child.convert(job)
            if reply.child_lost:
                self._drop(child)
                if reply.retry and not fresh:  # what earlier files left behind may be to blame: once more, alone
                    continue
            elif child.jobs >= JOBS_PER_CHILD:
                self._drop(child)
            return Outcome(job, reply.converted, reply.problem)

    def _child(self) -> "_Child":
        child: _Child | None = getattr(self._own, "child", None)
        if child is None:
            child = _Child(self._command, self.folder, self._bounds)
            self._own.child = child
            with self._lock:
                self._children.append(child)
                if self._closed:
                    child.end()
        return child

    def _drop(self, child: "_Child") -> None:
        child.end()
        child.close()
        self._own.child = None
        with self._lock:
            self._children.remove(child)


@dataclass(frozen=True, slots=True)
class _Reply:
    converted: Converted | None
    problem: str | None
    child_lost: bool = False
    retry: bool = False


class _Child:
    """One converting process and the folder that it works in. Used by one thread; `end` may come from another."""

    def __init__(self, command: Sequence[str], folder: Path, bounds: Bounds) -> None:
        self.jobs = 0
        self._bounds = bounds
        self._folder = Path(tempfile.mkdtemp(dir=folder))
        self._errors = (self._folder / "stderr").open("wb")
        self._process = start(
            command,
            folder=self._folder,
            limits=Limits(memory_bytes=bounds.memory_bytes + RESERVED_BYTES, file_bytes=MAX_FILE_BYTES),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    def convert(self, job: Job) -> _Reply:
        """Return what the child makes of `job`; a child that dies or takes too long is blamed on it."""
        self.jobs += 1
        result, assets = self._folder / "result.md", self._folder / "assets"
        request = {
            "path": str(job.path.absolute()),
            "kind": job.kind,
            "assets": str(assets),
            "assets_link": job.assets_link,
            "result": str(result),
            "cpu_seconds": self._bounds.cpu_seconds,
        }
        try:
            answer = self._ask(json.dumps(request).encode() + b"\n")
            if answer is None:
                return self._lost()
            if answer.get("problem") == OUT_OF_MEMORY:
                return _Reply(None, self._too_much_memory(), child_lost=True, retry=True)
            if "problem" in answer:
                return _Reply(None, str(answer["problem"]))
            facts = answer["facts"]
            facts["notes"] = tuple(facts["notes"])
            converted = Converted(result.read_bytes().decode("utf-8"), **facts)
            _move_files(assets, job.assets)
        except TimeoutError:
            return _Reply(None, f"took more than {self._bounds.wall_seconds:g} s to convert", child_lost=True)
        finally:
            shutil.rmtree(assets, ignore_errors=True)
            result.unlink(missing_ok=True)
        return _Reply(converted, None)

    def end(self) -> int:
        """Kill the child with all that it started; return its exit code."""
        return kill(self._process)

    def close(self) -> None:
        """Close the pipes, which only the thread that reads them may do."""
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            with suppress(OSError):  # what could not be written to a dead child
                if pipe:
                    pipe.close()

    def _ask(self, request: bytes) -> dict[str, Any] | None:
        """Return the child's answer, None if it died. Raises TimeoutError when the clock's limit has passed."""
        process = self._process
        assert process.stdin is not None  # noqa: S101  # both are pipes
        assert process.stdout is not None  # noqa: S101
        deadline = time.monotonic() + self._bounds.wall_seconds
        answer = b""
        try:
            process.stdin.write(request)
            process.stdin.flush()
            while not answer.endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                    raise TimeoutError
                block = process.stdout.read1(65536)  # type: ignore[attr-defined]
                if not block:
                    return None
                answer += block
            reply = json.loads(answer)
        except (BrokenPipeError, ValueError):
            return None
        return reply if isinstance(reply, dict) else None

    def _lost(self) -> _Reply:
        """Return what to say of the job during which the child died."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)  # it closed its output; give it time to end by itself and say how
        code = self.end()
        said = (self._folder / "stderr").read_bytes()[-20_000:]
        if code == -signal.SIGXCPU:
            return _Reply(None, f"took more than {self._bounds.cpu_seconds} s of processor time", child_lost=True)
        if any(word in said for word in _MEMORY_WORDS):
            return _Reply(None, self._too_much_memory(), child_lost=True, retry=True)
        if code == -signal.SIGXFSZ:
            return _Reply(None, f"gives more than {MAX_FILE_BYTES // 1_000_000} MB", child_lost=True)
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return _Reply(None, f"crashed its converter ({how})", child_lost=True, retry=True)

    def _too_much_memory(self) -> str:
        return f"needed more than {self._bounds.memory_bytes / 1e9:.1f} GB".replace(".0 GB", " GB")


def _move_files(source: Path, target: Path) -> None:
    if not source.is_dir():
        return
    target.mkdir(parents=True, exist_ok=True)
    for file in sorted(source.iterdir()):
        if file.is_file() and not file.is_symlink():
            shutil.move(file, target / file.name)
