"""Cells of comparison tables: which of a row's claims a cell must agree with."""

import re
from collections.abc import Collection, Sequence

_ASSERTS = re.compile(r"(?:yes|no|true|false|none|[✓✔✗✘☑☒×√+])[.!]?", re.IGNORECASE)


def empty_assertion(text: str) -> bool:
    """Return whether a cell asserts something without words that could be held to a claim: "yes", a tick."""
    return bool(_ASSERTS.fullmatch(text.strip()))


def cell_evidence(texts: Sequence[str], heads: Sequence[str], subjects: Collection[str]) -> list[int]:
    """Return the indexes of those claims of a row that speak of what the cell is about.

    `heads` are the texts at the head of the cell's column and row. Where one of them is a subject of the page and some
    claims name it, the others say nothing of this cell: so a table cannot give one thing the numbers of another.
    """
    known = {subject.casefold() for subject in subjects}
    kept = list(range(len(texts)))
    for head in heads:
        if head.casefold() not in known:
            continue
        named = re.compile(rf"(?<!\w){re.escape(head)}(?!\w)", re.IGNORECASE)
        naming = [n for n in kept if named.search(texts[n])]
        kept = naming or kept
    return kept
