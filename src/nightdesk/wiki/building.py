"""What the stages of one compile hand on to each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nightdesk.base.cache import Cache
from nightdesk.base.pages import Page
from nightdesk.sources.texts import Texts
from nightdesk.wiki import index
from nightdesk.wiki.disputes import Disputes
from nightdesk.wiki.named import Named
from nightdesk.wiki.names.deciding import Decided
from nightdesk.wiki.plans import Category, SourceMarks, Topic
from nightdesk.wiki.shelf import Shelf
from nightdesk.wiki.stages import EvidenceDrawer, Light, Readings, Site


@dataclass(frozen=True, slots=True)
class Errand:
    """What a command does to the desk under the lock of the compile that follows; the diary tells both as one."""

    operation: str  # "page rename"
    title: str  # what it did, in a line
    act: Callable[[Cache], Sequence[str]]  # does it, and returns the paths that it touched: they are in the same commit


@dataclass(slots=True)
class Build:
    """What the stages of one compile hand on."""

    site: Site
    texts: Texts
    shelf: Shelf
    drawer: EvidenceDrawer
    lights: list[Light] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # raw path -> base name of its page
    topics: dict[str, Topic] = field(default_factory=dict)
    categories: tuple[Category, ...] = ()
    ai: dict[int, dict[str, Any]] = field(default_factory=dict)  # index of a source -> marks of its AI reading
    named: Named = field(default_factory=lambda: Named((), {}, {}))
    decided: Decided = field(default_factory=Decided)
    given: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)  # raw path -> decided title, others
    readings: Readings = field(default_factory=lambda: Readings((), {}, {}, ()))
    evident: tuple[SourceMarks, ...] = ()  # of all sources, without claims that are wrong or superseded
    spared: frozenset[str] = frozenset()  # pages that lost such claims: one that is left is enough for them
    disputes: Mapping[str, Disputes] = field(default_factory=dict)  # page -> what it tells of contradictions
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # page -> promoted answers it links to
    contradictions: tuple[int, int] = (0, 0)  # how many are open, and how many there are
    wanted: set[str] = field(default_factory=set)  # paths of all pages that there are to be
    planned: dict[str, Page] = field(default_factory=dict)  # those that are stale, in nightdesk's own version
    entries: list[index.Entry] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    behind: list[str] = field(default_factory=list)  # pages by an AI whose claims changed since
    kept_leads: list[str] = field(default_factory=list)

    @property
    def ai_writes(self) -> bool:
        """Whether this compile has an AI worker for pages."""
        return self.site.staff is not None and "write" in self.site.staff.workers
