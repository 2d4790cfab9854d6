"""program.md: what the human edits. Its frontmatter says what is run, edited and measured; its prose instructs."""

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.pages import Page, parse_page, short_hash
from nightdesk.lab.budgets import Budget, parse_budget, parse_duration, parse_memory
from nightdesk.lab.guards import FORM, Guard, parse_guard

NAME = "program.md"
BUILT_IN_JUDGE = "nightdesk"  # the sealed judge of the gpt template
OURS = (NAME, "results.tsv", "dropped.tsv", "report.md", "progress.png")  # never edited by a proposal
OUR_FOLDERS = ("experiments", ".git")
MAX_BYTES = 1_000_000
ORIGINAL_FILES = frozenset({NAME, "prepare.py", "train.py"})  # by which Karpathy's layout is known
_METRIC = re.compile(r"[A-Za-z][\w.-]{0,63}")
_WAIT = 2  # a run is killed at so many times its budget of wall time: 10 minutes for 5, as in the original


@dataclass(frozen=True, slots=True)
class Program:
    """A checked program.md. `judge` None: the run prints its own metric, which is shown as self-reported."""

    run: str  # the command, as a shell would split it
    edit: tuple[str, ...]  # files that a proposal may change, "/" between the parts
    metric: str
    budget: Budget
    timeout_seconds: float  # wall time after which a run is killed
    lower_is_better: bool = True
    memory_bytes: int | None = None  # None: no limit
    network: bool = False
    judge: str | None = None  # BUILT_IN_JUDGE, or a command
    guards: tuple[Guard, ...] = ()
    data: str | None = None
    instructions: str = ""
    version: str = ""  # hash of the whole file: results are kept for each version
    adopted: bool = False  # Karpathy's layout, without frontmatter

    @property
    def self_reported(self) -> bool:
        """Whether nothing but the run itself vouches for the metric."""
        return self.judge is None


_DEFAULT_BUDGET = Budget(300.0, "wall")
_KINDS: Mapping[str, tuple[type, str]] = {  # key -> type of its value, and how to say it
    "run": (str, "a command, such as python train.py"),
    "edit": (list, "a file or a list of files, such as [train.py]"),
    "metric": (str, "the name of a metric, such as val_bpb"),
    "lower_is_better": (bool, "true or false"),
    "budget": (str, '"5m" of wall time, "60s cpu" or "2000 steps"'),
    "timeout": (str, 'a duration, such as "10m"'),
    "memory": (str, 'a size, such as "8 GB"'),
    "network": (bool, "true or false"),
    "judge": (str, f"{BUILT_IN_JUDGE}, or a command that reads the artifact and prints the metric"),
    "guards": (dict, f"a metric and its limit on each line, such as peak_memory_mb: {FORM}"),
    "data": (str, "a file, a folder or the name of a data set"),
}
KEYS = tuple(_KINDS)
_REQUIRED = ("run", "edit", "metric")


def read_program(folder: Path) -> Program:
    """Return the program of a lab's folder. Raises DeskError that lists every mistake with its line."""
    path = folder / NAME
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DeskError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB", fix="keep data out of it")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DeskError(f"{folder} has no {NAME}", fix="make a lab with: nightdesk lab new NAME") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DeskError(f"{path} cannot be read: {error}", fix="save it as UTF-8 text") from error
    return parse_program(text, files=files_below(folder))


def files_below(folder: Path) -> set[str]:
    """Return the paths of a folder's plain files, "/" between the parts."""
    plain = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix() for path in plain}


def parse_program(text: str, *, files: Collection[str]) -> Program:
    """Return the program that a program.md holds; `files` are the paths of its folder's files.

    Without frontmatter it must be Karpathy's layout. Raises DeskError that lists every mistake with its line.
    """
    page = parse_page(text)
    version = short_hash(text)
    if not page.front:
        return _original(page.body, files, version)
    lines = _lines_of_keys(page)
    problems = [(lines[key], problem) for key in page.front for problem in _unknown(key)]
    given = _Given(page, lines, problems)
    program = given.program(files, version)
    if program is None:
        listed = "; ".join(f"line {line}: {problem}" for line, problem in sorted(problems))
        raise DeskError(f"{NAME}, {listed}", fix=f"mend {NAME}; docs/formats.md describes every key")
    return program


def _original(body: str, files: Collection[str], version: str) -> Program:
    missing = sorted(ORIGINAL_FILES - set(files))
    if missing:
        raise DeskError(
            f"{NAME} has no frontmatter, and the folder is not laid out like autoresearch: no {', '.join(missing)}",
            fix=f"begin {NAME} with a line ---, the keys {', '.join(_REQUIRED)}, and a line ---",
        )
    return Program(
        run="uv run train.py",
        edit=("train.py",),
        metric="val_bpb",
        budget=_DEFAULT_BUDGET,
        timeout_seconds=600.0,
        network=False,
        instructions=body,
        version=version,
        adopted=True,
    )


def _lines_of_keys(page: Page) -> dict[str, int]:
    """Return the line, counted from 1 in the file, on which each key stands."""
    lines: dict[str, int] = {}
    number = 2  # below the first ---
    for key, segment in page.front.items():
        lines[key] = number + _line_within(segment, r"[^\s#]")
        number += segment.count("\n")
    return lines


def _line_within(segment: str, pattern: str) -> int:
    return next((n for n, line in enumerate(segment.split("\n")) if re.match(pattern, line)), 0)


def _unknown(key: str) -> list[str]:
    if key in _KINDS:
        return []
    near = difflib.get_close_matches(key.lower().replace("-", "_"), KEYS, n=1)
    return [f'unknown key "{key}"' + (f', did you mean "{near[0]}"?' if near else f"; there are {', '.join(KEYS)}")]


class _Given:
    """Reads the keys of one frontmatter, adding to `problems` what is wrong with which line."""

    def __init__(self, page: Page, lines: Mapping[str, int], problems: list[tuple[int, str]]) -> None:
        self._page = page
        self._lines = lines
        self._problems = problems
        self._values = {key: page.value(key) for key in page.front if key in _KINDS}

    def program(self, files: Collection[str], version: str) -> Program | None:
        """Return the program if there are no problems."""
        self._problems += [(1, f'the key "{key}" is missing') for key in _REQUIRED if key not in self._page.front]
        budget = self._parsed("budget", parse_budget) or _DEFAULT_BUDGET
        program = Program(
            run=self._value("run", "").strip() or self._against("run", "the command is empty", ""),
            edit=self._edit(files),
            metric=self._metric(),
            budget=budget,
            timeout_seconds=self._timeout(budget),
            lower_is_better=self._value("lower_is_better", True),
            memory_bytes=self._parsed("memory", parse_memory),
            network=self._value("network", False),
            judge=self._value("judge", "").strip() or None,
            guards=self._guards(),
            data=self._value("data", "").strip() or None,
            instructions=self._page.body,
            version=version,
        )
        return None if self._problems else program

    def _against(self, key: str, problem: str, instead: Any, *, line: int = 0) -> Any:
        if key in self._lines:
            self._problems.append((self._lines[key] + line, problem))
        return instead

    def _value(self, key: str, default: Any) -> Any:
        """Return a key's value if it has the right type, else `default`."""
        if key not in self._values:
            return default
        value, (kind, shown) = self._values[key], _KINDS[key]
        if kind is list and isinstance(value, str):
            value = [value]
        if type(value) is not kind:  # not isinstance: True is an int
            said = "nothing" if value is None else repr(value)
            return self._against(key, f"{key} must be {shown}, not {said}", default)
        return value

    def _parsed(self, key: str, parse: Callable[[str], Any]) -> Any:
        text = self._value(key, None)
        if text is None:
            return None
        found = parse(text)
        return self._against(key, f"{key} must be {_KINDS[key][1]}, not {text!r}", None) if found is None else found

    def _metric(self) -> str:
        name = str(self._value("metric", "x"))
        if _METRIC.fullmatch(name):
            return name
        return str(self._against("metric", f"{name!r} is no name of a metric: letters, digits, _ . -", ""))

    def _edit(self, files: Collection[str]) -> tuple[str, ...]:
        names = self._value("edit", [])
        if not names and "edit" in self._values:
            self._against("edit", "edit names no file, so that nothing could be tried", None)
        for name in names:
            if problem := _against_file(name, files):
                line = _line_within(self._page.front["edit"], rf"\s*-\s*[\"']?{re.escape(str(name))}[\"']?\s*(?:#|$)")
                first = _line_within(self._page.front["edit"], r"[^\s#]")
                self._against("edit", problem, None, line=max(0, line - first))
        return tuple(dict.fromkeys(PurePosixPath(str(name)).as_posix() for name in names))

    def _timeout(self, budget: Budget) -> float:
        given = self._parsed("timeout", parse_duration)
        if given is None:
            if budget.kind == "steps" and "timeout" not in self._values:
                self._against("budget", "a budget in steps needs a timeout, such as timeout: 10m", None)
            return _WAIT * budget.amount if budget.kind != "cpu" else 2 * _WAIT * budget.amount + 60
        if budget.kind != "steps" and given < budget.amount:
            self._against("timeout", f"the timeout is shorter than the budget of {budget}", None)
        return float(given)

    def _guards(self) -> tuple[Guard, ...]:
        guards = []
        for metric, limit in self._value("guards", {}).items():
            guard = parse_guard(str(metric), str(limit)) if _METRIC.fullmatch(str(metric)) else None
            if guard is None:
                segment = self._page.front["guards"]
                line = _line_within(segment, rf"\s+[\"']?{re.escape(str(metric))}[\"']?\s*:")
                first = _line_within(segment, r"[^\s#]")
                problem = f"the guard {metric}: {limit} must be like {FORM}"
                self._against("guards", problem, None, line=max(0, line - first))
            else:
                guards.append(guard)
        return tuple(guards)


def _against_file(name: object, files: Collection[str]) -> str | None:
    if not isinstance(name, str) or not name.strip():
        return f"{name!r} is no file name"
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in path.parts[0]:
        return f"{name!r} leads out of the lab's folder"
    if path.as_posix() in OURS or path.parts[0] in OUR_FOLDERS:
        return f"{name!r} is not for proposals to change"
    if path.as_posix() not in files:
        near = difflib.get_close_matches(name, sorted(files), n=1)
        return f"there is no file {name!r}" + (f', did you mean "{near[0]}"?' if near else "")
    return None
