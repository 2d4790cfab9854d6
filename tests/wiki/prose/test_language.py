"""The language of a text, its function words, its spaces."""

import pytest

from nightdesk.wiki.prose.language import detect_language, has_spaces, stopwords

CODE = "```\nimport os\n" + "x = os.path.join(a, b)\n" * 50 + "```\n"


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("The learning rate decides how far the weights move in one step of training.", "en", "English"),
        ("Die Lernrate bestimmt, wie stark sich die Gewichte in einem Schritt ändern.", "de", "German"),
        ("Le taux d'apprentissage détermine l'ampleur de la mise à jour des poids.", "fr", "French"),
        ("La tasa de aprendizaje determina cuánto cambian los pesos en cada paso.", "es", "Spanish"),
        ("Il tasso di apprendimento determina quanto cambiano i pesi a ogni passo.", "it", "Italian"),
        ("A taxa de aprendizado determina o quanto os pesos mudam em cada passo.", "pt", "Portuguese"),
        ("De leersnelheid bepaalt hoeveel de gewichten in elke stap veranderen.", "nl", "Dutch"),
        ("学习率决定每一步权重变化的大小。", "zh", "Chinese"),
        ("学習率は一歩ごとに重みがどれだけ変わるかを決める。", "ja", "Japanese"),
        ("학습률은 각 단계에서 가중치가 얼마나 변하는지 결정한다.", "ko", "Korean"),
        ("שיעור הלמידה קובע כמה המשקולות משתנות בכל צעד", "he", "Hebrew under its code of today"),
        ("", "en", "nothing"),
        ("12345 67.8 | --- | $$", "en", "numbers and marks"),
        ("Hello world", "en", "too short to tell"),
        ("GPT-2 small 124M lr 0.02", "en", "names and numbers"),
        ("\ud800\0 \x01", "en", "what is no text"),
        (CODE + "Das Skript verbindet die Pfade und schreibt sie in eine Datei.", "de", "code does not count"),
    ],
)  # fmt: skip
def test_detect_language(text: str, language: str, reason: str) -> None:
    assert detect_language(text) == language, reason


def test_only_a_sample_of_a_long_text_is_read_and_it_decides() -> None:
    assert detect_language("Der Verlust sinkt mit jedem Schritt des Trainings ein wenig. " * 50_000) == "de"


def test_stopwords_are_lower_case_and_empty_for_an_unknown_language() -> None:
    assert {"the", "of"} <= stopwords("en")
    assert {"der", "und"} <= stopwords("de")
    assert stopwords("xx") == frozenset()


@pytest.mark.parametrize(
    ("language", "spaces"), [("en", True), ("ko", True), ("zh", False), ("ja", False), ("th", False), ("xx", True)]
)
def test_has_spaces(language: str, spaces: bool) -> None:
    assert has_spaces(language) is spaces
