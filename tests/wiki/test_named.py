"""Concepts that AI readers named: one name each, joined with the texts' own terms; and the pages they suggest."""

from collections.abc import Sequence
from typing import Any

import pytest

from nightdesk.base.names import name_key
from nightdesk.wiki.named import Named, join_names, suggested_pages
from nightdesk.wiki.plans import Topic
from nightdesk.wiki.terms.categories import GENERAL
from nightdesk.wiki.terms.vocabulary import Concept, Vocabulary

VOCABULARY = Vocabulary(
    (
        Concept("term muon", "Muon", ("Muon optimizer", "MUON method"), "en", "Optimiser", ()),
        Concept("term adam", "AdamW", (), "en", "Optimiser", ("term muon",)),
    ),
    {},
)
NONE = Vocabulary((), {})


def marks(*claims: Sequence[str], notes: Sequence[dict[str, Any]] = (), pages: Sequence[dict[str, Any]] = ()) -> Any:
    return {"claims": [[f"c{n}", list(names)] for n, names in enumerate(claims)], "notes": notes, "pages": pages}


def note(name: str, kind: str = "concept", *aliases: str, category: str | None = None) -> dict[str, Any]:
    return {"name": name, "type": kind, "aliases": list(aliases), "category": category}


def named(*readings: Any, vocabulary: Vocabulary = NONE) -> Named:
    return join_names(vocabulary, [(reading, "en") for reading in readings])


def titles(found: Named) -> dict[str, str]:
    return {concept.key: concept.title for concept in found.concepts}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Muon", "term muon"),  # its title
        ("muon", "term muon"),  # in another case
        ("Muon optimizer", "term muon"),  # its alias
        ("AdamW", "term adam"),
        ("Lion", "named lion"),  # one that code did not find
        ("Muons", "named muons"),  # likeness joins nothing
    ],
)
def test_a_name_of_the_vocabulary_is_that_concept(name: str, key: str) -> None:
    found = named(marks([name]), vocabulary=VOCABULARY)
    assert found.key_of == {name_key(name): key}
    assert titles(found)["term muon"] == "Muon", "the title stays"
    assert len(found.concepts) == (3 if key.startswith("named") else 2)


def test_two_spellings_are_one_concept_under_the_commoner() -> None:
    found = named(marks(["warm-up"], ["Warm-Up"], ["Warm-Up"]), marks(["warm-up"], ["Warm-Up"]))
    assert titles(found) == {"named warm-up": "Warm-Up"}
    even = named(marks(["warm-up"], ["Warm-up"]))
    assert titles(even) == {"named warm-up": "Warm-up"}, "of equals always the same one"


def test_the_unicode_form_of_a_name_makes_no_second_concept() -> None:
    assert len(named(marks(["Gödel"], ["Go\u0308del"])).concepts) == 1


def test_a_title_goes_before_another_concepts_alias() -> None:
    vocabulary = Vocabulary(
        (Concept("a", "Mercury", (), "en", GENERAL, ()), Concept("b", "Quicksilver", ("Mercury",), "en", GENERAL, ())),
        {},
    )
    assert named(marks(["Mercury"]), vocabulary=vocabulary).key_of["mercury"] == "a"


def test_an_alias_never_joins_two_names_that_claims_use() -> None:
    found = named(marks(["Muon"], ["NorMuon"], notes=[note("Muon", "concept", "NorMuon", "The Muon")]))
    assert set(titles(found).values()) == {"Muon", "NorMuon"}
    assert {c.title: c.aliases for c in found.concepts} == {"Muon": ("The Muon",), "NorMuon": ()}


def test_an_alias_of_the_vocabularys_titles_is_nobodys() -> None:
    found = named(marks(["Lion"], notes=[note("Lion", "concept", "AdamW")]), vocabulary=VOCABULARY)
    assert next(c for c in found.concepts if c.title == "Lion").aliases == ()


def test_aliases_are_few_and_those_most_sources_give_come_first() -> None:
    many = [f"alias {n}" for n in range(20)]
    found = named(
        marks(["X"], notes=[note("X", "concept", *many)]), marks(["X"], notes=[note("X", "concept", "alias 19")])
    )
    (concept,) = found.concepts
    assert concept.aliases[0] == "alias 19"
    assert len(concept.aliases) == 8


def test_types_and_categories_are_what_most_say() -> None:
    found = named(
        marks(["Ada"], notes=[note("Ada", "entity", category="People")]),
        marks(["Ada"], notes=[note("ADA", "entity", category="Mathematicians")]),
        marks(["Ada"], notes=[note("Ada", "concept", category="People")]),
        marks(["Ada"], notes=[note("Ada", "entity")]),
    )
    assert found.types == {"named ada": "entity"}
    assert [c.category for c in found.concepts] == ["People"]


def test_a_name_without_a_note_is_general_and_one_of_the_vocabulary_keeps_its_category() -> None:
    found = named(marks(["Lion"], ["Muon"], notes=[note("Muon", "entity")]), vocabulary=VOCABULARY)
    assert {c.title: c.category for c in found.concepts}["Lion"] == GENERAL
    assert {c.title: c.category for c in found.concepts}["Muon"] == "Optimiser"
    assert found.types == {"term muon": "entity"}


def test_a_note_on_what_no_claim_names_is_nothing() -> None:
    found = named(marks(["Lion"], notes=[note("Tiger", "entity")]))
    assert (titles(found), found.types) == ({"named lion": "Lion"}, {})


def test_what_claims_name_together_twice_is_related() -> None:
    found = named(marks(["Lion", "Muon"], ["Lion", "Warm-up"]), marks(["muon", "Lion"]), vocabulary=VOCABULARY)
    related = {c.title: c.related for c in found.concepts}
    assert related["Lion"] == ("term muon",)
    assert related["Warm-up"] == ()


def test_claims_are_counted_once_for_each_concept() -> None:
    readings = [marks(["Muon", "Muon optimizer"], ["Muon", "Lion"])]
    found = named(*readings, vocabulary=VOCABULARY)
    assert found.counts(readings) == {"term muon": 2, "named lion": 1}


def test_the_order_of_readings_does_not_matter() -> None:
    readings = [
        marks(["Lion", "muon"], notes=[note("Lion", "entity", "L", category="A")]),
        marks(["lion", "Muon"], notes=[note("lion", "concept", "M", category="B")]),
        marks(["Tiger"]),
    ]
    assert named(*readings) == named(*reversed(readings))


# suggested pages


def idea(name: str, *of: str, kind: str = "comparison") -> dict[str, Any]:
    return {"name": name, "type": kind, "of": list(of), "why": ""}


def suggested(*ideas: dict[str, Any]) -> list[tuple[str, str, tuple[str, ...]]]:
    reading = marks(["Muon", "AdamW", "Lion", "Tiger"], ["muon optimizer"])
    found = named(reading, vocabulary=VOCABULARY)
    with_page = [concept for concept in found.concepts if concept.title != "Tiger"]
    topics = {c.key: Topic(f"{c.title} page", c, None, ()) for c in with_page}
    made = suggested_pages([marks(pages=[one]) for one in ideas], found, topics)
    return [(page.title, page.type, page.of) for page in made]


@pytest.mark.parametrize(
    ("ideas", "titles"),
    [
        ([idea("A", "Muon", "AdamW")], ["A"]),
        ([idea("A", "Muon")], []),  # one concept is no comparison
        ([idea("A", "Muon", "Tiger")], []),  # only one of them has a page
        ([idea("A", "Muon", "Muon optimizer")], []),  # both are one concept
        ([idea("A", "Muon", "Nobody")], []),  # what no claim names
        ([idea("AdamW", "Muon", "Lion")], []),  # a concept has the name
        ([idea("muon PAGE", "Muon", "Lion")], []),  # a page has it
        ([idea("A", "Muon", "Lion"), idea("a", "Muon", "AdamW")], ["A"]),  # a name twice: the first
        ([idea("A", "Muon", "Lion"), idea("B", "Lion", "Muon")], ["A"]),  # the same concepts twice: the first
        ([idea("B", "Muon", "Lion"), idea("A", "Muon", "AdamW", kind="theme")], ["A", "B"]),  # by name
    ],
)
def test_which_suggested_pages_are_made(ideas: list[dict[str, Any]], titles: list[str]) -> None:
    assert [title for title, _, _ in suggested(*ideas)] == titles


def test_a_suggested_page_leads_to_pages() -> None:
    assert suggested(idea("A", "muon optimizer", "Tiger", "AdamW", kind="theme")) == [
        ("A", "theme", ("Muon page", "AdamW page"))
    ]
