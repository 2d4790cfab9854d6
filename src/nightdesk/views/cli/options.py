"""Options and output that commands share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from nightdesk.base.desk import SETTINGS_NAME, Desk, find_desk
from nightdesk.base.errors import DeskError

F = TypeVar("F", bound=Callable[..., object])

DONE, IN_PART, NOTHING, CAPPED = 0, 1, 2, 3  # exit codes


def desk_option(command: F) -> F:
    """Add `--desk DIR` to a command; it gets the folder's name as `desk_folder`."""
    option = click.option(
        "--desk", "desk_folder", metavar="DIR", help="The desk to work on; default: the one around this folder."
    )
    return option(command)


def json_option(command: F) -> F:
    """Add `--json` to a command; it gets `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")(command)


def chosen_desk(desk_folder: str | None) -> Desk:
    """Return the desk that the options name, else the one around the current folder. Raises DeskError for none."""
    above = click.get_current_context().find_root().obj
    return find_desk(Path(desk_folder or above or "."))


def chosen_folder(path: str | None, desk_folder: str | None) -> tuple[Path, Desk | None]:
    """Return the folder that a command is for, and the desk if it is one: `path`, else as `chosen_desk`.

    Raises click.UsageError where both are named, DeskError where there is no such folder.
    """
    if path is None:
        desk = chosen_desk(desk_folder)
        return desk.root, desk
    if desk_folder is not None:
        raise click.UsageError("give either PATH or --desk")
    root = Path(path)
    if not root.is_dir():
        raise DeskError(f"{path} is no folder", fix="name a desk, or a folder of Markdown files")
    return root, Desk(root.resolve()) if (root / SETTINGS_NAME).is_file() else None


def print_json(document: Any) -> None:
    """Print a JSON document, Unicode as it is."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def say(line: str) -> None:
    """Print a message for a person, on standard error: standard output is for results."""
    click.echo(line, err=True)


def shown(text: str) -> str:
    """Return text from outside with its control characters made visible, so that it cannot drive the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)
