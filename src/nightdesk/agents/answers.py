"""What a model answered becomes a hand-in: its thinking and the fence around the whole are taken off."""

import json
import re
from typing import Literal

_THINKING = re.compile(r"\A\s*<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL)
_THOUGHT_BEFORE = re.compile(r"\A(?:(?!<think(?:ing)?>).)*?^[ \t]*</think(?:ing)?>[ \t]*$", re.DOTALL | re.MULTILINE)
_FENCE_START = re.compile(r"\A(?P<mark>`{3,}|~{3,})(?P<word>[^\n`]*)\n")
_JSON_FENCE = re.compile(
    r"^(?P<mark>`{3,}|~{3,})[ \t]*(?:json|JSON)?[ \t]*\n(?P<inside>.*?)\n(?P=mark)[ \t]*$", re.DOTALL | re.MULTILINE
)
_MARKDOWN_WORDS = ("", "markdown", "md")
_OBJECT_START = re.compile(r'\{\s*"')


def hand_in_text(answer: str, form: Literal["json", "markdown"]) -> str:
    """Return the hand-in that `answer` holds; an answer without one is returned as it is, for the verifier to judge."""
    text = without_thinking(answer).strip()
    return _json_in(text) if form == "json" else _markdown_in(text)


def without_thinking(answer: str) -> str:
    """Return `answer` without what a model thought aloud before it. Such words further on belong to the answer."""
    text = _THINKING.sub("", answer, count=1)
    if text != answer:
        return text
    # some servers leave out the opening mark; then the closing one stands on a line of its own
    return answer if answer.lstrip()[:1] in ("{", "[") else _THOUGHT_BEFORE.sub("", answer, count=1)


def _markdown_in(text: str) -> str:
    """Return `text` without a fence around the whole of it, unless it is a fence of code."""
    opening = _FENCE_START.match(text)
    if opening is None or opening["word"].strip().lower() not in _MARKDOWN_WORDS:
        return text
    inside, _, last = text[opening.end() :].rpartition("\n")
    if last.strip() != opening["mark"]:
        return text
    if not opening["word"].strip() and _closes_early(inside, opening["mark"]):
        return text
    return inside.strip()


def _closes_early(inside: str, mark: str) -> bool:
    """Whether a fence that `inside` follows ends within it: a fence of code at the start, and another at the end."""
    depth = 0
    for line in inside.split("\n"):
        if line.startswith(mark):
            depth += 1 if line.strip("`~ ") else -1
            if depth < 0:
                return True
    return depth != 0


def _json_in(text: str) -> str:
    if _is_json(text):
        return text
    for fence in _JSON_FENCE.finditer(text):
        if _is_json(fence["inside"]):
            return fence["inside"].strip()
    return _longest_object(text) or text


def _longest_object(text: str) -> str:
    """Return the longest JSON object among the words of `text`; "" where there is none, or one that does not end."""
    decoder = json.JSONDecoder()
    longest, end = "", 0
    while start := _OBJECT_START.search(text, end):
        try:
            _, end = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            return ""  # broken or cut off: what is whole within it is only a part, and a verifier may save more
        longest = max(longest, text[start.start() : end], key=len)
    return longest


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False
