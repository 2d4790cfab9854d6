"""The tables of a Slack export: names of people and channels, which hold no conversation."""

from collections.abc import Iterable

CHANNEL_LISTS = frozenset({"channels.json", "groups.json", "dms.json", "mpims.json"})
TABLES = CHANNEL_LISTS | {"users.json", "org_users.json", "integration_logs.json", "canvases.json", "lists.json"}
TABLES |= {"file_conversations.json", "huddle_transcripts.json"}
KEPT = CHANNEL_LISTS | {"users.json"}  # stay beside the channels in raw/, so that their messages have names


def is_slack(names: Iterable[str]) -> bool:
    """Say whether a folder with these files in it is a Slack export."""
    there = set(names)
    return "users.json" in there and not CHANNEL_LISTS.isdisjoint(there)
