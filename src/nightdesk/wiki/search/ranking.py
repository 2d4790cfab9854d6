"""What fits a query, best first: the query as the full-text table takes it, its filters, and the order of results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nightdesk.base.names import name_key
from nightdesk.wiki.search.asked import Either, Filter, Node, Query, Term, terms_of
from nightdesk.wiki.search.inflections import inflections
from nightdesk.wiki.search.schema import KIND_WEIGHTS, KINDS
from nightdesk.wiki.search.store import Store
from nightdesk.wiki.search.tokens import indexed
from nightdesk.wiki.search.typos import nearest_word

_NAMED = 100.0  # what a page gets more whose title or alias is the whole query
_MAX_NAMED = 20
MAX_RANKED = 2_000  # documents that are weighed against one another: some 5 ms
_TIERS = ("title aliases", "headings tags", "")  # of more than these, in this order
_TIER_WORTH = 20.0
_MAX_FORMS = 8  # of one word
_WEIGHED = " ".join(f"WHEN {kind} THEN {weight}" for kind, weight in enumerate(KIND_WEIGHTS))


@dataclass(frozen=True, slots=True)
class Wording:
    """The words that are looked for in place of those of a query."""

    forms: Mapping[str, tuple[str, ...]]  # a word -> itself or its correction, then other endings that stand somewhere
    corrected: Mapping[str, str]
    missing: tuple[str, ...]  # words that stand nowhere, and nothing near them


@dataclass(frozen=True, slots=True)
class Ranked:
    """A document that fits."""

    id: int
    score: float  # higher is better; 0.0 for a query of filters only


def simple_word(term: Term) -> str | None:
    """Return the one word of a term that may have other endings, None for any other term."""
    if term.exact or term.prefix or len(term.tokens) > 1 or term.tokens[0].paired:
        return None
    return term.tokens[0].text if term.tokens[0].text.isalpha() else None


def word_query(store: Store, query: Query) -> Wording:
    """Return the forms of each plain word of a query that stand in the texts; a word that has none is corrected."""
    forms: dict[str, tuple[str, ...]] = {}
    corrected: dict[str, str] = {}
    missing: list[str] = []
    for node in (query.wanted, *query.excluded):
        for word in filter(None, map(simple_word, terms_of(node))):
            if word in forms:
                continue
            found = _known_forms(store, word)
            if not found and len(word) > 2:
                near = nearest_word(word, store.lookup, store.words_from)
                if near:
                    corrected[word] = near
                    found = _known_forms(store, near)
                else:
                    missing.append(word)
            forms[word] = found or (word,)
    return Wording(forms, corrected, tuple(missing))


def _known_forms(store: Store, word: str) -> tuple[str, ...]:
    if len(word) < 3:
        return (word,)  # the vocabulary holds no shorter ones
    counts = store.lookup((word, *inflections(word)))
    others = sorted(counts.keys() - {word}, key=lambda form: (-counts[form], form))
    return (*([word] if word in counts else []), *others[: _MAX_FORMS - 1])


def expression(node: Node, wording: Wording, *, exclude: bool = True, nearness: bool = True) -> str:
    """Return a node as FTS5's query language has it; every word stands in quotes, so none of it can be syntax.

    With `nearness`, plain words count once more where they stand side by side; without `exclude`, exclusions are left
    out.
    """
    if isinstance(node, Term):
        return _term(node, wording)
    if isinstance(node, Either):
        return " OR ".join(f"({expression(part, wording, exclude=exclude, nearness=nearness)})" for part in node.parts)
    parts = tuple(dict.fromkeys(node.wanted))
    wanted = " AND ".join(f"({expression(part, wording, exclude=exclude, nearness=nearness)})" for part in parts)
    words = [word for part in parts if isinstance(part, Term) and (word := simple_word(part))]
    if nearness and len(words) > 1 and len(words) == len(parts):  # no other page fits by it
        wanted = f'({wanted}) OR "{" ".join(wording.forms[word][0] for word in words)}"'
    if not node.excluded or not exclude:
        return wanted
    excluded = " OR ".join(f"({expression(part, wording)})" for part in node.excluded)
    return f"({wanted}) NOT ({excluded})"


def _term(term: Term, wording: Wording) -> str:
    if word := simple_word(term):
        return " OR ".join(f'"{form}"' for form in wording.forms.get(word, (word,)))
    parts: list[str] = []
    prefix = term.prefix
    for at, token in enumerate(term.tokens):
        last = at == len(term.tokens) - 1
        texts, open_ended = indexed(token, last=last)
        parts += texts
        prefix = prefix or open_ended
    return f'"{" ".join(parts)}"{"*" if prefix else ""}'


def rank(store: Store, query: Query, wording: Wording, *, text: str, limit: int) -> list[Ranked]:
    """Return at most `limit` documents that fit, best first; ties in the order of paths, then of a page's claims."""
    conditions, values = _conditions(query)
    if query.wanted is None:
        return _listed(store, query, wording, conditions, values, limit)
    match = expression(query.wanted, wording)
    named = _named(store, text)
    rows = _best(store, query.wanted, wording, conditions, values, limit + len(named))
    known = {identity for identity, _ in rows}
    for identity in named - known:
        rows += _run(store, match, [*conditions, f"fts.rowid = {int(identity)}"], values, limit=1)
    paths = _paths(store, [identity for identity, _ in rows])
    found = [Ranked(identity, round(-score, 4) + (_NAMED if identity in named else 0.0)) for identity, score in rows]
    found.sort(key=lambda one: (-one.score, one.id & 3, paths[one.id], one.id))
    return found[:limit]


def _best(
    store: Store, wanted: Node, wording: Wording, conditions: Sequence[str], values: Sequence[str], limit: int
) -> list[tuple[int, float]]:
    """Return documents that fit with their scores (lower is better), the best `limit` and perhaps one more.

    To weigh a document takes longer than to find it. Where more than MAX_RANKED fit, those with the words in their
    names come before those with them in headings or tags, and of each only the first MAX_RANKED are weighed.
    """
    match = expression(wanted, wording)
    if not _has_more(store, match, conditions, values, MAX_RANKED):
        rows = _run(store, match, conditions, values, limit=limit + 1)
        if len(rows) > limit and rows[-1][1] == rows[limit - 1][1]:  # more ties than were fetched: by path, slower
            return _run(store, match, conditions, values, limit=limit, by_path=True)
        return rows
    found: dict[int, float] = {}
    match = expression(wanted, wording, nearness=False)  # of words that are so common it would cost the most
    positive = expression(wanted, wording, exclude=False, nearness=False)
    for tier, columns in enumerate(_TIERS):
        narrowed = f"{{{columns}}} : ({positive})"
        if positive != match:
            narrowed = f"({narrowed}) AND ({match})"
        rows = _run(store, narrowed if columns else match, conditions, values, limit=limit + 1, most=MAX_RANKED)
        for identity, score in rows:
            found.setdefault(identity, score - _TIER_WORTH * (len(_TIERS) - 1 - tier))
        if len(found) > limit:
            break
    return list(found.items())


def _has_more(store: Store, match: str, conditions: Sequence[str], values: Sequence[str], count: int) -> bool:
    where = " AND ".join(["fts MATCH ?", *conditions])
    statement = f"SELECT count(*) FROM (SELECT 1 FROM {_tables(conditions)} WHERE {where} LIMIT {count + 1})"  # noqa: S608
    (number,) = store.database.execute(statement, (match, *values)).fetchone()
    return int(number) > count


def _tables(conditions: Sequence[str], *, joined: bool = False) -> str:
    if joined or any("d." in one or "f." in one for one in conditions):
        return "fts JOIN docs d ON d.id = fts.rowid JOIN files f ON f.id = d.file"
    return "fts"


def _run(
    store: Store,
    match: str,
    conditions: Sequence[str],
    values: Sequence[str],
    *,
    limit: int,
    by_path: bool = False,
    most: int | None = None,
) -> list[tuple[int, float]]:
    """Return the best documents with their scores; with `most`, of the first so many of the index."""
    where = " AND ".join(["fts MATCH ?", *conditions])
    score = f"rank * CASE fts.rowid & 3 {_WEIGHED} END AS score"
    if most is not None:
        inner = f"SELECT fts.rowid AS id, {score} FROM {_tables(conditions)} WHERE {where} LIMIT {most}"  # noqa: S608
        statement = f"SELECT id, score FROM ({inner}) ORDER BY score, id LIMIT {int(limit)}"  # noqa: S608
    else:
        order = "round(score, 4), fts.rowid & 3, f.folded, fts.rowid" if by_path else "score, fts.rowid"
        tables = _tables(conditions, joined=by_path)
        statement = f"SELECT fts.rowid, {score} FROM {tables} WHERE {where} ORDER BY {order} LIMIT {int(limit)}"  # noqa: S608
    return [(int(a), float(b)) for a, b in store.database.execute(statement, (match, *values))]


def _listed(
    store: Store, query: Query, wording: Wording, conditions: list[str], values: list[str], limit: int
) -> list[Ranked]:
    """Return what fits filters and exclusions only, by path; claims only where they are asked for."""
    if not any(one.name in ("in", "type") and not one.negated for one in query.filters):
        conditions = [*conditions, "(d.id & 3) <> 1"]
    if query.excluded:
        conditions = [*conditions, "d.id NOT IN (SELECT rowid FROM fts WHERE fts MATCH ?)"]
        values = [*values, " OR ".join(f"({expression(part, wording)})" for part in query.excluded)]
    where = " AND ".join(one.replace("fts.rowid", "d.id") for one in conditions)
    statement = (
        f"SELECT d.id FROM docs d JOIN files f ON f.id = d.file WHERE {where} "  # noqa: S608
        f"ORDER BY f.folded, d.id LIMIT {int(limit)}"
    )
    return [Ranked(int(identity), 0.0) for (identity,) in store.database.execute(statement, values)]


def _named(store: Store, text: str) -> set[int]:
    """Return the documents whose title, alias or name is the whole text of a query."""
    key = name_key(text.strip().strip('"').strip())
    rows = store.database.execute("SELECT id FROM names WHERE key = ? LIMIT ?", (key, _MAX_NAMED))
    return {int(identity) for (identity,) in rows}


def _paths(store: Store, ids: Sequence[int]) -> dict[int, str]:
    marks = ",".join("?" * len(ids))
    statement = f"SELECT d.id, f.folded FROM docs d JOIN files f ON f.id = d.file WHERE d.id IN ({marks})"  # noqa: S608
    return dict(store.database.execute(statement, ids))


def _conditions(query: Query) -> tuple[list[str], list[str]]:
    conditions: list[str] = []
    values: list[str] = []
    for one in query.filters:
        clauses, given = zip(*(_clause(one, value) for value in one.values), strict=True)
        either = f"({' OR '.join(clauses)})"
        conditions.append(f"NOT {either}" if one.negated else either)
        values += [value for several in given for value in several]
    return conditions, values


def _clause(one: Filter, value: str) -> tuple[str, tuple[str, ...]]:
    if one.name == "in":
        return f"(fts.rowid & 3) = {KINDS.index(value)}", ()
    if one.name == "type":
        return "d.type = ?", (value.casefold(),)
    if one.name == "tag":
        tag = value.rstrip("/").casefold()
        return "(instr(d.tags, ?) > 0 OR instr(d.tags, ?) > 0)", (f"\n{tag}\n", f"\n{tag}/")
    if one.name == "after":
        return "d.day >= ?", (value,)
    if one.name == "before":
        return "(d.day < ? AND d.day <> '')", (value,)
    path = name_key(value)
    if "*" in path or "?" in path:
        return "f.folded GLOB ?", (path.replace("[", "[[]"),)
    return "instr(f.folded, ?) > 0", (path,)
