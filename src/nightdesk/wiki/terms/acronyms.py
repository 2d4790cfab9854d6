"""Acronyms and other names that a text itself gives for its terms."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nightdesk.wiki.prose.sentences import Sentence
from nightdesk.wiki.terms.nounphrases import noun_runs
from nightdesk.wiki.terms.phrases import is_reference, term_key


@dataclass(frozen=True, slots=True)
class SameTerm:
    """Two names that a text ties together: `short` is an acronym of `long`, or another name for it."""

    short: str  # key
    long: str  # key
    short_form: str  # as written
    long_form: str
    sentence: int
    acronym: bool


def phrase_after(text: str, at: int, language: str) -> tuple[str, str] | None:
    """Return key and spelling of the noun phrase that starts at `at`."""
    piece = text[at : at + 90].lstrip("\"“'‘*_`")
    for run in noun_runs("the " + piece, language=language)[:1]:
        if run.tokens[0].start == 4:
            form = piece[: run.tokens[-1].end - 4]
            key = term_key(form, language=language)
            return (key, form) if key else None
    return None


def _phrase_before(text: str, at: int, language: str) -> tuple[str, str] | None:
    """Return key and spelling of the noun phrase that ends at `at`."""
    start = max(0, at - 90)
    piece = text[start:at].rstrip("\"”'’*_` ,")
    runs = noun_runs(piece, language=language)
    if not runs or runs[-1].tokens[-1].end != len(piece):
        return None
    form = piece[runs[-1].tokens[0].start :]
    key = term_key(form, language=language)
    return (key, form) if key else None


_BRACKET = re.compile(r"\(([^()]{2,70})\)")
_SHORT = re.compile(r"[A-Za-z][A-Za-z0-9&/.-]{0,9}s?")
_LEADING = re.compile(r"(?:also\s+)?(?:or|i\.e\.,?|aka|a\.k\.a\.|short:|abbreviated(?: as)?|abbr\.)\s+", re.IGNORECASE)


def acronyms(sentences: Sequence[Sentence], *, language: str) -> tuple[SameTerm, ...]:
    """Return the acronyms that the text explains, "bits per byte (BPB)" or "BPE (byte-pair encoding)".

    After Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions" (2003), but stricter: the
    first letter must open the long form, and most of the others a word of it.
    """
    found: list[SameTerm] = []
    for index, sentence in enumerate(sentences):
        text = sentence.text
        if "(" not in text or is_reference(sentence):
            continue
        for match in _BRACKET.finditer(text[:4000]):
            pair = _pair(text[max(0, match.start() - 120) : match.start()].rstrip(), match[1].strip())
            if pair is None:
                continue
            short, long = pair
            long_key = _long_key(long, language)
            if long_key is not None:
                singular_short = short[:-1] if short.endswith("s") and short[:-1].isupper() else short
                short_key = (
                    singular_short
                    if singular_short.isupper()
                    else (term_key(short, language=language) or short.casefold())
                )
                found.append(SameTerm(short_key, long_key, singular_short, long, index, acronym=True))
    return tuple(found)


def _long_key(long: str, language: str) -> str | None:
    key = term_key(long, language=language)
    if key is None and long[:1].isupper():
        key = term_key(long[0].lower() + long[1:], language=language) or term_key(long.lower(), language=language)
    return key


def _pair(before: str, inside: str) -> tuple[str, str] | None:
    """Return (short, long) if one of the two texts is an acronym of the other's words."""
    inside = _LEADING.sub("", inside).strip("\"“”'‘’*_ ")
    if _is_short(inside):
        words = before.split()
        long = _long_form(inside, words[-min(len(inside) + 5, 2 * len(inside)) :])
        return (inside, long) if long else None
    shared = inside.split(" ")
    if len(shared) == 2 and _is_short(shared[0]) and before.casefold().endswith(" " + shared[1].casefold()):
        words = before[: -len(shared[1])].split()  # "key-value cache (KV cache)"
        long = _long_form(shared[0], words[-2 * len(shared[0]) :])
        return (inside, f"{long} {shared[1]}") if long else None
    last = before.rsplit(None, 1)[-1].strip("\"“”'‘’*_([,") if before else ""
    if _is_short(last) and (" " in inside or "-" in inside):
        inside = re.split(r"[,;:]", inside)[0].strip()
        long = _long_form(last, inside.split())
        return (last, inside) if long is not None and long == inside else None
    return None


def _is_short(text: str) -> bool:
    if not 2 <= len(text) <= 10 or not _SHORT.fullmatch(text):
        return False
    return sum(c.isupper() for c in text) >= 2 or (len(text) <= 5 and text[0].isupper() and text[1:].isupper())


def _long_form(short: str, words: list[str]) -> str | None:
    """Return the shortest end of `words` whose initials give `short`, None if there is none."""
    letters = [c.casefold() for c in short.rstrip("s") if c.isalnum()]
    for start in range(len(words) - 1, -1, -1):
        tail = words[start:]
        first = tail[0].lstrip("\"“'‘(*_")
        if not first or first[0].casefold() != letters[0]:
            continue
        if len(tail) == 1 and "-" not in tail[0]:
            continue
        if any(word.endswith((",", ";", ":", ".", ")")) for word in tail[:-1]):
            return None
        if _initials_match(letters, tail):
            return " ".join(tail).strip("\"“”'‘’*_ ,")
    return None


def _initials_match(letters: list[str], words: list[str]) -> bool:
    """Return whether the words give the letters in order: each content word its first, most letters opening a word."""
    parts = [part.casefold() for word in words for part in re.split(r"[-‐‑–/]", word.strip("\"“”'‘’*_,")) if part]
    content = [
        part
        for part in parts
        if part not in ("of", "the", "and", "for", "to", "in", "a", "an", "on", "per", "by", "with")
    ]
    if len(content) > len(letters):
        return False
    return _match_from(letters, parts, 0, 0) >= 0.6 * len(letters)


def _match_from(letters: list[str], parts: list[str], at: int, used: int) -> int:
    """Return how many letters open a word in the best way through `parts`, -99 if they cannot all be found in order."""
    if at == len(letters):
        return 0 if used == len(parts) else -99
    if used == len(parts):
        return -99
    part = parts[used]
    best = -99
    if part in ("of", "the", "and", "for", "to", "in", "a", "an", "on", "per", "by", "with"):
        best = _match_from(letters, parts, at, used + 1)  # small words may be left out
    if part[0] == letters[at]:
        place, taken = 0, 1
        best = max(best, 1 + _match_from(letters, parts, at + 1, used + 1))
        while at + taken < len(letters):  # further letters inside the same word: "LayerNorm", "PPL" of perplexity
            place = part.find(letters[at + taken], place + 1)
            if place < 0:
                break
            taken += 1
            best = max(best, 1 + _match_from(letters, parts, at + taken, used + 1))
    return best


_SAID = r"(?:also|sometimes|often|otherwise) (?:called|known as|referred to as|termed|abbreviated as)"
_BESIDE = re.compile(  # "X, also called Y", "X (or simply Y)"
    rf"\s?[,(]\s?(?:which (?:is|are) )?(?:{_SAID}|known as|a\.k\.a\.|aka|or simply|or just)\s+"
    r"(?:just |simply |an? |the )?"
)
_SUBJECT = re.compile(rf" (?:is|are) {_SAID}\s+(?:just |simply |an? |the )?")  # "X is also known as Y"


def other_names(sentences: Sequence[Sentence], *, language: str) -> tuple[SameTerm, ...]:
    """Return the pairs that a text calls by two names: "X (also known as Y)", "X, or simply Y"."""
    if language != "en":
        return ()
    found: list[SameTerm] = []
    for index, sentence in enumerate(sentences):
        if is_reference(sentence):
            continue
        text = sentence.text[:1000]
        for match in [*_BESIDE.finditer(text), *_SUBJECT.finditer(text)]:
            before = _phrase_before(text, match.start(), language)
            after = phrase_after(text, match.end(), language)
            if before is None or after is None or before[0] == after[0]:
                continue
            lead = text[: match.start() - len(before[1])].rstrip()
            if match.re is _SUBJECT and lead not in ("", "The", "A", "An"):
                continue  # the subject is more than the words before the verb
            if re.search(r"\bof(?: the| an?)?$", lead):
                continue  # "a portion of the URL, also called …": the portion may be meant
            if after[0].startswith(before[0] + " ") or before[0].startswith(after[0] + " "):
                continue  # "a schedule, also called a schedule function": a part of the name, not another
            found.append(SameTerm(after[0], before[0], after[1], before[1], index, acronym=False))
    return tuple(found)
