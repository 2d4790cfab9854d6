"""Notes on concepts and ideas for pages: what they name must be known, and aliases stand in the text."""

import json
from typing import Any

import pytest

from nightdesk.agents.tasks import Task, Verified
from nightdesk.wiki.concept_notes import ConceptNote, PageIdea, SourceWords, join_ideas, join_notes
from nightdesk.wiki.reading import Reading, ReadMaterial, reading_from_json, verify_reading
from nightdesk.wiki.survey import survey_text

TEXT = """Muon, short for MomentUm Orthogonalized by Newton-Schulz, runs five steps per update.

AdamW stores two moments for each parameter of the model. 学习率（LR）很重要，需要仔细调整。
"""
SURVEY = survey_text(TEXT, fallback_title="Muon", kind="text")
CLAIMS = [
    {"statement": line, "quote": line, "concepts": names}
    for line, names in (
        ("AdamW stores two moments for each parameter of the model.", ["AdamW", "muon"]),
        ("runs five steps per update.", ["Newton-Schulz iteration"]),
    )
]
LOST = {"statement": "AdamW stores nine moments.", "quote": "AdamW stores nine moments.", "concepts": ["Nine"]}
BARE = ConceptNote("AdamW", "concept", (), None)


def read(**more: Any) -> Verified[Reading]:
    material = ReadMaterial("T", TEXT, SURVEY, (), ("Muon", "SGD"), ("Muon",), offered=("Optimiser",))
    return verify_reading(Task("read", "raw/a.md", "hash", material), json.dumps({"claims": CLAIMS, **more}))


def note(name: str = "AdamW", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "concept", "aliases": [], "category": "", **more}


def idea(name: str = "Muon and AdamW", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "comparison", "of": ["Muon", "AdamW"], "why": "Both are optimisers.", **more}


def test_good_notes_and_ideas_are_kept() -> None:
    verified = read(
        concepts=[note("MUON", type="Entity", aliases=["MomentUm Orthogonalized", "muon"], category="Optimisers")],
        pages=[idea(), idea("Memory of optimisers", type="theme", of=["adamw", "Optimiser", "AdamW"])],
    )
    assert verified.reasons == ()
    assert verified.result
    assert verified.result.notes == (ConceptNote("Muon", "entity", ("MomentUm Orthogonalized",), "Optimisers"),)
    assert verified.result.pages == (
        PageIdea("Muon and AdamW", "comparison", ("Muon", "AdamW"), "Both are optimisers."),
        PageIdea("Memory of optimisers", "theme", ("AdamW", "Optimiser"), "Both are optimisers."),
    )
    assert reading_from_json(verified.result.to_json()) == verified.result


@pytest.mark.parametrize(
    ("given", "reason", "kept"),
    [
        (note("SGD"), 'concept 0: no claim names "SGD"', None),
        (note(type="person"), 'the type is "concept" or "entity", not "person"', BARE),
        (note(aliases=["Adam with decay"]), "does not stand in the text", BARE),
        (note(aliases=["omentUm"]), "does not stand in the text", BARE),
        (note(aliases=["Muon"]), "is the name of another concept", BARE),
        (note(aliases=["optimiser"]), "is the name of another concept", BARE),
        (note(aliases=["two\u200b moments"]), "is no alias", BARE),
        (note(aliases=["5"]), "is no alias", BARE),
        (note(aliases=["steps"] * 11), "more than 10 aliases", ConceptNote("AdamW", "concept", ("steps",), None)),
        (note(category="a/b"), '"a/b" cannot be a category', BARE),
        (note(category="x" * 61), "cannot be a category", BARE),
        ("AdamW", "concept 0: must be an object with a name", None),
        ({"name": "AdamW"}, "type and category must be texts", None),
        (note(aliases="steps"), "aliases a list of texts", None),
        (note("AdamW\ud800"), "half a character", None),
    ],
    ids=range(15),
)  # fmt: skip
def test_a_note_at_fault(given: Any, reason: str, kept: ConceptNote | None) -> None:
    verified = read(concepts=[given])
    assert any(reason in r for r in verified.reasons), verified.reasons
    assert verified.result
    assert verified.result.notes == ((kept,) if kept else ())
    assert verified.worth == 2  # no claim is lost for it


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([idea(of=["Muon"])], "page 0: it needs at least two concepts"),
        ([idea(of=["Muon", "MUON"])], "page 0: it needs at least two concepts"),
        ([idea(of=["Muon", "AdamW", "Lion"])], 'page 0: "Lion" is named by no claim and was not offered'),
        ([idea("AdamW")], '"AdamW" is the name of a concept'),
        ([idea("sgd")], '"sgd" is the name of a concept'),
        ([idea("Muon/AdamW")], "cannot be a page name"),
        ([idea("log")], "is the name of a page that nightdesk itself makes"),
        ([idea("x" * 81)], "longer than 80 characters"),
        ([idea(type="essay")], 'the type is "comparison" or "theme", not "essay"'),
        ([idea(why="x" * 301)], "why: at most 300 characters"),
        ([idea(f"Page {n}", of=["Muon", "AdamW"]) for n in range(6)], "6 pages are too many to suggest; at most 5"),
    ],
    ids=range(11),
)
def test_an_idea_at_fault(given: list[Any], reason: str) -> None:
    verified = read(pages=given)
    assert any(reason in r for r in verified.reasons), verified.reasons
    assert verified.result
    assert len(verified.result.pages) == (1 if len(given) > 1 else 0)


def test_what_only_a_lost_claim_names_goes_without_a_word() -> None:
    verified = read(claims=[*CLAIMS, LOST], concepts=[note("Nine")], pages=[idea(of=["Nine", "Muon"])])
    assert {reason.split(":")[0] for reason in verified.reasons} == {"claim 2"}
    assert verified.result
    assert (verified.result.notes, verified.result.pages) == ((), ())


@pytest.mark.parametrize(
    ("name", "stands"),
    [
        ("newton-schulz", True),  # case
        ("Newton‑Schulz", True),  # another hyphen
        ("two  moments", True),  # white space
        ("ewton", False),  # within a word
        ("", False),
        ("学习率", True),  # a script without spaces has no edges of words
        ("LR", True),
    ],
)
def test_whether_a_name_stands_in_the_text(name: str, *, stands: bool) -> None:
    assert SourceWords(TEXT).has(name) is stands


def test_notes_of_parts_become_one() -> None:
    joined = join_notes(
        [
            ConceptNote("Muon", "entity", ("MO",), None),
            ConceptNote("MUON", "concept", ("mo", "Orthogonal"), "Optimisers"),
            ConceptNote("AdamW", "concept", ("MO", "muon", "AW"), None),  # two aliases are taken
        ]
    )
    assert joined == (
        ConceptNote("Muon", "entity", ("MO", "Orthogonal"), "Optimisers"),
        ConceptNote("AdamW", "concept", ("AW",), None),
    )


def test_one_page_for_one_set_of_concepts() -> None:
    first = PageIdea("Muon and AdamW", "comparison", ("Muon", "AdamW"), "")
    again = PageIdea("AdamW or Muon", "comparison", ("AdamW", "muon"), "")
    theme = PageIdea("Memory", "theme", ("AdamW", "Muon"), "")
    assert join_ideas([first, again, theme, first]) == (first, theme)
