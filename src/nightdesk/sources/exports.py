"""What a folder is an export of, and which of its files are sources: vaults, Notion, Apple Notes, chats."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nightdesk.base.pages import load_yaml, split_frontmatter
from nightdesk.sources.formats.notion import clean_name, has_id
from nightdesk.sources.formats.slack_names import KEPT, TABLES, is_slack
from nightdesk.sources.formats.sniffing import SNIFFED_BYTES, looks_like_chat

_MAX_SETTINGS_BYTES = 1_000_000
_TEMPLATE_SETTINGS = (("templates.json", "folder"), ("plugins/templater-obsidian/data.json", "templates_folder"))
_BUNDLE_FILES = frozenset({"index.md", "log.md", "nightdesk-export.json"})
_COMPANIONS = frozenset(
    {"chat.html", "user.json", "users.json", "user_settings.json", "message_feedback.json", "model_comparisons.json"}
    | {"shared_conversations.json", "group_chats.json", "shopping.json", "sora.json", "memories.json", "projects.json"}
    | {"export_manifest.json", "basispoints.json"}
)
_UPLOADED = ("file-", "file_")  # how ChatGPT names pictures
_USUAL_TEMPLATES = frozenset({"templates", "_templates"})
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".heic", ".tif", ".tiff")


@dataclass(slots=True)
class Selection:
    """Which files of a folder are taken, and under which names; `tables` are kept beside them and are no sources."""

    files: list[Path] = field(default_factory=list)
    tables: list[Path] = field(default_factory=list)
    pictures: dict[Path, tuple[Path, ...]] = field(default_factory=dict)  # of a note: what lies beside it
    left_out: Counter[str] = field(default_factory=Counter)  # in a few words why -> how many


def select(folder: Path, files: Sequence[Path]) -> Selection:
    """Return which of the `files` below `folder` are sources, as far as its kind of export decides."""
    selection = Selection()
    by_parent: dict[Path, list[Path]] = {}
    for path in files:
        by_parent.setdefault(path.parent, []).append(path)
    chats = {parent: found for parent, beside in by_parent.items() if (found := _chats(beside))}
    slack = {parent for parent, beside in by_parent.items() if is_slack({path.name for path in beside})}
    folders = {parent for path in files for parent in path.parents if parent.is_relative_to(folder)}
    templates = {template for vault in folders for template in _template_folders(vault)}
    bundles = {inner for inner in folders if _is_bundle(inner)}
    notes = {path: shown for beside in by_parent.values() for path, shown in _apple_note(beside)}
    beside_notes = {picture for shown in notes.values() for picture in shown}
    whole = {path.with_name(path.name.replace("_all.csv", ".csv")) for path in files if path.name.endswith("_all.csv")}
    for path in files:
        if _is_companion(path, chats):
            selection.left_out["are no conversation of a chat export"] += 1
        elif path.parent in slack and path.name in TABLES:
            if path.name in KEPT:
                selection.tables.append(path)
        elif any(parent in templates for parent in path.parents):
            selection.left_out["are templates"] += 1
        elif path.name in _BUNDLE_FILES and not bundles.isdisjoint(path.parents):
            selection.left_out["list what the bundle holds, or its history"] += 1
        elif path in whole and has_id(path.name):
            selection.left_out["are views of a database that is there as a whole"] += 1
        elif path not in beside_notes:
            selection.files.append(path)
    selection.pictures = {path: notes[path] for path in selection.files if path in notes}
    return selection


def source_name(name: str) -> str:
    """Return the name under which a file or folder of an export stands in raw/: without Notion's ids."""
    cleaned = clean_name(name)
    return cleaned.replace("_all.csv", ".csv") if cleaned != name else name


def _chats(beside: Sequence[Path]) -> set[Path]:
    """Return the files with conversations of ChatGPT or Claude in one folder: by what is in them."""
    named = [path for path in beside if path.name.startswith("conversations") and path.suffix == ".json"]
    return {path for path in named if looks_like_chat(_beginning(path))}


def _is_companion(path: Path, chats: Mapping[Path, set[Path]]) -> bool:
    """Say whether a file is what the export of a chat holds beside its conversations: the account, copies, pictures."""
    if path.parent in chats and path.name in _COMPANIONS:
        return True
    picture = path.suffix.lower() in _PICTURES and path.name.startswith(_UPLOADED)
    return picture and any(parent in chats for parent in path.parents)


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(SNIFFED_BYTES)
    except OSError:
        return b""


def _template_folders(folder: Path) -> frozenset[Path]:
    """Return the folders of a vault that hold templates: as its settings say, else those that are called so."""
    settings = folder / ".obsidian"
    if not settings.is_dir():
        return frozenset()
    found = set()
    for name, key in _TEMPLATE_SETTINGS:
        try:
            file = settings / name
            stated = json.loads(file.read_bytes()) if file.stat().st_size < _MAX_SETTINGS_BYTES else None
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(stated, dict) and isinstance(stated.get(key), str) and stated[key].strip("/. "):
            found.add(folder / stated[key].strip("/ "))
    if not found:
        found = {path for path in folder.iterdir() if path.name.casefold() in _USUAL_TEMPLATES and path.is_dir()}
    return frozenset(found)


def _is_bundle(folder: Path) -> bool:
    """Say whether a folder is an Open Knowledge Format bundle that says so."""
    front, _ = split_frontmatter(_beginning(folder / "index.md")[:10_000].decode("utf-8", "replace"))
    return "okf_version" in load_yaml(front)


def _apple_note(beside: Sequence[Path]) -> list[tuple[Path, tuple[Path, ...]]]:
    """Return the note of a folder that Apple makes for each, with its pictures: "Trip/Trip.txt" and "Trip/IMG_1.jpeg".

    A folder with any other file in it is an ordinary one.
    """
    texts = [path for path in beside if path.suffix.lower() == ".txt"]
    pictures = tuple(path for path in beside if path.suffix.lower() in _PICTURES)
    if len(texts) != 1 or not pictures or len(texts) + len(pictures) < len(beside):
        return []
    folder, stem = texts[0].parent.name.strip(), texts[0].stem.strip()
    return [(texts[0], pictures)] if stem and folder and (stem.startswith(folder) or folder.startswith(stem)) else []
