"""Near-duplicates: by what two changes are known to do the same, whatever program each was made on.

`change_key` leaves of a change what it does: the statements that go and those that come, in which function, in their
order. Comments, docstrings, layout, the way a literal is written, where in the file it stands, what else the program
holds, and how the change calls what it introduces itself, make no difference. Statements that come where none goes are
anchored at the last statement before them that shares a name with them, so that `x = norm(x)` before and after an
attention are two changes; literals in the anchor do not matter.

The new values of constants (`NAME = literal`) stand in the key as they are, and what they were before does not count:
two settings of the same constants are the same change where all numbers lie within 2 % of each other.
"""

import hashlib
import json
import re
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from nightdesk.lab.searching.statements import KEYWORD, LITERAL, NAME, Literal, Statement, statements_of

_NEAR = 0.02
_SHARES_FROM = 0.9  # a number from here to 1 is taken for a share (a momentum), of which the rest has to be near too
_MOST_TOLD = 1_000  # characters of all constants in a key; more of them must be equal to be the same
_NAMES = re.compile(f"([{NAME}{KEYWORD}])([^{NAME}{KEYWORD}]*)\\1")
_PARAMETERS = re.compile(f"\\barg\\({NAME}([^{NAME}]*){NAME}")
_LITERALS = re.compile(f"{LITERAL}[^{LITERAL}]*{LITERAL}")
T = TypeVar("T")


def change_key(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return what a change of editable files is known by, "" for one that changes nothing.

    16 hexadecimal digits; behind a blank the new values of constants, as JSON, where it sets some.
    """
    parts: list[str] = []
    constants: dict[str, Literal] = {}
    for path in sorted({*before, *after}):
        old, new = before.get(path, ""), after.get(path, "")
        if old != new:
            difference = _difference(statements_of(path, old), statements_of(path, new))
            settings = _settings(difference)
            constants |= {f"{path}:{name}": value for name, value in settings.items()}
            parts += [path, text] if (text := _told(difference, settings)) else []
    told = json.dumps(constants, sort_keys=True) if constants else ""
    if len(told) > _MOST_TOLD:
        parts, told = [*parts, told], ""
    if not parts and not told:
        return ""
    digest = hashlib.sha256(json.dumps(parts).encode("utf-8")).hexdigest()[:16]
    return f"{digest} {told}" if told else digest


def same_change(key: str, changes: Mapping[str, T]) -> T | None:
    """Return what `changes` has for a change that is the same as the one of this key, or nearly; None for neither.

    The key "" fits nothing.
    """
    if key and key in changes:
        return changes[key]
    digest, _, told = key.partition(" ")
    if not told:
        return None
    return next((found for other, found in changes.items() if _is_near(digest, told, other)), None)


def _is_near(digest: str, told: str, other: str) -> bool:
    """Say whether another key is of the same change with constants near to those told."""
    if not other.startswith(f"{digest} "):
        return False
    try:
        one, two = json.loads(told), json.loads(other.partition(" ")[2])
    except (ValueError, RecursionError):  # keys are kept on disk, where anybody may edit them
        return False
    if not isinstance(one, dict) or not isinstance(two, dict) or one.keys() != two.keys():
        return False
    return all(_are_near(one[name], two[name]) for name in one)


def _are_near(one: object, two: object) -> bool:
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(_are_near, one, two))
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if not isinstance(one, int | float) or not isinstance(two, int | float):
        return one == two
    if min(one, two) >= _SHARES_FROM and max(one, two) < 1:
        return abs(one - two) <= _NEAR * (1 - min(one, two))
    return abs(one - two) <= _NEAR * max(abs(one), abs(two))


@dataclass(frozen=True, slots=True)
class _Hunk:
    """What goes and what comes at one place, and what stays between it and the hunk before."""

    stay: Sequence[Statement]
    gone: Sequence[Statement]
    come: Sequence[Statement]


@dataclass(frozen=True, slots=True)
class _Difference:
    """Two forms of one file and the hunks that lie between them."""

    before: Sequence[Statement]
    after: Sequence[Statement]
    hunks: Sequence[_Hunk]

    @property
    def gone(self) -> Iterator[Statement]:
        """All that goes."""
        return (statement for hunk in self.hunks for statement in hunk.gone)

    @property
    def come(self) -> Iterator[Statement]:
        """All that comes."""
        return (statement for hunk in self.hunks for statement in hunk.come)


def _difference(before: Sequence[Statement], after: Sequence[Statement]) -> _Difference:
    hunks: list[_Hunk] = []
    stay: list[Statement] = []
    here = there = 0
    for stays, stands in [*_stay(before, after), (len(before), len(after))]:
        if stays > here or stands > there:
            hunks.append(_Hunk(stay, before[here:stays], after[there:stands]))
            stay = []
        stay += after[stands : stands + 1]
        here, there = stays + 1, stands + 1
    return _Difference(before, after, hunks)


def _stay(before: Sequence[Statement], after: Sequence[Statement]) -> list[tuple[int, int]]:
    """Return which statements stay, as their places in both, in order. Takes n log n steps.

    The common beginning and end; between them the longest run that both have in one order, of equal statements the
    first with the first, and so on.
    """
    old, new = [statement.text for statement in before], [statement.text for statement in after]
    most = min(len(old), len(new))
    start = next((n for n in range(most) if old[n] != new[n]), most)
    end = next((n for n in range(most - start) if old[-1 - n] != new[-1 - n]), most - start)
    places: defaultdict[str, deque[int]] = defaultdict(deque)
    for here in range(start, len(old) - end):
        places[old[here]].append(here)
    both = [(places[new[there]].popleft(), there) for there in range(start, len(new) - end) if places[new[there]]]
    tail = ((len(old) - n, len(new) - n) for n in range(end, 0, -1))
    return [*((n, n) for n in range(start)), *_longest_rising(both), *tail]


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest subsequence in which the first numbers rise."""
    lows: list[int] = []  # of each length: the least number that such a subsequence ends with
    ends: list[int] = []  # and the pair that it is in
    previous: list[int] = []  # of each pair: the one before it, -1 for none
    for place, (number, _) in enumerate(pairs):
        length = bisect_left(lows, number)
        previous.append(ends[length - 1] if length else -1)
        lows[length : length + 1], ends[length : length + 1] = [number], [place]
    found: list[tuple[int, int]] = []
    place = ends[-1] if ends else -1
    while place >= 0:
        found.append(pairs[place])
        place = previous[place]
    return found[::-1]


def _settings(difference: _Difference) -> dict[str, Literal]:
    """Return the constants that both forms set once, to other values: the new ones."""
    once = [Counter(map(_label, form)) for form in (difference.before, difference.after)]
    gone = {_label(statement): statement.constant for statement in difference.gone}
    settings: dict[str, Literal] = {}
    for statement in difference.come:
        label, new, old = _label(statement), statement.constant, gone.get(_label(statement))
        if label and new and old and repr(new) != repr(old) and all(count[label] == 1 for count in once):
            settings[label] = new[1]
    return settings


def _label(statement: Statement) -> str:
    return "" if statement.constant is None else f"{statement.scope}{statement.constant[0]}".replace(NAME, "")


def _told(difference: _Difference, settings: Collection[str]) -> str:
    """Return what goes and what comes in each scope but for `settings`, own names numbered; "" for nothing."""
    known = {name for statement in difference.before for name in statement.uses}
    count = Counter(statement.text for statement in difference.before)
    gone: defaultdict[str, list[str]] = defaultdict(list)
    come: defaultdict[str, list[str]] = defaultdict(list)
    stay: list[Statement] = []
    last: dict[tuple[str, str], int] = {}  # scope and name -> the last statement that stays with it
    for hunk in difference.hunks:
        for statement in hunk.stay:
            last |= {(statement.scope, name): len(stay) for name in statement.uses}
            stay.append(statement)
        for scope, (went, came) in _by_scope(hunk, settings).items():
            if all(count[statement.text] > 1 for statement in went):
                names = {name for statement in (*went, *came) for name in statement.uses}
                anchor = max(last.get((scope, name), -1) for name in (*names, ""))
                come[scope] += [f"@{_LITERALS.sub('', stay[anchor].text)}"] if anchor >= 0 else []
            gone[scope] += [statement.text for statement in went]
            come[scope] += [statement.text for statement in came]
    blocks = ["\n".join([*gone[scope], "=>", *come[scope]]) for scope in come]
    binds = {name for statement in difference.come for name in statement.binds}
    return _numbered(blocks, binds - known)


def _by_scope(hunk: _Hunk, settings: Collection[str]) -> dict[str, tuple[list[Statement], list[Statement]]]:
    found: defaultdict[str, tuple[list[Statement], list[Statement]]] = defaultdict(lambda: ([], []))
    for side, statements in enumerate((hunk.gone, hunk.come)):
        for statement in statements:
            if _label(statement) not in settings:
                found[statement.scope][side].append(statement)
    return found


def _numbered(blocks: Sequence[str], new: Collection[str]) -> str:
    """Return the blocks in an order that their own names have no part in, and these names as numbers.

    A name that stands only once is what others may know it by (a constant that another file reads): it stays.
    """
    counts = Counter(found[2] for block in blocks for found in _NAMES.finditer(block))
    own = {name for name in new if counts[name] > 1}
    parameters = {name for block in blocks for name in _PARAMETERS.findall(block)}  # so are keywords of calls
    numbers: dict[str, str] = {}

    def is_own(found: re.Match[str]) -> bool:
        return found[2] in own and (found[1] == NAME or found[2] in parameters)

    def blank(found: re.Match[str]) -> str:
        return NAME if is_own(found) else found[0]

    def number(found: re.Match[str]) -> str:
        return numbers.setdefault(found[2], f"{NAME}{len(numbers)}") if is_own(found) else found[0]

    ordered = sorted(blocks, key=lambda block: _NAMES.sub(blank, block))
    return _NAMES.sub(number, "\n\n".join(ordered))
