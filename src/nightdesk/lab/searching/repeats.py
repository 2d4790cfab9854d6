"""Changes that are not tried again: what somebody is told who proposes one that was tried on an earlier program."""

from collections.abc import Mapping

from nightdesk.lab.experiments import Experiment, one_line
from nightdesk.lab.failures import is_outside
from nightdesk.lab.jobs import Search
from nightdesk.lab.judging import Decision
from nightdesk.lab.searching.novelty import change_key, same_change

MAX_WAITING = 20  # proposals that wait to be run, of which the proposers are told
_MOST_WHY = 160  # characters of a verdict's reason
_WORDS = {Decision.DISCARD: "discarded", Decision.CRASH: "crashed"}


def refused_changes(search: Search) -> dict[str, str]:
    """Return the changes that are not to be proposed again, by their keys, and what became of each.

    What was kept may be tried again, since it helped once; so may what crashed for no fault of the change. What waits
    to be run counts as tried.
    """
    known = {experiment.number: experiment for experiment in search.experiments}
    told = {key: _why_not(known[number], search) for key, number in search.changes.items() if number in known}
    refused = {key: why for key, why in told.items() if why}
    for proposal in search.waiting[:MAX_WAITING]:
        refused.setdefault(
            change_key(search.files, proposal.files), f"waits to be run: {one_line(proposal.title)[:_MOST_WHY]}"
        )
    return refused


def against_repeat(before: Mapping[str, str], after: Mapping[str, str], refused: Mapping[str, str]) -> str:
    """Return why a change is not to be run, "" where nothing like it was tried."""
    key = change_key(before, after)
    why = same_change(key, refused)
    if why is None:
        return ""
    return f"{'the same' if key in refused else 'nearly the same'} change {why}"


def _why_not(experiment: Experiment, search: Search) -> str:
    on = "this program" if experiment.parent == search.incumbent.commit else "an earlier program"
    verdict = experiment.verdict
    if verdict is None:
        return f"is tried as experiment {experiment.number} on {on}"
    failure = next((record.run.failure for record in experiment.runs if record.run.failure), "")
    if verdict.decision not in _WORDS or (verdict.decision is Decision.CRASH and is_outside(failure)):
        return ""
    why = one_line(verdict.reason)
    why = why if len(why) <= _MOST_WHY else f"{why[: _MOST_WHY - 1]}…"
    return f"was tried as experiment {experiment.number} ({_WORDS[verdict.decision]}: {why}) on {on}"
