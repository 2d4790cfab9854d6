"""`nightdesk status --costs` as a person or a script meets it."""

import os
import pty
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nightdesk.agents.ledger import append_attempt
from nightdesk.agents.tasks import Attempt, Usage
from tests.desks import environment, make_desk, run

CALLS = [
    # day, kind, subject, worker, usage, outcome
    (20, "read", "raw/a.md", "openai:gpt-5", Usage("gpt-5", 1000, 0, 100, 0.25, 60.0), "accepted"),
    (20, "write", "Muon", "openai:gpt-5", Usage("gpt-5", 2000, 500, 200, 0.5, 30.0), "rejected"),
    (21, "write", "Muon", "openai:gpt-5", Usage("gpt-5", 3000, 0, 300, 0.75, 3600.0), "accepted"),
    (21, "read", "raw/b.md", "command:claude", Usage(seconds=5.0), "failed"),
]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    made = make_desk(tmp_path, {})
    for day, kind, subject, worker, usage, outcome in CALLS:
        attempt = Attempt("t1", kind, subject, worker, "0123456789abcdef", 1, usage, outcome, "")
        append_attempt(made / "costs.tsv", attempt, now=datetime(2026, 11, day, 12, tzinfo=UTC))
    return made


def table(text: str) -> list[str]:
    """The rows of the table, up to the first empty line, with one blank between the cells."""
    return [" ".join(line.split()) for line in text.partition("\n\n")[0].splitlines()]


def test_the_table_by_worker(desk: Path) -> None:
    ran = run(desk, "status", "--costs")
    assert ran.code == 0
    assert table(ran.out) == [
        "worker model brief calls accepted rejected failed share sent cached received time USD unpriced",
        "openai:gpt-5 gpt-5 01234567 3 2 1 0 67% 6,000 500 600 1h 01m 1.5000 0",
        "command:claude 01234567 1 0 0 1 unknown 0 unknown 5s unknown 1",  # no hand-in, so no share
        "total 4 2 1 1 67% 6,000 500 600 1h 01m 1.5000 1",
    ]
    assert "1.5000 USD for 3 calls, and 1 call of unknown price" in ran.out
    assert "the tokens of 1 call are not known" in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("by", "begin"),
    [
        ("day", ["2026-11-20 2 ", "2026-11-21 2 ", "total 4 "]),
        ("source", ["raw/a.md 1 ", "raw/b.md 1 ", "(other tasks) 2 ", "total 4 "]),
        ("page", ["Muon 2 ", "(other tasks) 2 ", "total 4 "]),
    ],
)
def test_the_other_tables(desk: Path, by: str, begin: list[str]) -> None:
    rows = table(run(desk, "status", "--costs", "--by", by).out)[1:]
    assert [row[: len(start)] for row, start in zip(rows, begin, strict=True)] == begin


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        ([None], "\n1 call of unknown price\n"),
        ([None, None], "\n2 calls of unknown price\n"),
        ([0.0], "\n0.0000 USD for 1 call\n"),
        ([0.00000051], "\n<0.0001 USD for 1 call\n"),  # little is not nothing
        ([1234.5, None], "\n1234.5000 USD for 1 call, and 1 call of unknown price\n"),
    ],
)
def test_the_sum_in_words(tmp_path: Path, prices: list[float | None], words: str) -> None:
    desk = make_desk(tmp_path, {})
    for price in prices:
        attempt = Attempt("t", "read", "raw/a.md", "ai", "b", 1, Usage(usd=price), "accepted", "")
        append_attempt(desk / "costs.tsv", attempt, now=datetime(2026, 11, 22, tzinfo=UTC))
    assert words in run(desk, "status", "--costs").out


def test_json(desk: Path) -> None:
    ran = run(desk, "status", "--costs", "--by", "day", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.document["desk"] == str(desk)
    assert [(group["day"], group["calls"], group["usd"]) for group in ran.document["groups"]] == [
        ("2026-11-20", 2, 0.75),
        ("2026-11-21", 2, 0.75),
    ]
    total = ran.document["total"]
    assert (total["usd"], total["unpriced"], total["cached_tokens"], total["seconds"]) == (1.5, 1, 500, 3695.0)


def test_a_terminal_gets_a_table_that_fits(desk: Path) -> None:
    long = Attempt("t2", "read", "raw/" + "long " * 60, "openai:gpt-5", "b", 1, Usage(usd=0.0), "accepted", "")
    append_attempt(desk / "costs.tsv", long, now=datetime(2026, 11, 22, tzinfo=UTC))
    plain = run(desk, "status", "--costs", "--by", "source").out
    assert "long " * 59 in plain, "a program gets the whole label"
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "nightdesk", "status", "--costs", "--by", "source"]
    variables = environment(desk.parent / "home") | {"COLUMNS": "120", "TERM": "xterm"}
    process = subprocess.Popen(command, cwd=desk, env=variables, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65_536):
            shown += part
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    assert process.wait() == 0
    lines = (
        shown.decode().replace("\r", "").partition("\n\n")[0].replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
    )
    assert b"\x1b[1msource" in shown
    assert "…" in lines[1] + lines[2] + lines[3] + lines[4]
    assert max(map(len, lines)) <= 120


def test_no_ledger_is_no_calls(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {})
    ran = run(desk, "status", "--costs")
    assert (ran.code, "no calls yet" in ran.out) == (0, True)
    assert run(desk, "status", "--costs", "--json").document["total"]["calls"] == 0
    assert not (desk / "costs.tsv").exists(), "looking makes no file"


def test_damage_and_names_that_would_drive_the_terminal(desk: Path) -> None:
    hostile = "2026-11-22T00:00:00Z\tt\tread\traw/\x1b[2J\\u001b[2J\\n.md\tai\tm\tb\t1\t\t\t\t\t\tfailed\t"
    with (desk / "costs.tsv").open("a", encoding="utf-8") as file:
        file.write(f"<<<<<<< HEAD\n{hostile}\n")
    ran = run(desk, "status", "--costs", "--by", "source")
    assert ran.code == 0
    assert "1 line of costs.tsv cannot be read" in ran.out
    assert "\x1b" not in ran.out
    assert "\\x1b[2J" in ran.out
    assert run(desk, "status", "--costs", "--json").document["unread_lines"] == 1


@pytest.mark.parametrize(
    ("args", "words"),
    [(["--by", "day"], "add --costs"), (["--costs", "--by", "month"], "'month' is not one of")],
)
def test_wrong_use(desk: Path, args: list[str], words: str) -> None:
    ran = run(desk, "status", *args)
    assert (ran.code, words in ran.err) == (2, True)


def test_a_ledger_that_is_a_link_is_refused(desk: Path, tmp_path: Path) -> None:
    (desk / "costs.tsv").unlink()
    (desk / "costs.tsv").symlink_to(tmp_path / "elsewhere")
    ran = run(desk, "status", "--costs")
    assert (ran.code, "way out" in ran.err) == (2, True)


def test_status_without_costs_is_as_before(desk: Path) -> None:
    assert run(desk, "status").out.startswith("desk ")
    assert "costs" not in run(desk, "status", "--json").document
