"""A comparison as a table: what is compared in the rows, what is said of each in the columns, each cell cited."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from nightdesk.wiki.answer_forms.figures import claim_figures, clauses
from nightdesk.wiki.answer_forms.stated import one_line, shortened
from nightdesk.wiki.answer_forms.subjects import Matter
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.answering.question import Question, keys_of
from nightdesk.wiki.answering.replies import References, text_link
from nightdesk.wiki.answering.statements import Statement
from nightdesk.wiki.claims import render_citation
from nightdesk.wiki.escaping import escape_markdown

MAX_ROWS, MAX_COLUMNS = 12, 6
MAX_CELL = 160  # characters
WHAT = "What it is"
SAID = "What is said of it"
_IS = r"^(?:an?\s+|the\s+)?(?:{name})(?:\s*\([^()]{{1,40}}\))?\s+(?:is|are|was|were)\s+(?=an?\s|the\s|one\s)"
_BAR = re.compile(r"(?<!\\)\|")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one cell, and what it rests on; without passages it is empty."""

    parts: tuple[tuple[str, Passage], ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table: heads, and rows of a name with its cells."""

    corner: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, bool, tuple[Cell, ...]], ...]  # a name, whether it is a page's, and its cells


def compare(question: Question, matter: Matter) -> Comparison | None:
    """Return the comparison that answers a question, None where there is nothing to compare.

    The things that it names are compared by what their claims say; else the rows of a source's table that fit it.
    """
    if matter.is_named and (found := _of_things(question, matter)):
        return found
    return _of_rows(question, matter.rows)


def _of_things(question: Question, matter: Matter) -> Comparison | None:
    things = matter.things[:MAX_ROWS]
    columns: dict[str, dict[str, list[tuple[str, Passage]]]] = {}
    for passage in matter.claims:
        for thing in things:
            words = _definition(passage.text, thing.pattern.pattern)
            if words:
                columns.setdefault(WHAT, {}).setdefault(thing.name, []).append((words, passage))
        for figure in claim_figures(passage, things, matter.attributes):
            columns.setdefault(figure.what, {}).setdefault(figure.label, []).append((one_line(figure.shown), passage))
    asked = {name.casefold() for name in matter.asked}

    def wanted(what: str) -> bool:
        return what.casefold() in asked or not question.keys.isdisjoint(keys_of(what))

    heads = [what for what, cells in columns.items() if len(cells) > 1 or wanted(what)]
    heads.sort(key=lambda what: (what != WHAT, not wanted(what), -len(columns[what])))
    if not any(len(columns[what]) > 1 for what in heads):
        said = _said(question, matter)
        heads, columns = [*heads, SAID], columns | {SAID: said}
        if len(said) < 2:
            return None
    heads = heads[:MAX_COLUMNS]
    rows = tuple(
        (t.name, True, tuple(_cell(columns[h].get(t.name, ()), most=1 if h in (WHAT, SAID) else 2) for h in heads))
        for t in things
    )
    filled = sum(any(cell.parts for cell in cells) for _, _, cells in rows)
    return Comparison("", tuple(heads), rows) if filled > 1 else None


def _cell(parts: Iterable[tuple[str, Passage]], *, most: int) -> Cell:
    """Return a cell; what several claims say in the same words stands there once."""
    kept: dict[str, tuple[str, Passage]] = {}
    for words, passage in parts:
        kept.setdefault(words.casefold(), (shortened(words, MAX_CELL), passage))
    return Cell(tuple(kept.values())[:most])


def _definition(statement: str, names: str) -> str:
    """Return what a statement says that a thing is, "" where it defines nothing."""
    start = re.match(_IS.format(name=names), statement, re.IGNORECASE)
    return one_line(statement[start.end() :].rstrip(" .")) if start else ""


def _said(question: Question, matter: Matter) -> dict[str, list[tuple[str, Passage]]]:
    """Return for each thing the statement that fits the question best, of those that name it alone."""
    found: dict[str, list[tuple[str, Passage]]] = {}
    for thing in matter.things:
        alone = [
            passage
            for passage in matter.claims
            if [t for t in matter.things if t.pattern.search(passage.text)] == [thing]
            and len(clauses(passage.text)) < 3
        ]
        if alone:
            best = max(alone, key=lambda passage: len(question.keys & set(keys_of(passage.text))))
            found[thing.name] = [(one_line(best.text), best)]
    return found


def _of_rows(question: Question, rows: Sequence[Statement]) -> Comparison | None:
    """Return rows of one table of a source: those that the question names, or all where it names a column of it."""
    tables: dict[tuple[str, str], list[Statement]] = {}  # an empty cell has no pair: the corner tells tables apart
    for row in rows:
        tables.setdefault((row.passage.path, row.cells[0][0]), []).append(row)
    found = [comparison for same in tables.values() if (comparison := _of_table(question, same))]
    return max(found, key=lambda comparison: _named_rows(question, comparison), default=None)


def _named_rows(question: Question, comparison: Comparison) -> tuple[int, int]:
    return sum(names_row(question, name) for name, _, _ in comparison.rows), len(comparison.rows)


def _of_table(question: Question, rows: Sequence[Statement]) -> Comparison | None:
    heads = list(dict.fromkeys(head for row in rows for head, _ in row.cells[1:] if head))
    fitting = [head for head in heads if names_head(question, head)]
    named = [row for row in rows if names_row(question, row.cells[0][1])]
    rows = sorted(named if len(named) > 1 else rows, key=lambda row: row.passage.line)[:MAX_ROWS]
    if len(rows) < 2 or not (fitting or len(named) > 1):
        return None
    heads = (fitting or heads)[:MAX_COLUMNS]
    lines = []
    for row in rows:
        cells = dict(row.cells[1:])
        texts = [shortened(one_line(cells.get(head, "")), MAX_CELL) for head in heads]
        lines.append((one_line(row.cells[0][1]), False, tuple(Cell(((t, row.passage),) if t else ()) for t in texts)))
    return Comparison(one_line(rows[0].cells[0][0]), tuple(map(one_line, heads)), tuple(lines))


def names_head(question: Question, head: str) -> bool:
    """Say whether a question names the column of a table; what the head has in brackets need not be named."""
    keys = keys_of(_BRACKETS.sub(" ", head))
    return bool(keys) and question.keys.issuperset(keys)


def names_row(question: Question, label: str) -> bool:
    """Say whether a question names a row, wholly or by the name that it begins with: "the SmolLM2 models"."""
    keys = keys_of(label)
    whole = {key for compound in question.compounds for key in compound}
    single = [(t.key,) for t in question.terms if t.is_name and t.key not in whole and not t.key.isdecimal()]
    names = [*question.compounds, *single]
    if any(keys[at : at + len(name)] == name for name in names for at in range(len(keys))):
        return True
    return bool(keys) and question.keys.issuperset(keys) and not all(key.isdecimal() for key in keys)


def table_body(comparison: Comparison, references: References) -> str:
    """Return a table as Markdown: the citations of claims in each cell; words of a text are linked in a last column."""
    linked = any(p.kind == "text" for *_, cells in comparison.rows for cell in cells for _, p in cell.parts)
    heads = [comparison.corner, *comparison.heads, *(["Source"] if linked else [])]
    lines = [_row(heads), "|" + " --- |" * len(heads) + "\n"]
    for name, is_page, cells in comparison.rows:
        texts = [f"[[{name}]]" if is_page else _escaped(name), *(_cell_text(cell, references) or "–" for cell in cells)]
        if linked:
            words = dict.fromkeys(p for cell in cells for _, p in cell.parts if p.kind == "text")
            texts.append(" ".join(_cited(p, references) for p in words) or "–")
        lines.append("| " + " | ".join(texts) + " |\n")
    return "".join(lines)


def _cell_text(cell: Cell, references: References) -> str:
    return " · ".join(
        _escaped(text) + ("" if passage.kind == "text" else f" {_cited(passage, references)}")
        for text, passage in cell.parts
    )


def _row(texts: Sequence[str]) -> str:
    return "| " + " | ".join(_escaped(text) for text in texts) + " |\n"


def _escaped(text: str) -> str:
    return _BAR.sub(r"\\|", escape_markdown(text))


def _cited(passage: Passage, references: References) -> str:
    """Return the citations of a cell; in tables they have no label, whose bar would end the cell."""
    numbers = references.of(passage)
    found = [reference for reference in references.listed if reference.number in numbers]
    return " ".join(
        render_citation(r.page, r.claim, "").replace("|]]", "]]") if r.claim else _BAR.sub(r"\\|", text_link(r))
        for r in found
    )


def table_lines(comparison: Comparison, references: References) -> Iterator[list[str]]:
    """Yield the rows of a table for the terminal, the heads first; behind each cell the numbers of its citations."""
    yield [comparison.corner, *comparison.heads]
    for name, _, cells in comparison.rows:
        texts = [
            "; ".join(f"{t} {''.join(f'[{n}]' for n in references.of(p))}" for t, p in cell.parts) for cell in cells
        ]
        yield [name, *(text or "–" for text in texts)]
