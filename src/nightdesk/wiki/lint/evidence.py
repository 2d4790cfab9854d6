"""What a desk's pages rest on: citations, claims, quotes, and claims that contradict each other."""

from collections.abc import Iterator, Mapping

from nightdesk.wiki.contradictions.finding import pairs_beside
from nightdesk.wiki.contradictions.items import item_id
from nightdesk.wiki.contradictions.page import PATH, Kept, read_items
from nightdesk.wiki.lint.claims_kept import DeskPage, KeptClaim, hash_bytes
from nightdesk.wiki.lint.findings import Finding, found
from nightdesk.wiki.lint.links import is_citation, written
from nightdesk.wiki.vault.reading import Vault

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


def contradictions(vault: Vault, pages: Mapping[str, DeskPage]) -> Iterator[Finding]:
    """Yield the contradictions that nobody has decided: those on the desk's page of them, and what is found beside it.

    Each stands at the one of its claims that comes later.
    """
    places: dict[str, tuple[str, KeptClaim]] = {}
    for path, page in pages.items():
        for claim in page.claims:
            places.setdefault(claim.id, (path, claim))
    kept = read_items(vault.text(PATH).decode("utf-8", "replace")) if PATH in vault.records else Kept()
    known = {identity: (item.one.claim, item.other.claim) for identity, item in kept.items.items()}
    open_pairs = [known[identity] for identity, item in kept.items.items() if item.state.name == "open"]
    said = ((identity, claim.keys) for identity, (_, claim) in places.items() if claim.keys)
    fresh = [(pair.one, pair.other) for pair in pairs_beside(kept.items.values(), said)]
    for pair in (*open_pairs, *(pair for pair in fresh if item_id(*pair) not in known)):
        if pair[0] in places and pair[1] in places:
            yield _contradiction(places[pair[0]], places[pair[1]], is_kept=item_id(*pair) in known)


def _contradiction(one: tuple[str, KeptClaim], other: tuple[str, KeptClaim], *, is_kept: bool) -> Finding:
    (path, claim), (where, against) = sorted((one, other), key=lambda side: (side[0], side[1].line), reverse=True)
    identity = item_id(claim.id, against.id)
    message = (
        f'{identity}: ^{claim.id} "{cut(claim.statement)}" against {where} ^{against.id} "{cut(against.statement)}"'
    )
    decide = f"nightdesk contradictions resolve {identity} --keep CLAIM --because WHY, or dismiss {identity}"
    return found(
        "contradiction",
        path,
        message,
        at=(claim.line, 1),
        mend=decide if is_kept else f"run nightdesk compile, then {decide}",
    )


def cut(text: str) -> str:
    """Return the beginning of a text that may be long."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…"
