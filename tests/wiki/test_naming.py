"""Base names of pages: unique, and kept once given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.names import name_key, safe_name
from nightdesk.wiki.naming import RESERVED, name_pages, name_sources

TITLES = st.sampled_from(["A", "a", "A/", "Index", "log", "Straße", "STRASSE", "", "?", "x" * 300, "x" * 301])
PATHS = st.sampled_from([f"raw/{folder}{stem}.md" for folder in ("", "b/", "c/b/") for stem in ("a", "b", "y" * 200)])


@given(st.dictionaries(PATHS, TITLES), st.lists(TITLES.map(safe_name)), st.data())
def test_source_names_are_unique_safe_and_kept(titles: dict[str, str], taken: list[str], data: st.DataObject) -> None:
    names = name_sources(titles, {}, taken)
    assert names.keys() == titles.keys()
    keys = [name_key(name) for name in (*names.values(), *RESERVED, *taken)]
    assert len({name_key(name) for name in names.values()}) == len(names)
    assert not set(map(name_key, names.values())) & {name_key(name) for name in (*RESERVED, *taken)}, keys
    assert all(safe_name(name) == name for name in names.values())
    assert name_sources(titles, names, taken) == names, "given names stay"
    more = titles | data.draw(st.dictionaries(PATHS, TITLES))
    again = name_sources(more, names, taken)
    assert all(again[path] == names[path] for path in titles if more[path] == titles[path]), "whatever comes in"


@given(st.lists(TITLES), st.lists(TITLES.map(safe_name)))
def test_page_names_are_unique_and_safe(titles: list[str], taken: list[str]) -> None:
    names = name_pages(titles, suffix="concept", taken=taken)
    assert set(names) == set(titles)
    used = {name_key(name) for name in (*RESERVED, *taken)}
    assert not used & {name_key(name) for name in names.values()}
    assert len({name_key(name) for name in names.values()}) == len(set(titles))


@pytest.mark.parametrize(
    ("titles", "given_names", "taken", "names", "why"),
    [
        ({"raw/a.md": "T"}, {}, (), {"raw/a.md": "T"}, "plain"),
        ({"raw/a.md": "T", "raw/b.md": "t"}, {}, (), {"raw/a.md": "T", "raw/b.md": "t (b)"}, "the first path is plain"),
        (
            {"raw/a.md": "T", "raw/x/b.md": "T", "raw/y/b.md": "T"},
            {},
            (),
            {"raw/a.md": "T", "raw/x/b.md": "T (b)", "raw/y/b.md": "T (y b)"},
            "then the file's name, then its folder's",
        ),
        ({"raw/a.md": "T", "raw/b.md": "T"}, {"raw/b.md": "T"}, (), {"raw/a.md": "T (a)", "raw/b.md": "T"}, "kept"),
        ({"raw/b.md": "T"}, {"raw/b.md": "T (b)"}, (), {"raw/b.md": "T (b)"}, "kept though the plain one is free"),
        ({"raw/b.md": "New"}, {"raw/b.md": "Old"}, (), {"raw/b.md": "New"}, "another title"),
        ({"raw/a.md": "T"}, {"raw/a.md": "T"}, ("t",), {"raw/a.md": "T (a)"}, "a person made a page of that name"),
        ({"raw/a.md": "Index"}, {}, (), {"raw/a.md": "Index (a)"}, "index.md is generated"),
    ],
)
def test_which_name(
    titles: dict[str, str], given_names: dict[str, str], taken: tuple[str, ...], names: dict[str, str], why: str
) -> None:
    assert name_sources(titles, given_names, taken) == names, why
