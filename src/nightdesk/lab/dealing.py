"""What a free place does next: what is open comes before what is new, and the baseline before all."""

from nightdesk.lab.drafting.drafts import Drafts
from nightdesk.lab.experiments import Experiment, State, same_hardware
from nightdesk.lab.jobs import Place
from nightdesk.lab.night import Kind
from nightdesk.lab.session import Session
from nightdesk.lab.steps import hardware_of, is_calibrated, order_run
from nightdesk.lab.work import Order

_MOST_BASELINE = 16  # runs of the baseline that go on at the same time: more would tell little more of the noise
_BASELINE_EVERY = 3  # of so many times that the best program runs again, one is the baseline's turn


def deal(session: Session, drafts: Drafts | None) -> None:
    """Give every free place its next run, if there is one for it; without `drafts` nothing new begins."""
    places = session.bench.executor.places()
    for place in session.crew.free(places):
        if place.hardware in session.barred:
            continue
        order = _next_order(session, place, places, drafts)
        if order is not None:
            session.crew.put(order, place)


def _next_order(session: Session, place: Place, places: tuple[Place, ...], drafts: Drafts | None) -> Order | None:
    if (wanted := _wanted(session, place, places)) is not None:
        return order_run(session, wanted, place)
    if drafts is None or not is_calibrated(session, place):
        return None
    _ask_again(session)
    for number in session.wanted_again:
        if not session.crew.at_work(number):
            return order_run(session, session.records.get(number), place)
    if session.wanted == 0:
        return None
    taken = drafts.take()
    if taken is None:
        return None
    experiment = session.records.add(taken.proposal, base=taken.base, fixes=taken.fixes)
    session.say(Kind.PROPOSED, f"{experiment.number:04d} {experiment.title}", experiment)
    return order_run(session, experiment, place)


def _wanted(session: Session, place: Place, places: tuple[Place, ...]) -> Experiment | None:
    """Return what must run before anything new does: the baseline, what is open, what something is judged against."""
    records, hardware = session.records, place.hardware
    baseline = records.baseline
    if _lacks_baseline(session, place, places):
        return baseline
    for experiment in records.open:
        number = experiment.number
        if experiment.is_baseline or session.crew.at_work(number):
            continue
        if experiment.state is State.SCORED:
            if not records.scores(records.best, hardware) and same_hardware(hardware_of(experiment), hardware):
                best = records.best  # it is judged against the best, which has not run on this hardware yet
                return best if not session.crew.at_work(best.number, hardware) else None
        elif number in session.left or (is_calibrated(session, place) and _fits(experiment, place, places)):
            return experiment
    return None


def _lacks_baseline(session: Session, place: Place, places: tuple[Place, ...]) -> bool:
    """Say whether the unchanged program is to run at a place: until its noise is known on that kind of hardware.

    Where there are more places than runs are needed all of them do it: they have nothing else to do.
    """
    records, plan = session.records, session.plan
    if is_calibrated(session, place):
        return False
    alike = sum(same_hardware(other.hardware, place.hardware) for other in places)
    needed = max(plan.baseline_runs, min(alike, _MOST_BASELINE))
    begun = session.crew.at_work(records.baseline_number, place.hardware)
    return len(records.baseline.counted_runs(place.hardware)) + begun < needed


def _fits(experiment: Experiment, place: Place, places: tuple[Place, ...]) -> bool:
    """Say whether an experiment may run at a place: all its runs are on one kind, as long as there is that kind."""
    hardware = hardware_of(experiment)
    alike = [other for other in places if same_hardware(other.hardware, hardware)]
    return not alike or same_hardware(place.hardware, hardware)


def _ask_again(session: Session) -> None:
    """See whether a program is due to run once more: drift shows, and one lucky run stands in nobody's way."""
    records, best = session.records, session.records.best
    if not best.is_baseline and len(best.counted_runs()) == 1:
        session.wanted_again.add(best.number)
    elif session.since_remeasured >= session.plan.remeasure:
        session.remeasured += 1
        session.wanted_again.add((records.baseline if session.remeasured % _BASELINE_EVERY == 0 else best).number)
    else:
        return
    session.since_remeasured = 0
