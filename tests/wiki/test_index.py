"""index.md: every page once, by category, the same bytes for the same entries."""

import random

import pytest

from nightdesk.base.pages import parse_page
from nightdesk.wiki.claims import find_citations, find_links
from nightdesk.wiki.index import MAX_SUMMARY, Entry, render_index

ENTRIES = (
    Entry("Muon", "concept", "Optimisers", "Muon is #1 of *all*.", ("Muon, explained", "c1111111111")),
    Entry("AdamW", "concept", "Optimisers", "", None),
    Entry("Alone", "concept", None, "It stands alone.", None),
    Entry("Lost", "concept", "A category without a page", "It is listed too.", None),
    Entry("Optimisers", "overview", None, "", None),
    Entry("Muon, explained", "source", None, "Muon is fast.", ("Muon, explained", "c1111111111")),
)
BODY = """# Index

1 source, 4 concepts. What was done when: [[log]]

## [[Optimisers]]

- [[AdamW]]
- [[Muon]]: Muon is \\#1 of \\*all\\*. [[Muon, explained#^c1111111111|1]]

## Other concepts

- [[Alone]]: It stands alone.
- [[Lost]]: It is listed too.

## Sources

- [[Muon, explained]]: Muon is fast. [[Muon, explained#^c1111111111|1]]
"""


def test_the_index() -> None:
    assert render_index(ENTRIES, generator="g").body == BODY


ACROSS = (
    *ENTRIES,
    Entry("Ada Lovelace", "entity", "Optimisers", "She wrote a program.", ("Muon, explained", "c1111111111")),
    Entry("Muon and AdamW", "comparison", None, "They differ.", ("Muon, explained", "c1111111111")),
    Entry("A history", "theme", None, "It began early.", None),
)


def test_entities_stand_among_concepts_and_pages_about_several_of_them_apart() -> None:
    body = render_index(ACROSS, generator="g").body
    assert "1 source, 7 concepts." in body
    under = {section.partition("\n")[0]: find_links(section.partition("\n")[2]) for section in body.split("\n## ")[1:]}
    assert under == {
        "[[Optimisers]]": ("Ada Lovelace", "AdamW", "Muon"),
        "Other concepts": ("Alone", "Lost"),
        "Comparisons and themes": ("A history", "Muon and AdamW"),
        "Sources": ("Muon, explained",),
    }


def test_entities_without_an_overview_are_listed_too() -> None:
    body = render_index([Entry("Ada", "entity", None, "She is.", None)], generator="g").body
    assert "## Concepts\n\n- [[Ada]]: She is.\n" in body


def test_the_same_entries_in_any_order_give_the_same_bytes() -> None:
    mixed = list(ACROSS)
    random.Random(0).shuffle(mixed)
    assert render_index(mixed, generator="g").text == render_index(ACROSS, generator="g").text
    assert render_index(mixed, generator="h").made_from != render_index(ACROSS, generator="g").made_from


def test_every_page_is_linked_once() -> None:
    links = find_links(render_index(ACROSS, generator="g").body)
    assert sorted(links) == sorted(["log", *(entry.name for entry in ACROSS)])


def test_an_empty_wiki_says_what_to_do() -> None:
    page = render_index([], generator="g")
    assert "0 sources, 0 concepts." in page.body
    assert "nightdesk add SOURCE" in page.body
    assert not parse_page(page.text).edited


@pytest.mark.parametrize("summary", ["word " * 100, "x" * 1000, "y" * (MAX_SUMMARY + 1)])
def test_a_long_summary_is_cut_between_words(summary: str) -> None:
    body = render_index([Entry("A", "concept", None, summary, ("S", "c1"))], generator="g").body
    (line,) = [line for line in body.splitlines() if line.startswith("- ")]
    shown = line.removeprefix("- [[A]]: ").removesuffix(" [[S#^c1|1]]")
    assert len(shown) <= MAX_SUMMARY
    assert shown.endswith("…")
    assert not shown.endswith(" …")
    assert len(list(find_citations(line))) == 1
