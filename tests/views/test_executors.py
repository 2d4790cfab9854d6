"""Where `lab run` and `lab confirm` let runs happen, as their options and this machine say."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from nightdesk.base.errors import DeskError
from nightdesk.lab.machines import hardware
from nightdesk.lab.machines.machine import NO_CARD, Card, usable_cores
from nightdesk.lab.running import LocalExecutor
from nightdesk.views.cli.lab import confirm, executors, run
from nightdesk.views.cli.lab.executors import executor_for, machine_options, places_for
from tests.lab.runs import make_lab

TWO = (Card(0, "NVIDIA A", "GPU-a"), Card(1, "NVIDIA A", "GPU-b"))
needs_two = pytest.mark.skipif(len(usable_cores()) < 2, reason="needs two cores")


@pytest.mark.parametrize(
    ("wish", "gpu"),
    [(None, ""), ("1", "GPU-b"), ("GPU-a,GPU-b", "GPU-a,GPU-b"), ("", NO_CARD), ("-1", NO_CARD), ("7", NO_CARD)],
)
def test_a_run_sees_the_cards_that_the_person_left(wish: str | None, gpu: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (executors, hardware):
        monkeypatch.setattr(module, "found_cards", lambda: TWO)
    (place,) = places_for(1, {} if wish is None else {"CUDA_VISIBLE_DEVICES": wish})
    assert place.gpu == gpu
    assert place.hardware.count("NVIDIA A") == (gpu != NO_CARD)


@needs_two
def test_this_machine_is_dealt_out_and_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(hardware, "found_cards", tuple)
    lab = make_lab(tmp_path)
    with executor_for(lab, confined=False, parallel=2, ray=None, on_progress=None) as (executor, scorer):
        assert isinstance(executor, LocalExecutor)
        assert len({place.cores for place in executor.places()}) == 2
        assert executor.book == tmp_path / "nightdesk"
        assert not scorer.sealed


def test_what_there_is_not_enough_for_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(hardware, "found_cards", tuple)
    monkeypatch.setattr(hardware, "usable_cores", lambda: (0, 1))
    with (
        pytest.raises(DeskError, match="2 cores cannot be dealt out to 3 runs"),
        executor_for(make_lab(tmp_path), confined=False, parallel=3, ray=None, on_progress=None),
    ):
        pass


@pytest.mark.parametrize("command", [run.command, confirm.command])
def test_run_and_confirm_have_the_same_options(command: click.Command) -> None:
    names = {parameter.name for parameter in command.params}

    @click.command()
    @machine_options
    def alone(**given: object) -> None:
        click.echo(given)

    assert {parameter.name for parameter in alone.params} <= names
    assert "'parallel': 1" in CliRunner().invoke(alone, []).output
    for wrong in ("0", "-1", "two", "257"):
        assert CliRunner().invoke(alone, ["--parallel", wrong]).exit_code == 2
