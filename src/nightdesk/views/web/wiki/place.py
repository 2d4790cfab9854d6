"""What the texts of a vault refer to, with the addresses that it has in the viewer."""

import re
from pathlib import Path

from nightdesk.views.web.files import vault_file
from nightdesk.views.web.prose import Target, anchor
from nightdesk.views.web.urls import anchor as in_address
from nightdesk.views.web.urls import page_name
from nightdesk.views.web.viewer import Viewer
from nightdesk.wiki.catalogue.catalogue import Catalogue
from nightdesk.wiki.vault.records import Link

MAX_EMBED = 1_000_000  # bytes of a page that is embedded; the rest of a longer one is left out
_CLAIM = re.compile(r"\^(c[0-9a-f]{10,64})", re.IGNORECASE)


class VaultPlace:
    """Links, images and embedded pages of one vault, as it is at one moment; the renderer's `Place`."""

    def __init__(self, viewer: Viewer, catalogue: Catalogue) -> None:
        self._viewer = viewer
        self._catalogue = catalogue

    def link(self, link: Link, source: str) -> Target:
        """Return where a link on the page `source` leads: a claim's is its quote's place in the source's text."""
        path = self._catalogue.find(link, source)
        if path is None:
            return Target("", "missing", "")
        entry, urls = self._catalogue.entries.get(path), self._viewer.urls
        if entry is None:
            return self._file(path)
        claim = _CLAIM.fullmatch(link.fragment)
        if claim and entry.type == "source" and self._viewer.desk is not None:
            identity = claim[1].lower()
            url = urls.source(path, identity) or urls.page(path, f"^{identity}")
            preview = urls.api("preview", page_name(path), claim=identity)
            return Target(url, "claim", entry.title, path, preview)
        fragment = anchor(link.fragment) if link.fragment else ""
        if path == source and fragment:
            return Target(in_address(fragment), "page", entry.title, path)
        return Target(urls.page(path, fragment), "page", entry.title, path, urls.api("preview", page_name(path)))

    def _file(self, path: str) -> Target:
        url = self._viewer.urls.file(path) if vault_file(self._viewer, path) else ""
        return Target(url, "file" if url else "missing", path.rpartition("/")[2], path)

    def embed(self, path: str) -> str | None:
        """Return the text of a page that is embedded, None where there is none."""
        file = vault_file(self._viewer, path) if path in self._catalogue.entries else None
        return read_text(file, MAX_EMBED) if file else None

    def tag(self, name: str) -> str:
        """Return the address of the pages that carry a tag."""
        return self._viewer.urls.view("tags", tag=name)

    def image(self, link: Link, source: str) -> str | None:
        """Return the address of a local image, None where it is not there."""
        path = self._catalogue.find(link, source)
        return (self._viewer.urls.file(path) or None) if path and vault_file(self._viewer, path) else None


def read_text(file: Path, most: int) -> str | None:
    """Return the first `most` bytes of a file as text, with stand-ins for what is no UTF-8; None: not to be read."""
    try:
        with file.open("rb") as opened:
            return opened.read(most).decode("utf-8", "replace")
    except OSError:
        return None
