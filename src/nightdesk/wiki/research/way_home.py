"""The way home: what the temporary desk cites, as it stands on the desk that was asked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.names import name_key
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.answering.asking import answer_material, claim_evidence, verify_body, words_evidence
from nightdesk.wiki.answering.statements import Statements
from nightdesk.wiki.claims import find_citations, find_links, render_citation, unlink
from nightdesk.wiki.escaping import escape_line
from nightdesk.wiki.proof.support import unsupported
from nightdesk.wiki.research.temporary_desk import is_same
from nightdesk.wiki.writing import Evidence

_LINE = re.compile(r"(?:^|, )line (\d+)$")
_HEADING = re.compile(r"(?m)^(#{2,5})(?= )")
_LABEL = "1"  # numbers are given when the report is put together


@dataclass(frozen=True, slots=True)
class Found:
    """What is cited, on the desk that was asked: a claim, or words of a text under an id of their own."""

    evidence: Evidence
    words: Passage | None

    @property
    def citation(self) -> str:
        """The citation of it."""
        return render_citation(self.evidence.page, self.evidence.id, _LABEL)


@dataclass(frozen=True, slots=True)
class Brought:
    """A body with citations of the desk that was asked."""

    body: str
    words: Mapping[str, Passage] = field(default_factory=dict)  # of texts, by the ids that the body cites them by
    reasons: tuple[str, ...] = ()  # why some of it is missing


class WayHome:
    """Finds the claims and words of one desk on another that has the same sources."""

    def __init__(self, temporary: Desk, there: Statements, main: Desk, here: Statements) -> None:
        self._there, self._here = there, here
        self._same = lru_cache(maxsize=None)(lambda path: is_same(main, temporary, path))

    def of_claim(self, page: str, identity: str) -> Found | None:
        """Return the claim with this id and these words on the page of the same source, else the words it rests on.

        None where the desk that was asked has neither.
        """
        path = self._there.path_of(page) or ""
        claim, raw = self._there.claim(page, identity), self._there.raw_of(path)
        if claim is None or not raw:
            return None
        home = self._here.page_of_raw(raw)
        same = self._here.claim(home, identity) if home else None
        if same and (same.statement, same.quote) == (claim.statement, claim.quote):
            return Found(claim_evidence(home, same, self._here.published(home)), None)
        place = _LINE.search(claim.place)
        heading = claim.place[: place.start()] if place else claim.place
        line = int(place[1]) if place else 1
        text = self._there.text_of(path)
        return self.of_words(Passage(claim.statement, "text", text, line, heading, "", "", raw, 0.0, exact=claim.quote))

    def of_words(self, passage: Passage) -> Found | None:
        """Return words of a text; None where that text is another one on the desk that was asked."""
        if not self._same(passage.path):
            return None
        page = self._here.page_of_raw(passage.source) or Path(passage.source).stem
        words = replace(passage, page=page)
        return Found(words_evidence(words), words)

    def _all_of(self, passage: Passage) -> list[Found]:
        """Return all that a passage rests on; nothing where one of it is not found."""
        if passage.kind == "text":
            found = [self.of_words(passage)]
        else:
            cited = passage.cites or ((passage.page, passage.claim),)
            found = [self.of_claim(*key) for key in dict.fromkeys(cited)]
        there = [one for one in found if one is not None]
        return there if len(there) == len(found) else []

    def statements(self, passages: Sequence[Passage]) -> Brought:
        """Return passages as a list with citations; one that says more than what it cites here is left out."""
        lines: list[str] = []
        words: dict[str, Passage] = {}
        reasons: list[str] = []
        for passage in passages:
            found = self._all_of(passage)
            texts = [text for one in found for text in (one.evidence.statement, one.evidence.quote)]
            if not found or (passage.text not in texts and unsupported(passage.text, texts)):
                reasons.append(f"left out, as its source changed meanwhile: {passage.text[:160]!r}")
                continue
            words |= {one.evidence.id: one.words for one in found if one.words}
            lines.append(f"- {escape_line(passage.text)} {' '.join(one.citation for one in found)}\n")
        return Brought("".join(lines), words, tuple(reasons))

    def written(self, question: str, body: str, words: Mapping[str, Passage]) -> Brought:
        """Return an AI's text with the citations of this desk, proved again by what they stand for here.

        Nothing of it where less than half holds.
        """
        parts, done = [], 0
        evidence: dict[str, Found] = {}
        for citation in find_citations(body):
            passage = words.get(citation.id)
            found = self.of_words(passage) if passage else self.of_claim(citation.page, citation.id)
            parts.append(body[done : citation.start])
            done = citation.end
            if found is not None:
                evidence[found.evidence.id] = found
                parts.append(found.citation)
        known = self._here.names
        text = unlink("".join([*parts, body[done:]]), known)
        linked = tuple(known[key] for name in find_links(text) if (key := name_key(name)) in known)
        material = answer_material(question, tuple(found.evidence for found in evidence.values()), names=linked)
        verified = verify_body(question, material, text)
        if verified.result is None:
            return Brought("", {}, verified.reasons)
        shown = _HEADING.sub(r"#\1", verified.result.body.strip()) + "\n"
        return Brought(shown, {n: found.words for n, found in evidence.items() if found.words}, verified.reasons)
