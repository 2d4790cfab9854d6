"""Probing a desk: which sources, which questions on them, and what becomes of each when the wiki is asked."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from nightdesk.base.cache import open_cache
from nightdesk.base.desk import Desk
from nightdesk.base.parallel import map_in_order
from nightdesk.base.settings import Settings
from nightdesk.base.stages import Stage
from nightdesk.sources.texts import SourceText, gather_texts
from nightdesk.wiki.answering.answers import Answerer, Passage, Scope
from nightdesk.wiki.cover import Cover, cover_of
from nightdesk.wiki.probe.intervals import Share
from nightdesk.wiki.probe.questions import MAKER, Question, QuestionJob, questions_of
from nightdesk.wiki.probe.record import Measured
from nightdesk.wiki.shelf import read_shelf

FIRST = 10  # passages, of those that were looked at, among which a fact counts as kept
MAX_SOURCES = 300  # probed at once where none are named: a sample
DEFAULT_COUNT = 6  # questions for each source
_TEXT_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Probed:
    """The sources to probe and those that cannot be."""

    sources: tuple[SourceText, ...]
    of: int  # how many there are; more than `sources` where these are a sample
    uncompiled: tuple[str, ...]  # raw paths without a page yet
    pages: Mapping[str, str]  # raw path -> base name of its page, of all sources
    by_ai: frozenset[str]  # raw paths whose page is an AI's reading


def choose_sources(desk: Desk, settings: Settings, wanted: Sequence[str], *, seed: int, stage: Stage) -> Probed:
    """Return the sources to probe: the `wanted` raw paths, else all, or a sample of MAX_SOURCES by `seed`.

    Only what has a page can be probed: the others are not compiled yet.
    """
    with open_cache(desk.cache / "cache.db") as cache:
        texts = gather_texts(desk, settings, cache, stage, dry=True)
        shelf = read_shelf(desk, cache)
    pages = shelf.source_names
    chosen = [source for source in texts.sources if source.kind != "image" and (not wanted or source.raw in wanted)]
    compiled = [source for source in chosen if source.raw in pages]
    sample = compiled
    if not wanted and len(compiled) > MAX_SOURCES:
        drawn = sorted(compiled, key=lambda source: _draw(seed, source.raw))[:MAX_SOURCES]
        sample = sorted(drawn, key=lambda source: source.raw)
    return Probed(
        sources=tuple(sample),
        of=len(compiled),
        uncompiled=tuple(source.raw for source in chosen if source.raw not in pages) + tuple(texts.to_convert),
        pages=pages,
        by_ai=frozenset(page.raw for page in shelf.by_ai.values() if page.raw),
    )


def _draw(seed: int, raw: str) -> str:
    return hashlib.sha256(f"{seed}\n{raw}".encode("utf-8", "replace")).hexdigest()


def code_questions(
    desk: Desk, settings: Settings, sources: Sequence[SourceText], *, count: int, seed: int, stage: Stage
) -> tuple[Question, ...]:
    """Return the questions that code makes from each source's text, at most `count` for each."""
    jobs = [QuestionJob(str(desk.root / source.text), source.raw, source.kind, count, seed) for source in sources]
    found: list[Question] = []
    with stage("making questions", len(jobs)) as step:
        for made in map_in_order(questions_of, jobs, jobs=settings.processes):
            found += made
            step()
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what became of it."""

    question: Question
    held_out: bool
    retained: bool  # the answer is among the first passages that were looked at
    answered: bool  # it is in what was given as the answer
    passage: Passage | None  # the first that holds it


@dataclass(frozen=True, slots=True)
class Probe:
    """All questions of one probe with what became of them, in the order of sources and texts."""

    asked: tuple[Asked, ...]
    made_by: str = MAKER

    @property
    def retained(self) -> Share:
        """How many of all facts the wiki kept."""
        return _share(self.asked)

    @property
    def seen(self) -> Share:
        """How many of those that mending may look at."""
        return _share(one for one in self.asked if not one.held_out)

    @property
    def held_out(self) -> Share:
        """How many of those that mending never sees."""
        return _share(one for one in self.asked if one.held_out)

    @property
    def answered(self) -> Share:
        """How many stood in what was given as the answer."""
        return Share(sum(one.answered for one in self.asked), len(self.asked))

    @property
    def lost(self) -> tuple[Asked, ...]:
        """What the wiki does not have, or does not find."""
        return tuple(one for one in self.asked if not one.retained)

    def by_source(self) -> dict[str, list[Asked]]:
        """Return the questions of each source, by its raw path."""
        found: dict[str, list[Asked]] = {}
        for one in self.asked:
            found.setdefault(one.question.source, []).append(one)
        return found


def _share(asked: Iterable[Asked]) -> Share:
    found = list(asked)
    return Share(sum(one.retained for one in found), len(found))


def ask_wiki(
    questions: Sequence[Question], answerer: Answerer, *, covers: Mapping[str, Cover], made_by: str, stage: Stage
) -> Probe:
    """Ask every question. What a mend was told to cover counts as seen for good."""
    asked = []
    with stage("asking the wiki", len(questions)) as step:
        for question in questions:
            asked.append(_ask(question, answerer, known=question.quote in cover_of(covers, question.source).quotes))
            step()
    return Probe(tuple(asked), made_by)


def _ask(question: Question, answerer: Answerer, *, known: bool) -> Asked:
    answer = answerer(question.text)
    looked_at = (*answer.passages, *answer.considered[:FIRST])
    passage = next((found for found in looked_at if question.answered_by(found.text)), None)
    answered = any(question.answered_by(found.text) for found in answer.passages)
    return Asked(question, question.held_out and not known, passage is not None, answered, passage)


def measured(
    probe: Probe, sources: Sequence[SourceText], *, time: str, moment: str, scope: Scope, seed: int
) -> list[Measured]:
    """Return the rows that record a probe, one for each source that was asked about."""
    texts = {source.raw: source.text_sha256[:_TEXT_DIGITS] for source in sources}
    rows = []
    for raw, asked in probe.by_source().items():
        part = Probe(tuple(asked))
        seen, held = part.seen, part.held_out
        counts = (seen.of, seen.hits, held.of, held.hits, part.answered.hits)
        rows.append(Measured(time, moment, raw, texts.get(raw, ""), probe.made_by, scope, seed, *counts))
    return rows


Ask = Callable[[], Probe]  # the same questions put to the wiki as it is now
