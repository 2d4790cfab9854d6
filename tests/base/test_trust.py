"""Trust: what a cloned desk's settings may start and reach only after the person said so."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from nightdesk.base.errors import DeskError
from nightdesk.base.trust import is_trusted, needs_trust, require_trust, revoke, setting_line, trust, trusted_with
from nightdesk.views.cli.trust import command, trust_store

CLAUDE = {"worker": "command:claude"}


@pytest.mark.parametrize(
    ("values", "needed", "why"),
    [
        ({"worker": "builtin", "jobs": 4}, set(), "nothing is started or sent"),
        ({"worker": "openai:gpt-5"}, set(), "the address is the provider's, the key the person's"),
        ({"worker": "ollama:qwen3"}, set(), "this machine"),
        ({"worker": "command:claude"}, {"worker"}, "starts a program"),
        ({"worker": " Command : claude"}, {"worker"}, "however it is written"),
        ({"worker": "acp:opencode acp"}, {"worker"}, "starts a program"),
        ({"worker": "openai:gpt@https://evil.example"}, {"worker"}, "sends text and the key elsewhere"),
        ({"worker": "ollama:m@http://evil.example"}, {"worker"}, "sends text elsewhere"),
        ({"workers": {"read": "builtin", "write": "command:x"}}, {"workers.write"}, "for one kind of task"),
        ({"workers": {"propose": "hybrid:command:x"}}, {"workers.propose"}, "also behind the optimiser"),
        ({"workers": {"propose": " Hybrid : acp : x"}}, {"workers.propose"}, "however it is written"),
        ({"workers": {"propose": "hybrid:openai:gpt-5"}}, set(), "nothing is started"),
        ({"worker": "builtin", "confine_agents": False}, {"confine_agents"}, "takes the confinement away"),
        ({"confine_agents": True}, set(), "the default"),
    ],
)
def test_what_needs_trust(values: dict[str, Any], needed: set[str], why: str) -> None:
    assert set(needs_trust(values)) == needed, why


@pytest.mark.parametrize(
    ("trusted", "asked", "holds", "why"),
    [
        (CLAUDE, CLAUDE, True, "the same"),
        (CLAUDE, {"worker": "builtin"}, True, "nothing that needs trust"),
        (CLAUDE, {**CLAUDE, "jobs": 2}, True, "another setting, of no danger"),
        (CLAUDE, {"worker": "command:claude --dangerously-skip-permissions"}, False, "other arguments"),
        (CLAUDE, {"workers": {"read": "command:claude"}}, False, "another place"),
        (CLAUDE, {**CLAUDE, "confine_agents": False}, False, "no longer confined"),
        ({**CLAUDE, "confine_agents": False}, CLAUDE, True, "less than what was trusted"),
        ({"worker": "command:cl\u0430ude"}, CLAUDE, False, "a letter that looks the same"),
    ],
)
def test_trust_holds_to_the_letter(
    tmp_path: Path, trusted: dict[str, Any], asked: dict[str, Any], holds: bool, why: str
) -> None:
    store = tmp_path / "config/nightdesk/trusted.json"
    trust(store, tmp_path / "desk", trusted)
    assert is_trusted(store, tmp_path / "desk", asked) is holds, why


def test_trust_is_of_one_desk_in_one_place(tmp_path: Path) -> None:
    store, desk = tmp_path / "trusted.json", tmp_path / "desk"
    desk.mkdir()
    (tmp_path / "link").symlink_to(desk)
    assert not is_trusted(store, desk, CLAUDE)
    assert trust(store, desk, {**CLAUDE, "jobs": 1}) == CLAUDE
    assert is_trusted(store, tmp_path / "link", CLAUDE)
    assert not is_trusted(store, tmp_path / "copy", CLAUDE)
    assert trusted_with(store, desk) == CLAUDE
    assert revoke(store, desk)
    assert not revoke(store, desk)
    assert not is_trusted(store, desk, CLAUDE)


def test_trusting_again_replaces(tmp_path: Path) -> None:
    store = tmp_path / "trusted.json"
    trust(store, tmp_path, CLAUDE)
    trust(store, tmp_path, {"worker": "command:codex"})
    assert not is_trusted(store, tmp_path, CLAUDE)


def test_the_store_is_the_persons_alone(tmp_path: Path) -> None:
    store = tmp_path / "config/nightdesk/trusted.json"
    trust(store, tmp_path, CLAUDE)
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.parent.stat().st_mode) == 0o700
    assert os.listdir(store.parent) == ["trusted.json"]


@pytest.mark.parametrize("content", ["", "[]", '{"desks": 3}', '{"desks": {"/x": "all"}}', "\udcff", "[" * 100_000])
def test_a_broken_store_trusts_nothing(tmp_path: Path, content: str) -> None:
    store = tmp_path / "trusted.json"
    store.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(DeskError, match="delete it and trust again"):
        is_trusted(store, tmp_path, CLAUDE)
    assert is_trusted(store, tmp_path, {"worker": "builtin"}), "what needs no trust is not held up"


def test_the_error_shows_what_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match=r"worker = \"command:claude\".*nightdesk trust"):
        require_trust(tmp_path / "trusted.json", tmp_path, CLAUDE)


def test_a_setting_is_shown_with_what_hides_in_it() -> None:
    assert (
        setting_line("worker", "command:cl\u0430ude\u200b\x1b[2J") == 'worker = "command:cl\\u0430ude\\u200b\\u001b[2J"'
    )


@pytest.mark.parametrize(
    ("given", "folder", "why"),
    [
        ("/somewhere", "/somewhere", "the person's choice"),
        ("", "~/.config", "unset"),
        (".", "~/.config", "would be in the desk"),
    ],
)
def test_where_the_store_is(given: str, folder: str, why: str) -> None:
    assert trust_store({"XDG_CONFIG_HOME": given}) == Path(folder).expanduser() / "nightdesk/trusted.json", why


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    root = tmp_path / "desk"
    root.mkdir()
    (root / "nightdesk.toml").write_text('worker = "command:claude"\n')
    return root


def run(desk: Path, *arguments: str) -> tuple[int, str, str]:
    """Return the exit code of `nightdesk trust`, its results and its messages."""
    result = CliRunner().invoke(click.Group(commands={"trust": command}), ["trust", "--desk", str(desk), *arguments],
                                standalone_mode=False)  # fmt: skip
    if result.exception:
        raise result.exception
    return result.return_value, result.stdout, result.stderr


def test_command(desk: Path) -> None:
    code, shown, _ = run(desk, "--show")
    assert (code, "not trusted" in shown, 'worker = "command:claude"' in shown) == (1, True, True)
    with pytest.raises(DeskError, match="no terminal"):
        run(desk)
    code, shown, told = run(desk, "--yes")
    assert (code, shown, "Trusted" in told) == (0, "", True)
    assert run(desk, "--show")[0] == 0
    assert json.loads(run(desk, "--json")[1]) == {
        "desk": str(desk),
        "needed": CLAUDE,
        "trusted": True,
        "trusted_with": CLAUDE,
    }
    assert "no longer" in run(desk, "--revoke")[2]
    assert json.loads(run(desk, "--json")[1])["trusted"] is False


def test_command_where_nothing_needs_trust(desk: Path) -> None:
    (desk / "nightdesk.toml").write_text("")
    code, _, told = run(desk)
    assert (code, "No setting" in told) == (0, True)
