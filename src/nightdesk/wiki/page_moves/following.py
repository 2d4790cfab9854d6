"""Where the links of a desk lead before and after pages move, and what they must say to lead there again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, relpath
from urllib.parse import quote as percent_encode

from nightdesk.wiki.page_moves.written_links import Written, with_targets, written_links
from nightdesk.wiki.vault.extract import parse_target
from nightdesk.wiki.vault.records import Link
from nightdesk.wiki.vault.resolve import Places

PAGE_FOLDERS = ("wiki/", "ideas/")
_FRAGMENT_SAFE = "/^-_.~!$&'*+,;=:@"


class Whereabouts:
    """The files of a desk as links find them: a page first, whatever files of raw/ or a lab have the same name."""

    def __init__(self, files: Iterable[str], folders: Iterable[str]) -> None:
        self.files, self.folders = frozenset(files), frozenset(folders)
        pages = [path for path in sorted(self.files) if path.startswith(PAGE_FOLDERS) and "/set-aside/" not in path]
        self._pages = Places(pages, [])
        self._all = Places(sorted(self.files), self.folders)

    def find(self, link: Link, source: str) -> str | None:
        """Return the file that a link on the page `source` leads to, None where there is none."""
        return self._pages.find(link, source) or self._all.find(link, source)

    def without(self, path: str) -> "Whereabouts":
        """Return the desk where this file is gone."""
        return Whereabouts(self.files - {path}, self.folders)

    def after(self, moved: Mapping[str, str]) -> "Whereabouts":
        """Return the desk with these files elsewhere."""
        return Whereabouts({moved.get(path, path) for path in self.files} | set(moved.values()), self.folders)


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a link is to lead: a file, and a fragment that takes the place of its own (None: its own stays)."""

    path: str
    fragment: str | None = None


@dataclass(frozen=True, slots=True)
class Relinked:
    """A page's text with links that lead where they must, how many were changed, and the lines where that failed."""

    text: str
    changed: int
    failed: tuple[int, ...] = ()


def relink(text: str, source: str, goals: Mapping[Written, Goal], there: Whereabouts) -> Relinked:
    """Return the text of a page, which is to stand at `source`, with each of these links leading to its goal."""
    changes: list[tuple[Written, str]] = []
    failed = []
    for written, goal in goals.items():
        target = _target(written, goal, source, there)
        if target is None:
            failed.append(written.link.line)
        elif target != text[written.start : written.end]:
            changes.append((written, target + _label(written)))
    new = with_targets(text, changes)
    if changes and not _leads_there(new, len(written_links(text)), source, changes, goals, there):
        return Relinked(text, 0, tuple(written.link.line for written, _ in changes))
    return Relinked(new, len(changes), tuple(failed))


def _leads_there(
    text: str,
    number: int,
    source: str,
    changes: list[tuple[Written, str]],
    goals: Mapping[Written, Goal],
    there: Whereabouts,
) -> bool:
    """Say whether a changed page reads as it was meant: as many links, the changed ones leading to their goals."""
    found = {one.start: one for one in written_links(text)}
    shift = 0
    for written, target in sorted(changes, key=lambda change: change[0].start):
        one = found.get(written.start + shift)
        if one is None or there.find(one.link, source) != goals[written].path:
            return False
        shift += len(target) - (written.end - written.start)
    return len(found) == number


def _target(written: Written, goal: Goal, source: str, there: Whereabouts) -> str | None:
    """Return the target that leads to the goal, as near to the way in which it is written now as can be."""
    link = written.link
    style = "wiki" if written.form == "wiki" else "markdown"
    fragment = link.fragment if goal.fragment is None else goal.fragment
    for path in _ways(link, goal.path, source, is_wiki=style == "wiki"):
        if there.find(link._replace(path=path), source) != goal.path:
            continue
        text = _spelt(path, fragment, written)
        read = parse_target(text.replace("''", "'") if written.quote == "'" else text, style, embed=link.embed)
        if read is not None and (read.path, read.fragment) == (path, fragment):
            return text
    return None


def _ways(link: Link, path: str, source: str, *, is_wiki: bool) -> list[str]:
    """Return what a link could call a file, the way nearest to its own first."""
    own = [""] if path == source and not link.path else []
    had_ending = link.path.lower().endswith((".md", ".markdown"))
    short = path if had_ending or not path.endswith(".md") else path.removesuffix(".md")
    if not is_wiki and not had_ending and link.path and "." not in basename(link.path):
        short = path.removesuffix(".md")
    elif not is_wiki and not link.path:
        short = path
    beside = relpath(short, dirname(source) or ".")
    name = basename(short)
    ways = [name, beside, f"./{beside}", short, f"/{short}"]
    if link.path.startswith("/"):
        ways = [f"/{short}", *ways]
    elif link.path.startswith(("./", "../")) or (not is_wiki and "/" in link.path):
        ways = [f"./{beside}" if link.path.startswith("./") else beside, *ways]
    elif "/" in link.path:
        depth = link.path.count("/") + 1
        ways = ["/".join(short.split("/")[-depth:]), short, *ways]
    full = [way for way in (path, f"/{path}") if way not in ways]
    return [*own, *dict.fromkeys([*ways, *full])]


def _spelt(path: str, fragment: str, written: Written) -> str:
    if written.form == "wiki":
        text = path + (f"#{fragment}" if fragment else "")
        return text.replace("'", "''") if written.quote == "'" else text
    if written.form == "angle":
        return path.replace("%", "%25") + (f"#{fragment.replace('%', '%25')}" if fragment else "")
    return percent_encode(path) + (f"#{percent_encode(fragment, safe=_FRAGMENT_SAFE)}" if fragment else "")


def _label(written: Written) -> str:
    """Return what is put behind a wikilink's target so that a reader sees the same words as before."""
    link = written.link
    if written.label is not None or not written.can_have_label:
        return ""
    shown = " > ".join(part for part in (link.path, *link.fragment.split("#")) if part)
    shown = shown.replace("'", "''") if written.quote == "'" else shown
    return (r"\|" if written.in_table else "|") + shown
