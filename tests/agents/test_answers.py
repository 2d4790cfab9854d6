import json
from typing import Literal

import pytest

from nightdesk.agents.answers import hand_in_text

THING = '{"summary": "x", "claims": []}'


@pytest.mark.parametrize(
    ("answer", "hand_in", "why"),
    [
        (THING, THING, "bare"),
        (f"\n{THING}\n", THING, "white space around it"),
        (f"```json\n{THING}\n```", THING, "fenced"),
        (f"Here it is:\n\n```\n{THING}\n```\nI hope it helps!", THING, "fenced, with chat around it"),
        (f"Sure! {THING} Anything else?", THING, "bare, with chat around it"),
        (f"{{not json}} but {THING}", THING, "a brace before it"),
        (f"An empty object {{}} is no answer: {THING}", THING, "the longest one counts"),
        (f"<think>{{}} hm</think>{THING}", THING, "thinking with JSON in it"),
        (
            '{"summary": "models write <think>…</think>"}',
            '{"summary": "models write <think>…</think>"}',
            "a word of it",
        ),
        ('{"a": "```json\\n{}\\n```"}', '{"a": "```json\\n{}\\n```"}', "a fence inside a text"),
        ("I cannot do that.", "I cannot do that.", "none: the verifier says so"),
        ('{"summary": "cut', '{"summary": "cut', "cut off"),
        ('{"claims": [{"a": 1}, {"a": 2', '{"claims": [{"a": 1}, {"a": 2', "cut off after a part that is whole"),
        ('Sure: {"claims": [{"a": 1}, {"a": 2', 'Sure: {"claims": [{"a": 1}, {"a": 2', "the same in chat"),
        ("<think>never ends", "", "nothing but thinking"),
    ],
)
def test_the_json_in_an_answer_is_found(answer: str, hand_in: str, why: str) -> None:
    assert hand_in_text(answer, "json") == hand_in, why


PAGE = "A sentence. [[A#^c1|1]]\n\n## More\n\n```python\nx = 1\n```\n\nThe end."


@pytest.mark.parametrize(
    ("answer", "hand_in", "why"),
    [
        (PAGE, PAGE, "as it is"),
        (f"```markdown\n{PAGE}\n```", PAGE, "a fence around the whole"),
        (f"````markdown\n{PAGE}\n````", PAGE, "a longer fence"),
        (f"```md\n{PAGE}\n```\n", PAGE, "another word, a line after it"),
        ("```\nplain\n```", "plain", "a fence without a word"),
        ("```python\nx = 1\n```", "```python\nx = 1\n```", "a page that is one piece of code"),
        ("```\na\n```\n\nText.\n\n```\nb\n```", "```\na\n```\n\nText.\n\n```\nb\n```", "code first and last"),
        ("<think>plan</think>\n\nText.", "Text.", "thinking"),
        ("<thinking>plan</thinking>Text.", "Text.", "thinking by another name"),
        ("plan\nmore plan\n</think>\n\nText.", "Text.", "thinking whose start the server left out"),
        ("Models close <think> with </think> always.", "Models close <think> with </think> always.", "words of it"),
        ("A </think> in a line.", "A </think> in a line.", "the same without a start"),
    ],
)
def test_the_page_in_an_answer_is_found(answer: str, hand_in: str, why: str) -> None:
    assert hand_in_text(answer, "markdown") == hand_in, why


@pytest.mark.parametrize("form", ["json", "markdown"])
@pytest.mark.parametrize(
    "answer", ["{" * 100_000, "[" * 100_000, "```" * 50_000, "<think>" * 20_000, "`" * 100_000, "\n" * 200_000 + "x"]
)
def test_hostile_answers_end_soon(answer: str, form: Literal["json", "markdown"]) -> None:
    text = hand_in_text(answer, form)
    assert isinstance(text, str)
    if form == "json" and text:
        with pytest.raises((ValueError, RecursionError)):
            json.loads(text)
