"""The diary is appended to; what stands there stays to the byte."""

from datetime import date
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.pages import parse_page
from nightdesk.wiki.log import PATH, append_log

TODAY = date(2026, 11, 22)


def test_entries_follow_each_other(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert append_log(desk, "compile", "two\nsources", ["read a\nb", "read c"], today=TODAY) == PATH
    append_log(desk, "forget", "one", [], today=TODAY)
    page = parse_page((tmp_path / PATH).read_text())
    assert page.value("type") == "log"
    assert page.body == (
        "# Log\n\n## [2026-11-22] compile | two sources\n\n- read a b\n- read c\n\n## [2026-11-22] forget | one\n"
    )


@pytest.mark.parametrize("before", [b"", b"mine\r\n\r\n", b"\xff\xfe latin", "\ufeffmine\u2028x\r".encode()])
def test_what_a_person_wrote_there_stays(tmp_path: Path, before: bytes) -> None:
    (tmp_path / "wiki").mkdir()
    (tmp_path / PATH).write_bytes(before)
    append_log(Desk(tmp_path), "compile", "t", [], today=TODAY)
    after = (tmp_path / PATH).read_bytes()
    assert after.startswith(before.rstrip(b"\r\n"))
    assert after.endswith(b"\n\n## [2026-11-22] compile | t\n")
