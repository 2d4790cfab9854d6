"""`nightdesk lint` on folders that are no desk."""

import hashlib
import os
import re
from pathlib import Path

import pytest

from nightdesk.wiki.lint.findings import RULES
from tests.desks import run

FILES = {
    "Home.md": "# Home\n\nSee [[Alone]], [[Nowhere]] and ![[gone.png]].\n",
    "sub/Alone.md": "# Alone\n\nBack [[Home]], and `[[code]]`.\n",
    "sub/Lost.md": "# Lost\n\n[[home#No such heading]]\n",
}


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The folder that the command runs in; the person's home lies beside it."""
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


@pytest.fixture
def vault(work: Path) -> Path:
    root = work / "vault"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def state(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*"))
    seen = [(str(p), p.read_bytes() if p.is_file() else b"", p.stat().st_mtime_ns) for p in files]
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def test_findings_are_told_with_places_to_click_on(vault: Path, work: Path) -> None:
    told = run(work, "lint", "vault")
    assert told.code == 1
    assert "vault/Home.md:3:16: [[Nowhere]] leads nowhere" in told.out
    assert "vault/Home.md:3:32: ![[gone.png]]: there is no such image" in told.out
    assert "vault/sub/Lost.md:3:1: [[home#No such heading]]: Home.md has no such heading" in told.out
    assert "vault/sub/Lost.md:1:1: no page links here" in told.out
    assert "broken-link: links that lead nowhere (1)" in told.out
    assert re.search(r"4 findings in 2 files \(3 pages, \d+ words, 5 links\)", told.out)


def test_json_has_the_same_and_nothing_else(vault: Path) -> None:
    told = run(vault, "lint", ".", "--json")
    assert told.code == 1
    document = told.document
    assert document["pages"] == 3
    assert not document["desk"]
    assert document["counts"] == {"broken-link": 1, "missing-image": 1, "broken-heading": 1, "orphan": 1}
    first = document["findings"][0]
    assert {key: first[key] for key in ("rule", "severity", "file", "line", "column")} == {
        "rule": "broken-link",
        "severity": "error",
        "file": "Home.md",
        "line": 3,
        "column": 16,
    }
    assert first["mend"]


def test_nothing_is_written_into_a_vault_and_a_second_look_finds_the_same(vault: Path, work: Path) -> None:
    before = state(vault)
    first = run(work, "lint", "vault")
    assert list((work.parent / "home/.cache/nightdesk/lint").glob("*.db"))
    second = run(work, "lint", "vault")
    plain = run(work, "lint", "vault", "--no-cache")
    assert first == second == plain
    assert state(vault) == before


def test_a_vault_that_holds_the_cache_folder_gets_none(work: Path) -> None:
    home = work.parent / "home"
    home.mkdir()
    (home / "a.md").write_text("[[b]]", encoding="utf-8")
    before = state(home)
    assert run(work, "lint", "../home").code == 1
    assert state(home) == before


def test_rules_are_chosen_and_left_out(vault: Path, work: Path) -> None:
    assert run(work, "lint", "vault", "--rule", "orphan", "--json").document["counts"] == {"orphan": 1}
    args = ("--not-rule", "orphan", "--not-rule", "broken-link", "--json")
    assert set(run(work, "lint", "vault", *args).document["counts"]) == {"missing-image", "broken-heading"}
    assert run(work, "lint", "vault", "--rule", "dead-end").code == 0
    mistyped = run(work, "lint", "vault", "--rule", "orphans")
    assert mistyped.code == 2
    assert "is orphan meant?" in mistyped.err


def test_since_leaves_out_files_that_did_not_change(vault: Path, work: Path) -> None:
    for path in FILES:
        os.utime(vault / path, (1_700_000_000, 1_700_000_000))
    (vault / "sub/Lost.md").touch()
    told = run(work, "lint", "vault", "--since", "2026-01-01", "--json")
    assert {finding["file"] for finding in told.document["findings"]} == {"sub/Lost.md"}
    assert run(work, "lint", "vault", "--since", "2099-01-01").code == 0
    assert run(work, "lint", "vault", "--since", "HEAD").code == 2


def test_every_rule_is_listed_and_documented(work: Path) -> None:
    listed = run(work, "lint", "--rules")
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines()] == list(RULES)
    documented = Path(__file__).parents[2].joinpath("docs/lint.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z0-9-]+)`", documented, re.MULTILINE) == list(RULES)


@pytest.mark.parametrize("args", [("nothing",), (), (".",), (".", "--desk", "vault")])
def test_what_cannot_be_looked_through_is_told_in_a_line(args: tuple[str, ...], work: Path) -> None:
    told = run(work, "lint", *args)
    assert told.code == 2
    assert "Traceback" not in told.err
    assert told.err
    assert not told.out


def test_many_findings_of_a_rule_are_cut_short(work: Path) -> None:
    (work / "many.md").write_text("\n".join(f"[[gone {n}]]" for n in range(25)), encoding="utf-8")
    short = run(work, "lint", ".")
    assert "… and 5 more: --all, or --rule broken-link" in short.out
    assert run(work, "lint", ".", "--all").out.count("leads nowhere") == 25


def test_a_name_cannot_drive_the_terminal(work: Path) -> None:
    (work / "a\x1b[31m.md").write_text("[[b\x1b]0;x]]", encoding="utf-8")
    told = run(work, "lint", ".")
    assert "\x1b" not in told.out
