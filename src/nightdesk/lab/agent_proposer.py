"""Proposals from an AI worker: a model or a coding agent gets the brief, code checks what comes back."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import MAX_ATTEMPTS, Attempt, Worker, perform
from nightdesk.base.errors import DeskError
from nightdesk.lab.changes import Change
from nightdesk.lab.experiments import Experiment, one_line, plain_text
from nightdesk.lab.jobs import Proposal, Search
from nightdesk.lab.merging import merge_files
from nightdesk.lab.propose_task import (
    Material,
    make_material,
    make_mending,
    propose_brief,
    propose_task,
    verify_proposal,
)
from nightdesk.lab.proposers import GaveUpError, with_ranges

MAX_TASKS = 3  # in a row without a proposal; then the worker is not asked any more
_REMEMBERED = 32  # proposals whose files are kept in case they crash: many may wait before they run
_MOST_AT_ONCE = 8  # questions

Knows = Callable[[Search], str]  # what the wiki says for a search, "" for nothing


@dataclass(frozen=True, slots=True)
class _Made:
    """A proposal's files, and those of the best program that it changed."""

    base: Mapping[str, str]
    files: Mapping[str, str]


class AgentProposer:
    """Lets a worker do one task "propose an experiment" after another."""

    def __init__(
        self,
        worker: Worker,
        briefs: Briefs,
        *,
        lab: str,
        record: Callable[[Attempt], None] = lambda attempt: None,
        attempts: int = MAX_ATTEMPTS,
        wiki: Knows = lambda search: "",
        ranges: bool = False,
    ) -> None:
        self.name = worker.name.partition("@")[0]  # without the address that it is reached at
        self._worker = worker
        self._briefs = briefs
        self._lab = lab
        self._record = record
        self._attempts = attempts
        self._wiki = wiki
        self._ranges = ranges
        self._made: OrderedDict[tuple[str, str], _Made] = OrderedDict()
        self._lock = threading.Lock()  # of what was made: several questions may be answered at the same time

    @property
    def at_once(self) -> int:
        """How many questions the worker may be asked at a time."""
        return max(1, min(self._worker.at_once, _MOST_AT_ONCE))

    def propose(self, search: Search) -> Proposal:
        """Return the next proposal.

        Raises GaveUpError where the worker made none in several tasks, another LeftError at a cap, DeskError where the
        files are more than it can read.
        """
        material = make_material(search, wiki=self._wiki(search), ranges=self._ranges)
        reasons: tuple[str, ...] = ()
        for turn in range(1, MAX_TASKS + 1):
            again = f" (task {turn})" if turn > 1 else ""
            subject = f"lab {self._lab}: after experiment {_last(search)}{again}"
            change, reasons, brief = self._perform(material, subject)
            if change is not None:
                return self._proposal(change, search, brief)
        raise GaveUpError(f"{self.name} made no proposal in {MAX_TASKS} tasks: {next(iter(reasons), 'no reason')}")

    def fix(self, search: Search, crashed: Experiment) -> Proposal | None:
        """Return a mended form of a proposal of its own, None where that is not known any more, or not mended."""
        with self._lock:
            made = self._made.get(_key(crashed.title, crashed.hypothesis))
        # a draft was carried over where the best program changed while it was made
        files = merge_files(base=made.base, ours=search.files, theirs=made.files) if made is not None else None
        if files is None:
            return None
        material = make_mending(search, crashed, files)
        subject = f"lab {self._lab}: mend experiment {crashed.number} (after {_last(search)})"
        change, _, brief = self._perform(material, subject)
        return self._proposal(change, search, brief) if change is not None else None

    def _perform(self, material: Material, subject: str) -> tuple[Change | None, tuple[str, ...], str]:
        """Return the change, the reasons against the last hand-in, and the version of the brief."""
        part_chars = self._worker.part_chars
        # made here too, so that what the person must mend is said before any call
        brief = propose_brief(material, self._briefs, part_chars=part_chars)
        task = propose_task(material, self._briefs, subject=subject, part_chars=part_chars)
        outcome = perform(
            task,
            self._worker,
            lambda text: verify_proposal(material, text),
            attempts=self._attempts,
            record=self._note,
        )
        return outcome.result, outcome.reasons, brief.template

    def _note(self, attempt: Attempt) -> None:
        try:
            self._record(attempt)
        except DeskError:  # a ledger of costs that cannot be written must not cost a proposal, which is paid
            return

    def _proposal(self, change: Change, search: Search, brief: str) -> Proposal:
        hypothesis = with_ranges(change.hypothesis, change.ranges)
        with self._lock:
            self._made[_key(change.title, hypothesis)] = _Made(search.files, change.files)
            while len(self._made) > _REMEMBERED:
                self._made.popitem(last=False)
        return Proposal(change.title, hypothesis, change.files, self.name, brief=brief)


def _key(title: str, hypothesis: str) -> tuple[str, str]:
    return one_line(title), plain_text(hypothesis)  # as an experiment's file keeps them


def _last(search: Search) -> int:
    return max((experiment.number for experiment in search.experiments), default=0)
