"""The words of running text as they are compared: folded, without marks; scripts without blanks by character."""

import re
import unicodedata
import zlib
from collections.abc import Mapping, Sequence

_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
# every ASCII character that is no letter, digit or underscore becomes a blank
_BLANKS = bytes(
    byte if byte >= 0x80 or bytes((byte,)).isalnum() or byte == ord("_") else ord(" ") for byte in range(256)
)
# dashes, quotation marks, … in UTF-8; two patterns, since each of them begins with a byte that is quickly found
_MARKS = {0xE2: re.compile(rb"\xe2[\x80\x81]."), 0xC2: re.compile(rb"\xc2[\x80-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf]")}
# those of them that NFKC leaves no letter, digit or accent of: most texts that are not ASCII are without them
_PLAIN_MARKS = {
    0xE2: re.compile(rb"\xe2\x80[\x90-\x96\x98-\xa7]"),
    0xC2: re.compile(rb"\xc2[\xa0-\xa7\xa9\xab-\xae\xb0\xb1\xb6\xb7\xbb\xbf]"),
}
_SPACED_BYTES = bytes(byte for byte in range(256) if byte not in b"\xe0\xe1\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xef")
_GAP = b" _ "  # stands for what is left out: a word that no name has, so that no name is found across it
# Four words after one whose last byte is of an eighth of all: the same ones in every page, whatever stands around them.
# It begins with a blank, which is quickly found, and takes the one after it, so that no two share a word.
_CHOSEN = re.escape(bytes(byte for byte in range(256) if byte & 7 == 4))
_RUN = re.compile(rb" (?<=[%s] )([^ ]+ [^ ]+ [^ ]+ [^ ]+)(?: |\Z)" % _CHOSEN)
SKETCH = 32  # hashes kept of a page: enough to tell nine tenths in common from seven
MIN_RUNS = 12  # fewer say nothing of likeness


def words(text: bytes) -> list[bytes]:
    """Return the words of UTF-8 text, folded for case, each character of Chinese, Japanese, Thai … a word."""
    if not text.isascii():
        text = _blanked(text, _PLAIN_MARKS)
    if text.isascii():
        return text.lower().translate(_BLANKS).split()
    shown = text.decode("utf-8", "replace").casefold()
    shown = shown if unicodedata.is_normalized("NFKC", shown) else unicodedata.normalize("NFKC", shown).casefold()
    folded = shown.encode()
    # the bytes that such scripts begin with are looked for first: to look at each character takes longer
    if folded.translate(None, _SPACED_BYTES) and is_unspaced(shown):
        return [word.encode() for word in _WORD.findall(shown)]
    return _blanked(folded, _MARKS).translate(_BLANKS).split()


def _blanked(text: bytes, marks: Mapping[int, re.Pattern[bytes]]) -> bytes:
    for first, pattern in marks.items():
        if first in text:
            text = pattern.sub(b" ", text)
    return text


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
