"""Changes on another program than the one that they were made for: carried over to a new best, joined with another."""

from collections.abc import Mapping
from dataclasses import replace

from nightdesk.lab.experiments import Experiment
from nightdesk.lab.jobs import Proposal
from nightdesk.lab.merging import merge_files
from nightdesk.lab.tunables import values_of

JOINER = "nightdesk"  # who proposes what joins two changes: it takes nobody who thinks
JOINED = "joined"  # the method of one, where an optimiser chose both
_MOST_TITLE = 60  # characters of each of the two titles


def carried_over(proposal: Proposal, *, before: Mapping[str, str], now: Mapping[str, str]) -> Proposal | str:
    """Return a proposal that changes the program `before` as a change of the program `now`, or why it cannot be one.

    An optimiser's values were meant for the old program, and new ones cost it nothing: they are not carried over.
    """
    if proposal.values:
        return "its values were meant for a program that is no longer the best"
    merged = merge_files(base=before, ours=now, theirs=proposal.files)
    if merged is None:
        return "it was meant for a program that is no longer the best, and does not merge with the new one"
    return replace(proposal, files=merged)


def joined(
    ours: Experiment,
    theirs: Experiment,
    *,
    texts_of_ours: Mapping[str, str],
    texts_of_theirs: Mapping[str, str],
    texts_of_base: Mapping[str, str],
) -> Proposal | str:
    """Return what both programs' changes make together, or why there is no such program.

    Where an optimiser chose the values of both it learns from what comes of them together.
    """
    files = merge_files(base=texts_of_base, ours=texts_of_ours, theirs=texts_of_theirs)
    title = f"{ours.number:04d} and {theirs.number:04d} together: {_short(ours.title)}; {_short(theirs.title)}"
    why = f"Each of {ours.number:04d} and {theirs.number:04d} was better than the program that it changed."
    if files is None:
        return f"{ours.number:04d} and {theirs.number:04d} do not merge: both change the same lines"
    tuned = bool(ours.values and theirs.values)
    values, method = (values_of(files), JOINED) if tuned else ({}, "")
    return Proposal(title, why, files, JOINER, method, values, merges=(ours.number, theirs.number))


def _short(title: str) -> str:
    return title if len(title) <= _MOST_TITLE else f"{title[: _MOST_TITLE - 1]}…"
