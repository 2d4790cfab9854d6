"""Presets of coding agents, and reading what agents print: lines as they were printed here by the real programs."""

import json
from typing import Any

import pytest

from nightdesk.agents.presets import EVENT_READERS, MAX_LINE_BYTES, TEXT_READERS, Listener, Said, presets


def listened(output: str, *events: Any, text: str = "") -> Said:
    """Return what was said, from output that comes in small pieces."""
    listener = Listener(output)
    printed = "".join(json.dumps(event) + "\n" for event in events) + text
    content = printed.encode()
    for start in range(0, len(content), 7):
        listener.take(content[start : start + 7])
    return listener.close()


CLAUDE = {
    "type": "result",
    "subtype": "success",
    "result": "done",
    "total_cost_usd": 0.135324,
    "usage": {
        "input_tokens": 33581,
        "cache_creation_input_tokens": 5,
        "cache_read_input_tokens": 14,
        "output_tokens": 50,
    },
}
OPENCODE_STEP = {
    "type": "step_finish",
    "part": {"tokens": {"input": 100, "output": 10, "reasoning": 5, "cache": {"write": 2, "read": 8}}, "cost": 0.01},
}
PI = {
    "type": "message_end",
    "message": {
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "done"}],
        "model": "stub",
        "usage": {"input": 90, "output": 9, "cacheRead": 10, "cacheWrite": 0, "cost": {"total": 0}},
    },
}


@pytest.mark.parametrize(
    ("output", "events", "expected"),
    [
        ("claude", [{"type": "system", "model": "opus"}, CLAUDE], Said("done", "opus", 33600, 14, 50, 0.135324)),
        (
            "codex",
            [
                {"type": "item.completed", "item": {"type": "error", "message": "no metadata"}},
                {"type": "item.completed", "item": {"type": "agent_message", "text": "done"}},
                {"type": "turn.completed", "usage": {"input_tokens": 26, "cached_input_tokens": 6, "output_tokens": 3}},
            ],
            Said("done", "", 26, 6, 3, None),
        ),
        (
            "opencode",
            [OPENCODE_STEP, {"type": "text", "part": {"text": "done"}}, OPENCODE_STEP],
            Said("done", "", 220, 16, 30, 0.02),
        ),
        (
            "qwen",
            [
                {"type": "system", "model": "stub"},
                {
                    "type": "result",
                    "result": "done",
                    "usage": {"input_tokens": 45, "output_tokens": 4, "cache_read_input_tokens": 5},
                },
            ],
            Said("done", "stub", 45, 5, 4, None),
        ),
        (
            "gemini",
            [
                {"type": "init", "model": "flash"},
                {"type": "message", "role": "user", "content": "the prompt"},
                {"type": "message", "role": "assistant", "content": "do", "delta": True},
                {"type": "message", "role": "assistant", "content": "ne", "delta": True},
                {"type": "result", "stats": {"input_tokens": 30, "cached": 1, "output_tokens": 2}},
            ],
            Said("done", "flash", 30, 1, 2, None),
        ),
        ("pi", [PI, PI], Said("done", "stub", 200, 20, 18, None)),
    ],
)
def test_what_agents_say(output: str, events: list[dict[str, Any]], expected: Said) -> None:
    assert listened(output, *events) == expected


def test_aider_counts_in_words() -> None:
    text = (
        "hand-in.json\nTokens: 2.6k sent, 43 received.\n"
        "Tokens: 1,250 sent, 1.0k cache hit, 1.5k received. Cost: $0.0020 message, $0.0032 session.\n"
    )
    said = listened("aider", text=text)
    assert (said.input_tokens, said.output_tokens, said.usd) == (3850, 1543, 0.002)
    assert said.message == text


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("Reading additional input from stdin...", "not all is JSON"),
        ('{"type": "result", ', "cut off"),
        ('{"type": "result", "usage": null}', "without counts"),
        ('{"type": "result", "usage": {"input_tokens": "many", "output_tokens": -5}}', "counts that are none"),
        ('{"type": "result", "usage": {"input_tokens": 5, "output_tokens": 5}, "total_cost_usd": 0}', "0 is unknown"),
        ('{"type": "result", "usage": {"input_tokens": 5, "output_tokens": 5}, "total_cost_usd": NaN}', "no number"),
        ("[" * 100_000, "nested without end"),
        ('["result"]', "another form"),
    ],
)
def test_strange_output_does_no_harm(line: str, why: str) -> None:
    said = listened("claude", text=line + "\n" + json.dumps(CLAUDE) + "\n")
    assert said.message == "done", why
    assert said.usd == 0.135324


def test_a_line_without_end_is_skipped_in_bounded_memory() -> None:
    listener = Listener("claude")
    for _ in range(20):
        listener.take(b"x" * 1_000_000)
        assert len(listener._open) <= MAX_LINE_BYTES
    listener.take(b"\n" + json.dumps(CLAUDE).encode())
    assert listener.close().message == "done"


def test_output_without_a_form_is_kept_at_its_end() -> None:
    listener = Listener("text")
    for _ in range(10):
        listener.take(b"x" * 1_000_000)
    listener.take(b"the end")
    said = listener.close()
    assert said.message.endswith("xthe end")
    assert len(said.message) == 2_000_000
    assert said.input_tokens is None


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.name)
def test_presets_hold_together(preset: Any) -> None:
    assert preset.program
    assert preset.install.startswith(("npm install -g ", "pip install "))
    assert preset.arguments.count("{prompt}") == 1
    assert preset.output in {*EVENT_READERS, *TEXT_READERS}
    assert set(preset.logins) <= set(preset.config)
    assert set(preset.tells) <= {"tokens", "usd"}
    assert not [path for path in preset.config if path.startswith(("/", "~")) or ".." in path]
    assert not any(name.startswith(("AWS_", "SSH_", "GITHUB_")) for name in preset.variables), "keys of other things"


def test_the_presets_that_there_are() -> None:
    assert set(presets()) == {"aider", "claude", "codex", "gemini", "mini", "opencode", "pi", "qwen"}
