"""The images that exported pages show, copied along: none from outside raw/ and text/, none that is no image."""

import hashlib
from pathlib import PurePosixPath
from urllib.parse import unquote

from nightdesk.base.desk import Desk
from nightdesk.sources.images import MAX_IMAGE_BYTES, image_ending

FOLDER = "images"


class Pictures:
    """Collects what pages show; `files` has each under its path in the export, named by its content."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.files: dict[str, bytes] = {}

    def save(self, path: str) -> str | None:
        """Return where the image at `path` (relative to the desk) is in the export, None if it is not to be had."""
        for name in dict.fromkeys((path, unquote(path))):
            parts = PurePosixPath(name).parts
            if not parts or parts[0] not in ("raw", "text") or ".." in parts or "\0" in name:
                continue
            try:
                file = (self._desk.root / name).resolve(strict=True)
                within = any(file.is_relative_to(folder.resolve()) for folder in (self._desk.raw, self._desk.text))
                if not within or not file.is_file() or file.stat().st_size > MAX_IMAGE_BYTES:
                    continue
                content = file.read_bytes()
            except (OSError, RuntimeError, ValueError):  # not there, a link to itself, a name that no system takes
                continue
            if ending := image_ending(content):
                saved = f"{FOLDER}/{hashlib.sha256(content).hexdigest()[:16]}{ending}"
                self.files[saved] = content
                return saved
        return None
