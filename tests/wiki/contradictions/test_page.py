"""wiki/contradictions.md: what is written can be read back, and no line of a person's is lost."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.pages import parse_page
from nightdesk.wiki.contradictions.items import HOW, Item, Side, State, item_id
from nightdesk.wiki.contradictions.page import read_items, render_page, wrong_claims
from nightdesk.wiki.contradictions.states import chosen_claim

ONE = Side("c0123456789", "Muon (notes)", "The rate of *Muon* is [[0.02]] ^kaaaaaaaaaa.", "2025-03")
OTHER = Side("cabcdef0123", "Adam", "The rate of Muon (x) is 0.2 (2024)")
ID = item_id(ONE.claim, OTHER.claim)
ITEM = Item(ID, ONE, OTHER, "value")
RESOLVED = State("resolved", ONE.claim, "wrong", "it was [[measured]]: twice", "Ada", "2026-11-23")


def line_of(text: str, start: str) -> str:
    return next(line for line in text.split("\n") if line.strip(" \t-").startswith(start))


def edited(text: str, old: str, *new: str) -> str:
    """Return the page with the line that begins so replaced, indented as Obsidian does it."""
    line = line_of(text, old)
    return text.replace(line + "\n", "".join(f"\t- {entry}\n" for entry in new))


@pytest.mark.parametrize(
    "item",
    [
        ITEM,
        replace(ITEM, state=RESOLVED),
        replace(ITEM, state=State("not a contradiction", because="other sizes", by="Ada", on="2026-11-23")),
        replace(ITEM, state=State(by="Ada")),
        replace(ITEM, found_by="openai:gpt", reason='"0.02" against "0.2": not both', how="other"),
        replace(ITEM, one=replace(ONE, there=False)),
        replace(ITEM, notes=("  - a note of mine", "    more of it")),
        replace(ITEM, suggested=ONE.claim, suggested_why="B is a later edition of A"),
    ],
)
def test_an_item_is_read_as_it_was_written(item: Item) -> None:
    page = render_page([item])
    kept = read_items(page.text)
    assert kept.items == {ID: item}
    assert (kept.loose, kept.problems) == ([], [])
    assert render_page(kept.items.values()).text == page.text


def test_a_person_decides_in_the_lines_of_an_item() -> None:
    text = render_page([ITEM]).text
    lines = ("State:  Resolved", f"keep: [[Adam#^{OTHER.claim}]]", "other is: superseded", "because: it is newer")
    (item,) = read_items(edited(text, "state:", *lines)).items.values()
    assert item.state == State("resolved", OTHER.claim, "superseded", "it is newer")
    assert item.loser == ONE
    assert wrong_claims([item]) == frozenset()
    assert wrong_claims([replace(item, state=replace(item.state, other="wrong"))]) == {ONE.claim}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("state: rezolved", "keep: one"), 'state "rezolved" is none of'),
        (("state: resolved",), 'keep "" names neither'),
        (("state: resolved", "keep: c9999999999"), "names neither of its claims"),
        (("state: resolved", f"keep: {ONE.claim} or {OTHER.claim}"), "names neither of its claims"),
        (("state: resolved", "keep: one", "other is: outdated"), "it can be wrong or superseded"),
        (("state: not a contradiction", "on: yesterday"), 'on "yesterday" is no date'),
    ],
)
def test_what_cannot_be_read_is_told_in_a_line_and_stays(lines: tuple[str, ...], told: str) -> None:
    text = edited(render_page([ITEM]).text, "state:", *lines)
    kept = read_items(text)
    (problem,) = kept.problems
    assert told in problem
    assert ID in problem
    assert kept.items[ID].is_open
    again = render_page(kept.items.values(), loose=kept.loose).text
    assert all(f"\t- {line}\n" in again for line in lines)
    assert read_items(again).problems == kept.problems


def test_lines_around_the_items_and_keys_in_the_frontmatter_are_kept() -> None:
    text = render_page([ITEM]).text.replace("## Open\n", "My thoughts.\n\n> a quotation\n\n## Open\n")
    text = text.replace("type: contradictions\n", "type: contradictions\nreviewed: true\n").replace("\n", "\r\n")
    kept = read_items(text)
    after = render_page(kept.items.values(), loose=kept.loose, before=parse_page(text))
    assert "## Notes\n\nMy thoughts.\n\n> a quotation\n" in after.text
    assert after.value("reviewed") is True
    assert not after.edited
    again = read_items(after.text)
    assert render_page(again.items.values(), loose=again.loose, before=after).text == after.text


def test_an_item_whose_claims_cannot_be_read_is_kept_as_text() -> None:
    text = render_page([replace(ITEM, state=RESOLVED)]).text.replace(f"#^{ONE.claim}|", "#^c0|")
    kept = read_items(text)
    assert not kept.items
    assert "cannot be read" in kept.problems[0]
    assert any("because: it was [[measured]]: twice" in line for line in kept.loose)


def test_an_item_that_stands_there_twice_counts_once() -> None:
    text = render_page([ITEM]).text
    block = text[text.index("- Another value") :]
    kept = read_items(text + block)
    assert list(kept.items) == [ID]
    assert "twice" in kept.problems[0]
    assert f"- {HOW['value']} ^{ID}" in kept.loose


def test_a_page_of_a_persons_own_is_left_to_them() -> None:
    assert not read_items("# Contradictions\n\nIn physics there are many.\n").is_ours
    assert read_items(render_page([]).text).is_ours


def test_which_claim_is_kept_can_be_said_in_several_ways() -> None:
    one, other = ONE.claim, OTHER.claim
    for words in (one, f"^{one}", f"[[A#^{one}|1]]", "one", "One", "1"):
        assert chosen_claim(words, one, other) == one
    assert chosen_claim("other", one, other) == other


@given(st.lists(st.text(max_size=40), max_size=12))
def test_no_word_of_a_page_is_ever_lost(lines: list[str]) -> None:
    typed = "\n".join(lines).replace("\r", "")
    text = render_page([replace(ITEM, state=RESOLVED)]).text + "\n" + typed
    kept = read_items(text)
    after = render_page(kept.items.values(), loose=kept.loose).text
    for line in typed.split("\n"):
        words = line.strip()
        assert words in after or words.startswith("#")  # a heading of ours may be typed again
    second = read_items(after)
    assert render_page(second.items.values(), loose=second.loose).text == after
