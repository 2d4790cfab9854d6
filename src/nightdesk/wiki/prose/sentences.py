"""Sentences of a Markdown text, each with the exact words that it stands on and its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from nightdesk.base.markdown import Block, blocks
from nightdesk.wiki.prose.language import stopwords
from nightdesk.wiki.prose.wording import listed


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a source.

    `text` is what a person reads: no Markdown, white space collapsed. `quote` is the slice of the source that it was
    made from, white space collapsed and nothing else changed, so that a plain search in the white-space-collapsed
    source finds it.
    """

    text: str
    quote: str
    start: int  # character offset of the slice in the source text
    end: int
    line: int  # 1-based line on which the slice starts
    block: int  # index of the block that holds it, in reading order
    kind: str  # "paragraph", "item", "quote", "cell", "heading"
    headings: tuple[str, ...]  # the headings above it, outermost first
    page: int | None  # from the last `<!-- page N -->` line above it


_MAX_PIECE = 4000  # characters given to the library at once
_SPLIT_KINDS = frozenset({"paragraph", "item", "quote"})
_WHOLE_KINDS = frozenset({"heading", "cell"})

_LAST_WORD = re.compile(r"(?:^|[\s(\[\"'“‘«/,;—–])([^\s(\[\"'“‘«/,;—–]{1,16})\.$")
_NUMBERING = re.compile(r"[(\[]?(?:\d{1,3}(?:\.\d{1,3}){0,3}|[A-Za-z]|[ivxIVX]{1,5})[.)\]]$")
_INITIAL = re.compile(r"(?:^|[\s(\[“\"])(?:[A-ZÀ-Þ]\.[\s-]?){1,4}$")
_BEFORE_INITIAL = re.compile(r"(?:^|\s)([A-ZÀ-Þ][\w'’-]*)\s+(?:[A-ZÀ-Þ]\.[\s-]?){1,4}$")
_FIRST_WORD = re.compile(r"[\"'“‘«(\[]*([^\W_][\w'’-]*)")
_NUMBER = re.compile(r"[(\[]?(?:\d|[IVXLC]{1,6}\b|[A-Z]\.?\d|[A-Z]\b(?!\s[a-z]))")
_CLOSERS = re.compile(r"[\"'”’»)\]]+(?=\s|$)|(?:\s?\[\d{1,3}(?:[,;–-]\s?\d{1,3})*\])+(?=[\s.]|$)")
_OPENERS = ("“", "‘", "«", "(", "[", "„")
_CJK_STOP = "。!?！？｡…；"
_MISSED = re.compile(
    r"(?<=[.!?])[\"'”’»)\]]{1,3}\s+(?=[\"'“‘«(\[]?[A-ZÀ-Þ])|(?<=[^\s.]\.)\s+(?=[A-ZÀ-Þ])|\n\s*(?=[^\sa-zß-ÿ])"
)
_LETTER_STOP = re.compile(r"(?:^|[\s(.])[^\W\d_]\.$")  # "т. е. новое": the end of an abbreviation of single letters
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def split_sentences(text: str, *, language: str) -> tuple[Sentence, ...]:
    """Return the sentences of a Markdown text in reading order; code, math and raw HTML hold none.

    A heading and a table cell is one sentence each, whatever it holds. `language` is an ISO 639-1 code.
    """
    sentences: list[Sentence] = []
    line, counted = 1, 0  # of the last slice: lines are counted once, from there on
    for index, block in enumerate(blocks(text)):
        if block.kind in _SPLIT_KINDS:
            ranges = sentence_ranges(block.plain, language=language)
        elif block.kind in _WHOLE_KINDS:
            ranges = tuple(_trimmed(block.plain, 0, len(block.plain)))
        else:
            continue
        for first, last in ranges:
            start, end = block.source_span(first, last)
            line += text.count("\n", counted, start) if start >= counted else -text.count("\n", start, counted)
            counted = start
            sentences.append(_sentence(text, block, index, (first, last, start, end, line)))
    return tuple(sentences)


def sentence_ranges(plain: str, *, language: str) -> tuple[tuple[int, int], ...]:
    """Return where each sentence of a plain text starts and ends, in order, without the white space between them."""
    cuts = {_after_space(plain, end) for end in _library_ends(plain, language)}
    cuts = {cut - 1 if plain[cut - 1 : cut] in _OPENERS else cut for cut in cuts if cut}
    cuts.update(found.end() for found in _MISSED.finditer(plain) if _is_missed(plain, found))
    ranges: list[tuple[int, int]] = []
    start = 0
    for cut in sorted(cuts):
        if cut <= start:
            continue
        closers = _CLOSERS.match(plain, cut) if plain[cut - 1 : cut] not in "\n" else None
        at = _after_space(plain, closers.end()) if closers and _belongs_before(plain, start, cut, closers) else cut
        if at >= len(plain):
            break
        if _is_boundary(plain, start, at, language):
            ranges.extend(_trimmed(plain, start, at))
            start = at
    ranges.extend(_trimmed(plain, start, len(plain)))
    return tuple(ranges)


def _sentence(text: str, block: Block, index: int, place: tuple[int, int, int, int, int]) -> Sentence:
    first, last, start, end, line = place
    return Sentence(
        text=" ".join(block.plain[first:last].split()),
        quote=" ".join(text[start:end].split()),
        start=start,
        end=end,
        line=line,
        block=index,
        kind=block.kind,
        headings=block.headings,
        page=block.page,
    )


def _library_ends(plain: str, language: str) -> Iterator[int]:
    # imported here: only reading a source needs it
    from sentencex import get_sentence_boundaries  # noqa: PLC0415

    plain = plain.encode("utf-8", "replace").decode()
    start = 0
    while start < len(plain):
        end, is_stop = _piece_end(plain, start)
        for boundary in get_sentence_boundaries(language, plain[start:end]):
            if start + boundary["end_index"] < end or is_stop:
                yield start + boundary["end_index"]
        start = end


def _piece_end(plain: str, start: int) -> tuple[int, bool]:
    """Return where to cut a very long block, and whether a sentence may end there.

    The library's time grows with the square of the length when a text is full of quotation marks.
    """
    end = start + _MAX_PIECE
    if end >= len(plain):
        return len(plain), True
    stop = max(plain.rfind(mark, start + _MAX_PIECE // 2, end) for mark in (". ", "? ", "! ", "。"))
    if stop >= 0:
        return (stop + 1 if plain[stop] == "。" else stop + 2), True
    space = plain.rfind(" ", start + _MAX_PIECE // 2, end)
    return (space + 1 if space >= 0 else end), False


def _trimmed(plain: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the range without white space around it; nothing if nothing is left."""
    piece = plain[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    return [(start, end)] if start < end else []


def _after_space(plain: str, at: int) -> int:
    while at < len(plain) and plain[at].isspace():
        at += 1
    return at


def _belongs_before(plain: str, start: int, cut: int, closers: re.Match[str]) -> bool:
    """Return whether closing quotes, brackets or citation marks at a cut end the sentence before it."""
    mark = closers[0].strip()
    if mark[0] == "[":  # "It was shown. [5] Then": but "[5] show that" goes on with a small letter
        following = plain[_after_space(plain, closers.end()) :][:1]
        return not following.islower()
    opening = {")": "(", "]": "[", "”": "“", "»": "«", "’": "‘"}.get(mark[0], mark[0])
    window = plain[max(start, cut - 400) : cut]
    return window.count(opening) % 2 == 1 if opening == mark[0] else window.count(opening) > window.count(mark[0])


def _is_missed(plain: str, found: re.Match[str]) -> bool:
    """Return whether a place that the library did not cut ends a sentence after all.

    After a closing bracket or quote it does; after an abbreviation that may end one, only if a function word follows.
    """
    if found[0][0] in "\n" or "\n" in found[0]:
        return True
    if not found[0][0].isspace():
        return True
    word = _LAST_WORD.search(plain[max(0, found.start() - 24) : found.start()])
    following = _FIRST_WORD.match(plain[found.end() : found.end() + 24])
    if not word or not following:
        return False
    if _CJK.search(plain[max(0, found.start() - 200) : found.start()]):  # an English sentence within a Chinese text
        return len(word[1]) > 3
    return word[1].lower() in _abbreviations("before-small") and following[1].lower() in _abbreviations("starters")


def _is_boundary(plain: str, start: int, cut: int, language: str) -> bool:
    """Return whether the sentence that began at `start` really ends at `cut`, where the next one would begin."""
    before = plain[max(start, cut - 80) : cut]
    tail, after = before.rstrip(), plain[cut : cut + 40]
    if not tail:
        return False
    if "\n" in before[len(tail) :]:
        return True
    if tail[-1] in _CJK_STOP or _CJK.match(tail[-1]) or tail[-1] in "」』”）":
        return not (
            language == "ja" and tail[-1] in "」』" and after.startswith(("と", "って", "は", "が", "を", "の", "に"))
        )
    if before == tail:  # no space: "Foo.Bar", "[12]show"
        return False
    if cut - start <= len(before) and _NUMBERING.fullmatch(tail.strip()):  # "1." of a list in running text
        return False
    small = after[:1].islower()
    if tail[-1] not in ".!?؟।॥…:\"'”’»)]":
        return not small
    if small and tail[-1] != ".":
        return False
    if small and (tail.endswith("...") or _LETTER_STOP.search(tail)):
        return False
    return not _goes_on(tail, after, language)


def _goes_on(tail: str, after: str, language: str) -> bool:
    """Return whether a stop at the end of `tail` is an abbreviation's, so that `after` belongs to the same sentence."""
    found = _LAST_WORD.search(tail)
    if not found:
        return False
    word = found[1].lower()
    if len(word) > 1 and word.isalpha() and found[1].isupper() and word not in _abbreviations("before-small"):
        return False  # "the local CA." is an acronym, "ca." an abbreviation
    if word in _abbreviations("before-a-name"):
        return True
    if word in _abbreviations("before-a-number") and _NUMBER.match(after):
        return True
    following = _FIRST_WORD.match(after)
    first = following[1] if following else ""
    if word in _abbreviations("before-small"):
        return not first[:1].isupper() or (word not in {"etc", "usw", "ecc"} and not _starts_sentence(first, language))
    if _INITIAL.search(tail):
        named = _BEFORE_INITIAL.search(tail) or tail.count(" ") == 0 or _INITIAL.search(tail[:-2].rstrip())
        return bool(named) and first[:1].isupper() and not _starts_sentence(first, language)
    # "im 19. Jahrhundert": a German ordinal; a year ends its sentence
    return (
        language in {"de", "da", "no", "cs", "fi", "hu"}
        and word.isdecimal()
        and len(word) < 3
        and first[:1].isupper()
        and (not _starts_sentence(first, language))
    )


def _starts_sentence(word: str, language: str) -> bool:
    """Return whether a capitalised word is one that begins sentences: a function word, not a name."""
    return word.lower() in (_abbreviations("starters") if language == "en" else stopwords(language))


@cache
def _abbreviations(section: str) -> frozenset[str]:
    return frozenset(listed("abbreviations", section))
