"""The stages of a compile by the built-in worker: survey, read, write. What is cached is not done again."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from nightdesk.agents.boundary import visible
from nightdesk.base.cache import Cache
from nightdesk.base.desk import Desk
from nightdesk.base.pages import short_hash
from nightdesk.base.parallel import map_in_order
from nightdesk.base.stages import Stage
from nightdesk.sources.texts import SourceText
from nightdesk.wiki import reading, survey
from nightdesk.wiki.builtin import BuiltinWorker
from nightdesk.wiki.concept_page import FORM, PagePlan
from nightdesk.wiki.cover import NO_COVER, Cover, cover_of, read_covers
from nightdesk.wiki.crew import Read, ReadJob, SurveyJob, WriteJob, Wrote, read_one, survey_one, write_one
from nightdesk.wiki.names.deciding import Decided
from nightdesk.wiki.places import TextPlaces
from nightdesk.wiki.plans import ClaimMark, SourceMarks
from nightdesk.wiki.reading import Reading, reading_from_json
from nightdesk.wiki.source_page import title_from_path
from nightdesk.wiki.staff import Staff
from nightdesk.wiki.survey import survey_for_reader
from nightdesk.wiki.terms.vocabulary import SourceTerms
from nightdesk.wiki.writing import Evidence, Written

Spans = tuple[tuple[str, int, int], ...]  # page name, start and end in a statement
_UNDECIDED = Decided()
SAVE_EVERY = 400  # sources: a kill costs at most the work on so many
A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Site:
    """Where and how a compile works."""

    desk: Desk
    cache: Cache
    jobs: int
    stage: Stage
    staff: Staff | None = None  # None: the built-in worker does all

    def each_task(self, label: str, function: Callable[[A], R], items: Sequence[A]) -> Iterator[R]:
        """Yield what the built-in worker makes of each item, on all cores."""
        with self.stage(label, len(items)) as step:
            for result in map_in_order(function, items, jobs=self.jobs):
                yield result
                step()


@dataclass(frozen=True, slots=True)
class Light:
    """As much of a survey as every compile needs of every source."""

    source: SourceText
    title: str
    record: Mapping[str, Any]
    terms: SourceTerms
    cover: Cover = NO_COVER

    @property
    def key(self) -> str:
        """The key of the survey in the cache."""
        return survey_key(self.source, self.cover)


def survey_key(source: SourceText, cover: Cover = NO_COVER) -> str:
    """Return what the survey of a source depends on."""
    asked = (cover.fingerprint,) if cover.fingerprint else ()
    return short_hash(repr((survey.FORM, source.text_sha256, source.kind, title_from_path(source.raw), *asked)))


def survey_all(site: Site, sources: Sequence[SourceText]) -> list[Light]:
    """Return the light survey of every source, in their order."""
    covers, _ = read_covers(site.desk.root)
    asked = [cover_of(covers, source.raw) for source in sources]
    keys = [survey_key(source, cover) for source, cover in zip(sources, asked, strict=True)]
    known = site.cache.all("lights")
    missing = [n for n, key in enumerate(keys) if key not in known]
    jobs = [
        SurveyJob(str(site.desk.root / sources[n].text), title_from_path(sources[n].raw), sources[n].kind, asked[n])
        for n in missing
    ]
    unsaved: dict[str, Any] = {}
    with site.stage("surveying", len(jobs)) as step:
        for n, (light, rest) in zip(missing, map_in_order(survey_one, jobs, jobs=site.jobs), strict=True):
            known[keys[n]] = light
            unsaved[keys[n]] = light, rest
            if len(unsaved) >= SAVE_EVERY:
                _save_surveys(site.cache, unsaved)
            step()
    _save_surveys(site.cache, unsaved)
    site.cache.keep_only("lights", keys)
    site.cache.keep_only("surveys", keys)
    return [
        Light(
            source,
            source.title or known[key]["title"] or visible(title_from_path(source.raw)),
            known[key],
            SourceTerms.from_json(known[key]["terms"]),
            cover,
        )
        for source, key, cover in zip(sources, keys, asked, strict=True)
    ]


def _save_surveys(cache: Cache, unsaved: dict[str, Any]) -> None:
    cache.put("surveys", {key: rest for key, (_, rest) in unsaved.items()})
    cache.put("lights", {key: light for key, (light, _) in unsaved.items()})
    unsaved.clear()


@dataclass(frozen=True, slots=True)
class Readings:
    """The accepted readings of all sources, as far as every compile needs them."""

    marks: tuple[SourceMarks, ...]  # in the order of the sources
    summaries: Mapping[str, tuple[str, str]]  # source page -> (claim id, statement)
    failed: Mapping[str, tuple[str, ...]]  # raw path -> reasons
    fresh: tuple[str, ...]  # raw paths that were read just now


def reading_key(light: Light, spans: Sequence[Spans]) -> str:
    """Return what the built-in worker's reading of a source depends on."""
    return short_hash(repr((reading.FORM, light.key, light.title, BuiltinWorker.name, [list(s) for s in spans])))


def read_all(
    site: Site,
    lights: Sequence[Light],
    names: Mapping[str, str],
    spans: Sequence[Sequence[Spans]],
    defines: "Defines",
    by_ai: Mapping[int, "ByAi"],
    decided: Decided = _UNDECIDED,
) -> Readings:
    """Read every source that has no reading for its text and the concept names of now; `by_ai` have one already."""
    keys = [
        by_ai[n].key if n in by_ai else reading_key(light, s)
        for n, (light, s) in enumerate(zip(lights, spans, strict=True))
    ]
    known = site.cache.all("marks")
    missing = [n for n, key in enumerate(keys) if key not in known]
    stored = site.cache.get("surveys", [lights[n].key for n in missing])
    jobs = [
        ReadJob(
            subject=lights[n].source.raw,
            path=str(site.desk.root / lights[n].source.text),
            title=lights[n].title,
            survey=survey_for_reader(lights[n].record, stored[lights[n].key]),
            mentions=tuple(spans[n]),
            known_names=(lights[n].title,),
        )
        for n in missing
    ]
    unsaved: dict[str, Any] = {}
    for n, read in zip(missing, site.each_task("reading", read_one, jobs), strict=True):
        known[keys[n]] = _mark(read)
        unsaved[keys[n]] = _record(read), known[keys[n]]
        if len(unsaved) >= SAVE_EVERY:
            _save_readings(site.cache, unsaved)
    _save_readings(site.cache, unsaved)
    site.cache.keep_only("marks", keys)
    site.cache.keep_only("readings", keys)
    fresh = [*missing, *(n for n, mark in by_ai.items() if mark.fresh)]
    return _readings(lights, names, keys, known, fresh, defines, by_ai, decided)


def _mark(read: Read) -> dict[str, Any]:
    if read.reading is None:
        return {"reasons": list(read.reasons)}
    claims = [[claim.id, list(claim.concepts), claim.statement] for claim in read.reading.claims]
    return {"claims": [c[:2] for c in claims], "summary": [claims[n][0::2] for n in read.reading.summary[:1]]}


def _record(read: Read) -> Any:
    return None if read.reading is None else [read.reading.to_json(), [list(map(list, s)) for s in read.spans]]


def _save_readings(cache: Cache, unsaved: dict[str, Any]) -> None:
    cache.put("readings", {key: record for key, (record, _) in unsaved.items()})
    cache.put("marks", {key: mark for key, (_, mark) in unsaved.items()})
    unsaved.clear()


@dataclass(frozen=True, slots=True)
class ByAi:
    """An AI's reading of a source: its key in the cache, and the pages that each of its claims speaks of."""

    key: str
    names: tuple[tuple[str, ...], ...]
    fresh: bool  # read just now


class Defines:
    """Which concept pages a candidate sentence of a source defines."""

    def __init__(self, topic_of: Mapping[str, str], concept_of: Mapping[str, str]) -> None:
        self._topic_of = topic_of  # concept key -> page name
        self._concept_of = concept_of  # term key -> concept key

    def by_candidate(self, light: Light) -> dict[int, tuple[str, ...]]:
        """Return candidate number -> page names."""
        place = {index: n for n, index in enumerate(light.record["indexes"])}
        found: dict[int, list[str]] = {}
        for definition in light.terms.definitions:
            name = self._topic_of.get(self._concept_of.get(definition.key, ""))
            if name is not None and definition.sentence in place:
                found.setdefault(place[definition.sentence], []).append(name)
        return {n: tuple(dict.fromkeys(names)) for n, names in found.items()}


def _readings(
    lights: Sequence[Light],
    names: Mapping[str, str],
    keys: Sequence[str],
    known: Mapping[str, Any],
    fresh: Iterable[int],
    defines: Defines,
    by_ai: Mapping[int, ByAi],
    decided: Decided,
) -> Readings:
    marks, summaries, failed = [], {}, {}
    for index, (light, key) in enumerate(zip(lights, keys, strict=True)):
        mark, page = known[key], names[light.source.raw]
        if "reasons" in mark:
            failed[light.source.raw] = tuple(mark["reasons"])
        claims = mark.get("claims", [])
        if index in by_ai:
            claims = [[claim[0], listed] for claim, listed in zip(claims, by_ai[index].names, strict=True)]
        whole = index not in by_ai and len(claims) == len(light.record["indexes"])  # only then claim n is candidate n
        defined = defines.by_candidate(light) if whole else {}
        marks.append(
            SourceMarks(
                page,
                light.source.published,
                key,
                tuple(_claim_mark(c[0], c[1], defined.get(n, ()), decided) for n, c in enumerate(claims)),
            )
        )
        for identity, statement in mark.get("summary", []):
            summaries[page] = identity, statement
    read = tuple(lights[n].source.raw for n in sorted(fresh) if lights[n].source.raw not in failed)
    return Readings(tuple(marks), summaries, failed, read)


def _claim_mark(identity: str, names: Sequence[str], defines: Sequence[str], decided: Decided) -> ClaimMark:
    return ClaimMark(identity, decided.names_of(identity, names), decided.names_of(identity, defines))


class EvidenceDrawer:
    """Gives the claims of sources as evidence for pages, loading each reading once."""

    def __init__(self, cache: Cache, marks: Sequence[SourceMarks], decided: Decided = _UNDECIDED) -> None:
        self._cache = cache
        self._marks = marks
        self._moves = decided.moves
        self._loaded: dict[int, tuple[Reading, list[Any]]] = {}
        self._numbers: dict[str, int] = {}  # source page -> index

    def load(self, sources: Sequence[int]) -> None:
        """Load the readings of these sources (by index) at once."""
        wanted = [n for n in dict.fromkeys(sources) if n not in self._loaded]
        stored = self._cache.get("readings", [self._marks[n].reading_key for n in wanted])
        for n in wanted:
            text, spans = stored[self._marks[n].reading_key]
            self._loaded[n] = reading_from_json(text), spans

    def reading(self, source: int) -> Reading:
        """Return the reading of a source."""
        self.load([source])
        return self._loaded[source][0]

    def claim(self, page: str, identity: str, *, about: str | None) -> Evidence:
        """Return the claim with this id on a source page as evidence for the page `about`."""
        if not self._numbers:
            self._numbers.update({mark.page: n for n, mark in enumerate(self._marks)})
        source = self._numbers[page]
        ids = [claim.id for claim in self._marks[source].claims]
        return self.evidence(source, ids.index(identity), about=about)

    def evidence(self, source: int, claim: int, *, about: str | None) -> Evidence:
        """Return a claim as evidence for the page `about`."""
        self.load([source])
        found, spans = self._loaded[source]
        stated, mark = found.claims[claim], self._marks[source].claims[claim]
        places = spans[claim] or find_names(stated.statement, mark.names)
        if move := self._moves.get(stated.id):
            places = [(move.get(name, name), start, end) for name, start, end in places]
        return Evidence(
            page=self._marks[source].page,
            id=stated.id,
            statement=stated.statement,
            quote=TextPlaces.plain(stated.quote),
            concepts=mark.names,
            spans=tuple((str(name), int(start), int(end)) for name, start, end in places),
            defines=about in mark.defines,
            published=self._marks[source].published,
        )


def find_names(statement: str, names: Iterable[str]) -> list[tuple[str, int, int]]:
    """Return where a statement names pages by their own names: (page, start, end), in order, without overlap."""
    found: list[tuple[str, int, int]] = []
    for name in sorted(names, key=lambda name: (-len(name), name)):
        match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", statement, re.IGNORECASE)
        if match and all(match.end() <= start or end <= match.start() for _, start, end in found):
            found.append((name, match.start(), match.end()))
    return sorted(found, key=lambda place: place[1])


def write_all(site: Site, plans: Sequence[PagePlan], made_from: Sequence[str]) -> list[Wrote]:
    """Let the built-in worker write each planned page; a body written from the same material is kept."""
    keys = [short_hash(repr((FORM, BuiltinWorker.name, plan.material))) for plan in plans]
    known = site.cache.get("bodies", [plan.path for plan in plans])
    kept = {n for n, plan in enumerate(plans) if known.get(plan.path, ("",))[0] == keys[n]}
    jobs = [
        WriteJob(plan.path, plan.material, made)
        for n, (plan, made) in enumerate(zip(plans, made_from, strict=True))
        if n not in kept
    ]
    fresh = iter(list(site.each_task("writing", write_one, jobs)))
    wrote = [_wrote(known[plan.path]) if n in kept else next(fresh) for n, plan in enumerate(plans)]
    bodies = {
        plan.path: [keys[n], done.body, done.summary, done.cited]
        for n, plan in enumerate(plans)
        if n not in kept and (done := wrote[n].written) is not None
    }
    site.cache.put("bodies", bodies)
    return wrote


def _wrote(stored: Sequence[Any]) -> Wrote:
    _, body, summary, cited = stored
    return Wrote(Written(body, summary, tuple((page, claim) for page, claim in cited)), ())
