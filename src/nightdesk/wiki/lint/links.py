"""Links, embeds, headings and blocks that are not there."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from posixpath import basename

from nightdesk.wiki.lint.findings import Finding, found
from nightdesk.wiki.lint.names_of import base_name, key_of, names_by_key
from nightdesk.wiki.vault.files import PAGE_ENDINGS
from nightdesk.wiki.vault.reading import Vault
from nightdesk.wiki.vault.records import Link, Resolved
from nightdesk.wiki.vault.resolve import heading_key, heading_names

IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".bmp", ".avif", ".tif", ".tiff", ".ico")
MAX_NEAR = 60  # names that a mistyped one is compared with
MAX_HEADINGS = 200  # of a page that a mistyped one is compared with
MAX_ADVICE = 500  # links for which something like them is looked for
_EDGE = 4  # letters at a name's beginning or end that a likely one shares


def broken_links(vault: Vault, *, citations: bool, wiki: bool) -> Iterator[Finding]:
    """Yield the references that lead nowhere; those to claims are left to the citations' own rule, with `citations`.

    What is no `wiki` has no wikilinks: two brackets are text there. And its site may have more than the folder:
    /about is looked for, and not told of where it is not found.
    """
    advice = _Advice(vault)
    for path, resolved in vault.links.items():
        for one in resolved:
            if citations and is_citation(one.link):
                continue
            if one.target is None:
                if (wiki or not _is_of_site(one.link)) and not _leads_elsewhere(vault, path, one.link):
                    yield _nowhere(path, one.link, advice)
            elif one.link.fragment:
                yield from _no_place(vault, path, one, advice)


def is_citation(link: Link) -> bool:
    """Say whether a link is of the form of a citation: [[Page#^c1234567890]]."""
    digits = link.fragment.removeprefix("^c")
    return link.style == "wiki" and len(link.fragment) >= 12 and digits != link.fragment and _is_hex(digits)


def _is_hex(text: str) -> bool:
    return all(c in "0123456789abcdef" for c in text)


def written(link: Link) -> str:
    """Return a link as it is written, without the words that it shows."""
    target = link.path + (f"#{link.fragment}" if link.fragment else "")
    mark = "!" if link.embed else ""
    return f"{mark}[[{target}]]" if link.is_wiki else f"{mark}({target})"


def _is_of_site(link: Link) -> bool:
    return link.is_wiki or (link.path.startswith("/") and not link.path.lower().endswith(PAGE_ENDINGS))


def _leads_elsewhere(vault: Vault, path: str, link: Link) -> bool:
    """Say whether a Markdown link leads to a folder, or out of the vault to something that is there."""
    if link.is_wiki:
        return False
    if vault.places.is_folder(link, path):
        return True
    if ".." not in link.path.split("/"):
        return False
    target = os.path.normpath(vault.root / os.path.dirname(path) / link.path.partition("?")[0])
    try:
        for file in (target, target + ".md"):
            vault.outside[file] = os.path.exists(file)
    except ValueError:
        return False
    return vault.outside[target] or vault.outside[target + ".md"]


def _nowhere(path: str, link: Link, advice: "_Advice") -> Finding:
    at = link.line, link.column
    is_image = link.path.partition("?")[0].lower().endswith(IMAGE_ENDINGS)
    if is_image and (link.embed or link.style == "html"):
        return found("missing-image", path, f"{written(link)}: there is no such image", at=at)
    if link.embed:
        return found("broken-embed", path, f"{written(link)} embeds nothing: there is no such file", at=at)
    return found("broken-link", path, f"{written(link)} leads nowhere", at=at, mend=advice.instead(link))


def _no_place(vault: Vault, path: str, one: Resolved, advice: "_Advice") -> Iterator[Finding]:
    """Object to a heading or a block that the page, if it is one, does not have."""
    link, target = one.link, one.target or ""
    targets = vault.targets(target) if target.lower().endswith(PAGE_ENDINGS) else None
    if targets is None or targets.has(link):
        return
    at = link.line, link.column
    if "^" in link.fragment.rpartition("#")[2][:1]:
        yield found("broken-block", path, f"{written(link)}: {target} has no such block", at=at)
        return
    mend = advice.heading_instead(link, target)
    yield found("broken-heading", path, f"{written(link)}: {target} has no such heading", at=at, mend=mend)


class _Advice:
    """What a name that leads nowhere may have meant."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._aliases: Mapping[str, list[str]] | None = None
        self._edges: dict[str, list[str]] = defaultdict(list)
        self._given = 0

    def heading_instead(self, link: Link, target: str) -> str | None:
        """Return the heading of `target` that a link may have meant, None where nothing comes near it."""
        record = self._vault.records.get(target)
        if record is None or not self._may_look():
            return None
        names = heading_names(record)
        near = get_close_matches(heading_key(link.fragment), list(names)[:MAX_HEADINGS], n=1, cutoff=0.6)
        return f'is "#{names[near[0]]}" meant?' if near else None

    def _may_look(self) -> bool:
        """Say whether likeness may be looked for once more: it is slow, and nobody reads thousands of hints."""
        self._given += 1
        return self._given <= MAX_ADVICE

    def instead(self, link: Link) -> str | None:
        """Return how to mend a link to nothing, None where nothing comes near it."""
        if self._aliases is None:
            self._aliases = names_by_key(self._vault.records)
            for path in self._vault.records:
                name = key_of(base_name(path))
                for edge in {name[:_EDGE] + "…", "…" + name[-_EDGE:]}:
                    self._edges[edge].append(path)
        name = basename(link.path.removesuffix(".md"))
        known = self._aliases.get(key_of(name), [])
        if known and key_of(base_name(known[0])) == key_of(name):
            return f"is {known[0]} meant?"
        if len(known) == 1:
            page = base_name(known[0])
            return f'"{name}" is another name of that page: write [[{page}|{name}]]'
        if not self._may_look():
            return None
        key = key_of(name)
        likely = {
            key_of(base_name(path)): path
            for edge in (key[:_EDGE] + "…", "…" + key[-_EDGE:])
            for path in self._edges.get(edge, ())[:MAX_NEAR]
        }
        near = get_close_matches(key, list(likely), n=1, cutoff=0.8)
        return f"is {likely[near[0]]} meant?" if near else None
