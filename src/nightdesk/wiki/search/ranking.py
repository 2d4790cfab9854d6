"""What fits a query, best first: candidates, their weights, the query's filters, and the order of results.

To find what fits is cheap; to weigh a document is not, nor is it to begin to weigh by a word: BM25 first goes through
all the places of each word that it weighs. So words in most documents, which tell next to nothing, are only looked for,
and where very many documents fit, the few are weighed that have the words in their names or have the rare ones.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nightdesk.base.names import name_key
from nightdesk.wiki.search.asked import Either, Filter, Node, Query, Term
from nightdesk.wiki.search.schema import KIND_WEIGHTS, KINDS
from nightdesk.wiki.search.store import Store
from nightdesk.wiki.search.wording import Wording, expression, side_by_side, simple_word, without_words

_NAMED = 100.0  # what a page gets more whose title, alias or name is the whole query
_MAX_NAMED = 20
MAX_RANKED = 1_000  # documents that are weighed against one another: some 3 ms
_MAX_MENTIONS = 500  # of more, what only mentions the words
_NEARLY_EVERYWHERE = 0.25  # share of the documents from which a word is not weighed where another is
_MAX_SPREAD = 20_000  # documents with a word by which mere mentions are weighed: some 5 ms
_TIERS = ("title aliases", "headings tags")  # of more than MAX_RANKED that fit, in this order, before mere mentions
_TIER_WORTH = 40.0
_WEIGHED = " ".join(f"WHEN {kind} THEN {weight}" for kind, weight in enumerate(KIND_WEIGHTS))

Scores = dict[int, float]  # document -> higher is better


@dataclass(frozen=True, slots=True)
class Ranked:
    """A document that fits."""

    id: int
    score: float  # higher is better; 0.0 for a query of filters only


@dataclass(frozen=True, slots=True)
class _Where:
    """The conditions of a query's filters, with the values for their question marks."""

    conditions: tuple[str, ...]
    values: tuple[str, ...]

    def select(self, table: str, columns: str, condition: str) -> str:
        """Return a statement on a full-text table."""
        on_docs = any("d." in one or "f." in one for one in self.conditions)
        joined = f"{table} JOIN docs d ON d.id = {table}.rowid JOIN files f ON f.id = d.file" if on_docs else table
        where = " AND ".join([condition, *self.conditions]).replace("fts.rowid", f"{table}.rowid")
        return f"SELECT {columns} FROM {joined} WHERE {where}"  # noqa: S608


def rank(store: Store, query: Query, wording: Wording, *, text: str, limit: int) -> list[Ranked]:
    """Return at most `limit` documents that fit, best first; ties in the order of paths, then of a page's claims."""
    where = conditions_of(query)
    if query.wanted is None:
        return _listed(store, query, wording, where, limit)
    named = _named(store, text)
    many = not where.conditions and _are_surely_many(store, query.wanted)
    match = expression(query.wanted, wording, nearness=False)
    fitting = [] if many else _fitting(store, match, where, MAX_RANKED + 1)
    if not many and len(fitting) <= MAX_RANKED:
        scores = _weigh_all(store, query.wanted, wording, fitting)
        named &= scores.keys()
    else:
        first = fitting[:_MAX_MENTIONS] or _fitting(store, match, where, _MAX_MENTIONS)
        scores = _best_of_many(store, query.wanted, wording, where, first, limit + len(named))
        named = {one for one in named if one in scores or _fits(store, query.wanted, wording, where, one)}
        for one in named - scores.keys():
            scores[one] = 0.0
    found = [(round(score, 4) + (_NAMED if one in named else 0.0), one) for one, score in scores.items()]
    return _first(store, found, limit)


def _first(store: Store, found: list[tuple[float, int]], limit: int) -> list[Ranked]:
    """Return the best of scores; what ties with the last of them is judged by path too."""
    found.sort(key=lambda one: -one[0])
    if len(found) > limit:
        last = found[limit - 1][0]
        found = [one for one in found if one[0] >= last]
    paths = _paths(store, [one for _, one in found])
    found.sort(key=lambda one: (-one[0], one[1] & 3, paths[one[1]], one[1]))
    return [Ranked(one, score) for score, one in found[:limit]]


def _are_surely_many(store: Store, wanted: Node) -> bool:
    """Say whether one word alone that begins as a prefix asks is in too many: to collect them all takes longest."""
    if isinstance(wanted, Term):
        simple = wanted.prefix and len(wanted.tokens) == 1 and not wanted.tokens[0].paired
        return simple and store.most_with(wanted.tokens[0].text) > MAX_RANKED
    return isinstance(wanted, Either) and any(_are_surely_many(store, part) for part in wanted.parts)


def _weigh_all(store: Store, wanted: Node, wording: Wording, fitting: Sequence[int]) -> Scores:
    """Return the scores of all that fits, by the words that are not nearly everywhere."""
    if not fitting:
        return {}
    core = _core(store, wanted, wording)
    match = expression(core, wording, exclude=False, nearness=False)
    if phrase := side_by_side(wanted, wording):
        match = f"({match}) OR {phrase}"
    return _weigh(store, match, fitting)


def _core(store: Store, wanted: Node, wording: Wording) -> Node:
    """Return what is weighed of a query: without words that are nearly everywhere, unless there are no others."""
    common = max(MAX_RANKED, _NEARLY_EVERYWHERE * int(store.fact("docs") or 0))
    return without_words(wanted, lambda word: wording.spread.get(word, 0) > common) or wanted


def _best_of_many(
    store: Store, wanted: Node, wording: Wording, where: _Where, mentions: Sequence[int], limit: int
) -> Scores:
    """Return the scores of `limit` documents or more where more than MAX_RANKED fit.

    Those with the words in title or alias come first, beside those that have rare ones of alternatives; then those with
    them in headings or tags; then those with them side by side; then `mentions`, which are not weighed where too many
    documents have each of the words.
    """
    core = _core(store, wanted, wording)
    scores: Scores = {}
    if isinstance(wanted, Either) and (rare := _rare(core, wording)):
        match = expression(rare, wording, exclude=False)
        _add(scores, _weigh(store, match, _fitting(store, match, where, MAX_RANKED)), 3)
    for tier, columns in enumerate(_TIERS):
        _add(scores, _named_so(store, core, wanted, wording, where, columns), 3 - tier)
        if len(scores) > limit:
            return scores
    match = expression(wanted, wording, nearness=False)
    rarest = _rarest(core, wording)
    phrase = side_by_side(wanted, wording)
    if phrase and rarest:
        near = _fitting(store, f"({phrase}) AND ({match})", where, MAX_RANKED)
        _add(scores, _weigh(store, phrase, near), 1)
    if len(scores) <= limit:
        weighed = _weigh(store, expression(rarest, wording), mentions) if rarest else {}
        _add(scores, weighed or dict.fromkeys(mentions[: limit + 1], 0.0), 0)
    return scores


def _add(scores: Scores, found: Scores, worth: int) -> None:
    for one, score in found.items():
        scores.setdefault(one, score + worth * _TIER_WORTH)


def _rare(node: Node, wording: Wording) -> Node | None:
    """Return those alternatives of plain words, the rarest first, that few enough documents have; None for none."""
    parts = node.parts if isinstance(node, Either) else (node,)
    words = {word: part for part in parts if isinstance(part, Term) and (word := simple_word(part))}
    chosen: list[Node] = []
    count = 0
    for word in sorted(words, key=lambda word: wording.spread.get(word, 0)):
        count += wording.spread.get(word, 0)
        if count > MAX_RANKED:
            break
        chosen.append(words[word])
    return Either(tuple(chosen)) if chosen else None


def _rarest(node: Node, wording: Wording) -> Node | None:
    """Return the rarest plain word of what must all be there, None where even that one would take too long."""
    parts = (node,) if isinstance(node, Term) else () if isinstance(node, Either) else node.wanted
    words = {word: part for part in parts if isinstance(part, Term) and (word := simple_word(part))}
    rarest = min(words, key=lambda word: wording.spread.get(word, 0), default=None)
    return words[rarest] if rarest and wording.spread.get(rarest, 0) <= _MAX_SPREAD else None


def _named_so(store: Store, core: Node, wanted: Node, wording: Wording, where: _Where, columns: str) -> Scores:
    """Return what fits and has the words in these columns, weighed by them alone."""
    positive = expression(core, wording, exclude=False, nearness=False)
    selected = where.select("named", f"named.rowid, {_score('named')}", "named MATCH ?")
    statement = f"{selected} LIMIT {MAX_RANKED}"
    scores = _scores(store, statement, (f"{{{columns}}} : ({positive})", *where.values))
    match = expression(wanted, wording, nearness=False)
    if not scores or match == positive or (isinstance(wanted, Either) and " NOT " not in match):
        return scores
    fits = _among(store, f"({positive}) AND ({match})", scores)
    return {one: score for one, score in scores.items() if one in fits}


def _score(table: str) -> str:
    return f"-rank * CASE {table}.rowid & 3 {_WEIGHED} END AS score"


def _fitting(store: Store, match: str, where: _Where, most: int) -> list[int]:
    """Return the first so many documents of the index that fit."""
    statement = f"{where.select('fts', 'fts.rowid', 'fts MATCH ?')} LIMIT {int(most)}"
    return [one for (one,) in store.database.execute(statement, (match, *where.values))]


def _weigh(store: Store, match: str, ids: Sequence[int]) -> Scores:
    """Return the scores of those of `ids` that fit. The plus keeps SQLite from asking for each of them by itself."""
    if not ids:
        return {}
    statement = (
        f"SELECT fts.rowid, {_score('fts')} FROM fts WHERE fts MATCH ? AND fts.rowid BETWEEN ? AND ? "  # noqa: S608
        "AND +fts.rowid IN (SELECT value FROM json_each(?))"
    )
    return _scores(store, statement, (match, min(ids), max(ids), json.dumps(list(ids))))


def _among(store: Store, match: str, ids: Iterable[int]) -> set[int]:
    """Return those of `ids` that fit."""
    listed = list(ids)
    statement = (
        "SELECT fts.rowid FROM fts WHERE fts MATCH ? AND fts.rowid BETWEEN ? AND ? "
        "AND +fts.rowid IN (SELECT value FROM json_each(?))"
    )
    values = (match, min(listed), max(listed), json.dumps(listed))
    return {one for (one,) in store.database.execute(statement, values)}


def _scores(store: Store, statement: str, values: Sequence[str | int]) -> Scores:
    return {int(one): float(score) for one, score in store.database.execute(statement, values)}


def _fits(store: Store, wanted: Node, wording: Wording, where: _Where, one: int) -> bool:
    """Say whether one document fits."""
    narrowed = _Where((*where.conditions, f"fts.rowid = {int(one)}"), where.values)
    return bool(_fitting(store, expression(wanted, wording), narrowed, 1))


def _listed(store: Store, query: Query, wording: Wording, where: _Where, limit: int) -> list[Ranked]:
    """Return what fits filters and exclusions only, by path; claims only where they are asked for."""
    conditions, values = list(where.conditions), list(where.values)
    if not any(one.name in ("in", "type") and not one.negated for one in query.filters):
        conditions.append("(d.id & 3) <> 1")
    if query.excluded:
        conditions.append("d.id NOT IN (SELECT rowid FROM fts WHERE fts MATCH ?)")
        values.append(" OR ".join(f"({expression(part, wording)})" for part in query.excluded))
    joined = " AND ".join(one.replace("fts.rowid", "d.id") for one in conditions)
    statement = (
        f"SELECT d.id FROM docs d JOIN files f ON f.id = d.file WHERE {joined} "  # noqa: S608
        f"ORDER BY f.folded, d.id LIMIT {int(limit)}"
    )
    return [Ranked(int(one), 0.0) for (one,) in store.database.execute(statement, values)]


def _named(store: Store, text: str) -> set[int]:
    """Return the documents whose title, alias or name is the whole text of a query."""
    key = name_key(text.strip().strip('"').strip())
    rows = store.database.execute("SELECT id FROM names WHERE key = ? LIMIT ?", (key, _MAX_NAMED))
    return {int(one) for (one,) in rows}


def _paths(store: Store, ids: Sequence[int]) -> dict[int, str]:
    statement = (
        "SELECT d.id, f.folded FROM docs d JOIN files f ON f.id = d.file WHERE d.id IN (SELECT value FROM json_each(?))"
    )
    return dict(store.database.execute(statement, (json.dumps(list(ids)),)))


def conditions_of(query: Query) -> _Where:
    """Return the conditions that a query's filters set, on a document as docs d, its file as files f and fts.rowid."""
    conditions: list[str] = []
    values: list[str] = []
    for one in query.filters:
        clauses, given = zip(*(_clause(one, value) for value in one.values), strict=True)
        either = f"({' OR '.join(clauses)})"
        conditions.append(f"NOT {either}" if one.negated else either)
        values += [value for several in given for value in several]
    return _Where(tuple(conditions), tuple(values))


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
