"""Measures the viewer as a person meets it: started, read, searched and looked at, in a real browser without a GPU.

    python benchmarks/viewer_speed.py                           # 5,000 and 10,000 pages
    python benchmarks/viewer_speed.py --pages 100000            # some minutes
    python benchmarks/viewer_speed.py --vault FOLDER            # pages that are there already; nothing is written there

Beside each figure stands its limit, measured in the same minute: an empty page from a bare server for HTTP, an empty
canvas of the same size for frames. A figure far above its target with a limit far above zero tells of a busy machine.
It needs what tests/views/web needs: Playwright, and a Chromium on PATH.
"""

import argparse
import http.client
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmarks.search_vault import make_page
from benchmarks.search_vault import make_vault as make_stuff

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIZES = (5_000, 10_000)
REQUESTS = 60
FRAMES = 30
NEAR, LINKS = 60, 3  # pages that are neighbours in a vault, and links of a page
SOFTWARE = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
MATH = "# Math\n\nEnergy is $E = mc^2$, and $$\\int_0^1 x^2\\,dx = \\frac{1}{3}$$\n"
BARE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
page = "<!doctype html><title>Empty</title>" + " " * 20_000
uvicorn.run(Starlette(routes=[Route("/", lambda request: HTMLResponse(page))]), port=0, log_level="info")
"""
# Moves the picture each frame and returns the milliseconds between frames, sorted.
MOVED = """(kind) => new Promise((done) => {
  const view = window.nightdesk?.graph?.view, spans = [];
  const blank = document.querySelector("canvas.limit")?.getContext("2d", { alpha: false, willReadFrequently: true });
  const image = blank?.createImageData(blank.canvas.width, blank.canvas.height);
  let last = performance.now(), number = 0;
  const step = () => {
    const now = performance.now();
    spans.push(now - last);
    last = now;
    if (image) { image.data[4 * number] = 255; blank.putImageData(image, 0, 0); }
    else if (kind === "pan") view.pan(6 * Math.sin(number / 4), 4);
    else view.zoom(1 + 0.05 * Math.sin(number / 4));
    if (++number <= FRAMES) requestAnimationFrame(step); else done(spans.slice(1).sort((a, b) => a - b));
  };
  requestAnimationFrame(step);
})""".replace("FRAMES", str(FRAMES))
# Types a word as a person does and returns the milliseconds from the last key to titles that fit it.
TYPED = """(word) => new Promise((done) => {
  const input = document.querySelector(".palette input"), list = document.querySelector(".palette-list");
  input.value = word;
  const started = performance.now();
  const seen = new MutationObserver(() => {
    if (!list.querySelector("mark")) return;
    seen.disconnect();
    done(performance.now() - started);
  });
  seen.observe(list, { childList: true, subtree: true });
  input.dispatchEvent(new Event("input", { bubbles: true }));
})"""


def write_vault(folder: Path, pages: int) -> None:
    """Write pages of about 400 words that link to pages near them and to a few that many link to."""
    stuff, chance = make_stuff(pages), random.Random(f"links {pages}")
    made = [make_page(number, stuff) for number in range(pages)]
    names = [Path(path).stem for path, _ in made]
    for number, (path, text) in enumerate(made):
        near = [names[(number + chance.randint(1, NEAR)) % pages] for _ in range(LINKS - 1)]
        known = names[int(pages * chance.random() ** 6)]
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        linked = " ".join(f"[[{name}]]" for name in (*near, known))
        file.write_text(f"{text}\nSee also {linked}\n", encoding="utf-8")
    (folder / "Math.md").write_text(MATH, encoding="utf-8")


@contextmanager
def served(command: Sequence[str], home: Path) -> Iterator[str]:
    """Start a server and give its address when it says it."""
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "caches"), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, env=environment
    )
    assert process.stdout
    try:
        yield next(word for line in process.stdout for word in line.split() if word.startswith("http://")).rstrip("/")
    finally:
        process.terminate()
        process.wait()


def answered(address: str, paths: Sequence[str]) -> list[float]:
    """Return the milliseconds of each of `paths` over one connection, sorted."""
    parts, spent = urlsplit(address), []
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    for path in paths:
        started = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        spent.append(1e3 * (time.perf_counter() - started))
        if answer.status not in (200, 503):
            raise SystemExit(f"{path}: {answer.status}")
    connection.close()
    return sorted(spent)


def wait_ready(address: str) -> None:
    """Wait until pages are shown: 503 says that they are being read."""
    while asked(address, "/")[0] != 200:
        time.sleep(0.01)


def wait_indexed(address: str) -> None:
    """Wait until the search index is made, which the first search begins."""
    while b'"making":true' in asked(address, "/api/search?q=rate")[1]:
        time.sleep(0.2)


def asked(address: str, path: str) -> tuple[int, bytes]:
    """Return the status and the body of an answer."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def shown(spent: Sequence[float]) -> str:
    """Return the median and the 95th percentile, in milliseconds."""
    return f"{spent[len(spent) // 2]:.0f} / {spent[min(len(spent) - 1, len(spent) * 95 // 100)]:.0f} ms"


def row(*cells: str) -> None:
    """Print a row of the table."""
    print(f"| {' | '.join(cells)} |", flush=True)


def measure_server(command: Sequence[str], home: Path, vault: Path, bare: Sequence[float]) -> None:
    """Measure starts and answers over HTTP; the first start makes the caches."""
    pages = sorted(path.relative_to(vault).with_suffix("").as_posix() for path in vault.rglob("*.md"))
    some = [f"/p/{quote(page)}" for page in random.Random(0).sample(pages, min(20, len(pages)))]
    with served(command, home) as address:
        wait_ready(address)
    started = time.perf_counter()
    with served(command, home) as address:
        wait_ready(address)
        answered(address, some[:1])
        row("start to the first page", "1.5 s at 10,000", "", f"{time.perf_counter() - started:.2f} s")
        answered(address, some)
        row("page, warm", "100 ms at 100,000", shown(bare), shown(answered(address, some * (REQUESTS // len(some)))))
        wait_indexed(address)
        typed = [f"/api/palette?q={word}" for word in ("learn", "rate+1", "mo", "xqj", "gradient+d") * (REQUESTS // 5)]
        answered(address, typed[:2])
        row("palette, server", "50 ms", shown(bare), shown(answered(address, typed)))


def measure_page(browser: "Browser", address: str, path: str) -> int:
    """Return the bytes that a first visit loads."""
    context = browser.new_context()
    page, sizes = context.new_page(), []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.goto(address + path, wait_until="load")
    page.wait_for_timeout(1_500)
    context.close()
    return sum(sizes)


def moved(page: "Page") -> str:
    """Return the times between frames while the picture moves."""
    return ", ".join(f"{kind} {shown(page.evaluate(MOVED, kind))}" for kind in ("pan", "zoom"))


def measure_browser(browser: "Browser", address: str, vault: Path) -> None:
    """Measure what a person sees."""
    first = next(path for path in sorted(vault.rglob("*.md")) if path.stem != "Math")
    plain = measure_page(browser, address, f"/p/{quote(first.relative_to(vault).with_suffix('').as_posix())}")
    row("first load of a page", "150 kB", "", f"{plain / 1e3:.0f} kB")
    if (vault / "Math.md").exists():
        row("the same, with math", "150 kB", "", f"{measure_page(browser, address, '/p/Math') / 1e3:.0f} kB")
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.keyboard.press("Control+k")
    page.wait_for_selector(".palette-option")
    words = ["mo", "learn", "grad", "rate", "data"] * 5
    row("palette, key to titles", "50 ms", "", shown(sorted(page.evaluate(TYPED, word) for word in words)))
    for _ in range(2):  # the second time the scripts are known, and the graph is made
        page.goto(f"{address}/graph")
        page.wait_for_selector("[data-graph-painted]", state="attached", timeout=120_000)
    painted = int(page.evaluate("document.documentElement.dataset.graphPainted"))
    row("graph, first paint", "600 ms at 5,000", "", f"{painted} ms")
    during = moved(page)
    page.wait_for_selector("[data-laid-out]", timeout=120_000)
    settled = moved(page)
    size: dict[str, Any] = page.evaluate(
        "(({ width, height }) => ({ width, height }))(document.querySelector('canvas'))"
    )
    page.goto("about:blank")
    page.evaluate("({ width, height }) => document.body.append(Object.assign(document.createElement('canvas'),"
                  " { width, height, className: 'limit' }))", size)  # fmt: skip
    limit = shown(page.evaluate(MOVED, "limit"))
    row("graph, frames while it is laid out", "60 ms at 5,000", limit, during)
    row("graph, frames", "60 ms at 5,000", limit, settled)
    page.close()


def main() -> int:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="+", default=SIZES)
    parser.add_argument("--vault", type=Path)
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (--help needs no browser)

    program = os.environ.get("NIGHTDESK_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        print("no Chromium on PATH (NIGHTDESK_BROWSER may name one)", file=sys.stderr)
        return 2
    for pages in (0,) if given.vault else given.pages:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            home, vault = Path(folder) / "home", given.vault or Path(folder) / "vault"
            home.mkdir()
            if not given.vault:
                write_vault(vault, pages)
            command = (sys.executable, "-m", "nightdesk", "serve", str(vault), "--port", "0")
            with served((sys.executable, "-c", BARE), home) as address:
                bare = answered(address, ["/"] * REQUESTS)
            print(f"\n{given.vault or f'{pages:,} pages'}: median / 95th percentile\n")
            row("what", "target", "limit", "measured")
            row("---", "---", "---", "---")
            measure_server(command, home, vault, bare)
            browser = playwright.chromium.launch(executable_path=program, args=list(SOFTWARE))
            with served(command, home) as address:
                wait_ready(address)
                wait_indexed(address)
                measure_browser(browser, address, vault)
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
