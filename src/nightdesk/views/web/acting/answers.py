"""An answer as HTML: its sentences part by part, what each rests on, or what the desk lacks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nightdesk.views.web.files import vault_file
from nightdesk.views.web.prose import render
from nightdesk.views.web.viewer import Viewer
from nightdesk.views.web.wiki.place import VaultPlace
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.answering.filing import FOLDER, answer_page
from nightdesk.wiki.answering.replies import Reference, Reply, counts, nearest, told_cost
from nightdesk.wiki.catalogue.catalogue import Catalogue

_HERE = f"{FOLDER}/answer.md"  # where links of an answer start, filed or not
_NEAREST = 4  # passages that are shown where the desk does not know
_WORDS = "\n## Words of the sources\n"  # the end of a filed page: here each reference tells them
_ITEM = re.compile(r"(?=^- )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rest:
    """What a sentence rests on, with where it can be read."""

    reference: Reference
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Near:
    """What comes near to an answer that there is not."""

    text: str
    title: str
    url: str


def answer_values(viewer: Viewer, reply: Reply) -> dict[str, Any]:
    """Return what a reply shows: HTML of its parts, its references, what was read, what it cost, and its notes."""
    catalogue = viewer.catalogue
    read = counts(reply.answer.read, reply.answer.seen)
    return {
        "reply": reply,
        "parts": _parts(viewer, catalogue, reply),
        "rests": [_rest(viewer, catalogue, one) for one in reply.references],
        "near": [] if reply.knows else [_near(viewer, one) for one in nearest(reply.answer, most=_NEAREST)],
        "read": read,
        "cost": told_cost(reply.cost),
    }


def _parts(viewer: Viewer, catalogue: Catalogue, reply: Reply) -> list[str]:
    """Return the answer as HTML, a part for each paragraph, list item or table."""
    if not reply.knows:
        return []
    # as a filed page would say it: words of a text are cited by a link to their file
    body = answer_page(reply, name="answer").body.partition("\n\n")[2].partition(_WORDS)[0]
    place = VaultPlace(viewer, catalogue)
    return [render(part, place=place, path=_HERE).html for part in _pieces(body)]


def _pieces(body: str) -> Iterator[str]:
    if "```" in body or "~~~" in body:  # a blank line may stand within
        yield body
        return
    for block in re.split(r"\n\s*\n", body):
        yield from (part for part in _ITEM.split(block) if part.strip())


def _rest(viewer: Viewer, catalogue: Catalogue, reference: Reference) -> Rest:
    path = catalogue.named(reference.page) if reference.page else None
    entry = catalogue.entries.get(path) if path else None
    title = entry.title if entry else reference.source or reference.path
    if entry and reference.claim:
        return Rest(reference, title, viewer.urls.source(entry.path, reference.claim) or viewer.urls.page(entry.path))
    is_shown = vault_file(viewer, reference.path) is not None
    return Rest(reference, title, viewer.urls.file(reference.path) if is_shown else "")


def _near(viewer: Viewer, passage: Passage) -> Near:
    entry = viewer.catalogue.entries.get(passage.path)
    if entry is None:
        return Near(passage.text, passage.path, "")
    fragment = f"^{passage.claim}" if passage.claim else ""
    return Near(passage.text, entry.title, viewer.urls.page(entry.path, fragment))
