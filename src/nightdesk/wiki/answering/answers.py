"""What passes between those who ask a desk and those who answer: values, so that a probe and a person ask alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Scope = Literal["wiki", "desk"]  # "wiki": pages and claims alone; "desk": the texts of the sources as well


@dataclass(frozen=True, slots=True)
class Passage:
    """A few words of the desk that may answer a question: a claim, a sentence of a page, or one of a source's text."""

    text: str  # plain, as it is said there
    kind: Literal["claim", "page", "text"]
    path: str  # of the file that it stands in, relative to the desk
    line: int  # 1-based
    heading: str  # the nearest above, "" for none
    page: str  # base name of the page to link to: for a text, of its source page; "" where it has none
    claim: str  # id of the claim, "" where it is none
    source: str  # raw path of the source that said it, "" where it is unknown
    score: float  # how well it fits the question, from 0; more is better
    exact: str = ""  # of a text: the slice of the file that says it, white space collapsed
    cites: tuple[
        tuple[str, str], ...
    ] = ()  # of a sentence of a page: source page and claim id, for each claim it cites

    @property
    def quote(self) -> str:
        """The words that it rests on, where it comes straight from a text."""
        return (self.exact or self.text) if self.kind == "text" else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the desk says to a question; without passages it does not know."""

    question: str
    passages: tuple[Passage, ...]  # what answers, best first
    considered: tuple[Passage, ...]  # what was looked at, best first; the passages among them
    confidence: float  # from 0 to 1, calibrated: the share of answers like this one that are right
    missing: tuple[str, ...] = ()  # words of the question that stand nowhere on the desk
    read: tuple[str, ...] = ()  # the files that were looked at, relative to the desk
    seen: int = 0  # statements in them that were weighed

    @property
    def knows(self) -> bool:
        """Whether the desk answers at all."""
        return bool(self.passages)


Answerer = Callable[[str], Answer]
