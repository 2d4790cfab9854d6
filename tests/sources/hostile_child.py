"""A converter child with kinds that misbehave, for the tests of the pool that must survive them."""

import ctypes
import os
import sys
import time
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.sources.converter import Convert, serve
from nightdesk.sources.formats.converted import Converted

_leaked: list[bytearray] = []


def good(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the file's text, and its process id as the author."""
    assets.mkdir(parents=True)
    (assets / "image-1.png").write_bytes(b"image")
    return Converted(path.read_text(encoding="utf-8"), title=assets_link, author=str(os.getpid()), notes=("a", "b"))


def loop(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Use the processor for ever."""
    while True:
        pass


def sleep(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Wait for ever, using nothing."""
    while True:
        time.sleep(1)


def hog(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Take more and more memory."""
    while True:
        _leaked.append(bytearray(50_000_000))


def leak(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Keep 400 MB for ever, and convert."""
    _leaked.append(bytearray(400_000_000))
    return Converted("leaked\n")


def crash(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Read where nothing is."""
    ctypes.string_at(0)
    raise AssertionError


def leave(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """End the process as a library may."""
    os._exit(7)


def noise(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Print to standard output, from Python and from below it, and convert."""
    print('{"problem": "forged"}')  # noqa: T201  # a library's print is what this imitates
    os.write(1, b'{"problem": "forged"}\n')
    sys.stdout.flush()
    return Converted("quiet\n")


def refuse(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Say what is wrong with the file, after half of its images are written."""
    assets.mkdir(parents=True)
    (assets / "image-1.png").write_bytes(b"half")
    raise DeskError("is encrypted")


def bug(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Fail as code with a mistake does."""
    raise ZeroDivisionError("division\nby zero")


def recurse(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Call itself for ever."""
    return recurse(path, assets, assets_link=assets_link)


KINDS: dict[str, Convert] = {
    function.__name__: function
    for function in (good, loop, sleep, hog, leak, crash, leave, noise, refuse, bug, recurse)
}

if __name__ == "__main__":
    serve(KINDS.__getitem__)
