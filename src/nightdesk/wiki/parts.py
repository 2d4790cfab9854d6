"""A long text cut into parts that a worker can read at once: at headings, else between paragraphs, else lines."""

import re

_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_LEAST = 0.4  # of a part must be filled before a heading ends it


def split_text(text: str, *, limit: int) -> tuple[str, ...]:
    """Return `text` in parts of at most `limit` characters; joined they are the text."""
    parts = []
    while len(text) > limit:
        cut = _cut(text, limit)
        parts.append(text[:cut])
        text = text[cut:]
    return (*parts, text) if text or not parts else tuple(parts)


def _cut(text: str, limit: int) -> int:
    least = max(1, int(limit * _LEAST))
    headings = [match.start() for match in _HEADING.finditer(text, least, limit)]
    if headings:
        return headings[-1]
    for mark in ("\n\n", "\n", ". ", " "):
        cut = text.rfind(mark, least, limit)
        if cut > 0:
            return cut + len(mark)
    return limit
