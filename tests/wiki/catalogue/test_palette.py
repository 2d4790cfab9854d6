"""What people expect of Ctrl-K."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.wiki.catalogue.entries import Entry
from nightdesk.wiki.catalogue.palette import MAX_TYPED, Palette


def entry(title: str, *aliases: str, path: str = "", changed: float = 0.0) -> Entry:
    return Entry(path or f"{title}.md", title, aliases, "", (), "", "", "", 0, changed, (), ())


PAGES = (
    *(entry("Muon"), entry("Muon optimizer", "MomentUm Orthogonalized"), entry("Learning rate")),
    *(entry("Rate of decay"), entry("Learning-rate schedule"), entry("Caf\u00e9 au lait"), entry("Stra\u00dfe")),
    *(entry("\u65e5\u672c\u8a9e\u306e\u6587\u7ae0"), entry("\ud55c\uae00 \ubb38\uc11c"), entry("I\u0307stanbul")),
    *(entry("C++ (language)"), entry("Alert"), entry("Byte-pair encoding", "BPE"), entry("Demuonise")),
    entry("AC/DC", path="AC DC.md"),
)


def look_up(typed: str, pages: Iterable[Entry] = PAGES, limit: int = 20) -> list[str]:
    pages = list(pages)
    found = Palette.of(pages).look_up(typed, {page.path: page for page in pages}, limit=limit)
    return [match.entry.title for match in found]


@pytest.mark.parametrize(
    ("typed", "first", "why"),
    [
        ("muon", ["Muon", "Muon optimizer", "Demuonise"], "beginnings, the shorter first; then what has it within"),
        ("MUON O", ["Muon optimizer"], "case does not count"),
        ("rate", ["Rate of decay", "Learning rate", "Learning-rate schedule"], "a beginning before a later word"),
        ("decay rate", ["Rate of decay"], "words in any order"),
        ("lr", ["Learning rate", "Learning-rate schedule"], "the first letters of words before any others"),
        ("lrs", ["Learning-rate schedule"], "of a hyphenated word too"),
        ("lrng", ["Learning rate", "Learning-rate schedule"], "letters in their order"),
        ("uo", ["Muon", "Demuonise", "Muon optimizer"], "within a word"),
        ("cafe", ["Caf\u00e9 au lait"], "accents do not count"),
        ("cafe\u0301", ["Caf\u00e9 au lait"], "nor does the form of Unicode"),
        ("strasse", ["Stra\u00dfe"], "letters that fold to two"),
        ("\u672c\u8a9e", ["\u65e5\u672c\u8a9e\u306e\u6587\u7ae0"], "Japanese has no blanks"),
        ("\u65e5\u6587", ["\u65e5\u672c\u8a9e\u306e\u6587\u7ae0"], "its characters in their order"),
        ("\u1112\u1161\u11ab", ["\ud55c\uae00 \ubb38\uc11c"], "Hangul letters typed apart"),
        ("bpe", ["Byte-pair encoding"], "an alias"),
        ("byte pair", ["Byte-pair encoding"], "punctuation is a blank"),
        ("c++", ["C++ (language)"], "but these signs are letters"),
        ("ac dc", ["AC/DC"], "a page by its file's name"),
        ("  muon   o ", ["Muon optimizer"], "blanks around it"),
        ("zzz", [], "nothing fits"),
        ("()", [], "nothing but punctuation"),
        (".*", [], "no regular expression"),
        ("[", [], "nor a part of one"),
        ("\n", [], "nor a line end"),
        ("\0", [], "nor a null character"),
    ],
)
def test_what_fits_best_comes_first(typed: str, first: list[str], why: str) -> None:
    assert look_up(typed)[: len(first) or None] == first, why


def test_among_equals_the_shorter_name_comes_first_then_the_page_that_changed_last() -> None:
    pages = [entry("note c", changed=1.0), entry("note a", changed=3.0), entry("note bb", changed=9.0), entry("note b")]
    assert look_up("note", pages) == ["note a", "note c", "note b", "note bb"]
    assert look_up("note", pages, limit=2) == ["note a", "note c"]
    assert look_up("note", pages, limit=0) == []


def test_a_page_is_found_once_whatever_its_names() -> None:
    pages = [entry("Muon", "muon", "Muon optimiser", "MUON"), *(entry(f"Muon {n}") for n in range(5))]
    assert look_up("muon", pages) == ["Muon", *(f"Muon {n}" for n in range(5))]
    assert len(look_up("muon", pages, limit=6)) == 6, "its other names take nobody's place"


@pytest.mark.parametrize(
    ("typed", "page", "shown"),
    [
        ("opt", entry("Muon optimizer"), ["opt"]),
        ("decay rate", entry("Rate of decay"), ["Rate", "decay"]),
        ("lrs", entry("Learning-rate schedule"), ["L", "r", "s"]),
        ("strasse", entry("Die Stra\u00dfe"), ["Stra\u00dfe"]),
        ("cafe", entry("Cafe\u0301 noir"), ["Cafe\u0301"]),
        ("rtng", entry("A   routing"), ["r", "t", "ng"]),
        ("pair en", entry("(Byte) - pair   encoding"), ["pair   en"]),
        ("\u672c", entry("\u65e5\u672c"), ["\u672c"]),
        ("bpe", entry("Byte-pair encoding", "a BPE"), ["BPE"]),
        ("be", entry("Byte-pair encoding"), ["B", "e"]),
        ("mu muon", entry("Muon rate"), ["Muon"]),
        ("\ud55c", entry("\u1112\u1161\u11ab\u1100\u1173\u11af"), []),
    ],
)
def test_what_fits_is_marked_in_the_name_as_it_is_shown(typed: str, page: Entry, shown: list[str]) -> None:
    (match,) = Palette.of([page]).look_up(typed, {page.path: page}, limit=9)
    name = match.alias or match.entry.title
    assert [name[start:end] for start, end in match.spans] == shown


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.text("aAb\u00df\u00e9e\u0301- \u65e5\n/\u0130", max_size=8), max_size=6),
    st.text("ab\u00e9se -\u65e5", max_size=5),
)
def test_spans_are_parts_of_the_name_and_every_page_is_found_by_its_title(titles: list[str], typed: str) -> None:
    pages = {f"{n}.md": entry(title, path=f"{n}.md") for n, title in enumerate(titles)}
    palette = Palette.of(pages.values())
    for match in palette.look_up(typed, pages, limit=9):
        ends = [place for span in match.spans for place in span]
        assert ends == sorted(set(ends)), "in order, apart"
        assert all(0 <= place <= len(match.alias or match.entry.title) for place in ends)
    for path, page in pages.items():
        if any(letter.isalnum() for letter in page.title):
            assert path in [match.entry.path for match in palette.look_up(page.title, pages, limit=9)]


def test_long_and_hostile_input_is_bounded() -> None:
    pages = [entry("a" * 300, path=f"{n}.md") for n in range(50)]
    for typed in ("a" * 10_000, "ab" * 5_000, "a b " * 3_000, "a" * (MAX_TYPED + 1), "(a+)+$"):
        assert len(look_up(typed, pages)) <= 20


def test_a_palette_that_changed_finds_what_a_new_one_finds() -> None:
    pages = {page.path: page for page in PAGES}
    palette = Palette.of(pages.values())
    for n in range(2_500):  # more than are kept apart
        new = entry(f"Muon number {n}", path=f"{n}.md")
        gone = [pages.pop(f"{n - 3}.md")] if n > 2 else []
        if n == 5:
            gone.append(pages.pop("Muon.md"))
        pages[new.path] = new
        palette = palette.changed(gone, [new])
        if n in {4, 6, 999, 2_499}:
            for typed in ("muon", "number", "lr", "mn", ""):
                assert palette.look_up(typed, pages, limit=30) == Palette.of(pages.values()).look_up(
                    typed, pages, limit=30
                )
