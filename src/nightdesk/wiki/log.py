"""log.md: the diary of the desk, appended to and never rewritten."""

from collections.abc import Sequence
from datetime import date

from nightdesk.agents.boundary import visible
from nightdesk.base.desk import Desk
from nightdesk.base.files import write_atomically
from nightdesk.wiki.escaping import escape_markdown

PATH = "wiki/log.md"
_HEAD = "---\ntype: log\ntitle: Log\n---\n# Log\n"


def append_log(desk: Desk, operation: str, title: str, lines: Sequence[str], *, today: date) -> str:
    """Append `## [2026-11-22] compile | title` and its lines, and return the log's path relative to the desk."""
    file = desk.root / PATH
    try:
        before = file.read_bytes()  # not text: what a person wrote there stays to the byte
    except FileNotFoundError:
        before = _HEAD.encode("utf-8")
    entry = f"\n## [{today.isoformat()}] {operation} | {' '.join(title.split())}\n"
    body = "".join(f"- {escape_markdown(visible(line))}\n" for line in lines)
    added = "\n" + entry + (f"\n{body}" if body else "")
    write_atomically(file, before.rstrip(b"\r\n") + added.encode("utf-8", "replace"))
    return PATH
