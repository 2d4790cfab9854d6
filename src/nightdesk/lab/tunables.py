"""The tunable constants of several files at once, by names that are unique among them."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

from nightdesk.lab.constants import Constant, Value, find_constants, replace_constants

Range = tuple[float, float]


def tunables(files: Mapping[str, str], ranges: Mapping[str, Range] | None = None) -> dict[str, Constant]:
    """Return the tunable constants of the Python files among `files`, by name.

    A name that several files have stands behind its file's: "model.py:WIDTH". `ranges` take the place of what a
    number's comment says.
    """
    found = {path: find_constants(text) for path, text in sorted(files.items()) if path.endswith(".py")}
    counts = Counter(constant.name for constants in found.values() for constant in constants)
    named: dict[str, Constant] = {}
    for path, constants in found.items():
        for constant in constants:
            name = constant.name if counts[constant.name] == 1 else f"{path}:{constant.name}"
            low, high = (ranges or {}).get(name, (None, None))
            if low is not None and constant.kind in ("int", "float"):
                named[name] = replace(constant, name=name, low=low, high=high)
            else:
                named[name] = replace(constant, name=name)
    return named


def values_of(files: Mapping[str, str]) -> dict[str, Value]:
    """Return the value of each tunable constant."""
    return {name: constant.value for name, constant in tunables(files).items()}


def with_values(files: Mapping[str, str], values: Mapping[str, Value]) -> dict[str, str]:
    """Return the files with these constants changed and every other byte as it was.

    Raises DeskError for a name that is not tunable or a value of another kind.
    """
    places = {
        name: (path, constant.name)
        for path, text in files.items()
        if path.endswith(".py")
        for constant in find_constants(text)
        for name in (constant.name, f"{path}:{constant.name}")
    }
    wanted: dict[str, dict[str, Value]] = defaultdict(dict)
    for name, value in values.items():
        path, bare = places.get(name, (next(iter(files), ""), name))
        wanted[path][bare] = value
    return {path: replace_constants(text, wanted[path]) if path in wanted else text for path, text in files.items()}
