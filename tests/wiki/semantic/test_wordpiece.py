"""Word pieces are the ones that the model was trained on: checked against the reference tokenizer's answers."""

import pytest

from nightdesk.wiki.semantic.wordpiece import MAX_TOKENS, load_pieces

PIECES = load_pieces()


@pytest.mark.parametrize(
    ("text", "numbers", "why"),
    [
        ("The learning rate rises.", [101, 1996, 4083, 3446, 9466, 1012, 102], "plain words"),
        (
            "Newton-Schulz orthogonalises",
            [101, 8446, 1011, 8040, 21886, 2480, 28721, 13087, 102],
            "pieces of words, a hyphen alone",
        ),
        ("naïve café ÀÉÎ", [101, 15743, 7668, 29347, 2072, 102], "accents are gone"),
        ("学习率 ok", [101, 1817, 100, 100, 7929, 102], "each ideograph is a word"),
        (
            "optimizer\xa0v1.2\t(3e-4)",
            [101, 23569, 27605, 6290, 1058, 2487, 1012, 1016, 1006, 1017, 2063, 1011, 1018, 1007, 102],
            "white space and signs",
        ),
        ("a\u200bb\x00c\ufffdd", [101, 5925, 2094, 102], "what cannot be seen is nothing"),
        (
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            [101, 100, 102],
            "a word too long is unknown",
        ),
        ("", [101, 102], "nothing"),
        ("μP — “quoted” £5 ½", [101, 1166, 2361, 1517, 1523, 9339, 1524, 27813, 1092, 102], "signs that are not ASCII"),
        ("\uff26\uff35\uff2c\uff2c\u3000width", [101, 100, 9381, 102], "full width stays"),
        ("straße İstanbul ΣΑΣ", [101, 2358, 27807, 9960, 1173, 14608, 29733, 102], "cases"),
        ("👍 ok", [101, 100, 7929, 102], "unknown"),
        ("한국어", [101, 1469, 30006, 30021, 29991, 30014, 30020, 29999, 30008, 102], "syllables fall into letters"),
        (
            "def f(x): return x**2 # c++",
            [101, 13366, 1042, 1006, 1060, 1007, 1024, 2709, 1060, 1008, 1008, 1016, 1001, 1039, 1009, 1009, 102],
            "code",
        ),
    ],
)
def test_a_text_is_read_as_the_reference_reads_it(text: str, numbers: list[int], why: str) -> None:
    assert PIECES.numbers(text) == numbers, why


def test_a_long_text_is_cut_between_its_marks() -> None:
    numbers = PIECES.numbers("word " * 1_000_000)
    assert (len(numbers), numbers[0], numbers[-1]) == (MAX_TOKENS, 101, 102)
