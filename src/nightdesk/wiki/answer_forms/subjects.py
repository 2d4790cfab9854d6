"""What a question compares: the pages that it names, and what the desk has to say of each."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from nightdesk.base.names import name_key
from nightdesk.wiki.answer_forms.figures import Thing, thing_of
from nightdesk.wiki.answering.answerer import Looked
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.answering.statements import Statement, Statements
from nightdesk.wiki.claims import find_citations

_TYPES = ("concept", "entity")
MAX_WORDS = 6  # of a page's name that is looked for in the question
MAX_CLAIMS = 60  # of one page
_WORD = re.compile(r"[^\W_]+(?:[-.'’+#/][^\W_]+)*[+#]*")


_JOINED = re.compile(  # what stands between names that are compared
    r"\s*(?:[,/&+、和与と]|,?\s*\b(?:and|or|vs\.?|versus|with|against|from|than|to|und|oder|gegen|von|mit|als)\b"
    r"|\b(?:compared? (?:to|with)|differs? from|(?:better|worse|larger|smaller|more|less) than)\b)"
    r"\s*(?:\b(?:the|a|an|that of|those of|der|die|das)\b\s*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Matter:
    """All that a table or a chart may be made from."""

    things: tuple[Thing, ...]  # what is compared: pages that the question names side by side, else that claims speak of
    is_named: bool  # whether the question names them
    attributes: tuple[Thing, ...]  # other pages that the question names, then those that the claims speak of
    asked: frozenset[str]  # the attributes that the question names
    claims: tuple[Passage, ...]  # on these pages, and those that fit the question
    rows: tuple[Statement, ...]  # rows of tables in texts that fit it, best first


def matter_of(looked: Looked, statements: Statements) -> Matter:
    """Return what the desk has for a comparison or a chart that answers this question."""
    named = list(_named(looked, statements))
    beside = {
        n for n, (one, two) in enumerate(pairwise(named)) if _JOINED.fullmatch(looked.question.text, one.end, two.start)
    }
    compared = beside | {n + 1 for n in beside}
    things = tuple(dict.fromkeys(one.thing for n, one in enumerate(named) if n in compared))
    asked = tuple(dict.fromkeys(one.thing for one in named if one.thing not in things))
    claims = dict.fromkeys(replace(one.passage, score=0.0) for one in looked.weighed if one.passage.kind == "claim")
    claims |= dict.fromkeys(passage for thing in (*things, *asked) for passage in _claims_on(thing, statements))
    known = {thing.name for thing in (*things, *asked)}
    names = dict.fromkeys(name for passage in claims for name in _concepts(passage, statements) if name not in known)
    others = tuple(_thing(name, statements) for name in names)
    return Matter(
        things or others,
        bool(things),
        (*asked, *others),
        frozenset(thing.name for thing in asked),
        tuple(claims),
        tuple(one.statement for one in looked.weighed if one.statement.cells),
    )


@dataclass(frozen=True, slots=True)
class _Named:
    thing: Thing
    start: int
    end: int


def _named(looked: Looked, statements: Statements) -> Iterator[_Named]:
    """Yield the concepts that the question names, in its order; of names that overlap the longest."""
    known = _names(looked, statements)
    words = list(_WORD.finditer(looked.question.text))
    at = 0
    while at < len(words):
        step = 1
        for length in range(min(MAX_WORDS, len(words) - at), 0, -1):
            run = words[at : at + length]
            name = _known(looked.question.text[run[0].start() : run[-1].end()], known)
            page = statements.page(statements.path_of(name) or "") if name else None
            if page and page.page.value("type") in _TYPES:
                yield _Named(_thing(name, statements), run[0].start(), run[-1].end())
                step = length
                break
        at += step


def _known(words: str, known: Mapping[str, str]) -> str:
    key = name_key(words)
    singular = key[:-1] if key.endswith("s") and len(key) > 3 else key
    return known.get(key) or known.get(singular) or known.get(key + "s") or ""


def _names(looked: Looked, statements: Statements) -> dict[str, str]:
    """Return the names of pages, and the other names of those that were read, each with the page's base name."""
    found: dict[str, str] = {}
    for path in looked.read:
        page = statements.page(path) if path.startswith("wiki/concepts/") else None
        for name in _other_names(page.page.value("aliases"), page.page.value("title")) if page else ():
            found.setdefault(name_key(name), page.name if page else "")
    return found | dict(statements.names)


def _other_names(aliases: object, title: object) -> Iterable[str]:
    listed = aliases if isinstance(aliases, list) else [aliases]
    return [str(name) for name in (*listed, title) if isinstance(name, str) and name.strip()]


def _thing(name: str, statements: Statements) -> Thing:
    page = statements.page(statements.path_of(name) or "")
    others = _other_names(page.page.value("aliases"), page.page.value("title")) if page else ()
    return thing_of(page.name if page else name, {name, *others})


def _claims_on(thing: Thing, statements: Statements) -> Iterator[Passage]:
    page = statements.page(statements.path_of(thing.name) or "")
    keys = dict.fromkeys((c.page, c.id) for c in find_citations(page.page.body)) if page else {}
    for name, identity in list(keys)[:MAX_CLAIMS]:
        claim, path = statements.claim(name, identity), statements.path_of(name)
        if claim and path:
            yield Passage(claim.statement, "claim", path, 1, "", name, identity, statements.raw_of(path), 0.0)


def _concepts(passage: Passage, statements: Statements) -> tuple[str, ...]:
    claim = statements.claim(passage.page, passage.claim)
    return tuple(name for name in claim.concepts if statements.path_of(name)) if claim else ()
