"""A night with real processes: a tiny program is run, found wanting, improved, confirmed and adopted."""

from pathlib import Path

from nightdesk.lab.adopting import adopt
from nightdesk.lab.holding import ConfirmPlan, confirm_night
from nightdesk.lab.loop import run_night
from nightdesk.lab.night import Ended, Plan
from nightdesk.lab.running import LocalExecutor
from nightdesk.lab.scoring import scorer_of
from tests.lab.fakes import PROGRAM, FakeProposer, again, desk_lab, ledger, setting, statuses

TRAIN = """import os
import random

GAIN = 0.0
CRASH = 0

random.seed(int(os.environ["NIGHTDESK_SEED"]))
print("---")
print(f"val_bpb: {1.5 - GAIN + random.gauss(0, 0.001) / (1 - CRASH):.6f}")
"""


def test_a_real_night(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk", program=PROGRAM.replace("judge: nightdesk\n", ""), files={"train.py": TRAIN})
    executor, scorer = LocalExecutor(lab, confined=False), scorer_of(lab, confined=False)  # our own program: no harm
    proposer = FakeProposer([setting(GAIN=-0.1), setting(CRASH=1), setting(GAIN=0.1)])
    plan = Plan(count=3, baseline_runs=3)
    night = run_night(lab, proposer=proposer, executor=executor, scorer=scorer, plan=plan, disturbed=lambda *_: "")
    assert (night.ended, night.kept) == (Ended.DONE, (3,))
    assert statuses(lab) == ["keep", "discard", "crash", "keep"]
    crashed = ledger(lab)[2]
    assert crashed.verdict is not None
    assert "ZeroDivisionError" in crashed.log_tail
    first = ledger(lab)[0].runs[0].run
    assert first.measured["cpu_seconds"] > 0
    assert list(lab.runs.iterdir()) == [], "nothing of the runs is left"
    confirmed = confirm_night(
        again(lab), executor=executor, scorer=scorer, plan=ConfirmPlan(seeds=2), disturbed=lambda *_: ""
    )
    assert confirmed.result is not None
    assert abs(confirmed.result.confirmed.gain - 0.1) < 0.01
    assert adopt(lab).files == ("train.py",)
    assert "GAIN = 0.1\n" in (lab.folder / "train.py").read_text()
