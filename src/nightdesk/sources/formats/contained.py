"""What somebody wrote, as Markdown that stays where it is put: no heading, no HTML, nothing left open behind it."""

import re

from nightdesk.base.markdown import markdown_events
from nightdesk.sources.formats.converted import clean_text, escape_tags, fence, one_line

MAX_NAME = 60  # characters of a speaker's name in a heading

_FENCE = re.compile(r"(?:[ \t]*(?:[-*+>]|\d{1,9}[.)])[ \t]+){0,5}[ \t]*(?:(`{3,})[^`]*|(~{3,}).*)$")
_CONTAINERS = r"(?:[ \t]*(?:[-*+>]|\d{1,9}[.)])(?=[ \t])){0,20}"
_HEADING = re.compile(rf"({_CONTAINERS}[ \t]*)(#{{1,6}})(?:[ \t]+(.*))?$")
_UNDERLINE = re.compile(r"((?:[ \t]*>){0,20})[ \t]*(?:=+|-+)[ \t]*$")
_CODE_SPAN = re.compile(r"(`+[^`\n]+`+)")
_ADDRESS = re.compile(r"<(https?://[^<>\s]{1,2000}|mailto:[^<>\s]{1,500})>")
_MARKUP = re.compile(r"[\[\]<>`*_#|\\^$~]+")


def contain(text: str) -> str:
    """Return a message as Markdown under a heading of ours: its own headings in bold, its tags as text, fences closed.

    So whatever stands below the heading was said by whom the heading names. A text that the rules here do not tame
    (a heading hidden in containers) comes back as one block of code, word for word.
    """
    text = clean_text(text).replace("\r\n", "\n").replace("\r", "\n")
    lines: list[str] = []
    opened = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if opened:
            lines.append(line)
            run = (mark[1] or mark[2]) if mark else ""
            if run.startswith(opened) and not line.strip(" \t>`~"):
                opened = ""
        elif mark:
            opened = mark[1] or mark[2]
            lines.append(line)
        else:
            lines += _settled(line, above=lines[-1] if lines else "")
    if opened:
        lines.append(opened)
    settled = "\n".join(lines).strip("\n")
    return settled if _stays_inside(settled) else fence(text, "text")


def spoken_heading(level: int, *parts: str | None) -> str:
    """Return a heading of `level` from names and times, without Markdown in them: "### Ada, 2024-05-01 10:02 UTC"."""
    words = [one_line(_MARKUP.sub(" ", part), MAX_NAME) for part in parts if part]
    return f"{'#' * level} {', '.join(word for word in words if word) or 'unnamed'}"


def plain_line(text: str | None, limit: int = 200) -> str:
    """Return outside words on one line without Markdown's signs, "" for nothing."""
    return one_line(_MARKUP.sub(" ", text or ""), limit) or ""


def _settled(line: str, *, above: str) -> list[str]:
    """Return what stands for one line outside of fences."""
    if underline := _UNDERLINE.match(line):
        if not above.strip() and not underline[1]:
            return [line]
        return [underline[1], *([] if underline[1] or "=" in line else [line])]  # no text becomes a heading by it
    if heading := _HEADING.match(line):
        words = escape_tags((heading[3] or "").rstrip("# \t").replace("**", ""))
        return [f"{heading[1]}**{words}**", ""] if words.strip() else [heading[1]]
    pieces = _CODE_SPAN.split(_ADDRESS.sub(r"\1", line))
    return ["".join(piece if n % 2 else escape_tags(piece) for n, piece in enumerate(pieces))]


def _stays_inside(text: str) -> bool:
    """Say whether headings put around `text` are the only ones, and both are read as headings."""
    document = f"# a\n\n{text}\n\n# b\n"
    body = document.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    starts = [
        span["start"]
        for event, span in markdown_events(body)
        if isinstance(event, dict) and isinstance(event.get("Start"), dict) and "Heading" in event["Start"]
    ]
    return starts == [0, len(body.encode()) - len("# b\n")]
