"""Callouts: a quote whose first line names its kind, `> [!warning]- Title`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nightdesk.views.web.prose.tree import Node

_OPENING = re.compile(r"\[!([^\[\]\n|]{1,60})(?:\|[^\[\]\n]{0,200})?\]([+-]?)[ \t]*")
# Obsidian's, GitHub's, and nightdesk's own
_KINDS = {
    kind: names[0]
    for names in (
        ("note",),
        ("abstract", "summary", "tldr"),
        ("info",),
        ("todo",),
        ("tip", "hint", "important"),
        ("success", "check", "done"),
        ("question", "help", "faq"),
        ("warning", "caution", "attention"),
        ("failure", "fail", "missing"),
        ("danger", "error"),
        ("bug",),
        ("example",),
        ("quote", "cite"),
        ("contradiction",),
        ("superseded",),
    )
    for kind in names
}


@dataclass(frozen=True, slots=True)
class Callout:
    """A quote read as a callout."""

    kind: str  # one of the fifteen that have a look of their own; "note" for what is unknown
    default_title: str
    fold: str  # "" not foldable, "+" open, "-" closed
    title: Sequence[Node]  # inline; empty for the default
    kids: Sequence[Node]  # blocks


def read_callout(quote: Node) -> Callout | None:
    """Return what a quote says as a callout, None where it is a mere quote."""
    if quote.value:  # one of the five that GitHub knows, without a title: the parser has taken its first line
        name = str(quote.value)
        return Callout(_KINDS.get(name.lower(), "note"), name.capitalize(), "", (), quote.kids)
    first = quote.kids[0] if quote.kids else None
    if first is None or first.kind != "Paragraph" or not first.kids or first.kids[0].kind != "Text":
        return None
    text = first.kids[0]
    opening = _OPENING.match(text.value)
    if not opening or 0 in text.fixed:
        return None
    rest = Node("Text", text.value[opening.end() :], text.start)
    rest.fixed = frozenset(place - opening.end() for place in text.fixed)
    words = [rest, *first.kids[1:]] if rest.value else first.kids[1:]
    end = next((n for n, kid in enumerate(words) if kid.kind in ("SoftBreak", "HardBreak")), len(words))
    kids = quote.kids[1:]
    if words[end + 1 :]:
        body = Node("Paragraph", None, first.start)
        body.kids = words[end + 1 :]
        kids = [body, *kids]
    name = opening[1].strip()
    return Callout(_KINDS.get(name.lower(), "note"), name[:1].upper() + name[1:], opening[2], words[:end], kids)
