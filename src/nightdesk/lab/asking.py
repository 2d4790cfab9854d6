"""Where the next experiment comes from: a crash that is mended, the draft made ahead, or a fresh question."""

from nightdesk.agents.tasks import CapReachedError, LeftError
from nightdesk.lab.drafting import Asked, Draft, ask_next, on_top_of
from nightdesk.lab.experiments import Experiment, State
from nightdesk.lab.jobs import Proposal
from nightdesk.lab.judging import Decision
from nightdesk.lab.night import Ended, Kind
from nightdesk.lab.session import OverError, Session

_REFUSALS = 5  # proposals in a row that cannot be tried, after which the worker has nothing more


def next_proposal(session: Session) -> tuple[Proposal, int | None]:
    """Return the next proposal that can be tried, and the number of the crash that it mends, if it does."""
    against = ""
    for _ in range(_REFUSALS):
        proposal, fixes = _ask(session)
        if proposal is None:
            raise OverError(Ended.EXHAUSTED, f"{session.proposer.name} has nothing more to try")
        against = session.records.against(proposal)
        if not against:
            return proposal, fixes
        session.say(Kind.REFUSED, f"{proposal.title}: {against}")
    raise OverError(
        Ended.EXHAUSTED, f"{session.proposer.name} proposed {_REFUSALS} times what cannot be tried: {against}"
    )


def _ask(session: Session) -> tuple[Proposal | None, int | None]:
    """Ask the proposer: first for a mended form of what just crashed, then for something new."""
    session.doing("waiting for a proposal")
    try:
        crashed = _to_fix(session)
        if crashed is not None:
            session.fixes_asked.add(crashed.number)
            if session.asked is not None:
                _wait(session, session.asked)  # one question at a time; its draft is kept
            search = session.records.search()
            mended = _wait(session, Asked(lambda: session.proposer.fix(search, crashed), search)).proposal
            if mended is not None:
                return mended, crashed.number
        return _take_draft(session), None
    except CapReachedError as error:
        raise OverError(Ended.CAP, str(error)) from error
    except LeftError as error:
        raise OverError(Ended.LEFT, str(error)) from error


def _take_draft(session: Session) -> Proposal | None:
    """Return the draft, carried over to the best program; a fresh proposal where there is none that can be."""
    best = session.records.best
    if session.asked is not None:
        draft = _wait(session, session.asked)
        session.asked = None
        proposal = on_top_of(draft, best.commit, session.records.texts(best))
        if proposal is not None:
            return proposal
        if draft.proposal is not None:
            session.say(Kind.DROPPED, f"{draft.proposal.title}: it was meant for a program that is no longer the best")
    return _wait(session, ask_next(session.proposer, session.records.search())).proposal


def _wait(session: Session, asked: Asked) -> Draft:
    """Wait for an answer; the person's stop and the end of the night do not wait."""

    def over() -> bool:
        return session.bench.stopped() or session.wound_down() or session.is_late

    while not asked.wait(over):
        session.heed_wishes()  # ends the session, but for a wish that was taken back this moment
    return asked.draft()


def _to_fix(session: Session) -> Experiment | None:
    """Return the last experiment if it crashed and may still go back to its worker."""
    last = session.records.all[-1]
    if last.is_baseline or last.status != Decision.CRASH or last.number in session.fixes_asked:
        return None
    return last if session.records.crashes_in_a_row(last) <= session.plan.fixes else None


def draft_ahead(session: Session, running: Experiment) -> None:
    """Ask for the next proposal while a run is at work, if one will be wanted after the experiment it is of."""
    counts = running.state is not State.JUDGED and not running.is_baseline
    wanted = session.plan.count is None or session.candidates + counts < session.plan.count
    if session.proposer.at_once and session.asked is None and wanted and not session.is_late:
        session.asked = ask_next(session.proposer, session.records.search())
