"""A vault for the renderer's tests: pages that are given as texts, with addresses that are easily told."""

from collections.abc import Mapping
from urllib.parse import quote

from nightdesk.views.web.prose import Target, anchor
from nightdesk.wiki.vault.records import Link

IMAGES = ("a.png", "img/b.png")


class Pages:
    """Pages by their names without .md; a link to what is not among them is missing."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self.texts = {"Page": "text", **(texts or {})}
        self.asked = 0  # how often a link was looked up

    def link(self, link: Link, source: str) -> Target:
        self.asked += 1
        name = link.path.removesuffix(".md").removeprefix("./") or source.removesuffix(".md")
        if name.endswith(".pdf"):
            return Target(f"/f/{quote(name)}", "file", name, name)
        if name not in self.texts and link.path:
            return Target("", "missing", "")
        fragment = anchor(link.fragment)
        if fragment.startswith("^c0"):
            claim = quote(fragment[1:])
            return Target(f"/s/{quote(name)}?claim={claim}", "claim", name, f"{name}.md", f"/api/preview/{quote(name)}")
        where = f"/p/{quote(name)}" + (f"#{quote(fragment)}" if fragment else "")
        return Target(where, "page", name, f"{name}.md", f"/api/preview/{quote(name)}")

    def embed(self, path: str) -> str | None:
        return self.texts.get(path.removesuffix(".md"))

    def tag(self, name: str) -> str:
        return f"/tags?name={quote(name)}"

    def image(self, link: Link, source: str) -> str | None:
        return f"/f/{quote(link.path)}" if link.path in IMAGES else None
