"""The verifier of a mend: the findings are gone, no other came, no citation is lost, a person's words stand."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from nightdesk.agents.tasks import Task, Verified
from nightdesk.base.errors import DeskError
from nightdesk.base.names import name_key
from nightdesk.base.pages import parse_page, split_frontmatter
from nightdesk.wiki.cited_sentences import Cited, PageText
from nightdesk.wiki.claims import find_citations
from nightdesk.wiki.lint.findings import Finding
from nightdesk.wiki.lint.overlay import Seen, lint_changed
from nightdesk.wiki.mend.mechanical import counted
from nightdesk.wiki.mend.places import Place, with_places
from nightdesk.wiki.mend.task import MendMaterial
from nightdesk.wiki.vault.extract import read_record
from nightdesk.wiki.vault.resolve import Targets

MAX_HAND_IN = 2_000_000  # characters
MAX_EDITS = 500
_WIKILINK = re.compile(r"!?\[\[([^\[\]|\n]*?)(?:\\?\|([^\[\]\n]*))?\]\]")
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)")
_WORD = re.compile(r"\w+")
_ABOUT_SENTENCES = ("unsupported", "uncited-sentence", "broken-citation", "superseded-source")  # not their links alone
_REWORDS = ("unsupported", "uncited-sentence")


@dataclass(frozen=True, slots=True)
class Mend:
    """A hand-in that was accepted: the page's new text, None where nothing changes, and what was left."""

    text: str | None
    left: tuple[tuple[Finding, str], ...]


def verify_mend(seen: Seen, task: Task[MendMaterial], hand_in: str, *, today: date) -> Verified[Mend]:
    """Return what becomes of a hand-in: all of it is accepted, or none."""
    material = task.material
    try:
        edits, left = _parsed(hand_in, material)
        text = _edited(material, edits)
    except ValueError as error:
        return Verified(None, (str(error),))
    if text == material.text:
        open_ = [n for n in range(1, len(material.findings) + 1) if n not in left]
        reasons = tuple(f"finding {n} is neither mended nor left with a reason" for n in open_)
    else:
        reasons = (*_against_page(seen, material, text), *_against_findings(seen, material, text, left, today))
    if reasons:
        return Verified(None, tuple(dict.fromkeys(reasons)))
    kept = tuple((material.findings[n - 1], why) for n, why in sorted(left.items()))
    return Verified(Mend(None if text == material.text else text, kept), ())


def _parsed(hand_in: str, material: MendMaterial) -> tuple[list[tuple[str, str]], dict[int, str]]:
    """Return the edits (old, new) and the findings left with the reasons. Raises ValueError for another form."""
    if len(hand_in) > MAX_HAND_IN:
        raise ValueError(f"the hand-in is longer than {MAX_HAND_IN:,} characters")
    try:
        given = json.loads(hand_in, strict=False)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the hand-in is not valid JSON: {str(error)[:200]}") from error
    lists: list[Any] = [given.get(key) for key in ("edits", "left")] if isinstance(given, dict) else [None, None]
    if not all(isinstance(entries, list) for entries in lists):
        raise ValueError('the hand-in must be an object with two lists, "edits" and "left"')
    if len(lists[0]) > MAX_EDITS:
        raise ValueError(f"more than {MAX_EDITS} edits")
    edits = [_edit(n, entry, material) for n, entry in enumerate(lists[0], 1)]
    left: dict[int, str] = {}
    for entry in lists[1]:
        number, why = (entry.get("finding"), entry.get("why")) if isinstance(entry, dict) else (None, None)
        if type(number) is not int or not 1 <= number <= len(material.findings):
            raise ValueError(f'left: each needs "finding", a number from 1 to {len(material.findings)}')
        if not isinstance(why, str) or not why.strip():
            raise ValueError(f'left: finding {number} needs "why"')
        left[number] = " ".join(why.split())[:500]
    return edits, left


def _edit(number: int, entry: Any, material: MendMaterial) -> tuple[str, str]:
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("page", "old", "new")):
        raise ValueError(f'edit {number}: needs the texts "page", "old" and "new"')
    if entry["page"] != material.path:
        raise ValueError(f"edit {number}: the page of this task is {material.path}, no other")
    for text in (entry["old"], entry["new"]):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(f"edit {number}: holds half a character") from error
        if "\x00" in text:
            raise ValueError(f"edit {number}: holds a NUL character")
    return entry["old"], entry["new"]


def _edited(material: MendMaterial, edits: Sequence[tuple[str, str]]) -> str:
    """Return the page with the edits made. Raises ValueError for one that does not stand exactly once."""
    windows = "\r\n" in material.text and "\n" not in material.text.replace("\r\n", "")
    text = material.text.replace("\r\n", "\n") if windows else material.text
    places = []
    for number, (old, new) in enumerate(edits, 1):
        start = text.find(old) if old else -1
        if start < 0:
            raise ValueError(f"edit {number}: `old` does not stand on the page")
        if text.find(old, start + 1) >= 0:
            raise ValueError(f"edit {number}: `old` stands there more than once; take more words")
        places.append(Place(start, start + len(old), new))
    places.sort(key=lambda place: place.start)
    if any(one.end > two.start for one, two in pairwise(places)):
        raise ValueError("two edits overlap; make them one")
    edited = with_places(text, places)
    return edited.replace("\r\n", "\n").replace("\n", "\r\n") if windows else edited


def _against_findings(
    seen: Seen, material: MendMaterial, text: str, left: dict[int, str], today: date
) -> Iterator[str]:
    was = lint_changed(seen, {material.path: material.text}, today=today)
    found = lint_changed(seen, {material.path: text}, today=today)
    before, after = counted(was), counted(found)
    for number, finding in enumerate(material.findings, 1):
        key = finding.rule, finding.message
        asked = sum((f.rule, f.message) == key for f in material.findings)
        kept = sum((material.findings[n - 1].rule, material.findings[n - 1].message) == key for n in left)
        if number not in left and after[key] > before[key] - asked + kept:
            yield f"finding {number} is still there: {finding.message}"
    told = counted(found, loosely=True) - counted(was, loosely=True)
    for finding in found:
        if counted([finding], loosely=True).keys() & told.keys() and not before[finding.rule, finding.message]:
            yield f"a new finding, line {finding.line}: {finding.rule}: {finding.message}"


def _against_page(seen: Seen, material: MendMaterial, text: str) -> Iterator[str]:
    """Yield what an edit took that no finding is about: frontmatter, citations, a person's sentences, link targets."""
    front, body = split_frontmatter(material.text)
    new_front, new_body = split_frontmatter(text)
    try:
        was, now = parse_page(material.text), parse_page(text)
    except DeskError as error:
        yield f"after the edits {error.message}"
        return
    front_lines = front.count("\n") + 2
    if front != new_front and not any(1 < f.line < front_lines for f in material.findings):
        yield "the frontmatter was changed, and no finding is about it"
    elif list(was.front) != list(now.front) or was.front.get("nightdesk") != now.front.get("nightdesk"):
        yield "a key of the frontmatter was taken out, added, or is nightdesk's own"
    language = str(was.value("language") or "en")
    yield from _against_sentences(material, body, new_body, language)
    yield from _against_targets(seen, material, text)


def _against_sentences(material: MendMaterial, body: str, new_body: str, language: str) -> Iterator[str]:
    lines_before = material.text.replace("\r\n", "\n").count("\n") - body.count("\n")
    sentences = PageText(body, language=language).sentences
    kept = Counter(_cited(body))
    words = f" {_words(new_body)} "
    wanted: Counter[str] = Counter()
    for sentence in sentences:
        rules = _rules_about(sentence, body, lines_before, material.findings)
        own = body[sentence.start : sentence.end]
        if rules & set(_ABOUT_SENTENCES):
            kept -= Counter(_cited(own))
        if not sentence.cited and sentence.kind in ("prose", "question", "heading") and not rules & set(_REWORDS):
            wanted[_words(own)] += 1
    if lost := kept - Counter(_cited(new_body)):
        page, identity = next(iter(lost))
        yield f"the citation [[{page}#^{identity}]] is lost, and no finding is about it"
    for sentence_words, times in wanted.items():
        if sentence_words and words.count(f" {sentence_words} ") < min(times, 1):
            yield f"the words of a sentence that is a person's were changed: {sentence_words[:160]!r}"


def _rules_about(sentence: Cited, body: str, lines_before: int, findings: Sequence[Finding]) -> set[str]:
    first = lines_before + body.count("\n", 0, sentence.start) + 1
    last = lines_before + body.count("\n", 0, sentence.end) + 1
    return {
        f.rule
        for f in findings
        if first <= f.line <= last and (f.rule not in _REWORDS or _is_at(f, sentence, body, lines_before))
    }


def _is_at(finding: Finding, sentence: Cited, body: str, lines_before: int) -> bool:
    """Say whether a finding about a sentence is about this one: several may stand in one line."""
    line = lines_before + body.count("\n", 0, sentence.start) + 1
    return (finding.line, finding.column) == (line, sentence.start - body.rfind("\n", 0, sentence.start))


def _cited(text: str) -> Iterator[tuple[str, str]]:
    return ((name_key(citation.page), citation.id) for citation in find_citations(text))


def _words(text: str) -> str:
    """Return the words that a reader sees, links as what they show and citations as nothing."""
    text = _MARKDOWN_LINK.sub(lambda m: "" if m[0].startswith("!") else m[1], _WIKILINK.sub(_shows, text))
    return " ".join(_WORD.findall(text))


def _shows(link: re.Match[str]) -> str:
    if link[0].startswith("!") or "#^c" in link[1]:
        return ""
    page, _, fragment = link[1].partition("#")
    return link[2] if link[2] is not None else page or fragment


def _against_targets(seen: Seen, material: MendMaterial, text: str) -> Iterator[str]:
    """Yield the headings and blocks that links of other pages lead to and that are not there any more."""
    was, now = seen.vault.targets(material.path), Targets(read_record(text.encode("utf-8")))
    for other, ones in seen.vault.links.items():
        for one in ones:
            is_here = one.target == material.path and other != material.path and one.link.fragment
            if is_here and was is not None and was.has(one.link) and not now.has(one.link):
                yield f"{other} links to #{one.link.fragment} on this page, which is gone"
