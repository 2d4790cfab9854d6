"""llms.txt and llms-full.txt as llmstxt.org describes them, with the pages that they list as plain Markdown."""

from urllib.parse import quote

from nightdesk.base.desk import Desk
from nightdesk.wiki.exporting.collected import Collected, Entry, line_of
from nightdesk.wiki.exporting.pictures import Pictures
from nightdesk.wiki.exporting.portable import Portable, file_paths

_SECTIONS = (  # heading, the types of its pages; what is left comes last
    ("Overviews", ("overview", "theme", "comparison")),
    ("Concepts", ("concept", "entity")),
    ("Answers", ("answer",)),
    ("Notes", ()),
)
_OPTIONAL = "Optional"  # the form's own name for what a short context can do without


def files_for_models(desk: Desk, collected: Collected, *, title: str) -> dict[str, bytes]:
    """Return path -> content: the list, the whole in one file, and each page."""
    paths = file_paths(collected.entries)
    pictures = Pictures(desk)
    portable = Portable(collected, paths, save_image=pictures.save)
    bodies = {entry.path: portable.render(entry).body for entry in collected.entries}
    sections = _sections(collected)
    head = f"# {line_of(title)}\n\n> {_about(collected)}\n"
    listing = [head] + [
        f"## {name}\n\n" + "".join(_listed(entry, paths[entry.path]) for entry in entries) for name, entries in sections
    ]
    whole = [head] + [bodies[entry.path] for _, entries in sections for entry in entries]
    files = {paths[entry.path]: bodies[entry.path].encode("utf-8", "replace") for entry in collected.entries}
    files |= pictures.files
    files["llms.txt"] = "\n".join(listing).encode("utf-8", "replace")
    files["llms-full.txt"] = "\n".join(whole).encode("utf-8", "replace")
    return dict(sorted(files.items()))


def _about(collected: Collected) -> str:
    claims = sum(len(entry.claims) for entry in collected.sources)
    return (
        f"A wiki of {len(collected.entries)} pages, compiled from {len(collected.sources)} sources. "
        f"Footnotes lead to {claims} claims, each with the words of its source."
    )


def _sections(collected: Collected) -> list[tuple[str, list[Entry]]]:
    kinds = {kind: heading for heading, types in _SECTIONS for kind in types} | {"source": _OPTIONAL}
    found: dict[str, list[Entry]] = {heading: [] for heading in (*(name for name, _ in _SECTIONS), _OPTIONAL)}
    for entry in collected.entries:
        found[kinds.get(entry.type, "Notes")].append(entry)
    return [(heading, entries) for heading, entries in found.items() if entries]


def _listed(entry: Entry, path: str) -> str:
    title = entry.title.replace("[", "(").replace("]", ")")
    return f"- [{title}]({quote(path)})" + (f": {entry.summary}" if entry.summary else "") + "\n"
