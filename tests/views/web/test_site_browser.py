"""A static site in a real browser: from a disk, and from a web server that has it in a folder."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.views.web.browser import PHONE, Watch, assert_fits, axe, look, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAPER = "getComputedStyle(document.body).backgroundColor"


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, with the site's own page for what is not there, as GitHub Pages does."""

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        body = (Path(self.directory) / "repo/404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def pages_server(site_desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "repo").symlink_to(site_desk / "exports/site")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/repo/"
        server.shutdown()


@pytest.fixture
def on_disk(site_desk: Path, watch: Watch) -> Iterator[str]:
    """The address of the site on the disk; no request goes anywhere else."""
    address = (site_desk / "exports/site").as_uri() + "/"
    yield address
    assert [made for made in watch.requests if not made.startswith(address)] == []


def test_reading_from_a_disk(page: "Page", on_disk: str) -> None:
    page.goto(f"{on_disk}index.html")
    page.get_by_role("link", name="Muon", exact=True).first.click()
    page.wait_for_url("**/p/wiki/concepts/Muon.html")
    page.wait_for_selector(".local-graph canvas")
    page.hover(".prose a.nd-cite >> nth=0")
    page.wait_for_selector("#preview .preview-quote")
    page.click(".prose a.nd-cite >> nth=0")
    page.wait_for_url("**/s/wiki/sources/*#q-c*")
    page.wait_for_selector("mark.asked")
    page.goto(f"{on_disk}p/wiki/concepts/100-of-C.html")
    page.wait_for_selector(".katex")
    page.wait_for_selector("pre.nd-mermaid[data-drawn=yes]", state="hidden")
    page.hover(".prose a.nd-link >> nth=0")
    page.wait_for_selector("#preview .preview-title")


def test_finding_from_a_disk(page: "Page", on_disk: str) -> None:
    page.goto(f"{on_disk}index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("weight dec")
    page.wait_for_selector(".palette-option mark")
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/wiki/concepts/Weight-decay.html")
    page.keyboard.press("/")
    page.keyboard.type("検索でき")  # in the text of a page, in a script without blanks
    page.click(".palette-hit")
    page.wait_for_url("**/p/wiki/concepts/100-of-C.html*")
    page.goto(f"{on_disk}search.html?q=warm-up+step")
    page.wait_for_selector(".result-snippet mark")
    axe(page)
    page.fill("[name=q]", "wieght decay")  # a slip of the finger
    page.wait_for_selector("#search-hits >> text=Weight decay")
    page.fill("[name=q]", "xyzzyx")
    page.wait_for_selector("text=Nothing found.")


def test_graph_and_lab_from_a_disk(page: "Page", on_disk: str) -> None:
    look(page, scheme="dark")
    page.goto(f"{on_disk}graph.html")
    wait_until(page, "window.nightdesk.graph?.pages > 10")
    dark = page.evaluate(PAPER)
    page.goto(f"{on_disk}lab/tiny/index.html")
    page.wait_for_selector("#plot canvas")
    assert page.evaluate(PAPER) == dark
    page.fill("#filter [name=text]", "wider")
    page.wait_for_selector("#found >> text=1 of 3")
    look(page, PHONE, "light")
    assert_fits(page)
    assert page.evaluate(PAPER) != dark
    page.click("#table a >> text=0002")
    page.wait_for_url("**/lab/tiny/0002.html")


def test_on_a_web_server(page: "Page", watch: Watch, pages_server: str) -> None:
    page.goto(pages_server)
    page.keyboard.press("Control+k")
    page.keyboard.type("newton schulz")
    page.click(".palette-hit")
    page.wait_for_url("**/repo/p/wiki/**")
    page.goto(f"{pages_server}graph.html")
    page.wait_for_selector("[data-graph][data-laid-out=yes]")  # by a worker, which a disk does not give
    page.goto(f"{pages_server}lab/tiny/")
    page.wait_for_selector("#plot canvas")
    assert [made for made in watch.requests if not made.startswith(pages_server)] == []


def test_a_page_that_is_gone(page: "Page", watch: Watch, pages_server: str) -> None:
    page.goto(f"{pages_server}p/wiki/concepts/Renamed.html")
    assert page.get_by_role("heading", level=1).inner_text() == "There is no such page here."
    assert page.evaluate(PAPER) == "rgb(251, 250, 246)"  # with its styles, though they lie elsewhere than they say
    page.click("main a >> text=the first page")
    page.wait_for_url(f"{pages_server}index.html")
    watch.forgive("404")
