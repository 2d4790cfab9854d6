"""Finds an older version of program.md: by its hash in the ledger, by a git revision, or as a file."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.base.files import open_plain
from nightdesk.base.git import run_git
from nightdesk.base.trees import read_objects
from nightdesk.lab.comparison.replays import Version, read_replays
from nightdesk.lab.experiments import Experiment
from nightdesk.lab.labs import Lab
from nightdesk.lab.programs import MAX_BYTES, NAME, files_below, parse_program
from nightdesk.lab.starting import NOT_SET_UP, settings_changed

_HASH = re.compile(r"[0-9a-f]{4,32}")
_REVISION = re.compile(r"[\w@{}^~./+-]{1,200}")  # what git calls a commit; no option, no path within it
_MOST_COMMITS = 2_000  # of program.md's history that are looked through


def find_version(lab: Lab, given: str, experiments: tuple[Experiment, ...], *, here: Path) -> Version:
    """Return the version of program.md that `given` names; a path is relative to `here`.

    Raises DeskError where there is none, where several begin so, or where the ledger knows it but its text is gone.
    """
    if _HASH.fullmatch(given.lower()):
        known = {e.program for e in experiments} | {lab.program.version}
        found = sorted(version for version in known if version.startswith(given.lower()))
        if len(found) > 1:
            raise DeskError(f"{len(found)} versions of {NAME} begin with {given}", fix="name more of its digits")
        if found:
            return _by_hash(lab, found[0], experiments, given)
    path = here / given
    if path.is_file():
        # where it lies on this machine is nobody's business in a ledger that travels
        return Version(_text(_content(path), given), path.name if Path(given).is_absolute() else given)
    text = _at_revision(lab, given)
    if text is None:
        raise DeskError(
            f"{given!r} is no version of {NAME}: no hash of this ledger, no file, no git revision that has it",
            fix=f"nightdesk lab compare {lab.place} lists the versions that were run",
        )
    return Version(text, given)


def with_instructions(lab: Lab, version: Version) -> Lab:
    """Return the lab as it is with the prose of that version.

    Raises DeskError where the version differs in more than prose: nights of two set-ups are no equal terms.
    """
    program = parse_program(version.text, files=files_below(lab.folder))
    if names := settings_changed(lab.program, program):
        raise DeskError(
            f"{version.told} has another {', '.join(names)} than {NAME} has now: nights would not be on equal terms",
            fix=f"give both versions the same {', '.join(names)}; only the prose may differ",
        )
    changed = {name: getattr(program, name) for name in NOT_SET_UP}
    return replace(lab, program=replace(lab.program, **changed))


def _by_hash(lab: Lab, version: str, experiments: tuple[Experiment, ...], given: str) -> Version:
    for text in _texts(lab, version, experiments):
        found = Version(text, given)
        if found.hash == version:
            return found
    raise DeskError(
        f"{version[:12]} was run here, but its text is gone: never committed, or the commit is not in this clone",
        fix="give a file that holds it",
    )


def _texts(lab: Lab, version: str, experiments: tuple[Experiment, ...]) -> Iterator[str]:
    """Yield texts that may be of a version, the likeliest first."""
    if lab.program.version == version:
        yield _text(_content(lab.folder / NAME), NAME)
    for replay in read_replays(lab.folder):
        yield from (one.text for one in replay.versions)
    path = f"{lab.within}/{NAME}" if lab.within else NAME
    run_with = dict.fromkeys(e.commit for e in experiments if e.program == version or e.is_baseline)
    history = run_git(lab.repository, "log", "--all", f"--max-count={_MOST_COMMITS}", "--format=%H", "--", path)
    commits = [commit for commit in (*run_with, *history.split()) if re.fullmatch(r"[0-9a-f]{7,64}", commit)]
    for content in read_objects(lab.repository, [f"{commit}:{path}" for commit in commits]):
        if content is not None and len(content) <= MAX_BYTES:
            yield _text(content, version)


def _at_revision(lab: Lab, given: str) -> str | None:
    if not _REVISION.fullmatch(given) or given.startswith("-"):
        return None
    path = f"{lab.within}/{NAME}" if lab.within else NAME
    content = read_objects(lab.repository, [f"{given}:{path}"])[0]
    return None if content is None else _text(content, given)


def _content(path: Path) -> bytes:
    with open_plain(path, os.O_RDONLY) as file, os.fdopen(os.dup(file), "rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _text(content: bytes, name: str) -> str:
    if len(content) > MAX_BYTES:
        raise DeskError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB", fix="keep data out of it")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DeskError(f"{name} is no UTF-8 text", fix="save it as UTF-8") from error
