"""Answers of the built-in worker over a real desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.wiki.answering.answerer import answer, open_answerer
from nightdesk.wiki.answering.answers import Answerer
from nightdesk.wiki.answering.replies import BUILTIN, builtin_reply
from nightdesk.wiki.answering.statements import Statements
from nightdesk.wiki.builtin import BuiltinWorker
from tests.desks import ADAM, MUON, make_desk, run

TABLE = """# Sizes of models

| Model | Layers | Width | Heads | Context |
| --- | --- | --- | --- | --- |
| Tiny-1 | 12 | 768 | 12 | 1024 |
| Tiny-2 | 24 | 1024 | 16 | 2048 |
"""
GERMAN = """# Muon auf Deutsch

Muon ist ein Optimierer für Gewichtsmatrizen. Keller Jordan hat Muon im Oktober 2024 veröffentlicht. Der Optimierer
braucht fünf Schritte der Newton-Schulz-Iteration für jede Aktualisierung der Gewichte.
"""
CHINESE = """# 学习率预热

学习率预热在训练开始时把学习率从零升到峰值。预热通常需要两千步。余弦调度把学习率降到零。
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    sources = {"muon.md": MUON, "adam.md": ADAM, "sizes.md": TABLE, "de.md": GERMAN, "zh.md": CHINESE}
    root = make_desk(tmp_path_factory.mktemp("asked"), sources)
    assert run(root, "compile").code == 0
    return Desk(root)


@pytest.fixture(scope="module")
def ask(desk: Desk) -> Iterator[Answerer]:
    with open_answerer(desk) as opened:
        yield opened


@pytest.mark.parametrize(
    ("question", "expected", "why"),
    [
        ("How many Newton-Schulz steps does Muon run per update?", "five Newton-Schulz steps", "a claim"),
        ("What is a common learning rate for Muon?", "0.02", "a number"),
        ("What is AdamW?", "AdamW is an optimiser", "a definition"),
        ("How many layers does Tiny-2 have?", "Layers: 24", "a row of a table, the cell that was asked for"),
        ("Wann hat Keller Jordan Muon veröffentlicht?", "Oktober 2024", "German"),
        ("预热通常需要多少步？", "两千步", "Chinese"),
    ],
)
def test_what_the_desk_knows(ask: Answerer, question: str, expected: str, why: str) -> None:
    found = ask(question)
    assert found.knows, why
    assert expected in found.passages[0].text, why


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of Portugal?",
        "How many layers does Tiny-7 have?",
        "Who founded the city of Rome?",
        "How much power does an H100 draw?",
        "?",
        "the of and",
    ],
)
def test_what_it_does_not_know(ask: Answerer, question: str) -> None:
    found = ask(question)
    assert not found.knows
    assert found.confidence < 0.35


def test_words_that_stand_nowhere_are_named(ask: Answerer) -> None:
    assert "portugal" in ask("What is the capital of Portugal?").missing


def test_the_wiki_alone_knows_no_tables(desk: Desk) -> None:
    assert not any(
        "Layers: 24" in p.text for p in answer(desk, "How many layers does Tiny-2 have?", scope="wiki").passages
    )


def test_a_claim_stands_for_the_same_sentence_of_its_text(ask: Answerer) -> None:
    found = ask("How many Newton-Schulz steps does Muon run per update?")
    assert found.passages[0].kind == "claim"
    assert len({passage.text for passage in found.passages}) == len(found.passages)


def test_words_of_a_text_are_exact_and_at_their_line(desk: Desk, ask: Answerer) -> None:
    passage = ask("How many layers does Tiny-2 have?").passages[0]
    line = (desk.root / passage.path).read_text(encoding="utf-8").splitlines()[passage.line - 1]
    assert passage.kind == "text"
    assert passage.quote == line


def test_similarity_can_turn_the_order(desk: Desk) -> None:
    question = "What does AdamW do?"
    plain = answer(desk, question)
    wanted = plain.considered[3].text
    turned = answer(desk, question, similarity=lambda q, texts: [4.0 * (text == wanted) for text in texts])
    assert turned.considered[0].text == wanted


def test_references_lead_to_quotes(desk: Desk, ask: Answerer) -> None:
    statements = Statements(desk)
    reply = builtin_reply(ask("What is AdamW?"), statements, worker=BUILTIN)
    assert reply.knows
    for reference in reply.references:
        assert reference.quote
        text = (desk.root / reference.path).read_text(encoding="utf-8")
        assert reference.quote in " ".join(text.split())


def test_a_page_sentence_that_its_claims_do_not_support_is_no_answer(tmp_path: Path) -> None:
    root = make_desk(tmp_path, {"muon.md": MUON})
    assert run(root, "compile").code == 0
    page = root / "wiki/concepts/Muon.md"
    text = page.read_text(encoding="utf-8")
    assert "five Newton-Schulz" in text.replace("[[", "").replace("]]", "")
    page.write_text(text.replace("five", "nine"), encoding="utf-8")
    found = answer(Desk(root), "How many Newton-Schulz steps does Muon run?", scope="wiki")
    assert found.knows
    assert not any("nine" in passage.text for passage in found.considered)


def test_the_name_of_the_built_in_worker() -> None:
    assert BuiltinWorker.name == BUILTIN


def test_what_was_found_to_be_wrong_answers_nothing(tmp_path: Path) -> None:
    wrong = "# Muon, wrongly\n\nMuon runs nine Newton-Schulz steps per update. The learning rate scales each update.\n"
    root = make_desk(tmp_path, {"muon.md": MUON, "wrong.md": wrong})
    assert run(root, "compile").code == 0
    [item] = run(root, "contradictions", "--json").document["contradictions"]
    right = next(side["claim"] for side in (item["one"], item["other"]) if "five" in side["statement"])
    assert any(
        "nine" in p.text
        for p in answer(Desk(root), "How many Newton-Schulz steps does Muon run per update?").considered
    )
    assert run(root, "contradictions", "resolve", item["id"], "--keep", right, "--because", "counted").code == 0
    found = answer(Desk(root), "How many Newton-Schulz steps does Muon run per update?")
    assert "five" in found.passages[0].text
    assert not any("nine" in p.text for p in found.considered)
