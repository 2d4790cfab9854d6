"""An idea file: frontmatter, the sections that every one has, and the acceptance checks among them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nightdesk.base.errors import DeskError
from nightdesk.base.pages import Page, parse_page

FOLDER = "ideas"
TYPE = "idea"
WHAT, WHY, EVIDENCE = "What", "Why", "Evidence"
CHECKS, ADAPT = "How to check that it works", "What to adapt"
STEPS, OPEN = "Steps", "Open questions"
SECTIONS = (WHAT, WHY, EVIDENCE, CHECKS, ADAPT)  # that every idea has, in this order; others may follow
LANGUAGE = "checks"  # of the fenced block with the acceptance checks
MAX_CHARS = 100_000  # an idea is one brief: longer ones are projects
MAX_TITLE = 120
TODO = "[!todo]"  # a callout: here the person has to say what nobody else knows

_HEADING = re.compile(r"##[ \t]+(.*?)[ \t]*#*[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^\n`]*)")


@dataclass(frozen=True, slots=True)
class Section:
    """The text below one heading of level 2."""

    name: str  # as it is written
    text: str
    line: int  # of its heading, in the file, from 1


@dataclass(frozen=True, slots=True)
class Fenced:
    """A fenced block of code."""

    language: str  # the first word behind the fence, lower case
    text: str
    line: int  # of its first line of text, in the file
    is_plain: bool  # closed, and not indented: every viewer shows its text as it is


@dataclass(frozen=True, slots=True)
class Idea:
    """An idea file, taken apart. Nothing in it is trusted yet."""

    text: str  # of the whole file, line ends as "\\n"
    page: Page
    title: str  # "" where it has none
    sections: Mapping[str, Section]  # by their names in lower case; of two with one name the first
    fences: tuple[Fenced, ...]
    front_lines: int  # lines of the file above the body


def parse_idea(text: str) -> Idea:
    """Return the parts of an idea file. Raises DeskError where it is too long or its frontmatter is no YAML."""
    if len(text) > MAX_CHARS:
        raise DeskError(f"it has {len(text):,} characters; an idea has at most {MAX_CHARS:,}", fix="shorten it")
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    page = parse_page(text)
    front_lines = text[: len(text) - len(page.body)].count("\n")
    sections, fences = _parts(page.body, front_lines)
    title = page.value("title")
    return Idea(text, page, " ".join(title.split()) if isinstance(title, str) else "", sections, fences, front_lines)


def _parts(body: str, above: int) -> tuple[dict[str, Section], tuple[Fenced, ...]]:
    """Return the sections and the fenced blocks; a heading within a fence is none."""
    sections: dict[str, Section] = {}
    fences: list[Fenced] = []
    name, line, kept = "", 0, list[str]()
    fence: tuple[str, str, int, list[str], bool] | None = None  # mark, language, first line, text, not indented

    def close() -> None:
        if name:
            sections.setdefault(name.casefold(), Section(name, "\n".join(kept).strip("\n"), line))

    for number, one in enumerate(body.split("\n"), above + 1):
        heading = None if fence else _HEADING.fullmatch(one)
        if heading:
            close()
            name, line, kept = heading[1], number, []
            continue
        kept.append(one)
        if fence is None and (opened := _FENCE.fullmatch(one)):
            words = opened[2].split()
            fence = (opened[1], words[0].casefold() if words else "", number + 1, [], one[0] in "`~")
        elif fence is not None and _closes(one, fence[0]):
            fences.append(Fenced(fence[1], "\n".join(fence[3]), fence[2], fence[4]))
            fence = None
        elif fence is not None:
            fence[3].append(one)
    close()
    if fence is not None:  # never closed: it goes on to the end of the file
        fences.append(Fenced(fence[1], "\n".join(fence[3]), fence[2], False))
    return sections, tuple(fences)


def _closes(line: str, mark: str) -> bool:
    bare = line.strip()
    return len(bare) >= len(mark) and set(bare) == {mark[0]} and len(line) - len(line.lstrip(" ")) <= 3


def fenced(language: str, text: str) -> str:
    """Return `text` as a fenced block that nothing in it can end."""
    longest = max((len(ticks) for ticks in re.findall(r"`{3,}", text)), default=2)
    mark = "`" * (longest + 1)
    return f"{mark}{language}\n{text.rstrip()}\n{mark}\n"
