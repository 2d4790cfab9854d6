"""Pages looked up by words: in the title, the aliases, the one-line summary and the body, best first."""

import itertools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.names import name_key
from nightdesk.base.pages import parse_page, split_frontmatter
from nightdesk.wiki.library import page_paths

MAX_QUERY = 300  # characters
MAX_WORDS = 12  # of a query that are looked for
MAX_CHARS = 200_000  # of one page that are looked at
MAX_TOTAL = 50_000_000  # characters of all pages that are looked at: some 5,000 pages, a few seconds
MAX_EXCERPT = 240  # characters
_MAX_LINE = 2_000  # characters of a line that an excerpt is made of
_LIKELY = 60  # pages that are looked at closely
_GENERATED = ("wiki/index.md", "wiki/log.md")  # they name every page, so they would match every query
_WORD = re.compile(r"\w[\w.+#-]*")
_NO_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff]")  # scripts that put no blanks
_CLAIM_END = re.compile(r"(?:,? ?\[\[[^\[\]|#^]+\]\]){0,50} \^c[0-9a-f]{10,64}$")
_CITATION = re.compile(r"\s?\[\[[^\[\]]*#\^[^\[\]]*\]\]")
_LINK = re.compile(r"\[\[(?:[^\[\]|]+\|)?([^\[\]|]+)\]\]")  # the words that it shows


@dataclass(frozen=True, slots=True)
class Found:
    """One page that fits a query."""

    path: str  # relative to the desk
    name: str  # base name, by which links call it
    title: str
    kind: str  # its `type`: "concept", "source", …
    summary: str
    excerpt: str  # the first line of the body with most of the words, "" where only title or aliases have them
    score: float


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a look-up found, best first, and whether it looked at all pages."""

    pages: tuple[Found, ...]
    words: tuple[str, ...]  # what was looked for
    whole: bool  # False: the wiki is larger than one look-up reads


def find_pages(desk: Desk, query: str, *, limit: int = 10) -> Lookup:
    """Return at most `limit` pages that have words of `query`, those with the rarest and the most of them first."""
    words = query_words(query)
    if not words:
        raise DeskError("the query holds no word", fix="give a few words to look for")
    texts, whole = _texts(desk)
    return Lookup(rank(texts, words, phrase=query, limit=limit), words, whole)


def _texts(desk: Desk) -> tuple[list[tuple[str, str]], bool]:
    texts, total = [], 0
    for path in page_paths(desk):
        if path in _GENERATED:
            continue
        try:
            with (desk.root / path).open(encoding="utf-8") as file:
                text = file.read(MAX_CHARS)
        except (OSError, UnicodeDecodeError):
            continue  # one page that a person must mend does not hide the others
        texts.append((path, text))
        total += len(text)
        if total > MAX_TOTAL:
            return texts, False
    return texts, True


def query_words(query: str) -> tuple[str, ...]:
    """Return what is looked for: each word folded for case; of scripts without blanks each pair of characters."""
    words: list[str] = []
    for match in _WORD.finditer(name_key(query[:MAX_QUERY])):
        word = match.group().strip(".-")
        if _NO_SPACES.search(word) and len(word) > 2:
            words += [word[n : n + 2] for n in range(len(word) - 1)]
        elif word:
            words.append(word)
    return tuple(dict.fromkeys(words))[:MAX_WORDS]


def rank(texts: Iterable[tuple[str, str]], words: Sequence[str], *, phrase: str, limit: int) -> tuple[Found, ...]:
    """Return the pages among `texts` (path and text) that have one of `words`, best first; ties by path.

    A word that few pages have weighs more, and more in a title than in a body; a page whose title or alias is the
    whole phrase comes first.
    """
    patterns = [_pattern(word) for word in words]
    wanted = name_key(phrase.strip())
    seen = 0
    hits: list[_Hit] = []
    for path, text in texts:
        seen += 1
        hit = _look(path, text, patterns, phrase=wanted)
        if hit is not None:
            hits.append(hit)
    weights = [math.log(1 + seen / max(1, sum(hit.counts[n] > 0 for hit in hits))) for n in range(len(words))]
    hits.sort(key=lambda hit: (-hit.worth(weights), hit.path))
    # to take a page apart takes far longer than to count words in it: only the likely ones are
    found = [_found(hit, patterns, weights, phrase=wanted) for hit in hits[: max(_LIKELY, 3 * limit)]]
    return tuple(sorted((one for one in found if one.score > 0), key=lambda one: (-one.score, one.path))[:limit])


@dataclass(frozen=True, slots=True)
class _Hit:
    """A page that has at least one of the words."""

    path: str
    text: str
    counts: tuple[float, ...]  # of each word, those in the frontmatter for several
    named: bool  # the whole phrase is its base name or a line of its frontmatter

    def worth(self, weights: Sequence[float]) -> float:
        return sum(w * math.log2(1 + count) for w, count in zip(weights, self.counts, strict=True)) + 100 * self.named


def _look(path: str, text: str, patterns: Sequence[re.Pattern[str]], *, phrase: str) -> _Hit | None:
    folded = _folded(text)
    if not any(pattern.search(folded) for pattern in patterns):
        return None
    front, _, body = folded.removeprefix("---").partition("\n---")
    counts = tuple(20 * bool(pattern.search(front)) + _count(pattern, body) for pattern in patterns)
    named = name_key(_name(path)) == phrase or any(f"{key} {phrase}\n" in front for key in ("title:", "-"))
    return _Hit(path, text, counts, named)


def _count(pattern: re.Pattern[str], text: str) -> int:
    """Return how often `text` has a word, at most 8 times: more says little more."""
    return sum(1 for _ in itertools.islice(pattern.finditer(text), 8))


def _name(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".md")


def _pattern(word: str) -> re.Pattern[str]:
    """Return what finds a word at a word's beginning, its plural and other endings too."""
    if _NO_SPACES.search(word):
        return re.compile(re.escape(word))
    stem = word[:-1] if len(word) > 4 and word.endswith(("s", "e")) else word
    # a short word is whole: "adam" does not ask for "adamant"
    ending = r"(?:s|es)?(?!\w)" if len(word) < 5 else ""
    return re.compile(rf"(?<!\w){re.escape(stem)}{ending}")


def _found(hit: _Hit, patterns: Sequence[re.Pattern[str]], weights: Sequence[float], *, phrase: str) -> Found:
    name = _name(hit.path)
    title, aliases, kind, summary, body = _parts(hit.text, name)
    fields = ((" ".join((title, name)), 6.0), (" ".join(aliases), 4.0), (summary, 3.0))
    folded = [(name_key(field), weight) for field, weight in fields]
    body_folded = _folded(body)
    score, matched = 0.0, 0.0
    for pattern, weight in zip(patterns, weights, strict=True):
        worth = sum(field_weight for field, field_weight in folded if pattern.search(field))
        worth += math.log2(1 + _count(pattern, body_folded))
        if worth:
            score += weight * worth
            matched += weight
    score *= matched / (sum(weights) or 1.0)  # all the words rather than one of them often
    if phrase in {name_key(title), name_key(name), *map(name_key, aliases)}:
        score += 100.0
    return Found(hit.path, name, title, kind, summary, _excerpt(body, patterns), round(score, 3))


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else name_key(text)  # the same, and much faster for most pages


def _parts(text: str, name: str) -> tuple[str, tuple[str, ...], str, str, str]:
    """Return title, aliases, type, summary and body of a page; one with broken frontmatter has only a body."""
    try:
        page = parse_page(text)
    except DeskError:
        return name, (), "", "", split_frontmatter(text)[1]
    aliases = page.value("aliases")
    listed = aliases if isinstance(aliases, list) else [aliases]
    return (
        str(page.value("title") or name),
        tuple(str(alias) for alias in listed if alias is not None),
        str(page.value("type") or ""),
        str(page.value("summary") or ""),
        page.body,
    )


def _excerpt(body: str, patterns: Sequence[re.Pattern[str]]) -> str:
    best, most = "", 0
    for line in body.split("\n"):
        if line.startswith("#"):
            continue
        folded = _folded(line)
        count = sum(bool(pattern.search(folded)) for pattern in patterns)
        if count > most:
            best, most = line, count
            if most == len(patterns):
                break
    plain = _LINK.sub(r"\1", _CITATION.sub("", _CLAIM_END.sub("", best[:_MAX_LINE]))).lstrip("-> \t").strip()
    return plain if len(plain) <= MAX_EXCERPT else plain[: MAX_EXCERPT - 1].rstrip() + "…"
