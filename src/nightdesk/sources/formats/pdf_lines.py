"""The lines of a PDF's page, and which of them are program code by their letters being of one width."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

# Width of a letter of the usual fixed-width fonts, as a share of the size: Inconsolata, Computer Modern Typewriter,
# Consolas, Courier and its likes. The name of the font alone misleads: a line has that of its first word.
_FIXED_WIDTHS = (0.5, 0.525, 0.55, 0.6)
_FIXED_NAME = re.compile(
    r"mono|courier|cmtt|cmsltt|ectt|sftt|tctt|typewriter|consol|menlo|nimbusmon|pcr|txtt|zi4", re.IGNORECASE
)
_TOLERANCE = 0.012


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a column: its text, its place in points from the top left, and whether it is code."""

    text: str
    x: float
    y: float
    right: float
    height: float
    is_code: bool = False
    letter_width: float = 5.0


def lines_of(items: Sequence[Any]) -> list[Line]:
    """Return the page's text items joined to lines: those that stand side by side, from the left."""
    lines: list[Line] = []
    for item in items:
        if abs(item.rotation or 0.0) > 1 or not item.text.strip():
            continue
        line = _line(item)
        last = lines[-1] if lines else None
        if last and abs(last.y - line.y) < 2 and -2 <= line.x - last.right < (120 if last.is_code else 28):
            lines[-1] = _side_by_side(last, line)
        else:
            lines.append(line)
    return lines


def code_rows(lines: Sequence[Line]) -> tuple[tuple[str, ...], ...]:
    """Return lines of code with the indentation that they have on the page."""
    left = min(line.x for line in lines)
    return tuple((" " * round((line.x - left) / line.letter_width) + line.text.strip(),) for line in lines)


def _line(item: Any) -> Line:
    text = item.text.rstrip()
    size = item.font_size if item.font_size and item.font_size > 2 else item.height
    width = item.width / max(len(text), 1)
    fixed = any(abs(width / size - share) < _TOLERANCE for share in _FIXED_WIDTHS) if size else False
    return Line(
        text,
        item.x,
        item.y,
        item.x + item.width,
        item.height,
        is_code=fixed and bool(_FIXED_NAME.search(item.font_name or "")),
        letter_width=max(width, 1.0),
    )


def _side_by_side(left: Line, right: Line) -> Line:
    is_code = left.is_code and right.is_code
    gap = max(round((right.x - left.right) / left.letter_width), 1) if is_code else 1
    return replace(left, text=f"{left.text}{' ' * gap}{right.text.lstrip()}", right=right.right, is_code=is_code)
