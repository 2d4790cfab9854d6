"""Texts folded to a common form, with the way back to the characters that each place came from."""

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

# Scripts written without spaces between words: kana, ideographs, Thai, Lao, Myanmar, Khmer, full-width forms.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3001-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff"
)
INVISIBLE = "\x00-\x08\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff"
HYPHENS = "-\u2010\u2011"  # part of a word; the longer dashes stand between words

_SINGLE = "‘’‚‛′ʹʼ´`‹›"
_DOUBLE = "“”„‟«»″〝〞"
_DASHES = "‐‑‒–—―−﹘﹣"
# NFKC turns these into something else than a reader sees: 10⁶ must not become 106, nor 1½ become 11⁄2.
_KEPT = ("<super>", "<sub>", "<fraction>", "<circle>")
_UNSPACED_CHAR = re.compile(f"[{UNSPACED}]")


class _Folds(dict[int, str]):
    """For str.translate: each character's fold if it is one character long; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kind = unicodedata.decomposition(char).split(" ", 1)[0]
        folded = char if kind in _KEPT else unicodedata.normalize("NFKC", char)
        folded = folded if len(folded) == 1 else char
        self[code] = folded
        return folded


_FOLDS = _Folds(
    {
        **{ord(c): "'" for c in _SINGLE},
        **{ord(c): '"' for c in _DOUBLE},
        **{ord(c): "-" for c in _DASHES},
        **{code: chr(code) for code in range(128) if code != ord("`")},
    }
)

# What is not one character for one character. Possessive quantifiers: hostile input stays linear.
_LONG = (  # single characters that stand for several
    "\u0132\u0133\u01c4-\u01cc\u01f1-\u01f3\u203c\u2047-\u2049\u2116\u2160-\u217f\u3300-\u33ff\ufb00-\ufb06\ufb13-\ufb17"
)
_CHANGES = re.compile(
    rf"(?=[^\w ]|[{_LONG}]| [\s{INVISIBLE}{UNSPACED}])(?:"  # most characters stay: do not try every form at each
    r"(?P<hyphen>(?<=\w)-{1,3}[^\S\n]*+\n?+[^\S\n]*+(?=\w))"
    r"|(?P<soft>\u00ad[^\S\n]*+\n[^\S\n]*+)"
    rf"|(?P<space>(?:[^\S ]|[{INVISIBLE}])[\s{INVISIBLE}]*+| [\s{INVISIBLE}]++| (?=[{UNSPACED}]))"
    r"|(?P<double>'')"
    r"|(?P<dash>-{2,3}(?!-))"
    r"|(?P<dots>\u2026|\.(?: \.){2,}|\u2025)"
    rf"|(?P<letters>[{_LONG}])"
    r")"
)
_COMPOSED = re.compile(r"(?P<composed>\w[\u0300-\u036f\u3099\u309a]++|[\u1100-\u11ff]++)")  # several characters for one
_CHANGES_COMPOSED = re.compile(f"{_COMPOSED.pattern}|{_CHANGES.pattern}")


@dataclass(slots=True)
class OffsetMap:
    """Where the pieces of a rewritten text come from; `starts` ascends, one entry a piece."""

    starts: list[int] = field(default_factory=lambda: [0])  # in the rewritten text
    origins: list[int] = field(default_factory=lambda: [0])  # in the original text
    lengths: list[int] = field(default_factory=lambda: [-1])  # of the original if replaced; -1: copied as it is

    def start(self, place: int) -> int:
        """Return the original offset of the character at `place`."""
        i = bisect_right(self.starts, place) - 1
        return self.origins[i] + (place - self.starts[i] if self.lengths[i] < 0 else 0)

    def end(self, place: int) -> int:
        """Return the original offset after the character before `place`, for `place` > 0."""
        i = bisect_right(self.starts, place - 1) - 1
        return self.origins[i] + (place - self.starts[i] if self.lengths[i] < 0 else self.lengths[i])


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in its common form, the way back, and the hyphens left out of it.

    Hyphens between word characters are left out, so that "opti-" + line end + "misation" and "optimisation" meet;
    each is noted in `marks` (place in `text`, kind) to be compared apart: see `same_hyphens`.
    """

    text: str
    offsets: OffsetMap
    mark_places: list[int]
    mark_kinds: list[str]


def rewrite(
    text: str, pattern: re.Pattern[str], replace: Callable[[re.Match[str], int], str | None]
) -> tuple[str, OffsetMap]:
    """Return `text` with each match replaced (None: kept), and the map back to it.

    `replace` gets the match and the place in the new text where its replacement will stand.
    """
    offsets = OffsetMap()
    parts: list[str] = []
    copied = place = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        new = replace(match, place + start - copied)
        if new is None or (len(new) == end - start == 1):
            if new is not None:
                parts += (text[copied:start], new)
                place += end - copied
                copied = end
            continue
        parts += (text[copied:start], new)
        place += start - copied
        offsets.starts += (place, place + len(new))
        offsets.origins += (start, end)
        offsets.lengths += (end - start, -1)
        place += len(new)
        copied = end
    parts.append(text[copied:])
    return "".join(parts), offsets


def fold(text: str) -> Folded:
    """Return the common form of `text`: one form of quotes, dashes, spaces, ligatures; nothing invisible.

    Case, digits (superscripts too), accents and punctuation stay.
    """
    even = text.translate(_FOLDS)  # one character for one: the offsets are still those of `text`
    places: list[int] = []
    kinds: list[str] = []

    def change(match: re.Match[str], place: int) -> str | None:
        start, end = match.span()
        kind = match.lastgroup
        if kind == "space":
            return _fold_space(text, start, end)
        if kind == "hyphen":
            places.append(place)
            kinds.append(_hyphen_kind(text, start, end))
            return ""
        if kind in ("letters", "composed"):
            return unicodedata.normalize("NFKC", match[0])
        if kind == "dots":
            return ".." if match[0] == "\u2025" else "..."
        return {"double": '"', "dash": "-"}.get(kind or "", "")

    folded, offsets = rewrite(even, _CHANGES_COMPOSED if _COMPOSED.search(even) else _CHANGES, change)
    return Folded(folded, offsets, places, kinds)


def _fold_space(text: str, start: int, end: int) -> str:
    if not any(c.isspace() for c in text[start : min(end, start + 200)]):
        return ""  # invisible characters only
    between = start > 0 and end < len(text)
    if between and _UNSPACED_CHAR.match(text[start - 1]) and _UNSPACED_CHAR.match(text[end]):
        return ""
    return " "


def _hyphen_kind(text: str, start: int, end: int) -> str:
    """Return "hyphen", "dash", either with "+space", or "break": a word's hyphen at a line's end.

    Only a break may be read as nothing, and never beside a digit: "1-" + line end + "2" is not 12.
    """
    run = text[start:end]
    dash = "" if run[0] in HYPHENS and not run.startswith("--") else "dash"
    spaced = run[-1].isspace()
    if "\n" in run and not dash and text[start - 1].isalpha() and text[end].isalpha():
        return "break"
    return (dash or "hyphen") + ("+line" if "\n" in run else "+space" if spaced else "")


# Which hyphens of a quote agree with each hyphen of the text: the left-out ones of a break ("") among them.
_AGREE = {
    "hyphen": {"hyphen", "dash", "break", "hyphen+line"},
    "dash": {"hyphen", "dash", "dash+line", "hyphen+line"},
    "break": {"", "hyphen", "dash", "break", "hyphen+space", "hyphen+line"},
    "hyphen+space": {"hyphen+space", "hyphen+line", "break"},
    "hyphen+line": {"hyphen", "dash", "hyphen+space", "hyphen+line", "dash+space", "dash+line"},
    "dash+space": {"dash+space", "dash+line", "hyphen+space", "hyphen+line", "break"},
    "dash+line": {"hyphen", "dash", "dash+space", "dash+line", "hyphen+space", "hyphen+line"},
    "": {"", "break"},
}


def same_hyphens(text: Folded, quote: Folded, place: int) -> bool:
    """Say whether the hyphens left out of `quote` agree with those of `text` if it stands there at `place`."""
    after = place + len(quote.text)
    found: dict[int, str] = {}
    for i in range(bisect_right(text.mark_places, place), len(text.mark_places)):
        if text.mark_places[i] >= after:
            break
        found[text.mark_places[i] - place] = text.mark_kinds[i]
    asked = dict(zip(quote.mark_places, quote.mark_kinds, strict=True))
    return all(asked.get(at, "") in _AGREE[found.get(at, "")] for at in found.keys() | asked.keys())


# Linear on hostile input: what follows an opening sign may not hold another one, or is bounded.
_MARKUP = re.compile(
    r"(?=[\\`<!\[\](&\n*_~=$])(?:"  # most characters are no sign: do not try every form at each
    r"(?P<code>(?<!`)`(?P<typed>[^`\n]{1,500})`(?!`))"
    r"|(?P<escape>\\[!-/:-@\[-`{-~])"
    r"|(?P<comment><!--(?:[^<-]|<(?!!--)|-(?!->))*+-->)"
    r"|(?P<image>!\[[^\[\]]{0,500}\]\([^()\s]{0,2000}(?:[ \t]\"[^\"\n]{0,300}\")?\))"
    r"|(?P<footnote>\[\^[^\]\s]{1,80}\])"
    r"|(?P<wiki>!?\[\[(?:[^\[\]|\n]{0,300}\|)?(?P<shown>[^\[\]|\n]{1,300})\]\])"
    r"|(?P<target>(?<=\])(?:\((?:[^()\s]|\([^()\s]{0,300}\)){0,2000}(?:\s[\"'][^\"'\n]{0,300}[\"'])?\)"
    r"|\[[^\[\]\n]{0,200}\]))"
    r"|(?P<bracket>\[(?=(?:[^\[\]`]|`[^`\n]{1,300}`){1,500}\][(\[])|\](?=[(\[]))"
    r"|(?P<autolink><(?P<address>[a-z]{2,9}:[^\s<>]{1,2000})>)"
    r"|(?P<tag></?[A-Za-z][A-Za-z0-9]{0,15}(?:\s[^<>]{0,500})?/?>)"
    r"|(?P<entity>&(?:\#\d{1,7}|\#x[0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});)"
    r"|(?P<quoted>\n[ \t]{0,8}(?:>[ \t]{0,3}){1,9})"
    r"|(?P<star>\*{1,3})"
    r"|(?P<under>(?<![^\W_])_{1,3}(?=\S)|(?<=\S)_{1,3}(?![^\W_]))"
    r"|(?P<pair>~~|==)"
    r"|(?P<tick>`+)"
    r"|(?P<math>\$(?P<formula>[^$\s](?:[^$\n]{0,300}[^$\s])?)\$(?!\d))"
    r")"
)
# Of these groups that one is read.
_SHOWN = {"code": "typed", "wiki": "shown", "math": "formula", "autolink": "address"}
_SHOWN |= {shown: shown for shown in _SHOWN.values()}
_BLOCK_TAGS = re.compile(r"</?(?:p|div|br|li|ul|ol|td|th|tr|table|h[1-6]|hr|dd|dt|section)\b", re.IGNORECASE)


def render(text: str) -> tuple[str, OffsetMap]:
    """Return the words that a reader of the Markdown `text` sees, and the map back.

    Marks of emphasis, code and mathematics, link targets, images, tags and block-quote signs are dropped. It is a
    simple reading, made to be the same for a text and for a quote from it, not a renderer.
    """

    def change(match: re.Match[str], _: int) -> str | None:
        kind = match.lastgroup
        found = match[0]
        if kind in _SHOWN:
            return str(match[_SHOWN[kind]])
        if kind == "escape":
            return found[1]
        if kind == "quoted":
            return "\n"
        if kind == "entity":
            return html.unescape(found)
        if kind == "tag":
            return _render_tag(found)
        if kind == "star":
            before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
            between_digits = before.isdigit() and after.isdigit()  # 2*3 and 2**3 are not 23
            alone = (not before or before.isspace()) and (not after or after.isspace())
            return found if between_digits or alone else ""
        return ""

    return rewrite(text, _MARKUP, change)


def _render_tag(tag: str) -> str:
    name = tag.strip("</>").split()[0].lower()
    if name in ("sup", "sub"):
        return "" if tag.startswith("</") else "^" if name == "sup" else "_"  # 10<sup>6</sup> is not 106
    return " " if _BLOCK_TAGS.match(tag) else ""
