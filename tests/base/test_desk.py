"""Where things are on a desk, and how a desk is found."""

from pathlib import Path

import pytest

from nightdesk.base.desk import Desk, find_desk
from nightdesk.base.errors import DeskError


def test_the_nearest_desk_upwards_is_found(tmp_path: Path) -> None:
    (tmp_path / "outer/wiki/inner/raw").mkdir(parents=True)
    (tmp_path / "outer/nightdesk.toml").touch()
    assert find_desk(tmp_path / "outer/wiki") == Desk(tmp_path / "outer")
    assert find_desk(tmp_path / "outer") == Desk(tmp_path / "outer")
    (tmp_path / "outer/wiki/inner/nightdesk.toml").touch()
    assert find_desk(tmp_path / "outer/wiki/inner/raw").root == tmp_path / "outer/wiki/inner"
    assert find_desk(tmp_path / "outer/wiki/not there yet").root == tmp_path / "outer"


def test_a_link_leads_to_the_desk_itself(tmp_path: Path) -> None:
    (tmp_path / "desk/raw").mkdir(parents=True)
    (tmp_path / "desk/nightdesk.toml").touch()
    (tmp_path / "link").symlink_to(tmp_path / "desk/raw")
    assert find_desk(tmp_path / "link").root == tmp_path / "desk"


def test_a_folder_of_that_name_makes_no_desk(tmp_path: Path) -> None:
    (tmp_path / "nightdesk.toml").mkdir()
    with pytest.raises(DeskError, match="not in a desk") as caught:
        find_desk(tmp_path)
    assert caught.value.fix
    assert "nightdesk new" in caught.value.fix


def test_places_are_named_and_nothing_is_made(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    folders = (desk.raw, desk.text, desk.wiki, desk.cache, desk.settings)
    assert [desk.relative(path) for path in folders] == ["raw", "text", "wiki", ".nightdesk", "nightdesk.toml"]
    assert desk.relative(desk.wiki / "sources" / "A b.md") == "wiki/sources/A b.md"
    assert not desk.root.exists()
    with pytest.raises(ValueError, match="not in the subpath"):
        desk.relative(tmp_path / "elsewhere")
