"""BibTeX: texts that break nothing, keys that stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.desk import Desk
from nightdesk.wiki.exporting.bibtex import authors, bibliography, escape
from nightdesk.wiki.exporting.collected import collect
from tests.wiki.exporting.conftest import source_page

CLAIM = [("Muon takes five steps in each update.", "Muon")]


def test_an_entry(desk: Desk) -> None:
    about = {"author": "Ada Lovelace, Alan Turing", "published": "2024-05-01", "url": "https://a.org/x_1?a={b}"}
    source_page(desk, "The 50% rule & more", CLAIM, **about)
    text = bibliography(collect(desk))
    assert text.startswith("@misc{lovelace202450-")
    assert "title = {{The 50\\% rule \\& more}}" in text
    assert "author = {Ada Lovelace and Alan Turing}" in text
    assert "year = {2024}" in text
    assert "month = may" in text
    assert "url = {https://a.org/x_1?a=%7Bb%7D}" in text


def test_another_source_never_changes_a_key(desk: Desk) -> None:
    source_page(desk, "Muon notes", CLAIM)
    before = bibliography(collect(desk))
    source_page(desk, "Muon notes again", CLAIM)
    assert before in bibliography(collect(desk))
    assert bibliography(collect(desk)).count("@misc{anonmuon-") == 2


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("Ada Lovelace", ("Ada Lovelace",)),
        ("Ada Lovelace, Alan Turing", ("Ada Lovelace", "Alan Turing")),
        ("Lovelace, Ada", ("Lovelace, Ada",)),  # one person, turned around
        ("Lovelace, Ada; Turing, Alan", ("Lovelace, Ada", "Turing, Alan")),
        ("Ada Lovelace and Alan Turing", ("Ada Lovelace", "Alan Turing")),
        ("OpenAI", ("OpenAI",)),
        ("", ()),
        (" ; , ", ()),
    ],
)
def test_people(text: str, people: tuple[str, ...]) -> None:
    assert authors(text) == people


@given(st.text(alphabet="\\{}%&$#_~^ab\n"))
def test_braces_always_match(text: str) -> None:
    depth = 0
    for char in escape(text):
        depth += (char == "{") - (char == "}")
        assert depth >= 0
    assert depth == 0
