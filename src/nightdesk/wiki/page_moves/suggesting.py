"""Pages that may be one: suggested only where the desk itself gives evidence, never because names are alike."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.names import name_key
from nightdesk.wiki.claims import Claim, parse_claims
from nightdesk.wiki.library import page_paths, read_page
from nightdesk.wiki.page_moves.choosing import Chosen, kind_of
from nightdesk.wiki.prose.sentences import split_sentences
from nightdesk.wiki.terms.acronyms import acronyms, other_names

MOST_SHARED = 0.8  # of the claims of the smaller page: from so many on, two pages speak of one thing
LEAST_SHARED = 3
MAX_SHARING = 12  # pages that one alias or claim may name; more are no evidence for any two of them
MAX_SHOWN = 5  # claim ids


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two concept pages that may be one, and why: `into` has more claims."""

    page: str  # base name of the page that would go
    into: str
    why: str  # in words, with the words or claims of the desk that say it
    claims: tuple[str, ...]  # ids of the claims that are the evidence


def suggest_merges(desk: Desk) -> list[Suggestion]:
    """Return the pairs with evidence: a text says that both names mean the same, a shared alias, shared claims."""
    pages = {name_key(chosen.name): chosen for chosen in _concepts(desk)}
    claims = _claims(desk, pages)
    found: dict[tuple[str, str], Suggestion] = {}
    for one, other, why, ids in [
        *_by_alias(pages),
        *_by_text(pages, claims),
        *_by_claims(claims),
    ]:
        keys = sorted((one, other), key=lambda key: (len(claims.get(key, {})), key))
        found.setdefault(
            (keys[0], keys[1]), Suggestion(pages[keys[0]].name, pages[keys[1]].name, why, tuple(ids[:MAX_SHOWN]))
        )
    return [found[key] for key in sorted(found)]


def _concepts(desk: Desk) -> Iterator[Chosen]:
    for path in page_paths(desk):
        if path.startswith("wiki/concepts/"):
            try:
                page = read_page(desk, path).page
            except DeskError:
                continue  # a person must mend it first
            if kind_of(path, page) == "concept":
                yield Chosen(path, page, "concept")


def _claims(desk: Desk, pages: dict[str, Chosen]) -> dict[str, dict[str, Claim]]:
    """Return the claims that speak of each page, by the page's key and the claim's id."""
    found: dict[str, dict[str, Claim]] = defaultdict(dict)
    for path in page_paths(desk):
        if not path.startswith("wiki/sources/"):
            continue
        try:
            body = read_page(desk, path).page.body
        except DeskError:
            continue
        for claim in parse_claims(body.partition("\n## Open questions\n")[0] + "\n"):
            for name in claim.concepts:
                if (key := name_key(name)) in pages:
                    found[key][claim.id] = claim
    return found


Evidence = tuple[str, str, str, list[str]]  # keys of two pages, why, claim ids


def _by_alias(pages: dict[str, Chosen]) -> Iterator[Evidence]:
    named: dict[str, dict[str, str]] = defaultdict(dict)
    for key, chosen in pages.items():
        for name in (chosen.title, *chosen.aliases):
            named[name_key(name)][key] = name
    for sharing in named.values():
        if 1 < len(sharing) <= MAX_SHARING:
            for one, other in combinations(sorted(sharing), 2):
                yield one, other, f'both are called "{sharing[one]}"', []


def _by_text(pages: dict[str, Chosen], claims: dict[str, dict[str, Claim]]) -> Iterator[Evidence]:
    """Yield the pairs of which a quote says that one name stands for the other: "bits per byte (BPB)"."""
    names = {name_key(name): key for key, chosen in pages.items() for name in (chosen.title, *chosen.aliases)}
    names |= {key: key for key in pages}
    every = {claim.id: claim for found in claims.values() for claim in found.values()}
    languages = {key: str(chosen.page.value("language") or "en") for key, chosen in pages.items()}
    for claim in every.values():
        if "(" not in claim.quote and "called" not in claim.quote and "known as" not in claim.quote:
            continue
        language = next((languages[name_key(name)] for name in claim.concepts if name_key(name) in languages), "en")
        sentences = split_sentences(claim.quote, language=language)
        for same in (*acronyms(sentences, language=language), *other_names(sentences, language=language)):
            one, other = names.get(name_key(same.short_form)), names.get(name_key(same.long_form))
            if one is not None and other is not None and one != other:
                what = "is short for" if same.acronym else "is another name for"
                yield one, other, f'a text says that "{same.short_form}" {what} "{same.long_form}"', [claim.id]


def _by_claims(claims: dict[str, dict[str, Claim]]) -> Iterator[Evidence]:
    naming: dict[str, list[str]] = defaultdict(list)
    for key in sorted(claims):
        for identity in claims[key]:
            naming[identity].append(key)
    shared: dict[tuple[str, str], list[str]] = defaultdict(list)
    for identity, keys in naming.items():
        if 1 < len(keys) <= MAX_SHARING:
            for one, other in combinations(keys, 2):
                shared[one, other].append(identity)
    for (one, other), ids in shared.items():
        fewer = min(len(claims[one]), len(claims[other]))
        if len(ids) >= LEAST_SHARED and len(ids) >= MOST_SHARED * fewer:
            yield one, other, f"{len(ids)} of {fewer} claims of the smaller page speak of both", sorted(ids)
