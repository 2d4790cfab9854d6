"""Agents that work for a desk through the MCP server: they take tasks and hand in, and nothing else."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.desks import ADAM, MUON, git, make_desk
from tests.views.speakers import Speaker, connected

NAMES = ("Muon", "AdamW", "Learning rate", "Warm-up", "Weight decay", "Newton-Schulz iteration")


def hand_in(brief: str, *, lying: bool = False) -> dict[str, Any] | str:
    """Return what a simple agent makes of a brief: it copies sentences; lying, it makes up a quote."""
    above, _, how = brief.rpartition("\n## How to hand in\n")
    header = dict(re.findall(r'^ *"?(task|input|lease)"?: "?(\w+)', how, re.MULTILINE))
    if "```json" not in how:
        lines = re.findall(r"^- (\[\[[^\]]+#\^c\w+\|\d+\]\]) (.*)$", above.split("<<<DATA", 1)[1], re.MULTILINE)
        front = "".join(f"{key}: {value}\n" for key, value in header.items())
        return f"---\n{front}---\n\n" + "".join(f"- {words} {citation}\n" for citation, words in lines)
    text = re.findall(r"<<<DATA (\w+): [^\n]*>>>\n(.*?)\n<<<END \1>>>", above, re.DOTALL)[-1][1]
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    prose = [" ".join(part.split()) for part in text.split("\n\n") if not part.lstrip().startswith("#")]
    claims = []
    for sentence in re.findall(r"\S.*?[.](?= [A-Z]|$)", "\n".join(prose), re.MULTILINE):
        found = [name for name in NAMES if name.lower() in sentence.lower()]
        if found:
            claims.append({"statement": sentence, "quote": sentence, "concepts": found})
    if lying:
        claims[0]["quote"] = "Everybody agrees that this is the best of all."
    used = [name for name in NAMES if any(name in claim["concepts"] for claim in claims)]
    notes = [{"name": name, "type": "concept", "aliases": [], "category": "Training"} for name in used]
    return header | {"claims": claims, "summary": [0], "questions": [], "concepts": notes, "pages": []}


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Speaker]:
    with connected(make_desk(tmp_path_factory.mktemp("mcp"), {}), "stdio") as speaker:
        yield speaker


def test_a_desk_is_compiled_through_the_tools_alone(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {"muon.md": MUON, "adam.md": ADAM})
    with connected(desk, "stdio") as speaker:
        (task,) = speaker.tool("next_task", **{"as": "tester"})["tasks"]
        assert task["kind"] == "read"
        before = git(desk, "rev-parse", "HEAD")
        refused = speaker.tool("submit", hand_in=hand_in(task["brief"], lying=True))
        assert (refused["accepted"], refused["written"]) == (False, [])
        assert any("quote" in reason for reason in refused["reasons"])
        assert git(desk, "rev-parse", "HEAD") == before
        good = hand_in(task["brief"])
        assert speaker.tool("submit", hand_in=good)["accepted"]
        assert "done already" in str(speaker.raw("submit", {"hand_in": good}).content)
        turns = 0
        while tasks := speaker.tool("next_task", **{"as": "tester"})["tasks"]:
            done = speaker.tool("submit", hand_in=hand_in(tasks[0]["brief"]))
            assert done["accepted"], done["reasons"]
            turns += 1
            assert turns < 60
        assert "in step" in speaker.tool("next_task")["message"]
    assert turns > 2
    for folder in ("sources", "concepts"):
        pages = [path.read_text(encoding="utf-8") for path in (desk / "wiki" / folder).glob("*.md")]
        assert any("room:tester" in page for page in pages), folder
    assert git(desk, "status", "--porcelain", "raw", "text", "wiki") == ""


def test_two_clients_never_get_the_same_task(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {f"{n}.md": MUON.replace("0.02", f"0.{n}2") for n in range(1, 7)})
    with connected(desk, "stdio") as one, connected(desk, "http") as other, ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(speaker.tool, "next_task", count=2) for speaker in (one, other, one, other)]
        given = [task["id"] for answer in asked for task in answer.result()["tasks"]]
        assert len(given) == len(set(given)) == 6
        answer = other.tool("next_task")
    assert answer["tasks"] == []
    assert "others have" in answer["message"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "is empty"),
        ("a page without a header", "begins with neither"),
        ({}, "lacks task, input, lease"),
        ({"task": "t0123456789", "input": "a" * 32, "lease": "k" + "0" * 16, "claims": []}, "no task t0123456789"),
        ("---\ntask: ../../x\ninput: y\nlease: z\n---\n", "is no task"),
    ],
)
def test_a_hand_in_of_another_form_is_refused(speaker: Speaker, given: Any, words: str) -> None:
    assert words in str(speaker.raw("submit", {"hand_in": given}).content)


def test_a_kind_of_task_that_is_none_is_told_which_there_are(speaker: Speaker) -> None:
    assert "read, write" in speaker.refusal("next_task", kind="poem")
    assert "cannot be the name" in speaker.refusal("next_task", **{"as": "a\nb"})
