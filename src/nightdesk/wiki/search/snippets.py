"""The place of a hit in its file, and the words around it with what fits marked."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from nightdesk.wiki.search.asked import Node, Term, terms_of
from nightdesk.wiki.search.tokens import fold, letter
from nightdesk.wiki.search.wording import Wording, simple_word

MAX_SNIPPET = 240  # characters
_MAX_LINE = 10_000  # characters of a line that is looked at as a whole
_MAX_HEADING = 100
_MAX_MATCHES = 2_000  # places of one term in a file
_FRONT = re.compile(
    r"---[ \t]*\n.*?^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)  # as in base.pages, which loads YAML
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+)$|^([^\s|>#-].*)\n(?:={3,}|-{3,})[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_PAGE_MARK = re.compile(r"^<!-- page (\d{1,6}) -->", re.MULTILINE)
_CITATION = re.compile(r"[ \t]?\[\[[^\[\]|#^\n]{0,300}#\^[A-Za-z0-9-]{1,100}(?:\|[^\[\]\n]{0,100})?\]\]")
_CLAIM_END = re.compile(r"(?:,? ?\[\[[^\[\]|#^]{1,300}\]\]){0,50} \^[A-Za-z0-9-]{1,100}$")
_WIKILINK = re.compile(r"!?\[\[(?:[^\[\]|]{1,300}\|)?([^\[\]|]{1,300})\]\]")
_LINK = re.compile(r"!?\[([^\[\]]{1,300})\]\([^()\s]{0,1000}\)")
_LEAD = re.compile(r"^(?:[\s>]|[-*+] |\d{1,4}[.)] |#{1,6} |\|)+")
_STRONG = re.compile(r"\*\*|__(?=\S)|(?<=\S)__|`")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Snippet:
    """Some words of a file."""

    text: str
    marks: tuple[tuple[int, int], ...]  # start and end of what fits, in `text`
    line: int  # in the file, from 1
    heading: str  # the nearest above, "" for none
    page: int | None  # of the original, where its text tells pages


def patterns_of(node: Node | None, wording: Wording) -> tuple[re.Pattern[str], ...]:
    """Return for each wanted term what finds it in a folded text."""
    found = dict.fromkeys(_pattern(term, wording) for term in terms_of(node))
    return tuple(re.compile(pattern) for pattern in found)


def _pattern(term: Term, wording: Wording) -> str:
    if word := simple_word(term):
        forms = sorted(wording.forms.get(word, (word,)), key=lambda form: (-len(form), form))
        one = letter("".join(forms))
        # the look behind stands last, so that the search can jump from one first letter to the next
        return rf"(?:{'|'.join(f'{_spelt(form)}(?<!{one}{_spelt(form)})' for form in forms)})(?!{one})"
    parts: list[str] = []
    for at, token in enumerate(term.tokens):
        if at:
            least = 0 if token.paired != term.tokens[at - 1].paired else 1  # GPT模型 has nothing between
            parts.append(rf"(?:[^\w]|_){{{least},40}}")
        parts.append(r"\s{0,3}".join(map(re.escape, token.text)) if token.paired else _spelt(token.text))
    one = letter("".join(token.text for token in term.tokens))
    start = "" if term.tokens[0].paired else f"(?<!{one})"
    end = "" if term.tokens[-1].paired else f"{one}*" if term.prefix else f"(?!{one})"
    return f"{start}{''.join(parts)}{end}"


def _spelt(word: str) -> str:
    """Return the expression for a word as it stands in a text: c++ and c# are words of letters in the index only."""
    if word.endswith("plusplus") and len(word) > 8:
        return re.escape(f"{word.removesuffix('plusplus')}++")
    return re.escape(f"{word[0]}#" if len(word) == 6 and word.endswith("sharp") else word)


def make_snippet(text: str, patterns: Sequence[re.Pattern[str]], *, within: tuple[int, int] | None = None) -> Snippet:
    """Return the line of a file that has the most of what is looked for, the first of several.

    `within` keeps to some lines, numbered from 1: those of a claim. Where only the frontmatter has the words, the
    first line of the body stands for the page.
    """
    lines = text.split("\n")
    front = text.count("\n", 0, _front_end(text))
    first, last = within or (front + 1, len(lines))
    best = _best_line(lines, patterns, first, last)
    if best is None:
        best = next((n for n in range(first, last + 1) if _plain(lines[n - 1]) and not lines[n - 1].startswith("#")), 1)
    shown, marks = _window(_plain(_around_match(lines[best - 1], patterns)), patterns)
    heading, page = _place(text, lines, best)
    return Snippet(shown, marks, best, heading, page)


def _front_end(text: str) -> int:
    front = _FRONT.match(text)
    return front.end() if front else 0


def _best_line(lines: Sequence[str], patterns: Sequence[re.Pattern[str]], first: int, last: int) -> int | None:
    part = "\n".join(lines[first - 1 : last])
    part = fold(_CITATION.sub("", part) if "#^" in part else part)
    ends = [match.start() for match in re.finditer("\n", part)]
    found: dict[int, list[int]] = {}
    for number, pattern in enumerate(patterns):
        for count, match in enumerate(pattern.finditer(part)):
            if count == _MAX_MATCHES:
                break
            row = found.setdefault(bisect_right(ends, match.start()), [0] * len(patterns))
            row[number] += 1

    def worth(line: int) -> tuple[int, bool, int]:
        counts = found[line]
        heading = lines[first - 1 + line].startswith("#")
        return sum(count > 0 for count in counts), not heading, min(6, sum(counts))

    if not found:
        return None
    return first + max(sorted(found), key=worth)


def _around_match(line: str, patterns: Sequence[re.Pattern[str]]) -> str:
    """Return a line, of a very long one the part around the first match."""
    if len(line) <= _MAX_LINE:
        return line
    marks = mark_matches(line, patterns)
    start = max(0, marks[0][0] - MAX_SNIPPET) if marks else 0
    return line[start : start + 8 * MAX_SNIPPET]


def _plain(line: str) -> str:
    """Return a line of Markdown as a person reads it."""
    line = line.rstrip()
    if "#^" in line:  # to look for a sign first is many times as fast as for what it stands in
        line = _CITATION.sub("", line)
    if " ^" in line:
        line = _CLAIM_END.sub("", line)
    if "[[" in line:
        line = _WIKILINK.sub(r"\1", line)
    if "](" in line:
        line = _LINK.sub(r"\1", line)
    line = _LEAD.sub("", line)
    if "**" in line or "__" in line or "`" in line:
        line = _STRONG.sub("", line)
    if "\\" in line:
        line = _ESCAPED.sub(r"\1", line)
    return " ".join(line.replace(" | ", " · ").split())


def mark_matches(text: str, patterns: Sequence[re.Pattern[str]]) -> tuple[tuple[int, int], ...]:
    """Return where something that is looked for stands in `text`: places that do not overlap, in order."""
    folded, places = _fold_with_places(text)
    spans = sorted(
        (places[match.start()], places[match.end() - 1] + 1)
        for pattern in patterns
        for match in pattern.finditer(folded)
        if match.end() > match.start()
    )
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return tuple(merged)


def _fold_with_places(text: str) -> tuple[str, Sequence[int]]:
    """Return the folded text, and for each of its characters the place in `text` that it comes from."""
    if text.isascii():
        return text.lower(), range(len(text))
    parts, places = [], []
    for at, char in enumerate(text):
        folded = char.lower() if char.isascii() else fold(char)
        parts.append(folded)
        places += [at] * len(folded)
    return "".join(parts), places


def _window(line: str, patterns: Sequence[re.Pattern[str]]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the part of a line with the most marks, and the marks in it."""
    marks = mark_matches(line, patterns)
    if len(line) <= MAX_SNIPPET:
        return line, marks
    start = 0
    if marks:
        size = MAX_SNIPPET - 60
        inside = {at: sum(at <= other and end <= at + size for other, end in marks) for at, _ in marks[:200]}
        start = max(0, max(inside, key=lambda at: (inside[at], -at)) - 40)
    if start:
        blank = line.find(" ", start, start + 20)
        start = blank + 1 if blank >= 0 else start
    end = start + MAX_SNIPPET - 2
    if end < len(line):
        blank = line.rfind(" ", end - 20, end)
        end = blank if blank > start else end
    before, after = ("…" if start else ""), ("…" if end < len(line) else "")
    shift = len(before) - start
    kept = tuple((max(a, start) + shift, min(b, end) + shift) for a, b in marks if a < end and b > start)
    return f"{before}{line[start:end]}{after}", kept


def _place(text: str, lines: Sequence[str], line: int) -> tuple[str, int | None]:
    """Return the nearest heading above a line, fenced code left out, and the page that the line is on."""
    above = "\n".join(lines[:line]) + "\n"  # a heading is its own place
    body = above[_front_end(text) :]
    if "```" in body or "~~~" in body:
        body = _FENCE.sub("", body)
    pages = _PAGE_MARK.findall(above) if "<!-- page" in above else ()
    plain = _plain(_last_heading(body).rstrip("# \t"))
    shown = plain if len(plain) <= _MAX_HEADING else plain[: _MAX_HEADING - 1] + "…"
    return shown, int(pages[-1]) if pages else None


def _last_heading(body: str) -> str:
    """Return the last heading of a text, "" for none."""
    if "\n--" in body or "\n==" in body:  # perhaps headings that are underlined
        heading = ""
        for match in _HEADING.finditer(body):
            heading = match[1] or match[2]
        return heading
    at = len(body)
    while at >= 0:
        at = body.rfind("\n#", 0, at) if at else -1
        if found := _HEADING.match(body, at + 1):
            return found[1] or ""
    return ""
