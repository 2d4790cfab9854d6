"""The palette, the results and the graph in a real browser: by keyboard, in light and dark, looked at by axe."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.views.web.browser import LAPTOP, PHONE, assert_fits, axe, look
from tests.views.web.compiled import compiled_desk
from tests.views.web.serving import Served

if TYPE_CHECKING:
    from playwright.sync_api import Page

HOSTILE = "<img src=x onerror=window.pwned=1>"
ODD = (
    f"---\ntitle: 'Odd {HOSTILE}'\naliases: ['Queer {HOSTILE}']\ntype: note\n---\nOdd 𝔘nicode {HOSTILE} stands here.\n"
)
# The share of the canvas's pixels that are not its first one's colour.
DRAWN = """() => {
  const { pixels } = window.nightdesk.graph.view, first = pixels.cells[0];
  return pixels.cells.filter((cell) => cell !== first).length / pixels.cells.length;
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Served]) -> Iterator[Served]:
    desk = compiled_desk(tmp_path_factory.mktemp("finding"))
    (desk / "wiki/concepts/Odd.md").write_text(ODD, encoding="utf-8")
    served = serve(desk)
    yield served
    served.stop()


def open_palette(page: "Page", typed: str) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search").wait_for()
    page.keyboard.type(typed)


def settled(page: "Page", selector: str) -> None:
    page.locator(selector).first.wait_for()


def test_the_palette_finds_and_opens_a_page_by_keyboard(page: "Page", served: Served) -> None:
    page.goto(served.url)
    open_palette(page, "muo")
    field = page.get_by_role("combobox", name="Search")
    settled(page, "[role=status]:text('passage')")  # what comes late goes between; what is chosen stays chosen
    first = page.get_by_role("option").first
    assert first.inner_text().split("\n")[0].startswith("Muon")
    assert field.get_attribute("aria-activedescendant") == first.get_attribute("id")
    page.keyboard.press("ArrowDown")
    assert page.get_by_role("option", selected=True).get_attribute("id") == "palette-option-1"
    page.keyboard.press("Tab")  # stays in the dialog, and goes on
    assert page.get_by_role("option", selected=True).get_attribute("id") == "palette-option-2"
    for _ in range(2):
        page.keyboard.press("ArrowUp")
    axe(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/wiki/concepts/Muon")


def test_the_palette_closes_and_gives_the_focus_back(page: "Page", served: Served) -> None:
    page.goto(served.url)
    page.keyboard.press("/")
    palette = page.get_by_role("dialog", name="Search")
    palette.wait_for()
    page.get_by_role("option").first.wait_for()
    assert "Changed last" in palette.inner_text()
    assert "Go to" in palette.inner_text()
    page.keyboard.type("/")  # in the field it is a letter
    assert page.get_by_role("combobox").input_value() == "/"
    page.keyboard.press("Escape")
    palette.wait_for(state="hidden")
    page.get_by_role("link", name="Search").click()  # the link leads to the page of results only without scripts
    palette.wait_for()
    page.keyboard.press("Control+k")
    palette.wait_for(state="hidden")
    assert page.url == served.url


def test_a_passage_of_a_text_opens(page: "Page", served: Served) -> None:
    look(page, PHONE, "dark")
    page.goto(served.url)
    open_palette(page, "nearest matrix polynomial")
    settled(page, ".palette-hit, [role=status]:text('no passage')")
    page.get_by_role("combobox").fill("newton polynomial")
    hit = page.locator(".palette-hit").first
    hit.wait_for()
    assert hit.locator(".palette-words mark").count() >= 2
    axe(page)
    assert_fits(page)
    hit.click()
    page.wait_for_url("**/wiki/**")


def test_what_pages_are_called_is_shown_as_text(page: "Page", served: Served) -> None:
    page.goto(served.url)
    open_palette(page, "queer")
    option = page.get_by_role("option").first
    settled(page, ".palette-note:text('Odd')")
    assert HOSTILE in option.inner_text()
    page.get_by_role("combobox").fill("odd stands")
    page.locator(".palette-hit").first.wait_for()
    assert page.locator(".palette img").count() == 0
    assert page.evaluate("window.pwned") is None


def test_an_answer_that_comes_late_is_not_shown(page: "Page", served: Served) -> None:
    page.goto(served.url)

    def slow(route: Any) -> None:
        if "q=muo&" in f"{route.request.url}&":
            page.wait_for_timeout(300)
        route.continue_()

    page.route("**/api/palette**", slow)
    open_palette(page, "")
    field = page.get_by_role("combobox")
    field.fill("muo")
    field.fill("adamw")
    page.locator(".palette-title:text-is('AdamW')").first.wait_for()
    page.wait_for_timeout(350)
    assert page.get_by_role("option").first.inner_text().startswith("AdamW")


def test_results_are_there_without_scripts_and_pass_axe(page: "Page", served: Served) -> None:
    page.goto(served.url + "search?q=newton")
    settled(page, ".result")  # the page asks again by itself while the index is made
    for size, scheme in ((LAPTOP, "light"), (PHONE, "dark")):
        look(page, size, scheme)  # type: ignore[arg-type]
        axe(page)
        assert_fits(page)
    page.get_by_role("searchbox").fill("schulz steps")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**q=schulz+steps**")
    page.get_by_role("link", name="Claims").click()
    page.wait_for_url("**in=claims**")
    assert page.locator(".result").count() > 0


def test_the_graph_is_drawn_moved_and_opened(page: "Page", served: Served) -> None:
    page.goto(served.url + "graph")
    settled(page, "[data-laid-out]")
    pages = page.evaluate("window.nightdesk.graph.pages")
    assert pages > 10
    told = page.locator("[data-graph-told]").inner_text()
    assert told.startswith(f"{pages} pages, {page.evaluate('window.nightdesk.graph.links')} links")
    page.wait_for_timeout(200)
    assert 0.002 < page.evaluate(DRAWN) < 0.5
    axe(page)
    canvas = page.get_by_role("application")
    canvas.focus()
    before = page.evaluate("({ ...window.nightdesk.graph.view.camera })")
    for key in ("ArrowRight", "ArrowDown", "+"):
        page.keyboard.press(key)
    after = page.evaluate("({ ...window.nightdesk.graph.view.camera })")
    assert all(after[key] > before[key] for key in ("x", "y", "scale"))
    page.keyboard.press("0")
    page.wait_for_timeout(100)
    best = page.locator(".graph-best a").first
    name, address = best.inner_text(), best.get_attribute("href")
    place = page.evaluate("window.nightdesk.graph.view.placeOf(0)")
    page.mouse.move(place["x"], place["y"])
    assert page.locator("[data-graph-over]").inner_text().startswith(name)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(f"**{address}")


def test_the_graph_is_searched_and_narrowed(page: "Page", served: Served) -> None:
    look(page, LAPTOP, "dark")
    page.goto(served.url + "graph")
    field = page.get_by_role("searchbox", name="Find a page in the graph")
    page.locator("[data-graph-types] input").first.wait_for()
    pages = page.evaluate("window.nightdesk.graph.shown()")
    page.get_by_role("checkbox", name="concept").uncheck()
    assert 0 < page.evaluate("window.nightdesk.graph.shown()") < pages
    assert f"of {pages} pages" in page.locator("[data-graph-told]").inner_text()
    page.get_by_role("checkbox", name="concept").check()
    page.get_by_role("checkbox", name="Only pages with links").check()
    assert page.evaluate("window.nightdesk.graph.shown()") < pages  # the odd page has none
    field.fill("muon")
    assert page.evaluate("window.nightdesk.graph.view.marked") >= 0
    assert "1 of" in page.locator("[data-graph-said]").inner_text()
    axe(page)
    found = page.locator("[data-graph-page]")
    assert found.inner_text() == "Muon"
    page.get_by_role("application").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/wiki/concepts/Muon")


def test_the_graph_fits_a_phone_and_follows_the_theme(page: "Page", served: Served) -> None:
    look(page, PHONE)
    page.goto(served.url + "graph")
    page.locator("[data-graph-types] input").first.wait_for(state="attached")
    assert_fits(page)
    paper = "window.nightdesk.graph.view.colours.paper"
    light = page.evaluate(paper)
    page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate(paper) != light
    axe(page)


def test_beside_a_page_stands_the_graph_around_it(page: "Page", served: Served) -> None:
    page.goto(served.url + "p/wiki/concepts/Muon")
    graph = page.get_by_role("img", name="within one link of this one")
    graph.wait_for()
    page.get_by_role("button", name="Two links").click()
    page.get_by_role("img", name="within two links of this one").wait_for()
    axe(page, within=".local-graph")
