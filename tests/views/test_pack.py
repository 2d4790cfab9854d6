"""`nightdesk pack` and `nightdesk suggest` on the command line."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.views.cli import group
from nightdesk.wiki.suggesting.suggest import suggest
from tests.desks import ADAM, MUON, environment, make_desk, run

SURVEY = """# A survey

Muon is an optimiser for weight matrices. AdamW is an optimiser with weight decay.

## Open questions

How well does Muon scale to very large batch sizes in long runs?
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("pack"), {"muon.md": MUON, "adam.md": ADAM, "survey.md": SURVEY})
    assert run(desk, "compile").code == 0
    return desk


def test_a_pack_goes_to_standard_output_a_file_or_json(shared: Path, tmp_path: Path) -> None:
    ran = run(shared, "pack", "--tokens", "1500", "Muon", "warm-up")
    assert ran.code == 0
    assert ran.out.startswith("# Context pack: Muon warm-up\n")
    assert ran.err == ""
    assert run(shared, "pack", "--tokens", "1500", "Muon warm-up", "--out", str(tmp_path / "p.md")).out == ""
    assert (tmp_path / "p.md").read_text(encoding="utf-8") == ran.out
    document = run(shared, "pack", "--tokens", "1500", "-", "--json", stdin="Muon warm-up\n").document
    assert document["markdown"] == ran.out
    assert document["tokens"] <= document["budget"] == 1500


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["pack"], "give a QUESTION, or --all"),
        (["pack", "--all", "Muon"], "give a QUESTION, or --all"),
        (["pack", "Muon", "--tokens", "10"], "hold no pack"),
        (["pack", "Muon", "--out", "raw/x.md"], "the desk keeps"),
        (["pack", "Muon", "--out", "none/x.md"], "no folder"),
        (["suggest", "--add"], "need --fill"),
        (["suggest", "--fill", "--kind", "question"], "search_command"),
        (["suggest", "--fill", "--search-command", "x"], "has no {query}"),
        (["suggest", "--only", "s0"], "no suggestion s0"),
    ],
)
def test_wrong_use_is_told_in_a_line(
    shared: Path,
    args: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(shared)
    with pytest.raises((DeskError, click.UsageError)) as refused:
        group.main(["--desk", str(shared), *args], standalone_mode=False)
    assert words in f"{refused.value} {getattr(refused.value, 'fix', '')}"
    assert capsys.readouterr().out == ""


def test_what_nothing_fits_is_told(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert group.main(["--desk", str(shared), "pack", "zebra"], standalone_mode=False) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert 'it has no "zebra"' in told.err


def test_an_orientation_of_the_whole_desk(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert group.main(["--desk", str(shared), "pack", "--all", "--tokens", "2000"], standalone_mode=False) == 0
    told = capsys.readouterr().out
    assert "3 sources" in told
    assert "## Open questions" in told


def copying(folder: Path, desk: Path, *, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run `pack --copy` where the only clipboard program keeps what it gets in a file, and lives on as xclip does."""
    tool = folder / "bin" / "pbcopy"
    tool.parent.mkdir()
    lives_on = "(sleep 1; cp got copied) &\n" if not code else ""
    tool.write_text(f"#!/bin/sh\ncd '{folder}'\ncat > got\n{lives_on}exit {code}\n", encoding="utf-8")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    path = f"{tool.parent}{os.pathsep}/usr/bin{os.pathsep}/bin"
    return subprocess.run(
        [sys.executable, "-m", "nightdesk", "pack", "Muon", "--copy"],
        cwd=desk,
        env=environment(folder / "home") | {"PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_pack_is_copied_by_the_program_that_is_there(shared: Path, tmp_path: Path) -> None:
    ran = copying(tmp_path, shared)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert "copied by pbcopy" in ran.stderr
    assert (tmp_path / "got").read_text(encoding="utf-8").startswith("# Context pack: Muon\n")


def test_a_clipboard_that_fails_is_told(shared: Path, tmp_path: Path) -> None:
    ran = copying(tmp_path, shared, code=1)
    assert ran.returncode == 2
    assert "pbcopy did not take the text" in ran.stderr


def test_suggestions_and_a_search_command_that_needs_trust(shared: Path, tmp_path: Path) -> None:
    desk = shared
    first = suggest(Desk(desk), kinds=["question"]).suggestions[0].to_json()
    ran = run(desk, "suggest", "--kind", "question")
    assert ran.code == 0
    assert "How well does Muon scale to very large" in ran.out
    assert f"nightdesk suggest --fill --only {first['id']}" in ran.out
    tool = tmp_path / "search.py"
    tool.write_text("print('A \\x1b[31m paper https://site.dev/a')", encoding="utf-8")
    command = f"{sys.executable} {tool} {{query}}"
    given = run(desk, "suggest", "--fill", "--only", first["id"], "--search-command", command)
    assert given.code == 0
    assert "https://site.dev/a" in given.out
    assert "\x1b" not in given.out
    (desk / "nightdesk.toml").write_text(f'search_command = "{command}"\n', encoding="utf-8")
    refused = run(desk, "suggest", "--fill", "--only", first["id"])
    assert refused.code == 2
    assert "you have not trusted it" in refused.err
    assert run(desk, "trust", "--yes").code == 0
    found = run(desk, "suggest", "--fill", "--only", first["id"], "--json").document["found"]
    assert found[0]["results"][0]["url"] == "https://site.dev/a"
