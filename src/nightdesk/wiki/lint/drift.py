"""An index that does not list what is there."""

from collections.abc import Iterator

from nightdesk.wiki.lint.findings import Finding, found
from nightdesk.wiki.lint.names_of import is_entrance
from nightdesk.wiki.vault.reading import Vault

INDEXES = ("index.md", "wiki/index.md", "Index.md", "INDEX.md")
LISTS_ENOUGH = 0.5  # share of the pages below it that an index lists: of less it is no list of all pages


def index_drift(vault: Vault, *, is_complete: bool = False) -> Iterator[Finding]:
    """Yield the pages that the index does not list. `is_complete`: the index is known to be meant for all pages."""
    index = next((path for path in INDEXES if path in vault.records), None)
    if index is None:
        return
    folder = index.rpartition("/")[0]
    pages = [
        p for p in vault.records if p != index and not is_entrance(p) and (not folder or p.startswith(folder + "/"))
    ]
    listed = {one.target for one in vault.links[index]}
    missing = [path for path in pages if path not in listed]
    if not is_complete and len(pages) - len(missing) < max(2, LISTS_ENOUGH * len(pages)):
        return
    for path in missing:
        yield found("index-drift", path, f"is not listed in {index}")
