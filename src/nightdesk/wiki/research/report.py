"""The report of a research: a section for each sub-question, where sources disagree, and what is not known."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from nightdesk.wiki.answering.answerer import Desktop, decide
from nightdesk.wiki.answering.answers import Answer, Passage
from nightdesk.wiki.answering.asking import cost_of, renumbered
from nightdesk.wiki.answering.replies import BUILTIN, Cost, References, Reply
from nightdesk.wiki.escaping import escape_line, escape_markdown
from nightdesk.wiki.proof.stems import word_set
from nightdesk.wiki.research.notebook import MAX_DISAGREEMENTS, Notebook, Section
from nightdesk.wiki.research.way_home import Found

NOT_WHOLE = "No statement that was read answers the question as a whole; what is said on its parts follows."
_ASKING = word_set("many much compare compared differ differs difference differences versus vs")  # no answer says them
_UNASKED = "the work ended before it was asked"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one sub-question."""

    question: str
    answered: bool
    worker: str  # "" where nobody was asked


@dataclass(frozen=True, slots=True)
class Researched:
    """A report, and how it came about."""

    reply: Reply
    parts: tuple[Outcome, ...]
    sources: tuple[str, ...]  # raw paths that were read
    claims: int  # taken from them on the temporary desk
    findings: int  # errors that lint found there
    rounds: int
    answered: bool  # the question as a whole, not only what it names
    interrupted: bool
    kept: str  # the folder of the temporary desk, "" where it is gone


def put_together(notebook: Notebook, main: Desktop, *, kept: str, worker: str) -> Researched:
    """Return the report on what a notebook holds; without any answer it has no body."""
    sections = [notebook.sections.get(part.text) for part in notebook.parts]
    known = [section for section in sections if section is not None and section.body]
    references = References(main.statements)
    body = ""
    words: dict[str, Passage] = {}
    if known:
        for section in known:
            words |= section.words
        for found in _others(notebook):
            words |= {found.evidence.id: found.words} if found.words else {}
        body = renumbered("\n".join(_blocks(notebook, known)), words, references)
    answer = _answer(notebook)
    reply = Reply(
        notebook.question,
        worker or BUILTIN,
        body,
        (),
        tuple(references.listed),
        answer,
        help=next((section.help for section in sections if section is not None and section.help), ""),
        notes=tuple(dict.fromkeys(notebook.notes)),
        cost=cost_of(notebook.attempts, worker) if worker else Cost(),
        capped=notebook.capped,
        failed=any(section is not None and section.failed for section in sections),
        summary="" if not known or known[0].part.whole else " ".join(section.part.title for section in known),
    )
    return Researched(
        reply,
        tuple(_outcome(notebook, n) for n in range(len(notebook.parts))),
        tuple(notebook.sources),
        notebook.claims,
        notebook.findings,
        notebook.rounds,
        _is_answered(notebook),
        notebook.interrupted,
        kept,
    )


def _outcome(notebook: Notebook, n: int) -> Outcome:
    part = notebook.parts[n]
    section = notebook.sections.get(part.text)
    if section is None:
        return Outcome(part.title, answered=False, worker="")
    return Outcome(part.title, section.answered, section.worker or BUILTIN)


def _is_answered(notebook: Notebook) -> bool:
    """Say whether the whole question has an answer, or each of the questions that it consists of."""
    gaps = {part.text for part in notebook.gaps}
    whole = [part for part in notebook.parts if part.whole]
    own = [part for part in notebook.parts if part.own]
    return bool(whole) and (whole[0].text not in gaps or (len(own) > 1 and not gaps & {part.text for part in own}))


def _answer(notebook: Notebook) -> Answer:
    """Return what stands for the search: what the desk itself has nearest, and what was read."""
    if notebook.looked is None:
        return Answer(notebook.question, (), (), 0.0)
    found = decide(notebook.looked)
    return replace(found, passages=(), read=tuple(notebook.sources), seen=notebook.seen)


def _blocks(notebook: Notebook, known: list[Section]) -> Iterator[str]:
    """Yield the blocks of the report, each with a line end."""
    if not _is_answered(notebook):
        yield f"{NOT_WHOLE}\n"
    for section in known:
        yield section.body if section.part.whole else f"## {escape_line(section.part.title)}\n\n{section.body}"
    if notebook.disagreements:
        pairs = notebook.disagreements[:MAX_DISAGREEMENTS]
        lines = [f"- {_told(one)}\n    - against it: {_told(other)}\n" for one, other in pairs]
        yield f"## Where sources disagree\n\n{''.join(lines)}"
    unknown = "".join(_unknown(notebook))
    if unknown:
        yield f"## What is not known\n\n{unknown}"
    if notebook.open_questions:
        lines = [f"- {_told(found)}\n" for found in notebook.open_questions]
        yield f"## What the sources leave open\n\n{''.join(lines)}"


def _unknown(notebook: Notebook) -> Iterator[str]:
    """Yield a line for each sub-question without an answer, and one for words that stand nowhere."""
    answered = _is_answered(notebook)
    for part in notebook.gaps:
        if part.whole and answered:
            continue  # all that it asks is answered
        section = notebook.sections.get(part.text)
        why = _UNASKED if section is None else section.help
        yield f"- {escape_line(part.title)}{': ' + escape_markdown(why) if why else ''}\n"
    terms = notebook.looked.question.terms if notebook.looked else ()
    missing = [term.shown for term in terms if not term.known and term.shown not in _ASKING]
    if missing:
        words = ", ".join(f'"{escape_markdown(word)}"' for word in missing)
        yield f"- Nowhere on the desk: {words}\n"


def _others(notebook: Notebook) -> Iterator[Found]:
    yield from (found for pair in notebook.disagreements for found in pair)
    yield from notebook.open_questions


def _told(found: Found) -> str:
    date = f" ({escape_markdown(found.evidence.published)})" if found.evidence.published else ""
    return f"{escape_line(found.evidence.statement)}{date} {found.citation}"
