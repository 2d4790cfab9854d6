"""Makes a lab on a desk from a template; nothing that is there is overwritten."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_paths, run_git
from nightdesk.base.names import safe_name
from nightdesk.base.pages import Page, dump_yaml, parse_page
from nightdesk.lab.budgets import parse_budget
from nightdesk.lab.gpu_size import GPU_PROGRAM, files_for_gpu
from nightdesk.lab.programs import NAME, parse_program

TEMPLATES = {
    "gpt": "train a small language model: val_bpb by the sealed judge",
    "command": "make a program better by a metric: here a pure-Python routine faster, its output checked",
}
SOURCES = ("shakespeare", "desk", "stdlib")  # of the gpt template, beside hf:NAME and files
_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_LEFT_OUT = ("__pycache__", ".DS_Store")


@dataclass(frozen=True, slots=True)
class NewLab:
    """What `make_lab` did."""

    name: str
    folder: Path
    made: tuple[str, ...]  # paths relative to the lab's folder
    commit: str | None


def make_lab(
    desk: Desk, name: str, *, template: str = "gpt", data: str | None = None, budget: str | None = None, gpu: bool
) -> NewLab:
    """Make lab/NAME on the desk and commit it.

    `data` and `budget` go into its program.md instead of the template's; with `gpu` the template gpt is of a size for a
    graphics card, and data and budget as autoresearch has them are the default.
    Raises DeskError for a name that will not do, for what is there already, and where a value means nothing.
    """
    check_name(name)
    if template not in TEMPLATES:
        raise DeskError(f"there is no template {template!r}", fix=f"there are {' and '.join(TEMPLATES)}")
    if data is not None and template != "gpt":
        raise DeskError(f"the template {template} takes no data", fix="leave --data out")
    folder = desk.root / "lab" / name
    _refuse_what_is_there(desk, folder)
    if budget is not None and parse_budget(budget) is None:
        raise DeskError(
            f"{budget!r} is no budget", fix='give "5m" of wall time, "60s cpu" or (with a timeout) "2000 steps"'
        )
    contents = dict(_contents(resources.files("nightdesk.lab").joinpath("templates", template)))
    changed = {key: value for key, value in (("data", data), ("budget", budget)) if value is not None}
    if gpu and template == "gpt":
        changed = GPU_PROGRAM | changed
        contents |= files_for_gpu(contents)
    program = _with_values(contents[NAME].decode("utf-8"), changed)
    parse_program(program, files=contents)  # such as a budget in steps, which needs a timeout
    contents[NAME] = program.encode("utf-8")
    try:
        for path, content in contents.items():
            write_atomically(folder / path, content)
    except OSError as error:
        raise DeskError(f"cannot make {folder}: {error.strerror}") from error
    inside = [f"lab/{name}/{path}" for path in contents]
    commit = commit_paths(desk.root, inside, f"lab: new {name} from the template {template}")
    return NewLab(name, folder, tuple(sorted(contents)), commit)


def check_name(name: str) -> None:
    """Raise DeskError for a name that cannot be a folder on every system and a part of a git branch's name."""
    good = _FORM.fullmatch(name) and ".." not in name and not name.endswith((".", ".lock")) and safe_name(name) == name
    if not good:
        raise DeskError(
            f"{name!r} cannot be a lab's name",
            fix="use up to 60 letters, digits, - _ and . beginning with a letter or digit, such as tiny-gpt",
        )


def data_for(source: str, *, folder: Path, here: Path) -> str:
    """Return a data source as program.md holds it: a known name as it is, a file or folder by its whole path.

    Raises DeskError where it is neither.
    """
    if source in SOURCES or re.fullmatch(r"hf:\S+", source):
        return source
    path = Path(os.path.abspath(here / Path(source).expanduser()))
    if not path.exists():
        raise DeskError(
            f"there is no data {source!r}",
            fix=f"name a file, a folder, {', '.join(SOURCES)}, or a set of data as hf:NAME",
        )
    return str(path)


def _refuse_what_is_there(desk: Desk, folder: Path) -> None:
    labs = desk.root / "lab"
    if labs.is_symlink():
        raise DeskError(f"{labs} is a link, so that what lies there is not part of this desk", fix="make it a folder")
    taken = next((path for path in labs.glob("*") if path.name.casefold() == folder.name.casefold()), None)
    if taken is not None and (taken.is_symlink() or not taken.is_dir() or any(taken.iterdir())):
        raise DeskError(f"{desk.relative(taken)} is there already, and nothing was changed", fix="choose another name")
    # git keeps branches of a lab that was deleted; the numbers of its experiments would be taken
    before = run_git(
        desk.root, "for-each-ref", "--count=1", f"refs/heads/lab/{folder.name}/", f"refs/nightdesk/{folder.name}/"
    )
    if before.strip():
        raise DeskError(
            f"there was a lab {folder.name} before, and git keeps its branches",
            fix="choose another name for the new one",
        )


def _contents(folder: Traversable, inside: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name in _LEFT_OUT or entry.name.endswith(".pyc"):
            continue
        if entry.is_dir():
            yield from _contents(entry, f"{inside}{entry.name}/")
        else:
            yield inside + entry.name, entry.read_bytes()


def _with_values(text: str, values: Mapping[str, str]) -> str:
    """Return a program.md with these keys set; comments above a key stay, what stood behind its value goes."""
    page = parse_page(text)
    front = dict(page.front)
    for key, value in values.items():
        above = re.match(r"(?:[ \t]*#.*\n|[ \t]*\n)*", front.get(key, ""))
        front[key] = (above.group() if above else "") + dump_yaml({key: value})
    return Page(front, page.body).text
