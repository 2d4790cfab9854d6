"""The command line as a person or a script meets it."""

import importlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nightdesk.views.cli import COMMANDS
from tests.desks import MUON, environment, git, make_desk, run, start

ROOT = Path(__file__).parent.parent.parent
CITATION = re.compile(r"\[\[[^\]]+#\^c[0-9a-f]{10}\|\d+\]\]")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    made = make_desk(tmp_path)
    assert run(made, "compile").code == 0
    return made


@pytest.mark.parametrize("name", COMMANDS)
def test_the_short_help_is_the_commands_own(name: str) -> None:
    module, line = COMMANDS[name]
    command = importlib.import_module(f"nightdesk.views.cli.{module}").command
    assert command.name == name
    assert command.help.split("\n\n")[0].replace("\n", " ") == line
    assert "xample" in command.epilog


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_documents(name: str) -> None:
    assert f"`nightdesk {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_help_loads_no_heavy_library(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom nightdesk.views.cli import group\n"
        "group.main(['--help'], standalone_mode=False)\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'yaml', 'lxml', 'pyromark', 'urllib3', 'sqlite3',"
        " 'liteparse', 'openpyxl', 'asyncio'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["staus"], "Did you mean 'status'?"),
        (["compile", "--worker", "gpt"], "worker 'gpt' is not known"),
        (["compile", "--plan", "--watch"], "--plan goes with neither"),
        (["show", "No such page"], 'no page is called "No such page"'),
        (["show", "Mun"], 'is it "Muon"?'),
        (["show", "^c0123456789"], "no claim has the id"),
        (["show", "[[Muon, explained#^c0123456789]]"], "has no claim ^c0123456789"),
        (["forget", "raw/none.md"], "no page is called"),
        (["forget", "raw/muon.md"], "add --yes"),
        (["--desk", "/nowhere", "status"], "not in a desk"),
        (["add"], "Missing argument"),
        (["add", "missing.pdf"], "missing.pdf: does not exist"),
    ],
)
def test_wrong_use_gives_a_clear_line_and_code_2(desk: Path, args: list[str], words: str) -> None:
    ran = run(desk, *args)
    assert ran.code == 2, ran.err
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_mistakes_in_the_settings_are_all_named_at_once(desk: Path) -> None:
    (desk / "nightdesk.toml").write_text('wroker = "builtin"\njobs = "two"\n', encoding="utf-8")
    ran = run(desk, "compile")
    assert ran.code == 2
    assert 'did you mean "worker"?' in ran.err
    assert "jobs must be a whole number" in ran.err
    assert run(desk, "doctor").code == 1


def test_new_overwrites_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    own = {"AGENTS.md": "my rules\n", ".gitignore": "mine\n", "notes.md": "notes\n"}
    for name, text in own.items():
        (folder / name).write_text(text, encoding="utf-8")
    assert run(tmp_path, "new", "full").code == 0
    assert {name: (folder / name).read_text(encoding="utf-8") for name in own} == own
    assert (folder / "CLAUDE.md").exists()
    assert "notes.md" not in git(folder, "ls-files")  # not ours to commit
    ran = run(tmp_path, "new", "full")
    assert ran.code == 0
    assert "nothing was missing" in ran.err


def test_new_in_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    ran = run(tmp_path, "new", "file")
    assert ran.code == 2
    assert "is a file" in ran.err


def test_a_new_desk_is_committed_whole(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {})
    assert git(desk, "status", "--porcelain") == ""
    assert {"AGENTS.md", "CLAUDE.md", "nightdesk.toml", ".obsidian/app.json"} <= set(git(desk, "ls-files").split())


def test_add_takes_files_folders_and_standard_input_and_commits_them(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {})
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "a.md").write_text(MUON, encoding="utf-8")
    (folder / "b.txt").write_text("Weight decay shrinks all weights at each step.\n", encoding="utf-8")
    ran = run(desk, "add", str(folder), "-", "--json", stdin="# Call\n\nAda prefers Muon for matrices.\n")
    assert ran.code == 0, ran.err
    assert len(ran.document["added"]) == 3
    assert git(desk, "status", "--porcelain") == ""
    assert git(desk, "log", "-1", "--format=%s").startswith("add: 3 sources")
    again = run(desk, "add", str(folder), "--json")
    assert again.document["added"] == []
    assert len(again.document["present"]) == 2


def test_add_names_what_it_does_not_take_and_goes_on(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {})
    (tmp_path / "good.md").write_text(MUON, encoding="utf-8")
    (tmp_path / "tool.exe").write_bytes(b"MZ\0\0")
    ran = run(desk, "add", "../good.md", "../tool.exe", "http://127.0.0.1:9/page", "--json")
    assert ran.code == 1
    assert ran.document["added"] == ["raw/good.md"]
    assert [refusal["source"] for refusal in ran.document["refused"]] == ["../tool.exe", "http://127.0.0.1:9/page"]


def test_status_says_what_waits(desk: Path) -> None:
    assert run(desk, "status", "--json").document["waiting"] == []
    (desk / "raw/late.md").write_text("# Late\n\nMuon is late.\n", encoding="utf-8")
    (desk / "raw/notes.txt").unlink()
    document = run(desk, "status", "--json").document
    assert document["waiting"] == ["raw/late.md"]
    assert len(document["gone"]) == 1


def test_show_follows_a_citation_a_claim_and_a_page(desk: Path) -> None:
    page = (desk / "wiki/concepts/Muon.md").read_text(encoding="utf-8")
    citation = CITATION.search(page)
    assert citation
    by_citation = run(desk, "show", citation.group(), "--json")
    identity = citation.group().split("#^")[1].split("|")[0]
    by_claim = run(desk, "show", f"^{identity}", "--json")
    assert by_citation.code == by_claim.code == 0
    link = by_citation.document[0]["chains"][0]["links"][0]
    assert link == by_claim.document[0]["chains"][0]["links"][0]
    raw = " ".join((desk / link["raw"]).read_text(encoding="utf-8").split())
    assert link["verified"]
    assert link["quote"] in raw
    chains = run(desk, "show", "muon", "--json").document[0]["chains"]
    assert all(chain["links"] and not chain["missing"] for chain in chains)


def test_show_says_when_a_chain_does_not_hold_any_more(desk: Path) -> None:
    (desk / "raw/muon.md").write_text(MUON.replace("0.02", "0.05"), encoding="utf-8")
    ran = run(desk, "show", "Muon, explained")
    assert ran.code == 1
    assert "has changed since it was read" in ran.out or "does not stand in" in ran.out


def test_forget_shows_what_it_touches_and_git_keeps_the_file(desk: Path) -> None:
    planned = run(desk, "forget", "raw/muon.md", "--plan", "--json").document
    assert any(path == "wiki/concepts/Muon.md" for path, _ in planned["cited_by"])
    assert (desk / "raw/muon.md").exists()
    ran = run(desk, "forget", "Muon, explained", "--yes")
    assert ran.code == 0, ran.err
    assert not (desk / "raw/muon.md").exists()
    assert not (desk / "wiki/sources/Muon, explained.md").exists()
    assert "orthogonalises" in git(desk, "log", "-p", "--", "raw/muon.md")
    assert git(desk, "status", "--porcelain") == ""


def test_the_demo_makes_a_wiki_whose_every_quote_is_in_its_source(tmp_path: Path) -> None:
    ran = run(tmp_path, "demo", "first", "--no-lab")
    assert ran.code == 0, ran.err
    assert "wiki/index.md" in ran.out
    desk = tmp_path / "first"
    assert len(list((desk / "wiki/sources").glob("*.md"))) == 16
    assert len(list((desk / "wiki/concepts").glob("*.md"))) >= 40
    for page in sorted((desk / "wiki/sources").glob("*.md")):
        ran = run(desk, "show", f"wiki/sources/{page.name}")
        assert ran.code == 0, ran.err
    assert run(tmp_path, "demo", "first", "--no-lab").code == 0  # once more: nothing new


def test_the_demo_leaves_a_strange_folder_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.doc").write_bytes(b"x")
    ran = run(tmp_path, "demo", "mine")
    assert ran.code == 2
    assert [p.name for p in folder.iterdir()] == ["thesis.doc"]


def test_doctor_works_inside_and_outside_a_desk(desk: Path, tmp_path: Path) -> None:
    assert run(desk, "doctor").code == 0
    ran = run(tmp_path, "doctor")
    assert ran.code == 1
    assert "nightdesk new" in ran.out


def test_output_into_a_closed_pipe_is_no_error(desk: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m nightdesk show Muon | head -1'],
        cwd=desk,
        env=environment(desk.parent / "home"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("Muon")
    assert done.stderr == ""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_things_tidy(desk: Path, sent: signal.Signals) -> None:
    for n in range(120):
        text = MUON.replace("Muon, explained", f"Muon {n}").replace("0.02", f"0.{n + 10}")
        (desk / f"raw/part-{n:03}.md").write_text(text, encoding="utf-8")
    holder = (desk / ".nightdesk/lock").read_text(encoding="utf-8")
    running = start(desk, "compile")
    while (desk / ".nightdesk/lock").read_text(encoding="utf-8") in (holder, ""):
        time.sleep(0.01)  # until it holds the lock, and so has begun
    running.send_signal(sent)
    assert running.wait(timeout=30) == 130
    assert not list(desk.rglob(".*.tmp"))
    assert run(desk, "compile").code == 0


def test_names_from_outside_cannot_drive_the_terminal(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {"evil\x1b[31m.bin": "x"})
    ran = run(desk, "compile")
    assert "\x1b" not in ran.err + ran.out


def test_a_full_path_and_the_desk_option_work_from_anywhere(desk: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ran = run(elsewhere, "status", "--desk", str(desk), "--json")
    assert ran.code == 0
    assert ran.document["sources"] == 3
    assert os.listdir(elsewhere) == []
