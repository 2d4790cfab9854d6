"""Frontmatter, sizes, merge conflicts and dates: what one page says about itself."""

from collections.abc import Iterator
from datetime import date

from nightdesk.base.pages import iso_date
from nightdesk.wiki.lint.findings import Finding, found
from nightdesk.wiki.lint.names_of import is_entrance, is_list
from nightdesk.wiki.vault.reading import MAX_BYTES, Vault

MAX_CHARS = 100_000  # of a page: some 25,000 tokens, more than most workers take at once
USUAL = 0.5  # share of the pages with frontmatter from which on a page without it is an exception
USUAL_LEAST = 3  # in a vault of so many pages
_SUPERSEDED = ("superseded", "deprecated", "retracted", "withdrawn", "obsolete")


def frontmatter(vault: Vault, *, needs: tuple[str, ...] = ()) -> Iterator[Finding]:
    """Yield frontmatter that cannot be read, and the lack of it where most pages, or a desk's rules, have it.

    `needs` are the keys that each page must have.
    """
    records = vault.records
    having = sum(1 for record in records.values() if record.front)
    usual = bool(needs) or (len(records) >= USUAL_LEAST and having >= USUAL * len(records))
    for path, record in records.items():
        if record.front not in ("", "ok"):
            yield found("frontmatter-malformed", path, f"the frontmatter {record.front}", at=(record.front_line, 1))
        elif not record.front and usual and not (is_entrance(path) and not needs):
            yield found(
                "frontmatter-missing", path, "has no frontmatter" + ("" if needs else ", as most pages here do")
            )
        elif record.front:
            missing = [key for key in needs if record.values.get(key) in (None, "")]
            if missing:
                yield found("frontmatter-missing", path, f"the frontmatter has no {' and no '.join(missing)}")


def contents(vault: Vault) -> Iterator[Finding]:
    """Yield pages that are no UTF-8, that hold merge conflicts, or that are too long."""
    for path, record in vault.records.items():
        if not record.is_utf8:
            yield found("not-utf8", path, "is not UTF-8 text: some characters are lost when it is read")
        for line in record.markers:
            yield found("conflict-markers", path, "a merge conflict begins here", at=(line, 1))
        if record.chars > MAX_CHARS and not is_entrance(path):
            yield found("oversized-page", path, f"has {record.chars:,} characters, more than {MAX_CHARS:,}")
    for path, file in vault.folder.files.items():
        if file.is_page and file.size > MAX_BYTES:
            yield found("oversized-page", path, f"has {file.size:,} bytes: nothing on it was looked at")


def stale(vault: Vault, *, today: date) -> Iterator[Finding]:
    """Yield pages whose `stale_after` has passed, and those that link to a page whose status says superseded."""
    for path, record in vault.records.items():
        until = iso_date(record.values.get("stale_after")) if record.values.get("stale_after") else None
        if until is not None and until < today:
            yield found("stale-page", path, f"was good until {until.isoformat()}, as its frontmatter says")
    old = {path: _superseded_by(record.values) for path, record in vault.records.items()}
    for path, resolved in vault.links.items():
        if is_list(path) or old[path]:
            continue
        first = {one.target: one.link for one in reversed(resolved) if one.target and old.get(one.target)}
        for target, link in first.items():
            message = f"rests on {target}, which is {old[target]}"
            yield found("superseded-source", path, message, at=(link.line, link.column))


def _superseded_by(values: object) -> str:
    if not isinstance(values, dict):
        return ""
    if values.get("superseded_by"):
        return f"superseded by {values['superseded_by']}"
    status = str(values.get("status") or "").strip().lower()
    return status if status in _SUPERSEDED else ""
