"""Claims compared by a worker: batches of pairs, each judged once, and what is found put on the page."""

from dataclasses import dataclass, field
from functools import partial

from nightdesk.agents.boundary import visible
from nightdesk.base.cache import open_cache
from nightdesk.base.desk import Desk
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_by_hand
from nightdesk.base.lock import hold_lock
from nightdesk.base.settings import COMPARE
from nightdesk.base.stages import Stage
from nightdesk.wiki.contradictions.candidates import Stated, candidate_pairs, stated_claims
from nightdesk.wiki.contradictions.compare_task import CompareMaterial, Found, compare_task, verify_compare
from nightdesk.wiki.contradictions.items import Item, item_id
from nightdesk.wiki.contradictions.page import PATH, read_kept, render_page, standing_page
from nightdesk.wiki.staff import Job, Staff, do_all

TABLE = "compared"  # ids of pairs that a worker found to be none: not asked again while the cache lives
BATCH = 30  # pairs of one task: some 3,000 tokens
MAX_PAIRS = 600  # of one command


@dataclass(frozen=True, slots=True)
class Compared:
    """What a worker's comparing came to."""

    found: tuple[Item, ...]
    pairs: int  # judged now
    left: int  # to be judged by a later call
    capped: str = ""
    problems: tuple[str, ...] = field(default=())


def compare_claims(desk: Desk, staff: Staff, *, stage: Stage) -> Compared:
    """Let the staff's worker judge pairs of claims that nobody has judged; nothing is written but the cache.

    Raises DeskError where another command is at work on the desk.
    """
    with hold_lock(desk.cache / "lock", doing="comparing claims"), open_cache(desk.cache / "cache.db") as cache:
        claims, kept = stated_claims(desk), read_kept(desk)
        none = cache.all(TABLE)
        pairs, more = candidate_pairs(claims, is_known=lambda i: i in none or i in kept.items, most=MAX_PAIRS)
        batches = [pairs[at : at + BATCH] for at in range(0, len(pairs), BATCH)]
        tasks = [compare_task(batch, claims, staff.briefs) for batch in batches]
        jobs: list[Job[CompareMaterial, tuple[Found, ...]]] = [
            Job(task, partial(verify_compare, task)) for task in tasks
        ]
        ended = do_all(cache, staff, COMPARE, jobs, stage=stage, label="comparing")
        found: list[Item] = []
        judged, problems = 0, []
        for batch, done in zip(batches, ended, strict=True):
            if done.result is None:
                problems += list(done.reasons[:1])
                continue
            judged += len(batch)
            items = [_item(entry, claims, done.by) for entry in done.result]
            found += items
            named = {item.id for item in items}
            if done.state == "part":
                continue  # what was not proved may still be one
            cache.put(TABLE, {identity: done.by for pair in batch if (identity := item_id(*pair)) not in named})
    left = more + len(pairs) - judged
    return Compared(tuple(found), judged, left, next(iter(staff.capped), ""), tuple(dict.fromkeys(problems)))


def _item(entry: Found, claims: dict[str, Stated], by: str) -> Item:
    one, other = sorted(
        (claims[entry.one].side, claims[entry.other].side), key=lambda s: (s.published, s.page, s.claim)
    )
    return Item(item_id(one.claim, other.claim), one, other, entry.kind, by, visible(entry.reason))


def add_items(desk: Desk, items: tuple[Item, ...]) -> list[str]:
    """Put found items on the page, those that are there already stay as they are; return the paths touched."""
    kept = read_kept(desk)
    fresh = [item for item in items if item.id not in kept.items]
    if not fresh or not kept.is_ours:
        return []
    before = standing_page(desk)
    commit_by_hand(desk.root, [PATH])
    page = render_page([*kept.items.values(), *fresh], loose=kept.loose, before=before)
    write_atomically(desk.root / PATH, page.text)
    return [PATH]
