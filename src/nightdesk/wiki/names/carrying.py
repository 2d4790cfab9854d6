"""Edited pages whose name was decided: what a person wrote goes along to the page's new name, or to the joined page."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_by_hand, commit_contents, commit_paths
from nightdesk.base.pages import Page, parse_page, with_mark
from nightdesk.wiki import concept_page, source_page
from nightdesk.wiki.building import Build
from nightdesk.wiki.escaping import escape_markdown
from nightdesk.wiki.report import Published
from nightdesk.wiki.shelf import UNREADABLE
from nightdesk.wiki.versions import own_version

FOLDERS = (concept_page.FOLDER, source_page.FOLDER)
SOURCES = "\n## Sources\n"


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of edited pages whose old name goes."""

    moved: tuple[str, ...] = ()  # old paths
    joined: tuple[tuple[str, str, str], ...] = ()  # old path, path of the page that it goes into, what a person wrote


def carry_edits(build: Build) -> Carried:
    """Move edited pages to their new names, before the new versions are published there; note those that are joined."""
    moved: list[tuple[str, str]] = []
    joined: list[tuple[str, str, str]] = []
    for path, old in _renamed(build):
        existing, base = _versions(build, old)
        if existing is None or base is None:
            continue  # it is set aside, as any page that goes
        if path in build.shelf.pages or any(path == done for done, _ in moved):
            joined.append((old, path, own_words(existing, base)))
        else:
            _move(build, old, path, existing, base)
            moved.append((path, old))
    if joined:
        commit_by_hand(build.site.desk.root, [old for old, _, _ in joined])
    for old, _, _ in joined:
        (build.site.desk.root / old).unlink()
    return Carried(tuple(old for _, old in moved), tuple(joined))


def bring_over(build: Build, carried: Carried, published: Published) -> Published:
    """Put what a person wrote on a page that was joined with another into that one; return what was published."""
    desk = build.site.desk
    for old, path, words in carried.joined:
        published.removed.append(old)
        if words:
            commit_by_hand(desk.root, [path])
            text = (desk.root / path).read_bytes().decode("utf-8")
            name = old.rpartition("/")[2].removesuffix(".md")
            write_atomically(desk.root / path, with_section(text, f"From {name}", words))
            published.merged.append(path)
    published.removed += carried.moved
    return published


def with_section(text: str, heading: str, words: str) -> str:
    """Return a page's text with one more section, above its list of sources, where later compiles change nothing."""
    newline = "\r\n" if "\r\n" in text else "\n"
    section = f"\n## {escape_markdown(heading)}\n\n{words.strip(chr(10))}\n".replace("\n", newline)
    head, mark, tail = text.rpartition(SOURCES.replace("\n", newline))
    if not mark:
        return text.rstrip("\r\n") + newline + section
    return head.rstrip("\r\n") + newline + section + mark + tail


def _renamed(build: Build) -> Iterator[tuple[str, str]]:
    """Yield the new path and the old one of each edited page that has another name now."""
    own = build.shelf.own
    for name, former in build.decided.former.items():
        for folder in FOLDERS:
            path = f"{folder}/{name}.md"
            for old in (f"{folder}/{other}.md" for other in former):
                page = own.get(old)
                gone = page is not None and page.edited and page.made_from != UNREADABLE and old not in build.wanted
                if path in build.wanted and gone:
                    yield path, old


def _versions(build: Build, path: str) -> tuple[Page | None, Page | None]:
    """Return a page as it stands and as nightdesk wrote it."""
    desk = build.site.desk
    with suppress(OSError, UnicodeDecodeError, DeskError):
        existing = parse_page((desk.root / path).read_bytes().decode("utf-8"))
        return existing, own_version(desk, path, existing)
    return None, None


def _move(build: Build, old: str, path: str, existing: Page, base: Page) -> None:
    """Put an edited page where its new name wants it, on the ground of a base that has the new title too.

    The base goes into git at the new path: there the merge of what is published next looks for it.
    """
    desk = build.site.desk
    title = build.planned[path].value("title") if path in build.planned else None
    lines = [page.body.partition("\n")[0] for page in (existing, base)]
    if title is not None and lines[0] == lines[1] and lines[0].startswith("# "):
        heading = f"# {escape_markdown(str(title))}"
        existing, base = (replace(page, body=heading + page.body[len(lines[0]) :]) for page in (existing, base))
    ground = with_mark(base, like=base, written=base.content_hash)
    commit_by_hand(desk.root, [old])
    commit_contents(
        desk.root, {path: ground.text.encode("utf-8")}, f"compile: nightdesk's own version of {path} under its new name"
    )
    write_atomically(desk.root / path, with_mark(existing, like=ground).text)
    (desk.root / old).unlink()
    commit_paths(desk.root, [old, path], f"compile: {old} under its new name")


def own_words(existing: Page, base: Page) -> str:
    """Return the lines of a page that differ from those that nightdesk wrote."""
    was = Counter(base.body.split("\n"))
    kept: list[str] = []
    for line in existing.body.split("\n"):
        told = not line.strip() or was[line] > 0
        was[line] -= 1
        if not told:
            kept.append(line)
        elif kept and kept[-1]:
            kept.append("")  # what stood here parts the lines around it
    return "\n".join(kept).strip("\n")
