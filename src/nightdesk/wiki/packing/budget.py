"""A budget of tokens without a tokenizer: what is counted is at least what any tokenizer in use makes of a text."""

from collections.abc import Iterable

from nightdesk.agents.boundary import harmless
from nightdesk.agents.prices import most_tokens
from nightdesk.wiki.escaping import escape_line, escape_markdown
from nightdesk.wiki.exporting.private import without_private

_WRAPPING = most_tokens("")  # what a request adds, which a text by itself has not
MAX_LINE = 4_000  # characters of one statement or quote that are shown
_NAME = "pack.md"


def count_tokens(text: str) -> int:
    """Return how many tokens a text has at most: letters by three, each digit and sign, each byte of other scripts.

    It is the count that caps set aside before a request (docs/workers/models.md): 1.3 to 1.6 times the true number
    for prose. Of lines that are joined it is never more than the sum.
    """
    return most_tokens(text) - _WRAPPING


def cut(text: str, tokens: int) -> str:
    """Return the beginning of a text that has at most so many tokens, with an ellipsis where it is not all."""
    if count_tokens(text) <= tokens:
        return text
    kept = text
    while kept and count_tokens(kept + "…") > tokens:
        kept = kept[: min(len(kept) - 1, len(kept) * tokens // count_tokens(kept))]
    return kept.rstrip("\\") + "…"  # a backslash at the end would escape what follows


class Words:
    """Makes text from outside fit for a line of a pack: nothing hidden in it, no markup, no folder or key of ours."""

    def __init__(self, private: Iterable[str] = ()) -> None:
        self._private = tuple(private)
        self.left_out = 0  # folders and keys that were taken out

    def line(self, text: str) -> str:
        """Return a text as one line within another."""
        return escape_markdown(self._shown(text))

    def opening(self, text: str) -> str:
        """Return a text as one line that may begin an item."""
        return escape_line(self._shown(text))

    def _shown(self, text: str) -> str:
        line = " ".join(harmless(text[: 2 * MAX_LINE]).split())
        line = line if len(line) <= MAX_LINE else line[:MAX_LINE] + "…"
        cleaned, count = without_private({_NAME: line.encode("utf-8", "replace")}, self._private)
        self.left_out += count
        return cleaned[_NAME].decode()


def same_words(text: str) -> str:
    """Return what two texts share that say the same in the same words: signs count, they may be numbers' or names'."""
    return " ".join(text.casefold().split()).strip(" .!?。！？\"“”„'")
