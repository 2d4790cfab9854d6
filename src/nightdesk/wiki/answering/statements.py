"""What a desk says, one statement at a time: its claims, the sentences of its pages, those of its sources' texts."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.markdown import frontmatter_end
from nightdesk.base.names import name_key
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.cited_sentences import PageText
from nightdesk.wiki.claims import Claim, parse_claims
from nightdesk.wiki.contradictions.page import read_kept, wrong_claims
from nightdesk.wiki.library import Shelved, page_paths, read_page, source_entry
from nightdesk.wiki.proof.support import unsupported
from nightdesk.wiki.prose.language import detect_language
from nightdesk.wiki.prose.sentences import Sentence, split_sentences
from nightdesk.wiki.tables import table_rows

MAX_TEXT = 2_000_000  # characters of one file that are looked at
_WHOLE = 200_000  # a longer text is read around the words of the question only
_MAX_PARTS = 150  # paragraphs of such a text
_MAX_STATEMENT = 700  # characters; a longer one is no sentence
_CELL_END = re.compile(r"(?<!\\)\|")
_FOLDERS = ("raw/", "text/")


@dataclass(frozen=True, slots=True)
class Statement:
    """A passage, and what stands around it."""

    passage: Passage
    near: str  # heading, title, the sentence before
    cells: tuple[tuple[str, str], ...] = ()  # of a row of a table: head and cell


class Statements:
    """Reads statements from the files of a desk, each file once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pages: dict[str, Shelved | None] = {}
        self._claims: dict[str, Mapping[str, Claim]] = {}
        self._texts: dict[str, tuple[Statement, ...]] = {}
        self._sentences: dict[str, tuple[Statement, ...]] = {}
        self._sources: dict[str, Mapping[str, Any]] = {}
        self._denied: set[tuple[str, str]] = set()  # source page, quote of a wrong claim on it

    def page(self, path: str) -> Shelved | None:
        """Return a page, None where it cannot be read."""
        if path not in self._pages:
            try:
                self._pages[path] = read_page(self._desk, path)
            except DeskError:
                self._pages[path] = None
        return self._pages[path]

    @cached_property
    def _paths(self) -> Mapping[str, str]:
        return {name_key(Path(path).stem): path for path in page_paths(self._desk)}

    @property
    def names(self) -> Mapping[str, str]:
        """The base name of each page, by its name key."""
        return {key: Path(path).stem for key, path in self._paths.items()}

    def path_of(self, name: str) -> str | None:
        """Return the path of the page with this base name, None for none."""
        return self._paths.get(name_key(name))

    @cached_property
    def _page_of_raw(self) -> Mapping[str, str]:
        """Base names of the source pages, by raw path."""
        pages = (path for path in self._paths.values() if path.startswith("wiki/sources/"))
        return {raw: Path(path).stem for path in pages if (raw := self.raw_of(path))}

    def page_of_raw(self, raw: str) -> str:
        """Return the base name of the page of the source with this raw path, "" where it has none."""
        return self._page_of_raw.get(raw, "")

    def raw_of(self, path: str) -> str:
        """Return the raw file that the source page at `path` tells of, "" where it names none."""
        return str(self._source(path).get("path", ""))

    def text_of(self, path: str) -> str:
        """Return the file that the quotes of a source page stand in, "" where it names none."""
        return str(self._source(path).get("text", ""))

    def published(self, name: str) -> str:
        """Return when the source with this page was published, "" where it does not say."""
        page = self.page(self.path_of(name) or "") if name else None
        value = page.page.value("published") if page else None
        return str(value) if value else ""

    def _source(self, path: str) -> Mapping[str, Any]:
        if path not in self._sources:
            page = self.page(path)
            self._sources[path] = source_entry(page.page) if page and page.page.value("type") == "source" else {}
        return self._sources[path]

    def claims_of(self, path: str) -> Mapping[str, Claim]:
        """Return the claims on a page, by id; without those that a person found to be wrong."""
        if path not in self._claims:
            page = self.page(path)
            claims = parse_claims(page.page.body) if page else ()
            self._denied |= {(path, " ".join(c.quote.split())) for c in claims if c.id in self._wrong}
            self._claims[path] = {claim.id: claim for claim in claims if claim.id not in self._wrong}
        return self._claims[path]

    @cached_property
    def _wrong(self) -> frozenset[str]:
        """The claims that a person found to be wrong: nothing is answered with them."""
        return wrong_claims(read_kept(self._desk).items.values())

    def claim(self, page: str, identity: str) -> Claim | None:
        """Return the claim that a citation leads to, None where there is none."""
        path = self.path_of(page)
        return self.claims_of(path).get(identity) if path else None

    def of_page(self, path: str) -> tuple[Statement, ...]:
        """Return the sentences of a page that cite claims there are and agree with them."""
        if path not in self._sentences:
            shelved = self.page(path)
            self._sentences[path] = tuple(self._cited(shelved)) if shelved else ()
        return self._sentences[path]

    def _cited(self, shelved: Shelved) -> Iterator[Statement]:
        kind, status = shelved.page.value("type"), shelved.page.value("status")
        if kind == "source" or (kind == "answer" and status != "promoted"):
            return  # a source's claims are found as such; an answer is no evidence for another until it is promoted
        language = str(shelved.page.value("language") or "en")
        body = shelved.page.body
        before = ""
        for sentence in PageText(body, language=language).sentences:
            if sentence.kind == "heading":
                before = sentence.text
            if sentence.kind != "prose" or not sentence.cited or len(sentence.text) > _MAX_STATEMENT:
                continue
            claims = [self.claim(*key) for key in sentence.cited]
            words = [text for claim in claims if claim for text in (claim.statement, claim.quote)]
            if None in claims or unsupported(sentence.text, words, known_names=(shelved.name,), language=language):
                continue
            line = shelved.page.text.count("\n", 0, len(shelved.page.text) - len(body) + sentence.start) + 1
            source = self.raw_of(self.path_of(sentence.cited[0][0]) or "")
            passage = Passage(
                sentence.text, "page", shelved.path, line, before, shelved.name, "", source, 0.0, cites=sentence.cited
            )
            yield Statement(passage, f"{shelved.name} {before}")

    def of_text(self, path: str, wanted: Collection[str]) -> tuple[Statement, ...]:
        """Return the sentences and table rows of a source's text; of a long one those around `wanted` words."""
        if path in self._texts:
            return self._texts[path]
        text = _read(self._desk, path)
        if len(text) > _WHOLE:
            return tuple(self._in_text(path, _around(text, wanted)))
        self._texts[path] = tuple(self._in_text(path, text))
        return self._texts[path]

    def _in_text(self, path: str, text: str) -> Iterator[Statement]:
        raw = path if path.startswith("raw/") else f"raw/{path.removeprefix('text/').removesuffix('.md')}"
        page = self._page_of_raw.get(raw, "")
        title = page or Path(path).stem
        home = self.path_of(page) if page and self._wrong else None
        if home:
            self.claims_of(home)
        before: Sentence | None = None
        for sentence in split_sentences(text, language=detect_language(text)):
            if sentence.kind in ("heading", "cell") or len(sentence.text) > _MAX_STATEMENT or not sentence.text:
                continue
            if (home, " ".join(sentence.quote.split())) in self._denied:
                continue
            heading = sentence.headings[-1] if sentence.headings else ""
            leads = before.text if before and before.headings == sentence.headings else ""
            passage = Passage(
                sentence.text, "text", path, sentence.line, heading, page, "", raw, 0.0, exact=sentence.quote
            )
            yield Statement(passage, f"{title} {' '.join(sentence.headings)} {leads}")
            before = sentence
        yield from _rows(path, text, Passage("", "text", path, 1, "", page, "", raw, 0.0), title)


def _read(desk: Desk, path: str) -> str:
    """Return a text with blanks in place of its frontmatter: its lines keep their numbers."""
    if not path.startswith(_FOLDERS):
        return ""
    try:
        with (desk.root / path).open(encoding="utf-8", errors="replace", newline="") as file:
            text = file.read(MAX_TEXT).replace("\r\n", "\n").removeprefix("\ufeff")
    except OSError:
        return ""
    end = frontmatter_end(text)
    return re.sub(r"[^\n]", " ", text[:end]) + text[end:]


def _around(text: str, wanted: Collection[str]) -> str:
    """Return a long text with blanks in place of the paragraphs that have the fewest of the wanted words."""
    parts = re.split(r"(\n[ \t]*\n)", text)
    counts = {n: sum(word in part.lower() for word in wanted) for n, part in enumerate(parts) if not n % 2}
    best = sorted((n for n in counts if counts[n]), key=lambda n: (-counts[n], n))[:_MAX_PARTS]
    kept = set(best) | {n for n in counts if parts[n].lstrip().startswith("#") and len(parts[n]) < 200}
    return "".join(part if n % 2 or n in kept else re.sub(r"[^\n]", " ", part) for n, part in enumerate(parts))


def _rows(path: str, text: str, like: Passage, title: str) -> Iterator[Statement]:
    """Yield the rows of tables, each cell with the head of its column."""
    lines = text.split("\n")
    head: list[str] = []
    for number, row in table_rows(text).items():
        line = lines[number - 1]
        cells = [" ".join(cell.replace("\\|", "|").split()) for cell in _CELL_END.split(line.strip().strip("|"))]
        if row.number == 0:
            head = cells
            continue
        pairs = tuple((name, cell) for name, cell in zip(head, cells, strict=False) if cell)
        shown = row_text(pairs)
        if pairs and len(shown) <= 4 * _MAX_STATEMENT:
            passage = replace(like, text=shown, line=number, exact=" ".join(line.split()))
            yield Statement(passage, title, pairs)


def row_text(pairs: tuple[tuple[str, str], ...]) -> str:
    """Return cells as one line of words."""
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs)
