"""The folder of a run: measured, compared and removed whatever lies in it, and never through a link."""

import os
from pathlib import Path

import pytest

from nightdesk.lab import run_folder
from nightdesk.lab.run_folder import changed_files, measure_folders, remove_folder, write_files


def test_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path / "a", {"x/y": bytes(100_000), "z": b"1"})
    with (tmp_path / "a/holes").open("wb") as file:
        file.truncate(10**10)
    (tmp_path / "a/link").symlink_to("/usr")
    written = measure_folders([tmp_path / "a", tmp_path / "no such folder"])
    assert written.files == 5
    assert 100_000 <= written.size_bytes < 1_000_000, "a file of holes takes no room, a link leads nowhere"
    monkeypatch.setattr(run_folder, "MOST_FILES", 3)
    assert measure_folders([tmp_path]).fault == "made more than 3 files"


def test_too_deep(tmp_path: Path) -> None:
    _dig(tmp_path / "deep", 5000)
    assert measure_folders([tmp_path]).fault == "made folders 100 deep"
    remove_folder(tmp_path / "deep")
    assert list(tmp_path.iterdir()) == []


def _dig(folder: Path, depth: int) -> None:
    """Make a folder too deep for any path, as a program does that goes into each."""
    folder.mkdir()
    inner = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=inner)
        os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=inner))
        deeper = os.open("d", os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = deeper
    os.close(inner)


def test_removed_without_following_links(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    write_files(mine, {"a": b"1"})
    folder = tmp_path / "run"
    write_files(folder, {"b/c/d": b"2", "e": b"3"})
    (folder / "b/link").symlink_to(mine)
    (folder / "link").symlink_to(mine)
    os.mkfifo(folder / "pipe")
    for closed in (folder / "b/c", folder / "b", folder):
        closed.chmod(0)
    remove_folder(folder)
    remove_folder(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert (mine / "a").read_bytes() == b"1"
    (tmp_path / "link").symlink_to(mine)
    with pytest.raises(OSError, match="link"):
        remove_folder(tmp_path / "link")


@pytest.mark.parametrize(
    ("do", "changed", "why"),
    [
        ("pass", (), "nothing happened"),
        ("open('train.py', 'w').close()", (), "that one may change"),
        ("open('prepare.py', 'w').write('2')", ("prepare.py",), "other text of the same length"),
        ("open('prepare.py', 'a').write(' ')", ("prepare.py",), "longer"),
        ("os.remove('kit/a.py')", ("kit/a.py",), "gone"),
        ("os.remove('kit/a.py'); os.mkdir('kit/a.py')", ("kit/a.py",), "a folder now"),
        ("os.remove('prepare.py'); os.mkfifo('prepare.py')", ("prepare.py",), "a pipe that never answers"),
        ("os.rename('prepare.py', 'p'); os.symlink('p', 'prepare.py')", ("prepare.py",), "a link may change later"),
    ],
)
def test_changed(tmp_path: Path, do: str, changed: tuple[str, ...], why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"train.py": b"0", "prepare.py": b"1", "kit/a.py": b"2"}
    write_files(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    exec(do, {"os": os})  # noqa: S102  # the table above
    assert changed_files(tmp_path, files, editable=("train.py",)) == changed, why
