"""Pages as Markdown that any program reads: wikilinks as links between files, citations as footnotes."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from nightdesk.base.names import name_key
from nightdesk.sources.formats.notes import rewrite_prose
from nightdesk.wiki.claims import Claim
from nightdesk.wiki.escaping import escape_markdown
from nightdesk.wiki.exporting.collected import Collected, Entry

_LINK = re.compile(r"(!?)\[\[([^\[\]|#\n]{0,500})(?:#([^\[\]|\n]{0,500}))?(?:\\?\|([^\[\]\n]{0,500}))?\]\]")
_LOCAL_LINK = re.compile(r"(!?)\[((?:[^\[\]\\\n]|\\.){0,500})\]\((\.{1,2}/[^()\s]{0,2000})\)")
_BLOCK_ID = re.compile(r"[ \t]\^(c[0-9a-f]{10,64})[ \t]*$")
_CLAIM_ID = re.compile(r"\^(c[0-9a-f]{10,64})")
_UNSAFE = re.compile(r"[^\w.-]+")
_RESERVED = {"index", "log"}

SaveImage = Callable[[str], str | None]  # path relative to the desk -> where it is in the export


@dataclass(slots=True)
class Rendered:
    """A page's body as standard Markdown, and the claims that it cites, in order, each with its source page."""

    body: str
    cited: dict[str, tuple[Entry, Claim]] = field(default_factory=dict)


def file_paths(entries: Iterable[Entry]) -> dict[str, str]:
    """Return page path -> path in the export: the page's folder and its name in small letters, with hyphens.

    Names that would be one get numbers, in the order of the pages.
    """
    taken: set[str] = set()
    found: dict[str, str] = {}
    for entry in entries:
        folder = entry.path.removeprefix("wiki/").rpartition("/")[0]
        stem = _UNSAFE.sub("-", name_key(entry.name)).strip("-.") or "page"
        stem = f"{stem}-page" if stem in _RESERVED else stem
        folders = [_UNSAFE.sub("-", name_key(part)).strip("-.") or "folder" for part in folder.split("/") if part]
        base = "/".join([*folders, stem])
        path, number = f"{base}.md", 2
        while path in taken:
            path, number = f"{base}-{number}.md", number + 1
        taken.add(path)
        found[entry.path] = path
    return found


def address(path: str) -> str:
    """Return a path of the export as a link from its root, percent-encoded."""
    return "/" + quote(path)


class Portable:
    """Renders the pages of one desk; `paths` are those of `file_paths`."""

    def __init__(self, collected: Collected, paths: Mapping[str, str], *, save_image: SaveImage) -> None:
        self._collected = collected
        self._paths = paths
        self._save_image = save_image
        self._claims = {
            entry.path: {claim.id: claim for claim in entry.claims} for entry in collected.entries if entry.claims
        }

    def render(self, entry: Entry) -> Rendered:
        """Return a page's body; below it a footnote for each claim that it cites."""
        rendered = Rendered("")

        def prose(piece: str) -> str:
            piece = _LINK.sub(lambda found: self._link(found, entry, rendered), piece)
            piece = _LOCAL_LINK.sub(self._local, piece)
            return _BLOCK_ID.sub(r" (`\1`)", piece)

        body = rewrite_prose(entry.body.strip("\n"), prose)
        notes = [
            f"[^{identity}]: [{escape_markdown(source.title)}]({address(self._paths[source.path])}): "
            f'"{escape_markdown(claim.quote)}"{f" ({escape_markdown(claim.place)})" if claim.place else ""}'
            for identity, (source, claim) in rendered.cited.items()
        ]
        rendered.body = "\n\n".join([body, "\n".join(notes)] if notes else [body]) + "\n"
        return rendered

    def _link(self, found: re.Match[str], entry: Entry, rendered: Rendered) -> str:
        embed, name, heading, label = found.groups()
        target = self._collected.by_name.get(name_key(name.strip().removesuffix(".md"))) if name.strip() else entry
        if embed:
            return self._image(name.strip(), label)
        shown = (label or name or heading or "").strip()
        block = _CLAIM_ID.fullmatch(heading or "")
        if target and block and (claim := self._claims.get(target.path, {}).get(block[1])):
            rendered.cited[block[1]] = (target, claim)
            return f"[^{block[1]}]"
        if target is None:
            return shown
        return f"[{shown}]({address(self._paths[target.path])})"

    def _local(self, found: re.Match[str]) -> str:
        """Return a link to a file of the desk as its words: the file is not in the export; an image is."""
        if not found[1]:
            return found[2]
        from_root = re.sub(r"^(?:\.{1,2}/)+", "", found[3])
        return self._image(from_root, found[2])

    def _image(self, path: str, label: str | None) -> str:
        saved = self._save_image(path)
        return f"![{escape_markdown(label or '')}]({address(saved)})" if saved else escape_markdown(label or path)
