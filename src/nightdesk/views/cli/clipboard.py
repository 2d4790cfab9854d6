"""The clipboard: whatever program of this machine puts a text there, else the terminal itself."""

import base64
import os
import shutil
import sys
import tempfile
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.base.processes import Limits, kill, start, wait_at_most

_PROGRAMS = (  # name, arguments, the environment variable that it needs
    ("pbcopy", (), ""),
    ("wl-copy", (), "WAYLAND_DISPLAY"),
    ("xclip", ("-selection", "clipboard", "-in"), "DISPLAY"),
    ("xsel", ("--clipboard", "--input"), "DISPLAY"),
    ("clip.exe", (), ""),
)
_VARIABLES = ("WAYLAND_DISPLAY", "DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "HOME", "WSL_INTEROP")
_SECONDS = 10.0
_MAX_TERMINAL = 74_000  # bytes that terminals take in one such sequence


def copy_text(text: str) -> str:
    """Put a text on the clipboard and return what did it. Raises DeskError where nothing can."""
    failed: list[str] = []
    for name, arguments, needed in _PROGRAMS:
        found = shutil.which(name)
        if found is None or (needed and not os.environ.get(needed)):
            continue
        # Windows' own program reads UTF-16, and takes all else for the machine's old code page
        content = text.encode("utf-16") if name == "clip.exe" else text.encode("utf-8", "replace")
        if _ran([found, *arguments], content):
            return name
        failed.append(name)
    if not failed and sys.stderr.isatty() and len(text.encode("utf-8", "replace")) <= _MAX_TERMINAL:
        encoded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
        sys.stderr.write(f"\x1b]52;c;{encoded}\x07")  # OSC 52: the terminal's own clipboard, also through ssh
        sys.stderr.flush()
        return "the terminal"
    if failed:
        raise DeskError(f"{', '.join(failed)} did not take the text", fix="use --out FILE, or a pipe")
    names = ", ".join(name for name, _, _ in _PROGRAMS)
    raise DeskError(
        f"no program for the clipboard is on PATH ({names})", fix="install one, or use --out FILE or a pipe"
    )


def _ran(command: list[str], content: bytes) -> bool:
    """Say whether a program took the content. What it leaves behind to serve the clipboard lives on."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        variables = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
        try:
            child = start(command, folder=Path("/"), limits=Limits(), variables=variables, stdin=file)
        except OSError:
            return False
        wait_at_most(child, seconds=_SECONDS)
        if child.poll() is None:
            kill(child)
            return False
    return child.returncode == 0
