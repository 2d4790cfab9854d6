"""Real coding agents against the scripted model server: each makes a real reading, a page and a proposal.

They run where the programs are found on PATH or in the folders that NIGHTDESK_TEST_AGENTS names (separated by ":").
docs/workers/coding-agents.md says how to install them.
"""

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nightdesk.agents.briefs import Briefs
from nightdesk.agents.coding import AgentSettings, make_coding_worker
from nightdesk.agents.meter import Meter
from nightdesk.agents.tasks import Attempt, Task, perform
from nightdesk.base.sandbox import why_not
from nightdesk.lab.agent_proposer import AgentProposer
from nightdesk.lab.propose_task import PACKAGE as PROPOSE_PACKAGE
from nightdesk.wiki.read_brief import PACKAGE, read_brief
from nightdesk.wiki.reading import ReadMaterial, verify_reading
from nightdesk.wiki.survey import survey_text
from nightdesk.wiki.write_brief import write_brief
from nightdesk.wiki.writing import Evidence, WriteMaterial, verify_page
from tests.agents.model_server import Answer, ModelServer, Reply, Request, ToolCall
from tests.lab.searches import TRAIN, search

FOLDERS = os.pathsep.join([os.environ.get("NIGHTDESK_TEST_AGENTS", ""), os.environ.get("PATH", "")])
BRIEFS = Briefs(None, [PACKAGE], "Write in short sentences.")
SENTENCE = "Muon runs five Newton-Schulz steps per update."
TEXT = f"# Muon, explained\n\n{SENTENCE} It does not need a long warm-up.\n"
READING = json.dumps({"claims": [{"statement": SENTENCE, "quote": SENTENCE, "concepts": ["Muon"]}], "summary": [0]})
PROPOSAL = json.dumps(
    {
        "title": "A larger learning rate",
        "hypothesis": "It is low.",
        "edits": [{"file": "train.py", "search": "LR = 0.01", "replace": "LR = 0.02"}],
        "files": [],
    }
)
PAGE = "Muon runs five Newton-Schulz steps per update. [[Muon, explained#^c1111111111|1]]\n"
_WORK = re.compile(r"/[^\s\"'`<>\\]*nightdesk-agent-[^\s/\"'`<>\\]*/work")


def reading_task() -> Task[ReadMaterial]:
    survey = survey_text(TEXT, fallback_title="Muon", kind="text")
    material = ReadMaterial("Muon, explained", TEXT, survey, (), ("Muon",), ("Muon",))
    return Task("read", "raw/muon.md", "hash", material, lambda: read_brief(material, BRIEFS))


def page_task() -> Task[WriteMaterial]:
    evidence = (Evidence("Muon, explained", "c1111111111", SENTENCE, SENTENCE, ("Muon",), (), False, None),)
    material = WriteMaterial("concept", "Muon", "Muon", (), "en", evidence, (), ("AdamW",), ("Muon",))
    return Task("write", "Muon", "hash", material, lambda: write_brief(material, BRIEFS))


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent: how it is named in settings, and how it is pointed at the server."""

    worker: str
    program: str
    environment: Callable[[ModelServer], dict[str, str]]
    config: Callable[[ModelServer], dict[str, Any]]


def opencode_config(server: ModelServer) -> dict[str, Any]:
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "local",
        "options": {"baseURL": server.openai_url, "apiKey": "key"},
        "models": {"stub": {"name": "stub"}},
    }
    return {".config/opencode/opencode.json": {"provider": {"local": provider}, "model": "local/stub"}}


def codex_config(server: ModelServer) -> dict[str, Any]:
    text = f"""model = "stub"
model_provider = "local"
[model_providers.local]
name = "local"
base_url = "{server.openai_url}"
wire_api = "responses"
env_key = "OPENAI_API_KEY"
"""
    return {".codex/config.toml": text}


def pi_config(server: ModelServer) -> dict[str, Any]:
    local = {"baseUrl": server.openai_url, "api": "openai-completions", "apiKey": "key", "models": [{"id": "stub"}]}
    return {".pi/agent/models.json": {"providers": {"local": local}}}


def gemini_config(server: ModelServer) -> dict[str, Any]:
    settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "privacy": {"usageStatisticsEnabled": False}}
    return {".gemini/settings.json": settings}


def openai(server: ModelServer) -> dict[str, str]:
    return {
        "OPENAI_API_KEY": "key",
        "OPENAI_BASE_URL": server.openai_url,
        "OPENAI_API_BASE": server.openai_url,
        "OPENAI_MODEL": "stub",
    }


def anthropic(server: ModelServer) -> dict[str, str]:
    return {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": server.url}


def google(server: ModelServer) -> dict[str, str]:
    return {"GEMINI_API_KEY": "key", "GOOGLE_GEMINI_BASE_URL": server.url}


def nothing(server: ModelServer) -> dict[str, Any]:
    return {}


AGENTS = (
    Agent("command:claude", "claude", anthropic, nothing),
    Agent("command:codex", "codex", openai, codex_config),
    Agent("command:opencode", "opencode", nothing, opencode_config),
    Agent("command:qwen --auth-type openai", "qwen", openai, nothing),
    Agent("command:pi --provider local --model stub --offline", "pi", nothing, pi_config),
    Agent("command:gemini --model gemini-2.5-flash", "gemini", google, gemini_config),
    Agent("command:aider --model openai/stub", "aider", openai, nothing),
    Agent("command:mini -m openai/stub", "mini", openai, nothing),
    Agent("acp:opencode acp", "opencode", nothing, opencode_config),
    Agent("acp:qwen --acp --auth-type openai", "qwen", openai, nothing),
    Agent("acp:gemini --acp --model gemini-2.5-flash", "gemini", google, gemini_config),
)


def tool_call(request: Request, *, action: str, name: str, content: str) -> ToolCall | None:
    """Return the call by which this agent reads or writes a file."""
    found = _WORK.search(json.dumps(request.body))
    path = f"{found.group()}/{name}" if found else name
    shell = f"cat {name}" if action == "read" else f"cat > {name} <<'END'\n{content.rstrip()}\nEND"
    names = {"read": ("read", "Read", "read_file"), "write": ("write", "Write", "write_file")}[action]
    for tool in request.tools:
        if tool in names:
            named = {"filePath": path, "path": path, "file_path": path, "absolute_path": path}
            wanted = {"Read": ("file_path",), "Write": ("file_path",), "read_file": ("file_path",),
                      "write_file": ("file_path",)}.get(tool, ("filePath", "path"))  # fmt: skip
            arguments = {key: named[key] for key in wanted}
            return ToolCall(tool, arguments | ({"content": content} if action == "write" else {}))
    for tool, key in (("exec_command", "cmd"), ("bash", "command"), ("shell", "command")):
        if tool in request.tools:
            return ToolCall(tool, {key: shell})
    return None


class Model:
    """Plays a model that reads the brief and the data, writes the hand-in, and says so."""

    def __init__(self, hand_in: str, name: str) -> None:
        self.hand_in, self.name = hand_in, name
        self.turn = 0
        self.calls: list[tuple[str, ...]] = []

    def __call__(self, request: Request) -> Reply:
        self.calls.append(request.tools)
        if not request.tools:  # aider, or a title that is asked for
            found = re.search(r"^path/to/filename\.js\n(\S+)", request.text, re.MULTILINE)
            fence = found.group(1) if found else "```"  # aider asks for one that no file in the talk has
            close = fence.replace("<", "</") if fence.startswith("<") else fence
            return Answer(f"{self.name}\n{fence}\n{self.hand_in.rstrip()}\n{close}\n")
        self.turn += 1
        step = {1: ("read", "BRIEF.md"), 2: ("read", "MATERIAL.md"), 3: ("write", self.name)}.get(self.turn)
        if step is None and set(request.tools) == {"bash"}:  # mini-swe-agent ends by a command
            return ToolCall("bash", {"command": "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"})
        if step is None:
            return "Done."
        return tool_call(request, action=step[0], name=step[1], content=self.hand_in) or "I have no tools."


@pytest.mark.parametrize("kind", ["read", "write", "propose"])
@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.worker.replace(" ", "_"))
def test_a_real_agent_does_a_real_task(agent: Agent, kind: str, tmp_path: Path) -> None:
    if shutil.which(agent.program, path=FOLDERS) is None:
        pytest.skip(f"{agent.program} is not installed; NIGHTDESK_TEST_AGENTS may name its folder")
    if reason := why_not():
        pytest.skip(f"programs cannot be confined here: {reason}")
    name = "hand-in.md" if kind == "write" else "hand-in.json"
    model = Model({"read": READING, "write": PAGE, "propose": PROPOSAL}[kind], name)
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    attempts: list[Attempt] = []
    temporary.mkdir()
    with ModelServer(model) as server:
        for path, value in agent.config(server).items():
            (home / path).parent.mkdir(parents=True)
            (home / path).write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        environment = {"HOME": str(home), "PATH": FOLDERS, **agent.environment(server)}
        settings = AgentSettings(minutes=2, temporary=temporary)
        worker = make_coding_worker(agent.worker, settings=settings, meter=Meter(), environment=environment)
        if kind == "read":
            reading = perform(reading_task(), worker, lambda text: verify_reading(reading_task(), text),
                              attempts=1, record=attempts.append)  # fmt: skip
            assert reading.reasons == ()
            assert reading.result is not None
            assert [claim.quote for claim in reading.result.claims] == [SENTENCE]
        elif kind == "propose":
            briefs = Briefs(None, [PROPOSE_PACKAGE], "Write in short sentences.")
            proposer = AgentProposer(worker, briefs, lab="tiny", attempts=1, record=attempts.append)
            proposal = proposer.propose(search())
            assert proposal.files == {"train.py": TRAIN.replace("LR = 0.01", "LR = 0.02")}
            assert proposal.worker == agent.worker.partition(" ")[0]
        else:
            page = perform(page_task(), worker, lambda text: verify_page(page_task(), text),
                           attempts=1, record=attempts.append)  # fmt: skip
            assert page.reasons == ()
            assert page.result is not None
            assert page.result.body.strip() == PAGE.strip()
    assert [attempt.outcome for attempt in attempts] == ["accepted"]
    seen = "\n".join(request.text for request in server.asked())
    assert ("print(LR)" if kind == "propose" else SENTENCE) in seen, (
        "the agent read the data from its folder and sent it to its model"
    )
    assert list(temporary.iterdir()) == []
