"""A lab in a folder of its own, and jobs that run one Python file in it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.sandbox import why_not
from nightdesk.lab.budgets import Budget
from nightdesk.lab.jobs import Finished, Job
from nightdesk.lab.labs import Lab
from nightdesk.lab.programs import Program
from nightdesk.lab.running import LocalExecutor

WHY_NOT = why_not(network=False)
confined_here = pytest.mark.skipif(bool(WHY_NOT), reason=f"cannot confine: {WHY_NOT}")
BOTH_WAYS = (pytest.param(True, marks=confined_here, id="confined"), pytest.param(False, id="unsafe"))
FIXED = {"prepare.py": b"SEQUENCE = 256\n", "kit/judge.py": b"TARGET = 1\n"}


def make_lab(root: Path, **program: Any) -> Lab:
    """Return a lab with training data and something sealed."""
    lab = Lab(
        name="tiny",
        folder=root / "lab/tiny",
        repository=root,
        state=root / ".nightdesk/lab/tiny",
        program=Program(
            **{
                "run": "python train.py",
                "edit": ("train.py",),
                "metric": "loss",
                "budget": Budget(60, "cpu"),
                "timeout_seconds": 60,
                **program,
            }
        ),
    )
    for folder, name in ((lab.folder, "results.tsv"), (lab.data, "train.bin"), (lab.sealed, "val.bin")):
        folder.mkdir(parents=True)
        (folder / name).write_text(f"this is {name}")
    return lab


def job(code: str, **options: Any) -> Job:
    """Return a job whose train.py is `code`."""
    return Job(
        **{
            "key": "0001-1",
            "files": {"train.py": code.encode(), **FIXED},
            "editable": ("train.py",),
            "command": "python train.py",
            "seed": 7,
            "budget": Budget(60, "cpu"),
            "timeout_seconds": 60.0,
            "allowance_seconds": 5.0,
            **options,
        }
    )


def run(lab: Lab, code: str, *, confined: bool, limits: Mapping[str, int] | None = None, **options: Any) -> Finished:
    """Return the finished run of `code`."""
    finished = LocalExecutor(lab, confined=confined, limits=limits).run(job(code, **options), stopped=lambda: False)
    assert finished is not None
    return finished
