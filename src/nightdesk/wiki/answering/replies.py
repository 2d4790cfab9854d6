"""An answer as it is given to a person: its sentences, each with numbered references down to the quotes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nightdesk.wiki.answering.answers import Answer, Passage
from nightdesk.wiki.answering.statements import Statements
from nightdesk.wiki.claims import find_citations, render_citation
from nightdesk.wiki.escaping import escape_line, escape_markdown
from nightdesk.wiki.tables import table_rows

BUILTIN = "nightdesk/builtin"  # BuiltinWorker.name, whose module is slow to load; a test holds them equal
_NEAR = 0.35  # the least score of what is near to a question
UNKNOWN = "The desk does not know."
_URL_UNSAFE = re.compile(r"[\x00-\x20<>()\[\]%?#\\\"|]")


@dataclass(frozen=True, slots=True)
class Reference:
    """What a sentence rests on: a claim, or words of a source's text."""

    number: int  # as it stands behind the sentence
    page: str  # base name of the source page, "" where the source has none
    claim: str  # id, "" for words of a text
    quote: str
    path: str  # of the file with the quote, relative to the desk
    place: str  # "Method, p. 4, line 120"
    source: str  # raw path
    date: str  # when the source was published, as it says itself; "" where it does not


@dataclass(frozen=True, slots=True)
class Said:
    """One statement of an answer."""

    text: str
    page: str  # the page that it was found on, or the source's
    references: tuple[int, ...]  # numbers


@dataclass(frozen=True, slots=True)
class Cost:
    """What asking an AI worker used; None where a call did not tell."""

    worker: str = ""
    calls: int = 0
    input_tokens: int | None = 0
    output_tokens: int | None = 0
    usd: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a question; without a body the desk does not know."""

    question: str
    worker: str
    body: str  # Markdown with citations
    said: tuple[Said, ...]  # of the built-in worker: its statements; an AI writes a body of its own
    references: tuple[Reference, ...]
    answer: Answer  # what the built-in search found: the nearest, what was read
    help: str = ""  # where the desk does not know: what an AI says would help
    notes: tuple[str, ...] = ()
    cost: Cost = field(default_factory=Cost)
    capped: str = ""  # why a cap stopped the worker
    failed: bool = False  # whether the worker that was asked gave nothing that holds
    summary: str = ""  # the line that stands for the answer, where that is not its beginning

    @property
    def knows(self) -> bool:
        """Whether there is an answer."""
        return bool(self.body)


class References:
    """Numbers what is cited, in the order of its first mention."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._numbers: dict[tuple[str, str, str], int] = {}
        self.listed: list[Reference] = []

    def of(self, passage: Passage) -> tuple[int, ...]:
        """Return the numbers of what a passage rests on."""
        if passage.kind == "text":
            return (self.of_text(passage),)
        cited = passage.cites or ((passage.page, passage.claim),)
        return tuple(dict.fromkeys(self.of_claim(page, claim) for page, claim in cited))

    def of_text(self, passage: Passage) -> int:
        """Return the number of words of a text."""
        place = ", ".join([*([passage.heading] if passage.heading else []), f"line {passage.line}"])
        return self._number(passage.page, "", passage.quote, path=passage.path, place=place, source=passage.source)

    def of_claim(self, page: str, identity: str) -> int:
        """Return the number of a claim; one that is gone has no quote."""
        path = self._statements.path_of(page) or ""
        claim = self._statements.claim(page, identity)
        quote, place = (claim.quote, claim.place) if claim else ("", "")
        source, text = self._statements.raw_of(path), self._statements.text_of(path)
        return self._number(page, identity, quote, path=text or path, place=place, source=source)

    def _number(self, page: str, claim: str, quote: str, *, path: str, place: str, source: str) -> int:
        key = (page, claim, "" if claim else quote)
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers) + 1
            date = self._statements.published(page)
            self.listed.append(Reference(self._numbers[key], page, claim, quote, path, place, source, date))
        return self._numbers[key]


def builtin_reply(answer: Answer, statements: Statements, *, worker: str) -> Reply:
    """Return the built-in answer as it is given: its statements grouped by page, the best page first."""
    references = References(statements)
    groups: dict[str, list[Passage]] = {}
    for passage in answer.passages:
        groups.setdefault(passage.page or Path(passage.path).stem, []).append(passage)
    said = tuple(Said(one.text, page, references.of(one)) for page, group in groups.items() for one in group)
    body = builtin_body(said, references.listed) if said else ""
    return Reply(answer.question, worker, body, said, tuple(references.listed), answer)


def builtin_body(said: Sequence[Said], references: Sequence[Reference]) -> str:
    """Return statements as Markdown: a list for each page, with citations of claims and links to texts."""
    by_number = {reference.number: reference for reference in references}
    parts: list[str] = []
    page = None
    for one in said:
        if one.page != page:
            page = one.page
            parts.append(f"\n{_linked(page, by_number[one.references[0]])}\n\n" if page else "")
        cited = " ".join(_cited(by_number[number]) for number in one.references)
        parts.append(f"- {escape_line(one.text)} {cited}\n")
    return "".join(parts).strip("\n") + "\n"


def _linked(page: str, reference: Reference) -> str:
    return f"[[{page}]]" if reference.page else escape_markdown(page)


def _cited(reference: Reference) -> str:
    """Return the citation of a claim, or for words of a text a link to their file."""
    if reference.claim:
        return render_citation(reference.page, reference.claim, str(reference.number))
    return text_link(reference)


def text_link(reference: Reference) -> str:
    """Return a link from a page in wiki/answers/ to the file with the words of a reference, and their place."""
    target = _URL_UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), reference.path)
    return f"([{escape_markdown(reference.path)}](../../{target}), {escape_markdown(reference.place)})"


def without_bars(body: str, references: Sequence[Reference]) -> str:
    """Return a body whose tables hold no numbered citation: its bar would end the cell."""
    if "|" not in body:
        return body
    by_number = {str(reference.number): reference for reference in references}
    lines = body.split("\n")
    for number in table_rows(body):
        parts, done, line = [], 0, lines[number - 1]
        for citation in find_citations(line):
            reference = by_number.get(citation.label)
            words = reference is not None and not reference.claim
            parts += [line[done : citation.start]]
            parts += [text_link(reference) if reference and words else f"[[{citation.page}#^{citation.id}]]"]
            done = citation.end
        lines[number - 1] = "".join([*parts, line[done:]])
    return "\n".join(lines)


def shown_body(body: str, references: Sequence[Reference] = ()) -> str:
    """Return a body for the terminal: `[1]` in place of each citation, links as the words that they show.

    A citation in a table has no number of its own; `references` tell it.
    """
    numbers = {reference.claim: str(reference.number) for reference in references}
    parts, done = [], 0
    for citation in find_citations(body):
        parts += [body[done : citation.start], f"[{citation.label or numbers.get(citation.id, citation.id)}]"]
        done = citation.end
    text = "".join([*parts, body[done:]])
    text = re.sub(r"\[\[(?:[^\[\]|]{1,300}\|)?([^\[\]|]{1,300})\]\]", r"\1", text)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def counts(paths: Iterable[str], considered: int) -> dict[str, int]:
    """Return how many pages and texts were read, and how many statements on them weighed."""
    paths = list(paths)
    pages = sum(path.startswith("wiki/") for path in paths)
    return {"pages": pages, "texts": len(paths) - pages, "statements": considered}


def nearest(answer: Answer, *, most: int) -> list[Passage]:
    """Return what comes nearest to an answer; what shares next to nothing with the question is not near."""
    return [passage for passage in answer.considered if passage.score >= _NEAR][:most]


def told_cost(cost: Cost) -> str:
    """Return what was asked of an AI in a line: calls, tokens and price as far as they are known."""
    if not cost.calls:
        return "no AI was asked"
    calls = f"{cost.calls:,} call" + ("" if cost.calls == 1 else "s")
    known = cost.input_tokens is not None and cost.output_tokens is not None
    tokens = f"{cost.input_tokens:,} tokens sent, {cost.output_tokens:,} received" if known else "unknown tokens"
    price = "price unknown" if cost.usd is None else f"{cost.usd:.4f} USD"
    return f"{calls} of {cost.worker}, {tokens}, {price}"
