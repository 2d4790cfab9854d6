"""The scripts that the README names."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", ["demo", "test", "setup", "gate"])
def test_scripts_can_be_run_and_parsed(name: str) -> None:
    script = ROOT / "scripts" / name
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", str(script)], check=True)


def test_ci_runs_what_users_are_told_to_run() -> None:
    assert "./scripts/test" in (ROOT / ".ci/run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert any("./scripts/demo" in line for line in readme[:40])
    assert any("./scripts/test" in line for line in readme[:40])
