import random
from dataclasses import replace

import pytest

from nightdesk.wiki.themes import MAX_THEMES, Statement, order_claims


def statement(
    text: str, source: str = "A", concepts: tuple[str, ...] = ("Muon",), *, defines: bool = False
) -> Statement:
    return Statement(text, source, "2025-01-01", concepts, defines)


def indexes(statements: list[Statement], **options: int) -> list[int]:
    ordered = order_claims(statements, title="Muon", language="en", **options)
    return [index for theme in ordered.themes for group in theme.groups for index in group]


def many(count: int, sources: int) -> list[Statement]:
    words = random.Random(7)
    vocabulary = [f"word{n}" for n in range(500)]
    others = ["Adam", "Weight decay", "Momentum", "Matrix", "Batch size"]
    return [
        statement(
            f"Statement about {' '.join(words.sample(vocabulary, 8))} and {n}.",
            f"Source {n % sources}",
            ("Muon", words.choice(others)),
        )
        for n in range(count)
    ]


def test_the_definition_leads_without_a_heading() -> None:
    statements = [
        statement("In a run of 2024 Muon was 30 percent faster."),
        statement("Muon is an optimizer for weight matrices.", defines=True),
        statement("Muon needs a matrix."),
    ]
    ordered = order_claims(statements, title="Muon", language="en")
    assert ordered.themes[0].title == ""
    assert ordered.themes[0].groups == ((1,),)
    assert indexes(statements) == [1, 2, 0]  # then from the general to the particular


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Muon orthogonalises the momentum of each matrix.", "The momentum of each matrix Muon orthogonalises.", True),
        (
            "Muon is twice as fast as AdamW on this task.",
            "Muon is not twice as fast as AdamW on this task.",
            False,
        ),  # negation
        (
            "Muon saves 30 percent of the training steps.",
            "Muon saves 50 percent of the training steps.",
            False,
        ),  # figures
        ("Muon orthogonalises the momentum.", "AdamW decouples the weight decay.", False),
    ],
)
def test_what_says_the_same_is_one_group(one: str, other: str, same: bool) -> None:
    ordered = order_claims([statement(one), statement(other, "B")], title="Muon", language="en")
    groups = [group for theme in ordered.themes for group in theme.groups]
    assert ((0, 1) in groups or (1, 0) in groups) is same


def test_shared_concepts_make_themes() -> None:
    statements = [statement(f"Muon and its momentum: point {word}.", concepts=("Muon", "Momentum")) for word in "abcd"]
    statements += [
        statement(f"Muon in the matter of {word}.") for word in ("cats", "dogs", "birds", "fish", "mice", "bees")
    ]
    titles = [theme.title for theme in order_claims(statements, title="Muon", language="en").themes]
    assert titles == ["Momentum", "Further"]


def test_words_make_themes_where_concepts_do_not() -> None:
    statements = [
        statement("The method reduces the loss and improves the result."),
        statement("It reduced the cost of a run by a third and helps small machines."),
        statement("However, the method fails on embeddings and cannot be used there."),
        statement("A limitation is that the method is unstable without a warm-up."),
        statement("Each step first computes the momentum and then divides it by its norm."),
        statement("The update then multiplies each matrix and adds it to the weights."),
        statement("Turtles."),
    ]
    themes = order_claims(statements, title="Muon", language="en").themes
    assert [theme.title for theme in themes] == ["How it works", "Effect and results", "Limits and problems", "Further"]
    assert themes[-1].groups == ((6,),)


def test_every_statement_is_told_once_or_counted_as_left_out() -> None:
    statements = many(300, sources=20)
    ordered = order_claims(statements, title="Muon", language="en", limit=40)
    told = [index for theme in ordered.themes for group in theme.groups for index in group]
    assert len(told) == len(set(told))
    assert len(told) + ordered.left_out == 300
    assert sum(len(theme.groups) for theme in ordered.themes) == 40
    assert len(ordered.themes) <= MAX_THEMES
    assert {statements[index].source for index in told} == {f"Source {n}" for n in range(20)}  # each has its say


def test_two_thousand_statements() -> None:
    ordered = order_claims(many(2000, sources=100), title="Muon", language="en")
    assert sum(len(theme.groups) for theme in ordered.themes) == 60


def test_the_same_statements_give_the_same_order() -> None:
    statements = many(80, sources=5)
    assert order_claims(statements, title="Muon") == order_claims([replace(s) for s in statements], title="Muon")


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "学习率过大会使训练发散。"), ("de", "Die Lernrate ist klein."), ("xx", "?")]
)
def test_other_languages_and_odd_texts(language: str, text: str) -> None:
    ordered = order_claims([statement(text), statement(text, "B")], title="Muon", language=language)
    assert ordered.left_out == 0
    assert sorted(index for theme in ordered.themes for group in theme.groups for index in group) == [0, 1]


def test_no_statements() -> None:
    assert order_claims([], title="Muon").themes == ()
