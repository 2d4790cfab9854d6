"""Every address of the viewer: templates and code ask here and never write one themselves."""

from typing import Protocol
from urllib.parse import quote, urlencode

PAGE_ENDING = ".md"


class Urls(Protocol):
    """What gives addresses: of a server, or of the files of a static site. "" is what a static site does not have."""

    def home(self) -> str:
        """Return the address of the first page."""

    def page(self, path: str, fragment: str = "") -> str:
        """Return the address of a Markdown page, by its path in the vault."""

    def source(self, path: str, claim: str = "") -> str:
        """Return the address of a source page's text, with one claim's quote in sight."""

    def history(self, path: str, **query: str) -> str:
        """Return the address of a page's history."""

    def file(self, path: str) -> str:
        """Return the address of any other file of the vault: images, PDF, data."""

    def static(self, name: str) -> str:
        """Return the address of a script, style or font of nightdesk's own."""

    def view(self, name: str, **query: str) -> str:
        """Return the address of a named view: "search", "graph", "lint", "contradictions", "ask", "changes", "tags"."""

    def lab(self, *parts: str, **query: str) -> str:
        """Return the address of the labs, of one lab, or of what is in it."""

    def api(self, *parts: str, **query: str) -> str:
        """Return the address of JSON or of a fragment."""


class ServerUrls:
    """The addresses of the server; `version` changes with the static files, which browsers may keep."""

    def __init__(self, version: str) -> None:
        self._version = version

    def home(self) -> str:
        """Return the address of the first page."""
        return "/"

    def page(self, path: str, fragment: str = "") -> str:
        """Return the address of a Markdown page."""
        return f"/p/{quoted(page_name(path))}{anchor(fragment)}"

    def source(self, path: str, claim: str = "") -> str:
        """Return the address of a source page's text."""
        return f"/s/{quoted(page_name(path))}{_query({'claim': claim})}{anchor(f'q-{claim}' if claim else '')}"

    def history(self, path: str, **query: str) -> str:
        """Return the address of a page's history."""
        return f"/h/{quoted(page_name(path))}{_query(query)}"

    def file(self, path: str) -> str:
        """Return the address of any other file of the vault."""
        return f"/f/{quoted(path)}"

    def static(self, name: str) -> str:
        """Return the address of a file of nightdesk's own."""
        return f"/static/{self._version}/{name}"

    def view(self, name: str, **query: str) -> str:
        """Return the address of a named view."""
        return f"/{name}{_query(query)}"

    def lab(self, *parts: str, **query: str) -> str:
        """Return the address of the labs or of what is in one."""
        return "/".join(("/lab", *(quote(part, safe="") for part in parts))) + _query(query)

    def api(self, *parts: str, **query: str) -> str:
        """Return the address of JSON or of a fragment."""
        return "/".join(("/api", *(quoted(part) for part in parts))) + _query(query)


def page_name(path: str) -> str:
    """Return a page's path as it stands in addresses: without .md, which is what nearly all end in."""
    return path.removesuffix(PAGE_ENDING)


def page_path(name: str, has: "Has") -> str | None:
    """Return the path of the page that an address names, None where `has` knows none."""
    return next((path for path in (name + PAGE_ENDING, name) if has(path)), None)


class Has(Protocol):
    """What says whether a page is there."""

    def __call__(self, path: str, /) -> bool:
        """Return whether it is."""


def quoted(path: str) -> str:
    """Return a path percent-encoded; a name may be any bytes."""
    return quote(path, safe="/", errors="surrogateescape")


def anchor(fragment: str) -> str:
    """Return "#" and a fragment, "" for none."""
    return f"#{quote(fragment, safe='^')}" if fragment else ""


def _query(values: dict[str, str]) -> str:
    given = {key: value for key, value in values.items() if value}
    return f"?{urlencode(given, errors='surrogateescape')}" if given else ""
