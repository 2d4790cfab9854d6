"""Research by a player of a model, with several tasks at once: what it reads, what it does not read again, who errs."""

import json
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from nightdesk.agents.tasks import CapReachedError
from nightdesk.base.desk import Desk
from nightdesk.base.settings import Settings
from nightdesk.base.stages import silent
from nightdesk.wiki.answering.statements import Statements
from nightdesk.wiki.claims import find_citations
from nightdesk.wiki.research.report import Researched
from nightdesk.wiki.research.research import Terms, research
from nightdesk.wiki.staff import Staff
from nightdesk.wiki.work import briefs_of
from tests.desks import make_desk
from tests.player import Asked, Player, compile_here, pieces, play

QUESTION = "Compare Muon and AdamW"
PARTS = ["How many Newton-Schulz steps does Muon run?", "What does weight decay do?", "What is a warm-up?"]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("with_ai"))
    compile_here(desk, None)
    return desk


def answer(asked: Asked) -> str:
    """Take a question apart; answer one with the first claim that is supplied; read as the player reads."""
    data = pieces(asked.text)
    if "names of pages" in data:
        return json.dumps({"questions": PARTS})
    if "the question" not in data:
        return play(asked.text)
    first = data["claims and words of sources"].splitlines()[0]
    citation, _, statement = first.removeprefix("- ").partition("]] ")
    return f"{statement.partition(' (20')[0]} {citation}]]"


def ask(root: Path, player: Player, *, rounds: int = 2) -> Researched:
    desk = Desk(root)
    staff = Staff({"read": player, "ask": player}, briefs_of(desk), parallel=4)
    return research(
        desk, QUESTION, Terms(Settings(jobs=1), staff, rounds=rounds), stage=silent, today=date(2026, 11, 23)
    )


def is_at_home(root: Path, body: str) -> bool:
    """Say whether each claim that a body cites stands on the desk."""
    statements = Statements(Desk(root))
    cited = [citation for citation in find_citations(body) if citation.id.startswith("c")]
    return bool(cited) and all(statements.claim(citation.page, citation.id) for citation in cited)


def test_an_ai_reads_the_sources_and_answers_in_parallel(fresh: Path) -> None:
    meeting = threading.Barrier(2, timeout=20)
    met: list[int] = []

    def together(asked: Asked) -> str:
        if asked.subject in PARTS[:2] and not met:
            meeting.wait()  # breaks where the two are not asked at the same time
            met.append(1)
        return answer(asked)

    player = Player(together, at_once=4)
    found = ask(fresh, player)
    assert found.answered
    assert is_at_home(fresh, found.reply.body)
    assert player.subjects("read") == ["raw/adam.md", "raw/muon.md", "raw/notes.txt"]
    assert set(player.subjects("ask")) == {f"parts of: {QUESTION}", QUESTION, *PARTS}
    assert found.reply.cost.calls == len(player.asked), "reading is counted, too"
    assert [part.answered for part in found.parts] == [True] * 4


def test_what_an_ai_has_read_on_the_desk_is_not_read_again(fresh: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(fresh, tmp_path / "desk"))
    player = Player(answer)
    compile_here(root, player)
    player.forget()
    found = ask(root, player)
    assert player.forget() == Counter(ask=5)
    assert is_at_home(root, found.reply.body)


def test_gaps_are_asked_in_other_words(fresh: Path) -> None:
    split: list[str] = []

    def unsure(asked: Asked) -> str:
        data = pieces(asked.text)
        if "names of pages" in data:
            split.append(data.get("what was not answered", ""))
            return json.dumps({"questions": ["What is the speed of sand?"] if len(split) == 1 else PARTS[:1]})
        return "The desk does not know." if "sand" in asked.subject else answer(asked)

    found = ask(fresh, Player(unsure))
    assert split == ["", "What is the speed of sand?"]
    assert [part.question for part in found.parts] == [QUESTION, "What is the speed of sand?", PARTS[0]]
    assert "## What is not known\n\n- What is the speed of sand?" in found.reply.body
    assert found.rounds == 2


def capped(asked: Asked) -> str:
    raise CapReachedError("the cap of 1 tokens is used up")


def nonsense(asked: Asked) -> str:
    return "\x00 [[x#^c0000000000|1]] 9,999 Newton-Schulz steps"


@pytest.mark.parametrize(("reply", "is_capped"), [(capped, True), (nonsense, False)])
def test_an_ai_that_gives_nothing_leaves_the_built_in_report(
    fresh: Path, reply: Callable[[Asked], str], is_capped: bool
) -> None:
    found = ask(fresh, Player(reply))
    assert bool(found.reply.capped) is is_capped
    assert "9,999" not in found.reply.body
    assert found.reply.knows
    assert is_at_home(fresh, found.reply.body)
