"""Markdown notes line by line: what stands outside of code is rewritten, code stays as it is."""

import re
from collections.abc import Callable, Iterator

_FENCE = re.compile(r"(?:[ \t]*(?:[-*+>]|\d{1,9}[.)])[ \t]+){0,5}[ \t]*(`{3,}|~{3,})")
_CODE_SPAN = re.compile(r"(`+[^`\n]+`+)")


def rewrite_prose(text: str, rewrite: Callable[[str], str]) -> str:
    """Return `text` with `rewrite` applied to each piece of a line that is in no fence and no code span."""
    return "\n".join(_lines(text, rewrite))


def _lines(text: str, rewrite: Callable[[str], str]) -> Iterator[str]:
    opened = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if opened:
            if mark and mark[1].startswith(opened) and not line.strip(" \t>`~"):
                opened = ""
            yield line
        elif mark and not (mark[1][0] == "`" and "`" in line[mark.end() :]):
            opened = mark[1]
            yield line
        else:
            pieces = _CODE_SPAN.split(line)
            yield "".join(piece if n % 2 else rewrite(piece) for n, piece in enumerate(pieces))
