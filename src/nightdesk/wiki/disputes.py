"""What a page tells of contradictions between its claims: written by code around what a writer wrote."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nightdesk.agents.boundary import visible
from nightdesk.wiki.claims import find_citations, render_citation
from nightdesk.wiki.escaping import escape_line

OPEN_HEADING, PAST_HEADING = "Contradictions", "Superseded"
_CALLOUT = re.compile(r"^> \[!contradiction\].*(?:\n>.*)*", re.MULTILINE)
_ADDED = re.compile(  # as render_disputes writes it
    r"^> \[!contradiction\] Not decided yet: \[\[contradictions#\^k[0-9a-f]{10}\|k[0-9a-f]{10}\]\]\n(?:> - .*\n){0,2}"
    r"|^- .*, superseded by \[\[.*: \[\[contradictions#\^k[0-9a-f]{10}\|why\]\]$",
    re.MULTILINE,
)

Told = tuple[str, str, str, str]  # source page, claim id, statement, date as the source says it


@dataclass(frozen=True, slots=True)
class Dispute:
    """Two claims that contradict each other; of one that is superseded the newer comes first."""

    item: str  # block id in contradictions.md
    one: Told
    other: Told


@dataclass(frozen=True, slots=True)
class Disputes:
    """What one page tells: contradictions that are open, and claims that others superseded."""

    open: tuple[Dispute, ...] = ()
    past: tuple[Dispute, ...] = ()


NO_DISPUTES = Disputes()


def disputes_shown(disputes: Disputes, body: str) -> Disputes:
    """Return what `body` does not tell already in a callout of its own."""
    told = [{citation.id for citation in find_citations(callout[0])} for callout in _CALLOUT.finditer(body)]
    return Disputes(
        tuple(d for d in disputes.open if not any({d.one[1], d.other[1]} <= ids for ids in told)), disputes.past
    )


def claims_told(disputes: Disputes) -> tuple[tuple[str, str], ...]:
    """Return the (source page, claim id) pairs that the sections of a page cite, in their order."""
    cited = [(told[0], told[1]) for d in disputes.open for told in (d.one, d.other)]
    return tuple(dict.fromkeys([*cited, *((told[0], told[1]) for d in disputes.past for told in (d.other, d.one))]))


def render_disputes(disputes: Disputes, numbers: Mapping[str, int]) -> Sequence[str]:
    """Return the sections of a page, each part a block; `numbers` are those of its list of sources."""
    parts: list[str] = []
    if disputes.open:
        parts.append(f"## {OPEN_HEADING}\n")
        for dispute in disputes.open:
            lines = [f"> - {_told(told, numbers)}\n" for told in (dispute.one, dispute.other)]
            link = f"[[contradictions#^{dispute.item}|{dispute.item}]]"
            parts.append(f"> [!contradiction] Not decided yet: {link}\n" + "".join(lines))
    if disputes.past:
        parts += [f"## {PAST_HEADING}\n", "".join(_past(dispute, numbers) for dispute in disputes.past)]
    return parts


def _told(told: Told, numbers: Mapping[str, int]) -> str:
    page, identity, statement, published = told
    when = f" ({published})" if published else ""
    return f"{escape_line(visible(statement))} {render_citation(page, identity, str(numbers[page]))}{when}"


def _past(dispute: Dispute, numbers: Mapping[str, int]) -> str:
    page, identity, _, published = dispute.one
    by = f"{render_citation(page, identity, str(numbers[page]))}" + (f" ({published})" if published else "")
    return f"- {_told(dispute.other, numbers)}, superseded by {by}: [[contradictions#^{dispute.item}|why]]\n"


def without_disputes(body: str) -> str:
    """Return a page's body without the lines that code adds: their dates are the sources', not the claims'."""
    return _ADDED.sub("", body) if "[[contradictions#^k" in body else body
