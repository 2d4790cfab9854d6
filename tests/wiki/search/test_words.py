"""Words: folded alike in index and query, their other endings, and what a slip of the pen meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.wiki.search.inflections import inflections
from nightdesk.wiki.search.tokens import fold, index_form, tokens_of, vocabulary
from nightdesk.wiki.search.typos import edits, nearest_word


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Crème Brûlée", "creme brulee"),
        ("Straße İstanbul ΣΊΣΥΦΟΣ", "strasse istanbul σισυφοσ"),
        ("Łódź Ærø", "lodz aero"),
        ("ｆｕｌｌ　ｗｉｄｔｈ ﬁne", "full width fine"),
        ("зелёный", "зеленыи"),
        ("학습률", "학습률"),
        ("がく", "がく"),
    ],
)
def test_folding(text: str, form: str) -> None:
    assert fold(text) == form


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("学习率 is", "学习 习率 率 is"),
        ("深度\n学习", "深度 度学 学习 习"),
        ("GPT模型", "gpt 模型 型"),
        ("ในประเทศ", "ใน นป ปร ระ ะเ เท ทศ ศ"),
        ("नमस्ते दुनिया", "नमस्ते दुनिया"),
        ("a—b “c” d_e", "a b c d e"),
    ],
)
def test_the_form_in_the_index(text: str, words: str) -> None:
    assert index_form(text).split() == words.split()


@given(st.text())
def test_folding_keeps_the_lines(text: str) -> None:
    assert fold(text).count("\n") == text.count("\n")


@given(st.text(max_size=40))
def test_a_text_holds_the_tokens_that_a_query_of_it_has(text: str) -> None:
    form = index_form(text)
    for token in tokens_of(text):
        assert token.text[:2] in form


def test_the_vocabulary_is_words_of_letters() -> None:
    assert vocabulary(index_form("The 3 GPUs, GPU.")) == {"the", "gpus", "gpu"}
    assert vocabulary(index_form("The naïve 学习率")) == {"the", "naive"}


@pytest.mark.parametrize(
    ("word", "form"),
    [
        *[("optimiser", "optimisers"), ("optimiser", "optimizer"), ("running", "run"), ("runs", "running")],
        *[("policies", "policy"), ("policy", "policies"), ("matrices", "matrix"), ("index", "indices")],
        *[("analyses", "analysis"), ("boxes", "box"), ("decays", "decayed"), ("making", "make"), ("stopped", "stop")],
    ],
)
def test_other_endings(word: str, form: str) -> None:
    assert form in inflections(word)


@pytest.mark.parametrize(
    ("word", "other", "why"),
    [
        ("universe", "university", "another word"),
        ("string", "str", "no verb"),
        ("news", "new", "another word"),
        ("lens", "len", "another word"),
        ("adam", "adamant", "another word"),
        ("ml", "mls", "too short"),
        ("学习", "学习s", "not English"),
    ],
)
def test_what_is_no_ending(word: str, other: str, why: str) -> None:
    assert other not in inflections(word), why


WORDS = {"optimizer": 5, "optical": 9, "learning": 7, "leaning": 2, "schedule": 3, "обучение": 4, "orthogonal": 1}


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("optimzer", "optimizer"),
        ("optimiezr", "optimizer"),
        ("learnig", "learning"),
        ("leraning", "learning"),
        ("shcedlue", "schedule"),
        ("ortogonla", "orthogonal"),
        ("обучене", "обучение"),
        ("zebra", None),
        ("opt", None),
        ("x" * 1000, None),
    ],
)
def test_a_slip_is_understood(slip: str, meant: str | None) -> None:
    def words_from(beginning: str, least: int, most: int) -> list[tuple[str, int]]:
        return [(w, n) for w, n in WORDS.items() if w.startswith(beginning) and least <= len(w) <= most]

    assert nearest_word(slip, lambda words: {w: WORDS[w] for w in words if w in WORDS}, words_from) == meant


@pytest.mark.parametrize(
    ("a", "b", "count"), [("ab", "ab", 0), ("ab", "ba", 1), ("abc", "ac", 1), ("abcd", "badc", 2), ("abc", "xyz", 3)]
)
def test_edits(a: str, b: str, count: int) -> None:
    assert edits(a, b, most=2) == count
