"""Trust: settings that start programs or send text somewhere count only after the person trusted that desk with them.

nightdesk.toml comes with whatever desk was cloned, so what it names is not what the person chose. The list of what was
trusted lies in the person's own configuration folder, never in the desk.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically

STORE_NAME = "trusted.json"
_HYBRID = r"\s*(?:hybrid\s*:\s*)?"  # before a worker that proposes experiments
_STARTS_PROGRAM = re.compile(  # local: a file from a desk
    rf"{_HYBRID}(?:command|acp)\s*:|{_HYBRID}local\s*:.*\.gguf\s*$", re.IGNORECASE
)
_NAMES_ADDRESS = re.compile(r"@|://")
_MAX_STORE_BYTES = 10_000_000
_Desks = dict[str, dict[str, object]]  # real path of a desk -> the settings it is trusted with


def needs_trust(values: Mapping[str, object]) -> dict[str, object]:
    """Return those settings (name -> value) that a person must have trusted the desk with; tables become dotted names.

    They are the workers that start a program, load a model's file or name an address, `search_command`, `notify`,
    `confine_agents = false`, and what a lab's program.md asks for beyond its folder (`program.network`,
    `program.data`).
    """
    needed: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            needed |= needs_trust({f"{name}.{key}": inner for key, inner in value.items()})
        elif name.startswith("worker") and isinstance(value, str):
            if _STARTS_PROGRAM.match(value) or _NAMES_ADDRESS.search(value):
                needed[name] = value
        elif name in ("search_command", "notify"):
            if value:
                needed[name] = value
        elif (name == "confine_agents" and value is False) or name.startswith("program."):
            needed[name] = value
    return needed


def is_trusted(store: Path, desk_root: Path, values: Mapping[str, object]) -> bool:
    """Whether the person trusted this desk with each of these settings that needs it, to the letter."""
    needed = needs_trust(values)
    if not needed:
        return True
    trusted = trusted_with(store, desk_root)
    return all(name in trusted and trusted[name] == value for name, value in needed.items())


def require_trust(
    store: Path,
    desk_root: Path,
    values: Mapping[str, object],
    *,
    where: str = "this desk's nightdesk.toml",
    fix: str = "look at it and run: nightdesk trust",
) -> None:
    """Raise DeskError that shows the settings and `where` they stand, where `is_trusted` says no."""
    if not is_trusted(store, desk_root, values):
        shown = ", ".join(setting_line(name, value) for name, value in needs_trust(values).items())
        raise DeskError(f"{where} says {shown}, and you have not trusted it with that", fix=fix)


def trust(store: Path, desk_root: Path, values: Mapping[str, object]) -> dict[str, object]:
    """Trust the desk with those of `values` that need it, instead of what it was trusted with; return them."""
    needed = needs_trust(values)
    desks = _read(store)
    desks[_key(desk_root)] = needed
    _write(store, desks)
    return needed


def revoke(store: Path, desk_root: Path) -> bool:
    """Trust the desk no longer; return whether it was trusted with anything."""
    desks = _read(store)
    was = desks.pop(_key(desk_root), None)
    if was is not None:
        _write(store, desks)
    return bool(was)


def trusted_with(store: Path, desk_root: Path) -> dict[str, object]:
    """Return the settings that the desk is trusted with."""
    return _read(store).get(_key(desk_root), {})


def setting_line(name: str, value: object) -> str:
    """Return a setting as a line of TOML in ASCII, so that look-alike letters and hidden characters show."""
    return f"{name} = {json.dumps(value)}"


def _key(desk_root: Path) -> str:
    return str(desk_root.resolve())


def _read(store: Path) -> _Desks:
    try:
        with store.open("rb") as file:
            stored = json.loads(file.read(_MAX_STORE_BYTES).decode("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise DeskError(f"{store} cannot be read: {error}", fix="mend it, or delete it and trust again") from error
    desks = stored.get("desks") if isinstance(stored, dict) else None
    if not isinstance(desks, dict) or not all(isinstance(settings, dict) for settings in desks.values()):
        raise DeskError(f"{store} is no list of trusted desks", fix="delete it and trust again")
    return desks


def _write(store: Path, desks: _Desks) -> None:
    store.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomically(store, json.dumps({"desks": desks}, indent=2, sort_keys=True) + "\n")
    store.chmod(0o600)  # it tells where desks are
