"""The palette, full text and the page of results, as the server gives them."""

import json
import re
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from nightdesk.base.desk import Desk
from nightdesk.views.web.app import make_app
from nightdesk.views.web.finding import finding
from nightdesk.views.web.finding.finding import narrowed, pieces_of, typed_query
from nightdesk.views.web.finding.searching import MAX_PARTS
from nightdesk.views.web.serving import open_viewer
from nightdesk.wiki.search.asked import Filter, QueryError, Term, terms_of
from nightdesk.wiki.search.query import parse_query
from nightdesk.wiki.search.search import search
from tests.views.web.compiled import compiled_desk

HOSTILE = "<img src=x onerror=alert(1)>"


def client_of(root: Path, caches: Path, *, is_desk: bool) -> TestClient:
    search_file = None if is_desk else caches / "search.sqlite"
    viewer = open_viewer(
        root, Desk(root) if is_desk else None, cache_file=caches / "viewer.db", search_file=search_file
    )
    return TestClient(make_app(viewer), base_url="http://127.0.0.1")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled_desk(tmp_path_factory.mktemp("search"))


@pytest.fixture(scope="module")
def client(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with client_of(desk, tmp_path_factory.mktemp("cache"), is_desk=True) as client:
        yield client


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    vault = tmp_path_factory.mktemp("vault")
    (vault / "Notes").mkdir()
    for number in range(50):
        (vault / "Notes" / f"Note {number:02}.md").write_text(f"# Note {number:02}\n\nA zebra crosses here.\n")
    (vault / "Odd.md").write_text(f"---\ntitle: '{HOSTILE}'\ntype: '{HOSTILE}'\n---\nAn aardvark {HOSTILE} digs.\n")
    return vault


@pytest.fixture(scope="module")
def notes(vault: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with client_of(vault, tmp_path_factory.mktemp("caches"), is_desk=False) as client:
        yield client


def hits(client: TestClient, typed: str) -> list[dict[str, Any]]:
    answer = client.get("/api/search", params={"q": typed})
    assert answer.status_code == 200, answer.text
    while answer.json()["making"]:
        answer = client.get("/api/search", params={"q": typed})
    found: list[dict[str, Any]] = answer.json()["hits"]
    return found


def page(client: TestClient, **given: str) -> str:
    hits(client, "wait for the index")
    answer = client.get("/search", params=given)
    assert answer.status_code == 200, answer.text[:800]
    return answer.text


def shown(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("warm", "warm*"),  # the word may go on
        ("short war", "short war*"),
        ("short w", "short"),  # a letter alone is the beginning of too many words
        ("warm-u", "warm-u"),  # but not where it belongs to a word
        ('"short war', "short war"),  # half a query is mere words
        ("(muon OR", "muon or"),
        ('"short warm-up"', '"short warm-up"'),
        ("optimi*", "optimi*"),
        ("学習", "学習"),
    ],
)
def test_what_is_typed_is_taken_as_far_as_it_goes(typed: str, words: str) -> None:
    def plain(terms: Iterator[Term]) -> list[tuple[str, bool]]:
        return [(" ".join(token.text for token in term.tokens), term.prefix) for term in terms]

    query = typed_query(typed)
    assert plain(terms_of(query.wanted)) == plain(terms_of(parse_query(words).wanted))


def test_what_holds_no_word_is_no_query() -> None:
    for typed in ("", " ", "…", "-"):
        with pytest.raises(QueryError):
            typed_query(typed)


def test_a_filter_of_the_query_goes_before_the_form_s() -> None:
    query = narrowed(parse_query("muon in:claims"), where="text", type_="source")
    assert query.filters == (Filter("in", ("claims",), False), Filter("type", ("source",), False))


@pytest.mark.parametrize(
    ("text", "marks", "pieces"),
    [
        ("plain", (), (("plain", False),)),
        ("a bc d", ((2, 4),), (("a ", False), ("bc", True), (" d", False))),
        ("ab", ((0, 1), (1, 2)), (("a", True), ("b", True))),
        ("", (), ()),
    ],
)
def test_a_snippet_is_cut_at_its_marks(text: str, marks: Any, pieces: Any) -> None:
    assert pieces_of(text, marks) == pieces


def test_titles_come_with_what_fits_and_lead_to_pages(client: TestClient) -> None:
    found = client.get("/api/palette", params={"q": "muo"}).json()["titles"]
    first = found[0]
    assert (first["title"], first["spans"], first["type"]) == ("Muon", [[0, 3]], "concept")
    assert client.get(first["url"]).status_code == 200
    recent = client.get("/api/palette").json()["titles"]
    assert 0 < len(recent) <= 8
    assert all(one["spans"] == [] for one in recent)


def test_passages_lead_to_where_the_words_stand(client: TestClient) -> None:
    kinds: dict[str, dict[str, Any]] = {}
    for query in ("newton schu", "newton in:claims", "newton in:text"):
        for hit in hits(client, query):
            kinds.setdefault(hit["kind"], hit)
            assert client.get(hit["url"].partition("#")[0]).status_code == 200, hit
            assert any(marked for _, marked in hit["snippet"]), hit
    assert sorted(kinds) == ["claims", "text", "wiki"]
    assert re.fullmatch(r"/s/wiki/sources/.+\?claim=(c\w+)#q-\1", kinds["claims"]["url"])
    assert kinds["text"]["url"].startswith("/s/wiki/sources/")  # not the bare file: its claims stand beside it


@pytest.mark.parametrize("typed", ["", '"', "-", "type:", "in:nowhere x", "a" * 5_000, "\0", "\ud800", "((((", "x OR"])
def test_the_palette_never_stumbles(client: TestClient, typed: str) -> None:
    for address in ("/api/palette", "/api/search", "/search"):
        answer = client.get(address, params={"q": typed.encode("utf-8", "surrogatepass")})
        assert answer.status_code == 200, (address, answer.text[:300])


def test_results_tell_where_and_what(client: TestClient) -> None:
    text = page(client, q="newton schulz")
    assert "<mark>Newton</mark>-<mark>Schulz</mark>" in text
    assert 'href="/s/wiki/sources/' in text
    assert "raw/muon.md" in text
    claims = page(client, q="newton", **{"in": "claims"})
    assert claims.count('class="badge"') == claims.count('data-kind="lamp">claim<') > 0
    assert re.search(r'aria-current="page">Claims<', claims)


def test_a_slip_is_corrected_and_told(client: TestClient) -> None:
    text = shown(page(client, q="nevton"))
    assert "Nothing has “nevton”; shown is what has “ newton ”" in text
    nothing = shown(page(client, q="xqzvjk muon"))
    assert "Nothing found. “xqzvjk” stands nowhere." in nothing
    assert "Muon" in page(client, q="xqzvjk muon", any="1")


def test_a_wrong_query_is_shown_where_it_goes_wrong(client: TestClient) -> None:
    text = page(client, q='muon "warm')
    assert "muon <mark>&#34;</mark>warm" in text
    assert "never closed" in text


def test_results_come_in_parts(notes: TestClient) -> None:
    seen: set[str] = set()
    for part, expected in (("1", 20), ("2", 20), ("3", 10)):
        text = page(notes, q="zebra", at=part)
        found = re.findall(r'result-title"><a href="([^"]+)"', text)
        assert len(found) == expected
        seen |= set(found)
        assert ("More →" in unescape(text)) == (part != "3")
    assert len(seen) == 50
    assert "There is no more" in page(notes, q="zebra", at="4")
    for odd in ("0", "-1", "x", "²", "9" * 30, str(MAX_PARTS + 1)):
        page(notes, q="zebra", at=odd)


def test_what_pages_say_is_never_markup(notes: TestClient) -> None:
    for text in (page(notes, q="aardvark"), page(notes, q=HOSTILE), page(notes, q="aardvark", type=HOSTILE)):
        assert "<img" not in text
    answer = notes.get("/api/search", params={"q": "aardvark"})
    assert answer.headers["content-type"] == "application/json"
    assert json.dumps(HOSTILE) in json.dumps(answer.json(), ensure_ascii=False)


def test_a_vault_is_searched_and_nothing_is_written_into_it(notes: TestClient, vault: Path) -> None:
    before = sorted(vault.rglob("*"))
    assert hits(notes, "zebra")
    (vault / "New.md").write_text("# New\n\nA quagga.\n")
    try:
        assert [hit["title"] for hit in hits(notes, "quagga")] == ["New"]
    finally:
        (vault / "New.md").unlink()
    assert sorted(vault.rglob("*")) == before
    assert 'aria-label="Where"' not in page(notes, q="zebra")  # there are no claims to choose


def test_nobody_waits_for_the_index(vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def slow(*given: Any, **named: Any) -> Any:
        go_on.wait(30)
        return search(*given, **named)

    monkeypatch.setattr(finding, "search", slow)
    with client_of(vault, tmp_path, is_desk=False) as client:
        assert client.get("/api/search", params={"q": "zebra"}).json() == {"making": True, "hits": [], "more": False}
        told = client.get("/search", params={"q": "zebra"}).text
        assert "The index is being made" in told
        assert 'http-equiv="refresh"' in told
        assert client.get("/api/palette", params={"q": "note"}).json()["titles"]
        go_on.set()
        assert len(hits(client, "zebra")) == 6
