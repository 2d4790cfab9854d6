"""A night on real files for test_killed: the ledger's own functions, with a file for the branch and files for runs.

python killed_night.py FOLDER COUNT
"""

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from nightdesk.base.files import write_atomically
from nightdesk.lab.experiments import (
    Experiment,
    RunRecord,
    State,
    new_experiment,
    read_experiments,
    with_run,
    with_verdict,
    write_experiment,
)
from nightdesk.lab.judging import Decision, Ground, Run, Verdict
from nightdesk.lab.ledger import COMMIT_DIGITS, Row, append_row, read_results
from nightdesk.lab.recovery import (
    Action,
    AppendRow,
    DropRef,
    Judge,
    MakeRef,
    MoveBranch,
    OnDisk,
    Score,
    StartRun,
    recover,
)

START = "0" * 40


class Night:
    """The effects of a night in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("experiments", "refs", "runs"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def found(self) -> OnDisk:
        """Return what is on disk."""
        branch = self.folder / "branch"
        return OnDisk(
            experiments=read_experiments(self.folder / "experiments"),
            rows=frozenset(row.commit for row in read_results(self.folder / "results.tsv")),
            branch=branch.read_text() if branch.exists() else START,
            start=START,
            refs={int(path.name): path.read_text() for path in (self.folder / "refs").glob("[0-9]*")},
            finished=frozenset(int(path.name) for path in (self.folder / "runs").glob("[0-9]*")),
        )

    def experiment(self, number: int) -> Experiment:
        """Return an experiment by its number."""
        return next(e for e in read_experiments(self.folder / "experiments") if e.number == number)

    def propose(self, number: int) -> None:
        """Make a ref and a file."""
        commit = f"{number + 1:07x}" * 5 + "00000"
        write_atomically(self.folder / "refs" / str(number), commit)
        made = new_experiment(
            number,
            title=f"try {number}",
            hypothesis="h",
            diff="",
            commit=commit,
            parent=START,
            worker="w",
            program="p",
            proposed="now",
        )
        write_experiment(self.folder / "experiments", made)

    def run(self, number: int) -> None:
        """Start a run, finish it, and go on."""
        write_experiment(self.folder / "experiments", replace(self.experiment(number), state=State.RUNNING))
        time.sleep(0.002)
        write_atomically(self.folder / "runs" / str(number), f"{1 / (number + 1)!r}")
        with (self.folder / "finished.log").open("a") as log:  # a witness outside the ledger
            log.write(f"{number}\n")
        self.score(number)

    def score(self, number: int) -> None:
        """Take up a finished run."""
        time.sleep(0.005)  # moments at which a kill hurts most, made longer
        path = self.folder / "runs" / str(number)
        record = RunRecord(Run(float(path.read_text())), number)
        write_experiment(self.folder / "experiments", with_run(self.experiment(number), record, log_tail="done"))
        path.unlink()
        self.judge(number)

    def judge(self, number: int) -> None:
        """Judge, move the branch, append the row."""
        decision = Decision.KEEP if number % 3 == 0 else Decision.DISCARD
        judged = with_verdict(self.experiment(number), Verdict(decision, Ground.BETTER, "r"))
        write_experiment(self.folder / "experiments", judged)
        time.sleep(0.002)
        if decision is Decision.KEEP:
            write_atomically(self.folder / "branch", judged.commit)
        self.append(number)

    def append(self, number: int) -> None:
        """Append an experiment's row."""
        experiment = self.experiment(number)
        row = Row(
            experiment.commit[:COMMIT_DIGITS],
            experiment.runs[0].run.score,
            0.0,
            experiment.status or "",
            experiment.title,
        )
        append_row(self.folder / "results.tsv", row, metric="val_bpb")

    def do(self, action: Action) -> None:
        """Do what recovery asks for."""
        match action:
            case DropRef(number):
                (self.folder / "refs" / str(number)).unlink()
            case MakeRef(number, commit):
                write_atomically(self.folder / "refs" / str(number), commit)
            case MoveBranch(commit):
                write_atomically(self.folder / "branch", commit)
            case AppendRow(number):
                self.append(number)
            case Score(number):
                self.score(number)
            case Judge(number):
                self.judge(number)
            case StartRun(number):
                self.run(number)


def main() -> None:
    """Play the night."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    night = Night(folder)
    (folder / "started").write_text(str(os.getpid()))
    for action in recover(night.found()):
        night.do(action)
    for number in range(len(read_experiments(folder / "experiments")), count):
        night.propose(number)
        night.run(number)


if __name__ == "__main__":
    main()
