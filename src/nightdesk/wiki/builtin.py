"""The built-in worker: reads and writes by extraction alone, with no AI; the same input gives the same hand-in."""

import json
import re
from ast import literal_eval
from dataclasses import replace
from typing import Any, TypeVar

from nightdesk.agents.tasks import HandIn, Task
from nightdesk.base.errors import DeskError
from nightdesk.wiki.claims import render_citation
from nightdesk.wiki.escaping import escape_line, escape_markdown
from nightdesk.wiki.reading import ReadMaterial
from nightdesk.wiki.themes import LEAD, Statement, Theme, order_claims
from nightdesk.wiki.writing import Evidence, WriteMaterial

_BLAMED = re.compile(r"((?:claim|question) \d+): ")
_BLAMED_SENTENCE = re.compile(r"(?:, in|has no citation:) (['\"].*['\"])$")

M = TypeVar("M")


class BuiltinWorker:
    """Chooses sentences and puts them in order; invents nothing."""

    name = "nightdesk/builtin"
    part_chars = 2**40
    at_once = 1

    def work(self, task: Task[M], reasons: tuple[str, ...]) -> HandIn:
        """Return the hand-in for a reading or a page. Raises DeskError for any other kind of task."""
        material: Any = task.material
        if isinstance(material, ReadMaterial):
            return HandIn(read_by_extraction(material, reasons))
        if isinstance(material, WriteMaterial):
            material = _without_blamed(material, reasons)
            return HandIn(write_overview(material) if material.type == "overview" else write_by_extraction(material))
        raise DeskError(f'the built-in worker cannot do a task of kind "{task.kind}"', fix="set another worker")


def read_by_extraction(material: ReadMaterial, reasons: tuple[str, ...] = ()) -> str:
    """Hand in the survey's sentences as claims, each its own quote; those that `reasons` blame are left out."""
    survey = material.survey
    blamed = {match[1]: match for match in map(_BLAMED.match, reasons) if match}
    kept = [n for n in range(len(survey.candidates)) if f"claim {n}" not in blamed]
    claims = [
        {"statement": c.text, "quote": c.quote, "concepts": list(material.mentions[n])}
        for n, c in enumerate(survey.candidates)
        if n in kept
    ]
    questions = [
        {"statement": c.text, "quote": c.quote} for n, c in enumerate(survey.questions) if f"question {n}" not in blamed
    ]
    summary = [kept.index(survey.summary)] if survey.summary in kept else []
    return json.dumps({"claims": claims, "summary": summary, "questions": questions}, ensure_ascii=False)


def _without_blamed(material: WriteMaterial, reasons: tuple[str, ...]) -> WriteMaterial:
    """Leave out the claims whose sentences the verifier rejected; without `reasons` all stay."""
    blamed = {str(literal_eval(match[1])) for match in map(_BLAMED_SENTENCE.search, reasons) if match}
    if not blamed:
        return material
    return replace(material, evidence=tuple(e for e in material.evidence if not any(b in e.statement for b in blamed)))


def write_by_extraction(material: WriteMaterial) -> str:
    """Hand in a concept page: what it is first, then its claims by theme, each statement with its citations."""
    numbers = _source_numbers(material)
    ordered = order_claims(
        tuple(_statement(evidence) for evidence in material.evidence),
        title=material.name,
        language=material.language,
    )
    linked: set[str] = set()
    parts: list[str] = []
    for theme in _with_lead(ordered.themes, material):
        lines = [_line([material.evidence[n] for n in group], numbers, material, linked) for group in theme.groups]
        if theme.title:
            parts.append(f"## {escape_markdown(theme.title)}\n")
            parts.append("".join(f"- {line}\n" for line in lines))
        else:
            parts += [f"{line}\n" for line in lines]
    return "\n".join(parts)


def _with_lead(themes: tuple[Theme, ...], material: WriteMaterial) -> tuple[Theme, ...]:
    """Where no claim defines the concept, let the one that names it earliest open the page."""
    if not themes or themes[0].title == LEAD:
        return themes

    def lateness(group: tuple[int, ...]) -> tuple[int, int]:
        evidence = material.evidence[group[0]]
        places = [start for name, start, _ in evidence.spans if name == material.name]
        return (min(places, default=len(evidence.statement)), len(evidence.statement))

    lead = min((group for theme in themes for group in theme.groups), key=lateness)
    rest = (Theme(theme.title, tuple(group for group in theme.groups if group != lead)) for theme in themes)
    return (Theme(LEAD, (lead,)), *(theme for theme in rest if theme.groups))


def write_overview(material: WriteMaterial) -> str:
    """Hand in an overview page: each of its concepts with the sentence that says most about it."""
    numbers = _source_numbers(material)
    lines = []
    for part in material.parts:
        evidence = next((e for e in material.evidence if part in e.concepts), None)
        if evidence is not None:
            lines.append(f"- [[{part}]]: {escape_markdown(evidence.statement)} {_cite(evidence, numbers)}\n")
    return "".join(lines)


def _source_numbers(material: WriteMaterial) -> dict[str, int]:
    return {page: n for n, page in enumerate(dict.fromkeys(e.page for e in material.evidence), 1)}


def _statement(evidence: Evidence) -> Statement:
    return Statement(
        text=evidence.statement,
        source=evidence.page,
        published=evidence.published or "",
        concepts=evidence.concepts,
        defines=evidence.defines,
    )


def _line(group: list[Evidence], numbers: dict[str, int], material: WriteMaterial, linked: set[str]) -> str:
    """Return a statement with the citations of all sources that say it, its first mention of each concept linked."""
    citations = " ".join(_cite(evidence, numbers) for evidence in group)
    return f"{_with_links(group[0], material, linked)} {citations}"


def _cite(evidence: Evidence, numbers: dict[str, int]) -> str:
    return render_citation(evidence.page, evidence.id, str(numbers[evidence.page]))


def _with_links(evidence: Evidence, material: WriteMaterial, linked: set[str]) -> str:
    """Return the statement as Markdown, with the first mention on the page of each other concept as a link to it."""
    text, done, parts = evidence.statement, 0, []
    for name, start, end in evidence.spans:
        shown = text[start:end]
        if name in linked or name not in material.names or start < done or any(c in shown for c in "[]|^#$*_`\\"):
            continue
        linked.add(name)
        parts += [
            _escaped(text[done:start], first=done == 0),
            f"[[{name}]]" if shown == name else f"[[{name}|{shown}]]",
        ]
        done = end
    return "".join([*parts, _escaped(text[done:], first=done == 0)])


def _escaped(piece: str, *, first: bool) -> str:
    """Escape a piece of a statement; the spaces at its ends stay."""
    if not piece.strip():
        return piece
    core = escape_line(piece) if first else escape_markdown(piece)
    return (" " if piece[0] == " " else "") + core + (" " if piece[-1] == " " else "")
