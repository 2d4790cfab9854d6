"""The temporary desk of one research: a real desk that holds copies of the sources that matter, read more densely."""

import contextlib
import filecmp
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.git import init_repository
from nightdesk.base.pages import MARK, parse_page
from nightdesk.base.settings import Settings
from nightdesk.base.stages import Stage
from nightdesk.sources.provenance import read_provenance, record_provenance
from nightdesk.sources.texts import text_path
from nightdesk.wiki.compile import compile_desk
from nightdesk.wiki.cover import MAX_DEPTH, Row, add_to_cover, cover_of, read_covers
from nightdesk.wiki.lint.lint import lint_desk
from nightdesk.wiki.new import make_desk
from nightdesk.wiki.report import Report
from nightdesk.wiki.staff import Staff

DEPTH = 4  # times as many claims as a source of that length has by itself: few sources, read closely
PREFIX = "nightdesk-deep-"  # of the folder, among the system's temporary ones


@contextlib.contextmanager
def open_temporary_desk(keep: Path | None, *, beside: Desk) -> Iterator[Desk]:
    """Give the block a new desk: in the folder `keep`, which stays, or in a temporary one, which is removed after it.

    Raises DeskError where `keep` is not empty, or lies in the desk `beside` it: its sources would be that desk's too.
    """
    with contextlib.ExitStack() as stack:
        if keep is None:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)))
        else:
            root = keep.resolve()
            if root.is_relative_to(beside.root.resolve()):
                raise DeskError(f"{keep} lies in the desk itself", fix="name a folder outside of it")
            if root.exists() and (not root.is_dir() or any(root.iterdir())):
                raise DeskError(f"{keep} is there and not empty", fix="name a new folder")
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DeskError(f"cannot make {keep}: {error.strerror}", fix="name another folder") from error
        init_repository(root)  # of its own, also where the folder lies in somebody's work tree
        yield make_desk(root).desk


def copy_sources(main: Desk, temporary: Desk, raws: Iterable[str]) -> tuple[str, ...]:
    """Copy sources with their texts and what is known of them, and return the raw paths of those that could be.

    Copies, not links: whoever works on a kept desk must not change the sources of the other.
    """
    covers, _ = read_covers(main.root)
    origins = {row.path: row for row in read_provenance(main.raw)}
    copied, rows = [], []
    for raw in raws:
        if not is_raw_file(main, raw) or not _copy(main, temporary, raw):
            continue
        copied.append(raw)
        if (text := text_path(raw)) and _is_within(main.root / "text", main.root / text):
            _copy(main, temporary, text)
        if (origin := origins.get(raw.removeprefix("raw/"))) is not None:
            record_provenance(temporary.raw, origin)
        known = cover_of(covers, raw)
        rows.append(Row(raw, min(MAX_DEPTH, max(DEPTH, known.depth)), ""))
        rows += [Row(raw, None, quote) for quote in known.quotes]
    add_to_cover(temporary.root, rows, now=datetime.now(UTC))
    return tuple(copied)


def copy_reading(main: Desk, temporary: Desk, page: str) -> None:
    """Copy the page of a source where it is an AI's reading: what was paid for once is not asked again."""
    path = main.root / page
    with contextlib.suppress(OSError, UnicodeDecodeError, DeskError):
        mark = parse_page(path.read_text(encoding="utf-8")).value(MARK)
        if isinstance(mark, dict) and mark.get("hand_in"):
            _copy(main, temporary, page)


def is_raw_file(desk: Desk, raw: str) -> bool:
    """Say whether a raw path, as a page gives it, is a file in raw/: a page may be anybody's."""
    parts = PurePosixPath(raw).parts
    if parts[:1] != ("raw",) or ".." in parts or "\0" in raw:
        return False
    return _is_within(desk.raw, desk.root / raw)


def _is_within(folder: Path, path: Path) -> bool:
    try:
        return path.is_file() and path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False


def _copy(main: Desk, temporary: Desk, path: str) -> bool:
    target = temporary.root / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(main.root / path, target)
    except OSError:
        return False
    return True


def is_same(main: Desk, temporary: Desk, path: str) -> bool:
    """Say whether a text is on both desks to the byte, so that lines and words of the one are those of the other."""
    try:
        return filecmp.cmp(main.root / path, temporary.root / path, shallow=False)
    except OSError:
        return False


def compile_and_lint(
    desk: Desk, settings: Settings, staff: Staff | None, *, stage: Stage, today: date
) -> tuple[Report, frozenset[tuple[str, int]]]:
    """Compile the temporary desk; return the report, and the file and line of each finding of lint that is an error."""
    report = compile_desk(desk, settings, staff, stage=stage, today=today)
    found = lint_desk(desk, today=today, jobs=settings.processes)
    return report, frozenset((f.file, f.line) for f in found.findings if f.severity == "error")
