"""Drafts: proposals are asked for while runs are at work, so that the machine never waits for somebody who thinks.

A draft is made for a program as it stood when it was asked for. Where another one is the best meanwhile, the draft's
change is merged into that, three ways, and checked again; where it does not merge, or was tried, it is dropped and its
reason kept (lab.drafting.book). While a candidate is replicated, a draft for the case that it is kept is asked for too,
where that pays. What joins two changes needs nobody who thinks and goes first, then what mends a crash.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from nightdesk.agents.tasks import CapReachedError, LeftError
from nightdesk.lab.calibration import expected_seconds
from nightdesk.lab.drafting.book import DraftBook, Taken
from nightdesk.lab.drafting.carrying import joined
from nightdesk.lab.drafting.files import Draft, write_draft
from nightdesk.lab.drafting.pace import REMEMBERED, drafts_ahead, latest_runs, pays_for_keeps
from nightdesk.lab.drafting.questions import Question
from nightdesk.lab.experiments import Experiment, State
from nightdesk.lab.fingerprints import fingerprint
from nightdesk.lab.jobs import Proposal, Search
from nightdesk.lab.judging import Decision
from nightdesk.lab.night import Ended
from nightdesk.lab.searching.strategies import Combine, Extend, Strategy, next_move
from nightdesk.lab.session import OverError, Session

_REFUSALS = 5  # proposals in a row that cannot be tried, after which the worker has nothing more for now


class Drafts:
    """The proposals of one session: those that wait, and those that are asked for. The night's thread alone uses it."""

    def __init__(self, session: Session, strategy: Strategy) -> None:
        self._session = session
        self._strategy = strategy
        self._book = DraftBook(session)
        self._questions: list[Question] = []
        self._answers: deque[float] = deque(maxlen=REMEMBERED)  # seconds that the last ones took
        self._run_seconds: float | None = None
        self._keeps_pay = False  # whether drafts for the case that a candidate is kept are worth their price
        self._settled = -1  # how many were judged when the drafts were looked through last
        self._crashes: deque[Experiment] = deque()  # to go back to their worker
        self._asked_if_kept: set[int] = set()  # candidates
        self._refused = 0  # in a row
        self._quiet: tuple[int, str] = (-1, "")  # how many were judged when there was nothing more to try, and why
        self._left: OverError | None = None
        self._fault: BaseException | None = None
        self._closed = threading.Event()

    @property
    def ready(self) -> int:
        """How many drafts wait."""
        return len(self._book)

    @property
    def over(self) -> OverError | None:
        """Why there will be no more, None while there may be: what waits is tried first."""
        if len(self._book) or self._questions:
            return None
        if self._left is not None:
            return self._left
        if self._is_quiet and not self._crashes and not self._session.records.open:
            return OverError(Ended.EXHAUSTED, self._quiet[1])
        return None

    def tend(self, *, wanted: int | None) -> None:
        """Take in answers, drop what is stale, ask for more: at most `wanted` wait or are asked for, None: any number.

        It costs next to nothing where nothing has happened.
        """
        for question in [question for question in self._questions if question.over]:
            self._questions.remove(question)
            self._take_in(question)
        self._settle()
        if self._session.proposer.at_once:
            while (asked := self._next_question(wanted)) is not None:
                self._questions.append(asked)
                asked.start()

    def take(self) -> Taken | None:
        """Return the next proposal that can be tried now, None where there is none (yet).

        A proposer that answers at once is asked here. What went wrong in asking is raised once nothing is open.
        """
        self._settle()
        taken = self._book.take()
        while taken is None and not self._session.proposer.at_once:
            question = self._next_question(None)
            if question is None:
                break
            question.answer()
            self._take_in(question)
            taken = self._book.take()
        if taken is None and self._fault is not None and not self._questions and not self._session.records.open:
            raise self._fault
        return taken

    def close(self) -> None:
        """End the asking without waiting for answers. What is ready stays on disk for the next session."""
        self._closed.set()
        self._book.put_away()

    # what has happened

    @property
    def _is_quiet(self) -> bool:
        """Whether the proposer had nothing more, and nothing was judged since."""
        return self._quiet[0] == len(self._session.judged)

    def _take_in(self, question: Question) -> None:
        """Take an answer in: a draft, nothing, or what went wrong."""
        self._answers.append(question.seconds)
        self._measure_pace()
        name = self._session.proposer.name
        match question.error:
            case CapReachedError() as error:
                self._left = OverError(Ended.CAP, str(error))
            case LeftError() as error:
                self._left = OverError(Ended.LEFT, str(error))
            case BaseException() as error:
                self._fault = error
            case None if question.draft is not None:
                why = self._book.add(question.draft, question.move)
                self._refused = self._refused + 1 if why else 0
                if self._refused >= _REFUSALS:
                    self._be_quiet(f"{name} proposed {self._refused} times what cannot be tried: {why}")
            case None if question.fixes is None:
                self._be_quiet(f"{name} has nothing more to try")

    def _be_quiet(self, why: str) -> None:
        """Ask for nothing new until something is judged: what is open may give the proposer another idea."""
        self._quiet = len(self._session.judged), why

    def _settle(self) -> None:
        """Put away what became an experiment; where something was judged since, look through all that waits."""
        self._book.put_away()
        judged = self._session.judged
        if self._settled == len(judged):
            return
        for number in judged[max(0, self._settled) :]:
            self._note_crash(self._session.records.get(number))
        self._settled = len(judged)
        self._measure_pace()
        self._book.look_through()
        self._next_base()  # what can be joined now waits from now on

    def _measure_pace(self) -> None:
        """See anew how long runs take, and what pays; not at each look, since it reads the whole ledger."""
        experiments = self._session.records.all
        self._run_seconds = expected_seconds(self._session.lab.program.budget, latest_runs(experiments))
        self._keeps_pay = pays_for_keeps(experiments, self._answers, self._run_seconds)

    def _note_crash(self, experiment: Experiment) -> None:
        """Note a crash that may go back to its worker."""
        session = self._session
        if experiment.status != Decision.CRASH or experiment.is_baseline or experiment.merges:
            return
        again = session.records.crashes_in_a_row(experiment) <= session.plan.fixes
        if again and experiment.number not in session.fixes_asked:
            self._crashes.append(experiment)

    # what is asked

    def _next_question(self, wanted: int | None) -> Question | None:
        """Return what is to be asked now, None for nothing."""
        session, at_once = self._session, self._session.proposer.at_once
        if self._left is not None or self._fault is not None:
            return None
        if at_once and len(self._questions) >= at_once:
            return None
        if wanted is not None and len(self._book) + len(self._questions) >= wanted:
            return None
        if self._crashes:
            return self._to_mend(self._crashes.popleft())
        if self._is_quiet:
            return None
        asked = sum(not question.if_kept for question in self._questions)
        enough = drafts_ahead(len(session.bench.executor.places()), self._answers, self._run_seconds)
        # no more at the same time than have to be: each question is told of the proposals that were made before it
        if not at_once or (asked + self._book.usable < enough and asked < enough - 1):
            base = self._next_base()
            move, stays = Extend(base.number), base.number != session.records.best.number
            return self._question(session.proposer.propose, base, stays=stays, move=move)
        candidate = self._may_be_kept()
        return None if candidate is None else self._question(session.proposer.propose, candidate, if_kept=True)

    def _to_mend(self, crashed: Experiment) -> Question:
        session = self._session
        session.fixes_asked.add(crashed.number)

        def fix(search: Search) -> Proposal | None:
            return session.proposer.fix(search, crashed)

        return self._question(fix, session.records.best, fixes=crashed.number)

    def _may_be_kept(self) -> Experiment | None:
        """Return a candidate that is replicated, where a draft for the case that it is kept pays."""
        for experiment in self._session.records.open if self._keeps_pay else ():
            replicated = experiment.state is State.RUNNING and experiment.counted_runs() and not experiment.is_baseline
            if replicated and experiment.number not in self._asked_if_kept:
                self._asked_if_kept.add(experiment.number)
                return experiment
        return None

    def _next_base(self) -> Experiment:
        """Return the program that the next proposal is to change. What the strategy joins becomes drafts on the way."""
        session, best = self._session, self._session.records.best
        tried: list[Combine] = []
        while True:
            asked = [question.move for question in self._questions if question.move is not None]
            move = next_move(
                self._strategy,
                session.records.all,
                best=best.number,
                asked=[*self._book.moves, *asked],
                lower_is_better=session.lab.program.lower_is_better,
            )
            if isinstance(move, Extend):
                return session.records.get(move.base)
            if move in tried:
                return best
            tried.append(move)
            self._join(move)

    def _join(self, move: Combine) -> None:
        """Make two programs' changes one draft, or give the pair up."""
        records = self._session.records
        ours, theirs, base = (records.get(number) for number in (move.ours, move.theirs, move.base))
        proposal = joined(
            ours,
            theirs,
            texts_of_ours=records.texts(ours),
            texts_of_theirs=records.texts(theirs),
            texts_of_base=records.texts(base),
        )
        if isinstance(proposal, str):
            self._book.give_up(move, ours.commit, proposal)
        else:
            self._book.add(self._draft(self._book.number(), proposal, ours, stays=True), move)

    def _question(
        self,
        ask: Callable[[Search], Proposal | None],
        base: Experiment,
        *,
        fixes: int | None = None,
        stays: bool = False,
        if_kept: bool = False,
        move: Extend | None = None,
    ) -> Question:
        """Return a question about one program, which is told of all that waits."""
        number, waiting = self._book.number(), self._book.waiting
        search = self._session.records.search(base, waiting=waiting)
        search = replace(search, tried=search.tried | {fingerprint(proposal.files) for proposal in waiting})

        def keep(proposal: Proposal) -> Draft:
            draft = self._draft(number, proposal, base, fixes=fixes, stays=stays, if_kept=if_kept)
            if self._session.proposer.at_once and not self._closed.is_set():
                with contextlib.suppress(OSError, TypeError, ValueError):  # it is in memory, and goes on from there
                    write_draft(self._book.folder, draft)
            return draft

        session = self._session
        return Question(lambda: ask(search), keep, session.crew.wake, session.watch, number, move, fixes, if_kept)

    def _draft(
        self,
        number: int,
        proposal: Proposal,
        base: Experiment,
        *,
        fixes: int | None = None,
        stays: bool = False,
        if_kept: bool = False,
    ) -> Draft:
        session = self._session
        version = session.lab.program.version
        return Draft(number, proposal, base.commit, session.records.tag, version, fixes, stays, if_kept)
