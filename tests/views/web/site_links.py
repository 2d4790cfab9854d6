"""Looks through a static site as a visitor's browser would: does every address lead to a file of it?"""

import posixpath
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import html

ADDRESSES = ("href", "src", "action", "poster", "data", "srcset", "content")


def broken_links(site: Path) -> list[str]:
    """Return what is wrong with the addresses of a site's pages, one line each; nothing where all is well.

    A link to a heading that its page does not have is the text's own fault, and not told.
    """
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    ids: dict[str, set[str]] = {}
    pages = {}
    for name in files:
        if name.endswith(".html") and not name.startswith("static/"):
            pages[name] = html.document_fromstring((site / name).read_bytes().decode("utf-8"))
            ids[name] = {str(element.get("id")) for element in pages[name].iter() if element.get("id")}
    told = []
    for name, page in sorted(pages.items()):
        told += [f"{name}: {fault}" for element in page.iter() for fault in _faults(element, name, files, ids)]
    return told


def _faults(element: html.HtmlElement, name: str, files: set[str], ids: dict[str, set[str]]) -> list[str]:
    if not isinstance(element.tag, str):
        return []
    found = []
    for key in ADDRESSES:
        address = element.get(key)
        if address is None or (key == "content" and element.get("name") != "nightdesk-static"):
            continue
        parts = urlsplit(address)
        out = element.tag == "a" and "nd-out" in (element.get("class") or "").split()
        if out and parts.scheme in ("http", "https", "mailto"):
            continue
        if key == "src" and address.startswith("data:image/"):
            continue
        if parts.scheme or parts.netloc or parts.path.startswith("/") or not address:
            found.append(f"{key} is not relative: {address!r} in {element.tag}")
            continue
        target = (
            posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path))) if parts.path else name
        )
        if key == "content":
            if not any(file.startswith(target + "/") for file in files):
                found.append(f"no folder {target}")
        elif target not in files:
            found.append(f"{key} leads nowhere: {address!r} ({target})")
        elif parts.fragment and target in ids and not _is_there(unquote(parts.fragment), ids[target]):
            found.append(f"nothing has the id of {address!r}")
    return found


def _is_there(fragment: str, ids: set[str]) -> bool:
    # a claim whose quote is not in the text any more is shown among the claims
    return fragment in ids or fragment.startswith("h-") or (fragment.startswith("q-") and f"c-{fragment[2:]}" in ids)


def unclean(site: Path) -> list[str]:
    """Return what in a site's pages could run or style by itself, one line each; 404.html has a script of its own."""
    found = []
    for file in sorted(site.rglob("*.html")):
        if file.is_relative_to(site / "static"):
            continue
        for element in html.document_fromstring(file.read_bytes().decode("utf-8")).iter():
            if not isinstance(element.tag, str):
                continue
            told = f"{file.name}: <{element.tag}>"
            own = file.name == "404.html"
            if element.tag == "script" and "src" not in element.attrib and element.get("type") != "application/json":
                found += [] if own else [told]
            if element.tag in ("style", "iframe", "object", "embed", "base", "math"):
                found.append(told)
            for name, value in ((str(key), str(value)) for key, value in element.attrib.items()):
                if name.startswith("on") or name in ("style", "srcdoc", "formaction"):
                    found.append(f"{told} {name}")
                if name in ADDRESSES and "script:" in value.lower() and name != "content":
                    found.append(f"{told} {name}")
    return found
