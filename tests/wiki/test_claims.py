"""Claims and citations come back from a page as they were written there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.markdown import plain_text
from nightdesk.base.names import safe_name
from nightdesk.wiki.claims import (
    Citation,
    Claim,
    claim_id,
    find_citations,
    find_links,
    parse_claims,
    render_citation,
    render_claim,
)

TEXTS = (
    st.lists(st.sampled_from([*"ab 1.[]|#^()\"'`*_\\-", "[[", "]]", " ^c0123456789", "word ", "\u2028", "\n"]))
    .map("".join)
    .filter(lambda text: text.strip() != "")
)
NAMES = st.lists(st.text("ab -,().'é", min_size=1).map(safe_name), max_size=3, unique=True)


@given(TEXTS, TEXTS, st.text("ab ,.()19"), NAMES)
def test_a_claim_comes_back(statement: str, quote: str, place: str, names: list[str]) -> None:
    statement, quote, place = (" ".join(text.split()) for text in (statement, quote, place))
    claim = Claim(claim_id(statement, quote), statement, quote, place, tuple(names))
    assert parse_claims(f"## Claims\n\n{render_claim(claim)}{render_claim(claim)}\nmore\n") == (claim, claim)


def test_the_form_of_a_claim() -> None:
    claim = Claim("c0123456789", "Muon is #1.", 'the "best" [[one]]', 'A "place", p. 4', ("Muon", "AdamW"))
    assert render_claim(claim) == (
        '- Muon is \\#1. [[Muon]] [[AdamW]] ^c0123456789\n  > "the "best" \\[\\[one]]" (A \'place\', p. 4)\n'
    )
    assert plain_text(render_claim(claim)).startswith("Muon is #1.")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('- Words. [[A]], [[B|shown]] ^c0123456789\n  > "q"', ("A", "B")),  # as a person may write them
        ('- [[A]] ^c0123456789\n  > "q"', ("A",)),
        ('- Words.  ^c0123456789\n  > "q" (', ()),
    ],
)
def test_claims_that_a_person_wrote(text: str, names: tuple[str, ...]) -> None:
    (claim,) = parse_claims(text)
    assert claim.concepts == names


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- Words. ^c0123456789",  # no quote
        '- Words. ^c0123456789\n\n  > "q"',
        "- Words. ^c0123456789\n  > q",
        '- Words. ^c0123456789\n  > "q',  # no second quotation mark
        '- Words. ^c012345\n  > "q"',  # too short for an id
        '- Words. ^x0123456789\n  > "q"',
        '- Words. ^c0123456789 more\n  > "q"',
        '  - Words. ^c0123456789\n  > "q"',
        'Words. ^c0123456789\n  > "q"',
    ],
)
def test_what_has_not_the_form_is_passed_over(text: str) -> None:
    assert parse_claims(text) == ()


@pytest.mark.parametrize("line", ["[[a]]" * 60_000, "[[" * 150_000, "- " + " [[a]]" * 50_000, "]]" * 150_000])
def test_a_hostile_page_is_read_in_time(line: str) -> None:
    """The obvious regular expression takes minutes here."""
    for end in ("", " ^c0123456789", " x ^c0123456789"):
        parse_claims(f'- {line}{end}\n  > "q"\n')
    list(find_citations(line))
    find_links(line)


def test_an_id_is_of_the_content() -> None:
    assert claim_id("a", "b") == claim_id(" a\n", "b ") != claim_id("b", "a")
    assert claim_id("a b", "c") != claim_id("a", "b c") != claim_id("a", "bc")
    assert claim_id("Muon is fast.", "Muon is fast.") == "c" + claim_id("Muon is fast.", "Muon is fast.")[1:11]


def test_citations_and_links() -> None:
    text = f"A. {render_citation('Muon, explained', 'c1', '1')} [[#^c2]] [[B]] [[C|x]] [[D#h]] ![[E]] [[F#^c3|]]"
    assert list(find_citations(text)) == [
        Citation("Muon, explained", "c1", "1", 3, 28),
        Citation("", "c2", "", 29, 37),
        Citation("F", "c3", "", 67, 77),
    ]
    assert find_links(text) == ("B", "C", "E")
