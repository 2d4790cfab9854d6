"""Answers filed under wiki/answers/: pages of their own kind, which are never evidence for other pages."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_by_hand
from nightdesk.base.names import name_key, safe_name, with_suffix
from nightdesk.base.pages import MARK, Page, parse_page, render_front
from nightdesk.wiki.answering.replies import Reference, Reply, text_link
from nightdesk.wiki.claims import find_citations
from nightdesk.wiki.escaping import escape_line, escape_markdown
from nightdesk.wiki.index import Entry
from nightdesk.wiki.library import page_paths, read_page
from nightdesk.wiki.naming import RESERVED

FOLDER = "wiki/answers"
TYPE, SLIDES = "answer", "slides"
_MAX_TITLE = 120  # characters


def file_answer(desk: Desk, reply: Reply) -> str:
    """Write an answer as a page and return its path.

    The page of an earlier answer to the same question is replaced; one that a person has edited goes into git first.
    Raises DeskError where the desk does not know: that is no answer.
    """
    if not reply.knows:
        raise DeskError("the desk does not know, so there is no answer to file", fix="ask without --save")
    path = answer_path(desk, reply.question)
    if (desk.root / path).exists():
        commit_by_hand(desk.root, [path])
    write_atomically(desk.root / path, answer_page(reply, name=Path(path).stem).text.encode("utf-8", "replace"))
    return path


def answer_page(reply: Reply, *, name: str) -> Page:
    """Return the page of an answer. It has a mark, but none by which a compile would take it for its own."""
    title = title_of_question(reply.question)
    sources = list(dict.fromkeys(f"[[{r.page}]]" for r in reply.references if r.page))
    values: dict[str, Any] = {
        "type": TYPE,
        "title": title,
        "aliases": [title] if name != title else [],
        "question": reply.question,
        "summary": _summary(reply),
        "sources": sources,
        "generated": {"by": reply.worker},
        "status": "verified" if all(reference.quote for reference in reply.references) else "unverified",
    }
    body = f"# {escape_line(title)}\n\n{_with_text_links(reply.body, reply.references)}"
    quotes = "".join(_quoted(reference) for reference in reply.references if not reference.claim)
    page = Page(render_front(values), f"{body.rstrip()}\n\n## Words of the sources\n\n{quotes}" if quotes else body)
    return Page({**page.front, **render_front({MARK: {"content": page.content_hash}})}, page.body)


def title_of_question(question: str) -> str:
    """Return a question as a title: one line without its mark, cut at a word."""
    title = " ".join(question.split()).rstrip(" ?？.!")
    if len(title) > _MAX_TITLE:
        title = title[:_MAX_TITLE].rpartition(" ")[0] or title[:_MAX_TITLE]
    return title or "Answer"


def _summary(reply: Reply) -> str:
    if reply.said:
        return reply.said[0].text
    body = reply.summary or reply.body.partition("\n## ")[0]
    parts, done = [], 0
    for citation in find_citations(body):
        parts.append(body[done : citation.start])
        done = citation.end
    words = " ".join("".join([*parts, body[done:]]).split()).removeprefix("- ")
    return words if len(words) <= 200 else words[:200].rpartition(" ")[0] + "…"


def _with_text_links(body: str, references: Iterable[Reference]) -> str:
    """Return a body in which words of a text are cited by a link to the file: they have no block to link to."""
    by_number = {str(reference.number): reference for reference in references if not reference.claim}
    parts, done = [], 0
    for citation in find_citations(body):
        reference = by_number.get(citation.label)
        if reference is not None:
            parts += [body[done : citation.start], text_link(reference)]
            done = citation.end
    return "".join([*parts, body[done:]])


def _quoted(reference: Reference) -> str:
    date = f", {reference.date}" if reference.date else ""
    where = f"{reference.source or reference.path}{date}; {reference.place}"
    return f'- "{escape_markdown(reference.quote)}" ({escape_markdown(where)})\n'


def answer_path(desk: Desk, question: str) -> str:
    """Return where the answer to a question goes: over an earlier answer to it, else to a free name."""
    taken = {name_key(name): "" for name in RESERVED}
    taken |= {name_key(Path(path).stem): path for path in page_paths(desk)}
    for name in _names(safe_name(title_of_question(question))):
        there = taken.get(name_key(name))
        path = f"{FOLDER}/{name}.md"
        if there is None and not (desk.root / path).exists():
            return path
        if there == path and _answers(desk, path, question):
            return path
    raise AssertionError("names never end")


def _names(plain: str) -> Iterator[str]:
    yield plain
    yield with_suffix(plain, "answer")
    number = 2
    while True:
        yield with_suffix(plain, f"answer {number}")
        number += 1


def _answers(desk: Desk, path: str, question: str) -> bool:
    try:
        page = read_page(desk, path).page
    except DeskError:
        return False
    return bool(page.value("type") == TYPE and page.value("question") == question)


def answer_entries(desk: Desk, paths: Iterable[str]) -> list[Entry]:
    """Return the lines of the index for the answers among `paths`; one that cannot be read has none."""
    found = []
    for path in sorted(paths):
        if not path.startswith(f"{FOLDER}/"):
            continue
        try:
            page = parse_page((desk.root / path).read_text(encoding="utf-8"))
        except (DeskError, UnicodeDecodeError, OSError):
            continue
        if page.value("type") in (TYPE, SLIDES):
            found.append(Entry(Path(path).stem, TYPE, None, str(page.value("summary") or ""), None))
    return found
