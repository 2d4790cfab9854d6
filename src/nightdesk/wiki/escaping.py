"""Plain text as Markdown: a backslash before each character that would act as markup, and only there."""

import re

_PUNCTUATION = r"[!-/:-@\[-`{-~]"

# Where each character acts as markup (matched at its place; the lookbehinds see what stands before it).
_ACTS = {
    "\\": re.compile(rf"\\(?:{_PUNCTUATION}|$)"),
    "*": re.compile(r"(?<!\s)\*|\*(?!\s)"),
    "_": re.compile(r"(?<![^\W_])_|_(?![^\W_])"),
    "`": re.compile("`"),
    "<": re.compile(r"<[A-Za-z/!?%]"),  # "<%" begins a command of template plug-ins
    ">": re.compile(r"^>"),
    "#": re.compile(r"(?<!\w)#(?=\S|$)"),  # at the end of a heading it would vanish
    "^": re.compile(r"\^\[|(?<!\S)\^\w"),
    "|": re.compile(r"\|"),
    "~": re.compile(r"(?<=[^\s])~|~(?=~)"),
    "=": re.compile(r"(?<==)=|=(?==)"),
    "%": re.compile(r"(?<=%)%|%(?=%)"),
    "{": re.compile(r"(?<=\{)\{|\{(?=[{%])"),
    "}": re.compile(r"(?<=[}%])\}|\}(?=\})"),
    "!": re.compile(r"!(?=\[)"),
    "&": re.compile(r"&(?=#?\w{1,32};)"),
}
_ESCAPED = re.compile(rf"\\({_PUNCTUATION})")
_LINE_START = re.compile(r"(?:[-+*#=~>]|\[[ xX]\]|\d{1,9}(?=[.)](?:\s|$)))")


def escape_markdown(text: str) -> str:
    """Return `text` with its white space collapsed and escaped so that Markdown and Obsidian show it as it is.

    Plain prose stays as it is. `unescape_markdown` gives it back.
    """
    words = " ".join(text.split())
    if not _needs_a_look(words):
        return words
    dollars = words.count("$") > 1  # one alone opens no formula
    links = max(words.rfind("]("), words.rfind("]["), words.rfind("]:"))
    parts: list[str] = []
    for i, char in enumerate(words):
        before, after = words[i - 1 : i], words[i + 1 : i + 2]
        if char == "[":
            acts = i < links or after in ("[", "^") or before in ("!", "[")
        elif char == "$":
            acts = dollars or (before != "" and not before.isspace())  # a closer, if another text opens one
        else:
            acts = char in _ACTS and _ACTS[char].match(words, i) is not None
        parts.append(f"\\{char}" if acts else char)
    return "".join(parts)


def escape_line(text: str) -> str:
    """Return `text` escaped as at the start of a line or list item, where numbers and dashes act too."""
    escaped = escape_markdown(text)
    start = _LINE_START.match(escaped)
    if not start:
        return escaped
    at = start.end() if start.group()[-1].isdigit() else 0
    return f"{escaped[:at]}\\{escaped[at:]}"


def unescape_markdown(text: str) -> str:
    """Return text as it was before `escape_markdown` or `escape_line`: a backslash before punctuation is dropped."""
    return _ESCAPED.sub(r"\1", text)


def _needs_a_look(words: str) -> bool:
    return _SPECIAL.search(words) is not None


_SPECIAL = re.compile(r"[\\*_`<>#^|~=%{}!&\[$]")
