"""What a mend asks of the next compile: to read sources more densely, and to cover the sentences that were missed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from nightdesk.base.cache import Cache
from nightdesk.base.desk import Desk
from nightdesk.base.settings import Settings
from nightdesk.base.stages import Stage
from nightdesk.wiki.building import Errand
from nightdesk.wiki.compile import compile_desk
from nightdesk.wiki.cover import MAX_DEPTH, NAME, Cover, Row, add_to_cover, cover_of
from nightdesk.wiki.probe.probing import Asked, Probe
from nightdesk.wiki.report import Report
from nightdesk.wiki.staff import Staff


def plan_mend(probe: Probe, covers: Mapping[str, Cover]) -> tuple[Row, ...]:
    """Return the rows for cover.tsv that a probe calls for; none for a source that lost nothing.

    Only seen questions are looked at: what was held out must stay unknown to whoever mends, else it measures nothing.
    """
    rows: list[Row] = []
    for raw, asked in probe.by_source().items():
        seen = [one for one in asked if not one.held_out]
        missed = [one for one in seen if not one.retained]
        if missed:
            cover = cover_of(covers, raw)
            rows.append(Row(raw, deeper(cover.depth, seen), ""))
            quotes = dict.fromkeys(one.question.quote for one in missed)
            rows += [Row(raw, None, quote) for quote in quotes if quote not in cover.quotes]
    return tuple(rows)


def deeper(depth: int, seen: list[Asked]) -> int:
    """Return how densely a source is to be read next: in proportion to what was lost, at least once more, never without
    bound.

    A reading that keeps two facts of five must be some two and a half times as dense. One fact more is counted as kept
    and two as asked, so that a few questions do not decide alone.
    """
    kept = sum(one.retained for one in seen)
    return min(MAX_DEPTH, max(depth + 1, -(-depth * (len(seen) + 2) // (kept + 1))))


def mend(
    desk: Desk, settings: Settings, rows: Sequence[Row], staff: Staff | None, *, stage: Stage, now: datetime
) -> Report:
    """Note what the readings must cover and compile, as one change and one commit."""
    raws = {row.source for row in rows}
    many = "1 source" if len(raws) == 1 else f"{len(raws):,} sources"

    def act(cache: Cache) -> Sequence[str]:
        add_to_cover(desk.root, rows, now=now)
        return (NAME,)

    errand = Errand("probe --mend", f"{many} to be read again, more densely", act)
    return compile_desk(desk, settings, staff, stage=stage, today=now.astimezone().date(), errand=errand)
