"""Hostile pages, sources, names and labs in a real browser, and other pages that reach for the viewer: nothing runs."""

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest

from nightdesk.base.desk import Desk
from nightdesk.views.web.serving import open_viewer
from tests.desks import git
from tests.views.web.browser import Watch, origin_of
from tests.views.web.hostile import BREAKOUT, CLAIM, EMBEDS, QUOTE, make_hostile_desk
from tests.views.web.payloads import PAYLOADS
from tests.views.web.serving import Served, every_route

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

Serve = Callable[..., Served]
HEARD = "window.pwned = (name) => console.error('PWNED by ' + name);"
QUERY = "?" + urlencode(dict.fromkeys(("q", "name", "claim", "tag", "type", "a", "b", "page", "path"), BREAKOUT))
GONE = "<img src=x onerror=window.pwned(0)>"
OPENED = {  # what a route with parameters is opened with; a route that is not here fails the test below
    "/p/{name:path}": ["wiki/concepts/cited", quote(f"wiki/concepts/{BREAKOUT}"), "wiki/sources/evil", GONE],
    "/s/{name:path}": [f"wiki/sources/evil?claim={CLAIM}", GONE],
    "/h/{path:path}": ["wiki/concepts/cited", quote(f"wiki/concepts/{BREAKOUT}")],
    "/lab/{name}": ["evil", GONE],
    "/lab/{name}/compare": ["evil/compare?a=0&b=1"],
    "/lab/{name}/{number:int}": ["evil/1"],
}
# the browser logs pages that are not there; KaTeX sets styles in its hidden MathML, which are stopped and not missed
EXPECTED = re.compile("the server responded with a status of 4|style-src-attr|Applying inline style")
DATA = ("/api/", "/f/", "/static/")  # no pages: opened by their own tests
DANGEROUS = """() => {
  const bad = [];
  for (const it of document.querySelectorAll("*")) {
    if (it.closest(".katex, .katex-error")) continue; // KaTeX checks what a formula asks for
    const told = it.cloneNode(false).outerHTML.slice(0, 300);
    if (it.localName === "script" && !it.src && it.type !== "application/json") bad.push(told);
    if (["iframe", "object", "embed", "base", "style", "math"].includes(it.localName)) bad.push(told);
    for (const { name, value } of it.attributes) {
      if (name.startsWith("on") || name === "srcdoc") bad.push(told);
      if (/^(href|src|action|formaction|xlink:href|data|values|to|from)$/.test(name)
        && /^[\\s\\x00-\\x20]*(javascript|vbscript|data:text)/i.test(value)) bad.push(told);
    }
    if (it.localName === "a" && it.href && !/^(https?|mailto):$/.test(it.protocol)) bad.push(told);
  }
  return bad;
}"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_hostile_desk(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def served(desk: Path, serve: Serve) -> Iterator[Served]:
    served = serve(desk)
    yield served
    assert served.stop() == 130
    assert "Traceback" not in served.said


@pytest.fixture
def loose(browser: "Browser", watch: Watch) -> Iterator["Page"]:
    """A page without any content security policy: what the HTML itself lets run, runs, and is heard."""
    context: BrowserContext = browser.new_context(bypass_csp=True)
    watch.follow(context)
    context.add_init_script(HEARD)
    yield context.new_page()
    context.close()
    assert not watch.complaints


def views(desk: Path) -> list[str]:
    """Return the addresses of every page of the viewer, hostile queries with them."""
    routes = every_route(open_viewer(desk, Desk(desk), cache_file=None))
    found = []
    for route in routes:
        if route.path.startswith(DATA) or "GET" not in (route.methods or ()):
            continue
        prefix = route.path.split("{")[0]
        found += [prefix + end for end in OPENED[route.path]] if "{" in route.path else [route.path + QUERY]
    return found


def test_no_view_of_a_hostile_desk_runs_a_script(page: "Page", watch: Watch, desk: Path, served: Served) -> None:
    page.add_init_script(HEARD)
    embeds = [f"p/wiki/concepts/embeds-{number}" for number in range(-(-len(PAYLOADS) // EMBEDS))]
    for address in [*(view.removeprefix("/") for view in views(desk)), *embeds]:
        answer = page.goto(served.url + address)
        assert answer
        assert answer.status == (404 if GONE in address else 200), address
        assert page.evaluate(DANGEROUS) == [], address
        told = [line for line in watch.take() if not EXPECTED.search(line)]
        assert told == [], address


def test_a_payload_that_runs_is_heard(loose: "Page", watch: Watch, served: Served) -> None:
    loose.goto(served.url)
    loose.evaluate("(html) => { document.querySelector('main').innerHTML = html; }", BREAKOUT)
    loose.wait_for_timeout(100)
    assert any("PWNED by 1" in line for line in watch.take())


def test_no_payload_runs_even_where_no_policy_would_stop_it(loose: "Page", served: Served) -> None:
    # each page is put into an open one, as an update does it: HTML that is parsed twice may turn into other HTML
    loose.goto(served.url)
    put = """async (addresses) => {
      const empty = [];
      for (const address of addresses) {
        const text = await (await fetch(address)).text();
        const parsed = new DOMParser().parseFromString(text, "text/html").querySelector("main");
        if (!parsed) empty.push(address);
        document.querySelector("main").innerHTML = parsed ? parsed.innerHTML : text;
        for (const it of document.querySelectorAll("main details")) it.open = !it.open;
        for (const it of document.querySelectorAll("main .prose *")) {
          for (const kind of ["mouseover", "focus", "animationstart"]) it.dispatchEvent(new Event(kind));
          if (it.protocol !== "mailto:" && !/^https?:$/.test(it.protocol ?? "http:")) it.click();
        }
      }
      await new Promise((done) => setTimeout(done, 100));
      return empty;
    }"""
    names = [quote(f"/p/wiki/concepts/{name}") for name in PAYLOADS]
    assert loose.evaluate(put, names) == []
    shown = [
        "wiki/sources/evil?claim=c00aa00aa00",
        "wiki/sources/evil",
        "wiki/concepts/cited",
        "wiki/concepts/embeds-0",
    ]
    previews = [f"/api/preview/{name}" for name in (*shown, quote(f"wiki/concepts/{BREAKOUT}"))]
    assert loose.evaluate(put, previews) == previews  # they are no whole pages
    assert loose.evaluate(DANGEROUS) == []


def test_what_is_shown_on_demand_is_text(page: "Page", served: Served) -> None:
    page.add_init_script(HEARD)
    page.goto(served.url + "p/wiki/concepts/cited")
    page.hover("a.nd-cite")
    page.wait_for_selector("#preview .preview-quote")
    assert QUOTE in page.inner_text("#preview")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("onerror")
    page.wait_for_selector("[role=option]:has-text('onerror')")
    assert page.evaluate(DANGEROUS) == []


def test_a_source_that_is_opened_runs_nothing(page: "Page", watch: Watch, served: Served) -> None:
    page.add_init_script(HEARD)
    for name in ("evil.html", "evil.svg", "evil.xhtml"):
        page.goto(f"{served.url}f/raw/{name}")
        page.wait_for_timeout(20)
        told = watch.take()  # what the sandbox stopped, the browser logs
        assert not [line for line in told if "PWNED" in line]
        assert all("CSP" in line or "sandbox" in line or "Content Security" in line for line in told)


# --- pages of other servers ---

REACH = """async () => {
  const got = [];
  const ended = (it, good, bad) => new Promise((done) => {
    it[good] = () => { got.push(it.localName ?? it.constructor.name); done(); };
    it[bad] = done;
  });
  for (const path of ["", "p/wiki/concepts/cited", "api/preview/wiki/concepts/cited", "f/raw/evil.svg"]) {
    await fetch(VIEWER + path).then(() => got.push("fetch"), () => {});
    await fetch(VIEWER + path, { mode: "no-cors" }).then((it) => { if (it.type !== "opaque") got.push("no-cors"); },
      () => {});
  }
  const headers = { "x-nightdesk-token": "guess", "content-type": "text/plain" };
  await fetch(VIEWER + "api/undo", { method: "POST", body: "{}" }).then(() => got.push("post"), () => {});
  await fetch(VIEWER + "api/undo", { method: "POST", body: "{}", headers }).then(() => got.push("post"), () => {});
  const image = new Image(), script = document.createElement("script"), link = document.createElement("link");
  link.rel = "stylesheet";
  const waits = [image, script, link].map((it) => ended(it, "onload", "onerror"));
  image.src = VIEWER + "f/raw/fine.png";
  script.src = VIEWER + "f/raw/evil.bin";
  link.href = VIEWER + "api/events";
  document.head.append(script, link);
  const events = new EventSource(VIEWER + "api/events");
  waits.push(ended(events, "onopen", "onerror"));
  const frame = document.createElement("iframe");
  const loaded = new Promise((done) => { frame.onload = done; });
  frame.src = VIEWER;
  document.body.append(frame);
  await Promise.all([...waits, loaded]);
  try { got.push(frame.contentWindow.document.title); } catch { /* as it should be */ }
  return got;
}"""


class Elsewhere(BaseHTTPRequestHandler):
    """A page of another server of this machine."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title><body>")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_page_of_another_server_reads_and_changes_nothing(
    page: "Page", watch: Watch, desk: Path, served: Served, elsewhere: str
) -> None:
    before = git(desk, "rev-parse", "HEAD"), git(desk, "status", "--porcelain")
    watch.origins |= {origin_of(elsewhere), origin_of(served.url)}
    page.goto(elsewhere)
    assert page.evaluate(REACH.replace("VIEWER", repr(served.url))) == []
    form = f"<form method=post action={served.url}api/undo><input name=id value=x></form>"
    page.evaluate("(html) => { document.body.innerHTML = html; }", form)
    with page.expect_navigation() as sent:
        page.evaluate("document.forms[0].submit()")
    assert sent.value
    assert sent.value.status == 403
    # a link to the viewer is followed, and the page that has it learns nothing of the one it leads to
    page.goto(elsewhere)
    with page.expect_popup() as opened:
        page.evaluate("(url) => { window.seen = window.open(url); }", served.url)
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("window.opener") is None
    assert page.evaluate("window.seen.closed")  # another group of pages: it is out of reach
    assert (git(desk, "rev-parse", "HEAD"), git(desk, "status", "--porcelain")) == before
    opened.value.close()
    assert watch.take()  # what the browser said of all this
