"""Formulas and diagrams in a real browser, from a folder: nothing of a page's text runs, in its frame or out of it."""

from pathlib import Path
from typing import TYPE_CHECKING

from nightdesk.views import web
from nightdesk.views.web.prose import render
from tests.views.web.browser import wait_until
from tests.views.web.payloads import PAYLOADS
from tests.views.web.places import Pages

if TYPE_CHECKING:
    from playwright.sync_api import Page

STATIC = Path(web.__file__).parent / "static"
TEXT = "$x^2$\n\n```mermaid\ngraph LR\nA[raw] --> B[wiki]\n```\n\n```mermaid\nno diagram\n```\n\n"
HOSTILE = (
    "math-href-command",
    "math-image",
    "math-html",
    "mermaid-click",
    "mermaid-label",
    "mermaid-init",
    "mermaid-end",
)


def test_formulas_and_diagrams_from_a_folder(page: "Page", tmp_path: Path) -> None:
    text = TEXT + "\n\n".join(PAYLOADS[name] for name in HOSTILE)
    base = STATIC.as_uri() + "/"
    scripts = "".join(f'<script src="{base}js/{name}.js" defer></script>' for name in ("app", "math", "diagrams"))
    body = render(text, place=Pages(), path="here.md").html
    file = tmp_path / "page.html"
    file.write_text(
        f'<!doctype html><html lang="en" data-theme="auto"><meta charset="utf-8"><title>t</title>'
        f'<meta name="nightdesk-static" content="{base}"><link rel="stylesheet" href="{base}css/tokens.css">'
        f"{scripts}<script>window.got = []; window.pwned = (name) => window.got.push(name)</script>"
        f'<button data-theme-toggle hidden>theme</button><main>{body}</main><div class="toasts"></div></html>',
        encoding="utf-8",
    )
    page.set_viewport_size({"width": 800, "height": 4000})  # every diagram is in sight
    page.goto(file.as_uri())
    wait_until(
        page,
        """() => [...document.querySelectorAll("pre.nd-mermaid")].every((it) => /yes|failed/.test(it.dataset.drawn))
             && document.querySelectorAll(".nd-math .katex-mathml").length > 1""",
    )
    first = page.frame_locator("iframe").first
    assert first.locator("svg .nodes").text_content() == "rawwiki"
    assert page.locator(".nd-diagram-fault").first.inner_text().startswith("This diagram cannot be drawn")
    assert page.locator("pre.nd-mermaid:visible").first.inner_text() == "no diagram\n"
    assert page.locator(".katex a, .katex img").count() == 0
    assert page.evaluate("window.got") == []
    # the frame is another origin than the page, though both are files of one machine
    frame = next(it for it in page.frames if it.url.endswith("mermaid.html"))
    assert frame.evaluate(
        "() => { try { return Boolean(parent.document); } catch (error) { return error.name; } }"
    ) == ("SecurityError")
