"""What a query asks for, taken apart: terms, groups of them, and filters."""

from collections.abc import Iterator
from dataclasses import dataclass

from nightdesk.base.errors import DeskError
from nightdesk.wiki.search.tokens import Token


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one after the other: one word, or a phrase."""

    tokens: tuple[Token, ...]
    prefix: bool  # the last one is only the beginning of a word
    exact: bool  # in quotes: no other endings, no corrections


@dataclass(frozen=True, slots=True)
class Both:
    """All of `wanted` and none of `excluded`."""

    wanted: tuple["Node", ...]
    excluded: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of `parts`."""

    parts: tuple["Node", ...]


Node = Term | Both | Either


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on what a result is; it holds where one of `values` does."""

    name: str
    values: tuple[str, ...]  # of after and before: an ISO date
    negated: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A query taken apart."""

    wanted: Node | None  # None: filters alone, or with exclusions only
    excluded: tuple[Node, ...]  # where nothing is wanted, else they are part of `wanted`
    filters: tuple[Filter, ...]


class QueryError(DeskError):
    """A query that asks for nothing sensible; `position` counts characters from 1."""

    def __init__(self, message: str, position: int, *, fix: str | None = None) -> None:
        super().__init__(f"the query goes wrong at character {position}: {message}", fix=fix)
        self.position = position


def terms_of(node: Node | None) -> Iterator[Term]:
    """Yield the terms that are wanted, in their order."""
    if isinstance(node, Term):
        yield node
    elif isinstance(node, Both | Either):
        for part in node.wanted if isinstance(node, Both) else node.parts:
            yield from terms_of(part)
