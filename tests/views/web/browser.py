"""A real Chromium for tests: the machine's own, which reaches this machine alone and whose every complaint counts.

The fixtures are in conftest.py: `page` is a Playwright page that is `watch`ed, `serve` starts `nightdesk serve`.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request

PHONE, LAPTOP, WALL = (390, 844), (1440, 900), (2000, 1200)
# No name or address but this machine's own is found. (Requests intercepted one by one would not use the cache.)
NO_WAY_OUT = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
WCAG_2_2_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# A violation is reported to its document alone; said on the console, it is seen from every frame.
REPORT_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) => {
  const place = `${event.documentURI} line ${event.lineNumber}`;
  console.error(`CSP: ${event.effectiveDirective} forbids ${event.blockedURI} (${place})`);
});"""


def chromium() -> str | None:
    """Return the path of the machine's Chromium, None when it has none. NIGHTDESK_BROWSER names another."""
    named = os.environ.get("NIGHTDESK_BROWSER")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome", "/usr/bin/chromium"]
    return next((found for name in names if (found := shutil.which(name))), None)


@contextmanager
def running_chromium() -> Iterator["Browser"]:
    """Start a headless Chromium; skip the test where there is none, unless NIGHTDESK_REQUIRE_BROWSER=1."""
    program = chromium()
    if program is None:
        if os.environ.get("NIGHTDESK_REQUIRE_BROWSER") == "1":
            pytest.fail("no Chromium on PATH, and NIGHTDESK_REQUIRE_BROWSER=1")
        pytest.skip("no Chromium on PATH (NIGHTDESK_BROWSER may name one)")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (0.3 s that tests without a browser need not pay)

    # Playwright turns Chromium's own sandbox off: inside a container it cannot start, and as root it refuses to.
    arguments = ["--disable-dev-shm-usage", "--enable-unsafe-swiftshader", NO_WAY_OUT]
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=program, args=arguments) as browser,
    ):
        yield browser


@dataclass  # without slots: Playwright keeps a note on the object whose methods it calls
class Watch:
    """What a browser context did that a page of ours must not do. One line a complaint, in order."""

    origins: set[str] = field(default_factory=set)  # of the server; the first page opened says it, if nobody does
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)  # addresses, in order; data: and blob: are none

    def follow(self, context: "BrowserContext") -> None:
        """Collect from now on."""
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("request", self._on_request)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        context.on("dialog", self._on_dialog)

    def forgive(self, pattern: str) -> None:
        """Drop the complaints that match; one must, or the test expects what does not happen."""
        kept = [complaint for complaint in self.complaints if not re.search(pattern, complaint)]
        assert len(kept) < len(self.complaints), f"nothing matches {pattern!r} among {self.complaints}"
        self.complaints[:] = kept

    def take(self) -> list[str]:
        """Return the complaints and forget them."""
        taken, self.complaints[:] = list(self.complaints), []
        return taken

    def _on_request(self, request: "Request") -> None:
        if request.url.startswith(("data:", "blob:", "about:")):
            return
        self.requests.append(request.url)
        origin = origin_of(request.url)
        if not self.origins and request.is_navigation_request():
            self.origins.add(origin)
        if origin not in self.origins:
            self.complaints.append(f"request elsewhere: {request.method} {request.url}")

    def _on_console(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console {message.type}: {message.text}")

    def _on_dialog(self, dialog: "Dialog") -> None:
        self.complaints.append(f"dialog: {dialog.type} {dialog.message}")
        dialog.dismiss()


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def look(page: "Page", size: tuple[int, int] = LAPTOP, scheme: Literal["light", "dark"] = "light") -> None:
    """Give the page a size and a color scheme."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=scheme)


def wait_until(page: "Page", expression: str, *, seconds: float = 20.0) -> None:
    """Wait until an expression is true in the page.

    Playwright's own wait_for_function evaluates text within the page, which the page's policy forbids.
    """
    deadline = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"never true: {expression}"
        page.wait_for_timeout(50)


def assert_fits(page: "Page") -> None:
    """The page does not scroll sideways; if it does, say what sticks out."""
    wide: list[str] = page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          const sticksOut = (it) => it.getBoundingClientRect().right > width + 1
            || (it.scrollWidth > it.clientWidth && getComputedStyle(it).overflowX === "visible");
          const found = [...document.querySelectorAll("body, body *")].filter(sticksOut).slice(-5);
          return [`${document.documentElement.scrollWidth} px`, ...found.map((it) => it.cloneNode(false).outerHTML)];
        }"""
    )
    assert not wide, f"wider than the window: {wide}"


def axe(page: "Page", *, within: str | None = None) -> None:
    """Fail when axe finds a serious or critical fault by WCAG 2.2 AA (or axe's best practices) in the page.

    `within` is a CSS selector of the part that is looked at.
    """
    from axe_playwright_python.base import AXE_SCRIPT  # noqa: PLC0415  (550 kB that other tests need not read)

    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {
        "resultTypes": ["violations"],
        "runOnly": WCAG_2_2_AA,
        "preload": False,
    }  # it would fetch the styles again
    found = page.evaluate("([within, options]) => axe.run(within ?? document, options)", [within, options])
    told = [told_fault(it) for it in found["violations"] if it["impact"] in ("serious", "critical")]
    assert not told, f"{page.url}\n" + "\n".join(told)


def told_fault(fault: dict[str, Any]) -> str:
    """Return a fault that axe found as readable lines: what is wrong, and the first ten elements."""
    lines = [f"{fault['impact']}: {fault['id']}: {fault['help']}"]
    for node in fault["nodes"][:10]:
        why = "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])
        lines.append(f"  {node['html'][:200]}\n    {why}")
    return "\n".join(lines)


def screenshot(page: "Page", path: Path, *, whole: bool = True) -> None:
    """Save the page as a PNG file, for a person to look at."""
    page.screenshot(path=path, full_page=whole, animations="disabled")
