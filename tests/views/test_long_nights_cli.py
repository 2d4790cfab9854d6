"""The options of long nights, as a person gives them."""

from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from nightdesk.base.errors import DeskError
from nightdesk.base.sandbox import why_not
from nightdesk.base.settings import read_settings
from nightdesk.base.trust import STORE_NAME, trust
from nightdesk.lab.experiments import FOLDER, write_experiment
from nightdesk.lab.lasting.logs import keep_log
from nightdesk.views.cli.lab.log import command as log_command
from nightdesk.views.cli.lab.run import command as run_command
from tests.lab.nights import baseline, better, discarded
from tests.views.quick_lab import make_desk, quick

UNSAFE = [] if why_not(network=False) is None else ["--unsafe"]
PROGRAM = "---\nrun: python work.py\nedit: [work.py]\nmetric: loss\nbudget: 20s\n---\nLower the loss.\n"
WORK = "import os\nA = 4.0\nprint(f\"---\\nloss: {A + int(os.environ['NIGHTDESK_SEED']) % 100 / 1000}\")\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a desk with a lab `quick` whose metric is self-reported."""
    return make_desk(tmp_path_factory.mktemp("long"), program=PROGRAM, work=WORK)


def said(desk: Path, command: click.Command, *args: str) -> str:
    """Run a command of `nightdesk lab` in this process; return what it printed, or its error with the way out."""
    ran = CliRunner().invoke(command, ["quick", *args, "--desk", str(desk)])
    return str(ran.exception) if isinstance(ran.exception, DeskError) else ran.output


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--until", "noon"], "'noon' is no time (--until 07:30, or --until 2026-11-24T07:30)"),
        (["--until", "2020-01-01T00:00"], "2020-01-01T00:00 is over"),
        (["--without-gain", "0"], "not in the range"),
        (["--notify", "no-such-program-here"], "is not on PATH"),
    ],
)
def test_a_wish_that_cannot_be_is_said_before_anything_runs(desk: Path, args: list[str], words: str) -> None:
    assert words in said(desk, run_command, *args, *UNSAFE)
    assert not (desk / "lab/quick" / FOLDER).exists()


def test_the_command_of_a_desk_needs_trust_and_is_told_of_the_night(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))  # where what is trusted is kept
    (tmp_path / "runtime").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))  # no turns with other sessions of this machine
    settings = desk / "nightdesk.toml"
    before = settings.read_text()
    settings.write_text("notify = 'sh -c \"echo $NIGHTDESK_SUMMARY > told\"'\n")
    try:
        refused = said(desk, run_command, "--count", "0", *UNSAFE)
        assert "notify = " in refused
        assert "nightdesk trust" in refused
        trust(tmp_path / "nightdesk" / STORE_NAME, desk, {"notify": read_settings(settings).notify})
        said(desk, run_command, "--count", "0", "--baseline-runs", "3", *UNSAFE)
        assert (desk / "told").read_text().startswith("quick: 0 experiments judged, as asked for; 0 kept of 0; loss 4.")
    finally:
        settings.write_text(before)


def test_the_log_of_each_run_can_be_read(desk: Path) -> None:
    lab = quick(desk)
    for experiment in (replace(baseline(number=50), tag="old"), replace(better(51, 1.4, 1.4), tag="old")):
        write_experiment(lab.folder / FOLDER, experiment)
    write_experiment(lab.folder / FOLDER, replace(discarded(52, 1.6), tag="old"))
    keep_log(lab, "0051-1", "first\n")
    keep_log(lab, "0051-2", "second\x1b[2J\n")
    assert said(desk, log_command, "51") == "second\n"
    assert said(desk, log_command, "0051", "--run", "1") == "first\n"
    assert "is not kept; there are those of its runs 1, 2" in said(desk, log_command, "51", "--run", "3")
    assert "is not kept (experiments/0052.md has" in said(desk, log_command, "52")
    assert "quick has no experiment 53" in said(desk, log_command, "53")
    assert "No such option" in said(desk, log_command, "-1")
