"""The lab of the demo: a small language model, trained and tuned for two minutes by the built-in worker."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.sandbox import why_not
from nightdesk.base.settings import Settings
from nightdesk.lab.creating import make_lab
from nightdesk.lab.keeping import commit_results
from nightdesk.lab.labs import labs_of, open_lab
from nightdesk.lab.night import Ended, Plan, silent
from nightdesk.lab.noise import LEAST_RUNS
from nightdesk.lab.outlook import outlook
from nightdesk.views.cli.lab.opening import EXTRA, experiments_of, missing_libraries
from nightdesk.views.cli.lab.report import write_views
from nightdesk.views.cli.lab.run import play
from nightdesk.views.cli.options import say, shown

NAME = "tiny-gpt"
BUDGET = "6s cpu"
FIRST = Plan(count=1, baseline_runs=LEAST_RUNS, commit=False)  # however busy the machine is
MORE = Plan(count=2, commit=False)
SECONDS = 150.0  # of both together, after which no experiment begins; two idle cores need less for all of it


@dataclass(frozen=True, slots=True)
class DemoLab:
    """What became of it. `known`: as `lab status --json` has it; None where there is no lab, and `why` not."""

    known: dict[str, Any] | None
    why: str = ""
    report: Path | None = None
    plot: Path | None = None
    interrupted: bool = False


def make_demo_lab(desk: Desk, *, quiet: bool) -> DemoLab:
    """Make the lab and run its first experiments, unless it is there already."""
    if NAME in labs_of(desk):
        return DemoLab(None, f"lab/{NAME} is there already; go on with: nightdesk lab run {NAME} --count 4")
    missing = missing_libraries(sealed=True, tuned=True)
    if missing:
        return DemoLab(None, f"the lab was left out: {', '.join(missing)} not installed; {EXTRA}")
    try:
        make_lab(desk, NAME, budget=BUDGET, gpu=False)
        lab = open_lab(NAME, desk=desk, here=desk.root)
        reason = why_not(network=False)
        if reason is not None and not quiet:  # only code that ships with nightdesk runs here
            say(f"candidates are NOT isolated here ({shown(reason)}); the demo goes on, `lab run` would want --unsafe")
        began = time.monotonic()
        night = play(lab, Settings(), FIRST, worker="builtin", confined=reason is None, quiet=quiet)
        left = SECONDS - (time.monotonic() - began)
        if night.ended is Ended.DONE and left > 0:
            more = replace(MORE, seconds=left)
            night = play(lab, Settings(), more, worker="builtin", confined=reason is None, quiet=quiet)
        written = write_views(lab, tag=night.tag)
        commit_results(lab, silent)
    except DeskError as error:
        return DemoLab(None, f"the lab did not run: {error.message}" + (f"; {error.fix}" if error.fix else ""))
    known = outlook(lab, experiments_of(lab))
    return DemoLab(known, "", written["report"], written["plot"], night.ended is Ended.STOPPED)
