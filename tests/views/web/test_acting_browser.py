"""What a person does in the browser: decide, ask, save, take back, mend; and how these views look to axe."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nightdesk.base.desk import Desk
from nightdesk.wiki.contradictions.page import read_kept
from tests.desks import git
from tests.views.web.acting_desks import IDEA, acting_desk
from tests.views.web.browser import LAPTOP, PHONE, assert_fits, axe, look
from tests.views.web.serving import Served

if TYPE_CHECKING:
    from playwright.sync_api import Page

# the page of one change is made of the same parts as a history
VIEWS = ("h/wiki/concepts/Muon?from=start&to=now&layout=side", "changes", "lint", "contradictions", "ask")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return acting_desk(tmp_path_factory.mktemp("acting"))


@pytest.fixture(scope="module")
def served(desk: Path, serve: Callable[..., Served]) -> Served:
    return serve(desk)


def test_these_views_are_accessible_and_fit(page: "Page", served: Served) -> None:
    for view in VIEWS:
        page.goto(served.url + view)
        page.locator("[data-looking]").wait_for(state="detached")
        for scheme in ("light", "dark"):
            look(page, LAPTOP, scheme)
            axe(page, within="main")
        look(page, PHONE)
        assert_fits(page)
        look(page, LAPTOP)


def test_a_contradiction_is_decided_by_keys(page: "Page", served: Served, desk: Path) -> None:
    page.goto(served.url + "contradictions")
    page.keyboard.press("j")
    first = page.locator(".dispute").first
    identity = first.get_attribute("id")
    page.keyboard.press("2")
    page.locator(f"#{identity}").wait_for(state="detached")
    item = read_kept(Desk(desk)).items[identity or ""]
    assert item.state.keep == item.other.claim
    assert page.locator(".dispute").count() == 1
    page.get_by_role("link", name="Resolved").click()
    assert page.locator(f"#{identity} [data-mark=holds]").count() == 1


def test_a_question_is_asked_saved_and_taken_back(page: "Page", served: Served, desk: Path) -> None:
    page.goto(served.url + "ask")
    page.get_by_label("Your question").fill("What is the learning rate of Muon?")
    page.keyboard.press("Enter")
    page.locator(".answer .nd-cite").first.hover()
    page.locator("#preview blockquote, #preview .nd-quote, #preview").first.wait_for(state="visible")
    page.get_by_role("button", name="Save as a page").click()
    link = page.locator(".answer-save a")
    link.wait_for()
    path = desk / (link.text_content() or "")
    assert path.is_file()
    link.click()
    page.get_by_role("heading", level=1).wait_for()
    page.goto(served.url + "changes")
    page.get_by_role("button", name="Undo").click()
    dialog = page.get_by_role("dialog")
    assert path.name in (dialog.text_content() or "")
    dialog.get_by_role("button", name="Cancel").click()
    assert path.is_file()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Take it back").click()
    page.locator("dialog").wait_for(state="detached")
    assert not path.exists()
    page.get_by_text("taken back", exact=True).wait_for()


def test_a_mend_is_shown_and_made(page: "Page", served: Served, desk: Path) -> None:
    page.goto(served.url + "lint?rule=broken-link")
    page.locator("[data-looking]").wait_for(state="detached")
    page.get_by_role("button", name="Mend these").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("ins").first.wait_for()
    axe(page, within="dialog")
    dialog.get_by_role("button", name="Mend", exact=True).click()
    dialog.wait_for(state="detached")
    assert "[[New thoughts" in (desk / IDEA).read_text()
    page.locator(".lint-message", has_text="Old thoughts").wait_for(
        state="detached"
    )  # the line may be shown for a moment


def test_double_clicks_do_nothing_twice(page: "Page", served: Served, desk: Path) -> None:
    page.goto(served.url + "contradictions")
    before = int(git(desk, "rev-list", "--count", "HEAD"))
    card = page.locator(".dispute").first
    identity = card.get_attribute("id")
    card.get_by_role("button", name="No contradiction").dblclick()
    page.locator(f"#{identity}").wait_for(state="detached")
    made = git(desk, "log", f"--max-count={int(git(desk, 'rev-list', '--count', 'HEAD')) - before}", "--format=%s")
    assert made.count("contradictions dismiss") == 1
