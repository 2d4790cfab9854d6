"""The order of the claims on a concept's page: what it is first, then by theme, from the general to the particular."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from nightdesk.wiki.proof.stems import word_set
from nightdesk.wiki.prose.language import stopwords

LEAD = ""  # the first theme, which stands without a heading: what the concept is
FURTHER = "Further"
MAX_THEMES = 7
MAX_CONCEPT_THEMES = 3
MAX_DEFINITIONS = 4
SMALL_PAGE = 7  # statements below which themes would only cut the page to pieces
DEFAULT_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim as its concept's page sees it."""

    text: str
    source: str  # title or page name
    published: str | None  # ISO date, or year and month, or year
    concepts: tuple[str, ...]  # titles of the concepts in it, as pages are named
    defines: bool  # says what the page's concept is


@dataclass(frozen=True, slots=True)
class Theme:
    """Statements that belong together, by index, in the order to tell them.

    Each group holds those that say the same, the clearest first: one sentence can stand for it and cite them all.
    """

    title: str  # "" for the lead
    groups: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Ordered:
    """A page's statements in themes, and how many were left out because the page has a limit."""

    themes: tuple[Theme, ...]
    left_out: int


def order_claims(
    statements: Sequence[Statement], *, title: str, language: str = "en", limit: int = DEFAULT_LIMIT
) -> Ordered:
    """Return the statements of the page `title` in themes, at most MAX_THEMES of them.

    At most `limit` groups are taken, the best of each source, then the second best, and so on; those that say the same
    count once.
    """
    words = [_content(statement.text, language) for statement in statements]
    groups = _same_groups(statements, words)
    leaders = _select([group[0] for group in groups], statements, words, title, limit)
    members = {group[0]: tuple(group) for group in groups}
    themes: list[tuple[str, list[int]]] = []
    definitions, rest = _definitions(leaders, statements, title)
    if definitions:
        themes.append((LEAD, definitions))
    if rest and len(rest) < SMALL_PAGE:
        themes.append((FURTHER if definitions else LEAD, _from_general(rest, statements)))
    elif rest:
        themes += [
            (name, _from_general(found, statements)) for name, found in _themes(rest, statements, title, language)
        ]
    told = sum(len(members[leader]) for _, chosen in themes for leader in chosen)
    return Ordered(
        tuple(Theme(name, tuple(members[leader] for leader in chosen)) for name, chosen in themes),
        left_out=len(statements) - told,
    )


def _from_general(chosen: list[int], statements: Sequence[Statement]) -> list[int]:
    return sorted(chosen, key=lambda index: (_particular(statements[index]), statements[index].published or "", index))


_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_UNSPACED = re.compile(r"[㐀-鿿ぁ-ヿ]")
_NEGATIONS = frozenset(
    ("not", "no", "never", "without", "cannot", "nor", "nicht", "kein", "pas", "sans", "sin", "ohne")
)

_NUMBERS = word_set(  # as _content cuts them
    "one two three four five six seven eight nine ten eleven twelv twenty thirty forty fifty hundr hundred thousand"
    " million billion half twice double zwei drei vier fünf sech sieben acht neun zehn deux trois quatre cinq sept huit"
    " neuf dix"
)


def _content(text: str, language: str) -> frozenset[str]:
    """Return the words of a statement that carry its content: numbers and negations among them, endings cut."""
    text = text[:2000].casefold()
    if _UNSPACED.search(text):
        letters = "".join(_WORD.findall(text))
        return frozenset(letters[at : at + 2] for at in range(len(letters) - 1))
    function = stopwords(language)
    return frozenset(
        word
        if len(word) < 6 or word[0].isdigit()
        else word[:-1].rstrip("e")
        if word.endswith("s")
        else word.rstrip("e")
        for word in _WORD.findall(text)
        if word in _NEGATIONS or word[0].isdigit() or (len(word) > 1 and word not in function)
    )


def _same_groups(statements: Sequence[Statement], words: Sequence[frozenset[str]]) -> list[list[int]]:
    """Return the statements in groups that say the same, each group's clearest first; most are alone.

    Compared are only statements that share one of their three rarest words, and of those at most the last eight, so
    that 2,000 statements cost little more than 2,000 comparisons.
    """
    spread = Counter(word for content in words for word in content)
    leader_of: list[int] = list(range(len(statements)))
    seen: dict[str, list[int]] = defaultdict(list)
    for index, content in enumerate(words):
        rare = sorted(content, key=lambda word: (spread[word], word))[:3]
        others = sorted({other for word in rare for other in seen[word][-8:]})
        for other in others:
            if _same(content, words[other]):
                leader_of[index] = leader_of[other]
                break
        for word in rare:
            seen[word].append(index)
    groups: dict[int, list[int]] = defaultdict(list)
    for index, leader in enumerate(leader_of):
        groups[leader].append(index)
    return [
        sorted(group, key=lambda index: (not statements[index].defines, len(statements[index].text), index))
        for _, group in sorted(groups.items())
    ]


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(one & other)
    if shared < 3 or shared < 0.7 * len(one | other):
        return False
    differing = one ^ other
    # 2 and 3 times are not the same, nor are five and six steps
    return not any(word in _NEGATIONS or word in _NUMBERS or word[0].isdigit() for word in differing)


def _select(
    leaders: list[int], statements: Sequence[Statement], words: Sequence[frozenset[str]], title: str, limit: int
) -> list[int]:
    """Return the best `limit` statements in their own order: the best of each source, then the second best…"""
    if len(leaders) <= limit:
        return leaders
    by_source: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for index in leaders:
        by_source[statements[index].source].append((-_worth(statements[index], words[index], title), index))
    turns = [
        (turn, worth, index) for ranked in by_source.values() for turn, (worth, index) in enumerate(sorted(ranked))
    ]
    return sorted(index for _, _, index in sorted(turns)[:limit])


def _worth(statement: Statement, content: frozenset[str], title: str) -> float:
    """Return how much a statement tells about the concept: a definition, its name first, other terms, figures."""
    score = 3.0 if statement.defines else 0.0
    score += 1.0 if statement.concepts and statement.concepts[0] == title else 0.0
    score += 0.3 * min(4, len(set(statement.concepts)))
    score += 0.05 * min(16, len(content))
    return score + (0.3 if _FIGURE.search(statement.text) else 0.0)


def _definitions(leaders: list[int], statements: Sequence[Statement], title: str) -> tuple[list[int], list[int]]:
    """Return the defining statements, the plainest first, and all others."""
    defining = sorted(
        (index for index in leaders if statements[index].defines),
        key=lambda index: (statements[index].concepts[:1] != (title,), _particular(statements[index]), index),
    )[:MAX_DEFINITIONS]
    return defining, [index for index in leaders if index not in set(defining)]


def _themes(rest: list[int], statements: Sequence[Statement], title: str, language: str) -> list[tuple[str, list[int]]]:
    """Return the statements under concepts that many of them share, then under what they say, then under FURTHER."""
    themes: list[tuple[str, list[int]]] = []
    still = list(rest)
    fewest = max(3, len(rest) // 8)
    for _ in range(MAX_CONCEPT_THEMES if len(rest) >= 2 * SMALL_PAGE else 1):
        counts = Counter(key for index in still for key in set(statements[index].concepts) if key != title)
        shared = [(-count, key) for key, count in counts.items() if fewest <= count <= 0.6 * len(rest)]
        if not shared:
            break
        key = min(shared)[1]
        themes.append((key, [index for index in still if key in statements[index].concepts]))
        still = [index for index in still if key not in statements[index].concepts]
    themes.sort(key=lambda theme: (-len(theme[1]), theme[0]))
    return themes + _kinds(still, statements, language, room=MAX_THEMES - 1 - len(themes))


def _kinds(
    still: list[int], statements: Sequence[Statement], language: str, *, room: int
) -> list[tuple[str, list[int]]]:
    kinds: dict[str, list[int]] = {title: [] for title, _ in _cues()}
    further: list[int] = []
    for index in still:
        kind = _kind(statements[index].text) if language == "en" else None
        (kinds[kind] if kind else further).append(index)
    kept = [title for title, _ in _cues() if len(kinds[title]) >= 2]
    while len(kept) > max(0, room - 1):
        kept.remove(min(kept, key=lambda title: len(kinds[title])))
    for title, indexes in kinds.items():
        if title not in kept:
            further += indexes
    themes = [(title, kinds[title]) for title in kept]
    return [*themes, (FURTHER, sorted(further))] if further else themes


@cache
def _cues() -> tuple[tuple[str, frozenset[str]], ...]:
    """Return the themes that a statement's words can show, in the page's order (English only)."""
    words: dict[str, list[str]] = {}
    for line in files("nightdesk.wiki").joinpath("words", "en-themes.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            title, cues = line.split(": ", 1)
            words.setdefault(title, []).extend(cues.split())
    return tuple((title, frozenset(cues)) for title, cues in words.items())


def _kind(text: str) -> str | None:
    """Return the theme whose words a statement uses most, None if it uses none; the later wins a tie."""
    used = set(_TOKEN.findall(text[:1000].casefold()))
    count, place = max((len(used & cues), place) for place, (_, cues) in enumerate(_cues()))
    return _cues()[place][0] if count else None


_TOKEN = re.compile(r"[^\W\d_]+(?:'t)?")
_FIGURE = re.compile(r"\d")
_DATED = re.compile(r"\b(?:19|20)\d\d\b|\b(?:we|our|I)\b")
_GENERAL = re.compile(r"\b(?:is an?|are|usually|generally|in general|always|most|means|refers to)\b")


def _particular(statement: Statement) -> float:
    """Return how particular a statement is: figures, length, many terms, and what somebody once did."""
    text = statement.text[:1000]
    score = min(4, len(_FIGURE.findall(text))) * 0.5 + min(4, len(set(statement.concepts))) * 0.25
    score += 1.0 if _DATED.search(text) else 0.0
    score -= 0.75 if _GENERAL.search(text) else 0.0
    return round(score + min(400, len(text)) / 200, 3)
