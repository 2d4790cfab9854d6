"""Which files of a folder are sources, asked of real folders and the real git."""

import os
import subprocess
from pathlib import Path

import pytest

from nightdesk.sources.folders import find_sources, is_source_name, list_folder


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}\n")


def names_in(paths: tuple[Path, ...], root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]


def git(folder: Path, *args: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", *args], cwd=folder, check=True, capture_output=True
    )


@pytest.mark.parametrize("is_repository", [False, True])
def test_gitignore_is_obeyed(tmp_path: Path, is_repository: bool) -> None:
    make(tmp_path, "b.md", "a.md", "build/out.md", "keep/x.log", "keep/y.log", "sub/deep/z.tmp.md", "sub/private.md")
    (tmp_path / ".gitignore").write_text("build/\n*.log\n")
    (tmp_path / "keep" / ".gitignore").write_text("!x.log\n")
    (tmp_path / "sub" / ".gitignore").write_text("/private.md\n")
    if is_repository:
        git(tmp_path, "init")
        git(tmp_path, "add", "a.md")
        git(tmp_path, "commit", "-m", "one file is known to git")
    assert names_in(list_folder(tmp_path), tmp_path) == ["a.md", "b.md", "keep/x.log", "sub/deep/z.tmp.md"]


def test_the_rules_of_the_repository_around_count(tmp_path: Path) -> None:
    git(tmp_path, "init")
    make(tmp_path, "docs/a.md", "docs/b.log", "docs/build/c.md")
    (tmp_path / ".gitignore").write_text("*.log\nbuild/\n")
    assert names_in(list_folder(tmp_path / "docs"), tmp_path) == ["docs/a.md"]


def test_an_ignored_folder_that_was_named_is_listed(tmp_path: Path) -> None:
    git(tmp_path, "init")
    make(tmp_path, "papers/a.md")
    (tmp_path / ".gitignore").write_text("papers/\n")
    assert names_in(list_folder(tmp_path / "papers"), tmp_path) == ["papers/a.md"]


def test_a_repository_within_is_listed_by_its_own_rules(tmp_path: Path) -> None:
    make(tmp_path, "a.md", "inner/b.md", "inner/c.log", "inner/deeper/d.md")
    git(tmp_path / "inner", "init")
    (tmp_path / "inner" / ".gitignore").write_text("*.log\n")
    git(tmp_path / "inner", "add", ".")
    git(tmp_path / "inner", "commit", "-m", "all")
    assert names_in(list_folder(tmp_path), tmp_path) == ["a.md", "inner/b.md", "inner/deeper/d.md"]


def test_the_settings_of_a_strangers_repository_run_nothing(tmp_path: Path) -> None:
    make(tmp_path, "a.md")
    git(tmp_path, "init")
    git(tmp_path, "config", "core.fsmonitor", f"touch {tmp_path}/ran; false")
    git(tmp_path, "config", "core.worktree", "/")
    assert names_in(list_folder(tmp_path), tmp_path) == ["a.md"]


def test_hidden_and_temporary_files_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.md", ".env", ".obsidian/x.md", "sub/.trash/y.md", "~$a.docx", "a.md~", "a.md.swp", "b.crdownload")
    make(tmp_path, "node_modules/m/README.md", "Thumbs.db", "#a.md#")
    assert names_in(list_folder(tmp_path), tmp_path) == ["a.md"]


def test_links_never_lead_out(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    make(outside, "secret.md")
    make(folder, "a.md")
    (folder / "to-secret.md").symlink_to(outside / "secret.md")
    (folder / "to-outside").symlink_to(outside)
    (folder / "to-a.md").symlink_to("a.md")
    (folder / "loop.md").symlink_to("loop.md")
    (folder / "gone.md").symlink_to("gone-too.md")
    os.mkfifo(folder / "pipe.md")
    assert names_in(list_folder(folder), folder) == ["a.md", "to-a.md"]
    assert names_in(find_sources(folder), folder) == ["a.md", "to-a.md"]


def test_a_folder_named_through_a_link(tmp_path: Path) -> None:
    make(tmp_path / "real", "a.md")
    (tmp_path / "link").symlink_to("real")
    assert list_folder(tmp_path / "link") == (tmp_path / "link" / "a.md",)


def test_a_desk_within_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.md", "desk/nightdesk.toml", "desk/wiki/concepts/Muon.md", "desk/raw/b.md")
    assert names_in(list_folder(tmp_path), tmp_path) == ["a.md"]


def test_odd_names(tmp_path: Path) -> None:
    odd = ["line\nfeed.md", "tab\t.md", '"quoted".md', "*.md", "[a].md", " space .md", "ünï.md", "-rf.md"]
    make(tmp_path, *odd)
    raw_name = os.fsencode(tmp_path) + b"/not-utf8-\xff.md"
    with open(raw_name, "wb") as file:
        file.write(b"x")
    assert {path.name for path in list_folder(tmp_path)} == {*odd, os.fsdecode(b"not-utf8-\xff.md")}


def test_an_empty_folder(tmp_path: Path) -> None:
    assert list_folder(tmp_path) == ()
    assert find_sources(tmp_path / "not made yet") == ()


def test_sources_of_a_desk(tmp_path: Path) -> None:
    make(tmp_path, "b.md", "a/b.md", "a.md", "sources.tsv", "a.md.assets/images.tsv", "a.md.assets/x.png", ".x.tmp")
    make(tmp_path, "page.html", "page_files/logo.png", "my_files/kept.md", ".obsidian/a.md", "a/.b.md.icloud", "c.tmp")
    make(tmp_path, "data.tsv")
    found = ["a.md", "a/b.md", "b.md", "data.tsv", "my_files/kept.md", "page.html"]
    assert sorted(names_in(find_sources(tmp_path), tmp_path)) == found
    assert find_sources(tmp_path) == tuple(sorted(find_sources(tmp_path)))


@pytest.mark.parametrize(
    ("name", "wanted", "why"),
    [
        ("paper.pdf", True, "a source"),
        ("draft.sync-conflict-20261122-101112-ABCDEFG.md", True, "a conflict copy holds words that may be lost else"),
        ("template.md", True, "only begins like a temporary file"),
        (".DS_Store", False, "of macOS"),
        ("desktop.ini", False, "of Windows"),
        ("~$paper.docx", False, "Word's lock"),
        (".~lock.paper.odt#", False, "LibreOffice's lock"),
        (".#paper.md", False, "Emacs' lock"),
        ("#paper.md#", False, "Emacs' unsaved version"),
        ("paper.md~", False, "an editor's backup"),
        (".paper.md.swp", False, "Vim's"),
        ("~syncthing~paper.md.tmp", False, "half of a file that is being synchronised"),
        ("paper.pdf.part", False, "half of a download"),
        ("paper.pdf.crdownload", False, "half of a download"),
        ("images.tsv", False, "our own"),
    ],
)
def test_names_of_sources(name: str, wanted: bool, why: str) -> None:
    assert is_source_name(name) is wanted, why
