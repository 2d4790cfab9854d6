"""What must not leave a machine in an export: paths of its owner's folders, and keys."""

import re
from collections.abc import Mapping, Sequence

_KEYS = re.compile(
    rb"\b(?:sk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,}"
    rb"|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|xox[abposr]-[A-Za-z0-9-]{10,}|hf_[A-Za-z0-9]{30,}|glpat-[A-Za-z0-9_-]{20,})"
)
_TEXTUAL = (".md", ".txt", ".jsonl", ".bib", ".json")


class Cleaner:
    """Takes the paths of some folders, and what looks like a key, out of texts; `count` says how often that was."""

    def __init__(self, folders: Sequence[str]) -> None:
        wanted = sorted({folder.rstrip("/") for folder in folders if len(folder.strip("/")) > 1}, key=len, reverse=True)
        self._private = (
            re.compile(b"|".join(re.escape(folder.encode()) + rb"(?![\w.-])" for folder in wanted)) if wanted else None
        )
        self.count = 0

    def finds(self, content: bytes) -> bool:
        """Return whether there is anything to take out of a text."""
        return bool(_KEYS.search(content) or (self._private and self._private.search(content)))

    def clean(self, content: bytes) -> bytes:
        """Return a text without them."""
        content, keys = _KEYS.subn(b"[key left out]", content)
        self.count += keys
        if self._private:
            content, places = self._private.subn(b"[folder]", content)
            self.count += places
        return content


def without_private(files: Mapping[str, bytes], folders: Sequence[str]) -> tuple[dict[str, bytes], int]:
    """Return `files` with the paths of `folders` and what looks like a key taken out, and how often that was."""
    cleaner = Cleaner(folders)
    cleaned = {path: cleaner.clean(content) if path.endswith(_TEXTUAL) else content for path, content in files.items()}
    return cleaned, cleaner.count
