"""What each worker, version of program.md, brief and kind of hardware found on a branch, as a page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from nightdesk.lab.comparison.comparing import Compared, Difference, Found

_LABELS = {"workers": "Worker", "programs": "Version of program.md", "briefs": "Brief", "hardware": "Hardware"}
_HASHES = {"programs": 8, "briefs": 8}  # digits that are shown
_MOST = 20


@dataclass(frozen=True, slots=True)
class Groups:
    """One table: its groups, and what their differences say."""

    label: str
    rows: Sequence[tuple[str, Found]]
    confirmed: bool  # whether anything confirmed is known of one
    told: Sequence[str]


def groups_of(compared: Compared) -> list[Groups]:
    """Return the tables that have more than one group."""
    found = [(name, compared.by.get(name, ())) for name in _LABELS]
    return [_table(name, groups, compared.differences.get(name, ())) for name, groups in found if len(groups) > 1]


def _table(name: str, groups: Sequence[Found], differences: Sequence[Difference]) -> Groups:
    return Groups(
        label=_LABELS[name],
        rows=[(_key(name, found.group.key), found) for found in groups[:_MOST]],
        confirmed=any(found.confirmed.known for found in groups),
        told=[_told(name, difference) for difference in differences],
    )


def _told(name: str, difference: Difference) -> str:
    kind = "by what was confirmed" if difference.confirmed else "by what the search saw"
    one, other = _key(name, difference.one), _key(name, difference.other)
    return f"{one} over {other}, a run, {kind}: {difference.more.told}: {difference.verdict}."


def _key(name: str, key: str) -> str:
    return key[: _HASHES.get(name, 200)] or "none"
