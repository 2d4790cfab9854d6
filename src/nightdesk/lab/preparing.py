"""Prepares a lab's data: its prepare.py runs once, confined, and leaves what runs see apart from what no run sees."""

import contextlib
import json
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.files import hash_file, hash_text, write_atomically
from nightdesk.base.lock import hold_lock
from nightdesk.base.processes import PIPE, Ended, Limits, attend, start
from nightdesk.base.sandbox import Confinement, program_folders, start_confined
from nightdesk.lab.jobs import Stopped
from nightdesk.lab.labs import Lab
from nightdesk.lab.measurements import printable
from nightdesk.lab.programs import BUILT_IN_JUDGE

SCRIPT = "prepare.py"
STAMP = "prepared.json"
SECONDS = 3_600.0  # of wall time: a large data set has to come over the network
FILE_BYTES = 16 << 30  # of each file that it writes
RUN_FILES, SEALED_FILES = ("train.bin", "tokenizer.json"), ("val.bin", "test.bin")  # what the sealed judge needs
_NAMED = re.compile(r"shakespeare|desk|stdlib|hf:\S+")
_MOST_SAID = 300  # characters of a complaint


@dataclass(frozen=True, slots=True)
class Prepared:
    """A lab's data as they lie on disk. `said`: what prepare.py told of them, line by line."""

    fresh: bool  # made just now
    source: str
    said: tuple[str, ...]
    version: str  # of the files: a baseline counts for one version only


def needs_data(lab: Lab) -> bool:
    """Whether a lab's data are nightdesk's to prepare. An adopted repository keeps its own."""
    return lab.program.data is not None and not lab.program.adopted


def is_prepared(lab: Lab) -> bool:
    """Whether the data are there, made by this prepare.py from this source."""
    return not needs_data(lab) or (_read_stamp(lab).get("stamp") == _stamp(lab) and _files_are_there(lab))


def local_source(lab: Lab) -> Path | None:
    """Return the file or folder that `data:` names, None where it is a known name or there is none."""
    source = lab.program.data
    if source is None or _NAMED.fullmatch(source):
        return None
    return (lab.folder / Path(source).expanduser()).resolve()


def fetches(lab: Lab) -> bool:
    """Whether preparing takes the data from the network."""
    return (lab.program.data or "").startswith("hf:")


def prepare_data(lab: Lab, *, confined: bool, stopped: Stopped = lambda: False) -> Prepared | None:
    """Make the data that `lab.data` and `lab.sealed` hold, unless they are there; None where a lab has none.

    Interrupted at any moment it leaves the old data or none. Raises DeskError with prepare.py's own words where it
    cannot, and KeyboardInterrupt where `stopped` ended it.
    """
    if not needs_data(lab):
        return None
    if not is_prepared(lab):
        with hold_lock(lab.lock, doing=f"preparing the data of the lab {lab.name}"):
            if not is_prepared(lab):  # another may have done it while this one waited
                return _prepare(lab, confined=confined, stopped=stopped)
    return _prepared(_read_stamp(lab), fresh=False)


def _prepare(lab: Lab, *, confined: bool, stopped: Stopped) -> Prepared:
    if not (lab.folder / SCRIPT).is_file():
        raise DeskError(
            f"{lab.name} has data: {lab.program.data}, and no {SCRIPT} that could prepare them",
            fix=f"write one as docs/lab.md describes it, or take data: out of {lab.folder.name}/program.md",
        )
    with _scratch(lab) as work:
        for name in ("data", "sealed"):
            (work / name).mkdir(mode=0o700)
        said = _run_script(lab, work, confined=confined, stopped=stopped)
        _check(lab, work)
        version = hash_text("".join(f"{path.name} {hash_file(path)}\n" for path in _files(work)))
        stamp = {"stamp": _stamp(lab), "source": lab.program.data, "said": said, "version": version}
        # the stamp goes first and comes last, so that a crash in between leaves data that nobody takes for whole
        (lab.state / STAMP).unlink(missing_ok=True)
        for made, place in ((work / "data", lab.data), (work / "sealed", lab.sealed)):
            shutil.rmtree(place, ignore_errors=True)
            made.rename(place)
        write_atomically(lab.state / STAMP, json.dumps(stamp, indent=2) + "\n")
    return _prepared(stamp, fresh=True)


@contextlib.contextmanager
def _scratch(lab: Lab) -> Iterator[Path]:
    """Give the block an empty folder, and remove what an earlier one left."""
    for left in lab.state.glob("preparing-*"):
        shutil.rmtree(left, ignore_errors=True)
    work = lab.state / f"preparing-{secrets.token_hex(4)}"
    work.mkdir(parents=True, mode=0o700)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _run_script(lab: Lab, work: Path, *, confined: bool, stopped: Stopped) -> tuple[str, ...]:
    """Run prepare.py and return the lines that it printed."""
    source, local = lab.program.data or "", local_source(lab)
    if local is not None and not local.exists():
        raise DeskError(f"there is no data {source!r}: {local}", fix="mend data: in program.md")
    shutil.copyfile(lab.folder / SCRIPT, work / SCRIPT)
    command = [sys.executable, SCRIPT, "prepare", "--data", source if local is None else str(local)]
    command += ["--out", "data", "--sealed", "sealed"]
    # no key of the person's; threads do not spin, which costs a shared machine dear
    variables = {"OMP_WAIT_POLICY": "passive", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    limits = Limits(file_bytes=FILE_BYTES)
    if confined:
        shown = [] if local is None else [local]
        if source == "desk" and lab.desk is not None:
            shown += [lab.desk.settings, lab.desk.text, lab.desk.raw]
        confinement = Confinement(
            work,
            readable=(*program_folders(Path(sys.executable)), *shown),
            network=fetches(lab),
            variables=variables,
        )
        child = start_confined(command, confinement, limits=limits, stdout=PIPE, stderr=PIPE)
    else:
        child = start(command, folder=work, limits=limits, variables=variables, stdout=PIPE, stderr=PIPE)
    ended = attend(child, seconds=SECONDS, stopped=stopped)
    if ended.cause == "stopped":
        raise KeyboardInterrupt
    if ended.cause != "itself" or ended.code != 0:
        raise DeskError(
            f"the data of {lab.name} could not be prepared: {_complaint(ended)}",
            fix=f"mend data: in {lab.folder / 'program.md'}, or what it names",
        )
    return tuple(line for line in _lines(ended.stdout) if line)


def _complaint(ended: Ended) -> str:
    if ended.cause == "time":
        return f"{SCRIPT} took longer than {SECONDS / 60:.0f} minutes"
    if ended.cause == "output":
        return f"{SCRIPT} printed without end"
    lines = [line for line in (*_lines(ended.stdout), *_lines(ended.stderr)) if line.strip()]
    missing = next((line for line in lines if line.startswith("ModuleNotFoundError")), None)
    if missing:
        return f'{missing.partition(": ")[2]}; pip install "nightdesk[lab]" brings what the template needs'
    said = lines[-1] if lines else f"{SCRIPT} ended with code {ended.code} and said nothing"
    return said if len(said) <= _MOST_SAID else said[:_MOST_SAID] + "…"


def _lines(output: bytes) -> list[str]:
    return printable(output.decode("utf-8", "replace")).split("\n")


def _check(lab: Lab, work: Path) -> None:
    """Raise DeskError for what prepare.py must not leave: links, which would lead out, and too few files."""
    for path in sorted(work.rglob("*")):
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise DeskError(f"{SCRIPT} left {path.relative_to(work)}, which is no plain file", fix=f"mend {SCRIPT}")
    missing = [path for path in _wanted(lab, work / "data", work / "sealed") if not path.is_file()]
    if missing:
        names = ", ".join(str(path.relative_to(work)) for path in missing)
        raise DeskError(f"{SCRIPT} left no {names}, which the sealed judge needs", fix=f"mend {SCRIPT}")


def _files_are_there(lab: Lab) -> bool:
    wanted = [lab.data, lab.sealed, *_wanted(lab, lab.data, lab.sealed)]
    return all(path.exists() for path in wanted)


def _wanted(lab: Lab, data: Path, sealed: Path) -> list[Path]:
    if lab.program.judge != BUILT_IN_JUDGE:
        return []
    return [*(data / name for name in RUN_FILES), *(sealed / name for name in SEALED_FILES)]


def _files(work: Path) -> list[Path]:
    return sorted(path for name in ("data", "sealed") for path in (work / name).rglob("*") if path.is_file())


def _stamp(lab: Lab) -> str:
    """Return what the data depend on: the script and where they come from. Text that is added to a source later does
    not change a lab's data by itself: its baseline would no longer be comparable."""
    script = lab.folder / SCRIPT
    return hash_text(f"{hash_file(script) if script.is_file() else ''}\n{local_source(lab) or lab.program.data}")


def _read_stamp(lab: Lab) -> dict[str, Any]:
    try:
        stamp = json.loads((lab.state / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _prepared(stamp: dict[str, Any], *, fresh: bool) -> Prepared:
    said = tuple(str(line) for line in stamp.get("said") or ())
    return Prepared(fresh, str(stamp.get("source", "")), said, str(stamp.get("version", "")))
