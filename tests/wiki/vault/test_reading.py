import os
from pathlib import Path

import pytest

from nightdesk.base.cache import open_cache
from nightdesk.base.errors import DeskError
from nightdesk.wiki.vault.files import read_folder
from nightdesk.wiki.vault.reading import MAX_BYTES, read_vault


def write(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def test_hidden_folders_and_those_of_programs_are_no_part_of_a_vault(tmp_path: Path) -> None:
    files = ("a.md", "b/c.md", ".obsidian/x.md", ".git/y.md", "node_modules/z.md", ".hidden.md", "d.png")
    folder = read_folder(write(tmp_path, dict.fromkeys(files, "x")))
    assert list(folder.files) == ["a.md", "b/c.md", "d.png"]
    assert [path for path, file in folder.files.items() if file.is_page] == ["a.md", "b/c.md"]
    assert folder.folders == {"", "b"}


def test_what_would_hang_or_lead_out_is_not_read(tmp_path: Path) -> None:
    root = write(tmp_path / "vault", {"a.md": "x"})
    write(tmp_path, {"secret.md": "x"})
    (root / "out.md").symlink_to(tmp_path / "secret.md")
    (root / "gone.md").symlink_to(tmp_path / "nothing.md")
    (root / "round").symlink_to(root)
    os.mkfifo(root / "pipe.md")
    vault = read_vault(root)
    assert list(vault.records) == ["a.md"]
    assert "out.md" in vault.folder.files


def test_a_folder_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="is no folder"):
        read_vault(tmp_path / "nothing")


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    root = write(tmp_path / "vault", {f"{n}.md": f"[[{n + 1}]]" for n in range(5)})
    read: list[int] = []
    with open_cache(tmp_path / "cache.db") as cache:
        first = read_vault(root, cache, on_start=read.append)
        again = read_vault(root, cache, on_start=read.append)
        assert again.records == first.records
        write(root, {"2.md": "[[new]]"})
        (root / "4.md").unlink()
        changed = read_vault(root, cache, on_start=read.append)
        assert [link.path for link in changed.records["2.md"].links] == ["new"]
        assert list(changed.records) == ["0.md", "1.md", "2.md", "3.md"]
        read_vault(root, cache, on_start=read.append)
    assert read == [5, 0, 1, 0]


def test_several_processes_read_what_one_does(tmp_path: Path) -> None:
    root = write(tmp_path, {f"{n}.md": f"# Page {n}\n[[{n + 1}]]" for n in range(300)})
    assert read_vault(root, jobs=2).records == read_vault(root, jobs=1).records


def test_a_name_that_is_no_text_and_a_huge_page_stop_nothing(tmp_path: Path) -> None:
    root = write(tmp_path / "vault", {"a.md": "x", "huge.md": "x" * (MAX_BYTES + 1)})
    with open(os.fsencode(root) + b"/bad\xff.md", "wb") as file:
        file.write(b"[[a]]")
    with open_cache(tmp_path / "cache.db") as cache:
        for _ in range(2):
            vault = read_vault(root, cache)
            assert list(vault.records) == ["a.md"]
            assert len(vault.folder.files) == 3
