"""Fingerprints: by what two programs are known to be the same, so that none is run twice."""

import ast
import functools
import hashlib
from collections.abc import Mapping


def fingerprint(files: Mapping[str, str]) -> str:
    """Return what two equal sets of editable files share: 16 hexadecimal digits.

    Python is compared by what it means: comments, blank lines and the way a number is written make no new program.
    Other files are compared as they stand but for their line ends.
    """
    digest = hashlib.sha256()
    for path in sorted(files):
        for part in (path, _meaning(path, files[path])):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()[:16]


@functools.lru_cache(maxsize=100)
def _meaning(path: str, text: str) -> str:
    if path.endswith(".py"):
        try:
            return ast.dump(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass  # no Python that can run; it is still the same text or another
    return "\n".join(text.splitlines())
