"""Pairs of claims that a worker should compare: those on one concept with words in common, never all with all."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.wiki.claims import parse_claims
from nightdesk.wiki.contradictions.items import Side, item_id
from nightdesk.wiki.library import page_paths, read_page
from nightdesk.wiki.proof.polarity import read_clauses, read_polarity

MAX_MEMBERS = 400  # claims of one concept that are looked at
MAX_POSTINGS = 60  # claims of one concept with the same word: a commoner one tells nothing
MAX_PER_CONCEPT = 40  # pairs
MIN_SHARED = 2  # words, beside those of the concept's own name
MIN_SHARE = 0.25  # of the words of the shorter claim


@dataclass(frozen=True, slots=True)
class Stated:
    """A claim as it stands on a source page."""

    side: Side
    quote: str
    concepts: tuple[str, ...]
    language: str


def stated_claims(desk: Desk) -> dict[str, Stated]:
    """Return the claims of all source pages by id; pages that cannot be read are passed over."""
    found: dict[str, Stated] = {}
    for path in page_paths(desk):
        if not path.startswith("wiki/sources/"):
            continue
        try:
            shelved = read_page(desk, path)
        except DeskError:
            continue  # told by lint and compile
        published, language = (str(shelved.page.value(key) or "") for key in ("published", "language"))
        for claim in parse_claims(shelved.page.body):
            side = Side(claim.id, shelved.name, " ".join(claim.statement.split()), published)
            found.setdefault(claim.id, Stated(side, claim.quote, claim.concepts, language))
    return found


def candidate_pairs(
    claims: Mapping[str, Stated], *, is_known: Callable[[str], bool], most: int
) -> tuple[list[tuple[str, str]], int]:
    """Return at most so many pairs of claim ids, the likeliest first, and how many there are besides.

    `is_known` says of an item's id whether it was judged already.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for identity, stated in claims.items():
        for concept in stated.concepts:
            if len(members[concept]) < MAX_MEMBERS:
                members[concept].append(identity)
    words = {identity: _words(stated) for identity, stated in claims.items() if stated.concepts}
    scores: dict[tuple[str, str], float] = {}
    for concept in sorted(members):
        if len(members[concept]) > 1:
            for pair, score in _likeliest(members[concept], words, _name_words(concept)):
                scores[pair] = max(score, scores.get(pair, 0.0))
    pairs = sorted((pair for pair in scores if not is_known(item_id(*pair))), key=lambda pair: (-scores[pair], pair))
    return pairs[:most], max(0, len(pairs) - most)


def _likeliest(
    members: Sequence[str], words: Mapping[str, frozenset[str]], own: frozenset[str]
) -> Iterator[tuple[tuple[str, str], float]]:
    having: dict[str, list[str]] = defaultdict(list)
    for identity in members:
        for word in words[identity] - own:
            having[word].append(identity)
    shared: Counter[tuple[str, str]] = Counter()
    for holders in having.values():
        if len(holders) <= MAX_POSTINGS:
            shared.update((one, other) for n, one in enumerate(holders) for other in holders[n + 1 :])
    scored = []
    for (one, other), count in shared.items():
        share = count / max(1, min(len(words[one] - own), len(words[other] - own)))
        if count >= MIN_SHARED and share >= MIN_SHARE:
            scored.append((count * share, tuple(sorted((one, other)))))
    for score, (one, other) in sorted(scored, key=lambda entry: (-entry[0], entry[1]))[:MAX_PER_CONCEPT]:
        yield (one, other), score


def _words(stated: Stated) -> frozenset[str]:
    text = stated.side.statement
    if stated.language in ("", "en"):
        return read_polarity(text).content
    return frozenset(word for clause in read_clauses(text, stated.language) for word in clause.words)


def _name_words(concept: str) -> frozenset[str]:
    return read_polarity(concept).content
