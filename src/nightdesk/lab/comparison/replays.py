"""experiments/replay-NN.md: one file for each replay, two versions of program.md run against each other.

Its nights are branches like any other, `replay-N-a1` and `replay-N-b1` for the first repeat, and are confirmed like any
other; the file holds what was asked for and both texts, so that it can be gone on with and understood later, whatever
became of program.md meanwhile.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.pages import Page, parse_page, render_front, short_hash
from nightdesk.lab.experiments import FOLDER, one_line
from nightdesk.lab.programs import MAX_BYTES

SIDES = ("a", "b")
_NAME = re.compile(r"replay-(\d{2,6})\.md")
_SHOWN = 12  # digits of a version


@dataclass(frozen=True, slots=True)
class Version:
    """One version of program.md."""

    text: str  # the whole file
    name: str = ""  # what the person called it: a revision, a path

    @property
    def hash(self) -> str:
        """By what the ledger knows it."""
        return short_hash(self.text)

    @property
    def told(self) -> str:
        """How people tell it from others."""
        short = self.hash[:_SHOWN]
        return short if not self.name or self.hash.startswith(self.name.lower()) else f"{short} ({self.name})"


@dataclass(frozen=True, slots=True)
class Replay:
    """What was asked for, and how far it is."""

    number: int
    versions: tuple[Version, Version]
    worker: str
    count: int  # experiments of a night
    repeats: int  # nights of each version
    seeds: int  # runs of the winner and of the baseline, by which a night's gain is measured
    ended: tuple[str, ...] = ()  # tags of nights that are over: all was tried, whether or not `count` was reached
    done: bool = False

    @property
    def nights(self) -> tuple[tuple[int, int], ...]:
        """The nights in the order in which they run: repeat, side. A B, B A, A B …, so that drift hits both."""
        return tuple((n, side) for n in range(1, self.repeats + 1) for side in ((0, 1) if n % 2 else (1, 0)))

    def tag(self, repeat: int, side: int) -> str:
        """Return the tag of a night (lab.summary knows such tags too)."""
        return f"replay-{self.number}-{SIDES[side]}{repeat}"

    def asks_the_same(self, other: "Replay") -> bool:
        """Say whether two are of the same question."""
        mine, theirs = ((*(v.hash for v in r.versions), r.worker, r.count, r.repeats, r.seeds) for r in (self, other))
        return mine == theirs


def write_replay(folder: Path, replay: Replay, lines: Sequence[str] = ()) -> None:
    """Put the file into a lab's folder; `lines` tell what came of it. Raises DeskError on a full disk."""
    front: dict[str, Any] = {
        "type": "replay",
        "title": f"Replay {replay.number}",
        "number": replay.number,
        "state": "done" if replay.done else "open",
        "worker": replay.worker,
        "count": replay.count,
        "repeats": replay.repeats,
        "seeds": replay.seeds,
        "ended": list(replay.ended),
        "versions": [{"version": v.hash, "name": one_line(v.name), "text": v.text} for v in replay.versions],
    }
    told = "".join(f"- {line}\n" for line in lines)
    page = Page(render_front(front), f"\n# Replay {replay.number}\n\n{told}")
    try:
        write_atomically(folder / FOLDER / f"replay-{replay.number:02d}.md", page.text)
    except OSError as error:
        raise DeskError(f"{folder}: {error.strerror}", fix="make room on the disk and start again") from error


def read_replays(folder: Path) -> tuple[Replay, ...]:
    """Return the replays of a lab's folder by number. Raises DeskError for a file that is damaged."""
    paths = [path for path in (folder / FOLDER).glob("replay-*.md") if _NAME.fullmatch(path.name)]
    return tuple(sorted((_read(path) for path in paths), key=lambda replay: replay.number))


def _read(path: Path) -> Replay:
    try:
        if path.stat().st_size > 20 * MAX_BYTES:  # two texts, each character escaped at worst
            raise DeskError("it is too large")
        return _parse(path.read_text(encoding="utf-8"), int(path.stem.removeprefix("replay-")))
    except (OSError, UnicodeDecodeError, DeskError) as error:
        raise DeskError(f"{path} cannot be read: {error}", fix="mend it, or move it away to forget it") from error


def _parse(text: str, number: int) -> Replay:
    page = parse_page(text)
    front = {key: page.value(key) for key in page.front}
    try:
        first, second = (Version(str(told["text"]), str(told.get("name") or "")) for told in front["versions"])
        found = Replay(
            number=int(front["number"]),
            versions=(first, second),
            worker=str(front["worker"]),
            count=int(front["count"]),
            repeats=int(front["repeats"]),
            seeds=int(front["seeds"]),
            ended=tuple(str(tag) for tag in front.get("ended") or ()),
            done=front["state"] == "done",
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DeskError(f"its frontmatter is damaged: {type(error).__name__} {error}") from error
    hashes = [str(told.get("version")) for told in front["versions"]]
    if found.number != number or hashes != [version.hash for version in found.versions]:
        raise DeskError("its number or the text of a version was changed")
    return found
