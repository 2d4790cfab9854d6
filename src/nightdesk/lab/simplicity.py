"""How long a program is: counted in tokens, so that neither comments nor joined lines change it."""

import functools
import io
import tokenize
from collections.abc import Mapping

_UNCOUNTED = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
    tokenize.ENCODING,
}


@functools.lru_cache(maxsize=100)  # the best program's files are counted again for each candidate
def code_size(name: str, text: str) -> int:
    """Return the number of tokens of a Python file, of words of any other; comments and docstrings are free."""
    if not name.endswith(".py"):
        return len(text.split())
    size = 0
    begins = True  # of a statement: a string that stands alone there is a docstring, a note to people
    pending = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NEWLINE:
                begins, pending = True, 0
            elif token.type == tokenize.STRING and begins:
                pending = 1  # counts only if more follows on its line
            elif token.type not in _UNCOUNTED:
                size += pending + 1
                begins, pending = False, 0
    except (tokenize.TokenError, SyntaxError):
        return len(text.split())
    return size


def size_change(before: Mapping[str, str], after: Mapping[str, str]) -> int:
    """Return by how many tokens the files `after` are longer than those `before`, name to text; negative: shorter."""
    return _whole(after) - _whole(before)


def _whole(files: Mapping[str, str]) -> int:
    return sum(code_size(name, text) for name, text in files.items())
