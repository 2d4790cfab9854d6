"""A desk evaluated with a person's questions."""

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.stages import silent
from nightdesk.wiki.answering.answers import Answer, Passage
from nightdesk.wiki.claims import parse_claims
from nightdesk.wiki.probe.baseline import bm25_answerer
from nightdesk.wiki.probe.evaluation import Evaluation, evaluate
from nightdesk.wiki.probe.intervals import Share
from nightdesk.wiki.probe.question_file import Item
from nightdesk.wiki.probe.support import Support
from tests.desks import make_desk, run

PAGE = "wiki/sources/Muon, explained.md"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = make_desk(tmp_path_factory.mktemp("evaluation"))
    assert run(folder, "compile").code == 0
    return Desk(folder)


def claim(desk: Desk, words: str) -> Passage:
    found = next(c for c in parse_claims((desk.root / PAGE).read_text(encoding="utf-8")) if words in c.statement)
    return Passage(found.statement, "claim", PAGE, 1, "", "Muon, explained", found.id, "raw/muon.md", 1.0)


def text(words: str, path: str = "raw/muon.md") -> Passage:
    return Passage(words, "text", path, 1, "", "", "", path, 1.0, exact=words)


def test_a_citation_holds_or_not(desk: Desk) -> None:
    support = Support(desk)
    right = claim(desk, "five")
    forged = Passage(right.text.replace("five", "six"), *[getattr(right, n) for n in Passage.__slots__[1:]])
    gone = Passage(right.text, "claim", PAGE, 1, "", "Muon, explained", "c0000000000", "raw/muon.md", 1.0)
    cites = (("Muon, explained", right.claim),)
    sentence = Passage("Muon runs 5 Newton-Schulz steps.", "page", "x", 1, "", "Muon", "", "", 1.0, cites=cites)
    bare = Passage("Muon runs 5 Newton-Schulz steps.", "page", "x", 1, "", "Muon", "", "", 1.0)
    assert support.holds(right)
    assert support.holds(sentence)
    assert support.holds(text("Muon does not need a long warm-up"))
    assert not support.holds(forged), "says something else than its claim"
    assert not support.holds(gone), "there is no such claim"
    assert not support.holds(bare), "cites nothing"
    assert not support.holds(text("Muon needs a long warm-up")), "does not stand there"
    assert not support.holds(text("root", "../../../etc/passwd")), "no file of the desk"


def test_each_question_is_scored(desk: Desk) -> None:
    replies = {
        "right": (claim(desk, "five"),),
        "exact": (text("five Newton-Schulz steps"),),
        "wrong": (claim(desk, "optimiser"),),
        "silent": (),
        "unknown": (),
        "made up": (claim(desk, "optimiser"),),
    }
    items = [
        Item("right", ("six", "5"), "muon.md", 1),
        Item("exact", ("five newton-schulz STEPS",), "", 2),
        Item("wrong", ("4,000 steps",), "raw/adam.md", 3),
        Item("silent", ("0.1",), "", 4),
        Item("unknown", (), "", 5),
        Item("made up", (), "", 6),
    ]

    def answerer(question: str) -> Answer:
        return Answer(question, replies[question], replies[question], 0.5)

    found = evaluate(items, answerer, Support(desk), stage=silent, label="asking")
    assert [one.right for one in found.scored] == [True, True, False, False, True, False]
    assert [one.source for one in found.scored] == [True, None, False, None, None, None]
    assert (found.right, found.contained, found.exact) == (Share(3, 6), Share(2, 4), Share(1, 4))
    assert (found.source, found.cited) == (Share(1, 2), Share(4, 4))
    assert (found.abstention_precision, found.abstention_recall) == (Share(1, 2), Share(1, 2))
    assert found.f1 is not None
    assert 0.25 <= found.f1 < 0.6


def test_nothing_asked_is_nothing_known() -> None:
    figures = Evaluation(()).to_json()
    assert figures["f1"] is None
    assert figures["right"] == Share(0, 0).to_json()


def test_the_baseline_finds_passages_of_the_scope(desk: Desk) -> None:
    names = {"raw/muon.md": "Muon, explained"}
    question = "How many Newton-Schulz steps does Muon run per update?"
    wiki = bm25_answerer(desk, "wiki", source_names=names)(question)
    both = bm25_answerer(desk, "desk", source_names=names)(question)
    assert wiki.knows
    assert {passage.kind for passage in wiki.considered} <= {"claim", "page"}
    assert any(passage.path.startswith("raw/") for passage in both.considered)
    assert any("five" in passage.text and passage.source == "raw/muon.md" for passage in wiki.passages)
    assert not bm25_answerer(desk, "wiki", source_names=names)("?!").knows
