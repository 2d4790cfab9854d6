"""An Open Knowledge Format 0.2 bundle: each page a concept, each citation a footnote that joins into `sources`."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from nightdesk.base.desk import Desk
from nightdesk.base.pages import dump_yaml, iso_date
from nightdesk.wiki.claims import Claim
from nightdesk.wiki.escaping import escape_markdown
from nightdesk.wiki.exporting.collected import Collected, Entry
from nightdesk.wiki.exporting.pictures import Pictures
from nightdesk.wiki.exporting.portable import Portable, Rendered, address, file_paths
from nightdesk.wiki.exporting.spans import Spans

VERSION = "0.2"
_OURS = frozenset(  # what the format has in another form, and what only counts within the desk
    {"type", "title", "summary", "tags", "sources", "generated", "verified", "status", "stale_after", "url", "names"}
    | {"suggests", "concepts", "source_count", "claim_count", "claims", "resource", "description"}
)
_LOG_ENTRY = re.compile(r"^## \[(\d{4}-\d\d-\d\d)\] ([^|\n]{1,60})\|(.*)$", re.MULTILINE)
_MAX_LOG = 5000  # entries


def bundle(desk: Desk, collected: Collected) -> dict[str, bytes]:
    """Return path -> content of the bundle's files."""
    paths = file_paths(collected.entries)
    pictures = Pictures(desk)
    portable = Portable(collected, paths, save_image=pictures.save)
    spans = Spans(desk)
    for source in collected.sources:  # first and one by one, so that each text is read once
        for claim in source.claims:
            _span(source, claim, spans)
    files: dict[str, bytes] = {}
    for entry in collected.entries:
        rendered = portable.render(entry)
        front = _front(entry, rendered, paths, spans)
        files[paths[entry.path]] = f"---\n{dump_yaml(front)}---\n{rendered.body}".encode("utf-8", "replace")
    files |= pictures.files
    files |= {path: text.encode("utf-8", "replace") for path, text in _indexes(collected, paths).items()}
    if log := _log(desk):
        files["log.md"] = log.encode("utf-8", "replace")
    return dict(sorted(files.items()))


def _front(entry: Entry, rendered: Rendered, paths: Mapping[str, str], spans: Spans) -> dict[str, Any]:
    values: dict[str, Any] = {
        "type": entry.type,
        "title": entry.title,
        "description": entry.summary or None,
        "resource": entry.line("url") or None,
        "tags": [str(tag) for tag in _list(entry.values.get("tags"))],
        "sources": [*_own_source(entry), *_cited(entry, rendered, paths, spans)],
        "generated": _generated(entry),
        "verified": _verified(entry),
        "status": "stable" if entry.verified else "draft",
        "stale_after": _stale_after(entry.values.get("stale_after")),
        "claims": [_claim(entry, claim, spans) for claim in entry.claims],
    }
    values |= {key: value for key, value in entry.values.items() if key not in _OURS and key not in values}
    return {key: value for key, value in values.items() if value is not None and value not in ([], {})}


def _own_source(entry: Entry) -> list[dict[str, Any]]:
    """Return what a source page rests on: its address, else its file by name and hash, which nobody can follow."""
    source = entry.source
    if source is None:
        return []
    name = source.raw.rpartition("/")[2]
    listed = {
        "id": "raw",
        "resource": entry.line("url") or f"the file {name} with SHA-256 {source.sha256}",
        "title": entry.title,
        "author": entry.line("author") or None,
        "last_modified": _stale_after(entry.values.get("published")),
        "path": source.raw,
        "sha256": source.sha256 or None,
        "text_sha256": source.text_sha256 or None,
    }
    return [{key: value for key, value in listed.items() if value is not None}]


def _cited(entry: Entry, rendered: Rendered, paths: Mapping[str, str], spans: Spans) -> list[dict[str, Any]]:
    """Return an entry for each claim that a page cites: its id is the label of the footnotes.

    It names the page of the claim's source; that page itself what it was read from.
    """
    found = []
    for identity, (source, claim) in rendered.cited.items():
        resource = _own_source(entry)[0]["resource"] if source is entry else f"/{paths[source.path]}"
        listed = {"id": identity, "resource": resource, "title": source.title}
        about = _claim(source, claim, spans)
        del about["id"]
        found.append(listed | about)
    return found


def _claim(entry: Entry, claim: Claim, spans: Spans) -> dict[str, Any]:
    """Return a claim with its quote, the hash of the text that it stands in, and where: characters from the start."""
    span = _span(entry, claim, spans)
    values = {
        "id": claim.id,
        "statement": claim.statement,
        "quote": claim.quote,
        "place": claim.place or None,
        "span": list(span) if span else None,
        "text_sha256": entry.source.text_sha256 or None if entry.source else None,
    }
    return {key: value for key, value in values.items() if value is not None}


def _span(entry: Entry, claim: Claim, spans: Spans) -> tuple[int, int] | None:
    return spans.find(entry.source, claim.quote) if entry.source else None


def _generated(entry: Entry) -> dict[str, str] | None:
    generated = entry.values.get("generated")
    by = str(generated.get("by") or "") if isinstance(generated, dict) else ""
    if not by:
        return None  # a person's own page; who they are is not for the desk to say
    actor = by if "/" in by or by.startswith(("human:", "process:")) else f"nightdesk/{by}"
    return {"by": actor} | ({"at": entry.changed} if entry.changed else {})


def _verified(entry: Entry) -> list[dict[str, str]]:
    """Return that code has checked every quote and citation, where it has, and since when the page stands so."""
    return [{"by": "process:nightdesk-verify", "at": entry.changed}] if entry.verified and entry.changed else []


def _stale_after(value: object) -> date | None:
    return iso_date(value) if value else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _indexes(collected: Collected, paths: Mapping[str, str]) -> dict[str, str]:
    """Return the listing of the whole bundle, by type, and one for each folder."""
    by_type: dict[str, list[Entry]] = {}
    by_folder: dict[str, list[Entry]] = {}
    for entry in collected.entries:
        by_type.setdefault(entry.type, []).append(entry)
        folder = paths[entry.path].rpartition("/")[0]
        if folder:
            by_folder.setdefault(folder, []).append(entry)
    sections = [
        f"# {escape_markdown(kind.capitalize())}\n\n" + "".join(_listed(entry, paths) for entry in entries)
        for kind, entries in sorted(by_type.items())
    ]
    files = {"index.md": f'---\nokf_version: "{VERSION}"\n---\n' + "\n".join(sections)}
    for folder, entries in by_folder.items():
        heading = escape_markdown(folder.rpartition("/")[2].capitalize())
        files[f"{folder}/index.md"] = f"# {heading}\n\n" + "".join(_listed(entry, paths) for entry in entries)
    return files


def _listed(entry: Entry, paths: Mapping[str, str]) -> str:
    about = f" - {escape_markdown(entry.summary)}" if entry.summary else ""
    return f"* [{escape_markdown(entry.title)}]({address(paths[entry.path])}){about}\n"


def _log(desk: Desk) -> str | None:
    """Return the desk's diary as the format has it: newest first, by day."""
    try:
        text = (desk.wiki / "log.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    days: dict[str, list[str]] = {}
    for day, operation, title in _LOG_ENTRY.findall(text)[-_MAX_LOG:][::-1]:
        line = f"* **{escape_markdown(operation.strip().capitalize())}**: {escape_markdown(title.strip())}"
        days.setdefault(day, []).append(line)
    parts = [f"## {day}\n\n" + "\n".join(lines) for day, lines in sorted(days.items(), reverse=True)]
    return "\n\n".join(["# Log", *parts]) + "\n" if parts else None
