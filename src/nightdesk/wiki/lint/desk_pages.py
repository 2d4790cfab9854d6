"""The pages of a desk as lint sees them: which they are, and what is wrong with what they rest on."""

from collections.abc import Iterator, Mapping

from nightdesk.wiki.lint import evidence
from nightdesk.wiki.lint.claims_kept import DeskPage, read_pages
from nightdesk.wiki.lint.findings import RULES, Finding
from nightdesk.wiki.publish import SET_ASIDE
from nightdesk.wiki.vault.reading import Vault

__all__ = ["in_wiki", "read_pages", "resting", "unmentioning"]

_GENERAL_ONLY = frozenset(rule.id for rule in RULES.values() if not rule.on_desk_only) - {"stale-page"}


def in_wiki(path: str) -> bool:
    """Say whether a file of a desk is one of its wiki, and not an earlier version that was set aside."""
    return path.startswith("wiki/") and not path.startswith(SET_ASIDE + "/")


def unmentioning(pages: Mapping[str, DeskPage]) -> frozenset[str]:
    """Return the pages of a desk that are not looked through for mentions.

    What the built-in worker made links of is its choice, and a source page's words are its source's.
    """
    return frozenset(path for path, page in pages.items() if page.by_code or page.source)


def resting(vault: Vault, pages: Mapping[str, DeskPage], rules: frozenset[str]) -> Iterator[Finding]:
    """Yield what the rules for desks alone find; nothing is looked at where none of them is wanted."""
    if rules <= _GENERAL_ONLY:
        return
    yield from evidence.citations(vault)
    yield from evidence.claims(vault, pages)
    yield from evidence.contradictions(vault, pages)
    if any(page.sentences for page in pages.values()):
        # imported here: it needs all that proves a page, and most desks have no edited page
        from nightdesk.wiki.lint.sentences import sentences  # noqa: PLC0415

        yield from sentences(vault, pages)
