"""The next proposal, drafted while a run is at work, so that the machine never waits for an agent.

A draft was made for the best program as it stood then. Where that has changed since, the draft's change is merged into
the new best program, three ways; where it does not merge, it is dropped. So is what an optimiser chose: its values were
meant for the old program, and new ones cost it nothing.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from nightdesk.lab.jobs import Proposal, Proposer, Search, Stopped
from nightdesk.lab.merging import merge_files

_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposal, None where the proposer had none, with the program that it is meant to change."""

    proposal: Proposal | None
    commit: str  # of the best program when it was asked for
    files: Mapping[str, str]
    judged: int  # experiments that were judged by then


class Asked:
    """A question to a proposer, answered in a thread of its own."""

    def __init__(self, question: Callable[[], Proposal | None], search: Search) -> None:
        self._question = question
        self._search = search
        self._proposal: Proposal | None = None
        self._error: BaseException | None = None
        # a daemon: the end of the session does not wait for a model that still answers
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def wait(self, stopped: Stopped) -> bool:
        """Wait until it is answered; say whether it is, or `stopped` came first."""
        while self._thread.is_alive():
            if stopped():
                return False
            self._thread.join(_LOOK_SECONDS)
        return True

    def draft(self) -> Draft:
        """Return the answer, once there is one. Raises what the proposer raised."""
        if self._error is not None:
            raise self._error
        search = self._search
        judged = sum(experiment.verdict is not None for experiment in search.experiments)
        return Draft(self._proposal, search.incumbent.commit, search.files, judged)

    def _ask(self) -> None:
        try:
            self._proposal = self._question()
        except BaseException as error:  # raised again where the draft is taken
            self._error = error


def ask_next(proposer: Proposer, search: Search) -> Asked:
    """Ask for the next proposal."""
    return Asked(lambda: proposer.propose(search), search)


def on_top_of(draft: Draft, commit: str, files: Mapping[str, str]) -> Proposal | None:
    """Return a draft's proposal for the best program as it is now; None where it cannot be carried over."""
    proposal = draft.proposal
    if proposal is None or draft.commit == commit:
        return proposal
    if proposal.values:
        return None
    merged = merge_files(base=draft.files, ours=files, theirs=proposal.files)
    return None if merged is None else replace(proposal, files=merged)
