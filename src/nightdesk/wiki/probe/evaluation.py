"""A desk evaluated with a person's own questions: what is right and cited rightly, and when it does not know."""

from collections.abc import Sequence
from dataclasses import dataclass

from nightdesk.base.stages import Stage
from nightdesk.wiki.answering.answers import Answer, Answerer
from nightdesk.wiki.probe.intervals import Share
from nightdesk.wiki.probe.question_file import Item
from nightdesk.wiki.probe.support import Support
from nightdesk.wiki.probe.wording import f1, holds_any, normal


@dataclass(frozen=True, slots=True)
class Scored:
    """One question with what the desk said to it."""

    item: Item
    said: tuple[str, ...]  # the statements of the answer, best first; () where the desk does not know
    confidence: float
    exact: bool  # a statement is an expected answer, word for word
    f1: float  # of the best statement against the best expected answer
    contained: bool  # a statement holds an expected answer
    source: bool | None  # a statement comes from the source that is expected; None where none is
    cited: Share  # statements whose citation holds

    @property
    def right(self) -> bool:
        """Whether the desk gave an expected answer, or rightly none."""
        return self.contained if self.item.expected else not self.said


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a desk did on a file of questions."""

    scored: tuple[Scored, ...]

    @property
    def _with_answer(self) -> list[Scored]:
        return [one for one in self.scored if one.item.expected]

    @property
    def right(self) -> Share:
        """How many questions were answered rightly, or rightly not answered."""
        return Share(sum(one.right for one in self.scored), len(self.scored))

    @property
    def contained(self) -> Share:
        """Of the questions with an answer, how many got one that holds it."""
        found = self._with_answer
        return Share(sum(one.contained for one in found), len(found))

    @property
    def exact(self) -> Share:
        """Of the questions with an answer, how many got nothing but the answer; rare where sentences answer."""
        found = self._with_answer
        return Share(sum(one.exact for one in found), len(found))

    @property
    def f1(self) -> float | None:
        """The mean token F1 over the questions with an answer, None without any."""
        found = self._with_answer
        return sum(one.f1 for one in found) / len(found) if found else None

    @property
    def source(self) -> Share:
        """Of the questions that name a source, how many got a statement of it."""
        found = [one for one in self._with_answer if one.source is not None]
        return Share(sum(bool(one.source) for one in found), len(found))

    @property
    def cited(self) -> Share:
        """How many of all statements have a citation that holds."""
        return sum((one.cited for one in self.scored), Share(0, 0))

    @property
    def abstention_precision(self) -> Share:
        """How often the desk rightly said that it does not know, of the times that it said so."""
        silent = [one for one in self.scored if not one.said]
        return Share(sum(not one.item.expected for one in silent), len(silent))

    @property
    def abstention_recall(self) -> Share:
        """How often it said so, of the questions that have no answer on the desk."""
        unknown = [one for one in self.scored if not one.item.expected]
        return Share(sum(not one.said for one in unknown), len(unknown))

    def to_json(self) -> dict[str, object]:
        """Return the figures as a JSON object."""
        return {
            "questions": len(self.scored),
            "right": self.right.to_json(),
            "contained": self.contained.to_json(),
            "exact": self.exact.to_json(),
            "f1": None if self.f1 is None else round(self.f1, 4),
            "source": self.source.to_json(),
            "citations": self.cited.to_json(),
            "abstention_precision": self.abstention_precision.to_json(),
            "abstention_recall": self.abstention_recall.to_json(),
        }


def evaluate(items: Sequence[Item], answerer: Answerer, support: Support, *, stage: Stage, label: str) -> Evaluation:
    """Ask every question and score what comes back."""
    scored = []
    with stage(label, len(items)) as step:
        for item in items:
            scored.append(score(item, answerer(item.question), support))
            step()
    return Evaluation(tuple(scored))


def score(item: Item, answer: Answer, support: Support) -> Scored:
    """Return how an answer does against what is expected."""
    said = tuple(passage.text for passage in answer.passages)
    wanted = {normal(expected) for expected in item.expected}
    return Scored(
        item=item,
        said=said,
        confidence=answer.confidence,
        exact=any(normal(text) in wanted for text in said),
        f1=max((f1(text, expected) for text in said for expected in item.expected), default=0.0),
        contained=any(holds_any(text, item.expected) for text in said),
        source=any(item.names(p.source, p.page, p.path) for p in answer.passages) if item.source else None,
        cited=Share(sum(support.holds(passage) for passage in answer.passages), len(answer.passages)),
    )
