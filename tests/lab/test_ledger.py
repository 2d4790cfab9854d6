"""results.tsv: Karpathy's columns, read and written so that his tools and ours agree."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.base.errors import DeskError
from nightdesk.lab.ledger import Row, append_row, parse_results, read_results, render_row

HIS = (
    "commit\tval_bpb\tmemory_gb\tstatus\tdescription\n"
    "a1b2c3d\t0.997900\t44.0\tkeep\tbaseline\n"
    "b2c3d4e\t0.993200\t44.2\tkeep\tincrease LR to 0.04\n"
    "c3d4e5f\t1.005000\t44.0\tdiscard\tswitch to GeLU activation\n"
    "d4e5f6a\t0.000000\t0.0\tcrash\tdouble model width (OOM)\n"
)
ROWS = (
    Row("a1b2c3d", 0.9979, 44.0, "keep", "baseline"),
    Row("b2c3d4e", 0.9932, 44.2, "keep", "increase LR to 0.04"),
    Row("c3d4e5f", 1.005, 44.0, "discard", "switch to GeLU activation"),
    Row("d4e5f6a", None, None, "crash", "double model width (OOM)"),
)


def test_his_file_is_read_and_written_to_the_byte(tmp_path: Path) -> None:
    assert parse_results(HIS) == ROWS
    for row in ROWS:
        append_row(tmp_path / "results.tsv", row, metric="val_bpb")
    assert (tmp_path / "results.tsv").read_text() == HIS


ROW = st.builds(
    Row,
    st.text("0123456789abcdef", min_size=7, max_size=7),
    st.floats(-1e9, 1e9).map(lambda x: round(x, 6)).filter(lambda x: abs(x) >= 0.001),
    st.floats(0, 1000).map(lambda x: round(x, 1)),
    st.sampled_from(["keep", "discard"]),
    st.text(max_size=80),
)


@given(ROW)
def test_a_row_comes_back(row: Row) -> None:
    written = render_row(row)
    assert written.count("\n") == 1
    assert written.count("\t") == 4
    assert parse_results(written) == (row,)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a note",
        "a1b2c3d\t0.99",  # torn
        "commit\tval_bpb\tmemory_gb\tstatus\tdescription",
        "a1b2c3d\t1.0\t1.0\tkept\tx",
        "nothex!\t1.0\t1.0\tkeep\tx",
    ],
)
def test_what_is_no_row_is_passed_over(line: str) -> None:
    assert parse_results(HIS + line + "\n") == ROWS


def test_a_score_that_is_none_stays_none() -> None:
    assert parse_results("a1b2c3d\tnan\tinf\tkeep\tx\n") == (Row("a1b2c3d", None, None, "keep", "x"),)
    small = Row("a1b2c3d", 1.23456e-7, 0.0, "keep", "a tiny error")
    assert parse_results(render_row(small)) == (small,)


def test_a_torn_row_is_ended_first(tmp_path: Path) -> None:
    path = tmp_path / "results.tsv"
    path.write_text(HIS + "e5f6a7b\t0.99")
    append_row(path, ROWS[0], metric="val_bpb")
    assert read_results(path) == (*ROWS, ROWS[0])


def test_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(DeskError):
        append_row(tmp_path / "link", ROWS[0], metric="val_bpb")
    with pytest.raises(DeskError):
        append_row(tmp_path, ROWS[0], metric="val_bpb")
    assert read_results(tmp_path / "none.tsv") == ()
