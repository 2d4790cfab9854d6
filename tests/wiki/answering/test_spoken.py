"""The language that an answer is proved in: a wrong one sees no numbers."""

import pytest

from nightdesk.wiki.answering.asking import verify_body
from nightdesk.wiki.answering.spoken import question_language
from nightdesk.wiki.writing import Evidence, WriteMaterial

FIVE = "Muon runs five Newton-Schulz steps per update."
FUENF = "Muon macht fünf Schritte der Newton-Schulz-Iteration in jeder Aktualisierung der Gewichte."


@pytest.mark.parametrize(
    ("question", "otherwise", "language", "why"),
    [
        ("Compare Muon and AdamW", "en", "en", "names look Italian"),
        ("Wie viele Schritte macht Muon?", "en", "de", "words of the language"),
        ("How many steps does Muon run?", "de", "en", "also where the sources are in another"),
        ("这个优化器在每次更新中运行多少步？", "en", "zh", "letters of the language"),
        ("", "de", "de", "nothing to tell by"),
    ],
)
def test_the_language_of_a_question(question: str, otherwise: str, language: str, why: str) -> None:
    assert question_language(question, otherwise=otherwise) == language, why


@pytest.mark.parametrize(
    ("evidence", "told", "text", "holds"),
    [
        (FIVE, "en", "Muon runs five steps.", True),
        (FIVE, "en", "Muon runs nine steps.", False),
        (FIVE, "it", "Muon runs nine Newton-Schulz steps in each and every update of the weights.", False),
        (FUENF, "de", "Muon macht fünf Schritte in jeder Aktualisierung der Gewichte.", True),
        (FUENF, "en", "Muon macht neun Schritte in jeder Aktualisierung der Gewichte.", False),
    ],
)
def test_an_answer_is_proved_in_the_language_that_it_is_written_in(
    evidence: str, told: str, text: str, holds: bool
) -> None:
    supplied = (Evidence("Muon", "c0123456789", evidence, evidence, (), (), False, None),)
    material = WriteMaterial("concept", "Answer", "Muon", (), told, supplied, (), (), ())
    verified = verify_body("Muon?", material, f"{text} [[Muon#^c0123456789|1]]")
    assert (verified.result is not None) is holds
