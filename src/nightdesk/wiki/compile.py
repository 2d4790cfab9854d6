"""Compiling is a build: raw -> text -> source page -> concept pages -> index, each anew only if its inputs changed."""

import gc
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date

from nightdesk.agents.tasks import Worker
from nightdesk.base.cache import open_cache, stat_signature
from nightdesk.base.desk import Desk
from nightdesk.base.git import changed_paths, commit_paths
from nightdesk.base.lock import hold_lock
from nightdesk.base.pages import Page, short_hash
from nightdesk.base.settings import Settings
from nightdesk.sources.texts import Texts, gather_texts
from nightdesk.wiki import concept_page, index, log, source_page
from nightdesk.wiki.concept_page import PagePlan, render_concept_page
from nightdesk.wiki.naming import name_sources
from nightdesk.wiki.plans import Category, Stand, Topic, choose_topics, plan_stands
from nightdesk.wiki.publish import publish
from nightdesk.wiki.report import Report, commit_message, headline, log_lines, notices
from nightdesk.wiki.shelf import TABLE as SHELVED
from nightdesk.wiki.shelf import Shelf, read_shelf
from nightdesk.wiki.source_page import SourceFacts, render_source_page, source_page_hash
from nightdesk.wiki.stages import (
    Defines,
    EvidenceDrawer,
    Light,
    Readings,
    Site,
    Spans,
    Stage,
    read_all,
    survey_all,
    write_all,
)
from nightdesk.wiki.terms.vocabulary import build_vocabulary
from nightdesk.wiki.unchanged import files_below, remember
from nightdesk.wiki.writing import Evidence, WriteMaterial

__all__ = ["Report", "compile_desk"]


@dataclass(slots=True)
class _Build:
    """What the stages of one compile hand on."""

    site: Site
    texts: Texts
    shelf: Shelf
    lights: list[Light] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # raw path -> base name of its page
    topics: dict[str, Topic] = field(default_factory=dict)
    categories: tuple[Category, ...] = ()
    readings: Readings = field(default_factory=lambda: Readings((), {}, {}, ()))
    wanted: set[str] = field(default_factory=set)  # paths of all pages that there are to be
    planned: dict[str, Page] = field(default_factory=dict)  # those that are stale, in nightdesk's own version
    entries: list[index.Entry] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)


def compile_desk(
    desk: Desk, settings: Settings, worker: Worker, *, stage: Stage, today: date, dry: bool = False
) -> Report:
    """Bring wiki/ in step with raw/ and commit; with `dry` only say what would be done.

    Interrupted at any point, the next call goes on from what is there. Raises DeskError where another compile runs.
    """
    doing = "compiling" if not dry else "planning a compile"
    with hold_lock(desk.cache / "lock", doing=doing), open_cache(desk.cache / "cache.db") as cache, _without_gc():
        raw = files_below(desk.raw)
        site = Site(desk, cache, worker, settings.processes, stage)
        build = _Build(site, gather_texts(desk, settings, cache, stage, dry=dry), read_shelf(desk, cache))
        _read_sources(build)
        _write_concepts(build)
        if dry:
            return _plan_report(build)
        report = _put_down(build, today)
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


def _read_sources(build: _Build) -> None:
    """Survey the texts, find the concepts of all, read each source, and plan the source pages that are stale."""
    site, sources = build.site, build.texts.sources
    build.lights = survey_all(site, sources)
    vocabulary = build_vocabulary([light.terms for light in build.lights])
    titles = {light.source.raw: light.title for light in build.lights}
    build.names = name_sources(titles, build.shelf.source_names, build.shelf.foreign_names)
    found = [[vocabulary.mentions(light.terms, n) for n in light.record["indexes"]] for light in build.lights]
    counts = Counter(key for source in found for mentions in source for key in {m.key for m in mentions})
    taken = [*build.names.values(), *build.shelf.foreign_names]
    build.topics, build.categories = choose_topics(vocabulary, counts, taken=taken)
    page_of = {key: topic.name for key, topic in build.topics.items()}
    spans: list[list[Spans]] = [
        [tuple((page_of[m.key], m.start, m.end) for m in mentions if m.key in page_of) for mentions in source]
        for source in found
    ]
    build.readings = read_all(site, build.lights, build.names, spans, Defines(page_of, vocabulary.concept_of))
    drawer = EvidenceDrawer(site.cache, build.readings.marks)
    for n, light in enumerate(build.lights):
        _plan_source_page(build, n, light, drawer)


def _plan_source_page(build: _Build, n: int, light: Light, drawer: EvidenceDrawer) -> None:
    mark, generator = build.readings.marks[n], build.site.worker.name
    facts = SourceFacts(
        name=mark.page,
        title=light.title,
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
    )
    build.wanted.add(facts.path)
    if light.source.raw in build.readings.failed:
        return  # what stands there stays
    identity, statement = build.readings.summaries.get(mark.page, ("", ""))
    cited = (mark.page, identity) if identity else None
    build.entries.append(index.Entry(mark.page, "source", None, statement, cited))
    made_from = source_page_hash(facts, mark.reading_key, generator)
    if not build.shelf.is_fresh(facts.path, made_from):
        build.why[facts.path] = "new" if facts.path not in build.shelf.pages else "its source or concepts changed"
        build.planned[facts.path] = render_source_page(
            facts, drawer.reading(n), generator=generator, made_from=made_from
        )


def _write_concepts(build: _Build) -> None:
    """Write the concept pages whose claims changed, then the overviews, then the index."""
    site, marks = build.site, build.readings.marks
    topics = sorted(build.topics.values(), key=lambda topic: topic.name)
    stands = plan_stands(topics, marks, generator=site.worker.name)
    drawer = EvidenceDrawer(site.cache, marks)
    written = site.cache.all("written")
    stale = [
        stand
        for stand in stands
        if not build.shelf.is_fresh(_path(stand.topic.name), stand.made_from) or stand.made_from not in written
    ]
    drawer.load([n for stand in stale for n, _ in stand.claims])
    plans = [_concept_plan(stand, drawer) for stand in stale]
    written |= _write_pages(build, plans, [stand.made_from for stand in stale])
    leads = {stand.topic.name: written[stand.made_from] for stand in stands if stand.made_from in written}
    for stand in stands:
        name = stand.topic.name
        build.wanted.add(_path(name))
        if name in leads:
            summary, page, claim = leads[name]
            build.entries.append(index.Entry(name, "concept", stand.topic.category, summary, (page, claim)))
    overviews = _write_overviews(build, leads, drawer)
    site.cache.keep_only("written", [*(stand.made_from for stand in stands), *overviews])
    site.cache.keep_only("bodies", build.wanted)
    page = index.render_index(build.entries, generator=site.worker.name)
    build.wanted.add(index.PATH)
    build.planned[index.PATH] = page


def _path(name: str) -> str:
    return f"{concept_page.FOLDER}/{name}.md"


def _concept_plan(stand: Stand, drawer: EvidenceDrawer) -> PagePlan:
    topic = stand.topic
    evidence = tuple(drawer.evidence(n, k, about=topic.name) for n, k in stand.claims)
    return PagePlan(
        name=topic.name,
        material=_material(
            "concept",
            topic.name,
            evidence,
            title=topic.concept.title,
            language=topic.concept.language,
            aliases=topic.concept.aliases,
        ),
        category=topic.category,
        related=topic.related,
        left_out=stand.left_out,
    )


def _material(
    kind: str,
    name: str,
    evidence: tuple[Evidence, ...],
    *,
    title: str,
    language: str,
    aliases: tuple[str, ...] = (),
    parts: tuple[str, ...] = (),
) -> WriteMaterial:
    names = {concept for e in evidence for concept in e.concepts} | set(parts)
    return WriteMaterial(
        type=kind,
        name=name,
        title=title,
        aliases=aliases,
        language=language,
        evidence=evidence,
        parts=parts,
        names=tuple(sorted(names - {name})),
        known_names=(title, *aliases, *parts, *sorted({e.page for e in evidence})),
    )


def _write_pages(build: _Build, plans: Sequence[PagePlan], made_from: Sequence[str]) -> dict[str, list[str]]:
    """Let the worker write pages and plan them; return made_from -> summary, and the claim that it rests on."""
    leads: dict[str, list[str]] = {}
    for plan, made, wrote in zip(plans, made_from, write_all(build.site, plans, made_from), strict=True):
        if wrote.written is None:
            build.failed[plan.path] = "; ".join(wrote.reasons[:3])
            continue
        leads[made] = [wrote.written.summary, *wrote.written.cited[0]]
        build.why.setdefault(plan.path, "new" if plan.path not in build.shelf.pages else "its claims changed")
        build.planned[plan.path] = render_concept_page(
            plan, wrote.written, generator=build.site.worker.name, made_from=made
        )
    build.site.cache.put("written", leads)
    return leads


def _write_overviews(build: _Build, leads: Mapping[str, Sequence[str]], drawer: EvidenceDrawer) -> list[str]:
    """Write the overview page of each category; return their made_from hashes."""
    source_of = {mark.page: n for n, mark in enumerate(build.readings.marks)}
    languages = {topic.concept.title: topic.concept.language for topic in build.topics.values()}
    plans, hashes = [], []
    known = build.site.cache.all("written")
    for category in build.categories:
        parts = tuple(part for part in category.parts if part in leads)
        if not parts:
            continue
        path = _path(category.name)
        inputs = (concept_page.FORM, build.site.worker.name, category, [(part, leads[part]) for part in parts])
        made_from = short_hash(repr(inputs))
        build.wanted.add(path)
        build.entries.append(index.Entry(category.name, "overview", None, "", None))
        hashes.append(made_from)
        if build.shelf.is_fresh(path, made_from) and made_from in known:
            continue
        evidence = []
        for part in parts:
            _, page, claim = leads[part]
            n = source_of[page]
            ids = [mark.id for mark in build.readings.marks[n].claims]
            evidence.append(drawer.evidence(n, ids.index(claim), about=part))
        material = _material(
            "overview",
            category.name,
            tuple(evidence),
            title=category.name,
            language=languages.get(category.title, "en"),
            parts=parts,
        )
        plans.append((PagePlan(category.name, material, None, ()), made_from))
    _write_pages(build, [plan for plan, _ in plans], [made for _, made in plans])
    return hashes


def _put_down(build: _Build, today: date) -> Report:
    """Publish what was planned, write the diary and commit."""
    desk, shelf, texts = build.site.desk, build.shelf, build.texts
    obsolete = sorted(
        path for path, page in shelf.own.items() if path not in build.wanted and page.made_from != "unreadable"
    )
    with build.site.stage("putting", len(build.planned)) as step:
        published = publish(desk, sorted(build.planned.items()), obsolete, on_page=step)
    _remember_pages(build, published.written)
    report = Report(
        sources=len(build.lights),
        claims=sum(len(mark.claims) for mark in build.readings.marks),
        concepts=sum(entry.type == "concept" for entry in build.entries),
        converted=texts.converted,
        read=list(build.readings.fresh),
        withdrawn=sorted(page.raw for page in shelf.own.values() if page.raw and page.raw not in build.names),
        published=published,
        problems=texts.problems
        | {raw: "; ".join(why[:3]) for raw, why in build.readings.failed.items()}
        | build.failed,
        notes=[*texts.notes, *notices(published)],
    )
    if report.changed:
        log.append_log(desk, "compile", headline(report), log_lines(report, shelf.pages), today=today)
    report.commit = commit_paths(desk.root, _to_commit(build, report), commit_message(report))
    return report


def _remember_pages(build: _Build, written: Sequence[str]) -> None:
    """Note what the pages just written are, so that the next compile need not read them all again."""
    raw_of = {f"{source_page.FOLDER}/{name}.md": raw for raw, name in build.names.items()}
    memos = {}
    for path in written:
        file, page = build.site.desk.root / path, build.planned[path]
        signature = stat_signature(file)  # before the look inside: what a person writes after it has another signature
        with suppress(OSError):
            if file.read_bytes() == page.text.encode("utf-8"):
                memos[path] = [signature, page.made_from, False, raw_of.get(path)]
    build.site.cache.put(SHELVED, memos)


def _to_commit(build: _Build, report: Report) -> list[str]:
    """Return what belongs to this compile: sources, texts, own pages; never what a person is still working on."""
    desk = build.site.desk
    touched = {*report.published.touched, *build.texts.written, log.PATH, index.PATH}
    edited = {path for path, page in build.shelf.pages.items() if page.edited}
    changed = changed_paths(desk.root)
    return [
        path
        for path in changed
        if path in touched
        or path.startswith(("raw/", "text/"))
        or (
            path.startswith("wiki/")
            and path not in edited
            and (path in build.wanted or not (desk.root / path).exists())
        )
    ]


def _plan_report(build: _Build) -> Report:
    unread = set(build.texts.to_convert)  # what their new text will say, and so which pages go, is not known yet
    withdrawn = sorted(
        page.raw for page in build.shelf.own.values() if page.raw and page.raw not in {*build.names, *unread}
    )
    obsolete = [
        path
        for path, page in build.shelf.own.items()
        if path not in build.wanted and (page.raw in withdrawn if page.raw or unread else True)
    ]
    planned = dict(build.planned)
    current = build.site.desk.root / index.PATH
    if current.exists() and current.read_text(encoding="utf-8") == planned[index.PATH].text:
        del planned[index.PATH]
    reasons = dict.fromkeys(build.texts.to_convert, "new or changed: to be converted, then read")
    reasons |= {path: build.why.get(path, "what it lists changed") for path in sorted(planned)}
    reasons |= dict.fromkeys(sorted(obsolete), "nothing to stand on any more: to be removed")
    return Report(
        sources=len(build.lights),
        claims=sum(len(mark.claims) for mark in build.readings.marks),
        concepts=sum(entry.type == "concept" for entry in build.entries),
        converted=build.texts.to_convert,
        read=list(build.readings.fresh),
        withdrawn=withdrawn,
        problems=dict(build.texts.problems),
        reasons=reasons,
    )
