"""A desk or vault as a static site: the pages of the viewer as files, for a disk or any web server."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from nightdesk.base.errors import DeskError
from nightdesk.base.stages import Stage, silent
from nightdesk.views.web.acting.disputes import disputes_values
from nightdesk.views.web.finding.graph import drawn_of, graph_values
from nightdesk.views.web.finding.graph import page_values as graph_page_values
from nightdesk.views.web.lab.pages import experiment_page, lab_page, labs_page
from nightdesk.views.web.lab.shelf import read_experiment
from nightdesk.views.web.site.files import SiteFiles
from nightdesk.views.web.site.folder import SiteFolder
from nightdesk.views.web.site.search import Section, as_script, fair_share, of_texts, page_rows, sections_of, text_files
from nightdesk.views.web.site.snapshot import Still, StillShelf, all_tags, dated, told_claims
from nightdesk.views.web.site.statics import needed_statics
from nightdesk.views.web.site.urls import Contents, SiteUrls, file_names
from nightdesk.views.web.viewer import Viewer
from nightdesk.views.web.wiki.followed import Sources, followed_or_none
from nightdesk.views.web.wiki.home import home_values
from nightdesk.views.web.wiki.listing import list_values, tags_values
from nightdesk.views.web.wiki.pages import missing_values, page_values
from nightdesk.views.web.wiki.sheets import Sheets
from nightdesk.views.web.wiki.sources import CitedOn, source_values
from nightdesk.wiki.catalogue.catalogue import Catalogue
from nightdesk.wiki.exporting.private import Cleaner

FORMAT = "site"
_OWN_FIGURES = ("stale", "cost")
# The first page of a server's "not found" is shown at any depth: its addresses start where the site does, which the
# folders of the address tell.
_FINDS_ROOT = """{const place = location.pathname, base = document.createElement("base");
const folders = /^(.*?\\/)(?:p|s|f|lab|pages|tags|contradictions|data|static)\\//;
base.href = (place.match(folders) || place.match(/^(.*\\/)/))[1];
document.head.append(base);}"""
_ADDRESS = re.compile(rb'((?:href|src|action|data-experiment)="(?![a-zA-Z]+:)[^"]*")')


@dataclass(frozen=True, slots=True)
class Site:
    """What was written."""

    pages: int
    sources: int
    experiments: int
    files: tuple[str, ...]  # all of it, sorted
    searched: str  # in words, what its search looks through
    problems: tuple[str, ...]
    left_out: int  # private strings
    originals: int  # files that pages link to and that were not taken along


def write_site(
    viewer: Viewer, folder: Path, *, with_sources: bool = False, private: Sequence[str] = (), stage: Stage = silent
) -> Site:
    """Write the site of a viewer, whose catalogue is read, into an empty folder. Raises DeskError for no pages."""
    cleaner = Cleaner((str(viewer.root), *private))

    def clean(content: bytes) -> bytes:
        if not cleaner.finds(content):
            return content
        # addresses within the site stay whole, whatever its folders are called
        parts = _ADDRESS.split(content)
        return b"".join(part if n % 2 else cleaner.clean(part) for n, part in enumerate(parts))

    kept = SiteFolder(folder, clean)
    writer = _Writer(viewer, kept, with_sources=with_sources)
    searched = writer.write_all(stage)
    kept.seal(format_=FORMAT)
    return Site(
        pages=len(writer.paths),
        sources=len(writer.contents.sources),
        experiments=sum(map(len, writer.contents.labs.values())),
        files=tuple(sorted(kept.files)),
        searched=searched,
        problems=tuple(writer.problems),
        left_out=cleaner.count,
        originals=len(writer.files.left_out),
    )


class _Writer:
    """Writes the pages one after the other; lists are written because pages link to them."""

    def __init__(self, viewer: Viewer, folder: SiteFolder, *, with_sources: bool) -> None:
        catalogue = dated(viewer)
        self.paths = sorted(catalogue.entries)
        if not self.paths:
            raise DeskError(
                "there is no page to export", fix="nightdesk compile" if viewer.desk else "name another folder"
            )
        still = replace(viewer, served=False, token="", known_files={}, keeper=cast("Any", Still(catalogue)))
        self._folder = folder
        self.files = SiteFiles(still, with_sources=with_sources)
        self._shelf = StillShelf(viewer.root, viewer.desk)
        self._followed = Sources(viewer.desk) if viewer.desk else None
        self.problems: list[str] = []
        self.contents = Contents(
            pages=file_names(self.paths),
            sources=frozenset(self._readable_sources(catalogue)),
            views=("search", "graph"),
            lists=("pages", "tags", "contradictions") if viewer.desk else ("pages", "tags"),
            tags=all_tags(catalogue),
            labs=self._labs(),
            keep_file=self.files.keep,
        )
        self.urls = SiteUrls(self.contents)
        self._viewer = still.at(self.urls)

    @cached_property
    def _sheets(self) -> Sheets:
        return Sheets(self._viewer)  # its addresses are relative: each page is asked for only while it is written

    def write_all(self, stage: Stage) -> str:
        """Write everything and return in words what can be searched."""
        sections = []
        with stage("pages", len(self.paths)) as step:
            for path in self.paths:
                sections.append(self._page(path))
                step()
        with stage("sources", len(self.contents.sources)) as step:
            cited_on = CitedOn(self._viewer)
            for path in sorted(self.contents.sources):
                self._source(path, cited_on)
                step()
        with stage("experiments", sum(map(len, self.contents.labs.values()))) as step:
            for name, numbers in self.contents.labs.items():
                for number in numbers:
                    self._experiment(name, number)
                    step()
                self._lab(name, "")
        if self.contents.labs:
            cards = labs_page(self._shelf)
            cards["cards"] = [replace(card, running=None) for card in cards["cards"]]
            self._show(self.urls.lab_file(), "labs.html", nav="lab", **cards)
        searched = self._search(sections)
        self._graph()
        self._home()
        self._lost()
        self._lists()
        self._take_along()
        return searched

    def _home(self) -> None:
        self.urls.here = "index.html"
        values = home_values(self._viewer, sheets=self._sheets)
        if values["figures"]:  # what waits to be done is the desk's own affair, and so is what it cost
            told = (figure for figure in values["figures"]["figures"] if figure.label not in _OWN_FIGURES)
            shown = [figure for figure in told if "nightdesk " not in figure.words]  # what a command would tell
            labs = [replace(lab, running=False) for lab in values["figures"]["labs"]]
            quiet = {"waiting": 0, "set_aside": 0, "problems": 0, "fault": ""}
            values["figures"] = {"figures": shown, "labs": labs, **quiet}
        self._show("index.html", "home.html", nav="wiki", **values)

    def _page(self, path: str) -> tuple[Section, ...]:
        file = self.urls.page_file(path)
        self.urls.here = file
        values = page_values(self._viewer, path, self._sheets)
        if values is None:  # it went while the site was written
            self._show(file, "no_page.html", nav="wiki", **missing_values(self._viewer, path))
            self.problems.append(f"{path} could not be read")
            return ()
        self._show(file, "page.html", nav="wiki", **values)
        return sections_of(values["sheet"].rendered)

    def _source(self, path: str, cited_on: CitedOn) -> None:
        file = self.urls.source_file(path)
        self.urls.here = file
        values = source_values(self._viewer, path, sources=self._followed, cited_on=cited_on)
        if values is None:
            self._show(file, "no_page.html", nav="wiki", **missing_values(self._viewer, path))
            self.problems.append(f"{path} could not be read")
            return
        self._show(file, "source.html", nav="wiki", **values)
        name = file.removesuffix(".html")
        self._folder.write(f"{name}.js", as_script(name, told_claims(values["entry"].title, values["followed"])))

    def _lab(self, name: str, tag: str) -> None:
        lab = self._shelf.lab(name)
        if lab is None:
            return
        self.urls.here = file = self.urls.lab_file(name, tag=tag)
        values = lab_page(self._viewer, self._shelf, lab, {"tag": tag})
        self._show(file, "lab.html", nav="lab", **{**values, "now": None})

    def _experiment(self, name: str, number: int) -> None:
        lab = self._shelf.lab(name)
        found = read_experiment(lab, number) if lab else None
        if lab is None or found is None:
            return
        self.urls.here = file = self.urls.lab_file(name, str(number))
        values = experiment_page(self._shelf, lab, found)
        self._show(file, "lab_experiment.html", nav="lab", **{**values, "now": None})

    def _lists(self) -> None:
        """Write the lists that pages link to, and those that these link to."""
        written: set[str] = set()
        for name in ("pages", "tags"):  # there is always a list of all
            self.urls.view(name)
        while branches := [(file, want) for file, want in self.urls.branches.items() if file not in written]:
            for file, (name, tag) in branches:
                written.add(file)
                self._lab(name, tag)
        while lists := [(file, want) for file, want in self.urls.lists.items() if file not in written]:
            for file, (name, query) in lists:
                written.add(file)
                self.urls.here = file
                self._list(file, name, dict(query))

    def _list(self, file: str, name: str, query: Mapping[str, str]) -> None:
        viewer = self._viewer
        if name == "contradictions" and viewer.desk is not None:
            self._show(file, "contradictions.html", **disputes_values(viewer, viewer.desk, query))
        elif name == "tags" and not query:
            self._show(file, "tags.html", nav="wiki", **tags_values(viewer))
        else:
            tag, type_, category = (query.get(key, "") for key in ("tag", "type", "category"))
            folder, to = query.get("folder", ""), query.get("to", "")
            values = list_values(viewer, tag=tag, type=type_, category=category, folder=folder, to=to)
            self._show(file, "list.html", nav="wiki", **values)

    def _search(self, sections: Sequence[Sequence[Section]]) -> str:
        """Write what search and palette look through, and the search page; return in words what that is."""
        self.urls.here = "index.html"
        entries = [self._viewer.catalogue.entries[path] for path in self.paths]
        sizes = [sum(len(section.text) for section in page) for page in sections]
        share = fair_share(sizes)
        files = text_files(sections, share)
        rows = page_rows(entries, (self.urls.page(path) for path in self.paths))
        recent = [self.urls.page(entry.path) for entry in self._viewer.catalogue.recent(8)]
        self._folder.write(
            "data/pages.js", as_script("data/pages", {"pages": rows, "recent": recent, "texts": len(files)})
        )
        for number, texts in enumerate(files):
            self._folder.write(f"data/text-{number}.js", as_script(f"data/text-{number}", texts))
        self._show("search.html", "site_search.html", searched=of_texts(share))
        return of_texts(share)

    def _graph(self) -> None:
        catalogue = self._viewer.catalogue
        drawn = drawn_of(catalogue, catalogue.entries)
        self.urls.here = "graph.html"
        self._folder.write("data/graph.js", as_script("data/graph", graph_values(self._viewer, drawn)))
        self._show("graph.html", "graph.html", nav="graph", **graph_page_values(self._viewer, drawn))

    def _lost(self) -> None:
        digest = base64.b64encode(hashlib.sha256(_FINDS_ROOT.encode()).digest()).decode()
        self._show("404.html", "site_lost.html", finds_root=_FINDS_ROOT, finds_root_digest=digest)

    def _take_along(self) -> None:
        for file, source in sorted(self.files.found.items()):
            self._folder.copy(file, source)
        for name, source in needed_statics(self.urls.statics):
            self._folder.copy(f"static/{name}", source)
        self._folder.write(".nojekyll", "")

    def _show(self, file: str, template: str, **values: Any) -> None:
        self.urls.here = file
        self._folder.write(file, self._viewer.render(template, **values))

    def _readable_sources(self, catalogue: Catalogue) -> Iterator[str]:
        for path in self.paths:
            if catalogue.entries[path].type == "source" and followed_or_none(self._followed, path) is not None:
                yield path

    def _labs(self) -> dict[str, tuple[int, ...]]:
        """Return the labs that can be read, with the numbers of their experiments."""
        found: dict[str, tuple[int, ...]] = {}
        for name in self._shelf.names:
            try:
                lab = self._shelf.lab(name)
                if lab is not None:
                    found[name] = tuple(experiment.number for experiment in self._shelf.read(lab).experiments)
            except DeskError as error:
                self.problems.append(f"lab/{name}: {error.message}")
        return found
