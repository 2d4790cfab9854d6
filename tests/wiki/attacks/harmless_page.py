"""What must not be on a page, whatever a source or a model says: the written list, and what finds it."""

import re
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from pyromark import Options, events_with_range

from nightdesk.agents.boundary import visible
from nightdesk.base.names import name_key
from nightdesk.base.pages import parse_page
from nightdesk.wiki.claims import parse_claims

# Frontmatter that nightdesk writes. A key beside these would have come from a source: `cssclasses`, `publish`, …
_KEYS = """
    type title aliases tags category summary sources concepts contradictions language author published url words claims
    names suggests source_count claim_count generated verified status stale_after nightdesk
"""
_OPTIONS = (
    Options.ENABLE_TABLES
    | Options.ENABLE_FOOTNOTES
    | Options.ENABLE_STRIKETHROUGH
    | Options.ENABLE_TASKLISTS
    | Options.ENABLE_HEADING_ATTRIBUTES
    | Options.ENABLE_MATH
    | Options.ENABLE_GFM
    | Options.ENABLE_WIKILINKS
)
_ESCAPED = re.compile(r"\\[!-/:-@\[-`{-~]")
_RUNS = re.compile(r"^\s*(?:\$?=|dv:)")  # a query of the Dataview plug-in in a code span
_LOADS = re.compile(r"\\(?:href|url|includegraphics|input|include|require|class|cssId|style|html)", re.IGNORECASE)
# What pyromark does not know of, but Obsidian and its plug-ins do. Looked for where nothing is escaped.
_OBSIDIAN = {
    "a comment": re.compile(r"%%"),
    "a Templater command": re.compile(r"<%"),
    "a footnote in the line": re.compile(r"\^\["),
    "an embed": re.compile(r"!\[\["),
    "a callout": re.compile(r"^(?:\s*>)+\s*\[!(?!contradiction\])", re.MULTILINE),
    "a block id": re.compile(r"(?:^|\s)\^[A-Za-z0-9-]+[ \t]*$", re.MULTILINE),
    "code or a formula in a link": re.compile(r"\[\[[^\[\]|]*(?:`|\$[^\[\]|$]+\$)"),
    "struck text": re.compile(r"~~[^\s~]"),
}


def faults(text: str, *, names: Collection[str], files: Collection[str]) -> list[str]:
    """Return what is wrong with a page; `names` are the wiki's pages, `files` what may be linked to, from the root."""
    page = parse_page(text)
    shown = "".join(page.front.values())
    for path in files:
        shown = shown.replace(path, "")  # a path must be as the file is called
    shown += page.body
    found = [f"hidden text: {shown[max(0, at - 20) : at + 20]!r}" for at in _hidden(shown)[:3]]
    found += [f"frontmatter of unknown origin: {key}" for key in page.front if key not in _KEYS.split()]
    address = page.value("url")
    if address is not None and urlsplit(str(address)).scheme not in ("http", "https"):
        found.append(f"an address that does something: {address}")
    known, paths = {name_key(name) for name in names}, set(files)
    for event, _ in events_with_range(page.body, options=_OPTIONS):
        found += _against(event, known, paths)
    return found + list(_against_plain(page.body, paths))


def _hidden(text: str) -> list[int]:
    """Return where the lines begin that hold what a reader cannot see; what no font knows is shown as a box."""
    found, at = [], 0
    for line in text.split("\n"):
        if "".join(c if visible(c) != "\ufffd" else "\ufffd" for c in line) != visible(line):
            found.append(at + next((n for n, c in enumerate(line) if not visible(c)), 0))
        at += len(line) + 1
    return found


def _against(event: Any, names: Collection[str], files: Collection[str]) -> Iterator[str]:
    if not isinstance(event, dict):
        return
    ((kind, value),) = event.items()
    if kind in ("Html", "InlineHtml", "FootnoteReference", "TaskListMarker"):
        yield f"{kind}: {value!r}"
    elif kind == "Code" and _RUNS.match(value):
        yield f"a query: {value!r}"
    elif kind in ("InlineMath", "DisplayMath") and _LOADS.search(value):
        yield f"a formula that loads: {value!r}"
    elif kind == "Start" and isinstance(value, dict):
        ((tag, detail),) = value.items()
        if tag in ("CodeBlock", "FootnoteDefinition", "HtmlBlock"):
            yield f"{tag}: {detail!r}"
        elif tag == "Heading" and any(detail.get(key) for key in ("id", "classes", "attrs")):
            yield f"words that some readers take for attributes: {detail!r}"
        elif tag == "Image" and _file(detail["dest_url"]) not in files:
            yield f"an image: {detail['dest_url']!r}"
        elif tag == "Link":
            yield from _against_link(detail, names, files)


def _against_link(detail: Any, names: Collection[str], files: Collection[str]) -> Iterator[str]:
    target = detail["dest_url"]
    if isinstance(detail["link_type"], dict):
        if name_key(target.partition("#")[0]) not in names:
            yield f"a wikilink to nowhere: {target!r}"
    elif detail["link_type"] != "Inline" or _file(target) not in files:
        yield f"a link out of the wiki: {target!r}"


def _file(target: str) -> str:
    """Return the path from the desk's root that a link from wiki/FOLDER/ leads to; an embed names it from the root."""
    return unquote(target).removeprefix("../../")


def _against_plain(body: str, files: Collection[str]) -> Iterator[str]:
    bare = _ESCAPED.sub("  ", body)
    for claim in parse_claims(body):
        bare = bare.replace(f" ^{claim.id}\n", "\n", 1)
    for embed in re.findall(r"!\[\[([^\[\]|]+)\]\]", bare):
        if str(PurePosixPath(embed)) in files:
            bare = bare.replace(f"![[{embed}]]", "")
    for what, pattern in _OBSIDIAN.items():
        if match := pattern.search(bare):
            yield f"{what}: {bare[max(0, match.start() - 20) : match.end() + 40]!r}"
