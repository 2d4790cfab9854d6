"""Hand-ins as files: what a brief asks for can be handed in, and nothing hostile gets through."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from nightdesk.agents.handins import (
    MAX_HAND_IN,
    HandInFile,
    against_form,
    brief_path,
    compose_brief,
    hand_in_path,
    parse_hand_in,
)
from nightdesk.agents.tasks import Brief, Task
from nightdesk.base.errors import DeskError

TASK, INPUT, LEASE = "t0123456789", "0123456789abcdef0123456789abcdef", "k0123456789abcdef"
HEADER = f"---\ntask: {TASK}\ninput: {INPUT}\nlease: {LEASE}\n---\n"
KEYS: dict[str, Any] = {"task": TASK, "input": INPUT, "lease": LEASE}
PAGE = HandInFile(TASK, INPUT, LEASE, "## A\n\nMuon is fast.\n", "markdown")


def as_json(**own: Any) -> str:
    return json.dumps(KEYS | own)


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n## A\n\nMuon is fast.\n",
        f"\ufeff{HEADER}\n## A\n\nMuon is fast.\n",  # an editor on Windows
        f"{HEADER}\n## A\n\nMuon is fast.\n".replace("\n", "\r\n"),
        f"\n\n  {HEADER}## A\n\nMuon is fast.\n\n\n",
        f"```markdown\n{HEADER}\n## A\n\nMuon is fast.\n```\n",  # the whole file in a code block
        f"````\n{HEADER}\n## A\n\nMuon is fast.\n````",
        f"~~~md\n{HEADER}\n## A\n\nMuon is fast.\n~~~",
        HEADER.replace(LEASE, f'"{LEASE}"').replace(TASK, f"'{TASK}'") + "## A\n\nMuon is fast.\n",
        HEADER.replace("---\n", "---  \n").replace("input: ", "input :  ") + "## A\n\nMuon is fast.\n",
        HEADER.replace("---\ntask", "---\ntitle: Muon\n# mine\ntask") + "## A\n\nMuon is fast.\n",  # keys of its own
    ],
)
def test_a_page_is_read_however_it_was_written_down(text: str) -> None:
    assert parse_hand_in(text) == PAGE


@pytest.mark.parametrize(
    "text",
    [
        as_json(claims=[], summary=["ü"]),
        "\ufeff  " + json.dumps(KEYS | {"claims": [], "summary": ["ü"]}, indent=2, ensure_ascii=False),
        f"```json\n{as_json(claims=[], summary=['ü'])}\n```",
    ],
)
def test_a_json_hand_in_is_read_without_its_header(text: str) -> None:
    assert parse_hand_in(text) == HandInFile(TASK, INPUT, LEASE, '{"claims": [], "summary": ["ü"]}', "json")


def test_a_json_hand_in_may_have_its_header_in_markdown() -> None:
    found = parse_hand_in(HEADER + '\n{"claims": []}\n')
    assert (json.loads(found.text), found.lease) == ({"claims": []}, LEASE)


def test_a_line_break_in_a_json_text_is_no_mistake() -> None:
    found = parse_hand_in(as_json(statement="a b").replace("a b", "a\nb"))
    assert json.loads(found.text) == {"statement": "a\nb"}


def test_a_body_keeps_its_own_rules_and_code() -> None:
    body = "One.\n\n---\n\n```yaml\ntask: t9999999999\n```\n"
    assert parse_hand_in(HEADER + body).text == body
    assert parse_hand_in(f"````\n{HEADER}{body}````").text == body


@pytest.mark.parametrize("input_hash", ["123456e7890123456789012345678901", "0" * 32, "00000001e"])
def test_a_hash_that_looks_like_a_number_stays_a_text(input_hash: str) -> None:
    assert parse_hand_in(HEADER.replace(INPUT, input_hash)).input == input_hash


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\ufeff\n", "is empty"),
        ("Here is the page:\n" + HEADER, "begins with neither"),
        ("[1]", "begins with neither"),
        ("## A\n\nMuon is fast.", "begins with neither"),
        ("---\ntask: x\n", 'no line "---" ends it'),
        ("---\n---\ntext", "the header is empty"),
        (HEADER.replace(f"lease: {LEASE}\n", ""), "lacks lease"),
        (f"---\ntask: {TASK}\n---\n", "lacks input, lease"),
        ("---\ntitle: Muon\n---\n", "lacks task, input, lease"),
        (HEADER.replace(TASK, "Muon"), "'Muon' is no task"),
        (HEADER.replace(INPUT, "../../etc"), "'../../etc' is no input"),
        (HEADER.replace(LEASE, "k" * 9_000), f"'{'k' * 40}' is no lease"),
        (HEADER.replace(LEASE, "!!python/object/apply:os.system ['id']"), "is no lease"),
        ("---\n" + "a: &a [x,x]\n" + "b: &b [*a,*a]\n" * 50 + "---\n", "lacks task"),  # a YAML bomb is never read
        ("---\n" + "[" * 100_000 + "\n---\n", "lacks task"),
        (as_json().replace(LEASE, ""), "lacks lease"),
        (json.dumps({"claims": []}), "lacks task, input, lease"),
        (json.dumps(KEYS | {"lease": None}), "lacks lease"),
        (json.dumps(KEYS | {"task": ["t0123456789"]}), "is no task"),
        (json.dumps(KEYS | {"task": 5}), "'5' is no task"),
        (json.dumps(KEYS | {"task": {}}), "'{}' is no task"),
        (as_json()[:-1], "not valid JSON"),
        (as_json() + "\nI hope this helps!", "not valid JSON: Extra data"),
        ('{"a":' * 100_000, "not valid JSON"),
        (as_json()[:-1] + ', "deep": ' + "[" * 100_000 + "]" * 100_000 + "}", "not valid JSON"),
        ('{"n": ' + "9" * 10_000 + "}", "not valid JSON"),  # Python refuses to read so long a number
        (as_json(statement="\ud800"), "half a character"),
        (HEADER + "\udc80", "half a character"),
        ("~" * 100_000, "begins with neither"),
        ("`" * 100_000, "begins with neither"),
        ("---\n" + "a" + " " * 200_000 + "b\n---\n", "lacks task"),
        (" " * (MAX_HAND_IN + 1), "is longer than 8,000,000 characters"),
    ],
)
def test_a_mistake_is_told_with_the_way_out(text: str, words: str) -> None:
    with pytest.raises(DeskError) as caught:
        parse_hand_in(text)
    assert words in caught.value.message
    assert caught.value.fix
    assert "\n" not in str(caught.value)


def test_who_forgets_the_header_is_shown_one() -> None:
    with pytest.raises(DeskError, match="task: t…, input: …, lease: k…"):
        parse_hand_in("Muon is fast.")


def make_task(form: Any = "json", **more: Any) -> Task[None]:
    brief = Brief("Read the text.", "<<data>> Muon is fast. <</data>>\n", form, "abc", **more)
    return Task("read", "raw/muon\n.md", INPUT, None, brief=lambda: brief)


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_the_example_of_a_brief_can_be_handed_in_as_it_stands(form: str) -> None:
    task = make_task(form, schema={"properties": {"claims": {}, "summary": {}}} if form == "json" else None)
    text = compose_brief(task, LEASE)
    (example,) = re.findall(r"^```\w+\n.*?^```$", text, re.DOTALL | re.MULTILINE)
    found = parse_hand_in(example.replace("…", "[]"))
    assert (found.task, found.input, found.lease, found.form) == (task.id, INPUT, LEASE, form)
    assert found.text == ('{"claims": [], "summary": []}' if form == "json" else "(your text)\n")


def test_a_brief_says_all_in_one_text(tmp_path: Path) -> None:
    image = tmp_path / "raw/muon.assets/plot.png"
    task = make_task(images=(image, Path("/elsewhere/x.png")))
    text = compose_brief(task, LEASE, holder="ada", until="2026-11-22 13:00 UTC", root=tmp_path)
    lines = text.split("\n")
    assert lines[0] == f"# Task {task.id}: read raw/muon .md"
    assert lines[2] == "Leased to ada until 2026-11-22 13:00 UTC."
    assert text.index("Read the text.") < text.index("<<data>>") < text.index("## How to hand in")
    assert "- `raw/muon.assets/plot.png`\n- `/elsewhere/x.png`" in text
    assert f"    nightdesk submit .nightdesk/tasks/{task.id}-012345-hand-in.json\n" in text


def test_a_brief_can_be_printed_and_still_be_quoted_from() -> None:
    brief = Brief("Read.", "fast\x1b[2J\x9b0m\r\x0cand\u00a0wide\u3000東京\tso\n", "json", "abc")
    text = compose_brief(Task("read", "a", INPUT, None, brief=lambda: brief), LEASE)
    assert "fast [2J 0m  and\u00a0wide\u3000東京\tso\n" in text


def test_no_two_briefs_or_hand_ins_share_a_file() -> None:
    """Two agents had one brief file: the inputs of a task had changed, and the second overwrote the first's."""
    leases = (LEASE, "kfedcba9876543210")
    files = {brief_path(TASK, lease) for lease in leases}
    files |= {hand_in_path(TASK, lease, form) for lease in leases for form in ("json", "markdown")}
    assert len(files) == 6


@pytest.mark.parametrize(
    ("asked", "given", "fits"),
    [("json", "json", True), ("markdown", "markdown", True), ("json", "markdown", True), ("markdown", "json", False)],
)
def test_a_page_cannot_be_json(asked: Any, given: Any, fits: bool) -> None:
    hand_in = HandInFile(TASK, INPUT, LEASE, "", given)
    assert (against_form(hand_in, make_task(asked).brief()) is None) == fits
