"""Pages linted as if they held other texts: what a change would mend and what it would break, before it is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from nightdesk.base.cache import Cache
from nightdesk.base.desk import Desk
from nightdesk.base.pages import short_hash
from nightdesk.wiki.lint import evidence
from nightdesk.wiki.lint.claims_kept import DeskPage, page_of, read_pages
from nightdesk.wiki.lint.desk_pages import in_wiki, unmentioning
from nightdesk.wiki.lint.findings import Finding, in_order
from nightdesk.wiki.lint.lint import general
from nightdesk.wiki.vault.extract import read_record
from nightdesk.wiki.vault.files import Folder, VaultFile
from nightdesk.wiki.vault.reading import Vault, read_vault
from nightdesk.wiki.vault.records import Resolved


@dataclass(frozen=True, slots=True)
class Seen:
    """A vault read once, to lint changes of it against; `pages` is None where it is no desk."""

    vault: Vault
    pages: Mapping[str, DeskPage] | None


def see_desk(desk: Desk, cache: Cache | None = None) -> Seen:
    """Read the wiki of a desk; of pages that did not change, what they say comes from the lint's cache."""
    vault = read_vault(desk.root, cache, scope=in_wiki)
    return Seen(vault, read_pages(vault, cache, on_page=lambda: None))


def lint_changed(seen: Seen, texts: Mapping[str, str], *, today: date) -> tuple[Finding, ...]:
    """Return the findings on the pages of `texts` (path in the vault -> text) as if they held those texts.

    Nothing is written, and no other page is read again. A path that is not there is a new page. To learn what a change
    mends and breaks, compare with what this says of the old texts. Contradictions are between claims, not on a page:
    they are not looked for.
    """
    vault = _Changed(seen.vault, texts)
    apart = frozenset(vault.records) - texts.keys()
    if seen.pages is None:
        found = list(general(vault, today=today, apart=apart))
    else:
        changed = {path: page for path in texts if (page := page_of(path, vault.text(path)))}
        apart |= unmentioning(changed)
        found = [
            *general(vault, today=today, desk=True, apart=apart),
            *_of_desk(vault, {**seen.pages, **changed}, changed),
        ]
    return in_order({finding for finding in found if finding.file in texts})


def _of_desk(vault: Vault, pages: Mapping[str, DeskPage], changed: Mapping[str, DeskPage]) -> Iterator[Finding]:
    # imported here: it needs all that proves a page
    from nightdesk.wiki.lint.sentences import sentences  # noqa: PLC0415

    yield from evidence.citations(vault)
    yield from evidence.claims(vault, changed)
    yield from sentences(vault, pages, only=changed.keys())


class _Changed(Vault):
    """A vault some of whose pages hold other texts than on disk."""

    def __init__(self, vault: Vault, texts: Mapping[str, str]) -> None:
        self._before = vault
        self._contents = {path: text.encode("utf-8", "surrogatepass") for path, text in texts.items()}
        records = {path: read_record(content) for path, content in self._contents.items()}
        files = {**vault.folder.files}
        for path, content in self._contents.items():
            signature = f"overlay:{short_hash(texts[path])}"
            known = files.get(path) or VaultFile(path, signature, len(content), is_page=True)
            files[path] = known._replace(signature=signature, size=len(content), is_page=True)
        folder = Folder(vault.root, dict(sorted(files.items())), vault.folder.folders)
        every = {**vault.records, **records}
        super().__init__(folder, {path: every[path] for path in folder.files if path in every})

    @cached_property
    def links(self) -> dict[str, list[Resolved]]:
        if self.folder.files.keys() != self._before.folder.files.keys():
            return {path: self.follow(path) for path in self.records}
        known = self._before.links  # no file came or went, so that they lead where they led
        return {path: self.follow(path) if path in self._contents else known[path] for path in self.records}

    def text(self, path: str) -> bytes:
        return self._contents[path] if path in self._contents else super().text(path)
