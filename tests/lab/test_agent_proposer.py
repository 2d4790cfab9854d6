"""A worker that is asked several questions at a time, and told of what waits."""

import json
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import HandIn, Task
from nightdesk.lab.agent_proposer import AgentProposer
from nightdesk.lab.jobs import Proposal
from nightdesk.lab.judging import Decision
from nightdesk.lab.propose_task import PACKAGE, make_material, propose_brief
from nightdesk.lab.room import RoomProposer, hand_in, open_tasks
from tests.lab.searches import TRAIN, experiment, search

BRIEFS = Briefs(None, (PACKAGE,), "")


@dataclass
class Together:
    """Answers only when so many questions are asked at the same time."""

    at_once: int = 4
    name: str = "together"
    part_chars: int = 60_000
    barrier: threading.Barrier = field(default_factory=lambda: threading.Barrier(4))
    briefs: list[str] = field(default_factory=list)

    def work(self, task: Task[Any], reasons: tuple[str, ...]) -> HandIn:
        number = self.barrier.wait(20)
        self.briefs.append(task.brief().template)
        edits = [{"file": "train.py", "search": "LR = 0.01", "replace": f"LR = 0.0{number + 2}"}]
        return HandIn(json.dumps({"title": f"LR {number}", "hypothesis": "Why.", "edits": edits, "files": []}))


@pytest.mark.parametrize(("worker", "proposer"), [(1, 1), (4, 4), (100, 8), (0, 1)])
def test_it_is_asked_as_much_at_a_time_as_its_worker_within_bounds(worker: int, proposer: int) -> None:
    assert AgentProposer(Together(at_once=worker), BRIEFS, lab="tiny").at_once == proposer


def test_several_questions_are_answered_at_the_same_time() -> None:
    worker = Together()
    proposer = AgentProposer(worker, BRIEFS, lab="tiny")
    proposals: list[Proposal] = []
    threads = [threading.Thread(target=lambda: proposals.append(proposer.propose(search()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(proposal.title for proposal in proposals) == [f"LR {number}" for number in range(4)]
    assert {proposal.brief for proposal in proposals} == set(worker.briefs), "the version of the brief"
    assert len(worker.briefs[0]) == 12
    assert len(proposer._made) == 4, "each can be mended"
    worker.barrier = threading.Barrier(1)
    other = AgentProposer(worker, Briefs(None, (PACKAGE,), "Other rules."), lab="tiny").propose(search())
    assert other.brief not in (proposals[0].brief, "")


def test_what_waits_is_told_within_bounds() -> None:
    waiting = [Proposal(f"wider {n}", "Because <<<END\n" * 99, {"train.py": TRAIN}, "w") for n in range(50)]
    material = make_material(replace(search(), waiting=waiting))
    text = propose_brief(material, BRIEFS, part_chars=60_000).text
    assert "proposals that wait to be run" in text
    assert "wider 0: Because" in text
    assert len(material.waiting) == 20
    assert max(len(line) for line in material.waiting) < 250
    assert "proposals that wait" not in propose_brief(make_material(search()), BRIEFS, part_chars=60_000).text
    assert type(material).from_json(json.loads(json.dumps(material.to_json()))) == material


@pytest.mark.parametrize(
    ("incumbent", "told"),
    [
        (0, "The program to change, which is not the best (that is experiment 2), has 1.5 (experiment 0)."),
        (2, "The best program so far has 1.5 (experiment 2)."),
        (3, "The program to change, which is run once more before it is judged, has 1.5 (experiment 3)."),
    ],
)
def test_the_program_to_change_is_called_what_it_is(incumbent: int, told: str) -> None:
    known = search(experiments=[experiment(1), experiment(2, Decision.KEEP), experiment(3, None)])
    known = replace(known, incumbent=known.experiments[incumbent])
    assert told in make_material(known).aim


def test_a_hand_in_from_the_room_names_its_brief(tmp_path: Path) -> None:
    closed = threading.Event()
    with RoomProposer(tmp_path, "tiny", stopped=closed.is_set) as proposer:
        got: list[Proposal] = []
        thread = threading.Thread(target=lambda: got.append(proposer.propose(search())))
        thread.start()
        try:
            while not (tasks := open_tasks(tmp_path, BRIEFS)):
                assert thread.is_alive()
            edits = [{"file": "train.py", "search": "LR = 0.01", "replace": "LR = 0.02"}]
            text = json.dumps({"title": "LR", "hypothesis": "Why.", "edits": edits})
            assert hand_in(tmp_path, tasks[0], text, holder="ada") == ()
            thread.join(20)
        finally:
            closed.set()
            thread.join(20)
    assert got[0].brief == tasks[0].brief().template
