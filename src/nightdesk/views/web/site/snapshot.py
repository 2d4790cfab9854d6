"""What a static site shows in place of what moves: a catalogue dated by git, ledgers without times, claims as data."""

from dataclasses import dataclass, replace
from typing import Any

from nightdesk.lab.labs import Lab
from nightdesk.views.web.lab.shelf import Reading, Shelf
from nightdesk.views.web.viewer import Viewer
from nightdesk.views.web.wiki.followed import Followed
from nightdesk.wiki.catalogue.catalogue import Catalogue
from nightdesk.wiki.exporting.collected import commit_times


@dataclass(frozen=True, slots=True)
class Still:
    """A keeper whose catalogue never changes."""

    catalogue: Catalogue


class StillShelf(Shelf):
    """A shelf whose readings do not tell when their files were written, which is another time on each machine."""

    def read(self, lab: Lab) -> Reading:
        """Return what the ledger of a lab tells."""
        return replace(super().read(lab), rev="")


def told_claims(title: str, followed: Followed) -> dict[str, Any]:
    """Return what is shown of a source's claims before it is opened."""
    told = {key: followed.page.page.value(key) for key in ("author", "published")}
    claims: dict[str, list[Any]] = {}
    for claim in followed.claims:
        link = followed.links.get(claim.id)
        place = link.place if link else claim.place
        claims[claim.id] = [claim.statement, claim.quote, place, bool(link and link.verified)]
    told_text = {
        key: ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
        for key, value in told.items()
    }
    return {"title": title, **{key: value[:200] for key, value in told_text.items()}, "claims": claims}


def all_tags(catalogue: Catalogue) -> frozenset[str]:
    """Return the tags of all pages and those above them, casefolded."""
    tags = {tag.casefold() for entry in catalogue.entries.values() for tag in entry.tags}
    return frozenset("/".join(tag.split("/")[:n]) for tag in tags for n in range(1, tag.count("/") + 2))


def dated(viewer: Viewer) -> Catalogue:
    """Return the catalogue with the times at which pages were committed: files have other ones on each machine."""
    catalogue = viewer.catalogue
    times = commit_times(viewer.desk, "wiki", "lab", "ideas") if viewer.desk else {}
    if not times:
        return catalogue
    entries = {
        path: replace(entry, changed=float(times[path])) if path in times else entry
        for path, entry in catalogue.entries.items()
    }
    return Catalogue(
        catalogue.root,
        entries,
        places=catalogue.places,
        linked=catalogue.linked,
        names=catalogue.names,
        generation=catalogue.generation,
    )
