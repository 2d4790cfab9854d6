"""The drafts that wait, in memory as on disk: each as it could be tried today, and why others never will be."""

import itertools
from dataclasses import dataclass, replace

from nightdesk.base.errors import DeskError
from nightdesk.lab.drafting.carrying import JOINER, carried_over
from nightdesk.lab.drafting.files import FOLDER, Draft, draft_numbers, forget_draft, note_dropped, read_drafts
from nightdesk.lab.experiments import Experiment, one_line, plain_text
from nightdesk.lab.fingerprints import fingerprint
from nightdesk.lab.jobs import Proposal
from nightdesk.lab.judging import Decision
from nightdesk.lab.night import Kind
from nightdesk.lab.searching.novelty import change_key, same_change
from nightdesk.lab.searching.strategies import Combine, Extend, Move
from nightdesk.lab.session import Session
from nightdesk.lab.summary import is_replay


@dataclass(frozen=True, slots=True)
class Taken:
    """A proposal that can be tried now, the program that it changes, and the number of the crash that it mends."""

    proposal: Proposal
    base: Experiment
    fixes: int | None


@dataclass(slots=True)
class _Entry:
    draft: Draft
    move: Move | None  # of the strategy, that it is for
    fitted: Taken | None = None  # as it would be tried now; None: that is open


class DraftBook:
    """The drafts that wait."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.folder = session.lab.state / FOLDER
        self._numbers = itertools.count(max(draft_numbers(self.folder), default=0) + 1)
        self._entries: dict[int, _Entry] = {}
        self._vain: list[Move] = []  # joins that came to nothing
        self._taken: tuple[int, Taken] | None = None
        self._is_told = False  # that dropped.tsv cannot be written
        self._read()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def usable(self) -> int:
        """How many could be tried now."""
        return sum(entry.fitted is not None for entry in self._entries.values())

    @property
    def waiting(self) -> tuple[Proposal, ...]:
        """The proposals that wait, the oldest first."""
        return tuple((entry.fitted or entry.draft).proposal for entry in self._entries.values())

    @property
    def moves(self) -> list[Move]:
        """What the strategy asked for and the ledger does not show."""
        return [*(entry.move for entry in self._entries.values() if entry.move is not None), *self._vain]

    def number(self) -> int:
        """Return a number that no draft had."""
        return next(self._numbers)

    def add(self, draft: Draft, move: Move | None) -> str:
        """Take a new draft in, and return "", or why it cannot be tried: then it is let go."""
        records = self._session.records
        why = records.against(draft.proposal)
        if not why and self._waits_already(draft):
            why = "the same waits to be run already"
        if why:
            if isinstance(move, Combine):
                self._vain.append(move)
            self._let_go(draft, why, Kind.REFUSED)
            return why
        entry = self._entries[draft.number] = _Entry(draft, move)
        self._fit(entry)
        return ""

    def _waits_already(self, draft: Draft) -> bool:
        """Say whether the same program waits, or the same change: two who were asked at one time may think alike."""
        if fingerprint(draft.proposal.files) in {fingerprint(proposal.files) for proposal in self.waiting}:
            return True
        if draft.proposal.values or draft.fixes is not None:
            return False  # the optimiser has a rule of its own, and what mends a crash is meant to be near to it
        others = (entry.draft for entry in self._entries.values() if not entry.draft.proposal.values)
        return same_change(self._change(draft), {self._change(other): other for other in others}) is not None

    def _change(self, draft: Draft) -> str:
        return change_key(self._session.records.texts(self._base(draft)), draft.proposal.files)

    def give_up(self, move: Combine, commit: str, why: str) -> None:
        """Note two changes that cannot be joined; `commit` is the one that the other was to be put on."""
        self._vain.append(move)
        self._tell(Kind.DROPPED, JOINER, commit, f"{move.ours:04d} and {move.theirs:04d} together", why)

    def look_through(self) -> None:
        """Fit every draft to the ledger as it is now, and drop those that can never be tried."""
        for entry in list(self._entries.values()):
            self._fit(entry)

    def take(self) -> Taken | None:
        """Return the draft whose turn it is, None where none can be tried now."""
        for entry in sorted(self._entries.values(), key=_turn):
            if entry.fitted is None:
                continue
            taken = entry.fitted
            if why := self._session.records.against(taken.proposal):
                self._drop(entry, why)  # another one came down to the same
                continue
            del self._entries[entry.draft.number]
            self._taken = entry.draft.number, taken
            return taken
        return None

    def put_away(self) -> None:
        """Remove the file of the draft that was taken last, once its experiment is on disk."""
        if self._taken is not None:
            number, taken = self._taken
            if self._session.records.against(taken.proposal):
                forget_draft(self.folder, number)
                self._taken = None

    def _read(self) -> None:
        """Take up the drafts that an earlier session left."""
        records, program = self._session.records, self._session.lab.program
        numbers = {experiment.commit: experiment.number for experiment in records.all}
        run = {(e.title, e.hypothesis, e.worker) for e in records.all}
        for draft in read_drafts(self.folder):
            proposal = draft.proposal
            if (one_line(proposal.title[:200]) or "no title", plain_text(proposal.hypothesis), proposal.worker) in run:
                forget_draft(self.folder, draft.number)  # the power went after it had become an experiment
            elif draft.tag != records.tag:
                if not is_replay(records.tag):  # replays come in turns, and after them the branch that they are of
                    self._let_go(draft, f"it was made for the branch {draft.tag}")
            elif draft.program != program.version:
                self._let_go(draft, "program.md was edited since it was made")
            elif draft.commit not in numbers:
                self._let_go(draft, "the program that it changes is not known here")
            else:
                mends = draft.fixes if draft.fixes in numbers.values() else None
                move = Extend(numbers[draft.commit]) if mends is None else None
                self._entries[draft.number] = _Entry(replace(draft, fixes=mends), move)

    def _fit(self, entry: _Entry) -> None:
        fitting = self._fitting(entry.draft)
        if isinstance(fitting, str):
            self._drop(entry, fitting)
        else:
            entry.fitted = fitting

    def _fitting(self, draft: Draft) -> Taken | str | None:
        """Return a draft as it can be tried now, or why it never can be; None while that is open."""
        records, proposal = self._session.records, draft.proposal
        base, best = self._base(draft), records.best
        if not draft.stays and base.number != best.number:
            if base.verdict is None:
                return None
            if draft.if_kept and base.status != Decision.KEEP:
                return f"it was meant for the case that {base.number:04d} is kept"
            carried = carried_over(proposal, before=records.texts(base), now=records.texts(best))
            if isinstance(carried, str):
                return carried
            proposal, base = carried, best
        return records.against(proposal) or Taken(proposal, base, draft.fixes)

    def _base(self, draft: Draft) -> Experiment:
        return next(e for e in self._session.records.all if e.commit == draft.commit)

    def _drop(self, entry: _Entry, why: str) -> None:
        """Let go of a draft that waited."""
        del self._entries[entry.draft.number]
        if isinstance(entry.move, Combine):
            self._vain.append(entry.move)
        self._let_go(entry.draft, why)

    def _let_go(self, draft: Draft, why: str, kind: Kind = Kind.DROPPED) -> None:
        self._tell(kind, draft.proposal.worker, draft.commit, draft.proposal.title, why)
        forget_draft(self.folder, draft.number)

    def _tell(self, kind: Kind, worker: str, commit: str, title: str, why: str) -> None:
        """Tell and keep the reason for which a proposal will not be run."""
        session = self._session
        session.say(kind, f"{title}: {why}")
        try:
            note_dropped(session.lab.folder, worker, commit, title, why)
        except DeskError as error:  # a table for people must not end the night
            if not self._is_told:
                session.say(Kind.NOTE, str(error))
            self._is_told = True


def _turn(entry: _Entry) -> tuple[bool, bool, bool, int]:
    """Joins first, then mends, then what was made for the program that is the best now, then the oldest."""
    draft = entry.draft
    return not draft.proposal.merges, draft.fixes is None, not draft.if_kept, draft.number
