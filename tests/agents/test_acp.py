"""Agents over the Agent Client Protocol: a small agent made with the library stands in for good and bad ones."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from nightdesk.agents.acp import permitted
from nightdesk.agents.coding import AgentSettings, CodingWorker, make_coding_worker
from nightdesk.agents.meter import Caps, Meter
from nightdesk.agents.private_folder import OutsideError, read_flat, write_flat
from nightdesk.agents.tasks import Brief, CapReachedError, LeftError, Task, WorkerError
from nightdesk.base.sandbox import why_not

pytest.importorskip("acp", reason="agent-client-protocol is not installed")
AGENT = Path(__file__).with_name("acp_agent.py")
GOOD = '{"claims": []}'
BOTH = [
    pytest.param(True, id="confined", marks=pytest.mark.skipif(bool(why_not()), reason=f"cannot confine: {why_not()}")),
    pytest.param(False, id="unconfined"),
]
TASK: Task[None] = Task("read", "a.md", "hash", None, lambda: Brief("# Do it", "data", "json", "tmpl"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "temporary").mkdir()
    (tmp_path / "outside").write_text("somebody's")
    return tmp_path


def agent(place: Path, *what: str, confine: bool = False, meter: Meter | None = None, **settings: Any) -> CodingWorker:
    """Return the worker whose agent does `what`."""
    return make_coding_worker(
        "acp:" + shlex.join([sys.executable, str(AGENT), *what]),
        settings=AgentSettings(**{"confine": confine, "temporary": place / "temporary", "minutes": 0.5, **settings}),
        meter=meter or Meter(),
        environment={"HOME": str(place / "home"), "PATH": os.environ["PATH"]},
    )


@pytest.mark.parametrize("confine", BOTH)
@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("writes", "through us"),
        ("itself", "with its own hands"),
        ("answers", "it only answers; what it said before a tool is no answer"),
        ("noise", "lines that are no messages are skipped"),
    ],
)
def test_the_hand_in_is_what_counts(place: Path, what: str, why: str, confine: bool) -> None:
    worker = agent(place, what, confine=confine)
    assert worker.work(TASK, ()).text == GOOD, why
    assert worker.name.startswith("acp:python")
    assert list((place / "temporary").iterdir()) == []


def test_what_it_says_of_its_use_is_counted(place: Path) -> None:
    usage = agent(place, "writes").work(TASK, ()).usage
    assert (usage.input_tokens, usage.output_tokens, usage.usd) == (10, 2, None)
    assert agent(place, "itself").work(TASK, ()).usage.input_tokens is None


@pytest.mark.parametrize(
    ("what", "expected", "why"),
    [
        ("nothing", "its turn ended and said nothing", "it is content with nothing"),
        ("refuses", "its turn ended with refusal", "it does not want to"),
        ("no login", "Authentication required", "nobody logged in"),
        ("dies", "with code 9", "it breaks down"),
        ("floods", "Connection closed", "a message without end"),
    ],
)
def test_no_hand_in(place: Path, what: str, expected: str, why: str) -> None:
    with pytest.raises(WorkerError, match="acp:python") as caught:
        agent(place, what).work(TASK, ())
    assert expected in caught.value.message, why


def test_permission_is_given_for_the_folder_alone(place: Path) -> None:
    assert agent(place, "asks").work(TASK, ()).text == "yes yes no no no no no no"


def test_files_are_served_from_the_folder_alone(place: Path) -> None:
    answers = agent(place, "escapes", str(place / "outside")).work(TASK, ()).text
    assert set(answers.split()) == {"refused"}
    assert len(answers.split()) == 18
    assert (place / "outside").read_text() == "somebody's"


def test_there_is_no_terminal(place: Path) -> None:
    assert agent(place, "terminal").work(TASK, ()).text == "no terminal"


@pytest.mark.parametrize("confine", BOTH)
def test_time_limit(place: Path, confine: bool) -> None:
    with pytest.raises(WorkerError, match=r"it was ended after 0\.04 minutes"):
        agent(place, "hangs", confine=confine, minutes=0.04).work(TASK, ())


def test_the_time_cap_ends_an_agent(place: Path) -> None:
    with pytest.raises(CapReachedError, match="minutes ended acp:python"):
        agent(place, "hangs", meter=Meter(Caps(minutes=0.04))).work(TASK, ())


def test_a_cap_that_nobody_can_keep_is_refused(place: Path) -> None:
    with pytest.raises(CapReachedError, match="cap minutes instead"):
        agent(place, "writes", meter=Meter(Caps(usd=1.0))).work(TASK, ())


def test_closing_ends_what_runs(place: Path) -> None:
    worker = agent(place, "hangs")
    worker.close()
    with pytest.raises(LeftError, match="was stopped"):
        worker.work(TASK, ())


@pytest.mark.parametrize(
    ("call", "allowed", "why"),
    [
        ({"kind": "edit", "locations": [{"path": "/w/a"}]}, True, "a file of the folder"),
        ({"kind": "edit", "content": [{"type": "diff", "path": "/w/a"}]}, True, "told by its diff"),
        ({"kind": "edit", "locations": [{"path": "a"}]}, True, "a relative path"),
        ({"kind": "edit", "locations": [{"path": "/w/a"}, {"path": "/x"}]}, False, "one of two"),
        ({"kind": "edit", "locations": [{"path": "/w/a"}], "content": [{"type": "diff", "path": "/x"}]}, False, "both"),
        ({"kind": "edit", "locations": [{"path": "/wider/a"}]}, False, "a name that begins alike"),
        ({"kind": "edit", "locations": [{"path": "/w/\0"}]}, False, "no path at all"),
        ({"kind": "edit"}, False, "it does not say what"),
        ({"locations": [{"path": "/w/a"}]}, False, "it does not say how"),
        ({"kind": "execute", "locations": [{"path": "/w/a"}]}, False, "a command can do anything"),
        ({"kind": "other", "locations": [{"path": "/w/a"}]}, False, "anything else"),
    ],
)
def test_what_is_permitted(call: dict[str, Any], allowed: bool, why: str) -> None:
    assert permitted(call, Path("/w")) is allowed, why


def test_a_link_out_of_the_folder_is_not_permitted(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")
    call = {"kind": "edit", "locations": [{"path": str(tmp_path / "link/passwd")}]}
    assert not permitted(call, tmp_path.resolve())


def test_files_are_written_whole(tmp_path: Path) -> None:
    write_flat(tmp_path, "a", "a long text")
    write_flat(tmp_path, str(tmp_path / "a"), "short")
    assert read_flat(tmp_path, "a") == "short"
    os.link(tmp_path / "a", tmp_path / "b")
    with pytest.raises(OutsideError, match="of its own"):
        write_flat(tmp_path, "b", "x")
    assert (tmp_path / "a").read_text() == "short"
