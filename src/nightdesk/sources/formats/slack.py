"""A day of a Slack channel: what was said, with the names that users.json of the export gives."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nightdesk.sources.formats.conversations import Conversation, Said, moment

MAX_USERS_BYTES = 50_000_000

_TIME = re.compile(r"\d{9,11}\.\d{1,9}")
_MARK = re.compile(r"<([@#!]?)([^<>|]{1,3000})(?:\|([^<>]{0,1000}))?>")
_BOLD = re.compile(r"(?<![\w*])\*([^\s*](?:[^*\n]{0,500}[^\s*])?)\*(?![\w*])")
_SILENT = frozenset({"channel_join", "channel_leave", "channel_topic", "channel_purpose", "channel_name", "group_join"})
_SILENT |= {"group_leave", "channel_archive", "channel_unarchive", "pinned_item", "bot_add", "bot_remove", "tombstone"}


def is_message(entry: Mapping[str, Any]) -> bool:
    """Say whether a JSON object is a message of Slack."""
    return entry.get("type") == "message" and _TIME.fullmatch(str(entry.get("ts"))) is not None


def conversations(document: Any, path: Path) -> Iterator[Conversation]:
    """Yield the one conversation of a channel's day, in the order of its times, answers in threads marked as such."""
    names = _names(path.parent.parent / "users.json")
    messages = [entry for entry in document if isinstance(entry, dict) and is_message(entry)]
    for entry in messages:
        if (user := _user(entry)) and (profile := entry.get("user_profile")):
            names.setdefault(user, _name(profile))
    opened = {str(entry["ts"]): _speaker(entry, names) for entry in messages}
    said = tuple(_said(entry, names, opened) for entry in sorted(messages, key=lambda entry: float(entry["ts"])))
    channel = path.parent.name
    yield Conversation("Slack", f"#{channel}, {path.stem}", tuple(one for one in said if one.text or one.attached))


def _said(entry: Mapping[str, Any], names: Mapping[str, str], opened: Mapping[str, str]) -> Said:
    thread = str(entry.get("thread_ts") or entry["ts"])
    answers = f" to {opened[thread]}" if thread != entry["ts"] and thread in opened else ""
    silent = entry.get("subtype") in _SILENT
    files = entry.get("files")
    attached = [file for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    return Said(
        _speaker(entry, names) + answers,
        moment(entry["ts"]),
        "" if silent else _markdown(str(entry.get("text") or ""), names),
        () if silent else tuple(str(file.get("title") or file.get("name") or "unnamed") for file in attached),
    )


def _user(entry: Mapping[str, Any]) -> str | None:
    user = entry.get("user") or entry.get("bot_id")
    return user if isinstance(user, str) else None


def _speaker(entry: Mapping[str, Any], names: Mapping[str, str]) -> str:
    user = _user(entry)
    named = names.get(user or "") or str(entry.get("username") or "") or user or "unknown"
    return f"{named} (bot)" if entry.get("subtype") == "bot_message" or entry.get("bot_id") else named


def _names(path: Path) -> dict[str, str]:
    """Return user id -> name, from the export's own table; nothing where it is not there, a link, or no such table."""
    try:
        if path.is_symlink() or path.stat().st_size > MAX_USERS_BYTES:
            return {}
        users = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    found = [user for user in users if isinstance(user, dict)] if isinstance(users, list) else []
    return {str(user.get("id")): name for user in found if (name := _name(user))}


def _name(user: object) -> str:
    if not isinstance(user, dict):
        return ""
    profile = user.get("profile")
    places = (profile if isinstance(profile, dict) else {}, user)
    keys = ("real_name", "display_name", "name")
    return next((str(place[key]) for key in keys for place in places if place.get(key)), "")


def _markdown(text: str, names: Mapping[str, str]) -> str:
    """Return Slack's own markup as Markdown: mentions as names, links, bold; `&lt;` and its like are undone last."""

    def words(match: re.Match[str]) -> str:
        kind, target, label = match.groups()
        if kind == "@":
            return f"@{names.get(target) or label or target}"
        if kind == "#":
            return f"#{label or target}"
        if kind == "!":
            return f"@{label.lstrip('@')}" if label else f"@{target.split('^')[0]}"
        return f"[{label}]({target})" if label and label != target else target

    return html.unescape(_MARK.sub(words, _BOLD.sub(r"**\1**", text)))
