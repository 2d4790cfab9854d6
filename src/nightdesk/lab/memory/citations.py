"""The citations of a hypothesis: links to claims of the wiki that its worker was given."""

from collections.abc import Iterator

from nightdesk.wiki.claims import Citation, find_citations, render_citation

_MOST_SHOWN = 80  # characters of a page's name in a reason


def unsupplied(hypothesis: str, notes: str) -> Iterator[str]:
    """Yield a reason against each citation of a hypothesis that is not among the notes that were supplied."""
    given = {_key(citation) for citation in find_citations(notes)}
    for page, identity in dict.fromkeys(_key(citation) for citation in find_citations(hypothesis)):
        if (page, identity) not in given:
            yield (
                f"the hypothesis cites [[{page[:_MOST_SHOWN]}#^{identity[:20]}]], which is not among what the wiki was "
                "said to know: copy a link from there as it stands, or cite nothing"
            )


def links_of(hypothesis: str) -> tuple[str, ...]:
    """Return the links of a hypothesis to claims, each once and on one line, numbered anew."""
    keys = dict.fromkeys(_key(citation) for citation in find_citations(hypothesis))
    return tuple(render_citation(page, identity, str(number)) for number, (page, identity) in enumerate(keys, 1))


def _key(citation: Citation) -> tuple[str, str]:
    return " ".join(citation.page.replace("`", "'").split()), citation.id
