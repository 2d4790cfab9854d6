"""The graph: which pages it shows, where they stand at first, and what the browser is sent."""

import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from nightdesk.views.web.app import make_app
from nightdesk.views.web.finding.graph import MAX_NEAR, drawn_of
from nightdesk.views.web.finding.layout_seed import seed_positions
from nightdesk.views.web.serving import open_viewer
from nightdesk.wiki.catalogue.keeper import Keeper

PAGES = {
    "Hub.md": "---\ntype: concept\ntags: [core]\n---\n[[A]] [[B]] [[C]] [[Nowhere]] [[Hub]]",
    "A.md": "---\ntype: concept\ntags: [core, x]\n---\n[[Hub]] [[B]] [[B]]",
    "B.md": "---\ntype: source\n---\nB",
    "C.md": "[[D]]",
    "D.md": "D",
    "Alone.md": "---\ntitle: '</script><img src=x onerror=alert(1)>'\n---\nAlone",
    "index.md": "[[Hub]] [[A]] [[B]] [[C]] [[D]] [[Alone]]",
}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    vault = tmp_path_factory.mktemp("graph")
    for name, text in PAGES.items():
        (vault / name).write_text(text, encoding="utf-8")
    return vault


@pytest.fixture(scope="module")
def client(vault: Path) -> Iterator[TestClient]:
    with TestClient(make_app(open_viewer(vault, None, cache_file=None)), base_url="http://127.0.0.1") as client:
        yield client


def links_of(graph: dict[str, Any]) -> set[frozenset[str]]:
    pairs = zip(graph["edges"][::2], graph["edges"][1::2], strict=True)
    return {frozenset((graph["url"][one], graph["url"][other])) for one, other in pairs}


def joined(*pairs: str) -> set[frozenset[str]]:
    return {frozenset(f"/p/{name}" for name in pair.split()) for pair in pairs}


def test_the_graph_has_each_page_and_each_link_once(client: TestClient) -> None:
    graph = client.get("/api/graph").json()
    assert graph["url"] == ["/p/Hub", "/p/A", "/p/B", "/p/C", "/p/D", "/p/Alone"]  # the best linked first
    assert links_of(graph) == joined(
        "Hub A", "Hub B", "Hub C", "A B", "C D"
    )  # the index, which links to all, is left out
    assert len(graph["edges"]) == 10
    assert graph["links"] == [3, 2, 2, 2, 1, 0]
    assert [graph["types"][type_] for type_ in graph["type"]] == ["concept", "concept", "source", "", "", ""]
    assert [[graph["tags"][tag] for tag in tagged] for tagged in graph["tagged"]][:2] == [["core"], ["core", "x"]]
    assert graph["title"][5] == "</script><img src=x onerror=alert(1)>"
    columns = [len(graph[name]) for name in ("title", "url", "type", "category", "tagged", "links", "x", "y")]
    assert columns == [graph["total"]] * 8


def test_the_graph_is_sent_again_only_when_it_changed(client: TestClient) -> None:
    first = client.get("/api/graph")
    tag = first.headers["etag"]
    assert first.headers["content-encoding"] == "gzip"
    assert client.get("/api/graph", headers={"If-None-Match": tag}).status_code == 304
    plain = client.get("/api/graph", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == first.json()


def test_the_page_lists_what_the_picture_shows(client: TestClient) -> None:
    text = client.get("/graph").text
    assert text.index('href="/p/Hub"') < text.index('href="/p/C"') < text.index('href="/p/Alone"')
    assert "<img src=x" not in text


@pytest.mark.parametrize(
    ("page", "depth", "names", "links"),
    [
        ("D.md", "1", ["C", "D"], joined("C D")),
        ("D.md", "2", ["C", "Hub", "D"], joined("C D", "Hub C")),
        ("D.md", "9", ["C", "D"], joined("C D")),  # no depth that is offered: the first
        ("Alone.md", "1", ["Alone"], set()),
    ],
)
def test_around_a_page_are_its_neighbours(
    client: TestClient, page: str, depth: str, names: list[str], links: Any
) -> None:
    graph = client.get("/api/graph", params={"page": page, "depth": depth}).json()
    assert sorted(graph["url"]) == sorted(f"/p/{name}" for name in names)
    assert links_of(graph) == links
    assert graph["url"][graph["centre"]] == f"/p/{page.removesuffix('.md')}"


def test_around_a_page_that_is_not_there_is_nothing(client: TestClient) -> None:
    for page in ("No.md", "../etc/passwd", "\0", "x" * 10_000):
        graph = client.get("/api/graph", params={"page": page}).json()
        assert (graph["centre"], graph["url"], graph["edges"]) == (None, [], [])


def test_of_too_many_pages_the_best_linked_are_shown(vault: Path, tmp_path: Path) -> None:
    drawn = drawn_of(Keeper(vault, desk=None, cache_file=None).load(), dict.fromkeys(PAGES), limit=3)
    assert [entry.path for entry in drawn.entries] == ["Hub.md", "A.md", "B.md"]
    assert (drawn.links, drawn.total) == (((1, 0), (2, 0), (2, 1)), 6)
    for number in range(MAX_NEAR + 20):
        (tmp_path / f"{number}.md").write_text("[[0]]")
    with TestClient(make_app(open_viewer(tmp_path, None, cache_file=None)), base_url="http://127.0.0.1") as client:
        graph = client.get("/api/graph", params={"page": "0.md"}).json()
        assert (len(graph["url"]), graph["cut"]) == (MAX_NEAR, True)


def graph_of(pages: int, links: int) -> list[tuple[int, int]]:
    chance = random.Random(1)
    return [(chance.randrange(pages), chance.randrange(pages)) for _ in range(links)]


@pytest.mark.parametrize(
    ("groups", "links"),
    [
        ([], []),
        ([""], []),
        (["", ""], [(0, 1)]),
        (["a"] * 300, graph_of(300, 500)),
        ([f"g{at % 7}" for at in range(300)], graph_of(300, 500)),
        ([""] * 300, graph_of(300, 500)),  # links make the groups
        ([f"g{at}" for at in range(300)], []),
        (["", "a", "b"], [(0, 0), (0, 1), (0, 1)]),
    ],
)
def test_places_are_the_same_each_time_and_apart(groups: list[str], links: list[tuple[int, int]]) -> None:
    places = seed_positions(groups, links)
    assert places == seed_positions(groups, links)
    assert len(places) == len(set(places)) == len(groups)
    assert all(math.isfinite(x) and math.isfinite(y) and math.hypot(x, y) < 100 for x, y in places)


def test_pages_of_a_group_stand_together() -> None:
    groups = [f"g{at % 5}" for at in range(200)]
    links = [(at, at + 5) for at in range(195)]
    places = seed_positions(groups, links)
    middle = {
        group: tuple(
            sum(values) / 40
            for values in zip(*(p for p, g in zip(places, groups, strict=True) if g == group), strict=True)
        )
        for group in set(groups)
    }
    at_home = sum(
        min(middle, key=lambda group: math.dist(middle[group], place)) == own
        for place, own in zip(places, groups, strict=True)
    )
    assert at_home > 180
