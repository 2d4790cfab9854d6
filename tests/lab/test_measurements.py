"""What a run prints, by friends and by enemies."""

import itertools
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.lab.measurements import (
    MAX_BLOCK,
    LogWindow,
    log_tail,
    memory_gb,
    parse_measurements,
    printable,
    read_log,
)

ORIGINAL = """step 00953 | loss: 2.9 | dt: 315ms
---
val_bpb:          0.997900
training_seconds: 300.1
total_seconds:    325.9
peak_vram_mb:     45060.2
mfu_percent:      39.80
total_tokens_M:   499.6
num_steps:        953
num_params_M:     50.3
depth:            8
"""


def test_karpathys_block() -> None:
    found = parse_measurements(ORIGINAL)
    assert found.score("val_bpb") == 0.9979
    assert found.numbers["num_steps"] == 953
    assert len(found.numbers) == 9
    assert memory_gb(found.numbers) == pytest.approx(44.0, abs=0.01)
    assert memory_gb({}) is None


@pytest.mark.parametrize(
    ("log", "why"),
    [
        ("", "does not end in a block"),
        ("val_bpb: 1.0\n", "does not end in a block"),  # a line of the training log is no measurement
        ("---\n", "no key: value line"),
        ("---\nloss: 1\n", "has no line val_bpb"),
        ("---\nval_bpb: nan\n", "'nan', which is no finite number"),
        ("---\nval_bpb: -inf\n", "no finite number"),
        ("---\nval_bpb: 1e999\n", "no finite number"),
        ("---\nval_bpb: 1e300\n", "no finite number"),
        ("---\nval_bpb: \n", "no key: value line"),
        ("---\nval_bpb: 0.5\nval_bpb: 0.4\n", "printed twice"),
        ("---\nval_bpb: 0.5\n---\nTraceback: x\n", "has no line val_bpb"),  # only the last block counts
        ("---\nval_bpb: " + "9" * 500, "no key: value line"),
        ("---\n" + "".join(f"k{n}: 1\n" for n in range(200)) + "val_bpb: 1\n", "has no line val_bpb"),
    ],
)
def test_no_score_and_why(log: str, why: str) -> None:
    found = parse_measurements(log)
    assert found.score("val_bpb") is None
    assert why in found.why_no_score("val_bpb")


@pytest.mark.parametrize(
    ("line", "value"),
    [("val_bpb: 1e-3", 0.001), ("val_bpb:\t-2.5  ", -2.5), ("val_bpb: 1_000", 1000), ("val_bpb: 1,000.5", 1000.5)],
)
def test_numbers_as_people_write_them(line: str, value: float) -> None:
    assert parse_measurements(f"---\r\n{line}\r\n".replace("\r\n", "\n")).score("val_bpb") == value


def test_the_block_ends_at_any_other_line() -> None:
    found = parse_measurements("---\na: 1\nb: relu\nand so on\nc: 3\n")
    assert (found.numbers, found.texts) == ({"a": 1.0}, {"b": "relu"})


@given(st.text(max_size=300))
def test_any_output_is_read_without_an_error(log: str) -> None:
    for text in (log, f"---\n{log}", f"---\nval_bpb: {log}"):
        found = parse_measurements(printable(text))
        assert all(abs(number) <= 1e15 for number in found.numbers.values())


@given(st.binary(max_size=300), st.integers(1, 50))
def test_a_window_is_the_end_of_the_log(log: bytes, keep: int) -> None:
    window = LogWindow(keep_bytes=keep)
    for chunk in itertools.batched(log, 7) if hasattr(itertools, "batched") else [log[:9], log[9:]]:
        window.feed(bytes(chunk))
    assert window.bytes_seen == len(log)
    assert window.text == printable(log[-keep:].decode("utf-8", "replace"))


def test_gigabytes_of_log_are_never_in_memory() -> None:
    chunk, window = b"x" * 1_000_000, LogWindow()
    tracemalloc.start()
    for _ in range(2000):
        window.feed(chunk)
    window.feed(b"\n---\nval_bpb: 1.25\n")
    text = window.text
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert window.bytes_seen > 2_000_000_000
    assert peak < 2_000_000
    assert parse_measurements(text).score("val_bpb") == 1.25


def test_a_log_of_gigabytes_on_disk_is_read_from_its_end(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    with path.open("wb") as file:
        file.truncate(3_000_000_000)  # sparse: takes no room
        file.seek(0, 2)
        file.write(ORIGINAL.encode())
    text = read_log(path)
    assert len(text) <= MAX_BLOCK
    assert parse_measurements(text).score("val_bpb") == 0.9979


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("10%\r50%\r100%\n", "100%\n"),  # a progress bar
        ("a\r\nb", "a\nb"),
        ("\x1b]0;title\x07x", "x"),
        ("a\u202eb\u200bc\x00", "abc"),  # what turns the writing direction, or hides
        ("\ud800", "\ufffd"),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_what_is_shown_of_a_log(log: str, shown: str) -> None:
    assert printable(log) == shown


def test_a_tail_is_bounded() -> None:
    tail = log_tail("\n".join("y" * 10_000 for _ in range(1000)))
    assert tail.count("\n") == 49
    assert len(tail) <= 50 * 401
