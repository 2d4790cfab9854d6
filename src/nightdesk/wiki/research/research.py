"""Research: rounds of choosing sources, reading them closely on a temporary desk, and asking it part by part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from nightdesk.agents.tasks import Attempt, CapReachedError, LeftError
from nightdesk.base.desk import Desk
from nightdesk.base.parallel import map_as_done
from nightdesk.base.settings import ASK, Settings
from nightdesk.base.stages import Stage
from nightdesk.wiki.answering.answerer import MAX_STATEMENTS, Desktop, Looked, Similarity, decide
from nightdesk.wiki.answering.answers import Passage, Scope
from nightdesk.wiki.answering.asking import Given, ask, gather
from nightdesk.wiki.answering.replies import Reply
from nightdesk.wiki.contradictions.page import read_kept, wrong_claims
from nightdesk.wiki.research.notebook import Notebook, Section, Sources
from nightdesk.wiki.research.report import Researched, put_together
from nightdesk.wiki.research.split_task import split_by_ai
from nightdesk.wiki.research.splitting import MAX_PARTS, Part, split_question
from nightdesk.wiki.research.temporary_desk import compile_and_lint, copy_reading, copy_sources, open_temporary_desk
from nightdesk.wiki.research.way_home import WayHome
from nightdesk.wiki.staff import Staff

MAX_ROUNDS = 4
MAX_SOURCES = 12  # that the first round reads
MORE_SOURCES = 6  # that each later one adds
_PER_PART = 4  # sources that are read for one sub-question in a round
_PAGE_NAMES = 40  # that an AI is told when it takes the question apart


@dataclass(frozen=True, slots=True)
class Terms:
    """How a research is done."""

    settings: Settings
    staff: Staff | None = None  # who reads and answers; None: the built-in code
    rounds: int = 2
    scope: Scope = "desk"
    limit: int = MAX_STATEMENTS
    similarity: Similarity | None = None
    keep: Path | None = None  # where the temporary desk stays
    before: str = ""  # the question that was asked before this one
    check: Callable[[], None] = lambda: None  # raises CapReachedError where time is up


def research(desk: Desk, question: str, terms: Terms, *, stage: Stage, today: date) -> Researched:
    """Return the report on a question.

    A cap, or Ctrl-C, ends the work and not the report: it tells what was found until then. Raises DeskError where the
    temporary desk cannot be made.
    """
    notebook = Notebook(question)
    main = Desktop(desk, terms.scope, similarity=terms.similarity)
    try:
        with open_temporary_desk(terms.keep, beside=desk) as temporary:
            work = _Work(desk, main, temporary, _recording(terms, notebook), notebook, stage, today)
            try:
                work.do()
            except CapReachedError as error:
                notebook.capped = notebook.capped or str(error)
            except KeyboardInterrupt:
                notebook.interrupted = True
            finally:
                work.close()
        return put_together(notebook, main, kept=str(terms.keep) if terms.keep else "", worker=_worker(terms))
    finally:
        main.close()


def _worker(terms: Terms) -> str:
    return terms.staff.workers[ASK].name.partition("@")[0] if terms.staff and ASK in terms.staff.workers else ""


def _recording(terms: Terms, notebook: Notebook) -> Terms:
    """Return the terms with a staff whose attempts are noted in the notebook too: what all of it cost."""
    staff = terms.staff
    if staff is None:
        return terms
    record = staff.record

    def note(attempt: Attempt) -> None:
        notebook.attempts.append(attempt)
        record(attempt)

    return replace(terms, staff=replace(staff, record=note))


class _Work:
    """The work on one question; all that is found goes into the notebook at once."""

    def __init__(
        self, desk: Desk, main: Desktop, temporary: Desk, terms: Terms, notebook: Notebook, stage: Stage, today: date
    ) -> None:
        self._desk, self._main, self._temporary = desk, main, temporary
        self._terms, self._notebook, self._stage, self._today = terms, notebook, stage, today
        self._sources = Sources()
        self._bad: frozenset[tuple[str, int]] = frozenset()
        self._kept = read_kept(desk)  # what is decided on contradictions
        self._wrong = wrong_claims(self._kept.items.values())
        self._wrong_words = self._words_of_wrong()
        self._side: Desktop | None = None

    @property
    def _staff(self) -> Staff | None:
        """Who answers, None for the built-in code."""
        staff = self._terms.staff
        return staff if staff is not None and ASK in staff.workers and not self._notebook.capped else None

    def close(self) -> None:
        """Close the temporary desk's index."""
        if self._side is not None:
            self._side.close()

    def do(self) -> None:
        """Take the question apart, then read and ask until all is answered or nothing changes any more."""
        notebook = self._notebook
        whole = self._main.look(notebook.question, before=self._terms.before)
        notebook.looked = whole
        notebook.parts = self._parts(whole)
        for number in range(self._terms.rounds):
            self._terms.check()
            notebook.rounds = number + 1
            if number:
                self._ask_for_other_parts(whole)
            gaps = notebook.gaps
            more = self._choose(gaps, most=MORE_SOURCES if number else MAX_SOURCES)
            if not more and ((number and self._staff is None) or not self._sources.chosen):
                return  # the same code finds the same in the same sources
            if more:
                self._read(more)
            self._terms.check()
            self._ask(gaps)
            if not notebook.gaps:
                return

    def _parts(self, whole: Looked) -> list[Part]:
        """Return the sub-questions of an AI, of code where there is none or it has none."""
        question = self._notebook.question
        parts = (Part(question, question, whole=True), *self._split(whole, ()))
        if len(parts) == 1:
            statements = self._main.statements
            concepts = {
                key: name
                for key, name in statements.names.items()
                if (statements.path_of(name) or "").startswith("wiki/concepts/")
            }
            parts = split_question(whole.question, concepts)
        return [replace(part, before=self._terms.before) if part.whole else part for part in parts]

    def _split(self, whole: Looked, unanswered: Sequence[str]) -> Sequence[Part]:
        staff = self._staff
        if staff is None:
            return ()
        names = dict.fromkeys(one.statement.passage.page for one in whole.weighed if one.statement.passage.page)
        try:
            parts, reasons = split_by_ai(
                staff, self._notebook.question, [*names][:_PAGE_NAMES], unanswered, record=staff.note
            )
        except CapReachedError as error:
            self._notebook.capped = str(error)
            return ()
        except LeftError as error:
            parts, reasons = (), (str(error) or "it was left for another time",)
        self._notebook.notes += [f"taking the question apart: {reason}" for reason in reasons]
        return parts

    def _ask_for_other_parts(self, whole: Looked) -> None:
        """Let an AI ask in other words for what was not answered."""
        notebook = self._notebook
        gaps = [part.text for part in notebook.gaps if not part.whole]
        if gaps and self._staff is not None:
            asked = {part.text.casefold() for part in notebook.parts}
            new = [part for part in self._split(whole, gaps) if part.text.casefold() not in asked]
            notebook.parts += new[: max(0, 2 * MAX_PARTS - len(notebook.parts))]

    def _choose(self, gaps: Sequence[Part], *, most: int) -> list[str]:
        """Return sources that may answer `gaps` and were not read yet, the likeliest first."""
        with self._stage("looking", len(gaps)) as step:
            for part in gaps:
                looked = self._main.look(part.text, before=part.before)
                self._sources.weigh(looked, self._main.statements, most=_PER_PART)
                step()
        return self._sources.take(most)

    def _read(self, raws: Sequence[str]) -> None:
        """Bring sources onto the temporary desk, compile and lint it."""
        copied = copy_sources(self._desk, self._temporary, raws)
        if self._terms.staff is not None and "read" in self._terms.staff.workers:
            statements = self._main.statements
            for raw in copied:
                path = statements.path_of(statements.page_of_raw(raw)) or ""
                if path.startswith("wiki/sources/"):
                    copy_reading(self._desk, self._temporary, path)
        staff = self._terms.staff if not self._notebook.capped else None
        report, self._bad = compile_and_lint(
            self._temporary, self._terms.settings, staff, stage=self._stage, today=self._today
        )
        self._notebook.sources += copied
        self._notebook.claims, self._notebook.findings = report.claims, len(self._bad)
        if staff is not None and staff.capped:
            self._notebook.capped = staff.capped[0]
        self.close()
        self._side = Desktop(self._temporary, self._terms.scope, similarity=self._terms.similarity)

    def _ask(self, gaps: Sequence[Part]) -> None:
        """Ask the temporary desk, an AI several parts at once; what lint found wrong there counts for nothing."""
        side, staff = self._side, self._staff
        if side is None:
            return
        home = WayHome(self._temporary, side.statements, self._desk, self._main.statements)
        self._notebook.note_desk(self._temporary, side.statements, home, self._kept)
        looked = [side.look(part.text, before=part.before, keep=self._holds) for part in gaps]
        self._notebook.seen += sum(one.seen for one in looked)
        settings = self._terms.settings
        given = [gather(one, side.statements, context_tokens=settings.context_tokens) for one in looked]

        def answer(n: int) -> Reply | None:
            if staff is None or not given[n].write.evidence or self._notebook.capped:
                return None
            return ask(staff, given[n], looked[n], side.statements)

        threads = min(staff.workers[ASK].at_once, staff.parallel) if staff is not None else 1
        with self._stage("asking", len(gaps)) as step:
            for n, reply in map_as_done(answer, range(len(gaps)), threads=threads):
                if reply is not None and reply.capped:
                    self._notebook.capped = reply.capped
                section = self._section(gaps[n], looked[n], given[n], reply, home)
                self._notebook.answer(section)
                step()

    def _words_of_wrong(self) -> frozenset[str]:
        """Return the words that wrong claims rest on: a text still has them."""
        sides = [side for item in self._kept.items.values() for side in item.sides if side.claim in self._wrong]
        claims = [self._main.statements.claim(side.page, side.claim) for side in sides]
        return frozenset(" ".join(claim.quote.split()) for claim in claims if claim)

    def _holds(self, passage: Passage) -> bool:
        if {(passage.path, passage.line), (passage.path, passage.line + 1)} & self._bad:
            return False
        if passage.kind == "text":
            return passage.quote not in self._wrong_words
        return passage.claim not in self._wrong and not any(claim in self._wrong for _, claim in passage.cites)

    def _section(self, part: Part, looked: Looked, given: Given, reply: Reply | None, home: WayHome) -> Section:
        """Return what becomes of one answer: an AI's where it holds here too, else the built-in one."""
        reasons: tuple[str, ...] = ()
        if reply is not None and not reply.failed:
            if not reply.knows:
                return Section(part, "", {}, reply.worker, help=reply.help)
            brought = home.written(part.text, reply.body, given.words)
            if brought.body:
                return Section(part, brought.body, brought.words, reply.worker, notes=brought.reasons)
            reasons = brought.reasons
        elif reply is not None:
            reasons = reply.notes
        passages = decide(looked, limit=self._terms.limit).passages
        brought = home.statements(self._notebook.unsaid(passages))
        failed = reply is not None
        return Section(
            part,
            brought.body,
            brought.words,
            "",
            notes=(*reasons, *brought.reasons),
            failed=failed,
            said_above=bool(passages) and not brought.body and not brought.reasons,
            texts=tuple(passage.text for passage in passages),
        )
