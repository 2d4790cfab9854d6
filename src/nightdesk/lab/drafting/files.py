"""Proposals that wait for a place, on disk: an answer that is paid for outlives the session that asked for it.

    state/drafts/0007.json   a draft; removed when its experiment is on disk
    dropped.tsv              beside results.tsv: a line for each proposal that was not run, and why

What lies in the state folder may have been edited: a file that is no draft is removed, and what a draft says is checked
like any proposal before it runs.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from nightdesk.agents.ledger import escape_field
from nightdesk.base.errors import DeskError
from nightdesk.base.files import open_plain, write_atomically
from nightdesk.lab.experiments import one_line, plain_text
from nightdesk.lab.jobs import Proposal
from nightdesk.lab.ledger import COMMIT_DIGITS, append_line
from nightdesk.lab.night import now
from nightdesk.lab.scores import finite

FOLDER = "drafts"
DROPPED = "dropped.tsv"
MOST = 64  # drafts that are read at a start
_MOST_BYTES = 20_000_000  # of one draft
_MOST_IN_ALL = 100_000_000
_MOST_DROPPED = 1_000_000  # bytes of dropped.tsv, beyond which its older half goes
_COLUMNS = ("time", "worker", "commit", "title", "why")


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposal that waits, and what it was made for."""

    number: int  # names its file
    proposal: Proposal
    commit: str  # the program that it changes
    tag: str
    program: str  # version of program.md that it was asked for under
    fixes: int | None = None  # the number of the experiment whose crash it mends
    stays: bool = False  # it is for that program, whichever is the best
    if_kept: bool = False  # it is for the case that the experiment of that program is kept


def write_draft(folder: Path, draft: Draft) -> None:
    """Put a draft in place. Raises OSError."""
    told = asdict(replace(draft, proposal=replace(draft.proposal, files=dict(draft.proposal.files))))
    del told["number"]
    write_atomically(draft_file(folder, draft.number), json.dumps(told))


def draft_file(folder: Path, number: int) -> Path:
    """Return where a draft lies."""
    return folder / f"{number:04d}.json"


def forget_draft(folder: Path, number: int) -> None:
    """Remove a draft that is an experiment now, or will be none."""
    with contextlib.suppress(OSError):
        draft_file(folder, number).unlink()


def read_drafts(folder: Path) -> Iterator[Draft]:
    """Yield the drafts that an earlier session left, the oldest first; what is none is removed."""
    left = _MOST_IN_ALL
    for number in draft_numbers(folder)[:MOST]:
        content = _content(draft_file(folder, number))
        left -= len(content)
        if left < 0:
            return
        draft = _parsed(number, content)
        if draft is None:
            forget_draft(folder, number)
        else:
            yield draft


def draft_numbers(folder: Path) -> list[int]:
    """Return the numbers of the drafts on disk."""
    paths = folder.glob("*.json") if folder.is_dir() else ()
    return sorted({int(path.stem) for path in paths if path.stem.isascii() and path.stem.isdigit()})


def note_dropped(lab_folder: Path, worker: str, commit: str, title: str, why: str) -> None:
    """Add a proposal that will not run to dropped.tsv. Raises DeskError where that cannot be written."""
    path = lab_folder / DROPPED
    texts = (now(), worker, commit[:COMMIT_DIGITS], one_line(title), one_line(why))
    append_line(path, "\t".join(escape_field(text) for text in texts) + "\n", header="\t".join(_COLUMNS) + "\n")
    with contextlib.suppress(OSError):
        if path.stat().st_size > _MOST_DROPPED:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
            write_atomically(path, "".join([lines[0], *lines[len(lines) // 2 :]]))


def _content(path: Path) -> bytes:
    """Return what a file holds, nothing where it is no plain file or too large."""
    try:
        with open_plain(path, os.O_RDONLY) as file, os.fdopen(os.dup(file), "rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
    except DeskError:
        return b""
    return content if len(content) <= _MOST_BYTES else b""


def _parsed(number: int, content: bytes) -> Draft | None:
    try:
        told = json.loads(content)
        fixes = told["fixes"]
        return Draft(
            number,
            _proposal(told["proposal"]),
            commit=one_line(told["commit"]),
            tag=one_line(told["tag"]),
            program=one_line(told["program"]),
            fixes=None if fixes is None else int(fixes),
            stays=told["stays"] is True,
            if_kept=told["if_kept"] is True,
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError):
        return None


def _proposal(told: Mapping[str, Any]) -> Proposal:
    """Return the proposal that a file holds, its texts as an experiment keeps them."""
    files, values = told["files"], told["values"]
    if not all(isinstance(text, str) for text in files.values()) or not all(_is_value(v) for v in values.values()):
        raise ValueError("no texts, or no values")
    return Proposal(
        title=one_line(told["title"]),
        hypothesis=plain_text(told["hypothesis"]),
        files=dict(files),
        worker=one_line(told["worker"]),
        method=one_line(told["method"]),
        values=dict(values),
        brief=one_line(told["brief"]),
    )


def _is_value(value: object) -> bool:
    return isinstance(value, bool | str) or finite(value) is not None
