"""Pages and sources in a real browser: previews, the way from a citation to its quote, live updates, phone, axe."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nightdesk.base.desk import Desk
from nightdesk.views.web.wiki.followed import follow
from tests.desks import make_desk, run
from tests.views.web.browser import LAPTOP, PHONE, Watch, assert_fits, axe, look, wait_until
from tests.views.web.serving import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGE = "p/wiki/concepts/Muon"
SOURCE = "s/wiki/sources/Muon%2C%20explained"
RATE = "A common learning rate for Muon is 0.02."


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("browser"))
    assert run(desk, "compile").code == 0
    return desk


@pytest.fixture(scope="module")
def served(desk: Path, serve: Callable[..., Served]) -> Iterator[Served]:
    served = serve(desk)
    yield served
    served.stop()


@pytest.fixture(scope="module")
def claim(desk: Path) -> str:
    followed = follow(Desk(desk), "wiki/sources/Muon, explained.md")
    return next(claim.id for claim in followed.claims if claim.statement == RATE)


def test_a_citation_shows_its_quote_and_leads_to_it(page: "Page", served: Served, claim: str) -> None:
    page.goto(served.url + PAGE)
    cite = page.locator(f".prose a.nd-cite[data-claim='{claim}']").first
    cite.hover()
    popover = page.locator("#preview")
    popover.wait_for(state="visible")
    assert RATE in popover.inner_text()
    assert "Ada Example, 2025-03-04" in popover.inner_text()
    popover.hover()  # the pointer on its way to the link in it does not lose it
    page.wait_for_timeout(300)
    assert popover.is_visible()
    axe(page)
    popover.get_by_role("link", name="Muon, explained").click()
    mark = page.locator("mark.asked")
    mark.wait_for()
    assert mark.inner_text() == RATE
    wait_until(page, "document.querySelector('mark.asked').getBoundingClientRect().bottom < innerHeight")
    assert page.locator(".claim.current").count() == 1


def test_previews_by_keyboard(page: "Page", served: Served) -> None:
    page.goto(served.url + PAGE)
    link = page.locator(".prose a.nd-link").first
    page.keyboard.press("Tab")  # from here on focus is the keyboard's
    link.focus()
    popover = page.locator("#preview")
    popover.wait_for(state="visible")
    assert "Optimiser" in popover.inner_text()
    assert link.get_attribute("aria-describedby") == "preview"
    page.keyboard.press("Escape")
    popover.wait_for(state="hidden")
    assert link.get_attribute("aria-describedby") is None


def test_claims_and_quotes_by_keys_and_clicks(page: "Page", served: Served) -> None:
    page.goto(served.url + SOURCE)
    names = page.locator(".claim").evaluate_all("all => all.map((it) => it.dataset.claim)")
    current = "document.querySelector('.claim.current')?.dataset.claim"
    for key, expected in (("j", 0), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        assert page.evaluate(current) == names[expected]
    assert page.locator("mark.asked").get_attribute("id") == f"q-{names[0]}"
    page.locator(f"#q-{names[3]}").click()
    assert page.evaluate(current) == names[3]
    page.locator(f"#c-{names[2]} .claim-link").click()
    assert page.url.endswith(f"#q-{names[2]}")


def test_a_page_that_changes_on_disk_changes_in_the_browser(page: "Page", served: Served, desk: Path) -> None:
    page.goto(served.url + "p/wiki/concepts/AdamW")
    page.evaluate("window.stayed = true")
    wait_until(page, "nightdesk.live.readyState === 1")
    page.evaluate("document.querySelector('.properties').open = true")
    file = desk / "wiki/concepts/AdamW.md"
    file.write_text(file.read_text().replace("## Further", "## Quite another heading"))
    page.get_by_role("heading", name="Quite another heading").wait_for()
    assert page.evaluate("window.stayed")  # it was not loaded again
    assert page.evaluate("document.querySelector('.properties').open")  # what the person opened stays open
    assert page.locator(".contents a", has_text="Quite another heading").count() == 1


def test_a_finger_sees_the_quote_first(browser: "Browser", served: Served, claim: str) -> None:
    context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(served.url + PAGE)
    cite = page.locator(f".prose a.nd-cite[data-claim='{claim}']").first
    cite.tap()
    page.locator("#preview").wait_for(state="visible")
    assert RATE in page.locator("#preview").inner_text()
    assert_fits(page)
    cite.tap()
    page.wait_for_url("**/s/**")
    context.close()


def test_they_fit_and_axe_finds_nothing(page: "Page", served: Served, watch: Watch) -> None:
    for n, path in enumerate(("", PAGE, SOURCE, "p/wiki/sources/Muon%2C%20explained", "p/wiki/Muno", "pages", "tags")):
        look(page, PHONE, "dark")
        page.goto(served.url + path)
        if not path:
            page.get_by_text("cite claims that hold").wait_for()
        assert_fits(page)
        if n < 5:
            axe(page)
        look(page, LAPTOP, "light")
        assert_fits(page)
        if n < 3:
            axe(page)
    watch.forgive("404")
