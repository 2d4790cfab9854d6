"""The page of one source: what it says, claim by claim, each with its quote."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote as percent_encode

from nightdesk.agents.boundary import visible
from nightdesk.base.pages import Page, iso_date, make_page, short_hash
from nightdesk.wiki.claims import render_citation, render_claim
from nightdesk.wiki.escaping import escape_line, escape_markdown
from nightdesk.wiki.kept_reading import ideas_kept, names_kept
from nightdesk.wiki.reading import Reading

FORM = 1  # changes when the same reading gives another page
FOLDER = "wiki/sources"
_PAGE = re.compile(r"(?:^|, )p\. \d+$")  # not the end of "Chap. 12"


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What is known of a source beside its reading."""

    name: str  # base name of its page
    title: str
    raw: str  # path of the raw file, relative to the desk
    raw_sha256: str
    text: str  # path of the text that was read; the raw file itself where that is text
    text_sha256: str
    kind: str
    language: str
    words: int
    author: str | None
    published: str | None  # ISO date, or year and month, or year
    url: str | None
    images: tuple[str, ...]  # paths relative to the desk
    also: tuple[str, ...] = field(default=(), repr=False)  # names that it had before one was decided

    @property
    def path(self) -> str:
        """The page's path, relative to the desk."""
        return f"{FOLDER}/{self.name}.md"


def source_page_hash(facts: SourceFacts, reading_key: str, generator: str) -> str:
    """Return the hash of all that a source's page is made from."""
    return short_hash(repr((FORM, facts, reading_key, generator, *facts.also)))


@dataclass(frozen=True, slots=True)
class ReadByAi:
    """An AI's reading as it was accepted, which the page must be able to give back, and the hash of its task."""

    key: str
    reading: Reading


def render_source_page(
    facts: SourceFacts, reading: Reading, *, generator: str, made_from: str, ai: ReadByAi | None = None
) -> Page:
    """Return the page of a source."""
    concepts = sorted({name for claim in reading.claims for name in claim.concepts})
    values: Mapping[str, Any] = {
        "type": "source",
        "title": facts.title,
        "aliases": [name for name in dict.fromkeys((facts.title, *facts.also)) if name != facts.name],
        "tags": ["source", facts.kind],
        "author": facts.author,
        "published": iso_date(facts.published) or facts.published,
        "url": facts.url,
        "language": facts.language,
        "words": facts.words,
        "claims": len(reading.claims),
        "concepts": [f"[[{name}]]" for name in concepts],
        "summary": reading.claims[reading.summary[0]].statement if reading.summary else None,
        "names": names_kept(ai.reading) if ai else None,
        "suggests": ideas_kept(ai.reading) if ai else None,
        "sources": [
            {"path": facts.raw, "sha256": facts.raw_sha256, "text": facts.text, "text_sha256": facts.text_sha256}
        ],
        "generated": {"by": generator},
        "status": "verified",
    }
    return make_page(values, _body(facts, reading), made_from=made_from, hand_in=ai.key if ai else None)


def _body(facts: SourceFacts, reading: Reading) -> str:
    parts = [f"# {escape_markdown(facts.title)}\n"]
    lead = " ".join(
        f"{(escape_line if k == 1 else escape_markdown)(reading.claims[n].statement)}"
        f" {render_citation(facts.name, reading.claims[n].id, str(k))}"
        for k, n in enumerate(reading.summary, 1)
    )
    parts += [f"{lead}\n"] if lead else []
    links = [file_link(facts.raw)] + ([file_link(facts.text)] if facts.text != facts.raw else [])
    parts.append(f"Source: {', read as '.join(links)}\n")
    parts += [f"{_embed(image)}\n" for image in facts.images]
    parts.append("## Claims\n")
    parts += _claims_by_section(reading)
    if not reading.claims:
        parts.append("No sentence of this source stands well enough alone to be a claim.\n")
    if reading.questions:
        parts.append("## Open questions\n")
        parts.append("".join(render_claim(question) for question in reading.questions))
    return "\n".join(parts)


def _claims_by_section(reading: Reading) -> Sequence[str]:
    """Return headings and claims in text order; a section's heading is the first part of the claims' places."""
    parts: list[str] = []
    section, lines = "", ""
    for claim in reading.claims:
        heading = _heading(claim.place)
        if heading != section and lines:
            parts.append(lines)
            lines = ""
        if heading and heading != section:
            parts.append(f"### {escape_markdown(heading)}\n")
        section = heading
        lines += render_claim(claim)
    return [*parts, lines] if lines else parts


def _heading(place: str) -> str:
    """Return the heading of a place in words: all before its page and line."""
    before_line = place.rpartition("line ")[0].removesuffix(", ")
    return _PAGE.sub("", before_line)


def _embed(image: str) -> str:
    """Return what shows an image of the desk; a name with the characters of wikilinks needs the other form."""
    return f"![[{image}]]" if not re.search(r"[\[\]|#^\\]", image) else f"![](../../{percent_encode(image)})"


def file_link(path: str, *, up: str = "../../") -> str:
    """Return a Markdown link from a page two folders down to a file of the desk, safe for any file name."""
    return f"[{escape_markdown(visible(path))}]({up}{percent_encode(path)})"


def title_from_path(path: str) -> str:
    """Return a title for a source that has none: its file name, read as words."""
    stem = PurePosixPath(path).stem
    words = stem.replace("_", " ").replace("-", " ").split() if " " not in stem else stem.split()
    title = " ".join(words) or stem
    return title[:1].upper() + title[1:]
