"""Runs on a Ray cluster: each at one node, which scores it too; what comes back is kept here, by the run's key."""

import hashlib
import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.lab.jobs import ANYWHERE, Finished, Job, LostError, Place, Scored, Scorer, Stopped
from nightdesk.lab.labs import Lab
from nightdesk.lab.remote.answers import Answer, answer_text, read_answer
from nightdesk.lab.remote.cluster import Cluster, Seat, put
from nightdesk.lab.remote.node import LabCopy, Order, SharedFiles
from nightdesk.lab.run_folder import remove_folder

RECORD = "answer.json"
WITHOUT_NODES_SECONDS = 900.0  # that a night waits for a node to come back
_KEPT_FILE_SETS = 4  # of files that jobs have in common; usually there is one


@dataclass(slots=True)
class RayExecutor:
    """Executor and scorer in one: a node runs and scores at once, since what a run left stays where it ran.

    Its answer is on this machine's disk before `run` returns, so that a run which is finished stays so after kill -9. A
    run whose node went away is lost: it may happen again at another place. Two tries of one job never meet: each has a
    folder of its own, and only the answer that is waited for counts.
    """

    lab: Lab
    confined: bool
    scorer: Scorer  # as it would be here: says what there is to know of scores
    cluster: Cluster
    copy: LabCopy
    session: str
    takes_turns: bool = True
    _sent: OrderedDict[str, Any] = field(default_factory=OrderedDict)  # common files by their hash
    _sending: threading.Lock = field(default_factory=threading.Lock)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def sealed(self) -> bool:
        """Whether the metric is computed where the candidate cannot reach."""
        return self.scorer.sealed

    @property
    def held_out(self) -> bool:
        """Whether there is a test split that the search never sees."""
        return self.scorer.held_out

    def places(self) -> tuple[Place, ...]:
        """Return the places of the nodes that are there now. Raises DeskError where there was none for long."""
        seats = self.cluster.seats
        if not seats and self.cluster.refused:
            raise DeskError("; ".join(sorted(self.cluster.refused.values())), fix="mend these nodes and start again")
        if not seats and time.monotonic() - self.cluster.last_seen > WITHOUT_NODES_SECONDS:
            raise DeskError("all nodes of the Ray cluster are gone", fix="bring them back and start again")
        return tuple(seat.shown for seat in seats.values())

    def turn(self, place: Place, *, stopped: Stopped, waiting: Callable[[str], None]) -> AbstractContextManager[bool]:
        """Hold nothing here: the node takes turns with the sessions of its own machine."""
        return nullcontext(True)

    def run(self, job: Job, *, place: Place = ANYWHERE, stopped: Stopped) -> Finished | None:
        """Return the finished run, on disk before it returns and scored too; None where `stopped` ended it.

        Raises LostError where its node went away, and for a node that cannot run anything.
        """
        self.forget(job.key)
        seat = self.cluster.seats.get(place.name)
        if seat is None:
            raise LostError(f"{place.name} is gone")
        attempt = f"{next(self._numbers)}-{self.session}"
        answer = self._answer(job, seat, attempt, stopped)
        if answer is None:
            return None
        finished = replace(answer.finished, key=job.key, folder=self._folder(job.key), hardware=place.hardware)
        self._write(job.key, answer_text(replace(answer, finished=finished)))
        return finished

    def finished(self, key: str) -> Finished | None:
        """Return a run that finished earlier and was not forgotten, as `run` returned it."""
        answer = self._read(key)
        return None if answer is None else answer.finished

    def score(self, job: Job, finished: Finished, *, stopped: Stopped) -> Scored | None:
        """Return the score that came with the run. Raises LostError where none did: it has to run again."""
        answer = self._read(job.key)
        if answer is None or answer.split != job.split or answer.finished.seed != finished.seed:
            self.forget(job.key)
            raise LostError(f"the score of {job.key} is not there")
        if answer.scored is None:
            return self.scorer.score(job, finished, stopped=stopped)  # of a failed run, which needs nothing it left
        return answer.scored

    def forget(self, key: str) -> None:
        """Remove what a run left here; its node did so itself."""
        folder = self._folder(key)
        (folder / RECORD).unlink(missing_ok=True)
        remove_folder(folder)

    def end_orphans(self) -> None:
        """Do nothing: each node did it when it was asked what it offers."""

    def _answer(self, job: Job, seat: Seat, attempt: str, stopped: Stopped) -> Answer | None:
        """Return what a node answers, None where `stopped` ended it. Raises LostError."""
        small = {name: content for name, content in job.files.items() if name in job.editable}
        shared = self._shared({name: job.files[name] for name in job.files if name not in small}, job.judged_with)
        sent = replace(job, files=small, judged_with={})
        order = Order(self.copy, sent, seat.own, seat.all, self.confined, self.takes_turns, attempt)
        text = self.cluster.carry_out(order, shared, seat, stopped=stopped)
        if text is None:
            return None
        answer = read_answer(text, folder=self._folder(job.key))
        if isinstance(answer, DeskError):
            self.cluster.put_out(seat.node, f"{seat.shown.name}: {answer}")
            raise LostError(f"{seat.shown.name}: {answer}")
        unscored = answer is not None and answer.scored is None and not answer.finished.failure
        if answer is None or unscored or answer.finished.seed != job.seed:
            raise LostError(f"{seat.shown.name} gave no sound answer")
        return answer

    def _shared(self, files: Mapping[str, bytes], judged_with: Mapping[str, bytes]) -> Any:
        """Return where the files that jobs have in common are to be had: they are sent once."""
        told = hashlib.sha256()
        for part in (files, judged_with):
            told.update(repr([(name, hashlib.sha256(part[name]).digest()) for name in sorted(part)]).encode())
        with self._sending:
            known = self._sent.setdefault(told.hexdigest(), None) or put(SharedFiles(files, judged_with))
            self._sent[told.hexdigest()] = known
            self._sent.move_to_end(told.hexdigest())
            while len(self._sent) > _KEPT_FILE_SETS:
                self._sent.popitem(last=False)
        return known

    def _folder(self, key: str) -> Path:
        return self.lab.runs / key

    def _write(self, key: str, text: str) -> None:
        folder = self._folder(key)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / RECORD, text)
        except OSError as error:
            raise DeskError(f"{folder}: {error.strerror}", fix="make room on the disk and start again") from error

    def _read(self, key: str) -> Answer | None:
        try:
            answer = read_answer((self._folder(key) / RECORD).read_text(encoding="utf-8"), folder=self._folder(key))
        except (OSError, ValueError):
            return None
        return answer if isinstance(answer, Answer) and answer.finished.key == key else None
