"""A night of the real loop for test_kill9, with runs that take milliseconds: python night_to_kill.py LAB COUNT

Finished runs are kept as files, as a real executor keeps them, and a witness outside the ledger counts them.
"""

import json
import os
import shutil
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from nightdesk.base.desk import Desk
from nightdesk.base.files import write_atomically
from nightdesk.lab.experiments import Experiment
from nightdesk.lab.jobs import ANYWHERE, Finished, Job, Place, Proposal, Scored, Search, Stopped, Use
from nightdesk.lab.labs import Lab, open_lab
from nightdesk.lab.loop import run_night
from nightdesk.lab.measurements import parse_measurements
from nightdesk.lab.night import Plan

WITNESS = "finished.log"


class FileExecutor:
    """Finishes each run in a moment and keeps it as a file until it is forgotten."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def places(self) -> tuple[Place, ...]:
        return (ANYWHERE,)

    def turn(self, place: Place, **given: Any) -> AbstractContextManager[bool]:
        return nullcontext(True)

    def run(self, job: Job, *, place: Place = ANYWHERE, stopped: Stopped) -> Finished | None:
        folder = self._lab.runs / job.key
        folder.mkdir(parents=True, exist_ok=True)
        time.sleep(0.003)
        width = float(job.files["train.py"].decode().split("=")[1])
        told = {"seed": job.seed, "score": 1.5 - width / 100 + (job.seed % 7) / 10_000}
        write_atomically(folder / "finished.json", json.dumps(told))
        with (self._lab.state / WITNESS).open("a") as log:
            log.write(f"{job.key}\n")
        time.sleep(0.003)  # moments at which a kill hurts most, made longer
        return self.finished(job.key)

    def finished(self, key: str) -> Finished | None:
        path = self._lab.runs / key / "finished.json"
        if not path.is_file():
            return None
        told = json.loads(path.read_text())
        log = f"---\nval_bpb: {told['score']:.9f}\n"
        return Finished(key, told["seed"], 0, "", Use(), parse_measurements(log), log, path.parent)

    def forget(self, key: str) -> None:
        shutil.rmtree(self._lab.runs / key, ignore_errors=True)

    def end_orphans(self) -> None:
        pass


class PrintedScorer:
    """Takes the printed metric."""

    sealed = False
    held_out = False

    def score(self, job: Job, finished: Finished, *, stopped: Stopped) -> Scored | None:
        time.sleep(0.002)
        return Scored(finished.printed.score("val_bpb"), "", {})


class Wider:
    """Makes the program wider and wider: every third time that helps."""

    name = "wider"
    at_once = 0

    def propose(self, search: Search) -> Proposal | None:
        tried = len(search.experiments)
        best = float(search.files["train.py"].split("=")[1])
        width = best + 1 if tried % 3 == 0 else -float(tried)
        return Proposal(f"width {width}", "", {"train.py": f"WIDTH = {width}\n"}, self.name)

    def fix(self, search: Search, crashed: Experiment) -> Proposal | None:
        return None


def main() -> None:
    """Play the night until COUNT candidates are judged in all."""
    root, count = Path(sys.argv[1]), int(sys.argv[2])
    lab = open_lab("tiny", desk=Desk(root), here=root)
    lab.state.mkdir(parents=True, exist_ok=True)
    (lab.state / "started").write_text(str(os.getpid()))
    open_ones = len(list((lab.folder / "experiments").glob("[0-9]*.md"))) - 1
    left = count - max(0, open_ones)
    run_night(
        lab,
        proposer=Wider(),
        executor=FileExecutor(lab),
        scorer=PrintedScorer(),
        # what was left open is finished first and is one of the count
        plan=Plan(count=max(left, 0) + _open(lab), baseline_runs=3, remeasure=4),
    )


def _open(lab: Lab) -> int:
    texts = [path.read_text() for path in sorted((lab.folder / "experiments").glob("[0-9]*.md"))[1:]]
    return sum("\nstate: judged\n" not in text for text in texts)


if __name__ == "__main__":
    main()
