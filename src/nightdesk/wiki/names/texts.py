"""Accepted texts in the names of now: a text is kept as it was handed in, whatever its pages are called later."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property

from nightdesk.base.names import name_key
from nightdesk.wiki.cited_sentences import unescaped
from nightdesk.wiki.claims import WIKILINK, find_citations, unlink
from nightdesk.wiki.writing import WriteMaterial, Written


class TextNames:
    """What the pages that a text names are called now."""

    def __init__(self, renamed: Mapping[str, str], pages: Collection[str]) -> None:
        self._renamed = renamed  # name key of a name that a page had -> its name
        self._pages = pages

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(map(name_key, self._pages))

    def body(self, body: str, material: WriteMaterial) -> str:
        """Return a text with each page called by its name of now; the words that a link shows stay.

        A citation follows its claim: the id says which one it is, whatever the source page is called.
        """
        pages = _pages_of_claims(material)
        here = {(name_key(e.page), e.id) for e in material.evidence}
        pieces, done = [], 0
        for citation in find_citations(unescaped(body)):
            page = pages.get(citation.id)
            if page and (name_key(citation.page), citation.id) not in here:
                end = citation.start + len("[[") + len(citation.page)
                pieces += [body[done : citation.start], f"[[{page}"]
                done = end
        body = "".join([*pieces, body[done:]])
        return self._links(body) if self._renamed else body

    def _links(self, body: str) -> str:
        pieces, done = [], 0
        for link in WIKILINK.finditer(unescaped(body)):
            old = body[link.start("page") : link.end("page")]
            new = self._renamed.get(name_key(old.strip()))
            if new is None or name_key(old.strip()) in self._known:
                continue
            shown = "" if link["shown"] is not None or old.strip() == new else f"|{old.strip()}"
            pieces += [body[done : link.start("page")], new, shown]
            done = link.end("page")
        return "".join([*pieces, body[done:]])

    def written(self, written: Written, material: WriteMaterial) -> Written:
        """Return an accepted text with its links and citations as they are now; dead links become plain words."""
        pages = _pages_of_claims(material)
        here = {(e.page, e.id) for e in material.evidence}
        cited = tuple(key if key in here else (pages.get(key[1], key[0]), key[1]) for key in written.cited)
        return replace(written, body=unlink(self.body(written.body, material), self._known), cited=cited)


def _pages_of_claims(material: WriteMaterial) -> dict[str, str]:
    """Return the source page of each claim id that only one of them has."""
    pages: dict[str, set[str]] = {}
    for evidence in material.evidence:
        pages.setdefault(evidence.id, set()).add(evidence.page)
    return {identity: next(iter(named)) for identity, named in pages.items() if len(named) == 1}
