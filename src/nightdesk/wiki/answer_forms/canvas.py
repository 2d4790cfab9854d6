"""An answer as a canvas (JSON Canvas 1.0, which Obsidian opens): the question, the pages it led to, their claims."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nightdesk.base.pages import short_hash
from nightdesk.wiki.answer_forms.stated import Stated, name_of, one_line, quote_of, shortened, where_of
from nightdesk.wiki.answering.replies import Reference
from nightdesk.wiki.claims import render_citation
from nightdesk.wiki.escaping import escape_line

_QUESTION, _PAGE, _CLAIM = (
    (520, 160),
    (400, 320),
    (460, 0),
)  # width and height in pixels; a claim is as high as its text
_ACROSS, _BETWEEN = 180, 30  # free room between columns, and between nodes of one column
_LINE, _LINE_CHARS, _MARGIN = 26, 46, 60  # pixels of a line of text, characters in it, pixels around the text
MAX_TEXT = 700  # characters of a claim or quote
_COLORS = {"question": "6", "claim": "4", "text": "3"}  # Obsidian's presets: purple, green, yellow


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Where the page of a source lies, relative to the desk; "" where there is none."""

    name: str
    path: str


def render_canvas(
    question: str, stated: Sequence[Stated], references: Sequence[Reference], pages: Sequence[PagePlace]
) -> str:
    """Return the canvas: claims on the left, each beside the page it stands on, and the question on the right.

    `pages` say where the source pages lie. A page is a file node, so that Obsidian opens it, where it has one; each
    statement of the answer stands in the node of the question with the numbers of its claims.
    """
    path_of = {page.name: page.path for page in pages if page.path}
    groups: dict[str, list[Reference]] = {}
    for reference in references:
        groups.setdefault(name_of(reference), []).append(reference)
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []
    page_x = _CLAIM[0] + _ACROSS
    question_x = page_x + _PAGE[0] + _ACROSS
    y = 0
    for name, members in groups.items():
        claims = [_claim_node(reference, path_of) for reference in members]
        height = sum(node["height"] for node in claims) + _BETWEEN * (len(claims) - 1)
        row = max(height, _PAGE[1])
        page = _page_node(name, path_of.get(members[0].page, ""), page_x, y + (row - _PAGE[1]) // 2)
        at = y + (row - height) // 2
        for node in claims:
            nodes.append(node | {"x": 0, "y": at})
            at += node["height"] + _BETWEEN
            edges.append(_edge(node["id"], page["id"], node["label"]))
        nodes.append(page)
        y += row + 2 * _BETWEEN
    asked = _question_node(question, stated)
    middle = max(0, y - 2 * _BETWEEN) // 2
    nodes.append(asked | {"x": question_x, "y": middle - asked["height"] // 2})
    edges += [_edge(page["id"], asked["id"]) for page in nodes if page["id"].startswith("page-")]
    for node in nodes:
        node.pop("label", None)
    return json.dumps({"nodes": nodes, "edges": edges}, ensure_ascii=False, indent=1) + "\n"


def _claim_node(reference: Reference, path_of: dict[str, str]) -> dict[str, Any]:
    quote = escape_line(shortened(quote_of(reference), MAX_TEXT)) or "(gone)"
    place = escape_line(shortened(where_of(reference), 200))
    known = reference.claim and reference.page in path_of
    link = f" {render_citation(reference.page, reference.claim, f'^{reference.claim}')}" if known else ""
    text = f"**\\[{reference.number}\\]** “{quote}”\n\n{place}{link}"
    shown = f"[{reference.number}] {quote}", f"{place} ^{reference.claim}"
    kind = "claim" if reference.claim else "text"
    return {
        "id": f"{kind}-{reference.number}",
        "type": "text",
        "width": _CLAIM[0],
        "height": _height(*shown),
        "text": text,
        "color": _COLORS[kind],
        "label": f"[{reference.number}]",
    }


def _page_node(name: str, path: str, x: int, y: int) -> dict[str, Any]:
    place = {"id": f"page-{short_hash(name)[:12]}", "x": x, "y": y, "width": _PAGE[0], "height": _PAGE[1]}
    if path:
        return {**place, "type": "file", "file": path}
    return {**place, "type": "text", "text": escape_line(name)}


def _question_node(question: str, stated: Sequence[Stated]) -> dict[str, Any]:
    heading = shortened(one_line(question), 300)
    lines = [f"{one.text} {' '.join(f'[{n}]' for n in one.references)}" for one in stated]
    text = f"## {escape_line(heading)}\n\n" + "".join(f"- {escape_line(line)}\n" for line in lines)
    height = max(_QUESTION[1], 2 * _height(heading) + sum(_height(line) - _MARGIN + 8 for line in lines))
    return {
        "id": "question",
        "type": "text",
        "width": _QUESTION[0],
        "height": height,
        "text": text.rstrip("\n"),
        "color": _COLORS["question"],
    }


def _edge(start: str, end: str, label: str = "") -> dict[str, Any]:
    edge = {"id": f"{start}--{end}", "fromNode": start, "fromSide": "right", "toNode": end, "toSide": "left"}
    return edge | ({"label": label} if label else {})


def _height(*paragraphs: str) -> int:
    """Return about how high text nodes with these paragraphs must be to show them without scrolling, in pixels.

    Chinese, Japanese and Korean characters are twice as wide as others.
    """
    widths = [sum(2 if ord(c) > 0x2E80 else 1 for c in text) for text in paragraphs]
    return _MARGIN + sum(_LINE * max(1, math.ceil(width / _LINE_CHARS)) for width in widths) + 14 * (len(widths) - 1)
