"""Texts in columns of the screen, wide characters counted as two."""

import unicodedata


def fit(text: str, size: int) -> str:
    """Return `text` filled up with blanks, or cut, to `size` columns of the screen."""
    while width_of(text) > size:
        text = text.removesuffix("…")[:-1] + "…"
    return text + " " * (size - width_of(text))


def width_of(text: str) -> int:
    """Return how many columns of the screen a text takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
