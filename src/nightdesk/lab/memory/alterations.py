"""What a change did, in code's own words: read from its diff, so that no word of whoever proposed it is repeated.

A title says what its author thinks of a change. What is written here can be checked: which constants went from which
value to which, how many lines came and went, which names of functions and classes the new lines use.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from nightdesk.lab.constants import Constant, Value, find_constants

MAX_LINES = 20_000  # of a diff that are looked at
_MAX_LINE = 2_000  # characters of one
_MOST_CONSTANTS, _MOST_NAMES, _MOST_FILES = 4, 4, 2  # that are named in a sentence
_MOST_WORDS = 4  # of a constant's name
_SMALL = frozenset({"AT", "BY", "IN", "IS", "NO", "OF", "ON", "OR", "TO", "UP"})  # no abbreviations
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]{0,40}[ \t]*(?::[^=\n]{1,60})?=(?!=)")
_STRING = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|#.*$")
_NAME = re.compile(r"\b(?:class|def)[ \t]+([A-Za-z_]\w{2,29})\b|\b([A-Za-z_]\w{2,29})(?=\()")
_WORD = re.compile(r"[\w.+-]{1,20}")  # a choice that is shown: one word, never a sentence
_FILE = re.compile(r"[\w./-]{1,60}")


@dataclass(frozen=True, slots=True)
class Step:
    """One constant that went from one value to another."""

    name: str
    before: Value
    after: Value
    ends: tuple[float | None, float | None] = (None, None)  # of its range, as the comment beside it says

    @property
    def direction(self) -> int:
        """1 where it was raised, -1 where lowered, 0 where neither can be said."""
        numbers = not isinstance(self.before, bool | str) and not isinstance(self.after, bool | str)
        return 0 if not numbers else 1 if self.after > self.before else -1  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class Alteration:
    """What a diff did."""

    steps: tuple[Step, ...] = ()
    added: int = 0  # lines of code that set no constant of before
    removed: int = 0
    files: tuple[str, ...] = ()  # where they are
    new_names: tuple[str, ...] = field(default_factory=tuple)  # functions and classes that only the new lines name
    gone_names: tuple[str, ...] = field(default_factory=tuple)

    @property
    def is_constants_only(self) -> bool:
        """Whether nothing but values of constants changed."""
        return bool(self.steps) and not self.added and not self.removed


def alteration_of(diff: str) -> Alteration:
    """Return what a unified diff did, one of constants and code; an empty or odd one did nothing that can be told."""
    steps: list[Step] = []
    plus: list[str] = []
    minus: list[str] = []
    files: list[str] = []
    for path, removed, added in _by_file(diff):
        found, left, gone = _steps(removed, added)
        steps += found
        plus += left
        minus += gone
        files += [path] if (left or gone) and _FILE.fullmatch(path) else []
    new, old = Counter(_names(plus)), Counter(_names(minus))
    return Alteration(
        tuple(steps),
        len(plus),
        len(minus),
        tuple(files),
        tuple(sorted(name for name in new if name not in old)),
        tuple(sorted(name for name in old if name not in new)),
    )


def joined(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return steps that were taken one after the other as one of each constant, without those that came back."""
    ends: dict[str, Step] = {}
    for step in steps:
        first = ends.get(step.name)
        ends[step.name] = replace(step, before=first.before if first else step.before)
    return tuple(step for step in ends.values() if step.before != step.after)


def told_steps(steps: Iterable[Step]) -> str:
    """Return steps as a person would say them: "a higher limit step (LIMIT_STEP 8 instead of 4) and TIED True …"."""
    listed = list(steps)
    parts = [_told_step(step) for step in listed[:_MOST_CONSTANTS]]
    more = len(listed) - len(parts)
    parts += [f"{more} more constant{'s' if more > 1 else ''}"] if more else []
    return _and(parts)


def in_words(constant: str) -> str:
    """Return a constant's name as words, "matrix LR" for MATRIX_LR; "" for one of a single word or of very many."""
    words = constant.partition("[")[0].rpartition(":")[2].strip("_").split("_")
    if not 2 <= len(words) <= _MOST_WORDS or not all(word.isalpha() for word in words):
        return ""
    if words[0] in _SMALL:
        return ""
    return " ".join(word if len(word) <= 2 and word not in _SMALL else word.lower() for word in words)


def told_code(alteration: Alteration) -> str:
    """Return what became of the code: "train.py: 14 lines added and 3 removed, with muon new and adamw gone"."""
    counts = [(alteration.added, "added"), (alteration.removed, "removed")]
    parts = [f"{count} line{'s' if count > 1 else ''} {word}" for count, word in counts if count]
    where = f"{_and(alteration.files[:_MOST_FILES])}: " if alteration.files else ""
    names = [
        f"{_and(names[:_MOST_NAMES])} {word}"
        for names, word in ((alteration.new_names, "new"), (alteration.gone_names, "gone"))
        if names
    ]
    return where + ", with ".join([_and(parts), *([_and(names)] if names else [])])


def told_value(value: Value) -> str:
    """Return a constant's value in a sentence: a number in four digits, a choice as the one word that it is."""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = str(value)
    return text if _WORD.fullmatch(text) else "another value"


def _told_step(step: Step) -> str:
    before, after = told_value(step.before), told_value(step.after)
    if before == after:  # they differ beyond the digits that are shown
        before, after = str(step.before)[:24], str(step.after)[:24]
    change, words = f"{step.name} {after} instead of {before}", in_words(step.name)
    if not step.direction:
        return change
    way = "a higher" if step.direction > 0 else "a lower"
    return f"{way} {words} ({change})" if words else f"{way} {step.name} ({after} instead of {before})"


def _and(parts: Iterable[str]) -> str:
    listed = list(parts)
    return " and ".join([*([", ".join(listed[:-1])] if listed[1:] else []), *listed[-1:]])


def _by_file(diff: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each file of a unified diff with its removed and its added lines."""
    path, removed, added = "", list[str](), list[str]()
    in_hunk = False
    for line in diff.split("\n")[:MAX_LINES]:
        if (line.startswith("--- ") and not in_hunk) or line.startswith("--- a/"):
            if path:
                yield path, removed, added
            path, removed, added, in_hunk = "", [], [], False
        elif line.startswith("+++ ") and not in_hunk:
            path = line[4:].removeprefix("b/").strip()
        elif line.startswith("@@"):
            in_hunk = True
        elif in_hunk and line[:1] in ("-", "+"):
            (removed if line[0] == "-" else added).append(line[1 : _MAX_LINE + 1])
    if path:
        yield path, removed, added


def _steps(removed: list[str], added: list[str]) -> tuple[list[Step], list[str], list[str]]:
    """Return the constants that changed, then the other lines of code that came, and those that went."""
    old, new = _constants(removed), _constants(added)
    steps: list[Step] = []
    came, went = set[int](), set[int]()
    for name, (line, values) in new.items():
        before = old.get(name)
        if before is None or [constant.name for constant in before[1]] != [constant.name for constant in values]:
            continue
        came.add(line)
        went.add(before[0])
        pairs = zip(before[1], values, strict=True)
        steps += [
            Step(now.name, was.value, now.value, (now.low, now.high)) for was, now in pairs if was.value != now.value
        ]
    left = [line for number, line in enumerate(added) if number not in came and _is_code(line)]
    gone = [line for number, line in enumerate(removed) if number not in went and _is_code(line)]
    return steps, left, gone


def _constants(lines: list[str]) -> dict[str, tuple[int, tuple[Constant, ...]]]:
    """Return the constants that lines set, by their bare name: the line, and what it sets."""
    found: dict[str, tuple[int, tuple[Constant, ...]]] = {}
    for number, line in enumerate(lines):
        if _CONSTANT.match(line) and (constants := find_constants(line)):
            found[constants[0].name.partition("[")[0]] = number, constants
    return found


def _is_code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _names(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        for match in _NAME.finditer(_STRING.sub("", line)):
            yield match[1] or match[2]
