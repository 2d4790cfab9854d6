"""Readings by AI workers: which sources have one, which are still to be read, and how a page gives its reading back."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from nightdesk.agents.tasks import Task, Verified
from nightdesk.base.cache import Cache
from nightdesk.base.desk import Desk
from nightdesk.base.names import name_key
from nightdesk.base.pages import parse_page, short_hash
from nightdesk.sources.generated import FINDINGS
from nightdesk.sources.texts import SourceText
from nightdesk.wiki import reading
from nightdesk.wiki.claims import claim_id
from nightdesk.wiki.cover import uncovered
from nightdesk.wiki.crew import read_text
from nightdesk.wiki.kept_reading import in_order, reading_digest, reading_from_page
from nightdesk.wiki.parts import split_text
from nightdesk.wiki.places import TextPlaces
from nightdesk.wiki.read_brief import read_brief
from nightdesk.wiki.reading import Reading, ReadMaterial, join_readings, verify_reading
from nightdesk.wiki.shelf import Shelf
from nightdesk.wiki.staff import TABLE as HAND_INS
from nightdesk.wiki.staff import Done, Job, Staff, do_all, hand_in_key
from nightdesk.wiki.stages import Light, Site
from nightdesk.wiki.survey import survey_for_reader
from nightdesk.wiki.terms.vocabulary import Mention, Vocabulary
from nightdesk.wiki.versions import own_version

FORM = "1"  # changes when the same text is to be read anew
MAX_OFFERED = 80  # names that a reader is shown
MAX_PART_CHARS = 25_000  # some 4,000 words: one hand-in has room for the claims of so much text


@dataclass(frozen=True, slots=True)
class Offer:
    """What the desk knows before a source is read."""

    names: tuple[str, ...]  # canonical concept names that occur in the text, those that matter most first
    mentions: tuple[tuple[str, ...], ...]  # for each candidate of the survey, the concepts that it names


def reading_task_hash(source: SourceText, must_cover: Sequence[str] = ()) -> str:
    """Return what an AI's reading of a source depends on: the text, so that new concepts cost no new reading, and what
    it was told to cover."""
    return short_hash(repr(("ai", FORM, source.text_sha256, *((tuple(must_cover),) if must_cover else ()))))


def _task_hashes(light: Light) -> tuple[str, ...]:
    """Return the hash of the reading that is wanted, then those of readings that may stand until there is one."""
    return tuple(reading_task_hash(light.source, quotes) for quotes in light.cover.stages)


def ai_readings(
    site: Site, shelf: Shelf, lights: Sequence[Light], offer_of: Callable[[int, str, Sequence[str]], Offer]
) -> dict[int, dict[str, Any]]:
    """Return, by the index of the source, the marks of each AI reading that there is, after reading what is to be read.

    The readings lie in the cache (tables "marks" and "readings") under `reading_task_hash`. Where more is to be covered
    than a reading was told, it stays until there is another.
    """
    hashes = [_task_hashes(light) for light in lights]
    keys = [known[0] for known in hashes]
    again = set(site.staff.again) if site.staff else set()
    known = site.cache.get("marks", [key for row in hashes for key in row])
    found = {
        n: known[key] | {"fresh": False}
        for n, row in enumerate(hashes)
        if (key := next((key for key in row if key in known), None)) is not None
    }
    standing = {page.raw: page for page in shelf.by_ai.values()}
    for n, light in enumerate(lights):
        page = standing.get(light.source.raw)
        if n not in found and page is not None and page.hand_in in hashes[n]:
            restored = _from_page(site.desk, page.path, light.source)
            if restored is not None:
                found[n] = keep_reading(site.cache, str(page.hand_in), *restored) | {"fresh": False}
    if site.staff and "read" in site.staff.workers:
        known_names = tuple(
            sorted({name for marks in found.values() for _, names in marks["claims"] for name in names})
        )
        wanted = [
            n
            for n, light in enumerate(lights)
            if (n not in found or found[n]["key"] != keys[n] or light.source.raw in again)
            and _is_asked_for(site.staff, light)
        ]
        found |= _read(site, site.staff, lights, wanted, keys, lambda n, text: offer_of(n, text, known_names))
    return dict(sorted(found.items()))  # of two pages suggested under one name it must always be the same one


def _is_asked_for(staff: Staff, light: Light) -> bool:
    # what a lab found is read by code: an AI might take the words of a sentence apart from what was measured
    return light.source.kind not in ("image", FINDINGS) and (not staff.only or light.source.raw in staff.only)


def keep_reading(cache: Cache, key: str, accepted: Reading, by: str) -> dict[str, Any]:
    """Store a reading and return its marks: as much as every compile needs."""
    marks = {
        "key": key,
        "claims": [[claim.id, list(claim.concepts)] for claim in accepted.claims],
        "summary": [[accepted.claims[n].id, accepted.claims[n].statement] for n in accepted.summary[:1]],
        "by": by,
        "digest": reading_digest(accepted),
        "notes": [asdict(note) for note in accepted.notes],
        "pages": [asdict(idea) for idea in accepted.pages],
    }
    cache.put("readings", {key: [accepted.to_json(), [[] for _ in accepted.claims]]})
    cache.put("marks", {key: marks})
    return marks


def _read(
    site: Site,
    staff: Staff,
    lights: Sequence[Light],
    wanted: Sequence[int],
    keys: Sequence[str],
    offer_of: Callable[[int, str], Offer],
) -> dict[int, dict[str, Any]]:
    limit = min(staff.workers["read"].part_chars, MAX_PART_CHARS)
    stored = site.cache.get("surveys", [lights[n].key for n in wanted])
    jobs: list[Job[ReadMaterial, Reading]] = []
    shares: dict[int, range] = {}  # source -> its places among the jobs
    for n in wanted:
        light = lights[n]
        text = read_text(site.desk.root / light.source.text)
        offer = offer_of(n, text)
        material = ReadMaterial(
            title=light.title,
            text=text,
            survey=survey_for_reader(light.record, stored[light.key]),
            mentions=offer.mentions,
            names=offer.names,
            known_names=(light.title,),
            raw=light.source.raw,
            author=light.source.author,
            published=light.source.published,
            url=light.source.url,
            images=tuple(site.desk.root / image for image in light.source.images),
            offered=offer.names[:MAX_OFFERED],
            must_cover=light.cover.quotes,
        )
        parts = split_text(text, limit=limit)
        again = light.source.raw in staff.again
        shares[n] = range(len(jobs), len(jobs) + len(parts))
        jobs += [_job(staff, material, part, k, len(parts), again=again) for k, part in enumerate(parts, 1)]
    ended = do_all(site.cache, staff, "read", jobs, stage=site.stage, label="reading")
    found = {}
    for n, share in shares.items():
        mine = [ended[place] for place in share]
        accepted = _join(mine)
        if accepted is not None:
            found[n] = keep_reading(site.cache, keys[n], in_order(accepted), mine[0].by) | {"fresh": True}
            site.cache.forget(HAND_INS, [hand_in_key(jobs[place].task) for place in share])
    return found


def _job(staff: Staff, material: ReadMaterial, part: str, k: int, n: int, *, again: bool) -> Job[ReadMaterial, Reading]:
    subject = material.raw if n == 1 else f"{material.raw} (part {k} of {n})"
    due = uncovered(material.must_cover, (), text=part) if material.must_cover else ()
    shown = replace(material, text=part, must_cover=due)
    number = None if n == 1 else (k, n)
    task = Task(
        "read",
        subject,
        short_hash(repr((reading.FORM, FORM, material.title, part, *((due,) if due else ())))),
        material,
        lambda: read_brief(shown, staff.briefs, part=number),
    )

    def verify(hand_in: str) -> Verified[Reading]:
        verified = verify_reading(task, hand_in)
        if not due or verified.result is None:
            return verified
        left = uncovered(due, [claim.quote for claim in verified.result.claims], text=material.text)
        reasons = tuple(f"no claim covers {quote[:200]!r}, which an earlier reading left out" for quote in left)
        return replace(verified, reasons=(*verified.reasons, *reasons), worth=max(0, verified.worth - len(left)))

    return Job(task, verify, again)


def _join(parts: Sequence[Done[Reading]]) -> Reading | None:
    """Return the reading of a source when all its parts were tried and at least one of them was good."""
    if any(done.state in ("left", "declined") or done.fault for done in parts):
        return None
    good = [done.result for done in parts if done.result is not None]
    return join_readings(good) if good else None


def _from_page(desk: Desk, path: str, source: SourceText) -> tuple[Reading, str] | None:
    """Return the reading that stands on the page of a source, and who made it, if its quotes stand in the text."""
    page = own_version(desk, path, parse_page((desk.root / path).read_text(encoding="utf-8")))
    if page is None:
        return None
    found = reading_from_page(page)
    places = TextPlaces(read_text(desk.root / source.text))
    for claim in (*found.claims, *found.questions):
        if claim.id != claim_id(claim.statement, claim.quote) or places.find(claim.quote) is None:
            return None
    generated = page.value("generated")
    by = generated.get("by") if isinstance(generated, dict) else None
    return found, str(by)


class Offers:
    """Which names each source is offered: the vocabulary's that it uses most, and those of AI readings that it uses."""

    def __init__(
        self, vocabulary: Vocabulary, lights: Sequence[Light], mentions: Sequence[Sequence[Sequence[Mention]]]
    ) -> None:
        self._vocabulary = vocabulary
        self._titles = {concept.key: concept.title for concept in vocabulary.concepts}
        self._lights = lights
        self._mentions = mentions

    def of(self, n: int, text: str, known_names: Sequence[str]) -> Offer:
        """Return the offer for source `n`, whose text this is; `known_names` are those that other readings gave."""
        phrases = self._lights[n].terms.phrases
        counts: Counter[str] = Counter()
        for key, count in zip(phrases.keys, phrases.counts, strict=True):
            concept = self._vocabulary.concept_of.get(key)
            if concept is not None:
                counts[self._titles[concept]] += count
        used = sorted(counts, key=lambda title: (-counts[title], title))
        words = _spaced(text)
        there = [name for name in known_names if _spaced(name) in words]
        keys: dict[str, str] = {}
        for name in (*there, *used):  # a name that a reader gave is the one that pages have
            keys.setdefault(name_key(name), name)
        mentions = tuple(tuple(dict.fromkeys(self._titles[m.key] for m in row)) for row in self._mentions[n])
        return Offer(tuple(keys.values()), tuple(tuple(keys.get(name_key(t), t) for t in row) for row in mentions))


def _spaced(text: str) -> str:
    """Return the words of a text, folded, each between blanks: to look names up in it as whole words."""
    words = re.findall(r"\w+", text.casefold())
    return f" {' '.join(words)} "
