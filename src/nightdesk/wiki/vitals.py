"""The vital figures of a desk: how much the wiki keeps, proves and covers, and what is wrong with it. Quick to read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from nightdesk.agents.ledger import NAME as COSTS
from nightdesk.agents.ledger import stream_ledger
from nightdesk.base.cache import Cache, open_cache, stat_signature
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.names import name_key
from nightdesk.base.pages import Page, parse_page
from nightdesk.wiki.costs import Sum, sum_costs
from nightdesk.wiki.library import page_paths
from nightdesk.wiki.probe.intervals import Share
from nightdesk.wiki.probe.record import NAME as PROBES
from nightdesk.wiki.probe.record import Last, last_probe
from nightdesk.wiki.status import Status

TABLE = "vitals"
LISTS = ("index", "log", "contradictions")  # types of pages that link to everything, or say nothing of their own
_LINK = re.compile(r"\[\[([^\[\]|#\n]+)[^\[\]\n]*\]\]")
_CITED = re.compile(r"(?:\[\[[^\[\]|#\n]*#\^[^\[\]\n]+\]\][ ,;]*)+")  # all citations of one sentence


@dataclass(frozen=True, slots=True)
class PageFigures:
    """What is counted of one page."""

    type: str
    own: bool  # made by nightdesk
    words: int  # of a source: of its text
    claims: int  # of a source
    cited: int  # sentences with a citation
    uncited: int  # sentences without, on a page that was edited: nightdesk's own have none
    stale_after: str  # ISO date, "" for none
    links: tuple[str, ...]  # name keys of the pages that it links to


@dataclass(frozen=True, slots=True)
class Vitals:
    """The vital figures of a desk."""

    retention: Last | None  # None: never probed
    support: Share  # sentences of nightdesk's pages that cite claims and passed
    covered: Share  # sources that have a page with claims
    words_per_claim: float | None  # of the sources; None without claims
    orphans: int  # pages that only the index links to
    contradictions: int  # open ones
    stale: int  # pages whose source changed or is gone, or whose date is past
    unverified: int  # edited pages whose citations did not all pass
    cost: Sum

    def to_json(self) -> dict[str, Any]:
        """Return the figures as a JSON object; what is not known is null."""
        last = self.retention
        retention = last and {"date": last.date, "held_out_only": last.heldout_only, "sources": last.sources}
        return {
            "retention": retention and retention | (last.retained.to_json() if last else {}),
            "support": _counted(self.support),
            "coverage": _counted(self.covered)
            | {"words_per_claim": None if self.words_per_claim is None else round(self.words_per_claim, 1)},
            "orphans": self.orphans,
            "contradictions": self.contradictions,
            "stale": self.stale,
            "unverified": self.unverified,
            "cost": {
                "calls": self.cost.calls,
                "usd": self.cost.known_usd,
                "unpriced": self.cost.unpriced,
                "input_tokens": self.cost.input_tokens,
                "output_tokens": self.cost.output_tokens,
            },
        }


def _counted(share: Share) -> dict[str, object]:
    """Return a share of all there is: no sample, so that it has no interval."""
    return {"hits": share.hits, "of": share.of, "share": None if share.value is None else round(share.value, 4)}


def read_vitals(desk: Desk, status: Status, *, today: date) -> Vitals:
    """Return the vital figures; pages that did not change since the last look are not read."""
    with open_cache(desk.cache / "cache.db") as cache:
        pages = _read_pages(desk, cache)
    sources = [page for page in pages.values() if page.type == "source" and page.own]
    claims = sum(page.claims for page in sources)
    return Vitals(
        retention=last_probe(desk.root / PROBES),
        support=_support(pages, status),
        covered=Share(min(status.sources, sum(page.claims > 0 for page in sources)), status.sources),
        words_per_claim=sum(page.words for page in sources) / claims if claims else None,
        orphans=len(orphans(pages)),
        contradictions=_open_contradictions(desk),
        stale=_stale(pages, status, today),
        unverified=len(status.unverified),
        cost=sum_costs(stream_ledger(desk.root / COSTS), by="worker").total,
    )


def _support(pages: Mapping[str, PageFigures], status: Status) -> Share:
    rows = [(path, page) for path, page in pages.items() if page.own and page.type not in ("source", *LISTS)]
    proven = sum(page.cited for path, page in rows if path not in status.unverified)
    return Share(proven, sum(page.cited + page.uncited for _, page in rows))


def orphans(pages: Mapping[str, PageFigures]) -> tuple[str, ...]:
    """Return the pages that no other page links to; what lists all pages does not count."""
    linked: set[str] = set()
    for path, page in pages.items():
        if page.type not in LISTS:
            linked.update(key for key in page.links if key != _key(path))
    return tuple(path for path, page in pages.items() if page.type not in LISTS and _key(path) not in linked)


def _stale(pages: Mapping[str, PageFigures], status: Status, today: date) -> int:
    """Count pages; a source that has no page yet is none of them."""
    past = sum(bool(page.stale_after) and page.stale_after < today.isoformat() for page in pages.values())
    return past + len(status.gone) + len(status.outdated)


def _open_contradictions(desk: Desk) -> int:
    # imported here: it needs the form of that page, and most commands do not
    from nightdesk.wiki.contradictions.page import open_contradictions  # noqa: PLC0415

    return open_contradictions(desk)


def _read_pages(desk: Desk, cache: Cache) -> dict[str, PageFigures]:
    memos = cache.all(TABLE)
    fresh: dict[str, Any] = {}
    for path in page_paths(desk):
        signature = stat_signature(desk.root / path)
        memo = memos.get(path)
        fresh[path] = memo if memo and memo[0] == signature else [signature, asdict(_look(desk, path))]
    cache.put(TABLE, {path: memo for path, memo in fresh.items() if memos.get(path) != memo})
    cache.keep_only(TABLE, fresh)
    return {path: PageFigures(**memo[1]) for path, memo in fresh.items()}


def _look(desk: Desk, path: str) -> PageFigures:
    try:
        text = (desk.root / path).read_text(encoding="utf-8", errors="replace")
        page = parse_page(text)
    except (DeskError, OSError):
        return PageFigures("", False, 0, 0, 0, 0, "", ())
    own = page.made_from is not None
    uncited = _uncited(page) if own and page.edited and page.value("type") not in ("source", *LISTS) else 0
    links = dict.fromkeys(name_key(name.rpartition("/")[2].strip()) for name in _LINK.findall(text))
    return PageFigures(
        type=str(page.value("type") or ""),
        own=own,
        words=_number(page.value("words")),
        claims=_number(page.value("claims")),
        cited=sum(1 for _ in _CITED.finditer(page.body)),
        uncited=uncited,
        stale_after=str(page.value("stale_after") or "")[:10],
        links=tuple(links),
    )


def _uncited(page: Page) -> int:
    # imported here: it cuts sentences, and most desks have no edited page
    from nightdesk.wiki.cited_sentences import PageText  # noqa: PLC0415
    from nightdesk.wiki.concept_page import written_part  # noqa: PLC0415

    sentences = PageText(written_part(page.body), language=str(page.value("language") or "en")).sentences
    return sum(sentence.kind == "prose" and not sentence.cited for sentence in sentences)


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _key(path: str) -> str:
    return name_key(path.rpartition("/")[2].removesuffix(".md"))


def in_lines(vitals: Vitals) -> Sequence[tuple[str, str]]:
    """Return the figures as lines of a table: a label, and what is known."""
    last = vitals.retention
    apart = ", of facts that mending never saw" if last and last.heldout_only else ""
    words = "" if vitals.words_per_claim is None else f"; one claim for each {vitals.words_per_claim:.0f} words"
    return (
        ("retention", f"{last.retained}{apart}, {last.date}" if last else "not measured yet: nightdesk probe"),
        ("support", f"{vitals.support.hits:,} of {vitals.support.of:,} sentences cite claims that hold"),
        ("coverage", f"{vitals.covered.hits:,} of {vitals.covered.of:,} sources have a page with claims{words}"),
        ("orphans", f"{vitals.orphans:,} pages that only the index leads to" if vitals.orphans else "none"),
        ("contradictions", f"{vitals.contradictions:,} open" if vitals.contradictions else "none open"),
        ("stale", f"{vitals.stale:,} pages" if vitals.stale else "none"),
        ("unverified", f"{vitals.unverified:,} edited pages" if vitals.unverified else "none"),
        ("cost", _cost(vitals.cost)),
    )


def _cost(total: Sum) -> str:
    if not total.calls:
        return "nothing: no call of an AI worker"
    usd = total.known_usd
    price = "of unknown price" if usd is None else f"{usd:.2f} USD" + (" and more, unpriced" if total.unpriced else "")
    return f"{price}, {total.calls:,} calls: nightdesk status --costs"
