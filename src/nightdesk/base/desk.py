"""Where things are on a desk, and how a desk is found."""

from dataclasses import dataclass
from pathlib import Path

from nightdesk.base.errors import DeskError

SETTINGS_NAME = "nightdesk.toml"


@dataclass(frozen=True, slots=True)
class Desk:
    """The paths of one desk; nothing is read or made by naming them."""

    root: Path

    @property
    def raw(self) -> Path:
        """The user's sources, never changed by nightdesk."""
        return self.root / "raw"

    @property
    def text(self) -> Path:
        """The Markdown text of each source that is not text itself."""
        return self.root / "text"

    @property
    def wiki(self) -> Path:
        """The pages."""
        return self.root / "wiki"

    @property
    def settings(self) -> Path:
        """The few settings that a person can have an opinion on."""
        return self.root / SETTINGS_NAME

    @property
    def cache(self) -> Path:
        """What can be made again: safe to delete when nothing runs."""
        return self.root / ".nightdesk"

    def relative(self, path: Path) -> str:
        """Return `path` relative to the desk with "/" between the parts, as it is written in files."""
        return path.relative_to(self.root).as_posix()


def find_desk(start: Path) -> Desk:
    """Return the desk that `start` is in: the nearest folder upwards that holds nightdesk.toml.

    Raises DeskError where there is none.
    """
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / SETTINGS_NAME).is_file():
            return Desk(candidate)
    raise DeskError(
        f"{start} is not in a desk (no {SETTINGS_NAME} here or above)",
        fix="make one with: nightdesk new DIR, or name one with --desk DIR",
    )
