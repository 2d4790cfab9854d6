"""Fixtures of the viewer's tests: a browser a worker, a watched page a test, servers of desks."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.desks import run
from tests.views.web.browser import LAPTOP, Watch, running_chromium
from tests.views.web.serving import Served, start_server
from tests.views.web.site_desks import make_site_desk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page


@pytest.fixture(scope="session")
def chromium_browser() -> Iterator["Browser"]:
    with running_chromium() as browser:
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield browser
        asyncio._set_running_loop(loop)


@pytest.fixture
def browser(chromium_browser: "Browser") -> Iterator["Browser"]:
    """The session's browser. Playwright leaves its event loop running in this thread; other tests must not see it."""
    asyncio._set_running_loop(chromium_browser._impl_obj._loop)
    yield chromium_browser
    asyncio._set_running_loop(None)


@pytest.fixture
def watch() -> Watch:
    """What the pages of this test's context complain of; asserted empty at the test's end."""
    return Watch()


@pytest.fixture
def context(browser: "Browser", watch: Watch) -> Iterator["BrowserContext"]:
    """A fresh browser context: no cookies, no storage, laptop size, light."""
    context = browser.new_context(
        viewport={"width": LAPTOP[0], "height": LAPTOP[1]}, color_scheme="light", reduced_motion="reduce"
    )
    context.set_default_timeout(20_000)
    watch.follow(context)
    yield context
    context.close()


@pytest.fixture
def page(context: "BrowserContext", watch: Watch) -> Iterator["Page"]:
    """A page that fails its test when it logs an error, breaks its CSP, opens a dialog or asks another origin."""
    page = context.new_page()
    yield page
    if not page.is_closed():
        page.wait_for_timeout(20)  # what happened last is heard before it is judged; a sandboxed page has no timers
    assert not watch.complaints, "\n".join(watch.complaints)


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., Served]]:
    """`serve(desk, "--option")` starts `nightdesk serve` on a free port; `.url` says where, `.stop()` ends it."""
    started: list[Served] = []

    def begin(desk: Path, *args: str) -> Served:
        started.append(start_server(desk, *args))
        return started[-1]

    yield begin
    for served in started:
        served.stop()


@pytest.fixture(scope="session")
def site_desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compiled desk with a lab whose static site is in exports/site; tests only read both."""
    desk = make_site_desk(tmp_path_factory.mktemp("site"))
    exported = run(desk, "export", "site")
    assert exported.code == 0, exported.err
    return desk
