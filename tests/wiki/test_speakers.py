"""Whose words become claims by extraction: people's in a chat, the sender's in mail."""

import json
from pathlib import Path

import pytest

from nightdesk.wiki.prose.sentences import split_sentences
from nightdesk.wiki.speakers import own_words
from tests.desks import make_desk, run

USERS = "Muon runs five Newton-Schulz steps per update on each weight matrix."
MODELS = "Gauss published Muon in 1850 as an optimiser for large neural networks."


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("chat", f"## You (user), 2024\n\n{USERS}\n\n## ChatGPT (assistant), 2024\n\n{MODELS}\n", [USERS]),
        ("chat", f"## ChatGPT (assistant)\n\n- {MODELS}\n\n## You (user)\n\n{USERS}\n", [USERS]),
        ("chat", f"## An (assistant) professor, 2024\n\n{USERS}\n", [USERS]),  # a person may be called so
        ("markdown", f"## ChatGPT (assistant)\n\n{MODELS}\n", [MODELS]),  # in a note the person chose to keep it
        ("mail", f"## Ada\n\n> {MODELS}\n\n{USERS}\n", [USERS]),
        ("markdown", f"> {MODELS}\n", [MODELS]),
    ],
)
def test_own_words(kind: str, text: str, kept: list[str]) -> None:
    sentences = own_words(split_sentences(text, language="en"), kind)
    assert [sentence.text for sentence in sentences if sentence.kind != "heading"] == kept


def test_a_models_answer_is_in_the_text_and_in_no_claim(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {})
    nodes = {
        "a": {
            "parent": None,
            "message": {"author": {"role": "user"}, "content": {"content_type": "text", "parts": [USERS]}},
        },
        "b": {
            "parent": "a",
            "message": {"author": {"role": "assistant"}, "content": {"content_type": "text", "parts": [MODELS]}},
        },
    }
    (desk / "raw/chat.json").write_text(json.dumps([{"title": "Muon", "mapping": nodes, "current_node": "b"}]))
    assert run(desk, "compile").code == 0
    text = (desk / "text/chat.json.md").read_text()
    assert MODELS in text
    pages = "".join(path.read_text() for path in (desk / "wiki").rglob("*.md"))
    assert f"- {USERS}" in pages
    assert "You (user)" in pages.replace("\\", "")  # the place names the speaker
    assert "1850" not in pages
