"""`nightdesk lab compare` as a person or a script meets it; one replay with real runs."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightdesk.base.errors import DeskError
from nightdesk.base.pages import short_hash
from nightdesk.base.sandbox import why_not
from nightdesk.lab.confirmations import BASELINE, WINNER, Confirmed, write_confirmation
from nightdesk.lab.experiments import FOLDER, Experiment, RunRecord, write_experiment
from nightdesk.lab.judging import Run
from nightdesk.views.cli.lab import compare as compare_module
from nightdesk.views.cli.lab.compare import command
from tests.desks import git, run
from tests.lab.fakes import PROGRAM as FAKE
from tests.lab.fakes import desk_lab, put
from tests.lab.nights import baseline, better, discarded
from tests.views.test_lab_cli import PROGRAM, WORK

UNSAFE = [] if why_not(network=False) is None else ["--unsafe"]
TINY = ["--count", "1", "--repeats", "1", "--seeds", "2", "--baseline-runs", "3", "--worker", "random", *UNSAFE]
HASHES = "80d84d9f7e1c78e8dddf884cebf6aeb7", "33271ffaed94c78e8dddf884cebf6aeb"
# Figures as wide as they come: five nights' worth of experiments, tiny rates, two workers with long names.
NIGHT = (
    baseline((1.5, 1.500001, 1.499999)),
    *(discarded(n, 1.6, worker="hybrid:openai:gpt-5-mini", program=HASHES[1]) for n in range(1, 60)),
    better(60, 1.49, 1.49001, worker="hybrid:openai:gpt-5-mini", program=HASHES[1]),
    better(61, 1.4876543, 1.48765, program=HASHES[0]),
    better(62, 1.4865432, 1.48654, program=HASHES[0]),
    *(discarded(n, 1.6, program=HASHES[0]) for n in range(63, 70)),
)


def arm(*scores: float) -> tuple[RunRecord, ...]:
    return tuple(RunRecord(Run(score), seed) for seed, score in enumerate(scores))


def desk_with(tmp_path: Path, night: Sequence[Experiment], *confirmed: Confirmed) -> Path:
    lab = desk_lab(tmp_path / "desk")
    for experiment in night:
        write_experiment(lab.folder / FOLDER, experiment)
    for one in confirmed:
        write_confirmation(lab.folder, one)
    return tmp_path / "desk"


def compare(desk: Path, *args: str) -> Result:
    return CliRunner().invoke(command, [*args, "--desk", str(desk)], standalone_mode=False)


def test_tables_fit_80_columns_and_say_what_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {BASELINE: arm(1.5, 1.50123, 1.499), WINNER: arm(1.487654, 1.4876, 1.48712)}
    confirmed = Confirmed(1, "2026-11-23", 0, 62, metric="val_bpb", seeds=3, split="test", arms=whole, done=True)
    desk = desk_with(tmp_path, NIGHT, confirmed)
    ran = compare(desk, "tiny")
    assert ran.return_value == 0
    lines = ran.stdout.splitlines()
    assert any(line.startswith("  hybrid:openai:gpt-5-mini  ") for line in lines), "no name is cut in a pipe"
    monkeypatch.setattr(compare_module, "_width", lambda: 80)
    narrow = [line for line in compare(desk, "tiny").stdout.splitlines() if ", a run, " not in line]
    assert max(map(len, narrow)) <= 80, narrow
    assert any(line.split()[:2] == [HASHES[0][:12], "9"] for line in lines)
    assert "hybrid:openai:gpt-5-mini, builtin" in ran.output or "builtin, hybrid:openai:gpt-5-mini" in ran.output
    assert "not attributable" in ran.output
    assert "too few to tell" in ran.output
    document = json.loads(compare(desk, "tiny", "--json").stdout)["labs"][0]
    (branch,) = document["branches"]
    assert (
        branch["confirmed"]["gain"]["low"] < branch["confirmed"]["gain"]["value"] < branch["confirmed"]["gain"]["high"]
    )
    assert (branch["confirmed"]["branches"], branch["confirmed"]["of"], branch["tried"]) == (1, 1, 69)
    assert {one["confirmed"]["gain"] for one in document["workers"]} == {None}
    assert document["differences"]["programs"][0]["verdict"] == "too few to tell"


def test_nothing_yet_is_told(tmp_path: Path) -> None:
    ran = compare(desk_with(tmp_path, ()), "tiny")
    assert (ran.return_value, "nothing has been judged yet" in ran.output) == (2, True)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--replay", "HEAD:x", "HEAD"], "'HEAD:x' is no version"),
        (["--replay", "HEAD", "other.md"], "another budget, timeout_seconds than program.md has now"),
        (["--replay", "HEAD", "HEAD~1", "--worker", "hybrid:room"], "remembers the other nights"),
        (["second", "--replay", "HEAD", "HEAD~1"], "a replay is of one lab"),
        (["--repeats", "2"], "--repeats is of a replay"),
        (["--trust"], "--trust is of a replay"),
    ],
)
def test_what_cannot_be_replayed_is_one_clear_line(
    tmp_path: Path, args: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_with(tmp_path, ())
    monkeypatch.chdir(desk)
    put(desk, {"other.md": FAKE.replace("10s cpu", "30s cpu")})
    unsafe = ["--unsafe"] if "--replay" in args else []
    ran = compare(desk, "tiny", *args, *unsafe)
    assert isinstance(ran.exception, DeskError)
    assert words in str(ran.exception)
    assert not (desk / "lab/tiny/experiments").exists()


def test_two_versions_are_run_against_each_other(tmp_path: Path) -> None:
    desk = desk_lab(tmp_path / "desk", name="quick", program=PROGRAM, files={"work.py": WORK}).repository
    put(desk, {"lab/quick/program.md": PROGRAM + "Be bold.\n"})
    ran = run(desk, "lab", "compare", "quick", "--replay", "HEAD", "lab/quick/program.md", *TINY)
    assert ran.code == 0, ran.err
    assert "does not read program.md, so that any difference is luck" in ran.err
    lines = ran.out.splitlines()
    assert lines[0].startswith(f"A {short_hash(PROGRAM)[:12]} (HEAD): 1 of 1 nights, 1 tried")
    assert lines[1].startswith("B ")
    assert git(desk, "status", "--porcelain", "lab/quick/experiments") == "", "the results are committed"
    refs = set(git(desk, "branch", "--format=%(refname:short)").split())
    assert {"lab/quick/replay-1-a1", "lab/quick/replay-1-b1"} <= refs
    groups = json.loads(compare(desk, "quick", "--json").stdout)["labs"][0]
    assert {one["key"] for one in groups["programs"]} == {short_hash(PROGRAM), short_hash(PROGRAM + "Be bold.\n")}
