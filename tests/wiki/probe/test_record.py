"""probes.tsv."""

import os
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.wiki.probe.intervals import Share
from nightdesk.wiki.probe.record import COLUMNS, Measured, append_measured, last_probe, read_measured


def row(
    source: str = "raw/a.md", *, time: str = "2026-11-23T08:00:00Z", moment: str = "probe", retained: int = 1
) -> Measured:
    return Measured(
        time, moment, source, "0123456789abcdef", "nightdesk/builtin", "wiki", 0, 3, retained, 2, retained, 2
    )


def test_rows_come_back(tmp_path: Path) -> None:
    path = tmp_path / "probes.tsv"
    rows = [row("raw/a\tb.md"), row("raw/=x.md"), row("raw/naïve 模.md")]
    append_measured(path, rows[:1])
    append_measured(path, rows[1:])
    assert read_measured(path) == rows
    assert path.read_text(encoding="utf-8").splitlines()[0] == "\t".join(COLUMNS)


def test_what_is_no_row_is_passed_over_and_a_torn_one_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "probes.tsv"
    append_measured(path, [row()])
    torn = "2026-11-23T08:00:00Z\tprobe\traw/b.md"
    bad = ["", "x", "\t" * 11, "2026\tnever\ta\tb\tc\td\t0\t1\t1\t1\t1\t1", "2026\tprobe\ta\tb\tc\td\t0\t1\t2\t1\t1\t1"]
    with path.open("a", encoding="utf-8") as file:
        file.write("\n".join([*bad, torn]))
    append_measured(path, [row("raw/c.md")])
    assert [measured.source for measured in read_measured(path)] == ["raw/a.md", "raw/c.md"]


def test_the_last_probe_counts_all_questions_until_a_desk_was_mended(tmp_path: Path) -> None:
    path = tmp_path / "probes.tsv"
    assert last_probe(path) is None
    append_measured(path, [row("raw/a.md", retained=0), row("raw/b.md")])
    last = last_probe(path)
    assert last is not None
    assert (last.date, last.retained, last.heldout_only, last.sources) == ("2026-11-23", Share(2, 10), False, 2)
    append_measured(path, [row(moment="before"), row(moment="after", retained=2)])
    append_measured(path, [row(time="2026-11-24T08:00:00Z", retained=1)])
    last = last_probe(path)
    assert last is not None
    assert (last.retained, last.heldout_only) == (Share(1, 2), True), "what mending saw says nothing any more"


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_only_a_plain_file_is_written(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "probes.tsv"
    if kind == "link":
        (tmp_path / "elsewhere").write_text("kept", encoding="utf-8")
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(DeskError):
        append_measured(path, [row()])
    with pytest.raises(DeskError):
        read_measured(path)
    assert kind != "link" or (tmp_path / "elsewhere").read_text(encoding="utf-8") == "kept"
