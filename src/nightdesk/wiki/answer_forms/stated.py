"""The statements of an answer, whoever wrote it, each with the numbers of what it rests on."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nightdesk.agents.boundary import visible
from nightdesk.wiki.answering.replies import Reference, Reply
from nightdesk.wiki.cited_sentences import PageText
from nightdesk.wiki.claims import find_citations
from nightdesk.wiki.places import TextPlaces
from nightdesk.wiki.prose.language import detect_language

_LINK = re.compile(r"\[\[(?:[^\[\]|]{1,300}\|)?([^\[\]|]{1,300})\]\]")


@dataclass(frozen=True, slots=True)
class Stated:
    """One statement, as plain text on one line."""

    text: str
    group: str  # what it belongs to: a page, or the heading above it; "" for none
    references: tuple[int, ...]  # numbers, never empty


def statements_of(reply: Reply) -> tuple[Stated, ...]:
    """Return the statements of an answer in their order; what cites nothing is left out."""
    if reply.said:
        return tuple(Stated(one_line(one.text), one_line(one.page), one.references) for one in reply.said)
    by_key = {(r.page, r.claim): r.number for r in reply.references if r.claim}
    found, group = [], ""
    for sentence in PageText(reply.body, language=detect_language(reply.body)).sentences:
        if sentence.kind in ("heading", "head"):
            group = one_line(sentence.text) if sentence.kind == "heading" else group
            continue
        labels = [c.label for c in find_citations(reply.body[sentence.start : sentence.end])]
        numbers = [int(label) for label in labels if label.isdecimal()]
        numbers += [by_key[key] for key in sentence.cited if key in by_key]
        numbers = [n for n in dict.fromkeys(numbers) if 1 <= n <= len(reply.references)]
        if numbers:
            found.append(Stated(one_line(_LINK.sub(r"\1", sentence.text)), group, tuple(numbers)))
    return tuple(found)


def one_line(text: str) -> str:
    """Return a text from outside as one line without hidden characters."""
    return " ".join(visible(text).split())


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` characters, cut at a word."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    return (head.rpartition(" ")[0] or head).rstrip(" ,;:") + "…"


def name_of(reference: Reference) -> str:
    """Return what a reference's source is called: its page, else its file."""
    return one_line(reference.page or reference.source or reference.path)


def quote_of(reference: Reference) -> str:
    """Return the words of a reference as they are read, without their Markdown."""
    return one_line(TextPlaces.plain(reference.quote))


def where_of(reference: Reference) -> str:
    """Return where its words stand: source, date and place, on one line."""
    parts = (name_of(reference), one_line(reference.date), one_line(reference.place))
    return "; ".join(part for part in parts if part)


def page_target(page: str, claim: str = "") -> str:
    """Return the address of a source page, or of a claim on it, as seen from wiki/answers/."""
    return f"../sources/{url_path(page)}.md" + (f"#^{claim}" if claim else "")


def url_path(path: str) -> str:
    """Return a path as a URL has it: what could end a link or begin markup as `%` and two digits."""
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), path)


_UNSAFE = re.compile(r"[^\w./-]", re.ASCII)


def target_of(reference: Reference) -> str:
    """Return where a reference leads to from wiki/answers/: to its claim, else to the file with its words."""
    if reference.claim and reference.page:
        return page_target(reference.page, reference.claim)
    return f"../../{url_path(reference.path)}"


def used(references: Iterable[Reference], stated: Iterable[Stated]) -> tuple[Reference, ...]:
    """Return the references that these statements rest on, in the order of their numbers."""
    numbers = {number for one in stated for number in one.references}
    return tuple(reference for reference in references if reference.number in numbers)
