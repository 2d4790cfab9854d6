"""Gaps filled from the web: what suggestions lead to, and its way into raw/, never straight into a page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from nightdesk.agents.boundary import visible
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.git import commit_paths
from nightdesk.sources.add import Refusal, add_sources
from nightdesk.sources.fetch import FetchPolicy
from nightdesk.wiki.log import append_log
from nightdesk.wiki.suggesting.references import key_of
from nightdesk.wiki.suggesting.searching import Found, run_search
from nightdesk.wiki.suggesting.suggestions import Suggestion

_MAX_WHAT = 200  # characters of a suggestion in a commit's message


@dataclass(frozen=True, slots=True)
class Filling:
    """What may fill one gap."""

    suggestion: Suggestion
    found: tuple[Found, ...]
    problem: str = ""  # why nothing was looked for, or found


@dataclass(frozen=True, slots=True)
class Added:
    """A source that is in raw/ now, because a suggestion asked for it. The path is relative to the desk."""

    suggestion: Suggestion
    url: str
    path: str


@dataclass(frozen=True, slots=True)
class AddedReport:
    """What became of the addresses that were to be added."""

    added: tuple[Added, ...]
    present: tuple[str, ...]  # addresses whose content is there already
    refused: tuple[Refusal, ...]


def find_fillings(
    suggestions: Sequence[Suggestion],
    *,
    command: str,
    environment: Mapping[str, str],
    results: int,
    tell: Callable[[str], None] = lambda message: None,
) -> list[Filling]:
    """Return what was found for each suggestion that a source would help, at most `results` for each.

    Of a source whose address is known that address is the result; all others need `command`. One address stands with
    the first suggestion that led to it.
    """
    taken: set[str] = set()
    fillings = []
    for one in suggestions:
        if not one.url and not one.query:
            continue
        if one.url:
            filling = Filling(one, (Found(one.url, one.what),))
        elif not command:
            filling = Filling(one, (), "no search command is set")
        else:
            tell(f"looking for: {one.query}")
            filling = _search(one, command, environment)
        fresh = [found for found in filling.found if (key_of(found.url) or found.url) not in taken][:results]
        taken.update(key_of(found.url) or found.url for found in fresh)
        fillings.append(replace(filling, found=tuple(fresh)))
    return fillings


def _search(one: Suggestion, command: str, environment: Mapping[str, str]) -> Filling:
    try:
        return Filling(one, run_search(command, one.query, environment))
    except DeskError as error:
        return Filling(one, (), error.message)


def add_found(
    desk: Desk,
    fillings: Sequence[Filling],
    *,
    policy: FetchPolicy,
    today: date,
    tell: Callable[[str], None] = lambda message: None,
) -> AddedReport:
    """Fetch what was found into raw/, as `nightdesk add` does, in one commit that says who asked for what.

    `policy` should not allow addresses of this machine and the local network: strangers named what was found.
    """
    added: list[Added] = []
    present: list[str] = []
    refused: list[Refusal] = []
    written: dict[str, None] = {}
    for filling in fillings:
        for found in filling.found:
            tell(f"fetching {found.url}")
            report = add_sources(desk.root, [found.url], standard_input=None, policy=policy, today=today)
            added += [Added(filling.suggestion, found.url, desk.relative(path)) for path in report.added]
            present += [item.source for item in report.present]
            refused += report.refused
            written |= dict.fromkeys(desk.relative(path) for path in report.written)
    if added:
        lines = [f"{one.path}: asked for by {_asker(one.suggestion)}" for one in added]
        written[append_log(desk, "suggest", f"{_many(len(added))} added", lines, today=today)] = None
        commit_paths(desk.root, list(written), f"suggest: {_many(len(added))} added\n\n" + "\n".join(lines))
    return AddedReport(tuple(added), tuple(present), tuple(refused))


def _asker(one: Suggestion) -> str:
    """Return a suggestion in one line, with the claim or place that it rests on."""
    first = one.evidence[0] if one.evidence else None
    place = f" (^{first.claim})" if first and first.claim else f" ({first.place})" if first and first.place else ""
    return f"{one.kind} {one.id}: {' '.join(visible(one.what).split())[:_MAX_WHAT]}{place}"


def _many(count: int) -> str:
    return "1 source" if count == 1 else f"{count} sources"
