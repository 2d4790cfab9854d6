"""Puts an idea file together: frontmatter, the sections, and the evidence that they refer to."""

from collections.abc import Mapping, Sequence
from typing import Any

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_paths
from nightdesk.base.lock import hold_lock
from nightdesk.base.names import safe_name
from nightdesk.base.pages import MARK, Page, parse_page, render_front
from nightdesk.wiki.escaping import escape_line, escape_markdown
from nightdesk.wiki.ideas.drafting import REFERENCE, used
from nightdesk.wiki.ideas.form import EVIDENCE, FOLDER, MAX_CHARS, MAX_TITLE, OPEN, SECTIONS, STEPS, TYPE
from nightdesk.wiki.ideas.material import Material, Measured, Source, Statement

_ORDER = (*SECTIONS, STEPS, OPEN)
_MAX_SUMMARY = 200


def compose(
    title: str, sections: Mapping[str, str], material: Material, *, summary: str, by: str, license_line: str = ""
) -> str:
    """Return the text of an idea file; only evidence that a section refers to goes into it.

    References keep their numbers: checks call statements by them.
    """
    numbers = used(list(sections.values()))
    texts = {**sections, EVIDENCE: _evidence(material, numbers)}
    values: dict[str, Any] = {
        "type": TYPE,
        "title": title,
        "summary": _short(summary),
        "tags": [TYPE],
        "made_from": list(material.made_from),
        "license": license_line or None,
        "generated": {"by": by},
    }
    body = "\n".join(f"## {name}\n\n{texts[name].strip()}\n" for name in _ORDER if texts.get(name, "").strip())
    page = Page(render_front(values), f"# {escape_line(title)}\n\n{body}")
    return Page({**page.front, **render_front({MARK: {"content": page.content_hash}})}, page.body).text


def _short(text: str) -> str:
    line = " ".join(REFERENCE.sub("", text).split())
    return line if len(line) <= _MAX_SUMMARY else line[:_MAX_SUMMARY].rpartition(" ")[0] + "…"


def _evidence(material: Material, numbers: Sequence[int]) -> str:
    every: list[Statement | Measured] = [*material.statements, *material.measured]
    return "\n".join(_item(number, every[number - 1]) for number in numbers if 0 < number <= len(every))


def _item(number: int, one: Statement | Measured) -> str:
    head = f"- **[{number}]** "  # not a numbered list: Markdown would count anew where a number is left out
    if isinstance(one, Measured):
        said = "".join(f"  - {escape_line(line)}\n" for line in (*one.lines, one.setting) if line)
        return f"{head}{escape_line(one.title)}: measured by whoever made this idea.\n{said}"
    if one.text.split() == one.quote.split():
        return f'{head}"{escape_markdown(one.quote)}"\n  {_where(one.source)}\n'
    quote = f'  > "{escape_markdown(one.quote)}"'
    return f"{head}{escape_line(one.text)}\n\n{quote}\n  >\n  > {_where(one.source)}\n"


def _where(source: Source) -> str:
    told = [escape_markdown(part) for part in (source.title, source.author, source.date) if part]
    return f"{', '.join(told)}. " + (f"<{source.url}>" if source.url else "No public address.")


def check_title(title: str) -> str:
    """Return a title as the file keeps it. Raises DeskError for one that will not do."""
    line = " ".join(title.split())
    if not line or len(line) > MAX_TITLE or not line.isprintable() or not any(c.isalnum() for c in line):
        raise DeskError(f"a title has 1 to {MAX_TITLE} printable characters", fix="give it another one")
    return line


def idea_path(title: str) -> str:
    """Return where the idea of this title goes on a desk."""
    return f"{FOLDER}/{safe_name(title)}.md"


def write_idea(desk: Desk, title: str, text: str, *, replace: bool = False) -> str:
    """Write an idea file as one commit and return its path.

    Raises DeskError where there is one that a person has edited, or one at all without `replace`.
    """
    path = idea_path(title)
    file = desk.root / path
    if len(text) > MAX_CHARS:
        raise DeskError(f"the idea has {len(text):,} characters, more than {MAX_CHARS:,}", fix="make it from less")
    with hold_lock(desk.cache / "lock", doing="writing an idea"):
        if (desk.root / FOLDER).is_symlink() or file.is_symlink():
            raise DeskError(f"{path} is a link, or lies in one", fix="put the file or folder itself there")
        if file.exists():
            _may_replace(file.read_text(encoding="utf-8", errors="replace"), path, replace=replace)
        write_atomically(file, text)
        commit_paths(desk.root, [path], f"idea: {title}")
    return path


def _may_replace(text: str, path: str, *, replace: bool) -> None:
    try:
        edited = parse_page(text).edited
    except DeskError:
        edited = True
    if edited:
        raise DeskError(f"{path} is there and was edited", fix="give another title, or move it away")
    if not replace:
        raise DeskError(f"{path} is there already", fix="give another title, or write it anew with --replace")


def summary_of(sections: Mapping[str, str], name: str) -> str:
    """Return the first line of a section that says something, as plain text."""
    for line in sections.get(name, "").splitlines():
        words = line.strip().lstrip("-*> ").strip()
        if words and not words.startswith("[!"):
            return words
    return ""
