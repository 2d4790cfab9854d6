"""nightdesk.toml: read once, checked whole, passed on as one frozen value."""

import dataclasses
import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person can have an opinion on. Each field is a key of nightdesk.toml."""

    worker: str = "builtin"  # who reads and writes
    workers: Mapping[str, str] = field(default_factory=dict)  # kind of task -> its worker, where it is another
    attempts: int = 3  # hand-ins that a worker may make for one task
    parallel: int = 4  # tasks that a model or agent works on at once
    context_tokens: int = 32_000  # what one request may hold; a longer source is read in parts
    max_output_tokens: int = 8_000  # of one answer
    send_images: bool = False  # whether a source's images go to the model with its text
    max_usd: float = 0.0  # caps on one command; 0 means none
    max_tokens: int = 0
    max_minutes: float = 0.0
    agent_minutes: float = 20.0  # wall time that a coding agent may take for one task
    confine_agents: bool = True  # whether a coding agent is kept from all but its own folder
    jobs: int = 0  # processes at once; 0 means one for each core
    max_source_mb: int = 200  # a larger file in raw/ is not read
    convert_seconds: int = 120  # wall time that one file's conversion may take
    convert_memory_mb: int = 2048  # memory that one file's conversion may take
    search_command: str = ""  # a program that looks on the web for `suggest --fill`: "my-search {query}"
    notify: str = ""  # a program that is told when a night of experiments is over
    allow_private_addresses: bool = False  # whether `add URL` may fetch from this machine or the local network

    @property
    def processes(self) -> int:
        """How many processes to use at once, at least 1."""
        return self.jobs or os.cpu_count() or 1

    def worker_for(self, kind: str) -> str:
        """Return the name of the worker for tasks of this kind."""
        return self.workers.get(kind, self.worker)


KINDS = ("read", "write")  # of a compile's tasks
COMPARE = "compare"  # claims, for contradictions
MEND = "mend"  # findings of lint
PROBE = "probe"  # questions from a source's text
ASK = "ask"  # an answer
IDEA = "idea"  # an idea file, or what is built from one
PROPOSE = "propose"  # a lab's task
ROOM_KINDS = (*KINDS, MEND, PROPOSE)  # what `nightdesk next` gives out
ALL_KINDS = (*KINDS, COMPARE, MEND, PROBE, ASK, IDEA, PROPOSE)  # of tasks, that can have a worker of their own
HYBRID, RANDOM = "hybrid:", "random"  # of labs: somebody who thinks beside the optimiser; chance, to compare with
WORKERS = ("openai", "anthropic", "google", "ollama", "openrouter", "local", "command", "acp", "scripted")  # with a ":"
_BOUNDS: dict[str, tuple[float, float]] = {
    "jobs": (0, 512),
    "attempts": (1, 10),
    "parallel": (1, 256),
    "context_tokens": (2_000, 10_000_000),
    "max_output_tokens": (200, 1_000_000),
    "max_usd": (0, 1_000_000),
    "max_tokens": (0, 10**12),
    "max_minutes": (0, 100_000),
    "agent_minutes": (0.01, 1_440),
    "max_source_mb": (1, 100_000),
    "convert_seconds": (1, 86_400),
    "convert_memory_mb": (256, 1_048_576),
}


def read_settings(path: Path, **instead: object) -> Settings:
    """Return the settings in `path`; an absent file means the defaults. Those of `instead` that are not None win.

    Raises DeskError that lists every mistake in the file at once.
    """
    given = _read(path)
    problems = [problem for key, value in given.items() for problem in _problems(key, value)]
    if problems:
        raise DeskError(f"{path.name}: " + "; ".join(problems), fix=f"mend {path}")
    wanted = {key: value for key, value in instead.items() if value is not None}
    problems = [problem for key, value in wanted.items() for problem in _problems(key, value)]
    if problems:
        raise DeskError("; ".join(problems))
    return Settings(**{**given, **wanted})


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows editors write a byte order mark
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DeskError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeskError(f"{path.name} is not valid TOML: {error}", fix=f"mend {path}") from error


def _problems(key: str, value: object) -> list[str]:
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    if key not in fields:
        near = difflib.get_close_matches(key, fields, n=1)
        return [f'unknown setting "{key}"' + (f', did you mean "{near[0]}"?' if near else "")]
    if key == "workers":
        return _worker_table_problems(value)
    wanted = type(fields[key].default)
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:  # not isinstance: True is an int, but `jobs = true` is a mistake
        shown = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}[wanted]
        return [f"{key} must be {shown}, not {value!r}"]
    if isinstance(value, (int, float)) and key in _BOUNDS:
        least, most = _BOUNDS[key]
        if not least <= value <= most:
            return [f"{key} must be from {least:g} to {most:g}, not {value:g}"]
    return _worker_problems(key, str(value)) if key == "worker" else []


def _worker_table_problems(value: object) -> list[str]:
    if not isinstance(value, dict):
        return [f'workers must be a table, such as [workers] with a line read = "builtin", not {value!r}']
    problems = []
    for kind, name in value.items():
        if kind not in ALL_KINDS:
            problems.append(f"workers.{kind} is not known; there are {', '.join(ALL_KINDS)}")
        elif not isinstance(name, str):
            problems.append(f"workers.{kind} must be a text in quotes, not {name!r}")
        elif kind != PROPOSE or name != RANDOM:
            inner = name.removeprefix(HYBRID) if kind == PROPOSE else name
            problems += _worker_problems(f"workers.{kind}", inner)
    return problems


def _worker_problems(key: str, name: str) -> list[str]:
    provider, colon, rest = name.partition(":")
    if name in ("builtin", "room") or (colon and provider in WORKERS and rest.strip()):
        return []
    known = '"builtin", "room", ' + ", ".join(f'"{provider}:…"' for provider in WORKERS)
    near = difflib.get_close_matches(provider, ("builtin", "room", *WORKERS), n=1)
    return [f"{key} {name!r} is not known; there are {known}" + (f". Did you mean {near[0]!r}?" if near else "")]
