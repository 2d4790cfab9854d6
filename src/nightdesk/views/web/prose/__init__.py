"""Prose: Markdown as clean HTML, as Obsidian renders it, with the links and citations of a desk."""

from nightdesk.base.markdown import frontmatter_end
from nightdesk.views.web.prose import blocks
from nightdesk.views.web.prose.anchors import anchor
from nightdesk.views.web.prose.cleaning import clean
from nightdesk.views.web.prose.scope import Scope, Sheet
from nightdesk.views.web.prose.seams import Heading, Place, Rendered, Target
from nightdesk.views.web.prose.tree import Tree

__all__ = ["Heading", "Place", "Rendered", "Target", "anchor", "render"]

MAX_TEXT = 500_000  # characters of a page that are shown


def render(text: str, *, place: Place, path: str) -> Rendered:
    """Return a Markdown text, without or with frontmatter (which is skipped), as HTML; nothing is raised for any text.

    Links start at `path`. A longer text than MAX_TEXT is cut at the end of a line, with a note that says so.
    """
    body = text[frontmatter_end(text) :]
    shown = body
    if len(body) > MAX_TEXT:
        shown = body[: body.rfind("\n", 0, MAX_TEXT) + 1 or MAX_TEXT]
    sheet = Sheet(place)
    html = blocks.page(Scope(sheet, path, Tree(shown)))
    if len(shown) < len(body):
        told = f"This page is {len(body):,} characters long. The first {len(shown):,} are shown."
        html += f"<p{sheet.own('nd-cut')}>{told}</p>\n"
    return Rendered(clean(html, sheet.secret), tuple(sheet.headings), frozenset(sheet.uses))
