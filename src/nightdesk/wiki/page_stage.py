"""The pages of a compile: those of concepts, of several concepts, and of categories; each by an AI or by code."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from nightdesk.base.pages import short_hash
from nightdesk.wiki import concept_page, index
from nightdesk.wiki.answering.filing import answer_entries
from nightdesk.wiki.building import Build
from nightdesk.wiki.builtin import BuiltinWorker
from nightdesk.wiki.concept_page import PagePlan, render_concept_page
from nightdesk.wiki.disputes import NO_DISPUTES
from nightdesk.wiki.named import suggested_pages
from nightdesk.wiki.naming import name_pages
from nightdesk.wiki.page_plans import Lead, concept_plan, overview_plan, suggested_plan
from nightdesk.wiki.page_writer import TABLE as AI_PAGES
from nightdesk.wiki.page_writer import Authored, ai_pages
from nightdesk.wiki.plans import MAX_EVIDENCE, MAX_EVIDENCE_AI, Stand, plan_stands
from nightdesk.wiki.stages import write_all


def write_pages(build: Build) -> None:
    """Write the concept pages whose claims changed, then those that are about several concepts, then the index."""
    site, by_ai = build.site, build.shelf.by_ai
    topics = sorted(build.topics.values(), key=lambda topic: topic.name)
    most = MAX_EVIDENCE_AI if build.ai_writes or by_ai else MAX_EVIDENCE
    chosen = build.decided.chosen | build.spared
    stands = plan_stands(topics, build.evident, generator=BuiltinWorker.name, most=most, chosen=chosen)
    stands = tuple(_with_answers(build, _with_disputes(build, stand)) for stand in stands)
    paths = {stand.topic.name: f"{concept_page.FOLDER}/{stand.topic.name}.md" for stand in stands}
    build.wanted.update(paths.values())
    pages = {*paths, *build.names.values(), *(category.name for category in build.categories)}
    plans = _ai_plans(build, [s for s in stands if build.ai_writes or paths[s.topic.name] in by_ai], paths)
    suggested = _suggested(build, paths, taken=pages) if build.ai_writes or by_ai else []
    pages |= {plan.name for plan in suggested}
    plans, suggested = _as_first_called(build, plans), _as_first_called(build, suggested)
    authored = ai_pages(site, build.shelf, [*plans, *suggested], pages=pages, renamed=build.decided.renamed)
    leads: dict[str, Lead] = {}
    for plan in [*plans, *suggested]:
        if plan.path in authored:
            build.wanted.add(plan.path)
            leads[plan.name] = _plan_ai_page(build, plan, authored[plan.path])
    leads |= _write_by_code(build, [stand for stand in stands if stand.topic.name not in leads], paths)
    for stand in stands:
        if stand.topic.name in leads:
            _enter(build, stand.topic.name, "concept", stand.topic.category, leads[stand.topic.name])
    for plan in suggested:
        if plan.name in leads:
            _enter(build, plan.name, plan.material.type, None, leads[plan.name])
    _write_overviews(build, leads, pages)
    site.cache.keep_only("bodies", build.wanted)
    site.cache.keep_only(AI_PAGES, build.wanted)
    build.entries += answer_entries(build.site.desk, build.shelf.pages)
    build.wanted.add(index.PATH)
    build.planned[index.PATH] = index.render_index(
        build.entries, generator=BuiltinWorker.name, contradictions=build.contradictions
    )


def _with_disputes(build: Build, stand: Stand) -> Stand:
    """Return a page's stand with a hash that changes with what the page tells of contradictions."""
    disputes = build.disputes.get(stand.topic.name)
    return replace(stand, made_from=short_hash(repr((stand.made_from, disputes)))) if disputes else stand


def _with_answers(build: Build, stand: Stand) -> Stand:
    """Return a page's stand with a hash that changes with the promoted answers that it links to."""
    answers = build.answers.get(stand.topic.name)
    return replace(stand, made_from=short_hash(repr((stand.made_from, answers)))) if answers else stand


def _disputed(build: Build, plan: PagePlan) -> PagePlan:
    """Return a plan with its answers and what its page tells of contradictions; its writer is told of those."""
    plan = replace(plan, answers=build.answers.get(plan.name, ()))
    disputes = build.disputes.get(plan.name)
    if disputes is None:
        return plan
    supplied = {e.id for e in plan.material.evidence}
    both = tuple((d.one[1], d.other[1]) for d in disputes.open if {d.one[1], d.other[1]} <= supplied)
    return replace(plan, disputes=disputes, material=replace(plan.material, disputed=both))


def _as_first_called(build: Build, plans: Sequence[PagePlan]) -> list[PagePlan]:
    """Return the plans with what pages are called without decisions: no AI is asked again because of a name."""
    first = build.decided.first
    return [replace(plan, material=replace(plan.material, first=first)) for plan in plans] if first else list(plans)


def _ai_plans(build: Build, stands: Sequence[Stand], paths: Mapping[str, str]) -> list[PagePlan]:
    """Return the plans of the concept pages that an AI has written, or is to write."""
    build.drawer.load([n for stand in stands for n, _ in stand.claims])
    lines = _known_lines(build, paths) if build.ai_writes else {}
    keys = {topic.name: key for key, topic in build.topics.items()}
    plans = []
    for stand in stands:
        near = [(name, lines.get(name, "")) for name in stand.topic.related if name in paths]
        kind = build.named.types.get(keys[stand.topic.name], "concept")
        plans.append(_disputed(build, concept_plan(stand, build.drawer, kind=kind, neighbours=near)))
    return plans


def _enter(build: Build, name: str, kind: str, category: str | None, lead: Lead) -> None:
    summary, page, claim = lead
    build.entries.append(index.Entry(name, kind, category, summary, (page, claim)))


def _known_lines(build: Build, paths: Mapping[str, str]) -> dict[str, str]:
    """Return what the last compile knew to say of each page in a line."""
    bodies = build.site.cache.get("bodies", paths.values())
    texts = build.site.cache.get(AI_PAGES, paths.values())
    lines = {name: str(bodies[path][2]) for name, path in paths.items() if path in bodies}
    return lines | {name: str(texts[path]["summary"]) for name, path in paths.items() if path in texts}


def _suggested(build: Build, paths: Mapping[str, str], *, taken: Collection[str]) -> list[PagePlan]:
    """Return the plans of the comparison and theme pages that readers suggested, where there are claims for them."""
    topics = {key: topic for key, topic in build.topics.items() if topic.name in paths}
    ideas = suggested_pages(build.ai.values(), build.named, topics)
    used = [*taken, *build.shelf.foreign_names]
    names = name_pages([idea.title for idea in ideas], suffix="pages", taken=used)
    languages = {topic.name: topic.concept.language for topic in topics.values()}
    marks = build.evident
    return [
        suggested_plan(idea, names[idea.title], marks, build.drawer, language=languages[idea.of[0]]) for idea in ideas
    ]


def _plan_ai_page(build: Build, plan: PagePlan, text: Authored) -> Lead:
    """Plan the page of an AI's text, if it is not there as it would be; return what stands for it elsewhere."""
    material = plan.material
    around = (plan.name, plan.category, plan.related, plan.left_out, material.type, material.title, material.aliases)
    inputs: tuple[object, ...] = (concept_page.FORM, text.key, text.by, text.written, *around, material.language)
    inputs += (plan.disputes,) if plan.disputes != NO_DISPUTES else ()
    inputs += (plan.answers,) if plan.answers else ()
    made_from = short_hash(repr(inputs))
    if not text.current:
        build.behind.append(plan.path)
    if not build.shelf.is_fresh(plan.path, made_from):
        build.why.setdefault(plan.path, "new" if plan.path not in build.shelf.pages else "its claims changed")
        build.planned[plan.path] = render_concept_page(
            plan, text.written, generator=text.by, made_from=made_from, hand_in=text.key
        )
    return [text.written.summary, *text.written.cited[0]]


def _write_by_code(build: Build, stands: Sequence[Stand], paths: Mapping[str, str]) -> dict[str, Lead]:
    """Let the built-in worker write the concept pages that no AI has written; return what stands for each elsewhere."""
    site = build.site
    written: dict[str, Lead] = site.cache.all("written")
    stale = [
        stand
        for stand in stands
        if not build.shelf.is_fresh(paths[stand.topic.name], stand.made_from) or stand.made_from not in written
    ]
    build.drawer.load([n for stand in stale for n, _ in stand.claims])
    plans = [_disputed(build, concept_plan(stand, build.drawer)) for stand in stale]
    written |= _plan_by_code(build, plans, [stand.made_from for stand in stale])
    build.kept_leads += [stand.made_from for stand in stands]
    return {stand.topic.name: written[stand.made_from] for stand in stands if stand.made_from in written}


def _plan_by_code(build: Build, plans: Sequence[PagePlan], made_from: Sequence[str]) -> dict[str, Lead]:
    """Let the built-in worker write pages and plan them; return made_from -> summary, and the claim it rests on."""
    leads: dict[str, Lead] = {}
    for plan, made, wrote in zip(plans, made_from, write_all(build.site, plans, made_from), strict=True):
        if wrote.written is None:
            build.failed[plan.path] = "; ".join(wrote.reasons[:3])
            continue
        leads[made] = [wrote.written.summary, *wrote.written.cited[0]]
        build.why.setdefault(plan.path, "new" if plan.path not in build.shelf.pages else "its claims changed")
        build.planned[plan.path] = render_concept_page(
            plan, wrote.written, generator=BuiltinWorker.name, made_from=made
        )
    build.site.cache.put("written", leads)
    return leads


def _write_overviews(build: Build, leads: Mapping[str, Lead], pages: Collection[str]) -> None:
    """Write the overview page of each category."""
    languages = {topic.concept.title: topic.concept.language for topic in build.topics.values()}
    known = build.site.cache.all("written")
    parts = {category.name: tuple(part for part in category.parts if part in leads) for category in build.categories}
    categories = [category for category in build.categories if parts[category.name]]
    by_ai = build.shelf.by_ai
    plans = {
        category.name: overview_plan(
            category, parts[category.name], leads, build.drawer, language=languages.get(category.title, "en")
        )
        for category in categories
        if build.ai_writes or f"{concept_page.FOLDER}/{category.name}.md" in by_ai
    }
    plans = dict(zip(plans, _as_first_called(build, list(plans.values())), strict=True))
    authored = ai_pages(build.site, build.shelf, list(plans.values()), pages=pages, renamed=build.decided.renamed)
    by_code, hashes = [], []
    for category in categories:
        path = f"{concept_page.FOLDER}/{category.name}.md"
        build.wanted.add(path)
        build.entries.append(index.Entry(category.name, "overview", None, "", None))
        if path in authored:
            _plan_ai_page(build, plans[category.name], authored[path])
            continue
        inputs = (
            concept_page.FORM,
            BuiltinWorker.name,
            replace(category),
            [(p, leads[p]) for p in parts[category.name]],
        )
        made_from = short_hash(repr(inputs))
        hashes.append(made_from)
        if not build.shelf.is_fresh(path, made_from) or made_from not in known:
            plan = overview_plan(
                category, parts[category.name], leads, build.drawer, language=languages.get(category.title, "en")
            )
            by_code.append((plan, made_from))
    _plan_by_code(build, [plan for plan, _ in by_code], [made for _, made in by_code])
    build.site.cache.keep_only("written", [*build.kept_leads, *hashes])
