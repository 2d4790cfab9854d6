"""Questions: the stream of an answer, follow-ups, saving, stopping; with code, with a script and with a model."""

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.settings import read_settings
from nightdesk.base.trust import trust
from nightdesk.views.web.gate import TOKEN_HEADER
from tests.agents.model_server import Hang, ModelServer
from tests.desks import git
from tests.views.web.acting_desks import Client, acting_desk, open_client

TALK = "0123456789abcdef"
QUESTION = "How many Newton-Schulz steps does Muon run?"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return acting_desk(tmp_path)


@pytest.fixture
def client(desk: Path) -> Iterator[Client]:
    with open_client(desk) as client:
        yield client


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a desk that no test changes."""
    with open_client(acting_desk(tmp_path_factory.mktemp("asking"))) as client:
        yield client


def settle(desk: Path, tmp_path: Path, line: str) -> None:
    """Give the desk a setting that its person trusts."""
    (desk / "nightdesk.toml").write_text(f"{line}\n")
    trust(tmp_path / "config/nightdesk/trusted.json", desk, asdict(read_settings(desk / "nightdesk.toml")))


def ask(client: Client, question: str, talk: str = TALK) -> list[tuple[str, Any]]:
    """Ask, and return all that was told."""
    answer = client.client.post(
        "/api/ask", json={"question": question, "talk": talk}, headers={TOKEN_HEADER: client.token}
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [block.split("\n") for block in answer.text.split("\n\n") if block]
    return [(event.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for event, data in blocks]


def told(events: list[tuple[str, Any]], name: str) -> list[Any]:
    return [value for event, value in events if event == name]


def test_an_answer_comes_part_by_part_with_what_it_rests_on(reader: Client) -> None:
    events = ask(reader, QUESTION, "a" * 16)
    assert [event for event, _ in events if event != "part"] == ["stage", "answer", "end"]
    html = "".join(told(events, "part"))
    assert 'class="nd-cite"' in html
    assert "data-preview=" in html
    (answer,) = told(events, "answer")
    assert "Muon runs five Newton-Schulz steps per update." in answer["rests"]
    assert "No AI was asked." in answer["rests"]
    assert "&lt;b&gt;" in reader.get("/ask?q=<b>")
    assert "Answers filed before" not in reader.get("/ask")


def test_a_question_goes_on_from_the_one_before_it_in_its_tab_alone(reader: Client) -> None:
    ask(reader, "What is the learning rate of AdamW?")
    follow_up = "".join(told(ask(reader, "And of Muon?"), "part"))
    assert "0.2" in follow_up
    earlier = reader.post("/api/ask/earlier", {"talk": TALK})["answers"]
    assert [one["question"] for one in earlier] == ["What is the learning rate of AdamW?", "And of Muon?"]
    assert reader.post("/api/ask/earlier", {"talk": "f" * 32})["answers"] == []


def test_what_the_desk_lacks_is_told(reader: Client) -> None:
    (answer,) = told(ask(reader, "Who invented the <b>zeppelin?", "c" * 16), "answer")
    assert answer["parts"] == []
    assert "The desk does not know." in answer["rests"]
    assert "zeppelin" in answer["rests"]
    assert "<b>zeppelin" not in answer["rests"]
    assert "data-save" not in answer["rests"]


def test_an_answer_is_saved_once_as_one_commit(client: Client, desk: Path) -> None:
    ask(client, QUESTION)
    first = client.act("/api/ask/save", {"talk": TALK, "number": 0})
    assert first["state"] == "done", first
    path = first["result"]["path"]
    assert (desk / path).is_file()
    assert client.get(first["result"]["page"])
    assert not git(desk, "status", "--porcelain")
    head = git(desk, "rev-parse", "HEAD")
    assert client.act("/api/ask/save", {"talk": TALK, "number": 0})["result"] == first["result"]
    assert git(desk, "rev-parse", "HEAD") == head
    assert path in client.post("/api/ask/earlier", {"talk": TALK})["answers"][0]["rests"]
    assert "How many Newton-Schulz steps does Muon run" in client.get("/ask")


@pytest.mark.parametrize(
    ("address", "given"),
    [
        ("/api/ask", {"question": "", "talk": TALK}),
        ("/api/ask", {"question": "x" * 2_001, "talk": TALK}),
        ("/api/ask", {"question": ["why"], "talk": TALK}),
        ("/api/ask", {"question": "why", "talk": "../x"}),
        ("/api/ask/save", {"talk": "b" * 16, "number": 0}),
        ("/api/ask/save", {"talk": TALK, "number": True}),
        ("/api/ask/save", {"talk": TALK, "number": -1}),
    ],
)
def test_what_is_no_question_is_refused(reader: Client, address: str, given: dict[str, Any]) -> None:
    reader.post(address, given, 409)


def test_nothing_is_asked_without_the_token(reader: Client) -> None:
    for address in ("/api/ask", "/api/ask/save", "/api/ask/stop", "/api/ask/earlier"):
        assert reader.client.post(address, json={"question": "why", "talk": TALK}).status_code == 403


def test_a_worker_of_the_desk_needs_trust(client: Client, desk: Path) -> None:
    (desk / "nightdesk.toml").write_text('worker = "command:./came-with-the-desk"\n')
    (failed,) = told(ask(client, QUESTION), "failed")
    assert "trust" in f"{failed['error']} {failed['fix']}"


@pytest.mark.parametrize(
    ("hand_in", "shown"),
    [
        ("Muon runs five Newton-Schulz steps per update. [[Muon, explained#^ID|1]]", "scripted"),
        ("Muon runs nine Newton-Schulz steps per update. [[Muon, explained#^ID|1]]", "gave no answer that holds"),
        ("The desk does not know. A paper on Muon would help.", "A paper on Muon would help."),
    ],
)
def test_an_ai_is_held_to_its_citations(tmp_path: Path, desk: Path, hand_in: str, shown: str) -> None:
    page = (desk / "wiki/sources/Muon, explained.md").read_text()
    claim = next(line for line in page.split("\n") if "five Newton" in line and "^c" in line).rpartition("^")[2]
    reply = {"kind": "ask", "subject": "*", "hand_in": hand_in.replace("ID", claim)}
    (desk / "replies.jsonl").write_text(json.dumps(reply))
    settle(desk, tmp_path, 'worker = "scripted:replies.jsonl"')
    with open_client(desk) as client:
        events = ask(client, QUESTION)
    (answer,) = told(events, "answer")
    assert shown in answer["rests"]
    assert "nine" not in "".join(answer["parts"])
    assert any("Asking scripted" in stage for stage in told(events, "stage"))
    assert any("Checking" in stage for stage in told(events, "stage"))


def test_a_model_that_says_nothing_is_stopped(tmp_path: Path, desk: Path) -> None:
    asked = threading.Event()

    def hang(request: object) -> Hang:
        asked.set()
        return Hang()

    with ModelServer(hang) as server, open_client(desk) as client:
        settle(desk, tmp_path, f'worker = "openai:stub@{server.openai_url}"')
        found: list[tuple[str, Any]] = []
        asking = threading.Thread(target=lambda: found.extend(ask(client, QUESTION)))
        asking.start()
        assert asked.wait(30)
        refused = client.post("/api/ask", {"question": QUESTION, "talk": TALK}, 409)
        assert "still being answered" in refused["error"]
        client.post("/api/ask/stop", {"talk": TALK})
        asking.join(30)
        assert [event for event, _ in found][-2:] == ["stopped", "end"]
        assert client.post("/api/ask/earlier", {"talk": TALK})["answers"] == []
