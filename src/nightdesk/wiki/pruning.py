"""Taking out of a page what its faults lie in: sentences, rows, callouts, blocks, and what then hangs loose."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from nightdesk.wiki.cited_sentences import Cited, PageText
from nightdesk.wiki.page_faults import Fault
from nightdesk.wiki.standing_alone import what_it_leans_on

_MARKS = r"[ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]*)"  # of an item or a quotation
_EMPTY_LINE = re.compile(rf"{_MARKS}+|{_MARKS}*(\*\*|__)[^*_\n]{{1,80}}[.:]\1[ \t]*")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]|$)")
_DASHES = re.compile(r"[ \t:|]*-[ \t:|-]*")

Span = tuple[int, int]


def without_faults(page: PageText, faults: Sequence[Fault], *, language: str) -> str | None:
    """Return the body without what the faults lie in, None where a fault has no place."""
    if any(fault.start < 0 or fault.end > len(page.body) for fault in faults):
        return None
    callouts = {(callout.start, callout.end) for callout in page.callouts}
    starts = [sentence.start for sentence in page.sentences]
    ends = [sentence.end for sentence in page.sentences]
    spans: list[Span] = []
    for fault in faults:
        if (fault.start, fault.end) in callouts:
            spans.append((fault.start, fault.end))
        else:
            first, last = bisect_right(ends, fault.start), bisect_left(starts, max(fault.end, fault.start + 1))
            spans += _touched(page, fault, page.sentences[first:last])
    spans += _leaning(page.sentences, _joined(spans), language)
    return _tidied(_cut(page.body, _joined(spans)))


def _touched(page: PageText, fault: Fault, touched: Sequence[Cited]) -> Iterator[Span]:
    """Yield what goes with a fault: the rows or sentences that it touches, and the lines of a block that it is."""
    if not touched or any(s.kind in ("cell", "head", "heading") for s in touched):
        yield _lines(page.body, fault.start, fault.end)
        return
    start, end = touched[0].start, touched[-1].end
    yield (start, end)
    if fault.end - fault.start > end - start:
        yield _lines(page.body, fault.start, fault.end)


def _leaning(sentences: Sequence[Cited], gone: Sequence[Span], language: str) -> Iterator[Span]:
    """Yield the sentences that begin with a pronoun whose noun went: "It" must not come to mean another thing."""
    went_in: int | None = None  # the block in which the sentence before was taken out
    has_lead = False
    ends = [end for _, end in gone]
    for sentence in sentences:
        if sentence.kind not in ("prose", "question"):
            continue
        at = bisect_right(ends, sentence.start)
        went = at < len(gone) and gone[at][0] < sentence.end
        follows = went_in == sentence.block or (not has_lead and went_in is not None)
        if not went and follows and what_it_leans_on(sentence.text, language=language):
            yield sentence.start, sentence.end
            went = True
        has_lead = has_lead or not went
        went_in = sentence.block if went else None if has_lead else went_in


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Return the spans in order, those that overlap as one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _lines(body: str, start: int, end: int) -> Span:
    """Return the whole lines that a slice touches, with the end of the last: a blank line would end a table."""
    first = body.rfind("\n", 0, start) + 1
    last = body.find("\n", max(end - 1, start))
    return first, len(body) if last < 0 else last + 1


def _cut(body: str, spans: Sequence[Span]) -> str:
    pieces, done = [], 0
    for start, end in spans:
        pieces.append(body[done:start])
        done = end
    return "".join([*pieces, body[done:]])


def _tidied(body: str) -> str:
    """Return the body without empty items, headings over nothing and tables without rows."""
    lines = [line.rstrip() for line in body.split("\n") if not _EMPTY_LINE.fullmatch(line)]
    lines = [line for n, line in enumerate(lines) if not _is_bare_table(lines, n)]
    kept: list[str] = []
    for n, line in enumerate(lines):
        if (heading := _HEADING.match(line)) and _is_over_nothing(lines[n + 1 :], len(heading[1])):
            continue
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip("\n") + "\n"


def _is_bare_table(lines: Sequence[str], n: int) -> bool:
    """Return whether line `n` is the head of a table without rows, or the line of dashes below it."""
    for head in (n, n - 1):
        if 0 <= head < len(lines) - 1 and "|" in lines[head] and "|" in lines[head + 1]:
            after = lines[head + 2] if head + 2 < len(lines) else ""
            if _DASHES.fullmatch(lines[head + 1]) and not after.strip():
                return True
    return False


def _is_over_nothing(rest: Sequence[str], level: int) -> bool:
    for line in rest:
        if heading := _HEADING.match(line):
            if len(heading[1]) <= level:
                return True
        elif line.strip():
            return False
    return True
