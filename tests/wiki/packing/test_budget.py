"""The count of tokens, and what makes words from outside fit for a pack."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.wiki.packing.budget import MAX_LINE, Words, count_tokens, cut, same_words


@given(st.lists(st.text(max_size=60).map(lambda line: line.replace("\n", " ") + "\n"), max_size=8))
def test_lines_that_are_joined_never_have_more_tokens_than_their_sum(lines: list[str]) -> None:
    assert count_tokens("".join(lines)) <= sum(map(count_tokens, lines))


@pytest.mark.parametrize(
    ("text", "least", "why"),
    [
        ("", 0, "nothing"),
        ("学习率", 6, "a Chinese character is up to three tokens, and never less than two here"),
        ("1234567890", 10, "each digit may be a token"),
        ("the cat sat", 3, "words"),
        ("🙂", 3, "an emoji is its bytes"),
    ],
)
def test_what_is_counted_is_at_least_what_there_is(text: str, least: int, why: str) -> None:
    assert count_tokens(text) >= least, why


@given(st.text(max_size=300), st.integers(5, 60))
def test_a_cut_text_has_no_more_than_it_may(text: str, tokens: int) -> None:
    assert count_tokens(cut(text, tokens)) <= tokens or cut(text, tokens) == "…"


@given(st.text(max_size=300))
def test_a_line_is_one_line_and_begins_no_block(text: str) -> None:
    line = Words().opening(text)
    assert "\n" not in line
    assert not line.startswith(("#", ">", "- ", "* ", "+ ", "    ", "```"))
    assert "![" not in line.replace("\\!", "")


def test_folders_and_keys_of_this_machine_are_taken_out() -> None:
    words = Words(["/home/ada"])
    line = words.line("see /home/ada/secret and sk-ant-abcdefghijklmnopqrstuvwxyz0123")
    assert "/home/ada" not in line
    assert "abcdefghijkl" not in line
    assert words.left_out == 2


def test_an_endless_line_is_cut() -> None:
    assert len(Words().line("x" * 1_000_000)) <= MAX_LINE + 1


@pytest.mark.parametrize(
    ("one", "other", "same", "why"),
    [
        ("Muon is  fast.", "muon is fast", True, "white space, case and the end do not count"),
        ("It is -5", "It is 5", False, "a sign does"),
        ("C# is", "C is", False, "it may be a name's"),
    ],
)
def test_the_same_words(one: str, other: str, same: bool, why: str) -> None:
    assert (same_words(one) == same_words(other)) is same, why
