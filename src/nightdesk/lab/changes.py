"""The hand-in of a proposal: a change to the editable files, read, applied and checked.

    {"title": "…", "hypothesis": "…",
     "edits": [{"file": "train.py", "search": "DEPTH = 2", "replace": "DEPTH = 3"}],
     "files": [{"file": "train.py", "text": "…"}]}

`edits` replace a text that stands exactly once, one after the other; `files` replace a whole file. Either may be left
out. `ranges` may say between which values an optimiser should look for a constant.
"""

import ast
import difflib
import json
import re
import tomllib
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nightdesk.agents.boundary import harmless
from nightdesk.agents.tasks import Verified
from nightdesk.lab.experiments import one_line
from nightdesk.lab.fingerprints import fingerprint
from nightdesk.lab.scores import finite
from nightdesk.lab.tunables import Range, tunables

MAX_HAND_IN = 2_000_000  # characters
MAX_FILE = 400_000  # characters of one file after the change
MAX_TITLE = 120
MAX_HYPOTHESIS = 2_000
MAX_EDITS = 100
MAX_RANGES = 50
_MAX_HINTS = 5  # wrong edits for which the nearest line is looked for
_MAX_LINES = 5_000  # of a file that are looked at for it
_FENCED = re.compile(r"\A\s*(`{3,}|~{3,})[^\n]*\n(.*)\n\1\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Change:
    """A checked change: every editable file as it is to be."""

    title: str
    hypothesis: str
    files: Mapping[str, str]
    ranges: Mapping[str, Range] = field(default_factory=dict)


class _FormError(ValueError):
    """The hand-in has not the form that was asked for; str() says what is wrong."""


def check_change(
    text: str,
    files: Mapping[str, str],
    *,
    best: Mapping[str, str] | None = None,
    was_tried: Callable[[str], bool] = lambda mark: False,
) -> Verified[Change]:
    """Return the change to `files`, the editable files, that a hand-in asks for, or every reason against it.

    The outcome must differ from `files` and from `best` (None: the same), must parse, and must not have been tried:
    `was_tried` is asked with its fingerprint.
    """
    try:
        given = _parsed(text)
        title, hypothesis = _words(given, "title"), _words(given, "hypothesis")
        changed, reasons = _apply(given, files)
    except _FormError as error:
        return Verified(None, (str(error),))
    reasons += _against_words(title, hypothesis)
    for path in changed:
        if changed[path] != files[path]:
            reasons += [f"{path}: {reason}" for reason in _against_file(path, files[path], changed[path])]
    ranges, faults = _ranges(given.get("ranges"), changed)
    reasons += faults
    if not reasons:
        reasons += _against_repeats(changed, files, best or files, was_tried)
    if reasons:
        return Verified(None, tuple(reasons))
    return Verified(Change(one_line(title), hypothesis.strip(), changed, ranges), ())


def _parsed(text: str) -> Mapping[str, Any]:
    if len(text) > MAX_HAND_IN:
        raise _FormError(f"the hand-in is longer than {MAX_HAND_IN:,} characters")
    fenced = _FENCED.match(text)
    text = (fenced[2] if fenced else text).strip().removeprefix("\ufeff")
    try:
        given = json.loads(text, strict=False)  # not strict: line breaks within a text are harmless, and common
        json.dumps(given, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise _FormError("the hand-in holds half a character (\\ud800 to \\udfff)") from error
    except (ValueError, RecursionError) as error:
        why = "lists too deep in lists" if isinstance(error, RecursionError) else str(error)[:200]
        raise _FormError(f"the hand-in is not valid JSON: {why}") from error
    if not isinstance(given, dict):
        raise _FormError("the hand-in is not one JSON object")
    return given


def _words(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key, "")
    if not isinstance(value, str):
        raise _FormError(f'"{key}" must be a text')
    return value


def _entries(given: Mapping[str, Any], key: str, texts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the file and the texts of each entry of a list. A hand-in that is no such list is a fault of form."""
    listed = given.get(key) or []
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise _FormError(f'"{key}" must be a list of objects with file, {", ".join(texts)}')
    if len(listed) > MAX_EDITS:
        raise _FormError(f'"{key}" has {len(listed)} entries; at most {MAX_EDITS}, or give the whole file')
    for number, entry in enumerate(listed, 1):
        values = (entry.get("file", ""), *(entry.get(name) for name in texts))
        if not all(isinstance(value, str) for value in values):
            raise _FormError(f"{key} {number}: file, {', '.join(texts)} must all be there, as texts")
        yield values


def _apply(given: Mapping[str, Any], files: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the files after the change, and what could not be applied."""
    changed: dict[str, str] = dict(files)
    reasons: list[str] = []
    unshown = {path: _unshown(text) for path, text in files.items()}
    wholes, edits = list(_entries(given, "files", ("text",))), list(_entries(given, "edits", ("search", "replace")))
    for path, text in wholes:
        if name := _editable(path, files):
            changed[name] = _as_in_file(text, files[name], unshown[name])
        else:
            reasons.append(_not_editable(path, files))
    for number, (path, search, replacement) in enumerate(edits, 1):
        name = _editable(path, files)
        if not name:
            reasons.append(f"edit {number}: {_not_editable(path, files)}")
            continue
        old = changed[name]
        wanted, new = (_as_in_file(part, files[name], unshown[name]) for part in (search, replacement))
        if not wanted.strip():
            reasons.append(f"edit {number}: `search` is empty; give the lines that are to be replaced")
        elif (count := old.count(wanted)) == 1:
            changed[name] = old.replace(wanted, new)
        elif count:
            reasons.append(f"edit {number}: `search` stands {count} times in {name}; add lines until it stands once")
        else:
            hint = _nearest(wanted, old) if len(reasons) < _MAX_HINTS else ""
            reasons.append(f"edit {number}: `search` does not stand in {name}{hint}")
    return changed, reasons


def _editable(path: str, files: Mapping[str, str]) -> str:
    path = path.strip().removeprefix("./")
    return path if path in files else next(iter(files)) if not path and len(files) == 1 else ""


def _not_editable(path: str, files: Mapping[str, str]) -> str:
    return f"{one_line(path)[:100]!r} is no file that may be changed; these are: {', '.join(files)}"


def _unshown(file: str) -> dict[str, str]:
    """Return the lines that a brief cannot show as they are (`<|eos|>` becomes `<\\|eos|>`), by what it shows."""
    lines = {line.strip() for line in file.splitlines()}
    shown = {harmless(line).strip(): line for line in lines}
    return {told: line for told, line in shown.items() if told and told not in lines}


def _as_in_file(text: str, file: str, unshown: Mapping[str, str]) -> str:
    """Return a text from a hand-in with the file's line ends, and with its lines where the brief showed others."""
    lines = text.replace("\r\n", "\n").split("\n")
    if unshown:
        lines = [line.replace(told, unshown[told]) if (told := line.strip()) in unshown else line for line in lines]
    return ("\r\n" if "\r\n" in file else "\n").join(lines)


def _nearest(wanted: str, text: str) -> str:
    """Return a hint: the line of the text that is most like the first line that was looked for."""
    lines = {line.strip(): number for number, line in enumerate(text.splitlines()[:_MAX_LINES], 1) if line.strip()}
    first = next(line.strip() for line in wanted.splitlines() if line.strip())
    if first in lines:
        return f"; its first line is line {lines[first]}, but what follows differs, perhaps in blanks"
    near = difflib.get_close_matches(first[:200], list(lines), n=1)
    return f"; nearest is line {lines[near[0]]}: {near[0][:120]!r}" if near else ""


def _against_words(title: str, hypothesis: str) -> Iterator[str]:
    if not one_line(title):
        yield '"title" is empty; say in one line what is changed'
    elif "\n" in title.strip() or len(title) > MAX_TITLE:
        yield f'"title" must be one line of at most {MAX_TITLE} characters'
    if not hypothesis.strip():
        yield '"hypothesis" is empty; say why the change should help'
    elif len(hypothesis) > MAX_HYPOTHESIS:
        yield f'"hypothesis" is longer than {MAX_HYPOTHESIS:,} characters'


def _against_file(path: str, old: str, new: str) -> Iterator[str]:
    """Yield what speaks against a changed file: what does not parse would only cost a run."""
    if not new.strip():
        yield "it would be empty"
        return
    if len(new) > max(MAX_FILE, len(old)):
        yield f"it would be longer than {MAX_FILE:,} characters"
        return
    hidden = sorted({char for char in new if char not in old and _is_hidden(char)})
    if hidden:
        named = ", ".join(f"U+{ord(char):04X}" for char in hidden[:5])
        yield f"it would hold characters that nobody sees ({named}); write them as escapes"
    try:
        _parse(path, new)
    except SyntaxError as error:
        yield f"it does not parse: line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        yield f"it does not parse: {str(error)[:160] or type(error).__name__}"


def _is_hidden(char: str) -> bool:
    return char not in "\t\n\r" and unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")


def _parse(path: str, text: str) -> None:
    if path.endswith(".py"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape is the candidate's own matter
            compile(ast.parse(text, path), path, "exec", dont_inherit=True)  # also finds a return outside a function
    elif path.endswith(".json"):
        json.loads(text)
    elif path.endswith(".toml"):
        tomllib.loads(text)


def _against_repeats(
    changed: Mapping[str, str], files: Mapping[str, str], best: Mapping[str, str], was_tried: Callable[[str], bool]
) -> list[str]:
    mark = fingerprint(changed)
    if mark in (fingerprint(files), fingerprint(best)):
        return ["it changes nothing: comments and layout alone make no experiment"]
    return ["this very program was tried before; see the experiments so far"] if was_tried(mark) else []


def _ranges(given: Any, files: Mapping[str, str]) -> tuple[dict[str, Range], list[str]]:
    """Return the ranges that were given for constants of the changed files, and what is wrong with the others."""
    if not given:
        return {}, []
    if isinstance(given, dict):  # {"LR": [0.01, 0.1]} is understood too
        given = [{"name": name, "low": ends[0], "high": ends[1]}
                 for name, ends in given.items() if isinstance(ends, list) and len(ends) == 2]  # fmt: skip
    if not isinstance(given, list) or len(given) > MAX_RANGES:
        return {}, [f'"ranges" must be a list of at most {MAX_RANGES} objects with name, low, high']
    known = tunables(files)
    ranges: dict[str, Range] = {}
    faults: list[str] = []
    for number, entry in enumerate(given, 1):
        name, low, high = (entry.get(key) if isinstance(entry, dict) else None for key in ("name", "low", "high"))
        constant = known.get(name) if isinstance(name, str) else None
        least, most = finite(low), finite(high)
        if constant is None or constant.kind not in ("int", "float"):
            numbers = [known_name for known_name, one in known.items() if one.kind in ("int", "float")]
            faults.append(
                f"range {number}: {one_line(str(name))[:60]!r} is no tunable number; there are {', '.join(numbers)}"
            )
        elif least is None or most is None or not least < most:
            faults.append(f"range {number}: {constant.name} needs a low and a higher high")
        else:
            ranges[constant.name] = (least, most)
    return ranges, faults
