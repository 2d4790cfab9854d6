"""The words of running text as they are compared: folded, without marks; scripts without blanks by character."""

import re
import unicodedata
import zlib
from collections.abc import Sequence

_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
# every ASCII character that is no letter, digit or underscore becomes a blank
_BLANKS = bytes(
    byte if byte >= 0x80 or bytes((byte,)).isalnum() or byte == ord("_") else ord(" ") for byte in range(256)
)
_MARKS = re.compile(
    rb"\xe2[\x80\x81].|\xc2[\x80-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf]"
)  # dashes, quotation marks, … in UTF-8
_GAP = b" _ "  # stands for what is left out: a word that no name has, so that no name is found across it
# Four words after one whose last byte is of an eighth of all: the same ones in every page, whatever stands around them.
_RUN = re.compile(rb"[%s] ([^ ]+ [^ ]+ [^ ]+ [^ ]+)" % re.escape(bytes(byte for byte in range(256) if byte & 7 == 4)))
SKETCH = 32  # hashes kept of a page: enough to tell nine tenths in common from seven
MIN_RUNS = 12  # fewer say nothing of likeness


def words(text: bytes) -> list[bytes]:
    """Return the words of UTF-8 text, folded for case, each character of Chinese, Japanese, Thai … a word."""
    if text.isascii():
        return text.lower().translate(_BLANKS).split()
    shown = text.decode("utf-8", "replace").casefold()
    shown = shown if unicodedata.is_normalized("NFKC", shown) else unicodedata.normalize("NFKC", shown).casefold()
    if is_unspaced(shown):
        return [word.encode() for word in _WORD.findall(shown)]
    return _MARKS.sub(b" ", shown.encode()).translate(_BLANKS).split()


def is_unspaced(text: str) -> bool:
    """Say whether a text is, at least in part, of a script that puts no blanks between words."""
    return _IS_UNSPACED.search(text) is not None


def sketch(text: bytes) -> tuple[int, ...]:
    """Return the least SKETCH hashes of the runs of words, ascending; () of a text that is too short to compare.

    `text` is words with a blank between them.
    """
    runs = set(map(zlib.crc32, _RUN.findall(text)))
    return tuple(sorted(runs)[:SKETCH]) if len(runs) >= MIN_RUNS else ()


def without(text: bytes, ranges: Sequence[int]) -> bytes:
    """Return `text` with a gap in place of each range (start, end, start, end …, ascending)."""
    pieces, at = [], 0
    for start, end in zip(ranges[::2], ranges[1::2], strict=True):
        pieces.append(text[at:start])
        at = end
    return _GAP.join([*pieces, text[at:]])
