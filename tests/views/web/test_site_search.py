"""What a static site's search looks through."""

import json

import pytest

from nightdesk.views.web.prose import Heading, Rendered
from nightdesk.views.web.site.search import LEAST_OF_EACH, Section, as_script, fair_share, sections_of, text_files


def test_a_page_is_cut_at_its_headings() -> None:
    html = (
        '<p>Muon is <em>fast</em>.<sup><a class="nd-cite" href="#">1</a></sup></p><h2 id="h-how">How  it works</h2>'
        "<ul><li>one</li><li>two</li></ul><table><tr><td>a</td><td>b</td></tr></table>"
        '<h2 id="h-rel">Related</h2><ul><li><a href="x">Adam</a></li><li><a href="y">Newton-Schulz</a></li></ul>'
        '<h2 id="not-known">Embedded</h2><p>of another page</p>'
    )
    headings = (Heading(2, "How it works", "h-how"), Heading(2, "Related", "h-rel"))
    found = sections_of(Rendered(html, headings, frozenset()))
    assert found[:2] == (Section("", "", "Muon is fast."), Section("h-how", "How it works", "one two a b"))
    assert [section.heading for section in found[2:]] == ["Related"]  # with the embedded words; links alone say nothing


def test_lists_of_links_and_empty_pages_are_not_searched() -> None:
    assert sections_of(Rendered("", (), frozenset())) == ()
    assert sections_of(Rendered("<!-- x -->", (), frozenset())) == ()
    assert sections_of(Rendered('<p><a href="x">Adam and others</a></p>', (), frozenset())) == ()


@pytest.mark.parametrize(
    ("sizes", "most", "share"),
    [
        ([], 100, None),
        ([50, 50], 100, None),
        ([1_000, 10, 5_000], 4_010, 3_000),  # the short ones whole, the rest is for the long one
        ([5_000, 5_000], 1_000, 500),
        ([5_000] * 10, 1_000, 0),  # so little of each would mislead
    ],
)
def test_room_is_shared_fairly(sizes: list[int], most: int, share: int | None) -> None:
    assert fair_share(sizes, most) == share
    if share:
        assert share >= LEAST_OF_EACH
        assert sum(min(size, share) for size in sizes) <= most


def test_texts_come_in_several_files_and_are_cut_at_words() -> None:
    pages = [(Section("", "", "word " * 100_000), Section("h-x", "X", "more")), (Section("", "", "last"),)]
    whole = text_files(pages, None)
    assert [len(file) for file in whole] == [1, 2]
    assert whole[1] == [[0, "h-x", "X", "more"], [1, "", "", "last"]]
    cut = text_files(pages, 12)
    assert cut == [[[0, "", "", "word word"], [0, "h-x", "X", "mor"], [1, "", "", "last"]]]
    assert text_files(pages, 0) == [[[0, "h-x", "X", ""]]]  # headings are always there


def test_data_are_one_call_that_nothing_in_them_ends() -> None:
    value = {"__proto__": 1, "x": "\u2028</script>\"'\\ \ud800", "y": [None, True]}
    script = as_script('a"b', value)
    assert script.startswith('nightdesk.siteData("a\\"b",')
    assert script.count("\n") == 1
    assert "\u2028" not in script
    assert json.loads(script[script.index(",") + 1 : -3]) == value
