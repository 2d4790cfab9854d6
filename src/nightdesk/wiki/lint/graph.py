"""Pages that nothing links to, pages that link to nothing, and names that have no page."""

from collections import defaultdict
from collections.abc import Iterator

from nightdesk.wiki.lint.findings import Finding, found
from nightdesk.wiki.lint.names_of import is_entrance, is_list, key_of
from nightdesk.wiki.vault.reading import Vault
from nightdesk.wiki.vault.records import Link

MIN_NAMED = 3  # pages that name what has no page


def orphans(vault: Vault) -> Iterator[Finding]:
    """Yield the pages that no other page links to; an index or a log does not count, and an answer needs no link."""
    linked: set[str] = set()
    listed: dict[str, str] = {}
    for path, resolved in vault.links.items():
        targets = {one.target for one in resolved if one.target is not None} - {path}
        if is_list(path):
            listed |= dict.fromkeys(targets, path)
        else:
            linked |= targets
    if len(vault.records) < 2:
        return
    for path in vault.records:
        if path not in linked and not is_entrance(path) and vault.records[path].values.get("type") != "answer":
            but = f" but {listed[path]}" if path in listed else ""
            yield found("orphan", path, f"no page{but} links here")


def dead_ends(vault: Vault) -> Iterator[Finding]:
    """Yield the pages that link to no other page of the vault."""
    if len(vault.records) < 2:
        return
    for path, resolved in vault.links.items():
        leads = any(one.target in vault.folder.files and one.target != path for one in resolved if not one.link.embed)
        embeds = any(one.target in vault.records and one.target != path for one in resolved if one.link.embed)
        if not leads and not embeds and not is_entrance(path):
            yield found("dead-end", path, "links to no other page")


def missing_pages(vault: Vault) -> Iterator[Finding]:
    """Yield the names that MIN_NAMED pages or more link to and that have no page, at the first link of each."""
    named: dict[str, dict[str, Link]] = defaultdict(dict)
    for path, resolved in vault.links.items():
        for one in resolved:
            if one.target is None and one.link.style in ("wiki", "property") and not one.link.embed:
                named[key_of(one.link.path)].setdefault(path, one.link)
    for pages in named.values():
        if len(pages) >= MIN_NAMED:
            path, link = next(iter(pages.items()))
            message = f'{len(pages)} pages name "{link.path}", which has no page'
            yield found("missing-page", path, message, at=(link.line, link.column))
