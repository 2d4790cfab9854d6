"""The browser harness itself: what it must hear, it hears."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.views.web.browser import PHONE, Watch, assert_fits, axe, look

if TYPE_CHECKING:
    from playwright.sync_api import Page

GOOD = "<html lang=en><title>Good</title><main><h1>Good</h1><p>All is well."
PAGES = {
    "/": GOOD,
    "/script": GOOD + "<script>window.ran = true</script>",
    "/event": GOOD + "<img src=/none alt='' onerror='window.ran = true'>",
    "/away": GOOD + "<img src=https://example.org/a.png alt=''>",
    "/prefetch": GOOD + "<link rel=stylesheet href=//example.org/a.css>",
    "/address": GOOD + "<img src=https://192.0.2.1/a.png alt=''>",
    "/wide": GOOD + "<pre>" + "wide " * 200,
    "/nameless": GOOD + "<button></button>",
}


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        text = PAGES.get(self.path)
        self.send_response(200 if text else 204)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", "default-src 'self'; img-src *; style-src *")
        self.send_header("Content-Length", str(len(text or "")))
        self.end_headers()
        self.wfile.write((text or "").encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_good_page_has_no_complaint(page: "Page", watch: Watch, url: str) -> None:
    page.goto(url)
    look(page, PHONE, "dark")
    assert page.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]") == [390, True]
    assert_fits(page)
    axe(page)
    assert url + "/" in watch.requests


def test_what_a_page_must_not_do_is_heard(page: "Page", watch: Watch, url: str) -> None:
    for path, complaint in (
        ("/script", "CSP: script-src-elem forbids inline"),
        ("/event", "CSP: script-src-attr forbids inline"),
        ("/away", "request elsewhere: GET https://example.org/a.png"),
        ("/address", "request elsewhere: GET https://192.0.2.1/a.png"),
        ("/address", "net::ERR_NAME_NOT_RESOLVED"),  # and it goes nowhere
        ("/prefetch", "request elsewhere: GET http://example.org/a.css"),
    ):
        page.goto(url + path)
        page.wait_for_timeout(20)
        assert page.evaluate("window.ran") is None
        told = watch.take()
        assert any(complaint in line for line in told), (path, told)


def test_errors_dialogs_and_other_ports_are_heard(page: "Page", watch: Watch, url: str) -> None:
    page.goto(url)
    page.evaluate("console.error('said'); setTimeout(() => { throw new Error('thrown'); })")
    page.evaluate("alert('opened')")
    page.evaluate("new Promise((done) => Object.assign(new Image(), { onerror: done, src: 'http://127.0.0.1:1/' }))")
    page.wait_for_timeout(1)  # the console is a message behind
    told = " | ".join(watch.take())
    for expected in ("console error: said", "thrown", "dialog: alert opened", "GET http://127.0.0.1:1/"):
        assert expected in told


def test_what_sticks_out_and_what_axe_finds_is_told(page: "Page", url: str) -> None:
    page.goto(url + "/wide")
    with pytest.raises(AssertionError, match="<pre>"):
        assert_fits(page)
    page.goto(url + "/nameless")
    with pytest.raises(AssertionError, match="button-name"):
        axe(page)
