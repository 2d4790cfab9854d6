"""Acceptance checks: what an idea's build has to show, in a declared form that code runs and judges.

A block of TOML, an entry for each check:

    [[check]]
    name = "it computes the threshold"
    run = "python demo.py 3"        # or a list of words; no shell reads it
    contains = "threshold"
    number = { after = "result:", op = "==", value = 0.0005, tolerance = 0.00005 }
"""

import math
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.names import safe_name
from nightdesk.wiki.ideas.form import LANGUAGE, Idea

MAX_CHECKS = 20
MAX_WORDS = 40  # of one command
MAX_TEXT = 500  # characters of a name, a word or an expected text
SECONDS, MAX_SECONDS = 60.0, 900.0  # wall time of one check where it does not say, and at most
OPERATIONS = ("==", "<", "<=", ">", ">=")
_KEYS = frozenset({"name", "run", "seconds", "exit", "contains", "matches", "number", "file"})
_NUMBER_KEYS = frozenset({"after", "op", "value", "tolerance"})
_NUMBER = re.compile(r"[ \t]*[:=]?[ \t]*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.]*\d)")


@dataclass(frozen=True, slots=True)
class NumberWanted:
    """A number that is printed behind the last `after`, compared with `value`."""

    after: str
    op: str
    value: float
    tolerance: float = 0.0  # of "==" alone: how far it may be off, either way


@dataclass(frozen=True, slots=True)
class Check:
    """One check: a command, and all that has to hold of it."""

    name: str
    run: tuple[str, ...]
    seconds: float = SECONDS
    exit: int = 0
    contains: tuple[str, ...] = ()  # texts on standard output
    matches: tuple[str, ...] = ()  # patterns of a whole line of it: "*" is any text, "?" one character
    number: NumberWanted | None = None
    files: tuple[str, ...] = ()  # that are there afterwards and not empty


def checks_of(idea: Idea) -> tuple[Check, ...]:
    """Return the checks of an idea. Raises DeskError that names the mistake, where there are none or too many."""
    blocks = [block for block in idea.fences if block.language == LANGUAGE]
    if not blocks:
        raise DeskError(f"there is no block of checks: ```{LANGUAGE}", fix="write one; docs/ideas.md shows its form")
    found = [check for block in blocks for check in parse_checks(block.text)]
    if len(found) > MAX_CHECKS:
        raise DeskError(f"there are {len(found)} checks, more than {MAX_CHECKS}", fix="keep those that prove most")
    names = [check.name.casefold() for check in found]
    if len(set(names)) < len(names):
        raise DeskError("two checks have one name", fix="give each a name of its own")
    return tuple(found)


def parse_checks(text: str) -> tuple[Check, ...]:
    """Return the checks that a block of TOML holds. Raises DeskError that names the mistake."""
    try:
        told = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise DeskError(f"the checks are not valid TOML: {str(error)[:200]}", fix="mend the block") from error
    entries = told.pop("check", None)
    if told or not isinstance(entries, list) or not entries:
        raise DeskError("the checks have not their form", fix="write each as [[check]] with name and run")
    return tuple(_check(entry, number) for number, entry in enumerate(entries, 1))


def _check(entry: Any, number: int) -> Check:
    where = f"check {number}"
    if not isinstance(entry, dict):
        raise DeskError(f"{where} is no table", fix="write it as [[check]] with name and run")
    if unknown := sorted(entry.keys() - _KEYS):
        raise DeskError(f"{where}: unknown key {unknown[0][:60]!r}", fix=f"there are {', '.join(sorted(_KEYS))}")
    name = _text(entry.get("name"), f"{where}: name")
    seconds = entry.get("seconds", SECONDS)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds <= MAX_SECONDS:
        raise DeskError(f"{where}: seconds must be above 0 and at most {MAX_SECONDS:g}")
    code = entry.get("exit", 0)
    if isinstance(code, bool) or not isinstance(code, int) or not 0 <= code <= 255:
        raise DeskError(f"{where}: exit must be a whole number from 0 to 255")
    files = _texts(entry.get("file", ()), f"{where}: file")
    for path in files:
        if (reason := against_path(path)) is not None:
            raise DeskError(f"{where}: file {path[:60]!r} {reason}")
    return Check(
        name=name,
        run=_words(entry.get("run"), where),
        seconds=float(seconds),
        exit=code,
        contains=_texts(entry.get("contains", ()), f"{where}: contains"),
        matches=_texts(entry.get("matches", ()), f"{where}: matches"),
        number=_number(entry["number"], where) if "number" in entry else None,
        files=files,
    )


def _words(run: Any, where: str) -> tuple[str, ...]:
    if isinstance(run, str):
        try:
            run = shlex.split(run)
        except ValueError as error:
            raise DeskError(f"{where}: run cannot be split into words: {error}", fix="close its quotes") from error
    if not isinstance(run, list) or not run or len(run) > MAX_WORDS:
        raise DeskError(f"{where}: run must be a command of 1 to {MAX_WORDS} words")
    return tuple(_text(word, f"{where}: run") for word in run)


def _number(told: Any, where: str) -> NumberWanted:
    if not isinstance(told, dict) or told.keys() - _NUMBER_KEYS or not {"after", "op", "value"} <= told.keys():
        raise DeskError(f'{where}: number must be {{ after = "…", op = "…", value = … }}, and may have a tolerance')
    if told["op"] not in OPERATIONS:
        raise DeskError(f"{where}: op must be one of {', '.join(OPERATIONS)}")
    value, tolerance = told["value"], told.get("tolerance", 0.0)
    for one in (value, tolerance):
        if isinstance(one, bool) or not isinstance(one, (int, float)) or not _is_finite(one):
            raise DeskError(f"{where}: value and tolerance must be finite numbers")
    if tolerance < 0 or (tolerance and told["op"] != "=="):
        raise DeskError(f'{where}: a tolerance is at least 0 and goes with op "==" alone')
    return NumberWanted(_text(told["after"], f"{where}: after"), told["op"], float(value), float(tolerance))


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(float(number))
    except OverflowError:  # a whole number beyond all floats
        return False


def _texts(told: Any, what: str) -> tuple[str, ...]:
    listed = [told] if isinstance(told, str) else list(told) if isinstance(told, (list, tuple)) else None
    if listed is None or len(listed) > MAX_CHECKS:
        raise DeskError(f"{what} must be a text, or a list of at most {MAX_CHECKS}")
    return tuple(_text(one, what) for one in listed)


def _text(told: Any, what: str) -> str:
    if not isinstance(told, str) or not told.strip() or len(told) > MAX_TEXT or not told.isprintable():
        raise DeskError(f"{what} must be a printable text of 1 to {MAX_TEXT} characters, on one line")
    return told


def against_path(path: str) -> str | None:
    """Return why `path` names no plain file of a build's own folder, None where it does.

    Relative, "/" between its parts, each of which every system takes as a name; none begins with a dot, since such
    files are settings of programs that a person starts there later (.git, .envrc, .vscode …).
    """
    parts = path.split("/")
    if not path or len(path) > 200 or len(parts) > 8:
        return "is too long, or too deep"
    for part in parts:
        if part in ("", ".", "..") or "\\" in part:
            return "does not lie in the build's own folder"
        if part.startswith("."):
            return "is hidden: its name begins with a dot"
        if safe_name(part) != part or not part.isprintable():
            return "is no name that every system takes"
    return None


def unmet(check: Check, *, code: int, out: str, files: Mapping[str, bool]) -> tuple[str, ...]:
    """Return what does not hold of a command that ended with `code` and printed `out`.

    `files` say of each file of the check whether it is there.
    """
    return tuple(_unmet(check, code, out, files))


def _unmet(check: Check, code: int, out: str, files: Mapping[str, bool]) -> Iterator[str]:
    if code != check.exit:
        yield f"it ended with code {code}, not {check.exit}"
    for text in check.contains:
        if text not in out:
            yield f"its output lacks {text!r}"
    lines = out.splitlines() if check.matches else []
    for pattern in check.matches:
        if not any(fits(pattern, line) for line in lines):
            yield f"no line of its output is like {pattern!r}"
    if check.number is not None and (reason := _off(check.number, out)):
        yield reason
    for path in check.files:
        if not files.get(path):
            yield f"the file {path!r} is not there, or empty"


def _off(wanted: NumberWanted, out: str) -> str | None:
    at = out.rfind(wanted.after)
    found = _NUMBER.match(out, at + len(wanted.after)) if at >= 0 else None
    value = float(found[1]) if found else math.nan
    if not math.isfinite(value):
        return f"no number stands behind {wanted.after!r} in its output"
    if compare(value, wanted):
        return None
    around = f" within {wanted.tolerance:g}" if wanted.tolerance else ""
    return f"{wanted.after} {value:g}, where {wanted.op} {wanted.value:g}{around} is asked for"


def compare(value: float, wanted: NumberWanted) -> bool:
    """Return whether a number is as wanted; the edge of a tolerance counts as within."""
    if wanted.op == "==":
        slack = 1e-12 * max(abs(value), abs(wanted.value))  # 0.3 - 0.2 is not 0.1 in floats
        return abs(value - wanted.value) <= wanted.tolerance + slack
    return {
        "<": value < wanted.value,
        "<=": value <= wanted.value,
        ">": value > wanted.value,
        ">=": value >= wanted.value,
    }[wanted.op]


def fits(pattern: str, line: str) -> bool:
    """Return whether a whole line fits a pattern of "*" and "?"; time grows with the product of their lengths at most.

    Regular expressions are not offered: one from a stranger can take for ever.
    """
    at_pattern = at_line = 0
    star, resume = -1, 0
    while at_line < len(line):
        if at_pattern < len(pattern) and pattern[at_pattern] == "*":
            star, resume = at_pattern, at_line
            at_pattern += 1
        elif at_pattern < len(pattern) and pattern[at_pattern] in ("?", line[at_line]):
            at_pattern += 1
            at_line += 1
        elif star >= 0:
            at_pattern, resume = star + 1, resume + 1
            at_line = resume
        else:
            return False
    return all(char == "*" for char in pattern[at_pattern:])


def render_checks(checks: Sequence[Check]) -> str:
    """Return checks as the TOML that `parse_checks` reads."""
    return "\n".join(_rendered(check) for check in checks)


def _rendered(check: Check) -> str:
    lines = ["[[check]]", f"name = {_quoted(check.name)}", f"run = {_quoted(shlex.join(check.run))}"]
    if check.seconds != SECONDS:
        lines.append(f"seconds = {check.seconds:g}")
    if check.exit:
        lines.append(f"exit = {check.exit}")
    for key, texts in (("contains", check.contains), ("matches", check.matches), ("file", check.files)):
        if texts:
            listed = ", ".join(map(_quoted, texts))
            lines.append(f"{key} = {listed if len(texts) == 1 else f'[{listed}]'}")
    if check.number is not None:
        wanted = check.number
        slack = f", tolerance = {wanted.tolerance!r}" if wanted.tolerance else ""
        lines.append(
            f'number = {{ after = {_quoted(wanted.after)}, op = "{wanted.op}", value = {wanted.value!r}{slack} }}'
        )
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
