"""Questions taken apart, by code and by an AI whose sub-questions are hostile until checked."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.names import name_key
from nightdesk.wiki.answering.question import parse_question
from nightdesk.wiki.research.split_task import MAX_CHARS, SplitMaterial, verify_split
from nightdesk.wiki.research.splitting import MAX_PARTS, named_in, split_question

PAGES = ("Muon", "AdamW", "Newton-Schulz iteration", "Learning rate", "Rate", "Model", "C++", "位置编码")
NAMES = {name_key(name): name for name in PAGES}


def rarity(forms: Sequence[str]) -> tuple[float, bool]:
    """Say that each word tells as much as the others, but for one that stands everywhere."""
    return (0.1 if forms[0] == "model" else 1.0), True


def parts(text: str) -> list[str]:
    return [part.text for part in split_question(parse_question(text, rarity), NAMES)]


@pytest.mark.parametrize(
    ("question", "some", "why"),
    [
        ("What is Muon and why does it need no warm-up?", ["What is Muon", "why does it need no warm-up?"], "and why"),
        ("What is Muon? When was it made?", ["What is Muon?", "When was it made?"], "two sentences"),
        ("Compare Muon and AdamW", ["What is Muon?", "What is AdamW?", "Muon and AdamW"], "two names"),
        ("How do Muon and AdamW treat sand?", ["Muon and AdamW", "How large is Muon?"], "objects of one verb stay"),
        ("Was ist Muon und warum braucht es das?", ["Was ist Muon", "warum braucht es das?"], "German"),
    ],
)
def test_parts_of_a_question(question: str, some: list[str], why: str) -> None:
    found = parts(question)
    assert found[0] == " ".join(question.split())
    assert set(some) <= set(found), why
    assert len(found) <= MAX_PARTS


def test_a_part_that_leans_on_the_first_is_asked_with_it() -> None:
    found = split_question(parse_question("What is Muon and why does it work so well?", rarity), NAMES)
    assert [part.before for part in found if part.text.startswith("why")] == ["What is Muon"]
    assert [part.title for part in found if part.own] == ["What is Muon?", "Why does it work so well?"]


@pytest.mark.parametrize(
    ("question", "named", "why"),
    [
        ("the learning rate of Muon", ("learning rate", "Muon"), "the longest of names that overlap, as it is written"),
        ("learning rates", ("learning rates",), "a plural"),
        ("a model trained with Muon", ("Muon",), "a word that stands everywhere tells nothing"),
        ("a model", ("model",), "but it is asked about where nothing else is named"),
        ("muon MUON Muon", ("muon",), "once"),
        ("Is C++ fast?", ("C++",), "signs that belong to the name"),
        ("nothing that is known", (), "no name"),
    ],
)
def test_names_in_a_question(question: str, named: tuple[str, ...], why: str) -> None:
    assert named_in(parse_question(question, rarity), NAMES) == named, why


@given(st.text(max_size=300))
def test_any_text_can_be_taken_apart(text: str) -> None:
    found = split_question(parse_question(text, rarity), NAMES)
    assert 1 <= len(found) <= MAX_PARTS
    assert found[0].whole
    assert len({part.text for part in found}) == len(found)


MATERIAL = SplitMaterial("Compare Muon and AdamW?", ("Muon",), ("What is lost?",))


@pytest.mark.parametrize(
    ("questions", "kept", "faults", "why"),
    [
        (["What is Muon?", "What is AdamW?"], 2, 0, "good"),
        (["What is Muon?", "what is  muon"], 1, 0, "twice the same"),
        (["compare muon and adamw", "What is lost", "What is Muon?"], 1, 0, "what was asked already"),
        (["x", "What is Muon?"], 1, 1, "too short"),
        (["a" * (MAX_CHARS + 1)], 0, 1, "too long"),
        ([7, None, {"a": 1}, ["What is Muon?"]], 0, 4, "no texts"),
        (["What is [[Muon]] and so on?"], 0, 1, "a link"),
        (["See ![x](https://example.org/leak)?"], 0, 1, "an image"),
        (["<script>alert(1)</script> or what?"], 0, 1, "HTML"),
        ([f"What is the number {n}?" for n in range(30)], MAX_PARTS - 1, 1, "too many"),
        (["compare muon and adamw"], 0, 1, "nothing new"),
        ([], 0, 1, "empty"),
    ],
)
def test_sub_questions_of_an_ai(questions: list[object], kept: int, faults: int, why: str) -> None:
    verified = verify_split(MATERIAL, json.dumps({"questions": questions}))
    assert len(verified.result or ()) == kept, why
    assert len(verified.reasons) == faults, why


@pytest.mark.parametrize("hand_in", ["", "none", "[]", '{"questions": "a"}', "[" * 10_000, '{"parts": []}'])
def test_a_hand_in_of_another_form(hand_in: str) -> None:
    verified = verify_split(MATERIAL, hand_in)
    assert verified.result is None
    assert verified.reasons


def test_a_sub_question_is_one_line_without_hidden_signs() -> None:
    verified = verify_split(MATERIAL, json.dumps({"questions": ["What is\n\nMuon\u202e really?"]}))
    assert verified.result is not None
    assert "\n" not in verified.result[0].text
    assert "\u202e" not in verified.result[0].text
