"""The scripted worker: prepared hand-ins, in their order."""

import json
from pathlib import Path

import pytest

from nightdesk.agents.meter import Caps, Meter
from nightdesk.agents.scripted import Reply, ScriptedWorker, read_script
from nightdesk.agents.tasks import Attempt, CapReachedError, LeftError, Task, Usage, Verified, WorkerError, perform
from nightdesk.base.errors import DeskError


def task(kind: str = "read", subject: str = "raw/a.md") -> Task[None]:
    return Task(kind, subject, "hash", None)


def test_replies_come_in_their_order_and_the_last_one_again() -> None:
    worker = ScriptedWorker([Reply("read", "raw/a.md", "1"), Reply("read", "*", "2"), Reply("write", "*", "page")])
    assert [worker.work(task(), ()).text for _ in range(4)] == ["1", "2", "2", "2"]
    assert worker.work(task(subject="raw/b.md"), ()).text == "2", "each subject has its own turn"
    assert worker.work(task("write", "Muon"), ()).text == "page"


def test_without_a_reply_the_other_worker_does_it_or_it_fails() -> None:
    other = ScriptedWorker([Reply("read", "*", "other")])
    assert ScriptedWorker([], otherwise=other).work(task(), ()).text == "other"
    with pytest.raises(DeskError, match=r"no reply for read raw/a\.md"):
        ScriptedWorker([Reply("write", "*", "x")]).work(task(), ())


def test_a_reply_may_fail_or_wait_in_its_turn() -> None:
    usage = Usage("m", input_tokens=7)
    replies = [Reply("read", "*", waits=True), Reply("read", "*", fails="out of order", usage=usage)]
    worker = ScriptedWorker([*replies, Reply("read", "*", "1")])
    with pytest.raises(LeftError):
        worker.work(task(), ())
    with pytest.raises(WorkerError, match="out of order") as caught:
        worker.work(task(), ())
    assert caught.value.usage == usage
    assert worker.work(task(), ()).text == "1"


def test_what_the_script_says_was_used_is_recorded_and_counts_against_the_caps() -> None:
    usage = Usage("m", input_tokens=60, output_tokens=40, usd=0.02)
    worker = ScriptedWorker([Reply("read", "*", "1", usage)], meter=Meter(Caps(tokens=250)))
    ledger: list[Attempt] = []
    with pytest.raises(CapReachedError, match="the cap of 250 tokens"):
        perform(task(), worker, lambda text: Verified(None, (str(len(ledger)),)), record=ledger.append)
    assert [attempt.usage for attempt in ledger] == [usage, usage]


def test_a_price_that_is_not_known_is_refused_under_a_cap_in_usd() -> None:
    replies = [Reply("read", "*", "1", Usage(input_tokens=5, output_tokens=5)), Reply("write", "*", "page")]
    worker = ScriptedWorker(replies, meter=Meter(Caps(usd=1.0)))
    with pytest.raises(CapReachedError, match="price of this model is not known"):
        worker.work(task(), ())
    assert worker.work(task("write"), ()).text == "page", "a line without usage used nothing"


def test_a_script_is_read_line_by_line(tmp_path: Path) -> None:
    script = tmp_path / "script.jsonl"
    lines = [
        json.dumps({"kind": "read", "subject": "*", "hand_in": {"claims": ["ü\u2028"]}}, ensure_ascii=False),
        "",
        json.dumps({"kind": "write", "subject": "Muon", "hand_in": "## A\ntext"}),
        '{"kind": "read", "subject": "*", "fails": "no key", "usage": {"model": "m", "input_tokens": 5, "usd": 1}}',
        '{"kind": "read", "subject": "*", "waits": true}',
        '{"kind": "read", "subject": "*", "hand_in": null, "waits": false, "usage": {"seconds": 1.5}}',
    ]
    script.write_text("\ufeff" + "\r\n".join(lines) + "\n", encoding="utf-8")
    assert read_script(script) == (
        Reply("read", "*", '{"claims": ["ü\u2028"]}'),
        Reply("write", "Muon", "## A\ntext"),
        Reply("read", "*", fails="no key", usage=Usage("m", input_tokens=5, usd=1)),
        Reply("read", "*", waits=True),
        Reply("read", "*", "null", usage=Usage(seconds=1.5)),
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
        '{"kind": "read", "subject": "*", "waits": "yes"}',
        '{"kind": "read", "subject": "*", "waits": false}',  # and no hand-in
        '{"kind": "read", "subject": "*", "fails": 5}',
        '{"kind": "read", "subject": "*", "hand_in": "", "usage": 5}',
        '{"kind": "read", "subject": "*", "hand_in": "", "usage": {"input_tokens": 1.5}}',
        '{"kind": "read", "subject": "*", "hand_in": "", "usage": {"input_tokens": true}}',
        '{"kind": "read", "subject": "*", "hand_in": "", "usage": {"input_tokens": -1}}',
        '{"kind": "read", "subject": "*", "hand_in": "", "usage": {"usd": NaN}}',
        '{"kind": "read", "subject": "*", "hand_in": "", "usage": {"dollars": 1}}',  # a typing mistake
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
