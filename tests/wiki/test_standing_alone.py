"""Statements that stand alone, and those that lean on what stood around them."""

import pytest

from nightdesk.wiki.standing_alone import says_nothing, what_it_leans_on


@pytest.mark.parametrize(
    ("statement", "leans"),
    [
        ("It runs five steps per update.", "it"),
        ("They found no benefit.", "they"),
        ("This reduces the memory by half.", "this"),
        ("These layers were trained with AdamW.", "these"),
        ("The paper shows this.", "The paper"),
        ("This article is about bread.", "This article"),
        ("The results are listed in the table below.", "below"),
        ("Dies senkt den Verbrauch.", "dies"),
    ],
)
def test_leaning(statement: str, leans: str) -> None:
    language = "de" if statement.startswith("Dies") else "en"
    assert what_it_leans_on(statement, language=language) == leans


@pytest.mark.parametrize(
    "statement",
    [
        "Muon runs five steps per update.",
        "It is known that Muon needs no warm-up.",  # "it" stands for the clause
        "There is no benefit of Muon for embeddings.",
        "The authors found no benefit of Muon for embedding layers.",
        "In 2024 Keller Jordan released Muon.",
        "The first gear has 223 teeth.",
        "The report says that Muon is 35% faster than AdamW.",
        "Temperatures below 5 °C stop the yeast.",
    ],
)
def test_standing(statement: str) -> None:
    assert what_it_leans_on(statement, language="en") is None


@pytest.mark.parametrize("statement", ["", "5 …", "https://example.org/a", "<b></b>", "a@b.example", "— 12%"])
def test_without_words(statement: str) -> None:
    assert says_nothing(statement)


@pytest.mark.parametrize("statement", ["Rc<T> counts references.", "See https://example.org", "学习率很重要"])
def test_with_words(statement: str) -> None:
    assert not says_nothing(statement)
