"""The task "probe": a worker writes questions about a source, and code checks each against the text."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from nightdesk.agents.answers import hand_in_text
from nightdesk.agents.boundary import mark_data
from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import Brief, Task, Verified
from nightdesk.base.cache import open_cache
from nightdesk.base.desk import Desk
from nightdesk.base.markdown import frontmatter_end
from nightdesk.base.pages import short_hash
from nightdesk.base.settings import PROBE
from nightdesk.base.stages import Stage
from nightdesk.sources.texts import SourceText
from nightdesk.wiki.crew import read_text
from nightdesk.wiki.parts import split_text
from nightdesk.wiki.probe.questions import Question, Rarity, asked_sentences
from nightdesk.wiki.probe.wording import content, holds, normal
from nightdesk.wiki.proof.folding import fold
from nightdesk.wiki.prose.claimable import is_addressed_to_models
from nightdesk.wiki.prose.language import detect_language
from nightdesk.wiki.prose.sentences import Sentence
from nightdesk.wiki.prose.wording import words_of
from nightdesk.wiki.staff import Job, Staff, do_all

FORM = "1"  # changes when the same hand-in gives other questions
MAX_PART_CHARS = 25_000
MAX_QUESTION = 400  # characters
MAX_ANSWER = 200
_SLACK = 5  # questions more than asked for that are still looked at
_TEXT = {"type": "string"}
_KEYS = ("question", "answer", "quote")
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "questions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": dict.fromkeys(_KEYS, _TEXT),
                "required": list(_KEYS),
                "additionalProperties": False,
            },
        }
    },
    "required": ["questions"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class ProbeMaterial:
    """What questions are written from: a source's text or a part of it."""

    raw: str
    kind: str  # of the raw file
    text: str
    count: int


def probe_brief(material: ProbeMaterial, briefs: Briefs) -> Brief:
    """Return the brief for writing questions."""
    text = material.text[frontmatter_end(material.text) :]
    slots = {"count": str(material.count)}
    return briefs.render("probe", slots, material=mark_data({"the text": text}), form="json", schema=SCHEMA)


def verify_questions(task: Task[ProbeMaterial], hand_in: str) -> Verified[tuple[Question, ...]]:
    """Prove questions: the quote is a sentence of the text, the answer stands in it and not in the question.

    With reasons against some the result is the others, None where none is good.
    """
    material = task.material
    try:
        entries = _entries(hand_in)
    except (ValueError, TypeError, RecursionError):
        return Verified(None, ('the hand-in must be a JSON object with a list "questions"',))
    checker = _Checker(material)
    good = list(islice(checker.check(entries[: material.count + _SLACK]), material.count))
    if not good and not checker.reasons:
        checker.reasons.append("there is no question")
    return Verified(tuple(good) or None, tuple(checker.reasons), worth=len(good))


def _entries(hand_in: str) -> list[Any]:
    given = json.loads(hand_in_text(hand_in, "json"))
    if not isinstance(given, dict) or not isinstance(given.get("questions"), list):
        raise TypeError
    entries: list[Any] = given["questions"]
    return entries


class _Checker:
    """Checks the questions of one hand-in in turn, adding to `reasons` what speaks against them."""

    def __init__(self, material: ProbeMaterial) -> None:
        self.reasons: list[str] = []
        self._material = material
        self._language = detect_language(material.text)
        sentences = asked_sentences(material.text, kind=material.kind)
        self._rarity = Rarity(sentences, self._language)
        self._sentences: dict[str, Sentence] = {}
        for sentence in sentences:
            self._sentences.setdefault(_folded(sentence.quote), sentence)
            self._sentences.setdefault(_folded(sentence.text), sentence)

    def check(self, entries: Sequence[Any]) -> Iterator[Question]:
        """Yield the good questions."""
        asked: set[str] = set()
        for number, entry in enumerate(entries):
            fields = [entry.get(key) for key in _KEYS] if isinstance(entry, dict) else []
            texts = [" ".join(field.split()) for field in fields if isinstance(field, str)]
            if len(texts) != len(_KEYS):
                self._reject(number, "needs question, answer and quote, each a text")
                continue
            question, answer, quote = texts
            sentence = self._sentences.get(_folded(quote))
            reason = self._against(question, answer, sentence)
            if reason is None and normal(question) in asked:
                reason = "was asked already"
            if reason is not None or sentence is None:
                self._reject(number, reason or "")
                continue
            asked.add(normal(question))
            words = self._rarity.weigh(question)
            yield Question(question, (answer,), "written", self._material.raw, sentence.quote, self._language, words)

    def _reject(self, number: int, reason: str) -> None:
        self.reasons.append(f"question {number}: {reason}")

    def _against(self, question: str, answer: str, sentence: Sentence | None) -> str | None:
        if sentence is None:
            return "the quote is no sentence of the text; copy one whole sentence letter by letter"
        if len(question) > MAX_QUESTION or len(answer) > MAX_ANSWER:
            return f"longer than {MAX_QUESTION} characters, or its answer than {MAX_ANSWER}"
        if not normal(answer) or not holds(sentence.text, answer, language=self._language):
            return "the answer does not stand in the quote"
        if holds(question, answer, language=self._language):
            return "the question holds its answer"
        if not content(question, self._language):
            return "it does not say what it is about"
        if is_addressed_to_models(question, words_of(question)):
            return "it speaks to a reader like you"
        return None


def _folded(quote: str) -> str:
    return " ".join(fold(quote).text.split())


@dataclass(frozen=True, slots=True)
class Written:
    """The questions that a worker wrote, and what of the work was not done."""

    questions: tuple[Question, ...]
    by: str
    left: Mapping[str, str]  # raw path -> why there are no (or fewer) questions
    capped: str  # the cap that ended the work, "" where none did


def written_questions(
    desk: Desk, staff: Staff, sources: Sequence[SourceText], *, count: int, seed: int, stage: Stage
) -> Written:
    """Let the worker for `probe` write at most `count` questions on each source; of a long text on parts all over it.

    What was accepted for the same text and seed before is used again.
    """
    worker = staff.workers[PROBE]
    jobs: list[Job[ProbeMaterial, tuple[Question, ...]]] = []
    for source in sources:
        text = read_text(desk.root / source.text)
        for part, share in _parts(text, count, limit=min(worker.part_chars, MAX_PART_CHARS)):
            jobs.append(_job(staff, ProbeMaterial(source.raw, source.kind, part, share), seed))
    with open_cache(desk.cache / "cache.db") as cache:
        ended = do_all(cache, staff, PROBE, jobs, stage=stage, label="questions")
    questions = [question for done in ended for question in done.result or ()]
    left = {
        job.task.material.raw: done.reasons[0] if done.reasons else done.state
        for job, done in zip(jobs, ended, strict=True)
        if done.result is None
    }
    by = next((done.by for done in ended), worker.name.partition("@")[0])
    return Written(tuple(questions), by, left, next(iter(staff.capped), ""))


def _parts(text: str, count: int, *, limit: int) -> Iterator[tuple[str, int]]:
    """Yield the parts of a text to ask about, spread over it, with how many questions each is asked for."""
    parts = split_text(text, limit=limit)
    taken = min(len(parts), count)
    for k in range(taken):
        yield parts[(2 * k + 1) * len(parts) // (2 * taken)], (k + 1) * count // taken - k * count // taken


def _job(staff: Staff, material: ProbeMaterial, seed: int) -> Job[ProbeMaterial, tuple[Question, ...]]:
    key = short_hash(repr((FORM, material.raw, material.text, material.count, seed)))
    task = Task(PROBE, material.raw, key, material, lambda: probe_brief(material, staff.briefs))
    return Job(task, lambda hand_in: verify_questions(task, hand_in))
