"""wiki/names.md taken apart: one decision in each list item; what cannot be followed is told with its line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote as percent_encode
from urllib.parse import unquote

from nightdesk.base.desk import Desk
from nightdesk.base.names import name_key, safe_name
from nightdesk.base.pages import split_frontmatter
from nightdesk.wiki.escaping import escape_markdown, unescape_markdown
from nightdesk.wiki.naming import RESERVED

PATH = "wiki/names.md"
MAX_BYTES = 2_000_000
_LINK = r"\[\[(?P<page>[^\[\]|#^\n]+)(?:\|(?P<title>[^\[\]\n]+))?\]\]"
_ITEM = re.compile(r"[-*+][ \t]+(?P<rule>\S.*)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CALLED = re.compile(rf"{_LINK} is also: (?P<also>.+)")
_SOURCE = re.compile(
    rf"{_LINK} is the page of (?:\[(?:[^\[\]\n\\]|\\.)*\]\((?:\.\./)?(?P<link>raw/[^\s()]+)\))(?:, also: (?P<also>.+))?"
)
_TAKEN = re.compile(rf"{_LINK} takes from \[\[(?P<source>[^\[\]|#^\n]+)(?:\|[^\[\]\n]+)?\]\]: (?P<claims>\^.+)")
_CLAIM = re.compile(r"\^(c[0-9a-f]{10,64})")
_PIECE = re.compile(r"(?:\\.|[^;\\])+", re.DOTALL)
FORMS = (
    "[[Name]] is also: …; [[Name]] is the page of [raw/file](../raw/file); or [[Name]] takes from [[Page]]: ^claim …"
)


@dataclass(frozen=True, slots=True)
class Called:
    """One concept under all its names: its page has the first, the others are its aliases."""

    title: str
    also: tuple[str, ...]
    line: int

    @property
    def names(self) -> tuple[str, ...]:
        """All names, the title first."""
        return (self.title, *self.also)

    @property
    def text(self) -> str:
        """The rule as it stands in names.md."""
        return f"{_shown_link(self.title)} is also: {_listed(self.also)}"


@dataclass(frozen=True, slots=True)
class SourceCalled:
    """The name of a source's page, and names that it had."""

    title: str
    raw: str  # path of the raw file, relative to the desk
    also: tuple[str, ...]
    line: int

    @property
    def text(self) -> str:
        """The rule as it stands in names.md."""
        link = f"[{escape_markdown(self.raw)}](../{percent_encode(self.raw)})"
        return f"{_shown_link(self.title)} is the page of {link}" + (
            f", also: {_listed(self.also)}" if self.also else ""
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """Claims that speak of the page `title` in place of the page `source`."""

    title: str
    source: str  # base name
    claims: tuple[str, ...]
    line: int

    @property
    def text(self) -> str:
        """The rule as it stands in names.md."""
        return f"{_shown_link(self.title)} takes from [[{self.source}]]: {' '.join(f'^{c}' for c in self.claims)}"


Rule = Called | SourceCalled | Taken


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions that hold, in their order, and what is wrong with the others."""

    rules: tuple[Rule, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def called(self) -> tuple[Called, ...]:
        """The names of concepts."""
        return tuple(rule for rule in self.rules if isinstance(rule, Called))

    @property
    def sources(self) -> tuple[SourceCalled, ...]:
        """The names of sources' pages."""
        return tuple(rule for rule in self.rules if isinstance(rule, SourceCalled))

    @property
    def taken(self) -> tuple[Taken, ...]:
        """The claims that went to another page."""
        return tuple(rule for rule in self.rules if isinstance(rule, Taken))

    @property
    def calling(self) -> dict[str, str]:
        """The name key of each name of a concept -> the title that it goes by."""
        return {name_key(name): rule.title for rule in self.called for name in rule.names}


def read_decisions(desk: Desk) -> Decisions:
    """Return what wiki/names.md decides; without the file, nothing."""
    file = desk.root / PATH
    try:
        if file.stat().st_size > MAX_BYTES:
            return Decisions(problems=(f"{PATH} is larger than {MAX_BYTES:,} bytes and was not read",))
        return parse_decisions(file.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        return Decisions()
    except UnicodeDecodeError:
        return Decisions(problems=(f"{PATH} is not UTF-8 text and was not read",))
    except OSError as error:
        return Decisions(problems=(f"{PATH} cannot be read: {error.strerror}",))


def parse_decisions(text: str) -> Decisions:
    """Return the decisions in a text. Of two that clash the first holds; nothing is raised."""
    rules: list[Rule] = []
    problems: list[str] = []
    seen = _Seen()
    for line, item in rule_lines(text):
        rule = parse_rule(item, line)
        wrong = rule if isinstance(rule, str) else seen.objection(rule)
        if wrong:
            problems.append(f"{PATH}, line {line}: {wrong}; it is passed over")
        elif not isinstance(rule, str):
            seen.add(rule)
            rules.append(rule)
    return Decisions(tuple(rules), tuple(problems))


def rule_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the list items that start a line, out of frontmatter and code, with their line numbers."""
    front, body = split_frontmatter(text)
    whole = text.replace("\r\n", "\n").removeprefix("\ufeff")
    before = whole.count("\n", 0, len(whole) - len(body)) if front or whole != body else 0
    fence = ""
    for number, line in enumerate(body.split("\n"), before + 1):
        if mark := _FENCE.match(line):
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        elif not fence and (item := _ITEM.fullmatch(line.rstrip())):
            yield number, item["rule"]


def parse_rule(item: str, line: int) -> Rule | str:
    """Return the decision of a list item, or what is wrong with it."""
    if match := _CALLED.fullmatch(item):
        rule: Rule = Called(_title(match), _names(match["also"]), line)
    elif match := _SOURCE.fullmatch(item):
        rule = SourceCalled(_title(match), unquote(match["link"]), _names(match["also"] or ""), line)
        if any(part in ("", ".", "..") for part in rule.raw.split("/")):
            return "the path leads out of raw/"
    elif match := _TAKEN.fullmatch(item):
        claims = match["claims"].replace(",", " ").split()
        if not all(_CLAIM.fullmatch(claim) for claim in claims):
            return "a claim is written ^c and at least ten hexadecimal digits"
        rule = Taken(_title(match), match["source"].strip(), tuple(dict.fromkeys(c[1:] for c in claims)), line)
    else:
        return f"no decision about names; one is written: {FORMS}"
    if safe_name(rule.title) != match["page"].strip():
        return f'the page of "{rule.title[:80]}" would be called [[{safe_name(rule.title)}]]'
    if name_key(safe_name(rule.title)) in RESERVED:
        return f'"{rule.title}" is the name of a page that nightdesk itself makes'
    if not isinstance(rule, Taken) and any(not name or name != " ".join(name.split()) for name in rule.also):
        return "a name is empty"
    return rule


class _Seen:
    """What earlier decisions have settled."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._raws: dict[str, int] = {}
        self._titles: dict[str, int] = {}  # of sources
        self._claims: dict[tuple[str, str], int] = {}

    def objection(self, rule: Rule) -> str | None:
        """Return what an earlier decision has against a new one."""
        if isinstance(rule, Called):
            names = [*rule.names]
            for name in names:
                if at := self._names.get(name_key(name)) or self._titles.get(name_key(safe_name(name))):
                    return f'"{name}" is decided in line {at} already'
        elif isinstance(rule, SourceCalled):
            key = name_key(safe_name(rule.title))
            at = self._raws.get(rule.raw) or self._titles.get(key) or self._names.get(name_key(rule.title))
            if at:
                return f"line {at} decides this already"
        else:
            if name_key(safe_name(rule.title)) == name_key(rule.source):
                return "a page cannot take claims from itself"
            for claim in rule.claims:
                if at := self._claims.get((name_key(rule.source), claim)):
                    return f"^{claim} is taken from that page in line {at} already"
        return None

    def add(self, rule: Rule) -> None:
        """Note what a decision settles."""
        if isinstance(rule, Called):
            self._names |= dict.fromkeys(map(name_key, rule.names), rule.line)
        elif isinstance(rule, SourceCalled):
            self._raws[rule.raw] = rule.line
            self._titles[name_key(safe_name(rule.title))] = rule.line
        else:
            self._claims |= dict.fromkeys(((name_key(rule.source), claim) for claim in rule.claims), rule.line)


def _title(match: re.Match[str]) -> str:
    return " ".join(unescape_markdown(match["title"]).split()) if match["title"] else match["page"].strip()


def _names(listed: str) -> tuple[str, ...]:
    pieces = [" ".join(unescape_markdown(piece).split()) for piece in _PIECE.findall(listed)]
    kept = {name_key(piece) + piece: piece for piece in pieces if piece}
    return tuple(kept.values())


def _listed(names: tuple[str, ...]) -> str:
    return "; ".join(escape_markdown(name).replace(";", r"\;") for name in names)


def _shown_link(title: str) -> str:
    name = safe_name(title)
    return f"[[{name}]]" if name == title else f"[[{name}|{escape_title(title)}]]"


def escape_title(title: str) -> str:
    """Return a title as the label of a link holds it: brackets, which no label can hold, are left out."""
    return escape_markdown(title.replace("[", "(").replace("]", ")"))
