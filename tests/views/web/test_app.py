"""The application: views that are imported late, and what a page says while the vault is read."""

from pathlib import Path

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from nightdesk.views.web.app import LATER, LaterRoutes, make_app, views
from nightdesk.views.web.serving import open_viewer
from nightdesk.views.web.viewer import Viewer


@pytest.fixture
def viewer(tmp_path: Path) -> Viewer:
    (tmp_path / "a.md").write_text("# A\n", encoding="utf-8")
    return open_viewer(tmp_path, None, cache_file=None)


def test_each_late_route_begins_as_its_table_says(viewer: Viewer) -> None:
    late = [route for route in views(viewer) if isinstance(route, LaterRoutes)]
    assert len(late) == len(LATER)
    for route, (module, _) in zip(late, LATER, strict=True):
        paths = [one.path for one in route.router().routes if isinstance(one, Route)]
        assert paths, module
        for path in paths:
            assert route.matches({"type": "http", "path": path.replace("{", "").replace("}", "")})[0].name == "FULL"


def test_no_address_is_of_two_views(viewer: Viewer) -> None:
    beginnings = [beginning for _, several in LATER for beginning in several]
    assert len(set(beginnings)) == len(beginnings)
    late = [route for route in views(viewer) if isinstance(route, LaterRoutes)]
    for path in ("/", "/p/search", "/searching", "/api/preview/lab", "/api/figures", "/static/1/ask"):
        assert [route for route in late if route.matches({"type": "http", "path": path})[0].name != "NONE"] == []


def test_while_the_vault_is_read_a_page_says_so_and_comes_again(
    viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightdesk.views.web.viewer.WAIT_SECONDS", 0.01)
    client = TestClient(make_app(viewer))  # not entered: nothing reads the vault
    answer = client.get("/p/a")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert "being read" in answer.text
