"""Markup that pairs within a run of text: highlights `==x==`, footnotes `^[x]`, and citations that stand together."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nightdesk.views.web.prose.scope import Scope

_MAX_DEPTH = 3  # footnotes in one another


class Mark(NamedTuple):
    """A piece of a run that is more than HTML: a citation, or markup that may pair with another."""

    kind: str  # "cite", "==", "^[", "[", "]"
    html: str  # where it pairs with nothing
    opens: bool = False  # of "==": whether a highlight may begin here
    closes: bool = False


Parts = Sequence[str | Mark]


def woven(scope: Scope, parts: Parts) -> str:
    """Return the pieces of a run as HTML: its highlights, footnotes and groups of citations."""
    kinds = {part.kind for part in parts if part.__class__ is Mark}
    if not kinds:
        return "".join(parts)  # type: ignore[arg-type]  # there is no Mark among them
    ends = _note_ends(parts) if "^[" in kinds else {}
    return _range(scope, parts, ends, 0, len(parts))


def _note_ends(parts: Parts) -> dict[int, int]:
    """Return where each `^[` is closed, by its place; those nested too deep are left out."""
    ends: dict[int, int] = {}
    opened: list[tuple[int, str]] = []
    depth = 0
    for at, part in enumerate(parts):
        kind = part.kind if isinstance(part, Mark) else ""
        if kind in ("[", "^["):
            opened.append((at, kind))
            depth += kind == "^["
        elif kind == "]" and opened:
            start, kind = opened.pop()
            if kind == "^[":
                if depth <= _MAX_DEPTH:
                    ends[start] = at
                depth -= 1
    return ends


def _range(scope: Scope, parts: Parts, ends: Mapping[int, int], first: int, last: int) -> str:
    lights = _highlights(parts, ends, first, last)
    out: list[str] = []
    at = first
    while at < last:
        part = parts[at]
        if at in ends:
            out.append(scope.note(_range(scope, parts, ends, at + 1, ends[at])))
            at = ends[at]
        elif isinstance(part, str):
            out.append(part)
        elif part.kind == "cite":
            at = _take_citations(scope, parts, at, last, out)
        else:
            out.append(lights.get(at, part.html))
        at += 1
    return "".join(out)


def _highlights(parts: Parts, ends: Mapping[int, int], first: int, last: int) -> dict[int, str]:
    """Return the tags of the highlights between two places, by the places of their marks."""
    found: dict[int, str] = {}
    opened = -1
    at = first
    while at < last:
        part = parts[at]
        if isinstance(part, Mark) and part.kind == "==":
            if opened >= 0 and part.closes and opened + 1 < at:
                found[opened], found[at] = "<mark>", "</mark>"
                opened = -1
            elif part.opens:
                opened = at
        at = ends.get(at, at) + 1
    return found


def _take_citations(scope: Scope, parts: Parts, at: int, last: int, out: list[str]) -> int:
    """Write the citations that follow one another from `at`, and return the place of the last one."""
    chips: list[str] = []
    end = look = at
    while look < last:
        part = parts[look]
        if isinstance(part, str):
            if part.strip(" ,;\n"):
                break
        elif part.kind == "cite":
            chips.append(part.html)
            end = look
        else:
            break
        look += 1
    if out and out[-1].endswith(" "):
        out[-1] = out[-1][:-1] + "\u202f"  # so that no line begins with a citation
    out.append(f"<sup{scope.sheet.own('nd-cites')}>{''.join(chips)}</sup>")
    return end
