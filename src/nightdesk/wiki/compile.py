"""Compiling is a build: raw -> text -> source page -> concept pages -> index, each anew only if its inputs changed."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from nightdesk.base.cache import open_cache
from nightdesk.base.desk import Desk
from nightdesk.base.git import one_change
from nightdesk.base.lock import hold_lock
from nightdesk.base.names import name_key
from nightdesk.base.settings import Settings
from nightdesk.base.stages import Stage
from nightdesk.sources.texts import gather_texts
from nightdesk.wiki import index
from nightdesk.wiki.building import Build, Errand
from nightdesk.wiki.builtin import BuiltinWorker
from nightdesk.wiki.contradictions.weighing import weigh
from nightdesk.wiki.kept_reading import with_page_names
from nightdesk.wiki.named import join_names
from nightdesk.wiki.names.deciding import decide, join_concepts, name_decided_sources, takers, usable, with_takers
from nightdesk.wiki.names.rules import Decisions, read_decisions
from nightdesk.wiki.naming import name_sources
from nightdesk.wiki.page_stage import write_pages
from nightdesk.wiki.plans import MIN_CLAIMS, choose_topics
from nightdesk.wiki.promoting import notes_on, recheck, take_back
from nightdesk.wiki.putting import plan_report, put_down
from nightdesk.wiki.report import Report
from nightdesk.wiki.shelf import read_shelf
from nightdesk.wiki.source_page import ReadByAi, SourceFacts, render_source_page, source_page_hash
from nightdesk.wiki.source_reader import Offers, ai_readings
from nightdesk.wiki.staff import Staff
from nightdesk.wiki.stages import ByAi, Defines, EvidenceDrawer, Light, Site, Spans, read_all, survey_all
from nightdesk.wiki.terms.vocabulary import build_vocabulary
from nightdesk.wiki.unchanged import files_below, remember

__all__ = ["Report", "compile_desk"]


def compile_desk(
    desk: Desk,
    settings: Settings,
    staff: Staff | None = None,
    *,
    stage: Stage,
    today: date,
    dry: bool = False,
    wait_seconds: float = 0.0,
    errand: Errand | None = None,
) -> Report:
    """Bring wiki/ in step with raw/ and commit; with `dry` only say what would be done (`staff` must not work then).

    Without `staff` the built-in worker does all; it also does what an AI worker has not done (yet), so that the wiki
    is whole at any time. What an AI has written stays as long as all it says rests on claims that there are.
    An `errand` is done first; where it raises, nothing is compiled.

    Interrupted at any point, the next call goes on from what is there. Raises DeskError where another compile runs,
    after waiting for it so long.
    """
    doing = "compiling" if not dry else "planning a compile"
    lock = hold_lock(desk.cache / "lock", doing=doing, wait_seconds=wait_seconds)
    with lock, one_change(), open_cache(desk.cache / "cache.db") as cache, _without_gc():
        touched = errand.act(cache) if errand else ()
        raw = files_below(desk.raw)
        site = Site(desk, cache, settings.processes, stage, staff)
        texts, shelf = gather_texts(desk, settings, cache, stage, dry=dry), read_shelf(desk, cache)
        build = Build(site, texts, shelf, EvidenceDrawer(cache, ()))
        _read_sources(build)
        weighed = weigh(build)
        promotions = recheck(build, weighed.items)
        build.answers = promotions.answers
        write_pages(build)
        if dry:
            return plan_report(build)
        back = take_back(desk, promotions.failed)
        report = put_down(build, today, errand, [*touched, *back], weighed)
        report.notes += notes_on(promotions.failed)
        outcome = {
            "sources": report.sources,
            "claims": report.claims,
            "concepts": report.concepts,
            "problems": report.problems,
        }
        remember(desk, settings, raw=raw, cache=cache, outcome=outcome)
        return report


@contextmanager
def _without_gc() -> Iterator[None]:
    """Let nobody look for reference cycles in the block: it makes none, and millions of small values that stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _read_sources(build: Build) -> None:
    """Survey the texts, read each source, find the concepts of all, and plan the source pages that are stale."""
    site, sources = build.site, build.texts.sources
    build.lights = survey_all(site, sources)
    decisions = usable(read_decisions(site.desk), build.shelf.foreign_names)
    vocabulary, first = join_concepts(build_vocabulary([light.terms for light in build.lights]), decisions.called)
    titles = {light.source.raw: light.title for light in build.lights}
    natural = name_sources(titles, build.shelf.source_names, build.shelf.foreign_names)
    build.names, build.given, problems = name_decided_sources(natural, decisions)
    found = [[vocabulary.mentions(light.terms, n) for n in light.record["indexes"]] for light in build.lights]
    build.ai = ai_readings(site, build.shelf, build.lights, Offers(vocabulary, build.lights, found).of)
    readings = [(mark, build.lights[n].record["language"]) for n, mark in build.ai.items()]
    build.named = join_names(vocabulary, readings, decisions.called)
    concepts = with_takers(build.named.concepts, decisions)
    counts = build.named.counts(build.ai.values())
    for n, mentioned in enumerate(found):
        if n not in build.ai:
            counts.update(key for mentions in mentioned for key in {m.key for m in mentions})
    counts |= {key: max(counts[key], MIN_CLAIMS) for key in takers(concepts, decisions)}
    taken = [*build.names.values(), *build.shelf.foreign_names]
    build.topics, build.categories = choose_topics(concepts, counts, taken=taken)
    page_of = {key: topic.name for key, topic in build.topics.items()}
    build.decided = decide(
        Decisions(decisions.rules, (*decisions.problems, *problems)),
        concepts,
        page_of,
        first={**build.named.first, **first},
        sources={raw: (natural[raw], build.names[raw], also) for raw, (_, also) in build.given.items()},
        taken=[*natural.values(), *build.shelf.foreign_names],
    )
    spans: list[list[Spans]] = [
        [tuple((page_of[m.key], m.start, m.end) for m in mentions if m.key in page_of) for mentions in source]
        for source in found
    ]
    by_ai = {n: ByAi(str(mark["key"]), _pages_named(build, mark), bool(mark["fresh"])) for n, mark in build.ai.items()}
    defines = Defines(page_of, vocabulary.concept_of)
    build.readings = read_all(site, build.lights, build.names, spans, defines, by_ai, build.decided)
    build.drawer = EvidenceDrawer(site.cache, build.readings.marks, build.decided)
    for n, light in enumerate(build.lights):
        _plan_source_page(build, n, light)


def _pages_named(build: Build, mark: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return the pages that each claim of an AI's reading speaks of; names without a page are left out."""
    keys = [[build.named.key_of[name_key(name)] for name in names] for _, names in mark["claims"]]
    return tuple(tuple(dict.fromkeys(build.topics[key].name for key in row if key in build.topics)) for row in keys)


def _plan_source_page(build: Build, n: int, light: Light) -> None:
    mark, by_ai = build.readings.marks[n], build.ai.get(n)
    title, also = build.given.get(light.source.raw, (light.title, ()))
    facts = SourceFacts(
        name=mark.page,
        title=title,
        raw=light.source.raw,
        raw_sha256=light.source.raw_sha256,
        text=light.source.text,
        text_sha256=light.source.text_sha256,
        kind=light.source.kind,
        language=light.record["language"],
        words=light.record["words"],
        author=light.source.author,
        published=light.source.published,
        url=light.source.url,
        images=light.source.images,
        also=tuple(dict.fromkeys((*also, light.title))) if title != light.title else also,
    )
    build.wanted.add(facts.path)
    if light.source.raw in build.readings.failed:
        return  # what stands there stays
    identity, statement = build.readings.summaries.get(mark.page, ("", ""))
    cited = (mark.page, identity) if identity else None
    build.entries.append(index.Entry(mark.page, "source", None, statement, cited))
    generator = str(by_ai["by"]) if by_ai else BuiltinWorker.name
    if by_ai:
        told = (by_ai["key"],) if light.cover.quotes else ()  # so that the page says for which task it was handed in
        seen = repr((by_ai["digest"], [claim.names for claim in mark.claims], *told))
        made_from = source_page_hash(facts, seen, generator)
    else:
        moved = [claim.names for claim in mark.claims] if build.decided.moves_any(mark.claims) else []
        made_from = source_page_hash(facts, mark.reading_key + (repr(moved) if moved else ""), generator)
    if build.shelf.is_fresh(facts.path, made_from):
        return
    build.why[facts.path] = "new" if facts.path not in build.shelf.pages else "its source or concepts changed"
    accepted = build.drawer.reading(n)
    build.planned[facts.path] = render_source_page(
        facts,
        with_page_names(accepted, [claim.names for claim in mark.claims]),
        generator=generator,
        made_from=made_from,
        ai=ReadByAi(str(by_ai["key"]), accepted) if by_ai else None,
    )
