"""The folder of a static site: whole or not at all, and nothing of a person's is lost."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.views.web.site.folder import SiteFolder, replacing


def put(place: Path, **files: str) -> None:
    """Export a site of these files."""
    with replacing(place) as folder:
        site = SiteFolder(folder)
        for name, text in files.items():
            site.write(f"{name}.html", text)
        site.seal(format_="site")


def files_of(place: Path) -> dict[str, str]:
    return {
        path.relative_to(place).as_posix(): path.read_text()
        for path in sorted(place.rglob("*"))
        if path.is_file() and path.name != "nightdesk-export.json"
    }


def test_a_site_takes_the_place_of_the_last_one(tmp_path: Path) -> None:
    place = tmp_path / "deep/site"
    put(place, a="1", b="1")
    put(place, a="2", c="2")
    assert files_of(place) == {"a.html": "2", "c.html": "2"}
    assert [path.name for path in place.parent.iterdir()] == ["site"]


def test_what_a_person_put_there_stays(tmp_path: Path) -> None:
    place = tmp_path / "site"
    put(place, a="1")
    (place / "CNAME").write_text("example.org")
    (place / ".git/objects").mkdir(parents=True)
    (place / ".git/objects/x").write_text("object")
    (place / "link").symlink_to("CNAME")
    put(place, a="2")
    kept = {".git/objects/x": "object", "CNAME": "example.org", "a.html": "2", "link": "example.org"}
    assert files_of(place) == kept
    assert (place / "link").is_symlink()


def _foreign(place: Path) -> None:
    place.mkdir()
    (place / "thesis.md").write_text("mine")


def _edited(place: Path) -> None:
    put(place, a="1")
    (place / "a.html").write_text("mine")


def _in_the_way(place: Path) -> None:
    put(place, b="1")
    (place / "a.html").write_text("mine")


def _folder_in_the_way(place: Path) -> None:
    put(place, b="1")
    (place / "a.html").mkdir()
    (place / "a.html/thesis").write_text("mine")


def _file(place: Path) -> None:
    place.write_text("mine")


@pytest.mark.parametrize("prepare", [_foreign, _edited, _in_the_way, _folder_in_the_way, _file])
def test_a_persons_own_files_stop_the_export(tmp_path: Path, prepare: Callable[[Path], None]) -> None:
    place = tmp_path / "site"
    prepare(place)
    before = files_of(place) if place.is_dir() else place.read_text()
    with pytest.raises(DeskError) as raised:
        put(place, a="2")
    assert raised.value.fix
    assert (files_of(place) if place.is_dir() else place.read_text()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def _interrupted(place: Path) -> None:
    with replacing(place) as folder:
        SiteFolder(folder).write("a.html", "2")
        raise KeyboardInterrupt


def test_an_interrupted_export_leaves_the_old_site(tmp_path: Path) -> None:
    place = tmp_path / "site"
    put(place, a="1")
    with pytest.raises(KeyboardInterrupt):
        _interrupted(place)
    assert files_of(place) == {"a.html": "1"}
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_after_a_kill_the_next_export_puts_things_right(tmp_path: Path) -> None:
    place = tmp_path / "site"
    put(place, a="1")
    gone = 2**22 + 12_345  # no process has this number
    place.rename(tmp_path / f".site.old-{gone}")  # killed between moving the old one away and the new one in
    (tmp_path / f".site.new-{gone}").mkdir()
    running = tmp_path / f".site.new-{os.getppid()}"  # another export, under way
    running.mkdir()
    put(place, b="2")
    assert files_of(place) == {"b.html": "2"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [running.name, "site"]


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    place = tmp_path / "site"
    place.symlink_to("real")
    put(place, a="1")
    assert place.is_symlink()
    assert files_of(tmp_path / "real") == {"a.html": "1"}


def test_a_manifest_that_names_other_places_reaches_nothing(tmp_path: Path) -> None:
    place = tmp_path / "site"
    put(place, a="1")
    (tmp_path / "secret").write_text("mine")
    (place / "nightdesk-export.json").write_text('{"files": {"../secret": "00", "/etc/passwd": "00", "a.html": 3}}')
    with pytest.raises(DeskError):
        put(place, a="2")
    assert (tmp_path / "secret").read_text() == "mine"
