"""The logs of runs: kept whole, shown, pruned by a policy."""

import contextlib
import gzip
import os
import time
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.labs import Lab
from nightdesk.lab.lasting import logs
from nightdesk.lab.lasting.logs import KeptLog, keep_log, kept_runs, log_file, prune_logs, read_log, to_prune
from nightdesk.lab.programs import parse_program
from tests.lab.nights import baseline, better, discarded

DAY = 86_400.0
NOW = 1_000 * DAY


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab with nothing but a state folder."""
    program = parse_program("---\nrun: a\nedit: [train.py]\nmetric: loss\n---\n", files={"train.py"})
    return Lab("tiny", tmp_path, tmp_path, tmp_path / "state", program)


def log(number: int | None, run: int = 1, *, days: float = 0.0, size: int = 4096) -> KeptLog:
    return KeptLog(f"{number}-{run}.log.gz", number, run, NOW - days * DAY, size)


def names(entries: list[KeptLog]) -> list[str]:
    return [entry.name.removesuffix(".log.gz") for entry in entries]


@pytest.mark.parametrize(
    "text",
    [
        "one\ntwo\n",
        "x" * 65_536,
        "ünï\u2028code 🙂 \t tab\n",
        "\x1b[31mred\x1b[0m\x07",
        "lone \ud800 surrogate",
        "\n" * 50,
    ],
)
def test_what_a_run_printed_is_read_again_as_it_can_be_shown(lab: Lab, text: str) -> None:
    keep_log(lab, "0042-2", text)
    shown = read_log(lab, "0042-2")
    assert shown is not None
    assert not set(shown) & {"\x1b", "\x07", "\u2028", "\ud800"}
    assert len(shown) >= len(text) - 12
    assert kept_runs(lab, 42) == [2]


def test_a_long_log_takes_little_room_and_the_same_log_is_the_same_file(lab: Lab) -> None:
    text = "".join(f"step {n} loss {1 / n:.6f}\n" for n in range(1, 3000))
    keep_log(lab, "0001-1", text)
    first = log_file(lab, "0001-1").read_bytes()
    assert len(first) < len(text) / 2
    keep_log(lab, "0001-1", text)
    assert log_file(lab, "0001-1").read_bytes() == first
    assert [path.name for path in (lab.state / "logs").iterdir()] == ["0001-1.log.gz"]


def test_what_is_not_kept_is_none_and_nothing_is_kept_of_nothing(lab: Lab) -> None:
    keep_log(lab, "0001-1", "")
    assert read_log(lab, "0001-1") is None
    assert kept_runs(lab, 1) == []
    assert prune_logs(lab, ()) == 0


def test_a_disk_that_takes_no_log_does_not_end_the_night(lab: Lab) -> None:
    lab.state.mkdir()
    (lab.state / "logs").write_text("in the way")
    keep_log(lab, "0001-1", "text")


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"x" * 1000, mtime=0)[:20], bytes(range(100))],
    ids=["empty", "no gzip", "cut short", "bytes"],
)
def test_a_damaged_file_is_told_or_shows_what_is_left(lab: Lab, content: bytes) -> None:
    log_file(lab, "0001-1").parent.mkdir(parents=True)
    log_file(lab, "0001-1").write_bytes(content)
    with contextlib.suppress(DeskError):
        assert set(read_log(lab, "0001-1") or "x") == {"x"}


def test_a_small_file_that_unpacks_to_gigabytes_is_cut(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MOST_CHARS", 10_000)
    log_file(lab, "0001-1").parent.mkdir(parents=True)
    log_file(lab, "0001-1").write_bytes(gzip.compress(b"a" * 1_000_000))
    shown = read_log(lab, "0001-1")
    assert shown is not None
    assert len(shown) <= 10_000


def test_a_link_in_the_place_of_a_log_is_not_followed(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(gzip.compress(b"secret"))
    log_file(lab, "0001-1").parent.mkdir(parents=True)
    log_file(lab, "0001-1").symlink_to(tmp_path / "secret")
    with pytest.raises(DeskError):
        read_log(lab, "0001-1")
    assert kept_runs(lab, 1) == []


@pytest.mark.parametrize(
    ("entries", "limits", "gone", "why"),
    [
        ([], {}, [], "nothing to prune"),
        ([log(1, days=31), log(2, days=29)], {"last_runs": 0}, ["1-1"], "after thirty days"),
        ([log(1, days=31), log(2, days=40)], {"last_runs": 2}, [], "but for the last runs, however old"),
        ([log(1, days=31), log(2, days=40)], {"last_runs": 1}, ["2-1"], "the last by their time, not by number"),
        ([log(7, days=400), log(1, days=31)], {"last_runs": 0}, ["1-1"], "a keep's stay"),
        ([log(None, days=400)], {"last_runs": 0}, [], "so do those of a confirmation"),
        (
            [log(1, days=-5), log(2, days=31)],
            {"last_runs": 0},
            ["2-1"],
            "a clock that was set back prunes nothing more",
        ),
        ([log(1, days=2), log(2, days=1), log(3)], {"most_bytes": 8192}, ["1-1"], "too much: the oldest first"),
        ([log(7, days=9), log(1, days=2), log(2)], {"most_bytes": 8192}, ["1-1"], "a keep's after all others"),
        (
            [log(7, days=9), log(1, days=2), log(2)],
            {"most_bytes": 1},
            ["1-1", "2-1", "7-1"],
            "but never more than that",
        ),
    ],
)
def test_the_policy(entries: list[KeptLog], limits: dict[str, int], gone: list[str], why: str) -> None:
    assert names(to_prune(entries, keeps={7}, now=NOW, **limits)) == gone, why


def test_pruning_removes_files_of_old_discards_and_nothing_else(lab: Lab) -> None:
    for key in ("0000-1", "0001-1", "0001-2", "0002-1", "confirm-01-winner-1"):
        keep_log(lab, key, "text")
    (lab.state / "logs" / "mine.txt").write_text("not ours")
    for n in range(200):
        keep_log(lab, f"{100 + n:04d}-1", "text")
    old = time.time() - 40 * DAY
    for key in ("0000-1", "0001-1", "0001-2", "0002-1", "confirm-01-winner-1"):
        os.utime(log_file(lab, key), (old, old))
    os.utime(lab.state / "logs" / "mine.txt", (old, old))
    assert prune_logs(lab, [baseline(), better(1, 1.4, 1.4), discarded(2, 1.6)]) == 1
    left = {path.name for path in (lab.state / "logs").iterdir()}
    assert len(left) == 205
    assert "0002-1.log.gz" not in left
    assert "mine.txt" in left
