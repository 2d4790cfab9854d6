"""ChatGPT's conversations.json: each conversation is a tree, of which the branch that is shown counts."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nightdesk.sources.formats.conversations import ASSISTANT, Conversation, Said, moment

_SPEAKERS = {"user": "You (user)", "assistant": f"ChatGPT {ASSISTANT}"}
_MARKS = re.compile("\ue200[^\ue200\ue201]{0,500}\ue201|[\ue200-\ue2ff]")  # citations that only the web page can show
_SHOWN = ("text", "multimodal_text")  # not: code sent to tools, what tools gave back, thoughts


def conversations(document: Any, path: Path) -> Iterator[Conversation]:
    """Yield the conversations of an export, each along the branch that ends in its current node."""
    for entry in document if isinstance(document, list) else [document]:
        if isinstance(entry, dict) and isinstance(entry.get("mapping"), dict):
            messages = tuple(_messages(_branch(entry["mapping"], entry.get("current_node"))))
            yield Conversation("ChatGPT", str(entry.get("title") or "Untitled conversation"), messages)


def _branch(mapping: Mapping[str, Any], current: object) -> list[Mapping[str, Any]]:
    """Return the nodes from the root to the current one; a circle of parents ends where it closes."""
    node = current if isinstance(current, str) and current in mapping else _latest_leaf(mapping)
    found: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    while isinstance(node, str) and node in mapping and node not in seen:
        seen.add(node)
        entry = mapping[node]
        if not isinstance(entry, dict):
            break
        found.append(entry)
        node = entry.get("parent")
    return found[::-1]


def _latest_leaf(mapping: Mapping[str, Any]) -> str | None:
    """Return the node without children that was made last: where an export names no current one."""
    leaves = [
        (time.timestamp() if (time := moment(_message(entry).get("create_time"))) else 0.0, name)
        for name, entry in mapping.items()
        if isinstance(entry, dict) and not entry.get("children")
    ]
    return max(leaves)[1] if leaves else None


def _message(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    message = entry.get("message")
    return message if isinstance(message, dict) else {}


def _messages(nodes: list[Mapping[str, Any]]) -> Iterator[Said]:
    for node in nodes:
        message = _message(node)
        author, content, about = (_mapping(message.get(key)) for key in ("author", "content", "metadata"))
        speaker = _SPEAKERS.get(str(author.get("role")))
        if speaker is None or about.get("is_visually_hidden_from_conversation"):
            continue
        if content.get("content_type") not in _SHOWN or message.get("recipient") not in (None, "all"):
            continue
        text, pictures = _text(content.get("parts"))
        files = about.get("attachments")
        names = [str(_mapping(file).get("name") or "unnamed") for file in files] if isinstance(files, list) else []
        attached = tuple(names) or (f"{pictures} pictures",) * bool(pictures)
        if text.strip() or attached:
            yield Said(speaker, moment(message.get("create_time")), text, attached)


def _text(parts: object) -> tuple[str, int]:
    """Return the words of a message, and how many pictures it shows."""
    if not isinstance(parts, list):
        return "", 0
    words: list[str] = []
    pictures = 0
    for part in parts:
        if isinstance(part, str):
            words.append(part)
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            words.append(part["text"])  # what was spoken, written down
        elif isinstance(part, dict) and "image" in str(part.get("content_type")):
            pictures += 1
    return _MARKS.sub("", "\n\n".join(words)), pictures


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
