"""Takes back a change that nightdesk made: each file goes back to what it was, and what a person did since stays."""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import changed_paths, commit_by_hand, commit_paths, merge_texts
from nightdesk.base.lock import hold_lock
from nightdesk.base.pages import parse_page
from nightdesk.base.trees import PLAIN_MODES, FileChange, blob_id, commit_nothing, read_objects
from nightdesk.wiki import log
from nightdesk.wiki.changes import UNDO, Change, files_of, find_change, read_changes, redoable, undoable
from nightdesk.wiki.publish import SET_ASIDE, candidates, in_form_of, merge_pages

Deed = Literal["restored", "removed", "merged", "kept", "stays", "already"]
SOURCE, RECORD, YOURS = "a source", "a record", "yours"
EDITED, GONE, NO_FILE = "edited since, in the same lines", "deleted since", "no plain file of this desk any more"
NEW = "edited since; it did not exist before"
_FOLDERS = ("wiki", "text", "lab", "ideas", "raw")  # of a desk: they stay, empty or not
_RECORDS = ("results.tsv", "report.md", "progress.png")  # of a lab
_OURS = ("wiki/", "text/", "lab/", "ideas/")


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one file."""

    path: str
    deed: Deed
    why: str = ""  # it stays, or is kept
    content: bytes | None = None  # what is written
    mode: str = PLAIN_MODES[0]
    aside: str = ""  # where the earlier version is put


@dataclass(frozen=True, slots=True)
class Undone:
    """A change that is, or would be, taken back, and what was passed over on the way to it."""

    change: Change
    steps: tuple[Step, ...]
    passed: tuple[Change, ...]
    commit: str | None = None

    @property
    def conflicts(self) -> list[Step]:
        """The files that were edited since in a way that cannot be merged."""
        return [step for step in self.steps if step.deed == "kept"]


def undo(desk: Desk, *, wanted: str | None = None, redo: bool = False, dry: bool = False) -> Undone:
    """Take back the last change that stands, or the one that is named; with `redo` the last undo. One commit.

    A file that nobody touched since goes back to what it was before; one that was edited since is merged; where the
    two meet, it is left and the earlier version is put into wiki/set-aside/. What was merged is committed first, as the
    person's. Killed at any point, the same call goes on. Raises DeskError where there is nothing to take back.
    """
    with hold_lock(desk.cache / "lock", doing="undoing"):
        chosen = _choose(desk, wanted, redo=redo)
        if dry:
            return chosen
        commit_by_hand(desk.root, [step.path for step in chosen.steps if step.deed == "merged"])
        for step in chosen.steps:
            _do(desk, step)
        verb = "redo" if redo or chosen.change.undoes else "undo"
        title = chosen.change.title.removeprefix("undo: ").removeprefix("redo: ")
        message = f"{verb}: {title}\n\n{UNDO}: {chosen.change.id}"
        done = [step.path for step in chosen.steps if step.deed not in ("kept", "stays")]
        asides = [step.aside for step in chosen.steps if step.aside]
        commit = commit_paths(desk.root, [*done, *asides], message) or commit_nothing(desk.root, message)
        return Undone(chosen.change, chosen.steps, chosen.passed, commit)


def _choose(desk: Desk, wanted: str | None, *, redo: bool) -> Undone:
    """Return the change to take back with its steps. What only recorded something, or is back already, is passed."""
    changes = read_changes(desk)
    if wanted is not None:
        change = find_change(changes, wanted)
        steps = _steps(desk, files_of(desk, change))
        if not _acts(steps):
            raise _nothing_of(change, steps)
        return Undone(change, steps, ())
    passed: list[Change] = []
    for change in redoable(changes) if redo else undoable(changes):
        steps = _steps(desk, files_of(desk, change))
        if _acts(steps):
            return Undone(change, steps, tuple(passed))
        if any(step.why in (SOURCE, YOURS) for step in steps):
            raise _nothing_of(change, steps)
        passed.append(change)
    what = "no undo to take back" if redo else "no change of nightdesk to take back"
    raise DeskError(f"there is {what}", fix="nightdesk undo --list shows what was done")


def _acts(steps: Iterable[Step]) -> bool:
    return any(step.deed not in ("stays", "already") for step in steps)


def _nothing_of(change: Change, steps: Sequence[Step]) -> DeskError:
    reasons = {step.why for step in steps if step.deed == "stays"}
    if SOURCE in reasons and YOURS not in reasons:
        fix = "nightdesk forget SOURCE withdraws one; nightdesk undo --list shows earlier changes"
        return DeskError(f'the last change, "{change.title}", brought sources: they stay', fix=fix)
    if YOURS in reasons:
        return DeskError(f'what "{change.title}" made is yours since then: it stays', fix="change it by hand")
    return DeskError(f'of "{change.title}" nothing is left to take back', fix="nightdesk undo --list shows others")


def _steps(desk: Desk, files: Mapping[str, FileChange]) -> tuple[Step, ...]:
    """Return what is to be done with each file of a change; nothing is written."""
    steps: list[Step] = []
    open_: dict[str, FileChange] = {}
    for path, one in files.items():
        why = _stays(path, one)
        if why:
            steps.append(Step(path, "stays", why))
        else:
            open_[path] = one
    blobs = sorted({one.before.blob for one in open_.values() if one.before})
    contents = dict(zip(blobs, read_objects(desk.root, blobs), strict=True))
    taken: set[str] = set()
    for path, one in open_.items():
        before = contents[one.before.blob] if one.before else None
        step = _step(desk, path, one, before, taken)
        taken.add(step.aside)
        steps.append(step)
    back = [step.path for step in steps if step.deed == "already"]
    unsaved = changed_paths(desk.root, back) if back else set()  # by an undo that was killed before its commit
    steps = [replace(s, deed="removed" if s.content is None else "restored") if s.path in unsaved else s for s in steps]
    return tuple(sorted(steps, key=lambda step: step.path))


def _stays(path: str, one: FileChange) -> str:
    """Return why a file is not taken back, "" where it is."""
    if path.startswith("raw/"):
        return SOURCE if one.after is not None else ""
    parts = path.split("/")
    if path == "costs.tsv" or (parts[0] == "lab" and ("experiments" in parts[2:-1] or parts[-1] in _RECORDS)):
        return RECORD
    if not path.startswith(_OURS) or path.endswith((".edited.md", "/.gitkeep")):
        return YOURS
    modes = {file.mode for file in one if file is not None}
    return "" if modes <= set(PLAIN_MODES) else NO_FILE


def _step(desk: Desk, path: str, one: FileChange, before: bytes | None, taken: set[str]) -> Step:
    file = desk.root / path
    if not _is_ours(desk, file):
        return Step(path, "kept", NO_FILE)
    now = file.read_bytes() if file.exists() else None
    mode = one.before.mode if one.before else PLAIN_MODES[0]
    if now == before:
        return Step(path, "already", content=before, mode=mode)
    if _is_version(now, one):
        return Step(path, "restored" if before is not None else "removed", content=before, mode=mode)
    if before is None:
        return Step(path, "kept", NEW)
    merged = None if now is None or one.after is None else _merged(desk, path, now, one, before)
    if merged is not None:
        return Step(path, "merged", content=merged, mode=mode)
    return Step(path, "kept", GONE if now is None else EDITED, before, aside=_aside(desk, path, before, taken))


def _is_ours(desk: Desk, file: Path) -> bool:
    """Say whether a path is, or would be, a plain file of the desk: no link, and in no folder that leads out of it."""
    if os.path.lexists(file) and (file.is_symlink() or not file.is_file()):
        return False
    try:
        return file.parent.resolve().is_relative_to(desk.root.resolve()) and not _file_above(desk, file)
    except (OSError, RuntimeError):  # RuntimeError: links that lead in a circle
        return False


def _file_above(desk: Desk, file: Path) -> bool:
    """Say whether what would be one of its folders is a file."""
    above = [parent for parent in file.parents if parent != desk.root and parent.is_relative_to(desk.root)]
    return any(parent.exists() and not parent.is_dir() for parent in above)


def _is_version(now: bytes | None, one: FileChange) -> bool:
    """Say whether a file is as the change left it."""
    if now is None or one.after is None:
        return now is None and one.after is None
    return blob_id(now, like=one.after.blob) == one.after.blob


def _merged(desk: Desk, path: str, now: bytes, one: FileChange, before: bytes) -> bytes | None:
    """Return the file with the change taken back and all else as it is, None where the two meet."""
    [after] = read_objects(desk.root, [one.after.blob] if one.after else [])
    if after is None:
        return None
    if path == log.PATH and (diary := _without(now, after, before)) is not None:
        return diary
    with contextlib.suppress(DeskError, UnicodeDecodeError):
        ours, base, theirs = (parse_page(content.decode("utf-8")) for content in (now, after, before))
        if theirs.made_from is not None and base.made_from is not None and ours.made_from is not None:
            page = merge_pages(desk, ours=ours, base=base, theirs=theirs)
            return in_form_of(desk.root / path, ours, page.text).encode("utf-8") if page else None
    with tempfile.TemporaryDirectory() as scratch:
        sides = {"ours": now, "base": after, "theirs": before}
        for name, content in sides.items():
            (Path(scratch) / name).write_bytes(content)
        files = {name: Path(scratch) / name for name in sides}
        try:
            text, conflicts = merge_texts(desk.root, **files)
        except UnicodeDecodeError:
            return None
    return None if conflicts else text.encode("utf-8")


def _without(now: bytes, after: bytes, before: bytes) -> bytes | None:
    """Return the diary without the entry that the change appended, or with the one that an undo took away.

    None where it is neither, or does not stand there once.
    """
    if before.startswith(after.rstrip(b"\r\n")):
        return now.rstrip(b"\r\n") + before[len(after.rstrip(b"\r\n")) :]
    kept = before.rstrip(b"\r\n")
    entry = after[len(kept) :]
    if not after.startswith(kept) or not entry.strip() or now.count(entry.rstrip(b"\n")) != 1:
        return None
    start = now.index(entry.rstrip(b"\n"))
    rest = now[start + len(entry.rstrip(b"\n")) :]
    return now[:start] + (rest if rest.strip() else b"\n")


def _aside(desk: Desk, path: str, content: bytes, taken: set[str]) -> str:
    """Return where the earlier version is put: a name that is free, or that it has already."""
    stem = f"{SET_ASIDE}/{Path(path).stem} (before)"
    ending = Path(path).suffix or ".md"
    for candidate in candidates(stem):
        aside = candidate.removesuffix(".md") + ending
        file = desk.root / aside
        if aside in taken:
            continue
        if not os.path.lexists(file) or (_is_ours(desk, file) and file.read_bytes() == content):
            return aside
    raise AssertionError  # candidates never end


def _do(desk: Desk, step: Step) -> None:
    file = desk.root / step.path
    if step.aside and step.content is not None:
        write_atomically(desk.root / step.aside, step.content)
    elif step.deed in ("restored", "merged") and step.content is not None:
        write_atomically(file, step.content)
        if step.mode == "100755":
            file.chmod(file.stat().st_mode | 0o111)
    elif step.deed == "removed":
        file.unlink(missing_ok=True)
        _remove_empty(desk, file.parent)


def _remove_empty(desk: Desk, folder: Path) -> None:
    """Remove the folders that a file leaves empty; git does not know them."""
    while desk.relative(folder) not in (*_FOLDERS, "."):
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
