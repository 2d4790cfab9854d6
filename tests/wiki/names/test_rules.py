"""names.md taken apart and written: what is decided, what is passed over, and that nothing in it is ever lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.names import name_key, safe_name
from nightdesk.wiki.names.rules import Called, SourceCalled, Taken, parse_decisions
from nightdesk.wiki.names.writing_down import HEAD, with_called, with_pages_renamed, with_source_called, with_taken

GOOD = [
    ("[[Muon optimizer]] is also: Muon; MUON", Called("Muon optimizer", ("Muon", "MUON"), 1)),
    ("[[C|C#]] is also: C sharp", Called("C#", ("C sharp",), 1)),  # the title is what the link shows
    (r"[[A]] is also: x\; y; z", Called("A", ("x; y", "z"), 1)),  # a semicolon within a name
    ("[[M]] is the page of [a b.md](../raw/a%20b.md)", SourceCalled("M", "raw/a b.md", (), 1)),
    ("[[M]] is the page of [x](../raw/x.md), also: Y; Z", SourceCalled("M", "raw/x.md", ("Y", "Z"), 1)),
    (
        "[[Adam (person)]] takes from [[Adam]]: ^c0123456789 ^cabcdef0123",
        Taken("Adam (person)", "Adam", ("c0123456789", "cabcdef0123"), 1),
    ),
]
BAD = [
    ("[[Muon]] was once: Moon", "no decision"),
    ("Muon is also: Moon", "no decision"),  # no link, which would lead to the page
    ("[[a/b]] is also: c", "would be called"),  # no page can have that name
    ("[[index]] is also: c", "itself makes"),
    ("[[M]] is the page of [x](../../etc/passwd)", "no decision"),
    ("[[M]] is the page of [x](../raw/../../etc/passwd)", "out of raw"),
    ("[[M]] is the page of [x](../raw/%2e%2e/%2e%2e/etc/passwd)", "out of raw"),
    ("[[A]] takes from [[B]]: ^x1", "is written ^c"),
    ("[[A]] takes from [[a]]: ^c0123456789", "from itself"),
]


@pytest.mark.parametrize(("item", "rule"), GOOD)
def test_a_decision_is_read_and_written_back(item: str, rule: Called | SourceCalled | Taken) -> None:
    assert parse_decisions(f"- {item}\n").rules == (rule,)
    assert parse_decisions(f"- {rule.text}\n").rules == (rule,)


@pytest.mark.parametrize(("item", "why"), BAD)
def test_what_is_no_decision_is_told_with_its_line(item: str, why: str) -> None:
    decided = parse_decisions(f"---\ntype: names\n---\n# Names\n\n- {item}\n- [[Good]] is also: Fine\n")
    assert [rule.title for rule in decided.rules] == ["Good"]
    (problem,) = decided.problems
    assert problem.startswith("wiki/names.md, line 6: ")
    assert why in problem


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ("[[B]] is also: Muon", "a name in two decisions"),
        ("[[MUON]] is also: X", "case does not count"),
        ("[[Muon]] is the page of [x](../raw/x.md)", "a source and a concept under one name"),
    ],
)
def test_of_two_that_clash_the_first_holds(second: str, why: str) -> None:
    decided = parse_decisions(f"- [[A]] is also: Muon\n- {second}\n")
    assert ([rule.title for rule in decided.rules], len(decided.problems)) == (["A"], 1), why


def test_prose_code_and_notes_are_no_decisions() -> None:
    text = "Words - not an item.\n\n```\n- [[A]] is also: B\n```\n\n- [[C]] is also: D\n  - 2026: why\n1. one\n"
    assert [rule.title for rule in parse_decisions(text).rules] == ["C"]
    assert parse_decisions(text).problems == ()


def test_decisions_about_one_page_become_one() -> None:
    text = with_called("", "Muon optimizer", ["Muon"], why="2026-11-23: page rename from Muon")
    text = with_called(text, "Lion", ["Leo"], why="2026-11-23: page rename from Leo")
    text = with_called(text, "The optimizer", ["Muon optimizer"], why="2026-11-23: page rename")
    text = with_called(text, "The optimizer", ["Lion"], why="2026-11-23: page merge of Lion")
    (rule,) = parse_decisions(text).rules
    assert rule == Called("The optimizer", ("Muon optimizer", "Muon", "Lion", "Leo"), rule.line)
    assert parse_decisions(text).problems == ()
    assert "page merge of Lion" in text


def test_renamed_back_the_first_name_is_known_still() -> None:
    text = with_called(with_called("", "B", ["A"], why="w"), "A", ["B"], why="w")
    assert [rule.text for rule in parse_decisions(text).rules] == ["[[A]] is also: B"]


def test_a_page_that_took_from_another_and_becomes_one_with_it_takes_no_more() -> None:
    text = with_taken("", Taken("Part", "Whole", ("c0123456789",), 0), why="2026-11-23: page split")
    text = with_taken(text, Taken("Part", "Whole", ("cabcdef0123",), 0), why="2026-11-23: page split")
    assert parse_decisions(text).taken[0].claims == ("c0123456789", "cabcdef0123")
    assert parse_decisions(with_pages_renamed(text, "Whole", "C#")).taken[0].source == "C"
    assert with_pages_renamed(text, "Part", "Whole") == HEAD


def test_a_source_keeps_the_names_that_it_had() -> None:
    text = with_source_called("", SourceCalled("B", "raw/a.md", ("A",), 0), why="w")
    text = with_source_called(text, SourceCalled("C", "raw/a.md", ("B",), 0), why="w")
    assert [(rule.title, rule.also) for rule in parse_decisions(text).sources] == [("C", ("B", "A"))]


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=30), max_size=12))
def test_any_text_is_read_and_no_line_of_it_is_changed(lines: list[str]) -> None:
    text = "\n".join(lines)
    parse_decisions(text)
    new = with_called(text, "New", ["Old"], why="2026-11-23: page rename from Old")
    if text.strip() and "New" not in text and "Old" not in text:
        assert new.startswith(text)


NAME = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=1, max_size=20).map(
    lambda text: " ".join(text.split())
)


@given(NAME, st.lists(NAME, min_size=1, max_size=4))
def test_any_names_come_back_as_they_were_written(title: str, also: list[str]) -> None:
    also = [name for name in dict.fromkeys(also) if name and name != title]
    if not title or not also or safe_name(title) == "untitled" or name_key(safe_name(title)) in ("index", "log"):
        return
    decided = parse_decisions(f"- {Called(title, tuple(also), 1).text}\n")
    if decided.called:
        (rule,) = decided.called
        assert (rule.title, rule.also) == (title, tuple(also))
    else:
        assert decided.problems
