"""Pages, sources, previews, lists and the first page, as the server gives them, of a real desk and a real vault."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from starlette.testclient import TestClient

from nightdesk.base.desk import Desk
from nightdesk.views.web.app import make_app
from nightdesk.views.web.serving import open_viewer
from nightdesk.views.web.wiki.followed import follow
from nightdesk.views.web.wiki.kept import Kept
from nightdesk.views.web.wiki.marked_text import Quote, marked_html, parts_of
from nightdesk.views.web.wiki.mentions import clipped, mention
from nightdesk.views.web.wiki.own_words import show_own_words, sign_own_words
from nightdesk.wiki.catalogue.entries import Entry
from tests.desks import make_desk, run

SOURCE = "wiki/sources/Muon, explained"
RATE = "A common learning rate for Muon is 0.02."


def client_of(root: Path, *, is_desk: bool, cache: Path) -> TestClient:
    viewer = open_viewer(root, Desk(root) if is_desk else None, cache_file=cache)
    return TestClient(make_app(viewer), base_url="http://127.0.0.1", follow_redirects=False)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("pages"))
    assert run(desk, "compile").code == 0
    page = desk / "wiki/concepts/AdamW.md"
    page.write_text(page.read_text().replace("## Further\n", "I like it <b>most</b> of all of them.\n\n## Further\n"))
    (desk / "wiki/concepts/My notes.md").write_text(
        "---\ntitle: 'My <i>notes</i>'\nrating: 5\naliases: [Scrapbook]\n---\n"
        "# Other\n\nSee [[AdamW]] and [[Nowhere]].\n"
    )
    return desk


@pytest.fixture(scope="module")
def client(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with client_of(desk, is_desk=True, cache=tmp_path_factory.mktemp("cache") / "viewer.db") as client:
        yield client


def text_of(client: TestClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.text[:500]
    return answer.text


def parsed(html: str) -> Any:
    return lxml.html.fromstring(html)


def words(html: str) -> str:
    return " ".join(" ".join(parsed(html).itertext()).split())


def of_class(html: Any, name: str, within: str = "") -> list[Any]:
    """The elements of a class, below one of the class `within`."""
    path = "".join(f"//*[contains(concat(' ', @class, ' '), ' {one} ')]" for one in (within, name) if one)
    return list(html.xpath(path))


def claim_ids(desk: Path) -> Mapping[str, str]:
    """The ids of the claims of SOURCE by statement."""
    followed = follow(Desk(desk), f"{SOURCE}.md")
    return {claim.statement: claim.id for claim in followed.claims}


def test_a_page_says_what_it_is_and_what_it_rests_on(client: TestClient) -> None:
    html = text_of(client, "/p/wiki/concepts/Muon")
    told = words(html)
    assert "Concept in Optimiser" in told
    assert html.count("<h1") == 1  # the text's own title is the page's
    for expected in ("Verified", "Rests on", "Muon, explained 2025-03-04, ", "Linked from", "History"):
        assert expected in told
    page = parsed(html)
    cites = of_class(page, "nd-cite", "prose")
    assert cites
    assert all("?claim=c" in cite.get("href") and "claim=c" in cite.get("data-preview") for cite in cites)
    backlink = next(
        item
        for item in page.xpath("//*[@id='backlinks-title']/following-sibling::ul/li")
        if "AdamW" in item.text_content()
    )
    assert "Muon replaces AdamW for weight matrices" in backlink.text_content()


def test_a_persons_own_sentence_is_told_as_theirs(client: TestClient) -> None:
    page = parsed(text_of(client, "/p/wiki/concepts/AdamW"))
    assert "1 sentence in your own words" in page.text_content()
    marks = of_class(page, "own-words", "prose")
    assert len(marks) == 1
    assert marks[0].getparent().text_content().startswith("I like it most of all of them.")


def test_what_a_page_of_a_persons_own_says_of_itself(client: TestClient) -> None:
    html = text_of(client, "/p/wiki/concepts/My notes")
    page = parsed(html)
    assert page.xpath("//h1")[0].text_content() == "My <i>notes</i>"
    assert [h.text_content() for h in page.xpath("//div[@class='prose']//h1")] == [
        "Other"
    ]  # another title stays in the text
    assert of_class(page, "nd-missing", "prose")[0].text_content() == "Nowhere"
    assert "rating5" in re.sub(r"\s", "", of_class(page, "properties")[0].text_content())
    assert "Also: Scrapbook" in words(html)


def test_a_page_that_is_not_there_names_those_like_it_and_those_that_link_to_it(client: TestClient) -> None:
    html = text_of(client, "/p/wiki/concepts/Adam", 404)
    assert "AdamW" in words(html)
    assert "My <i>notes</i>" in words(text_of(client, "/p/Nowhere", 404))


def test_an_address_of_a_file_that_is_no_page_leads_to_the_file(client: TestClient) -> None:
    assert client.get("/p/raw/muon.md").headers["location"] == "/f/raw/muon.md"
    assert client.get("/s/wiki/concepts/Muon").headers["location"] == "/p/wiki/concepts/Muon"


@pytest.mark.parametrize(
    "address", ["/p/../nightdesk.toml", "/p/nightdesk.toml", "/p/.git/config", "/s/../x", "/p/%00", "/p/"]
)
def test_what_is_no_page_is_none(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_source_beside_its_text(client: TestClient, desk: Path) -> None:
    claim = claim_ids(desk)[RATE]
    page = parsed(text_of(client, f"/s/{SOURCE}?claim={claim}"))
    asked = of_class(page, "asked", "source-text")
    assert [mark.text_content() for mark in asked] == [RATE]
    assert asked[0].get("id") == f"q-{claim}"
    row = page.get_element_by_id(f"c-{claim}")
    assert "current" in row.get("class")
    assert "Settings, line 14" in row.text_content()
    loose = next(row for row in of_class(page, "claim") if "matrix polynomial" in row.text_content())
    assert "on no page yet" in loose.text_content()


def test_each_quote_is_marked_to_the_letter(desk: Path) -> None:
    for file in sorted((desk / "wiki/sources").glob("*.md")):
        followed = follow(Desk(desk), f"wiki/sources/{file.name}")
        quotes = [Quote(claim, *span) for claim, span in followed.spans.items()]
        html = marked_html(followed.text, (0, len(followed.text)), quotes)
        assert followed.claims
        for claim in followed.claims:
            marks = re.findall(rf'<mark[^>]*data-claims="[^"]*{claim.id}[^"]*">(.*?)</mark>', html, re.DOTALL)
            assert " ".join(unescape(re.sub("<[^>]+>", "", " ".join(marks))).split()) == claim.quote


def test_a_claim_that_is_gone_and_a_text_that_changed_are_told(client: TestClient, desk: Path) -> None:
    assert "does not stand on this page any more" in words(text_of(client, f"/s/{SOURCE}?claim=c0123456789"))
    claim, raw = claim_ids(desk)[RATE], desk / "raw/muon.md"
    before = raw.read_text()
    raw.write_text(before.replace("0.02", "0.03"))
    try:
        preview = words(text_of(client, f"/api/preview/{SOURCE}?claim={claim}"))
        assert "Not found now" in preview
        assert "does not stand in raw/muon.md any more" in preview
        assert "not found now" in words(text_of(client, f"/s/{SOURCE}"))
    finally:
        raw.write_text(before)


def test_the_preview_of_a_claim_is_the_chain_to_its_source(client: TestClient, desk: Path) -> None:
    told = words(text_of(client, f"/api/preview/{SOURCE}?claim={claim_ids(desk)[RATE]}"))
    for expected in (
        RATE,
        "Muon, explained",
        "Ada Example, 2025-03-04",
        "Settings, line 14",
        "Found in the text just now",
    ):
        assert expected in told
    assert client.get(f"/api/preview/{SOURCE}?claim=c0123456789").status_code == 404
    page = words(text_of(client, "/api/preview/wiki/concepts/Muon"))
    assert page.startswith("Concept in Optimiser Muon Muon is an optimiser that orthogonalises")
    assert "[[" not in page
    assert client.get("/api/preview/wiki/concepts/Gone").json()["error"]


def test_the_first_page_of_a_desk(client: TestClient) -> None:
    told = words(text_of(client, "/"))
    for expected in (
        "3 sources",
        "My <i>notes</i>",
        "Optimiser",
        "2025-03-04 Muon, explained Ada Example",
        "compile 3",
    ):
        assert expected in told
    figures = words(text_of(client, "/api/figures"))
    assert "cite claims that hold" in figures
    assert "Contradictions none open" in figures


def test_lists_by_type_folder_and_tag(client: TestClient) -> None:
    assert words(text_of(client, "/pages?type=source")).count("Source") >= 3
    assert "My <i>notes</i>" in words(text_of(client, "/pages?folder=wiki/concepts"))
    assert "sources3" in re.sub(r"\s", "", words(text_of(client, "/pages?folder=wiki")))
    assert "Muon" in words(text_of(client, "/tags?tag=Concept"))
    assert "concept" in words(text_of(client, "/tags"))
    assert "There is none." in words(text_of(client, "/pages?type=<script>&at=99"))
    assert "Pages that link to Muon" in words(text_of(client, "/pages?to=wiki/concepts/Muon.md"))


def test_a_desk_without_pages_says_what_comes_next(tmp_path: Path) -> None:
    with client_of(make_desk(tmp_path), is_desk=True, cache=tmp_path / "c.db") as client:
        assert "3 sources wait to be read." in words(text_of(client, "/"))


def test_any_folder_of_markdown(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    (vault / "deep").mkdir(parents=True)
    for n in range(120):
        (vault / "deep" / f"Note {n}.md").write_text(f"Says this of [[Hub]] in so many words. #t{n % 3}/x\n")
    (vault / "Hub.md").write_text("# Hub\n\n![[deep/Note 1]]\n\n![pic](a%20b.png)\n\nAgain [[Hub#^c0123456789|1]].\n")
    (vault / "a b.png").write_bytes(b"\x89PNG\r\n")
    (vault / "---.md").write_text("---\n\n---\nkey: value\n---\n\nText after rules.\n")
    (vault / "Twice.md").write_text("---\nlanguage: de\n---\n# Twice\n\n## Twice\n\n# Twice\n")
    (vault / "What.md").write_text("---\ntitle: '???'\nlanguage: '\"><b>'\n---\nText.\n")
    with client_of(vault, is_desk=False, cache=tmp_path / "c.db") as client:
        home = words(text_of(client, "/"))
        for expected in ("124 pages", "Hub 120 links", "deep 120", "#t1/x"):
            assert expected in home
        hub = parsed(text_of(client, "/p/Hub"))
        assert "Linked from 120" in words(text_of(client, "/p/Hub"))
        assert "All 120" in hub.text_content()
        assert hub.xpath("//div[@class='prose']//img")[0].get("src") == "/f/a%20b.png"
        assert "Says this of Hub" in of_class(hub, "nd-embed", "prose")[0].text_content()
        assert not of_class(hub, "nd-cite")  # a block of a page is no claim where there are no sources
        assert "120 pages, part 1 of 2" in words(text_of(client, "/pages?folder=deep"))
        assert "part 2 of 2" in words(text_of(client, "/pages?at=2"))
        assert "40 pages" in words(text_of(client, "/tags?tag=T1"))
        for name in ("Twice", "What"):
            ids = parsed(text_of(client, f"/p/{name}")).xpath("//@id")
            assert len(ids) == len(set(ids))
            assert "" not in ids
        assert parsed(text_of(client, "/p/Twice")).xpath("//h1/@lang") == ["de"]
        assert not parsed(text_of(client, "/p/What")).xpath("//h1/@lang")
        assert "Text after rules" in words(text_of(client, "/p/---"))


ENTRY = Entry("wiki/concepts/Muon.md", "Muon", ("Muon optimiser",), "concept", (), "", "", "", 1, 0.0, (), ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- [[Muon]]\n\nThe step of [[Muon|it]] is quick. [[S#^c1|2]]", "The step of it is quick."),  # not a mere list
        ("See [the page](../concepts/Muon.md#x) for more.", "See the page for more."),
        ("We use the [[muon optimiser]] for all matrices.", "We use the muon optimiser for all matrices."),
        ("---\nsee: '[[Muon]] in so many more words'\n---\nNothing.", ""),  # properties are no text
        ("[[Muons]] are particles of the second generation.", ""),
        ("- [[Muon]]\n- [[Muon]]\n", ""),
    ],
)
def test_what_a_page_says_where_it_links(text: str, words: str) -> None:
    assert mention(text, ENTRY) == words


def test_a_long_line_is_cut_around_the_link() -> None:
    told = mention("word " * 20_000 + "the [[Muon]] step " + "word " * 20_000, ENTRY)
    assert re.fullmatch(r"… word .* the Muon step .* word …", told)
    assert len(told) < 200
    assert clipped("short") == "short"


def test_a_sign_of_own_words_never_stands_in_a_tag() -> None:
    signed, count = sign_own_words(
        'I say so. Muon is fast. [[S#^c0123456789|1]]\n\n![I see. It is so.](x.png "A. B.")', language="en"
    )
    assert count == 1
    sign = signed[len("I say so.") :][:2]
    assert show_own_words(f'<p>a{sign}<img alt="x > y{sign}z" title="{sign}">').count("own-words") == 1
    taken = f"It has {sign[1]} already. More."
    assert sign_own_words(taken, language="en") == (taken, 0)


@pytest.mark.parametrize(
    ("text", "quote", "html"),
    [
        ("A **bold word** here.", "bold word", "<strong>bold word</strong></mark> here."),
        ("A **bold word** here.", "word** here", "<strong>bold </strong><mark"),  # a quote that cuts emphasis
        ("1 < 2 & `a<b>`", "2 & `a<b>`", "2 &amp; <code>a&lt;b&gt;</code></mark>"),
        ("| a | b |\n|---|---|\n|   | 0.5 |", "0.5", "<td></td><td><mark"),  # an empty cell keeps its column
        ("- one\n  - two words", "two words", '<li data-depth="1"'),
        ("```\nx = 1 < 2\n```", "x = 1 < 2", "x = 1 &lt; 2</mark>"),
        ("<script>alert(1)</script>\n\nText here.", "Text here", "Text here</mark>"),
        ("![<x>](a.png)\n\nText", "Text", 'alt="&lt;x&gt;"'),
        ("> said so\n> twice", "so\n> twice", "<blockquote><p>said <mark"),
        ("Say $a < b$ so.", "Say $a < b$", 'Say <span class="nd-math">a &lt; b</span></mark>'),
        ("Say $a + b$ so.", "Say $a", "Say $a</mark> + b$"),  # half a formula is none
        ("$$\nx < 1\n$$\n\nText", "Text", 'div class="nd-math nd-display">'),
        ("<!-- page 4 -->\n\nText", "Text", 'id="page-4"'),
    ],
)
def test_a_quote_in_any_block(text: str, quote: str, html: str) -> None:
    start = text.index(quote)
    given = [Quote("c0123456789", start, start + len(quote))]
    made = marked_html(text, (0, len(text)), given, image=lambda target: f"/f/{target}")
    assert html in made
    assert made.count("<mark") == made.count("</mark>") >= 1
    assert not re.search("<script|<x>", made)


def test_quotes_that_overlap_are_each_found_and_marked() -> None:
    quotes = [Quote("caaaaaaaaaa", 0, 7), Quote("cbbbbbbbbbb", 4, 13), Quote("ccccccccccc", 4, 13)]
    html = marked_html("One two three four", (0, 18), quotes, asked="cbbbbbbbbbb")
    assert html.count('class="asked"') == 2
    assert all(html.count(f'id="q-{quote.claim}"') == 1 for quote in quotes)
    assert 'data-claims="caaaaaaaaaa cbbbbbbbbbb ccccccccccc"' in html


def test_a_long_text_is_cut_into_parts_that_lose_nothing() -> None:
    text = (
        "".join(f"## Part {n}\n\n" + "word " * 3_000 + "\n\n```\n# no heading\n```\n\n" for n in range(30))
        + "x" * 200_000
    )
    parts = parts_of(text)
    assert "".join(text[start:end] for start, end in parts) == text
    assert 5 < len(parts) < 40
    assert all(end - start <= 200_000 for start, end in parts)
    assert all(text.startswith(("## ", "x"), start) for start, _ in parts)
    assert parts_of("short") == ((0, 5),)


def test_what_is_kept_is_bounded_and_made_once() -> None:
    kept = Kept[str](10, weigh=len)
    made: list[str] = []

    def make(text: str) -> str:
        made.append(text)
        return text

    for text in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb"):
        assert kept.get(text, partial(make, text)) == text
    assert made == ["aaaa", "bbbb", "cccc", "bbbb"]  # bbbb was the one not used for longest
    assert kept.get("x", lambda: "y" * 100) == "y" * 100  # larger than the bound: kept alone
