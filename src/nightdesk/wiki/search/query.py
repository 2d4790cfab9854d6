"""The query language: what a query's text asks for, or one line that says at which character it goes wrong."""

from collections.abc import Sequence
from typing import NoReturn

from nightdesk.wiki.search.asked import Both, Either, Filter, Node, Query, QueryError, Term
from nightdesk.wiki.search.lexer import MAX_QUERY, MAX_TERMS, Lexer, Piece, plain_signs
from nightdesk.wiki.search.tokens import Token, tokens_of

_ONCE = ("type", "in")  # filters of which one is enough


def parse_query(text: str) -> Query:
    """Return what a query asks for. Raises QueryError (a DeskError) for a query that cannot be read."""
    if len(text) > MAX_QUERY:
        raise QueryError(f"it has {len(text):,} characters, at most {MAX_QUERY:,} are read", MAX_QUERY + 1)
    text = plain_signs(text)
    pieces = Lexer(text).pieces()
    filters = _filters(pieces)
    wanted, excluded = _Parser([piece for piece in pieces if piece.kind != "filter"], bool(filters)).query()
    if wanted is None and not excluded and not filters:
        raise QueryError("the query holds no word", 1, fix="give a few words to look for")
    if wanted is None and excluded and not filters:
        fix = "add a word, or a filter such as type:concept"
        raise QueryError("it only says what is not wanted", 1, fix=fix)
    return Query(wanted, excluded, filters)


def plain_query(text: str, *, most: int = MAX_TERMS) -> Query:
    """Return the query for what has one of the first `most` words of `text`, in which nothing has a meaning of its own.

    Of scripts without blanks each pair of characters counts as a word. Raises QueryError for a text without words.
    """
    terms: dict[Term, None] = {}
    for token in tokens_of(text[:MAX_QUERY]):
        parts = [token.text[at : at + 2] for at in range(max(1, len(token.text) - 1))] if token.paired else [token.text]
        terms |= dict.fromkeys(Term((Token(part, token.paired),), prefix=False, exact=False) for part in parts)
    if not terms:
        raise QueryError("the query holds no word", 1, fix="give a few words to look for")
    wanted = tuple(terms)[:most]
    return Query(wanted[0] if len(wanted) == 1 else Either(wanted), (), ())


def _filters(pieces: Sequence[Piece]) -> tuple[Filter, ...]:
    depth, found = 0, []
    seen: set[str] = set()
    for piece in pieces:
        depth += (piece.kind == "(") - (piece.kind == ")")
        if piece.filter is None:
            continue
        name = piece.filter.name
        if depth:
            raise QueryError("a filter holds for the whole query", piece.at, fix=f"put {name}: outside the brackets")
        if name in _ONCE and not piece.filter.negated:
            if name in seen:
                fix = f"write {name}:{_FIRST[name]},{_SECOND[name]} for either"
                raise QueryError(f"{name}: stands twice", piece.at, fix=fix)
            seen.add(name)
        found.append(piece.filter)
    return tuple(found)


_FIRST = {"type": "concept", "in": "wiki"}
_SECOND = {"type": "source", "in": "claims"}


class _Parser:
    """Builds what is wanted from the pieces: `or` binds loosest, then words side by side, then exclusion."""

    def __init__(self, pieces: Sequence[Piece], filtered: bool) -> None:
        self._pieces = pieces
        self._next = 0
        self._filtered = filtered

    @property
    def _here(self) -> Piece:
        return self._pieces[self._next]

    def query(self) -> tuple[Node | None, tuple[Node, ...]]:
        """Return what is wanted, None for nothing, and what is excluded where nothing is wanted."""
        if self._here.kind == "end":
            return None, ()
        node = self._either(outermost=True)
        if isinstance(node, Both) and not node.wanted:
            return None, node.excluded
        return node, ()

    def _either(self, *, outermost: bool = False) -> Node:
        start = self._here.at
        parts = [self._both()]
        while self._here.kind == "or":
            self._next += 1
            parts.append(self._both())
        empty = next((part for part in parts if isinstance(part, Both) and not part.wanted), None)
        if empty is not None and not (outermost and len(parts) == 1):
            raise QueryError("here only something is excluded", start, fix="say what is wanted beside it")
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Node:
        wanted: list[Node] = []
        excluded: list[Node] = []
        while self._here.kind in ("term", "(", "-", "and"):
            if self._here.kind == "and":
                self._operand_follows()
                continue
            negated = self._here.kind == "-"
            self._next += negated
            (excluded if negated else wanted).append(self._one())
        if not wanted and not excluded:
            self._fail()
        return wanted[0] if len(wanted) == 1 and not excluded else Both(tuple(wanted), tuple(excluded))

    def _operand_follows(self) -> None:
        first = self._next == 0 or self._pieces[self._next - 1].kind in ("or", "(", "and", "-")
        self._next += 1
        if first or self._here.kind not in ("term", "(", "-"):
            self._next -= 1
            self._fail()

    def _one(self) -> Node:
        piece = self._here
        if piece.kind == "term" and piece.term is not None:
            self._next += 1
            return piece.term
        if piece.kind != "(":
            self._fail()
        self._next += 1
        node = self._either()
        if self._here.kind != ")":
            raise QueryError("this bracket is never closed", piece.at, fix="close it with )")
        self._next += 1
        return node

    def _fail(self) -> NoReturn:
        piece = self._here
        said = {"or": "OR", "and": "AND"}.get(piece.kind)
        if said or (self._next and self._pieces[self._next - 1].kind in ("or", "and")):
            said = said or self._pieces[self._next - 1].kind.upper()
            fix = "filters hold for the whole query: write type:concept,source" if self._filtered else None
            raise QueryError(
                f"{said} stands between two words or brackets", piece.at, fix=fix or f'to look for the word: "{said}"'
            )
        if piece.kind == ")":
            raise QueryError("there is nothing in these brackets", piece.at)
        raise QueryError("something is missing here", piece.at)
