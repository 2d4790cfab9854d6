"""A new desk: what is missing is added, what is there stays to the byte."""

import importlib
import json
import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

from nightdesk.base.desk import find_desk
from nightdesk.base.errors import DeskError
from nightdesk.base.git import commit_paths, init_repository, run_git
from nightdesk.base.pages import load_yaml, split_frontmatter
from nightdesk.base.settings import Settings, read_settings
from nightdesk.views.cli import COMMANDS
from nightdesk.wiki.new import make_desk

FILES = {
    "AGENTS.md",
    "CLAUDE.md",
    ".agents/skills/nightdesk/SKILL.md",
    ".claude/skills/nightdesk/SKILL.md",
    "nightdesk.toml",
    ".gitignore",
    ".obsidian/app.json",
    ".obsidian/graph.json",
    "raw/.gitkeep",
    "wiki/.gitkeep",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def committed(root: Path) -> set[str]:
    return set(run_git(root, "ls-tree", "-r", "--name-only", "HEAD").split("\n")) - {""}


def test_a_new_folder_becomes_a_desk(tmp_path: Path) -> None:
    made = make_desk(tmp_path / "deep/desk")
    assert (set(made.made), made.kept, made.made_repository) == (FILES, (), True)
    assert find_desk(made.desk.root / "raw") == made.desk
    assert committed(made.desk.root) == FILES
    assert run_git(made.desk.root, "status", "--porcelain") == ""
    assert read_settings(made.desk.settings) == Settings(), "the file shows the defaults"
    tomllib.loads(made.desk.settings.read_text())
    for name in ("app", "graph"):
        json.loads((made.desk.root / f".obsidian/{name}.json").read_text())


def test_the_cache_is_ignored(tmp_path: Path) -> None:
    root = make_desk(tmp_path / "desk").desk.root
    (root / ".nightdesk").mkdir()
    (root / ".nightdesk/cache.db").touch()
    assert run_git(root, "status", "--porcelain") == ""


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    root = make_desk(tmp_path / "desk").desk.root
    (root / "AGENTS.md").write_text("my rules")
    head = run_git(root, "rev-parse", "HEAD")
    again = make_desk(root)
    assert (again.made, set(again.kept), again.made_repository) == ((), FILES, False)
    assert (root / "AGENTS.md").read_text() == "my rules"
    assert run_git(root, "rev-parse", "HEAD") == head


def test_a_folder_with_things_keeps_them(tmp_path: Path) -> None:
    """An Obsidian vault in git, with work in progress."""
    root = tmp_path / "vault"
    given = {
        "raw/paper.md": "1",
        "wiki/index.md": "mine",
        ".claude/skills/nightdesk/SKILL.md": "mine",
        ".claude/skills/other/SKILL.md": "mine",
        "CLAUDE.md": "mine",
        ".obsidian/app.json": "{}",
        ".gitignore": "*.tmp\n",
        "notes.md": "1",
    }
    for path, text in given.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "AGENTS.md").symlink_to("nowhere")
    init_repository(root)
    commit_paths(root, [".gitignore"], "mine")
    run_git(root, "add", "notes.md")
    made = make_desk(root)
    added = FILES - set(given) - {"AGENTS.md", "raw/.gitkeep", "wiki/.gitkeep"}
    assert set(made.made) == added
    assert not made.made_repository
    assert {path: (root / path).read_text() for path in given} == given
    assert (root / "AGENTS.md").is_symlink()
    assert committed(root) == {".gitignore", *added}
    assert "A  notes.md" in run_git(root, "status", "--porcelain"), "what was staged stays staged"


def test_a_desk_of_an_older_version_gets_what_it_lacks(tmp_path: Path) -> None:
    root = make_desk(tmp_path / "desk").desk.root
    skills = {path for path in FILES if path.endswith("SKILL.md")}
    for path in skills:
        (root / path).unlink()
    commit_paths(root, sorted(skills), "as it was before there was a skill")
    assert set(make_desk(root).made) == skills
    assert committed(root) == FILES


def test_the_skill_has_the_form_of_agent_skills_and_is_one(tmp_path: Path) -> None:
    """The form: https://agentskills.io/specification."""
    root = make_desk(tmp_path / "desk").desk.root
    here, there = (root / f"{folder}/skills/nightdesk/SKILL.md" for folder in (".agents", ".claude"))
    assert here.read_bytes() == there.read_bytes()
    front, body = split_frontmatter(here.read_text(encoding="utf-8"))
    values = load_yaml(front)
    assert set(values) <= {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}
    assert values["name"] == here.parent.name
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", values["name"])
    assert 0 < len(values["description"]) <= 1024
    assert 0 < len(values["compatibility"]) <= 500
    assert len(body.splitlines()) < 500


@pytest.mark.parametrize("name", ["AGENTS.md", ".agents/skills/nightdesk/SKILL.md"])
def test_what_an_agent_is_told_to_run_exists(tmp_path: Path, name: str) -> None:
    text = (make_desk(tmp_path / "desk").desk.root / name).read_text(encoding="utf-8")
    told = [shlex.split(command) for command in re.findall(r"`(nightdesk [^`]+)`", text)]
    assert {words[1] for words in told} >= {"next", "submit", "show"}
    for _, command, *words in told:
        called = importlib.import_module(f"nightdesk.views.cli.{COMMANDS[command][0]}").command
        if isinstance(called, click.Group) and words:
            called = called.get_command(click.Context(called), words[0])
            assert called is not None, (command, words)
        known = {option for parameter in called.params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known, command


def test_a_desk_in_another_repository_has_its_own(tmp_path: Path) -> None:
    init_repository(tmp_path)
    made = make_desk(tmp_path / "desk")
    assert made.made_repository
    assert committed(made.desk.root) == FILES
    assert run_git(tmp_path, "rev-parse", "--verify", "--quiet", "HEAD", check=False) == ""


@pytest.mark.parametrize("in_the_way", ["desk", "desk/raw", "desk/.obsidian"])
def test_a_file_in_the_way_is_an_error(tmp_path: Path, in_the_way: str) -> None:
    (tmp_path / in_the_way).parent.mkdir(exist_ok=True)
    (tmp_path / in_the_way).write_text("mine")
    with pytest.raises(DeskError):
        make_desk(tmp_path / "desk")
    assert (tmp_path / in_the_way).read_text() == "mine"


def test_a_name_that_is_too_long_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="too long"):
        make_desk(tmp_path / "inside" / ("x" * 300))
