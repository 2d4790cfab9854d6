"""What a text refers to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.wiki.suggesting.references import address_of, find_references, key_of


@pytest.mark.parametrize(
    ("line", "keys", "why"),
    [
        ("See https://doi.org/10.1145/3292500.3330701.", ["doi:10.1145/3292500.3330701"], "a DOI's address, full stop"),
        ("(doi:10.1000/ABC(1)2)", ["doi:10.1000/abc(1)2"], "brackets of its own, one of the sentence"),
        ("arXiv:2502.16982v2 and arxiv.org/pdf/2502.16982", ["arxiv:2502.16982"], "one paper in two spellings"),
        ("10.48550/arXiv.2502.16982", ["arxiv:2502.16982"], "arXiv's DOI is the paper"),
        ("[Muon](https://www.site.dev/muon/?utm_source=x#top)", ["url:site.dev/muon"], "no tracking, fragment, www"),
        ("http://site.dev/muon https://site.dev/muon/", ["url:site.dev/muon"], "one place"),
        ("![x](https://site.dev/x.png) https://site.dev/a.css", [], "images and styles are no sources"),
        ("https://example.org/x http://localhost/x http://127.0.0.1/x", [], "nobody's"),
        ("https://user:pw@site.dev/x", [], "with a password it is never fetched"),
        ("version 10.12.3/4 and 2502.16982", [], "numbers"),
    ],
)
def test_what_a_line_refers_to(line: str, keys: list[str], why: str) -> None:
    assert [one.key for one in find_references(line)] == keys, why


def test_titles_count_in_a_list_of_references_alone() -> None:
    text = (
        'He wrote "Attention is all you need" once.\n\n## References\n\n- Ada: "On the analytical engine". 1843.\n'
        '- B. https://site.dev/b "Another good title here"\n\n## Thanks\n\n"To all of my friends"\n'
    )
    found = {one.key: one for one in find_references(text)}
    assert list(found) == ["title:on the analytical engine", "url:site.dev/b"]
    assert found["title:on the analytical engine"].lines == [5]


def test_places_are_counted_and_the_first_three_kept() -> None:
    (one,) = find_references("arXiv:2502.16982\n" * 9)
    assert (one.count, one.lines) == (9, [1, 2, 3])


@given(st.text(max_size=200))
def test_nothing_breaks_it_and_a_key_leads_back_to_itself(text: str) -> None:
    for one in find_references(f"https://site.dev/{text} 10.1000/{text}"):
        if one.url:
            assert key_of(address_of(one.key)) == one.key
