"""A change of files as a page shows it: lines with their numbers, and in lines that changed the words that did."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_LINES = 2_000  # of one change that are shown
_MOST_LINE = 1_000  # characters of a line that are shown
_MOST_WORDS = 150  # of a line that are compared with another: more take too long and nobody reads the marks
_LEAST_ALIKE = 0.4  # below it the marks of a pair of lines tell less than none
_HUNK = re.compile(r"@@ -(\d{1,9})(?:,\d{1,9})? \+(\d{1,9})(?:,\d{1,9})? @@ ?(.*)")
_WORD = re.compile(r"\d[\w.]*|\w+|\s+|[^\w\s]")  # a number is one word

Span = tuple[str, bool]  # a piece of a line, and whether it changed


@dataclass(frozen=True, slots=True)
class Line:
    """One line: " " as it was, "+" new, "-" gone, "@" lines left out here, "!" a note."""

    kind: str
    old: int | None
    new: int | None
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class FileChange:
    """What changed in one file."""

    path: str
    lines: tuple[Line, ...]
    added: int
    removed: int


def read_diff(diff: str, *, most: int = MOST_LINES) -> tuple[FileChange, ...]:
    """Return the files of a unified diff, as git or `render_diff` writes it; beyond `most` lines the rest is told."""
    lines = diff.split("\n")
    shown = lines[:most]
    files = [_file(path, body) for path, body in _files(shown)]
    if len(lines) > most and files:
        note = Line("!", None, None, ((f"{len(lines) - most:,} more lines are not shown", False),))
        last = files[-1]
        files[-1] = FileChange(last.path, (*last.lines, note), last.added, last.removed)
    return tuple(file for file in files if file.lines)


def _files(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    path, in_hunk = "", False
    body: list[str] = []
    for number, line in enumerate(lines):
        head = line.startswith("--- ") and number + 1 < len(lines) and lines[number + 1].startswith("+++ ")
        # within a hunk "--- " may be a line that was taken out: the next line then is no "+++ " that a hunk follows
        if head and (not in_hunk or (number + 2 < len(lines) and _HUNK.match(lines[number + 2]))):
            if body:
                yield path, body
            path, body, in_hunk = "", [line], False
        elif len(body) == 1 and body[0].startswith("--- ") and line.startswith("+++ "):
            path = _path(body[0][4:], line[4:])
            body = []
        elif line.startswith("diff --git "):
            if body:
                yield path, body
            path, body, in_hunk = line.rpartition(" b/")[2], [], False
        else:
            in_hunk = in_hunk or line.startswith("@@ ")
            body.append(line)
    if body:
        yield path, body


def _path(old: str, new: str) -> str:
    chosen = (old if new == "/dev/null" else new).partition("\t")[0]
    return chosen[2:] if chosen[:2] in ("a/", "b/") else chosen


def _file(path: str, body: Sequence[str]) -> FileChange:
    lines: list[Line] = []
    gone: list[Line] = []
    come: list[Line] = []
    old = new = 1

    def settle() -> None:
        lines.extend(_marked(gone, come))
        gone.clear()
        come.clear()

    for text in body:
        kind, rest = text[:1], text[1 : _MOST_LINE + 1]
        if found := _HUNK.match(text):
            settle()
            if lines or int(found[1]) > 1:
                lines.append(Line("@", None, None, ((found[3][:200], False),)))
            old, new = int(found[1]), int(found[2])
        elif kind == "-":
            if come:
                settle()
            gone.append(Line("-", old, None, ((rest, False),)))
            old += 1
        elif kind == "+":
            come.append(Line("+", None, new, ((rest, False),)))
            new += 1
        elif kind == " " or (not text and lines):
            settle()
            lines.append(Line(" ", old, new, ((rest, False),)))
            old, new = old + 1, new + 1
    settle()
    added, removed = (sum(line.kind == kind for line in lines) for kind in "+-")
    return FileChange(path, tuple(lines), added, removed)


def _marked(gone: Sequence[Line], come: Sequence[Line]) -> Iterator[Line]:
    """Yield lines that went, then those in their place; where they are as many, the words that differ are marked."""
    if len(gone) != len(come):
        yield from (*gone, *come)
        return
    pairs = [_pair(before, after) for before, after in zip(gone, come, strict=True)]
    yield from (before for before, _ in pairs)
    yield from (after for _, after in pairs)


def _pair(before: Line, after: Line) -> tuple[Line, Line]:
    old, new = _WORD.findall(before.spans[0][0]), _WORD.findall(after.spans[0][0])
    if max(len(old), len(new)) > _MOST_WORDS:
        return before, after
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _LEAST_ALIKE:
        return before, after
    left: list[Span] = []
    right: list[Span] = []
    for what, a, b, c, d in matcher.get_opcodes():
        left.append(("".join(old[a:b]), what != "equal"))
        right.append(("".join(new[c:d]), what != "equal"))
    return (
        Line("-", before.old, None, tuple(span for span in left if span[0])),
        Line("+", None, after.new, tuple(span for span in right if span[0])),
    )
