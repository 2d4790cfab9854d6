"""What a question asks for, and how well a statement fits it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.wiki.answering.confidence import BAR, confidence, features
from nightdesk.wiki.answering.fit import fit
from nightdesk.wiki.answering.question import Question, leans, parse_question


def asked(text: str, before: str = "") -> Question:
    return parse_question(text, lambda forms: (1.0, True), before=before)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Who proposed AdamW?", "person"),
        ("In which year was AdamW proposed?", "date"),
        ("When did GPT-2 appear?", "date"),
        ("How many layers does it have?", "number"),
        ("What is the largest value of fp16?", "number"),
        ("Why is a warm-up needed?", "reason"),
        ("What is perplexity?", "definition"),
        ("Wie viele Schritte braucht Muon?", "number"),
        ("Wer hat AdamW vorgeschlagen?", "person"),
        ("什么是学习率预热？多少步？", "number"),
        ("Which optimiser does Kimi use?", "other"),
    ],
)
def test_kind(text: str, kind: str) -> None:
    assert asked(text).kind == kind


def test_words_of_the_question_before_count_where_it_points_back() -> None:
    before = "Who proposed AdamW?"
    assert "adamw" in asked("When was it proposed?", before).keys
    assert "adamw" not in asked("When was Muon proposed in public?", before).keys
    assert leans("and why?")


@pytest.mark.parametrize(
    ("question", "better", "worse", "why"),
    [
        ("Who proposed AdamW?", "Ilya Loshchilov proposed AdamW.", "AdamW was proposed lately.", "names a person"),
        ("How many steps does it take?", "It takes five steps.", "It takes its steps.", "number beside what it counts"),
        ("What is Muon?", "Muon is an optimiser for matrices.", "Many people use Muon for matrices.", "defines"),
        ("How many tokens had GPT-4?", "GPT-4 had 9 tokens.", "GPT-2 had 4 tokens.", "GPT and 4 apart are not GPT-4"),
        ("When was Muon published?", "Muon was published in 2024.", "Muon was published quickly.", "a date"),
        ("Does Muon not need it?", "Muon does not need it at all.", "Muon does need it at all.", "negation"),
    ],
)  # fmt: skip
def test_the_better_statement_fits_better(question: str, better: str, worse: str, why: str) -> None:
    one, other = (fit(asked(question), text, "") for text in (better, worse))
    assert (one.score, one.names) > (other.score, other.names), why


def test_a_heading_that_only_repeats_the_question_is_no_answer() -> None:
    assert fit(asked("What does the pass statement do?"), 'The "pass" statement', "").score == 0


def test_words_near_the_statement_count_less_than_those_in_it() -> None:
    question = asked("What does Muon need?")
    inside = fit(question, "Muon has a need of five steps.", "")
    near = fit(question, "It has a need of five steps.", "Muon")
    assert inside.score > near.score > fit(question, "It has a need of five steps.", "").score


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=40))
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_question_and_a_statement(text: str, statement: str, near: str) -> None:
    question = asked(text)
    found = fit(question, statement, near)
    assert 0 <= found.score < 3
    assert 0 <= confidence(features(question, found, frozenset())) <= 1


def test_words_that_stand_nowhere_lower_the_confidence() -> None:
    known = parse_question("Who proposed AdamW?", lambda forms: (1.0, True))
    unknown = parse_question("Who proposed AdamW?", lambda forms: (1.0, "adamw" not in forms))
    statement = "Ilya Loshchilov proposed AdamW."
    sure, unsure = (
        confidence(features(q, fit(q, statement, ""), frozenset({"adamw", "propos"}))) for q in (known, unknown)
    )
    assert sure > BAR
    assert sure > unsure
