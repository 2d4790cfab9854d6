"""program.md: every mistake is named with its line; Karpathy's layout is understood as it stands."""

from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.budgets import Budget
from nightdesk.lab.guards import Guard
from nightdesk.lab.programs import Program, parse_program, read_program

FILES = {"program.md", "prepare.py", "train.py", "model/net.py", "results.tsv"}
WHOLE = """---
# a lab
run: python train.py
edit:
  - train.py
  - model/net.py
metric: val_bpb
lower_is_better: true
budget: 60s cpu
timeout: 5m
memory: 8 GB
network: false
judge: nightdesk
guards:
  peak_memory_mb: at most 4000
  tokens_per_second: at least 90% of the baseline
data: shakespeare
---
Try what you like.
"""


def front(lines: str) -> str:
    return f"---\n{lines}\n---\nprose\n"


def test_every_key() -> None:
    program = parse_program(WHOLE, files=FILES)
    assert program == Program(
        run="python train.py",
        edit=("train.py", "model/net.py"),
        metric="val_bpb",
        budget=Budget(60, "cpu"),
        timeout_seconds=300,
        lower_is_better=True,
        memory_bytes=8_000_000_000,
        network=False,
        judge="nightdesk",
        guards=(Guard("peak_memory_mb", True, 4000), Guard("tokens_per_second", False, 90, of_baseline=True)),
        data="shakespeare",
        instructions="Try what you like.\n",
        version=program.version,
    )
    assert not program.self_reported
    assert parse_program(WHOLE + " ", files=FILES).version != program.version


def test_the_least() -> None:
    program = parse_program(front("run: make\nedit: train.py\nmetric: seconds"), files=FILES)
    assert (program.budget, program.timeout_seconds) == (Budget(300, "wall"), 600)
    assert program.lower_is_better
    assert program.self_reported


def test_karpathys_layout_as_it_stands() -> None:
    program = parse_program("# autoresearch\n\nLOOP FOREVER\n", files=FILES)
    assert (program.run, program.edit, program.metric) == ("uv run train.py", ("train.py",), "val_bpb")
    assert (program.budget, program.timeout_seconds) == (Budget(300, "wall"), 600)
    assert program.adopted
    assert program.self_reported
    assert program.instructions.startswith("# autoresearch")


def test_neither_frontmatter_nor_his_layout() -> None:
    with pytest.raises(DeskError, match=r"no frontmatter.*no prepare\.py") as caught:
        parse_program("Do good.\n", files={"program.md", "train.py"})
    assert "the keys run, edit, metric" in str(caught.value.fix)


GOOD = "run: make\nedit: train.py\nmetric: seconds\n"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("run: make\nedit: train.py", 'line 1: the key "metric" is missing'),
        (GOOD + "bugdet: 5m", 'line 5: unknown key "bugdet", did you mean "budget"?'),
        (GOOD + "lower-is-better: true", 'did you mean "lower_is_better"?'),
        (GOOD + "zzz: 1", 'line 5: unknown key "zzz"; there are run, edit'),
        (GOOD + "# why\n\nbudget: 5 minutes", "line 7: budget must be"),
        (GOOD + "budget: 300", 'line 5: budget must be "5m" of wall time, "60s cpu" or "2000 steps", not 300'),
        (GOOD + "budget: 2000 steps", "line 5: a budget in steps needs a timeout"),
        (GOOD + "timeout: 1m", "line 5: the timeout is shorter than the budget of 300 s"),
        (GOOD + "network: no", "line 5: network must be true or false, not 'no'"),  # YAML 1.2: a text
        (GOOD + "lower_is_better: 1", "line 5: lower_is_better must be true or false, not 1"),
        (GOOD + "memory: 8", "line 5: memory must be a size"),
        (GOOD + "memory: lots", "line 5: memory must be a size, such as \"8 GB\", not 'lots'"),
        (GOOD + "guards: 5", "line 5: guards must be a metric and its limit"),
        (GOOD + "guards:\n  a: at most 1\n  b: small", "line 7: the guard b: small must be like"),
        (
            GOOD + "judge:",
            "line 5: judge must be nightdesk, or a command that reads the artifact and prints the metric, not nothing",
        ),
        ("run: ''\nedit: train.py\nmetric: m", "line 2: the command is empty"),
        ("run: make\nedit: []\nmetric: m", "line 3: edit names no file"),
        ("run: make\nedit: trian.py\nmetric: m", "line 3: there is no file 'trian.py', did you mean \"train.py\"?"),
        ("run: make\nedit:\n  - train.py\n  - ../x.py\nmetric: m", "line 5: '../x.py' leads out of the lab's folder"),
        ("run: make\nedit: [/etc/passwd]\nmetric: m", "leads out of"),
        ("run: make\nedit: [program.md]\nmetric: m", "'program.md' is not for proposals to change"),
        ("run: make\nedit: [results.tsv]\nmetric: m", "'results.tsv' is not for proposals to change"),
        ("run: make\nedit: [3]\nmetric: m", "3 is no file name"),
        ("run: make\nedit: train.py\nmetric: 'val bpb'", "line 4: 'val bpb' is no name of a metric"),
        ("run: [a, b]\nedit: train.py\nmetric: m", "line 2: run must be a command"),
    ],
)
def test_mistakes_and_their_lines(lines: str, said: str) -> None:
    with pytest.raises(DeskError) as caught:
        parse_program(front(lines.rstrip("\n")), files=FILES)
    assert said in caught.value.message
    assert caught.value.fix


def test_all_mistakes_at_once_in_the_order_of_their_lines() -> None:
    with pytest.raises(DeskError) as caught:
        parse_program(front("edit: x.py\nbudget: soon\nnetwrok: true"), files=set())
    assert [part.split(":")[0] for part in caught.value.message.removeprefix("program.md, ").split("; line")][:4] == [
        "line 1",
        " 1",
        " 2",
        " 3",
    ]


@pytest.mark.parametrize("text", ["---\nrun: [\n---\n", "---\nrun: a\nrun: b\n---\n", "---\n- a\n---\n"])
def test_what_is_no_frontmatter(text: str) -> None:
    with pytest.raises(DeskError, match="the frontmatter"):
        parse_program(text, files=FILES)


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match=r"has no program\.md"):
        read_program(tmp_path)
    (tmp_path / "program.md").write_bytes(b"\xef\xbb\xbf---\r\nrun: make\r\nedit: a.py\r\nmetric: m\r\n---\r\nGo.\r\n")
    (tmp_path / "real.py").write_text("")
    (tmp_path / "a.py").symlink_to("real.py")
    with pytest.raises(DeskError, match=r"line 3: there is no file 'a\.py'"):
        read_program(tmp_path)  # what a proposal writes through a link would land elsewhere
    (tmp_path / "a.py").unlink()
    (tmp_path / "a.py").write_text("")
    assert read_program(tmp_path).edit == ("a.py",)
    (tmp_path / "program.md").write_bytes(b"\xff\xfe")
    with pytest.raises(DeskError, match="cannot be read"):
        read_program(tmp_path)
