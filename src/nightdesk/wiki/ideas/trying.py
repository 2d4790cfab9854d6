"""Runs acceptance checks: each in a confined copy of what was built, within time, memory and disk, without network."""

import os
import shutil
import site
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.base.process_trees import ProcessTree
from nightdesk.base.processes import PIPE, Child, Ended, Limits, attend
from nightdesk.base.sandbox import Confinement, program_folders, start_confined, why_not
from nightdesk.wiki.ideas.checks import Check, unmet

MEMORY_BYTES = 4 << 30  # of all processes of a check together
ADDRESS_BYTES = 64 << 30  # of each: libraries for numbers reserve far more than they use
FILE_BYTES = 200_000_000  # of one file that it writes
FOLDER_BYTES, FOLDER_ENTRIES = 1_000_000_000, 50_000  # of all that lies in its copy
MAX_PROCESSES = 200
MAX_OUTPUT_BYTES = 20_000_000  # printed; the last 16 KB of standard output are what is judged
_LAST_WORDS = 400  # characters of its output that are told where it fails
_LOOK_SECONDS = 0.2
_PYTHONS = ("python", "python3")
_BARE = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


@dataclass(frozen=True, slots=True)
class Tried:
    """How one check ended."""

    name: str
    run: tuple[str, ...]
    why: tuple[str, ...]  # what does not hold; () where it passed
    seconds: float
    said: str = ""  # the end of what it printed, where it failed

    @property
    def passed(self) -> bool:
        """Whether all that was asked for holds."""
        return not self.why


def require_confinement(*, network: bool = False) -> None:
    """Raise DeskError where this machine cannot confine programs: a stranger's checks are not run without it."""
    reason = why_not(network=network)
    if reason:
        raise DeskError(
            f"the checks cannot be run here: {reason}",
            fix="install bubblewrap (Linux), or pip install 'nightdesk[agents]'",
        )


def try_checks(
    folder: Path,
    checks: Sequence[Check],
    *,
    network: bool = False,
    hidden: tuple[Path, ...] = (),
    told: Callable[[Tried], None] = lambda tried: None,
) -> tuple[Tried, ...]:
    """Return how each check ended on what lies in `folder`, which no check can change.

    `hidden` are folders of the person's beside homes and the like. Raises DeskError where nothing can be confined.
    """
    require_confinement(network=network)
    ended = []
    for check in checks:
        tried = _try(folder, check, network=network, hidden=hidden)
        told(tried)
        ended.append(tried)
    return tuple(ended)


def _try(folder: Path, check: Check, *, network: bool, hidden: tuple[Path, ...]) -> Tried:
    with tempfile.TemporaryDirectory(prefix="nightdesk-idea-", ignore_cleanup_errors=True) as temporary:
        work = Path(temporary).resolve() / "work"
        shutil.copytree(folder, work, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        command = _command(check.run, work)
        if command is None:
            return Tried(check.name, check.run, (f"there is no program {check.run[0]!r} here",), 0.0)
        began = time.monotonic()
        wish = Confinement(
            work=work,
            readable=(*_interpreter_folders(), *program_folders(Path(command[0]))),
            hidden=hidden,
            network=network,
            variables=_BARE,
        )
        limits = Limits(memory_bytes=ADDRESS_BYTES, file_bytes=FILE_BYTES, first_to_go=True)
        child = start_confined(command, wish, limits=limits, stdout=PIPE, stderr=PIPE)
        watch = _Watch(child, work)
        ended = attend(child, seconds=check.seconds, most_bytes=MAX_OUTPUT_BYTES, stopped=watch.over)
        seconds = time.monotonic() - began
        return _judged(check, ended, watch.why, work, seconds)


class _Watch:
    """Looks at what a check uses while it runs."""

    def __init__(self, child: Child, work: Path) -> None:
        self._tree = ProcessTree(child.pid, namespace=False)
        self._work = work
        self._looked = 0.0
        self.why = ""

    def over(self) -> bool:
        """Return whether it has to be ended; `why` then says what for."""
        now = time.monotonic()
        if not self.why and now - self._looked >= _LOOK_SECONDS:  # asked after each piece of output too
            self._looked = now
            use = self._tree.read()
            if use.memory_bytes > MEMORY_BYTES:
                self.why = f"it was ended: it took more than {MEMORY_BYTES >> 30} GB of memory"
            elif use.processes > MAX_PROCESSES:
                self.why = f"it was ended: it started more than {MAX_PROCESSES} processes"
            elif _is_full(self._work):
                self.why = f"it was ended: it wrote more than {FOLDER_BYTES // 1_000_000:,} MB, or too many files"
        return bool(self.why)


def _is_full(folder: Path) -> bool:
    entries = size = 0
    for parent, folders, names in os.walk(folder):
        entries += len(folders) + len(names)
        if entries > FOLDER_ENTRIES:
            return True
        for name in names:
            try:
                size += os.lstat(os.path.join(parent, name)).st_blocks * 512
            except OSError:  # it is gone by now
                continue
    return size > FOLDER_BYTES


def _judged(check: Check, ended: Ended, stopped: str, work: Path, seconds: float) -> Tried:
    out = ended.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
    if ended.cause == "itself":
        why = unmet(check, code=ended.code, out=out, files={path: _is_there(work, path) for path in check.files})
    elif ended.cause == "time":
        why = (f"it was ended after {check.seconds:g} s",)
    else:
        why = (stopped or "it was ended: it printed without end",)
    said = "" if not why else _last_words(ended.stderr.decode("utf-8", "replace") or out)
    return Tried(check.name, check.run, why, seconds, said)


def _last_words(text: str) -> str:
    plain = "".join(char if char.isprintable() or char == "\n" else " " for char in text).strip()
    return plain[-_LAST_WORDS:]


def _is_there(work: Path, path: str) -> bool:
    """Return whether a check's file lies in its folder, is plain, no link at any step, and not empty."""
    at = work
    for part in path.split("/"):
        at = at / part
        if at.is_symlink():
            return False
    return at.is_file() and at.stat().st_size > 0


def _command(run: Sequence[str], work: Path) -> tuple[str, ...] | None:
    """Return the command with its program's path; "python" is the one that nightdesk runs with. None for no program."""
    program, *rest = run
    if program in _PYTHONS:
        return (sys.executable, *rest)
    if "/" in program:
        return (str(work / program), *rest) if not program.startswith("/") and (work / program).is_file() else None
    found = shutil.which(program)
    return (found, *rest) if found else None


def _interpreter_folders() -> tuple[Path, ...]:
    """Return where the interpreter and its packages lie, never a home as a whole."""
    user = site.getusersitepackages() if site.ENABLE_USER_SITE else None
    wanted = [*program_folders(Path(sys.executable)), Path(sys.prefix), Path(sys.base_prefix)]
    wanted += [Path(user)] if user else []
    home = Path.home().resolve()
    return tuple(p for p in dict.fromkeys(wanted) if p.exists() and not home.is_relative_to(p.resolve()))


def table(tried: Sequence[Tried]) -> tuple[Mapping[str, object], ...]:
    """Return the outcomes as --json prints them."""
    return tuple(
        {"name": t.name, "run": list(t.run), "passed": t.passed, "why": list(t.why), "seconds": round(t.seconds, 2)}
        for t in tried
    )
