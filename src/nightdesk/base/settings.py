"""nightdesk.toml: read once, checked whole, passed on as one frozen value."""

import dataclasses
import difflib
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person can have an opinion on. Each field is a key of nightdesk.toml."""

    worker: str = "builtin"  # who reads and writes
    jobs: int = 0  # processes at once; 0 means one for each core
    max_source_mb: int = 200  # a larger file in raw/ is not read
    convert_seconds: int = 120  # wall time that one file's conversion may take
    convert_memory_mb: int = 2048  # memory that one file's conversion may take
    allow_private_addresses: bool = False  # whether `add URL` may fetch from this machine or the local network

    @property
    def processes(self) -> int:
        """How many processes to use at once, at least 1."""
        return self.jobs or os.cpu_count() or 1


_BOUNDS: dict[str, tuple[int, int]] = {
    "jobs": (0, 512),
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
    wanted = type(fields[key].default)
    if type(value) is not wanted:  # not isinstance: True is an int, but `jobs = true` is a mistake
        shown = {bool: "true or false", int: "a whole number", str: "a text in quotes"}[wanted]
        return [f"{key} must be {shown}, not {value!r}"]
    if isinstance(value, int) and key in _BOUNDS:
        least, most = _BOUNDS[key]
        if not least <= value <= most:
            return [f"{key} must be from {least} to {most}, not {value}"]
    if key == "worker" and value != "builtin" and not (isinstance(value, str) and value.startswith("scripted:")):
        return [f'worker {value!r} is not known; there are "builtin" and "scripted:FILE"']
    return []
