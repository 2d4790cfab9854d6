"""What the index holds: kinds of documents, the columns of a document, and how much a word in each counts."""

from dataclasses import dataclass

KINDS = ("wiki", "claims", "text")  # where a result can be; a document's kind is a place in it
WIKI, CLAIMS, TEXT = range(3)
COLUMNS = ("title", "aliases", "headings", "tags", "body")
NAMING = 4  # the first so many columns: what a document is called and is about
COLUMN_WEIGHTS = (10.0, 8.0, 3.0, 4.0, 1.0)
KIND_WEIGHTS = (1.0, 0.7, 0.6)  # a page is more than a claim, which is short, and both are more than raw text
MAX_CHARS = 20_000_000  # of one file; what is behind them is not found


@dataclass(frozen=True, slots=True)
class FoundClaim:
    """A claim of a source page, as `nightdesk show` follows it."""

    id: str
    statement: str
    quote: str
    place: str  # in the source: "Method, p. 4, line 120"


@dataclass(frozen=True, slots=True)
class Document:
    """One thing that can be found. The columns are in the index's form (see tokens.index_form)."""

    kind: int
    columns: tuple[str, str, str, str, str]
    title: str
    type: str
    tags: tuple[str, ...]  # folded, without "#"
    day: str  # ISO date, "" where the file names none
    names: tuple[str, ...]  # folded: title, aliases and base name
    claim: FoundClaim | None
