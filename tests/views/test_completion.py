"""`nightdesk completion`: scripts that the shells take, and completions that are there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.desks import environment, run


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(tmp_path: Path, shell: str) -> None:
    ran = run(tmp_path, "completion", shell)
    assert ran.code == 0
    assert "_NIGHTDESK_COMPLETE" in ran.out
    program = shutil.which(shell)
    if program and shell != "fish":
        subprocess.run([program, "-n"], input=ran.out, text=True, check=True)  # it parses


def test_commands_are_completed(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("nightdesk")
    asked = environment(tmp_path / "home") | {
        "_NIGHTDESK_COMPLETE": "bash_complete",
        "COMP_WORDS": "nightdesk comp",
        "COMP_CWORD": "1",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run([program], env=asked, capture_output=True, text=True, check=True)
    assert {"plain,compile", "plain,completion"} <= set(done.stdout.split())


def test_another_shell_is_wrong_use(tmp_path: Path) -> None:
    ran = run(tmp_path, "completion", "tcsh")
    assert ran.code == 2
    assert "'bash', 'zsh', 'fish'" in ran.err
