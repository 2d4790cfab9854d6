"""What the desk's wiki knows for whoever proposes: claims with their citations, the best first.

What is looked for: each constant of the editable files by its name, its words and its comment, what the person wrote in
program.md, what was tried last. What other branches and labs measured is found so, and what papers say. A branch's own
findings are left out: its ledger stands in the brief already.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from nightdesk.agents.boundary import visible
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.lab.jobs import Search
from nightdesk.lab.memory.alterations import in_words
from nightdesk.lab.tunables import tunables
from nightdesk.sources.generated import findings_path, is_findings
from nightdesk.wiki.answering.fit import fit
from nightdesk.wiki.answering.lookup import look_up
from nightdesk.wiki.answering.question import keys_of, parse_question
from nightdesk.wiki.answering.rarity import Rarity
from nightdesk.wiki.answering.statements import Statements
from nightdesk.wiki.claims import Claim, render_citation
from nightdesk.wiki.contradictions.items import Side
from nightdesk.wiki.contradictions.page import read_kept
from nightdesk.wiki.search.collection import Collection, desk_collection
from nightdesk.wiki.search.search import search as find

MAX_CHARS = 6_000  # of all notes
_MOST = 30  # claims
_MOST_CONSTANTS, _MOST_TITLES = 24, 3  # that are looked for
_INSTRUCTIONS, _COMMENT = 240, 100  # characters of program.md's prose that one question has; of a constant's comment
_PARTS = 3  # of program.md's prose, each a question
_HITS = 30  # for each question
_LEAST = 0.45  # a claim that fits no question so well is left out
_MEASURED = 0.2  # what a lab measured fits that much better
_SHARE = 0.7  # of the room at most for measurements of labs: papers have their say
_MAX_QUOTE, _MAX_STATEMENT = 300, 600


@dataclass(frozen=True, slots=True)
class Note:
    """One claim of the wiki that bears on a search."""

    claim: Claim
    page: str  # base name of its source page
    published: str  # "" where it is not known
    measured: bool  # by a lab of this desk
    value: float  # how well it fits; more is better
    against: tuple[Side, ...] = ()  # claims that contradict it, undecided

    def render(self, number: int) -> str:
        """Return it as the brief has it: citation, where it is from, statement; its quote where that says more."""
        when = f", {self.published}" if self.published else ""
        kind = "measured by a lab of this desk" if self.measured else "a source"
        statement = _short(self.claim.statement, _MAX_STATEMENT)
        lines = [f"- {render_citation(self.page, self.claim.id, str(number))} ({kind}{when}) {statement}"]
        quote = " ".join(self.claim.quote.split())
        if quote != " ".join(self.claim.statement.split()):
            lines.append(f'  > "{_short(quote, _MAX_QUOTE)}"')
        for side in self.against:
            cited = render_citation(side.page, side.claim, "against")
            lines.append(f"  contradicted, undecided: {_short(side.statement, _MAX_QUOTE)} {cited}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Notes:
    """What the wiki knows, best first, within MAX_CHARS."""

    notes: tuple[Note, ...] = ()

    @property
    def text(self) -> str:
        """All notes as the brief has them, "" for none."""
        return "\n".join(note.render(number) for number, note in enumerate(self.notes, 1))


def recall(desk: Desk, search: Search, *, lab: str) -> Notes:
    """Return the claims of the wiki that bear on a search of this lab. A wiki that cannot be read knows nothing."""
    with contextlib.suppress(DeskError, OSError):
        own = desk.relative(findings_path(desk, f"{lab} {search.incumbent.tag}"))
        return Notes(tuple(_within(_found(desk, tuple(_questions(search)), own=own))))
    return Notes()


def _short(text: str, most: int) -> str:
    text = " ".join(visible(text).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _questions(search: Search) -> Iterator[str]:
    """Yield what is looked for, each as a question of its own."""
    constants = tunables(search.files)
    for name, constant in list(constants.items())[:_MOST_CONSTANTS]:
        words = f"{in_words(name)} {name.rpartition(':')[2]}"
        yield f"{words} {search.metric}"  # as labs tell of it
        yield f"{words} {constant.comment[:_COMMENT]}"  # as papers may
    words = " ".join(search.instructions.split())
    for start in range(0, min(len(words), _PARTS * _INSTRUCTIONS), _INSTRUCTIONS):
        yield words[start : start + _INSTRUCTIONS]
    tried = [experiment.title for experiment in search.experiments if not experiment.is_baseline]
    yield from tried[-_MOST_TITLES:]


def _found(desk: Desk, questions: Sequence[str], *, own: str) -> list[Note]:
    collection, statements = desk_collection(desk), Statements(desk)
    find(collection, "a", limit=1, jobs=0)  # brings the index in step before words are counted
    rarity = Rarity(collection)
    try:
        best: dict[tuple[str, str], tuple[float, Claim, str]] = {}
        for question in questions:
            for value, claim, path in _hits(collection, rarity, statements, question):
                raw = statements.raw_of(path)
                key = path, claim.id
                if raw != own and value > best.get(key, (0.0,))[0]:
                    best[key] = value, claim, raw
    finally:
        rarity.close()
    against = _contradicted(desk)
    findings = {raw: is_findings(desk.root / raw) for raw in {raw for _, _, raw in best.values()} if raw}
    notes = []
    for (path, _), (value, claim, raw) in best.items():
        page, measured = path.rpartition("/")[2].removesuffix(".md"), findings.get(raw, False)
        worth = round(value + (_MEASURED if measured else 0.0), 6)
        notes.append(Note(claim, page, statements.published(page), measured, worth, against.get(claim.id, ())))
    return sorted(notes, key=lambda note: (-note.value, note.page, note.claim.id))


def _hits(
    collection: Collection, rarity: Rarity, statements: Statements, text: str
) -> Iterator[tuple[float, Claim, str]]:
    question = parse_question(re.sub(r"[\[\]#^|<>]", " ", text), rarity)
    for hit in look_up(collection, question, "claims", _HITS):
        claim = statements.claims_of(hit.path).get(hit.claim.id) if hit.claim is not None else None
        if claim is None or question.keys.isdisjoint(keys_of(claim.statement)):
            continue
        value = fit(question, claim.statement, f"{hit.title} {' '.join(claim.concepts)}").score
        if value >= _LEAST:
            yield value, claim, hit.path


def _contradicted(desk: Desk) -> dict[str, tuple[Side, ...]]:
    """Return for each claim of an open contradiction the other sides."""
    found: dict[str, tuple[Side, ...]] = {}
    for item in read_kept(desk).items.values():
        if item.is_open:
            for mine, other in ((item.one, item.other), (item.other, item.one)):
                found[mine.claim] = (*found.get(mine.claim, ()), other)
    return found


def _within(notes: Iterable[Note]) -> Iterator[Note]:
    """Yield as many notes as there is room for, the best first; measurements of labs fill a share of it only."""
    left, measured, count = MAX_CHARS, int(_SHARE * MAX_CHARS), 0
    for note in notes:
        cost = len(note.render(_MOST)) + 1
        if cost > left or (note.measured and cost > measured):
            continue
        left -= cost
        measured -= cost if note.measured else 0
        count += 1
        yield note
        if count == _MOST:
            return
