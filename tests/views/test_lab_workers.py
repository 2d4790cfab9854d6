"""From a worker's name to a lab's proposer: keys, caps, trust, and the ledger of costs."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from nightdesk.agents.tasks import CapReachedError
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import Settings
from nightdesk.lab.jobs import Proposal
from nightdesk.lab.labs import Lab
from nightdesk.lab.programs import parse_program
from nightdesk.views.cli.lab_workers import proposer_for, worker_of
from tests.lab.searches import TRAIN, search

PROGRAM = parse_program("---\nrun: python train.py\nedit: train.py\nmetric: val_bpb\n---\nTry.\n", files={"train.py"})


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "lab/tiny").mkdir(parents=True)
    desk = Desk(tmp_path)
    return Lab("tiny", tmp_path / "lab/tiny", tmp_path, desk.cache / "lab/tiny", PROGRAM, desk)


def script(lab: Lab, usage: Mapping[str, object] | None = None) -> str:
    edits = [{"file": "train.py", "search": "LR = 0.01", "replace": "LR = 0.02"}]
    ranges = [{"name": "LR", "low": 0.001, "high": 0.1}]
    hand_in = {"title": "A larger LR", "hypothesis": "It is low.", "edits": edits, "files": [], "ranges": ranges}
    line = {"kind": "propose", "subject": "*", "hand_in": hand_in, "usage": dict(usage or {})}
    (lab.repository / "night.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    return "scripted:night.jsonl"


def proposal(lab: Lab, name: str | None, settings: Settings | None = None) -> Proposal:
    with proposer_for(lab, settings or Settings(), chosen=name) as proposer:
        made = proposer.propose(search())
    assert made is not None
    return made


@pytest.mark.parametrize(("name", "method"), [("builtin", "moves"), ("random", "random")])
def test_those_who_need_no_ai(lab: Lab, name: str, method: str) -> None:
    made = proposal(lab, name)
    assert (made.worker, made.method) == (name, method)


def test_a_worker_proposes_and_its_calls_are_in_the_ledger(lab: Lab) -> None:
    made = proposal(lab, script(lab, {"input_tokens": 10, "output_tokens": 2, "usd": 0.01}))
    assert made.files == {"train.py": TRAIN.replace("LR = 0.01", "LR = 0.02")}
    costs = (lab.repository / "costs.tsv").read_text(encoding="utf-8")
    assert "\tpropose\t" in costs
    assert "0.01" in costs


def test_a_repository_of_the_persons_own_gets_no_file(lab: Lab) -> None:
    name = script(lab)
    before = set(lab.repository.iterdir())
    proposal(replace(lab, desk=None), name)
    assert set(lab.repository.iterdir()) - before <= {lab.repository / ".nightdesk"}
    assert (lab.state / "costs.tsv").is_file()


def test_hybrid_puts_the_ranges_where_people_read_them(lab: Lab) -> None:
    made = proposal(lab, f"hybrid:{script(lab)}")
    assert made.worker == "scripted"
    assert made.hypothesis == "It is low.\n\nRanges to search: LR from 0.001 to 0.1"


def test_a_cap_holds(lab: Lab) -> None:
    name = script(lab, {"usd": 0.02})
    with pytest.raises(CapReachedError):
        proposal(lab, name, Settings(max_usd=0.01))


@pytest.mark.parametrize("name", ["gpt", "hybrid:builtin", "hybrid:", "hybrid:hybrid:room", "openai:", "Builtin"])
def test_a_name_that_is_none(lab: Lab, name: str) -> None:
    with pytest.raises(DeskError, match="proposes no experiments"), proposer_for(lab, Settings(), chosen=name):
        pass


def test_the_room_needs_a_desk(lab: Lab) -> None:
    with (
        pytest.raises(DeskError, match="labs of a desk"),
        proposer_for(replace(lab, desk=None), Settings(), chosen="room"),
    ):
        pass


@pytest.mark.parametrize("name", ["command:true", "hybrid:command:true"])
def test_a_program_that_came_with_the_desk_needs_trust(lab: Lab, name: str) -> None:
    settings = Settings(workers={"propose": name})
    with pytest.raises(DeskError, match="nightdesk trust"), proposer_for(lab, settings):
        pass


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (Settings(), "builtin"),
        (Settings(worker="openai:gpt-5"), "openai:gpt-5"),
        (Settings(worker="room"), "builtin"),  # it keeps the wiki; a night would wait for it
        (Settings(worker="room", workers={"propose": "room"}), "room"),
        (Settings(worker="openai:gpt-5", workers={"propose": "hybrid:room"}), "hybrid:room"),
    ],
)
def test_who_proposes_where_nobody_is_named(settings: Settings, name: str) -> None:
    assert worker_of(settings) == name
