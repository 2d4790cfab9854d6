"""The page of a source: what is written can be read back, whatever the source's words and file name are."""

import dataclasses
from datetime import date

import pytest

from nightdesk.base.markdown import blocks
from nightdesk.base.pages import parse_page
from nightdesk.wiki.claims import Claim, claim_id, parse_claims
from nightdesk.wiki.reading import Reading
from nightdesk.wiki.source_page import SourceFacts, file_link, render_source_page, source_page_hash, title_from_path

FACTS = SourceFacts(
    name="Muon",
    title="Muon",
    raw="raw/muon.md",
    raw_sha256="a" * 64,
    text="raw/muon.md",
    text_sha256="a" * 64,
    kind="text",
    language="en",
    words=12,
    author=None,
    published="2025-03-04",
    url=None,
    images=(),
)


def claim(statement: str, place: str, *concepts: str) -> Claim:
    return Claim(claim_id(statement, statement), statement, statement, place, concepts)


def body(reading: Reading, **facts: object) -> str:
    return render_source_page(
        dataclasses.replace(FACTS, **facts),  # type: ignore[arg-type]
        reading,
        generator="g",
        made_from="x",
    ).body


def test_the_page_of_a_source() -> None:
    first, second = claim("Muon is fast.", "Use, p. 3, line 3", "Muon"), claim("It is new.", "Use, p. 4, line 9")
    third, asked = claim("The end.", "End, line 12", "AdamW"), claim("Is it better?", "line 14")
    reading = Reading((first, second, third), (1,), (asked,))
    page = render_source_page(FACTS, reading, generator="g", made_from="x")
    assert page.body == (
        f"# Muon\n\nIt is new. [[Muon#^{second.id}|1]]\n\nSource: [raw/muon.md](../../raw/muon.md)\n\n## Claims\n\n"
        f'### Use\n\n- Muon is fast. [[Muon]] ^{first.id}\n  > "Muon is fast." (Use, p. 3, line 3)\n'
        f'- It is new. ^{second.id}\n  > "It is new." (Use, p. 4, line 9)\n\n'
        f'### End\n\n- The end. [[AdamW]] ^{third.id}\n  > "The end." (End, line 12)\n\n'
        f'## Open questions\n\n- Is it better? ^{asked.id}\n  > "Is it better?" (line 14)\n'
    )
    assert parse_claims(page.body) == (first, second, third, asked)
    assert page.value("concepts") == ["[[AdamW]]", "[[Muon]]"]
    assert page.value("published") == date(2025, 3, 4)
    assert page.value("claims") == 3
    assert page.value("summary") == "It is new."
    assert not parse_page(page.text).edited


@pytest.mark.parametrize(
    ("place", "heading"),
    [
        ("Use, p. 4, line 9", "Use"),
        ("p. 4, line 9", None),
        ("line 9", None),
        ("Chap. 12, line 9", "Chap. 12"),  # not "Cha", p. 12
        ("Chap. 12, p. 3, line 9", "Chap. 12"),
        ("A line 5, line 9", "A line 5"),
        ("Costs, 5 p. each, p. 2, line 9", "Costs, 5 p. each"),
    ],
)
def test_claims_stand_under_the_heading_of_their_place(place: str, heading: str | None) -> None:
    text = body(Reading((claim("Muon is fast.", place),), (), ()))
    assert [line[4:] for line in text.splitlines() if line.startswith("### ")] == ([heading] if heading else [])


@pytest.mark.parametrize("statement", ["# Not a heading.", "- Not an item.", "1986. A year.", "> Not a quote."])
def test_the_first_words_of_a_page_are_words(statement: str) -> None:
    text = body(Reading((claim(statement, "line 1"),), (0,), ()))
    assert any(block.kind == "paragraph" and block.plain.startswith(statement) for block in blocks(text))


@pytest.mark.parametrize("title", ["C#", "Section #", "# x", "*a*", "[[x]]", "<b>", "a | b", "`x`", "$a$ and $b$"])
def test_a_title_is_shown_as_it_is(title: str) -> None:
    text = body(Reading((), (), ()), title=title)
    assert blocks(text)[0].plain == title
    assert "No sentence of this source" in text


@pytest.mark.parametrize(
    ("image", "embed"),
    [
        ("raw/a b.png", "![[raw/a b.png]]"),
        ("raw/a[1].png", "![](../../raw/a%5B1%5D.png)"),  # brackets would end the wikilink
        ("raw/a#b|c.png", "![](../../raw/a%23b%7Cc.png)"),
    ],
)
def test_images_are_shown(image: str, embed: str) -> None:
    assert f"\n{embed}\n" in body(Reading((), (), ()), images=(image,))


def test_links_to_files_are_safe_for_any_name() -> None:
    assert file_link("raw/a b(1)#[x].md") == "[raw/a b(1)\\#[x].md](../../raw/a%20b%281%29%23%5Bx%5D.md)"
    text = body(Reading((), (), ()), text="text/a.md")
    assert "Source: [raw/muon.md](../../raw/muon.md), read as [text/a.md](../../text/a.md)\n" in text


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("raw/muon_explained-2.md", "Muon explained 2"),
        ("raw/A paper - part_2.pdf", "A paper - part_2"),
        ("raw/x/___.md", "___"),
        ("raw/.md", ".md"),
    ],
)
def test_a_file_name_read_as_a_title(path: str, title: str) -> None:
    assert title_from_path(path) == title


def test_the_hash_is_of_all_that_the_page_is_made_from() -> None:
    hashes = {
        source_page_hash(FACTS, "r", "g"),
        source_page_hash(FACTS, "s", "g"),
        source_page_hash(FACTS, "r", "h"),
        source_page_hash(dataclasses.replace(FACTS, author="Ada"), "r", "g"),
    }
    assert len(hashes) == 4
