"""The scripted worker: prepared hand-ins, in their order."""

import json
from pathlib import Path

import pytest

from nightdesk.agents.scripted import Reply, ScriptedWorker, read_script
from nightdesk.agents.tasks import Task
from nightdesk.base.errors import DeskError


def task(kind: str = "read", subject: str = "raw/a.md") -> Task[None]:
    return Task(kind, subject, "hash", None)


def test_replies_come_in_their_order_and_the_last_one_again() -> None:
    worker = ScriptedWorker([Reply("read", "raw/a.md", "1"), Reply("read", "*", "2"), Reply("write", "*", "page")])
    assert [worker.work(task(), ()) for _ in range(4)] == ["1", "2", "2", "2"]
    assert worker.work(task(subject="raw/b.md"), ()) == "2", "each subject has its own turn"
    assert worker.work(task("write", "Muon"), ()) == "page"


def test_without_a_reply_the_other_worker_does_it_or_it_fails() -> None:
    other = ScriptedWorker([Reply("read", "*", "other")])
    assert ScriptedWorker([], otherwise=other).work(task(), ()) == "other"
    with pytest.raises(DeskError, match=r"no reply for read raw/a\.md"):
        ScriptedWorker([Reply("write", "*", "x")]).work(task(), ())


def test_a_script_is_read_line_by_line(tmp_path: Path) -> None:
    script = tmp_path / "script.jsonl"
    lines = [
        json.dumps({"kind": "read", "subject": "*", "hand_in": {"claims": ["ü\u2028"]}}, ensure_ascii=False),
        "",
        json.dumps({"kind": "write", "subject": "Muon", "hand_in": "## A\ntext"}),
    ]
    script.write_text("\ufeff" + "\r\n".join(lines) + "\n", encoding="utf-8")
    assert read_script(script) == (
        Reply("read", "*", '{"claims": ["ü\u2028"]}'),
        Reply("write", "Muon", "## A\ntext"),
    )


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "5",
        '"text"',
        '{"kind": "read", "subject": "*"}',
        '{"kind": "read", "hand_in": ""}',
        "[" * 100_000,
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    script = tmp_path / "script.jsonl"
    script.write_text(f'{{"kind": "read", "subject": "*", "hand_in": ""}}\n{line}\n')
    with pytest.raises(DeskError, match=r"line 2: not a reply") as caught:
        read_script(script)
    assert caught.value.fix


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_script_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    if content:
        (tmp_path / "script.jsonl").write_bytes(content)
    with pytest.raises(DeskError, match="cannot read the script"):
        read_script(tmp_path / "script.jsonl")
