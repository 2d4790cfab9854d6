"""A desk with labs for the viewer's tests: nights as sessions leave them, one of them in hostile hands."""

import json
import os
from dataclasses import replace
from pathlib import Path

from starlette.testclient import TestClient

from nightdesk.base.desk import Desk
from nightdesk.base.files import write_atomically
from nightdesk.lab.confirmations import Confirmed, write_confirmation
from nightdesk.lab.experiments import FOLDER, Experiment, RunRecord, write_experiment
from nightdesk.lab.judging import Run
from nightdesk.lab.labs import Lab
from nightdesk.lab.live import live_file
from nightdesk.lab.night import AtWork
from nightdesk.views.web.app import make_app
from nightdesk.views.web.bell import Bell
from nightdesk.views.web.urls import ServerUrls
from nightdesk.views.web.viewer import Viewer
from nightdesk.wiki.catalogue.keeper import Keeper
from tests.desks import git, make_desk
from tests.lab.nights import baseline, better, crashed, discarded, simpler

PROGRAM = """---
run: python work.py
edit: [work.py]
metric: loss
budget: 20s
---
# Lower the loss

Try **bold** ideas.
"""
WORK = """import os, time
A = 4.0  # from 1 to 8
for step in range(4):
    print(f"step {step}: loss {A + 9 / (step + 1):.4f}", flush=True)
    time.sleep(0.4)
print(f"---\\nloss: {A * A + int(os.environ['NIGHTDESK_SEED']) % 100 / 1000}")
"""
EVIL = '"><img src=x onerror="window.ran=1"><script>window.ran=1</script>{{ 7*7 }}</title>'
DIFF = """--- a/work.py
+++ b/work.py
@@ -1,4 +1,5 @@ import os
 import os, time
-A = 4.0  # from 1 to 8
+A = 3.0  # from 1 to 8
+B = 2
 for step in range(4):"""


def make_lab(desk: Path, name: str) -> Path:
    """Return the folder of a new lab that is committed."""
    folder = desk / "lab" / name
    folder.mkdir(parents=True)
    (folder / "program.md").write_text(PROGRAM)
    (folder / "work.py").write_text(WORK)
    git(desk, "add", "-A")
    git(desk, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", f"lab {name}")
    return folder


def runs_at_work(lab: Lab, *, places: int, first: int = 20) -> tuple[AtWork, ...]:
    """Return runs at work, one at each place, and write down how far they are as this process's own."""
    works = []
    for n in range(places):
        key, number = f"{first + n:04d}-1", first + n
        works.append(AtWork(key, number, f"change {n}", 1, f"core {n}", "running", "2026-11-23T01:00:00Z", 20.0))
        told = {
            "process": os.getpid(), "key": key, "wall_seconds": 5 + n, "cpu_seconds": 4 + n, "memory_bytes": 2**28,
            "line": f"step {n}", "name": "loss", "axis": "step", "points": [[x, 4 - x / 20 + n] for x in range(40)],
        }  # fmt: skip
        write_atomically(live_file(lab, key), json.dumps(told))
    return tuple(works)


def night(folder: Path, *, evil: str = "") -> None:
    """Write a night of seven experiments, confirmed; `evil` stands in every text that a proposer or a run wrote."""
    log = f"step 1: loss 9\nstep 2: loss 8\nstep 3: loss 7\n{evil}\n---\nloss: 9"
    first = baseline((16.0, 16.1, 16.2))
    tried = [
        better(1, 9.0, 9.1, title=f"A 4.0 -> 3.0 {evil}", worker=evil or "builtin", reason=f"better {evil}"),
        discarded(2, 17.0, title="A 4.0 -> 5.0", reason="not better: worse by 1"),
        crashed(3, f"exit code 1 {evil}"),
        simpler(4, 9.1, 9.0, worker="acp:claude"),
        discarded(5, 9.4, title="unlike the others", worker="acp:claude"),
        better(6, 8.0, 8.2),
    ]
    for experiment in (first, *tried):
        write_experiment(folder / FOLDER, dressed(experiment, log=log, evil=evil))
    arms = {"baseline": scores(16.0, 16.2, 16.1), "winner": scores(8.2, 8.1, 8.3)}
    told = Confirmed(1, "2026-11-23", 0, 6, "loss", True, "test", True, 3, 6, 0, (8.0, 7.9, 8.1), arms, (), done=True)
    write_confirmation(folder, told)
    (folder / "report.md").write_text(f"# Night\n\nSee [1](experiments/0001.md). {evil}\n")


def dressed(experiment: Experiment, *, log: str, evil: str) -> Experiment:
    diff = "" if experiment.is_baseline else DIFF + ("\n " + evil if evil else "")
    return replace(experiment, diff=diff, log_tail=log, hypothesis=f"it may help {evil}")


def scores(*values: float) -> tuple[RunRecord, ...]:
    return tuple(RunRecord(Run(value, {"wall_seconds": 1.0}), seed) for seed, value in enumerate(values))


def lab_desk(folder: Path) -> Path:
    """Return a desk with the labs `calm` (a night), `evil` (a night by hostile hands), `empty` and `broken`."""
    desk = make_desk(folder, {})
    night(make_lab(desk, "calm"))
    night(make_lab(desk, "evil"), evil=EVIL)
    make_lab(desk, "empty")
    (make_lab(desk, "broken") / "program.md").write_text("---\nrun: python work.py\n---\n")
    return desk


def viewer_of(desk: Path) -> Viewer:
    """Return a viewer of a desk whose pages have been read."""
    root = desk.resolve()
    keeper = Keeper(root, desk=Desk(root), cache_file=None)
    keeper.load()
    bell = Bell()
    bell.ready()
    return Viewer(root, Desk(root), keeper, ServerUrls("v"), bell, "token")


def client_of(desk: Path) -> TestClient:
    """Return a client of the application, without its watcher."""
    return TestClient(make_app(viewer_of(desk)))
