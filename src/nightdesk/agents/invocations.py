"""Invocations: which program a worker's name starts, and with which arguments."""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nightdesk.agents.presets import Preset, presets
from nightdesk.agents.private_folder import BRIEF, MATERIAL, PrivateFolder
from nightdesk.base.errors import DeskError

_PLACEHOLDER = re.compile(r"\{(?:prompt|brief_file|material_file|hand_in|folder|each:[^}]*)\}")


@dataclass(frozen=True, slots=True)
class Invocation:
    """Which program is started with what; in `arguments` the names in braces are still to be filled in."""

    preset: Preset
    program: Path
    arguments: tuple[str, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """The files and folders that the person named by their whole path."""
        return tuple(Path(word) for word in self.arguments if word.startswith("/") and Path(word).exists())


def filled_in(arguments: Sequence[str], folder: PrivateFolder) -> list[str]:
    """Return the arguments with the names in braces filled in."""
    values = {
        "{prompt}": folder.prompt,
        "{brief_file}": str(folder.work / BRIEF),
        "{material_file}": str(folder.work / MATERIAL),
        "{hand_in}": folder.hand_in.name,
        "{folder}": str(folder.work),
    }
    words: list[str] = []
    for argument in arguments:
        if argument.startswith("{each:") and argument.endswith("}"):
            option = argument.removeprefix("{each:").removesuffix("}")
            words += [word for name in folder.inputs for word in (option, name)]
            continue
        words.append(_PLACEHOLDER.sub(lambda found: values.get(found.group(), found.group()), argument))
    return words


def parse_invocation(
    words: Sequence[str], *, confine: bool, headless: bool, environment: Mapping[str, str]
) -> Invocation:
    """Return what `command:` (headless) or `acp:` with these words starts. Raises DeskError for a missing program.

    The first word is a preset, whose arguments the further words are added to, or it is any program.
    """
    known = presets().get(words[0])
    preset = known or Preset(Path(words[0]).name, words[0])
    rest = tuple(words[1:])
    if headless and known:
        rest = (*known.arguments, *(known.confined if confine else known.unconfined), *rest)
    elif headless and not any(_PLACEHOLDER.search(word) for word in rest):
        rest = (*rest, "{prompt}")
    return Invocation(preset, _found(preset, environment), rest)


def _found(preset: Preset, environment: Mapping[str, str]) -> Path:
    named = preset.program
    if named.startswith("~/"):
        named = environment.get("HOME", "~") + named[1:]
    if "/" in named and not named.startswith("/"):
        raise DeskError(f"{named} is a relative path", fix="give a program's whole path, or its name if it is on PATH")
    found = shutil.which(named, path=environment.get("PATH"))
    if found is None:
        raise DeskError(f"{named} is not on PATH", fix=preset.install or 'install it, or set worker = "builtin"')
    return Path(found)
