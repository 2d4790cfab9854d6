"""The labs of a desk as pages read them: ledgers kept in memory and read again where their files changed."""

import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import open_plain
from nightdesk.base.pages import short_hash
from nightdesk.lab.comparison.comparing import Compared, compare_labs
from nightdesk.lab.confirmations import Confirmed, parse_confirmation
from nightdesk.lab.experiments import FOLDER, Experiment, file_name, parse_experiment
from nightdesk.lab.labs import Lab, labs_of, open_lab
from nightdesk.lab.ledger import NAME as RESULTS
from nightdesk.lab.live import live_folder
from nightdesk.lab.night import running_file
from nightdesk.lab.programs import NAME as PROGRAM
from nightdesk.lab.reporting import NAME as REPORT
from nightdesk.lab.reporting import views_folder
from nightdesk.lab.summary import Summary, newest_tag, summarise, tags_of

MOST_EXPERIMENTS = 20_000  # that are shown of one lab: the newest
_MOST_BYTES = 4_000_000  # of one experiment's file
_MOST_HYPOTHESIS = 500  # characters that are kept in memory for lists
_MOST_FAULTS = 5
_NUMBER = re.compile(r"[0-9]{2,9}")

Found = TypeVar("Found")
Stamp = tuple[int, int, int]  # of a file: time in nanoseconds, size, inode
Looks = tuple[Stamp | None, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a lab's ledger tells at one moment. Experiments are without diff and log: their own pages read these."""

    lab: Lab
    experiments: tuple[Experiment, ...]  # by number
    confirmed: tuple[Confirmed, ...]  # by number
    faults: tuple[str, ...]  # files that cannot be understood, one line each, bounded
    rev: str  # changes when any of it does
    summaries: dict[str, Summary] = field(default_factory=dict)  # made when they are asked for
    groups: dict[str, Compared] = field(default_factory=dict)  # likewise

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of its branches, the oldest first."""
        return tags_of(self.experiments)

    def summary(self, tag: str = "") -> Summary:
        """Return what a branch comes to, by default the newest. Raises DeskError for a tag that is not there."""
        tags = self.tags
        if tag and tag not in tags:
            known = ", ".join(tags[-10:]) or "none"
            raise DeskError(f"{self.lab.name} has no branch {tag!r}", fix=f"there are {known}")
        chosen = tag or newest_tag(self.experiments)
        if chosen not in self.summaries:
            lower = self.lab.program.lower_is_better
            self.summaries[chosen] = summarise(self.experiments, tag=chosen, lower_is_better=lower)
        return self.summaries[chosen]

    def compared(self, tag: str) -> Compared:
        """Return what each worker, version of program.md and so on found on one branch."""
        if tag not in self.groups:
            mine = [experiment for experiment in self.experiments if experiment.tag == tag]
            self.groups[tag] = compare_labs(self.lab, mine, [found for found in self.confirmed if found.tag == tag])
        return self.groups[tag]

    def latest_confirmation(self, summary: Summary) -> Confirmed | None:
        """Return the last confirmation of a branch's best program that is done, None where there is none."""
        winner = summary.winner
        found = [c for c in self.confirmed if c.done and c.tag == summary.tag]
        return next((c for c in reversed(found) if winner is not None and c.winner == winner.number), None)


class Shelf:
    """Reads labs, from several threads at once; each file is parsed once as long as it does not change."""

    def __init__(self, root: Path, desk: Desk | None) -> None:
        self._root = root
        self._desk = desk
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._labs: dict[str, tuple[Stamp | None, Lab]] = {}
        self._readings: dict[str, Reading] = {}
        self._paths: dict[str, frozenset[str]] = {}
        self._parsed: dict[str, tuple[Stamp, Experiment | Confirmed | str]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the labs; of a folder that is no desk but holds a program.md, its own."""
        if self._desk is not None:
            return labs_of(self._desk)
        return (self._root.resolve().name,) if (self._root / PROGRAM).is_file() else ()

    def lab(self, name: str) -> Lab | None:
        """Return a lab, None where there is none of that name. Raises DeskError where its program.md has mistakes."""
        if name not in self.names:
            return None
        place = name if self._desk is not None else "."
        folder = self._root / "lab" / name if self._desk is not None else self._root
        stamp = _stamp(folder / PROGRAM)
        known = self._labs.get(name)
        if known is not None and known[0] == stamp:
            return known[1]
        if not folder.resolve().is_relative_to(self._root.resolve()):
            raise DeskError(f"lab/{name} is a link out of the desk", fix="put the lab itself there")
        lab = open_lab(place, desk=self._desk, here=self._root)
        self._labs[name] = (stamp, lab)
        return lab

    def read(self, lab: Lab) -> Reading:
        """Return what the ledger of a lab tells now."""
        with self._lock:
            lock = self._locks.setdefault(lab.name, threading.Lock())
        with lock:  # one lab is read by one thread: the others then find it read
            stamps = dict(sorted(_ledger_files(lab.folder / FOLDER))[-MOST_EXPERIMENTS:])
            rev = short_hash(f"{lab.program.version} {sorted(stamps.values())}")[:16]
            known = self._readings.get(lab.name)
            if known is None or known.rev != rev:
                known = self._read(lab, stamps, rev)
                self._readings[lab.name] = known
            return known

    def _read(self, lab: Lab, stamps: dict[str, Stamp], rev: str) -> Reading:
        found = [self._parse(path, stamp) for path, stamp in stamps.items()]
        before = self._paths.get(lab.name, frozenset())
        self._paths[lab.name] = frozenset(stamps)
        for path in before - stamps.keys():
            self._parsed.pop(path, None)
        faults = [part for part in found if isinstance(part, str)]
        more = [f"and {len(faults) - _MOST_FAULTS} more"] if len(faults) > _MOST_FAULTS else []
        return Reading(
            lab=lab,
            experiments=tuple(sorted((e for e in found if isinstance(e, Experiment)), key=lambda e: e.number)),
            confirmed=tuple(sorted((c for c in found if isinstance(c, Confirmed)), key=lambda c: c.number)),
            faults=(*faults[:_MOST_FAULTS], *more),
            rev=rev,
        )

    def _parse(self, place: str, stamp: Stamp) -> Experiment | Confirmed | str:
        known = self._parsed.get(place)
        if known is not None and known[0] == stamp:
            return known[1]
        path = Path(place)
        found: Experiment | Confirmed | str
        try:
            if path.name.startswith("confirm-"):
                found = _of_file(path, parse_confirmation)
            else:
                found = _slim(_of_file(path, parse_experiment))
                if path.name != file_name(found.number):
                    found = f"the file {FOLDER}/{path.name} says that it is number {found.number}"
        except DeskError as error:
            found = f"the file {FOLDER}/{path.name} cannot be read: {error.message}"
        self._parsed[place] = (stamp, found)
        return found


def read_experiment(lab: Lab, number: int) -> Experiment | None:
    """Return an experiment with all its texts, None where there is none. Raises DeskError for a damaged file."""
    path = lab.folder / FOLDER / file_name(number)
    return _of_file(path, parse_experiment) if os.path.lexists(path) else None


def look_at(lab: Lab) -> tuple[Looks, Looks]:
    """Return two values that change when the ledger, and when the run at work, did: a few looks at the disk."""
    ledger = (lab.folder / FOLDER, lab.folder / RESULTS, lab.folder / PROGRAM, views_folder(lab) / REPORT)
    return tuple(map(_stamp, ledger)), tuple(map(_stamp, (running_file(lab), live_folder(lab))))


def _ledger_files(folder: Path) -> Iterator[tuple[str, Stamp]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                stem, dot, ending = entry.name.partition(".")
                number = stem.removeprefix("confirm-")
                if dot and ending == "md" and _NUMBER.fullmatch(number) and entry.is_file():
                    told = entry.stat(follow_symlinks=False)
                    yield entry.path, (told.st_mtime_ns, told.st_size, told.st_ino)
    except OSError:
        return  # nothing was tried yet


def _of_file(path: Path, parse: Callable[[str], Found]) -> Found:
    with open_plain(path, os.O_RDONLY) as file:
        size = os.fstat(file).st_size
        if size > _MOST_BYTES:
            raise DeskError(f"{path.name} is larger than {_MOST_BYTES // 10**6} MB", fix="move it away")
        content = os.read(file, size)
    try:
        return parse(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DeskError(f"{path.name} is no UTF-8 text", fix="mend it, or move it away") from error


def _slim(experiment: Experiment) -> Experiment:
    return replace(experiment, diff="", log_tail="", hypothesis=experiment.hypothesis[:_MOST_HYPOTHESIS])


def _stamp(path: Path) -> Stamp | None:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size, told.st_ino
