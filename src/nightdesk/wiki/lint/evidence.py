"""What a desk's pages rest on: citations, claims, quotes, and claims that contradict each other."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from nightdesk.wiki.lint.claims_kept import DeskPage, KeptClaim, hash_bytes
from nightdesk.wiki.lint.findings import Finding, found
from nightdesk.wiki.lint.links import is_citation, written
from nightdesk.wiki.vault.reading import Vault

MAX_SIDES = 5  # claims that one contradiction names
_SHOWN = 160  # characters of a sentence that a message repeats


def citations(vault: Vault) -> Iterator[Finding]:
    """Yield the citations of claims that are not there."""
    for path, resolved in vault.links.items():
        for one in resolved:
            if not is_citation(one.link):
                continue
            at = one.link.line, one.link.column
            if one.target is None:
                yield found("broken-citation", path, f"{written(one.link)}: there is no such page", at=at)
            elif (targets := vault.targets(one.target)) is None or not targets.has(one.link):
                yield found("broken-citation", path, f"{written(one.link)}: {one.target} has no such claim", at=at)


def claims(vault: Vault, pages: Mapping[str, DeskPage]) -> Iterator[Finding]:
    """Yield claims whose words no longer fit their id, and quotes that do not stand in their text.

    What nightdesk proved is not proved again: quotes are looked up where the text or the page changed since.
    """
    for path, page in pages.items():
        for claim in page.claims:
            if not claim.is_own:
                message = f"^{claim.id} is not the id that its statement and quote make"
                yield found("changed-claim", path, message, at=(claim.line, 1))
        if page.source:
            yield from _source(vault, path, page)


def _source(vault: Vault, path: str, page: DeskPage) -> Iterator[Finding]:
    raw, text = page.source.get("path", ""), page.source.get("text", "")
    for name in dict.fromkeys((raw, text)):
        if not name.startswith(("raw/", "text/")) or name not in vault.folder.files:
            yield found("stale-page", path, f'its source "{name}" is gone', mend="nightdesk forget, or put it back")
            return
    raw_changed = hash_bytes(vault.text(raw)) != page.source.get("sha256")
    if raw_changed:
        yield found("stale-page", path, f"{raw} has changed since it was read", mend="run nightdesk compile")
    content = vault.text(text)
    if not page.claims or not (page.edited or hash_bytes(content) != page.source.get("text_sha256")):
        return
    # imported here: on most desks no text has changed
    from nightdesk.wiki.places import TextPlaces  # noqa: PLC0415

    places = TextPlaces(content.decode("utf-8", "replace"))
    for claim in page.claims:
        if places.find(claim.quote) is None:
            message = f'^{claim.id}: its quote does not stand in {text}: "{cut(claim.quote)}"'
            yield found("quote-gone", path, message, at=(claim.line + 1, 1))


def contradictions(pages: Mapping[str, DeskPage]) -> Iterator[Finding]:
    """Yield claims that say of one thing what another claim says otherwise, at the claim that comes later.

    Found without reading: the same words with another value, or the same words affirmed and denied.
    """
    said: dict[tuple[str, str], dict[str, list[tuple[str, KeptClaim]]]] = defaultdict(lambda: defaultdict(list))
    for path, page in pages.items():
        for claim in page.claims:
            for kind, about, what in claim.keys:
                said[kind, about][what].append((path, claim))
    told: set[tuple[str, str]] = set()
    for sides in said.values():
        if len(sides) < 2:
            continue
        first, *others = [side[0] for side in sides.values()][:MAX_SIDES]
        for path, claim in others:
            pair = first[1].id, claim.id
            if pair in told or pair[0] == pair[1]:
                continue
            told.add(pair)
            message = (
                f'^{claim.id} "{cut(claim.statement)}" against {first[0]} ^{first[1].id} "{cut(first[1].statement)}"'
            )
            yield found("contradiction", path, message, at=(claim.line, 1))


def cut(text: str) -> str:
    """Return the beginning of a text that may be long."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…"
