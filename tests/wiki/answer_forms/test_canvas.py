"""Canvases: valid by JSON Canvas 1.0, nothing overlaps, and every claim leads by its page to the question."""

import json
from itertools import combinations
from typing import Any

import pytest

from nightdesk.wiki.answer_forms.canvas import PagePlace, render_canvas
from nightdesk.wiki.answer_forms.stated import one_line
from nightdesk.wiki.answering.replies import Reference
from tests.wiki.answer_forms.given import HOSTILE, reference, stated

SIDES = {"top", "right", "bottom", "left"}
NODE_KEYS = {"id", "type", "x", "y", "width", "height", "color"}
OWN_KEYS = {"text": {"text"}, "file": {"file", "subpath"}, "link": {"url"}, "group": {"label"}}
EDGE_KEYS = {"id", "fromNode", "fromSide", "fromEnd", "toNode", "toSide", "toEnd", "color", "label"}


def check(text: str) -> dict[str, Any]:
    """Hold a canvas to the specification (jsoncanvas.org/spec/1.0), and to what makes it readable."""
    canvas = json.loads(text)
    assert set(canvas) <= {"nodes", "edges"}
    ids = [node["id"] for node in canvas["nodes"]] + [edge["id"] for edge in canvas["edges"]]
    assert len(set(ids)) == len(ids)
    assert all(isinstance(identity, str) and identity for identity in ids)
    for node in canvas["nodes"]:
        assert set(node) <= NODE_KEYS | OWN_KEYS[node["type"]]
        assert all(type(node[key]) is int for key in ("x", "y", "width", "height"))
        assert node["width"] > 0
        assert node["height"] > 0
        assert node.get("color", "1") in {"1", "2", "3", "4", "5", "6"}
        assert isinstance(node["text" if node["type"] == "text" else "file"], str)
    known = {node["id"] for node in canvas["nodes"]}
    for edge in canvas["edges"]:
        assert set(edge) <= EDGE_KEYS
        assert {edge["fromNode"], edge["toNode"]} <= known
        assert {edge["fromSide"], edge["toSide"]} <= SIDES
    for one, two in combinations(canvas["nodes"], 2):
        beside = one["x"] + one["width"] <= two["x"] or two["x"] + two["width"] <= one["x"]
        above = one["y"] + one["height"] <= two["y"] or two["y"] + two["height"] <= one["y"]
        assert beside or above, (one["id"], two["id"])
    return dict(canvas)


def many(claims: int, pages: int) -> list[Reference]:
    return [reference(n, page=f"Page {n % pages}", quote="word " * (n * 7 % 90)) for n in range(1, claims + 1)]


@pytest.mark.parametrize(("claims", "pages"), [(1, 1), (2, 2), (7, 3), (40, 5), (12, 12)])
def test_a_canvas_is_valid_and_nothing_overlaps(claims: int, pages: int) -> None:
    references = many(claims, pages)
    places = [PagePlace(f"Page {n}", f"wiki/sources/Page {n}.md") for n in range(pages)]
    canvas = check(render_canvas("Why?", [stated("It is so.", r.number) for r in references], references, places))
    files = [node["file"] for node in canvas["nodes"] if node["type"] == "file"]
    assert sorted(files) == sorted(place.path for place in places)
    ways = {(edge["fromNode"].split("-")[0], edge["toNode"].split("-")[0]) for edge in canvas["edges"]}
    assert ways == {("claim", "page"), ("page", "question")}
    assert len(canvas["edges"]) == claims + pages


def test_a_node_of_a_claim_links_to_it_and_the_question_says_what_rests_on_it() -> None:
    canvas = check(
        render_canvas(
            "Why?",
            [stated("It is so.", 1)],
            [reference(1)],
            [PagePlace("Muon, explained", "wiki/sources/Muon, explained.md")],
        )
    )
    texts = {node["id"]: node.get("text", "") for node in canvas["nodes"]}
    assert "[[Muon, explained#^c0000000001|^c0000000001]]" in texts["claim-1"]
    assert texts["question"] == "## Why?\n\n- It is so. [1]"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_in_its_node(text: str) -> None:
    lines = [stated(one_line(text), 1), stated(one_line(text), 2)]
    canvas = check(render_canvas(text, lines, [reference(1, quote=text), reference(2, page=text, claim=False)], []))
    assert len(canvas["nodes"]) == 5
    for node in canvas["nodes"]:
        assert all(c.isprintable() or c == "\n" for c in node["text"])
        assert "<script" not in node["text"].replace("\\<", "")


def test_words_without_a_page_have_a_node_of_their_own() -> None:
    canvas = check(render_canvas("Why?", [stated("So.", 1)], [reference(1, page="", claim=False)], []))
    assert {node["type"] for node in canvas["nodes"]} == {"text"}
