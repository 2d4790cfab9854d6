"""Which of nightdesk's own scripts, styles and fonts a static site needs: what pages name, what scripts load later."""

import re
from collections.abc import Iterable
from pathlib import Path

from nightdesk.views.web.files import STATIC

_NAMED = re.compile(
    r"""["'`}](?:\.\./)?((?:js|css|vendor)/[\w./-]+\.(?:js|css)|[\w-]+\.html)["'`]|src="([\w./-]+\.js)\""""
)
_SERVED_ONLY = frozenset(("vendor/idiomorph/idiomorph.min.js",))  # takes over what a server says anew
_VENDOR = "vendor/"


def needed_statics(named: Iterable[str]) -> list[tuple[str, Path]]:
    """Return the files needed, by name, each with its place. Of a vendored part all of it goes: its licence too."""
    needed: set[str] = set()
    waiting = [name for name in named if (STATIC / name).is_file()]
    while waiting:
        name = waiting.pop()
        if name in needed or name in _SERVED_ONLY:
            continue
        needed.add(name)
        if name.startswith(_VENDOR):
            folder = STATIC / "/".join(name.split("/")[:2])
            needed.update(file.relative_to(STATIC).as_posix() for file in folder.rglob("*") if file.is_file())
        elif name.endswith((".js", ".html")):
            waiting += _named_in(STATIC / name)
    return [(name, STATIC / name) for name in sorted(needed)]


def _named_in(file: Path) -> list[str]:
    """Return the names of other files of nightdesk's own that a script or a frame loads."""
    found = (match[1] or match[2] for match in _NAMED.finditer(file.read_text(encoding="utf-8")))
    return [name for name in found if (STATIC / name).is_file()]
