"""Claude's conversations.json: messages in a list, of which those on the branch that is shown count."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nightdesk.sources.formats.conversations import ASSISTANT, Conversation, Said, iso_moment

_SPEAKERS = {"human": "You (user)", "assistant": f"Claude {ASSISTANT}"}


def conversations(document: Any, path: Path) -> Iterator[Conversation]:
    """Yield the conversations of an export."""
    for entry in document if isinstance(document, list) else [document]:
        if isinstance(entry, dict) and isinstance(entry.get("chat_messages"), list):
            listed = [message for message in entry["chat_messages"] if isinstance(message, dict)]
            messages = tuple(_messages(_branch(listed, entry.get("current_leaf_message_uuid"))))
            yield Conversation("Claude", str(entry.get("name") or "Untitled conversation"), messages)


def _branch(messages: Sequence[Mapping[str, Any]], leaf: object) -> Sequence[Mapping[str, Any]]:
    """Return the messages up to the current leaf by their parents; all of them where the export does not say."""
    by_id = {message["uuid"]: message for message in messages if isinstance(message.get("uuid"), str)}
    found: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    while isinstance(leaf, str) and leaf in by_id and leaf not in seen:
        seen.add(leaf)
        found.append(by_id[leaf])
        leaf = by_id[leaf].get("parent_message_uuid")
    return found[::-1] or messages


def _messages(messages: Sequence[Mapping[str, Any]]) -> Iterator[Said]:
    for message in messages:
        speaker = _SPEAKERS.get(str(message.get("sender")))
        if speaker is None:
            continue
        text = _text(message)
        files = [*_list(message.get("attachments")), *_list(message.get("files"))]
        names = (file.get("file_name") for file in files if isinstance(file, dict))
        attached = tuple(dict.fromkeys(str(name) for name in names if name))
        if text.strip() or attached:
            yield Said(speaker, iso_moment(message.get("created_at")), text, attached)


def _text(message: Mapping[str, Any]) -> str:
    """Return what a message says: its text blocks (not the calls of tools, their results and thoughts)."""
    blocks = [block for block in _list(message.get("content")) if isinstance(block, dict)]
    words = [block["text"] for block in blocks if block.get("type") == "text" and isinstance(block.get("text"), str)]
    text = message.get("text")
    return "\n\n".join(words) if blocks else text if isinstance(text, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
