"""Chats as Markdown: exports of ChatGPT, Claude and Slack, each message under who said it and when."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats import chatgpt, claude, code, slack
from nightdesk.sources.formats.contained import contain, plain_line, spoken_heading
from nightdesk.sources.formats.conversations import Conversation
from nightdesk.sources.formats.converted import Converted
from nightdesk.sources.formats.text import decode


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the chats in a JSON file: a section for each conversation; JSON that is no chat comes back as code."""
    try:
        document = json.loads(decode(path.read_bytes()))
    except (ValueError, RecursionError):
        return code.convert(path, assets, assets_link=assets_link)
    read = _reader_of(document)
    if read is None:
        return code.convert(path, assets, assets_link=assets_link)
    conversations = [one for one in read(document, path) if one.messages]
    if not conversations:
        raise DeskError("holds no message")
    if len(conversations) == 1:
        only = conversations[0]
        return Converted(
            "\n\n".join([f"# {plain_line(only.title)}", *_section(only, 2)]), title=only.title, published=only.last_day
        )
    title = f"{conversations[0].origin} conversations"
    parts = [f"# {title}"]
    for conversation in conversations:
        parts += [f"## {plain_line(conversation.title)}", *_section(conversation, 3)]
    return Converted("\n\n".join(parts), title=title)


def _reader_of(document: Any) -> Any:
    """Return the function that reads this kind of export, by what is in it, None for none."""
    first = (
        next((entry for entry in document if isinstance(entry, dict)), None) if isinstance(document, list) else document
    )
    if not isinstance(first, dict):
        return None
    if isinstance(first.get("mapping"), dict):
        return chatgpt.conversations
    if isinstance(first.get("chat_messages"), list):
        return claude.conversations
    if isinstance(document, list) and slack.is_message(first):
        return slack.conversations
    return None


def _section(conversation: Conversation, level: int) -> Iterator[str]:
    for said in conversation.messages:
        time = said.time.strftime("%Y-%m-%d %H:%M UTC") if said.time else None
        yield spoken_heading(level, said.speaker, time)
        if said.text.strip():
            yield contain(said.text)
        if said.attached:
            yield "\n".join(f"- Attached: {plain_line(name, 120) or 'unnamed'}" for name in said.attached)
