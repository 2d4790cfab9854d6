"""What a conversion returns, and the tidying that every format's Markdown goes through."""

import re
import unicodedata
from dataclasses import dataclass, replace

# Characters that a reader does not see and a model does: zero width, direction overrides, tags. The joiners U+200C and
# U+200D stay: Persian, Indic scripts and emoji need them.
_UNSEEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f\u00ad]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# What fonts draw as one and readers search for as several, and the letters of formulas.
_FOLDED = {ord(c): unicodedata.normalize("NFKC", c) for c in "ﬀﬁﬂﬃﬄﬅﬆĳĲ"}
_FOLDED |= {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x1D400, 0x1D800)}
_TAG_OPENER = re.compile(r"(?<!\\)<(?=[A-Za-z/!?])")
_BLANK_LINES = re.compile(r"\n{3,}")
_DATE = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?:-?(0[1-9]|1[0-2])(?:-?(0[1-9]|[12]\d|3[01]))?)?(?!\d)")
_TIME = re.compile(r"(?<=\d)T\d.*")
_DATE_SLASHED = re.compile(r"^\s*(\d{4})/(\d{1,2})(?:/(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class Converted:
    """A file as Markdown, with what it says of itself; `published` is an ISO date, or a year, or a year and month."""

    markdown: str
    title: str | None = None
    author: str | None = None
    published: str | None = None
    pages: int | None = None
    notes: tuple[str, ...] = ()


def tidy(converted: Converted) -> Converted:
    """Return `converted` with plain line ends, no unseen characters, one blank line in a row and one final newline."""
    text = clean_text(converted.markdown).replace("\r\n", "\n").replace("\r", "\n")
    lines = [line.rstrip() for line in text.split("\n")]
    markdown = _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n") + "\n"
    return replace(
        converted,
        markdown=markdown,
        title=one_line(converted.title),
        author=one_line(converted.author),
    )


def clean_text(text: str) -> str:
    """Return `text` in NFC without control, zero-width and direction characters, ligatures as letters."""
    text = text.replace("\u2028", "\n").replace("\u2029", "\n")
    text = _CONTROLS.sub("", _UNSEEN.sub("", text))
    return unicodedata.normalize("NFC", text.translate(_FOLDED))


def one_line(text: str | None, limit: int = 300) -> str | None:
    """Return `text` on one line without unseen characters and at most `limit` long, None if nothing is left."""
    line = " ".join(clean_text(text or "").split())
    return (line[: limit - 1].rstrip() + "…" if len(line) > limit else line) or None


def escape_tags(text: str) -> str:
    r"""Return `text` with `<` as `\<` where Markdown would take it for HTML: `List<T>` would vanish from the page.

    It also keeps a hostile text from writing our own `<!-- page N -->`.
    """
    return _TAG_OPENER.sub(r"\\<", text)


def iso_date(text: str | None) -> str | None:
    """Return the ISO date that `text` (ISO 8601, `D:20240131…`, `2024/1/31`) starts with or holds, else None."""
    if not text:
        return None
    if slashed := _DATE_SLASHED.match(text):
        text = "-".join(part.zfill(2) for part in slashed.groups() if part)
    text = text[2:10] if text.startswith("D:") else _TIME.sub("", text[:40])
    found = _DATE.search(text)
    return "-".join(part for part in found.groups() if part) if found else None


def fence(code: str, language: str = "") -> str:
    """Return `code` as a fenced block whose fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    ticks = "`" * (longest + 1)
    return f"{ticks}{language}\n{code.rstrip()}\n{ticks}"
