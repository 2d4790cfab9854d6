"""The notebook of one research: its sub-questions, what answers each, and which sources were read for it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from nightdesk.agents.tasks import Attempt
from nightdesk.base.desk import Desk
from nightdesk.wiki.answering.answerer import Looked
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.answering.question import keys_of
from nightdesk.wiki.answering.statements import Statements
from nightdesk.wiki.claims import parse_claims
from nightdesk.wiki.contradictions.page import Kept, read_kept
from nightdesk.wiki.research.splitting import Part
from nightdesk.wiki.research.way_home import Found, WayHome

MAX_OPEN = 5  # open questions of the sources that are told
MAX_DISAGREEMENTS = 8
_NEAR, _LEAST = 0.5, 0.35  # of the best score, and in all: a source with less has nothing to do with the question
_LOOKED_AT = 20  # passages for one sub-question


@dataclass(frozen=True, slots=True)
class Section:
    """What answers one sub-question; without a body, and if it was not said above, nothing does."""

    part: Part
    body: str
    words: Mapping[str, Passage]  # of texts, by the ids that the body cites them by
    worker: str  # "" for the built-in one
    help: str = ""  # what an AI says would help
    notes: tuple[str, ...] = ()
    failed: bool = False  # an AI was asked and gave nothing that holds
    said_above: bool = False  # all that answers it stands in an earlier section
    texts: tuple[str, ...] = ()  # the built-in statements

    @property
    def answered(self) -> bool:
        """Whether there is an answer."""
        return bool(self.body) or self.said_above


@dataclass(slots=True)
class Notebook:
    """What a research found so far."""

    question: str
    looked: Looked | None = None  # what the desk itself has for the whole question
    parts: list[Part] = field(default_factory=list)
    sections: dict[str, Section] = field(default_factory=dict)  # by the text of the part
    sources: list[str] = field(default_factory=list)  # raw paths on the temporary desk
    disagreements: list[tuple[Found, Found]] = field(default_factory=list)
    open_questions: list[Found] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    claims: int = 0  # on the temporary desk
    findings: int = 0  # errors that lint found there
    rounds: int = 0
    seen: int = 0  # statements that were weighed
    capped: str = ""
    interrupted: bool = False

    @property
    def gaps(self) -> list[Part]:
        """The sub-questions without an answer."""
        return [part for part in self.parts if not self._has(part)]

    def _has(self, part: Part) -> bool:
        section = self.sections.get(part.text)
        return section is not None and section.answered

    def answer(self, section: Section) -> None:
        """Note an answer, or that there is none."""
        self.sections[section.part.text] = section
        self.notes += [f"{section.part.title}: {note}" for note in section.notes]

    def unsaid(self, passages: Sequence[Passage]) -> list[Passage]:
        """Return those that stand in no other section yet."""
        said = {text for section in self.sections.values() for text in section.texts}
        return [passage for passage in passages if passage.text not in said]

    def note_desk(self, desk: Desk, statements: Statements, home: WayHome, kept: Kept) -> None:
        """Note what the temporary desk says by itself: where its sources disagree, and what they leave open.

        What was decided on the desk that was asked, by what it has `kept`, is no disagreement any more.
        """
        decided = {identity for identity, item in kept.items.items() if not item.is_open}
        items = [item for item in read_kept(desk).items.values() if item.is_open and item.id not in decided]
        pairs = ([home.of_claim(side.page, side.claim) for side in item.sides] for item in items)
        self.disagreements = [(one, other) for one, other in pairs if one is not None and other is not None]
        asked = set().union(*(keys_of(part.text) for part in self.parts if part.whole))
        found = (home.of_claim(*key) for key in _open_questions(statements, asked))
        self.open_questions = list(islice((one for one in found if one is not None), MAX_OPEN))


def _open_questions(statements: Statements, asked: set[str]) -> Iterator[tuple[str, str]]:
    """Yield page and id of what sources leave open on what is asked, those with most of its words first."""
    ranked = []
    for name in statements.names.values():
        path = statements.path_of(name) or ""
        page = statements.page(path) if path.startswith("wiki/sources/") else None
        below = page.page.body.partition("\n## Open questions\n")[2] if page else ""
        for claim in parse_claims(below):
            if (shared := len(asked & set(keys_of(claim.statement)))) > 1:
                ranked.append((-shared, name, claim.id))
    yield from ((name, identity) for _, name, identity in sorted(ranked))


class Sources:
    """Sources by how likely they answer what is asked, those that were taken left out."""

    def __init__(self) -> None:
        self._weights: dict[str, float] = {}
        self.chosen: set[str] = set()

    def weigh(self, looked: Looked, statements: Statements, *, most: int) -> None:
        """Add what was found for one sub-question; its `most` best sources that were not taken count."""
        best = looked.weighed[0].score if looked.weighed else 0.0
        found: dict[str, float] = {}
        for one in looked.weighed[:_LOOKED_AT]:
            if one.score < max(_NEAR * best, _LEAST):
                break
            passage = one.statement.passage
            raws = [statements.raw_of(statements.path_of(page) or "") for page, _ in passage.cites] or [passage.source]
            for raw in raws:
                if raw and raw not in self.chosen:
                    found[raw] = max(found.get(raw, 0.0), one.score)
        for raw, score in islice(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])), most):
            self._weights[raw] = self._weights.get(raw, 0.0) + score

    def take(self, most: int) -> list[str]:
        """Return the `most` likeliest sources; they are not given again."""
        ranked = sorted(self._weights, key=lambda raw: (-self._weights[raw], raw))[:most]
        self.chosen.update(ranked)
        self._weights.clear()
        return ranked
