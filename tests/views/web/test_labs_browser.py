"""The labs in a real browser: a night that is played again, one that happens while the page is open, hostile texts."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nightdesk.base.desk import Desk
from nightdesk.lab.labs import open_lab
from nightdesk.lab.night import Running, running_file, tell_running
from tests.desks import environment
from tests.views.web.browser import LAPTOP, PHONE, assert_fits, axe, look, wait_until
from tests.views.web.lab_desks import lab_desk, make_lab, runs_at_work
from tests.views.web.serving import Served

if TYPE_CHECKING:
    from playwright.sync_api import Page

# how many of the plot's pixels are drawn in the colour of keeps
GREENS = """() => {
  const canvas = document.querySelector("#plot canvas");
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  const kept = getComputedStyle(document.documentElement).getPropertyValue("--kept").trim();
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(kept.slice(at, at + 2), 16));
  let found = 0;
  for (let n = 0; n < data.length; n += 4) found += data[n] === r && data[n + 1] === g && data[n + 2] === b;
  return found;
}"""
ROWS = "#table tbody tr:not([hidden])"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lab_desk(tmp_path_factory.mktemp("labs"))


@pytest.fixture(scope="module")
def served(desk: Path, serve: Callable[..., Served]) -> Served:
    make_lab(desk, "live")
    return serve(desk)


@pytest.mark.parametrize(
    ("address", "phone"),
    [
        ("lab", False),
        ("lab/calm", False),
        ("lab/calm", True),
        ("lab/calm/0001", True),
    ],
)
def test_pages_fit_and_are_accessible(page: "Page", served: Served, address: str, phone: bool) -> None:
    if phone:
        look(page, PHONE, "dark")
    else:
        look(page, LAPTOP)
    page.goto(served.url + address)
    if address == "lab/calm":
        page.wait_for_selector("#plot canvas")
        for summary in page.locator("details > summary").all():
            summary.click()
    assert_fits(page)
    axe(page)


def test_nothing_hostile_runs(page: "Page", served: Served) -> None:
    for address in ("lab", "lab/evil", "lab/evil/0001", "lab/evil/compare?a=0&b=1"):
        page.goto(served.url + address)
    page.goto(served.url + "lab/evil")
    page.wait_for_selector("#plot canvas")
    box = page.locator("#plot .u-over").bounding_box()
    assert box
    for share in (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9):  # wherever a tip comes up, it is text
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    assert page.evaluate("window.ran") is None


def test_a_night_is_played_again(page: "Page", served: Served) -> None:
    page.goto(served.url + "lab/calm")
    page.wait_for_selector("#plot canvas")
    whole = page.evaluate(GREENS)
    assert whole > 100
    slider = page.get_by_role("slider", name="Experiments of the night")
    slider.press("Home")
    assert page.locator(ROWS).count() == 0
    wait_until(page, f"({GREENS})() === 0")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    assert page.locator(ROWS).count() == 2
    assert re.match(r"2 of 7, \d\d:\d\d UTC", slider.get_attribute("aria-valuetext") or "")
    page.get_by_role("button", name="Replay").click()
    page.get_by_role("button", name="Replay").wait_for()  # it said Pause meanwhile, and is at the end
    wait_until(page, "document.querySelector('#replay input').value === '7'")
    assert page.locator(ROWS).count() == 7
    wait_until(page, f"({GREENS})() === {whole}")


def test_the_table_is_filtered_and_sorted_by_keyboard_and_the_plot_opens_experiments(
    page: "Page", served: Served
) -> None:
    page.goto(served.url + "lab/calm")
    page.wait_for_selector("#plot canvas")
    page.get_by_role("searchbox").fill("unlike")
    assert page.locator(ROWS).count() == 1
    page.get_by_role("searchbox").fill("")
    page.get_by_label("What became of them").select_option("keep")
    assert [row.get_attribute("data-number") for row in page.locator(ROWS).all()] == ["6", "4", "1", "0"]
    page.get_by_role("link", name="Gain").press("Enter")
    assert [row.get_attribute("data-number") for row in page.locator(ROWS).all()] == ["1", "6", "4", "0"]
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Gain")
    page.emulate_media(color_scheme="dark")
    wait_until(page, f"({GREENS})() > 100")  # drawn anew in the colours of the dark
    page.locator("#plot").scroll_into_view_if_needed()
    box = page.locator("#plot .u-over").bounding_box()
    assert box
    for x in range(0, int(box["width"]), 8):  # along the side of the better scores, where crashes stand
        page.mouse.move(box["x"] + x, box["y"] + box["height"] - 4)
        if "0003 crashed" in page.locator(".plot-tip").inner_text():
            break
    assert page.locator(".plot-tip").is_visible()
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url("**/lab/calm/0003")


def test_several_runs_at_work_are_shown_one_under_the_other(page: "Page", served: Served, desk: Path) -> None:
    lab = open_lab("calm", desk=Desk(desk), here=desk)
    works = runs_at_work(lab, places=3)
    running = Running("2026-11-23", os.getpid(), "", "running", "", works=works, drafts=2, busy_share=0.97)
    tell_running(lab, running)
    try:
        for phone in (False, True):
            look(page, PHONE, "dark") if phone else look(page, LAPTOP)
            page.goto(served.url + "lab/calm")
            wait_until(page, "document.querySelectorAll('#now .now-curve canvas').length === 3")
            assert_fits(page)
            axe(page)
        assert [item.inner_text() for item in page.locator("#now-others h2").all()] == ["change 1", "change 2"]
        assert "2 proposals wait, busy 97 % of the time" in page.locator("#now").inner_text()
        page.evaluate("document.querySelector('#now-others li:last-child').stayed = true")
        tell_running(lab, replace(running, works=(works[0], works[2])))  # the second is over
        wait_until(page, "document.querySelectorAll('#now-others li').length === 1")
        assert page.evaluate("document.querySelector('#now-others li').stayed"), "its curve is not drawn anew"
    finally:
        running_file(lab).unlink()


def test_a_night_is_seen_as_it_happens(page: "Page", served: Served, desk: Path) -> None:
    page.goto(served.url + "lab/live")
    assert "Nothing has been judged yet" in page.locator("#lab").inner_text()
    page.evaluate("window.stayed = true")
    command = [sys.executable, "-m", "nightdesk", "lab", "run", "live", "--count", "1", "--baseline-runs", "3"]
    night = subprocess.Popen(
        [*command, "--worker", "random", "--unsafe"],
        cwd=desk,
        env=environment(desk.parent / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        page.wait_for_selector("#now:not([hidden])", timeout=60_000)
        page.wait_for_selector(".now-curve canvas", timeout=60_000)
        wait_until(page, "document.querySelector('[data-now=doing]').textContent.startsWith('running, run')")
        wait_until(page, "document.querySelector('[data-now=line]').textContent.startsWith('step ')")
        page.wait_for_selector("#plot canvas", timeout=60_000)
        page.wait_for_selector("#table tr[data-number='1']:not([data-letter='w'])", timeout=60_000)
        page.wait_for_selector("#now", state="hidden", timeout=60_000)
        assert page.evaluate("window.stayed"), "the page was not loaded again"
        wait_until(page, "document.getElementById('lab-said').textContent.startsWith('Experiment 1')")
        page.goto(served.url + "lab/live/compare?a=0&b=1")
        assert page.locator(".change-new").count() > 0, "git knows both"
        said, _ = night.communicate(timeout=60)
        assert night.returncode == 0, said
    finally:
        night.kill()
