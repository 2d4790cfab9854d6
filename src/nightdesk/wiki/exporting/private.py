"""What must not leave a machine in an export: paths of its owner's folders, and keys."""

import re
from collections.abc import Mapping, Sequence

_KEYS = re.compile(
    rb"\b(?:sk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,}"
    rb"|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|xox[abposr]-[A-Za-z0-9-]{10,}|hf_[A-Za-z0-9]{30,}|glpat-[A-Za-z0-9_-]{20,})"
)
_TEXTUAL = (".md", ".txt", ".jsonl", ".bib", ".json")


def without_private(files: Mapping[str, bytes], folders: Sequence[str]) -> tuple[dict[str, bytes], int]:
    """Return `files` with the paths of `folders` and what looks like a key taken out, and how often that was."""
    wanted = sorted({folder.rstrip("/") for folder in folders if len(folder.strip("/")) > 1}, key=len, reverse=True)
    private = (
        re.compile(b"|".join(re.escape(folder.encode()) + rb"(?![\w.-])" for folder in wanted)) if wanted else None
    )
    cleaned: dict[str, bytes] = {}
    count = 0
    for path, content in files.items():
        if not path.endswith(_TEXTUAL):
            cleaned[path] = content
            continue
        cleaned[path], keys = _KEYS.subn(b"[key left out]", content)
        count += keys
        if private:
            cleaned[path], places = private.subn(b"[folder]", cleaned[path])
            count += places
    return cleaned, count
