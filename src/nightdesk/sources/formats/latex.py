r"""A LaTeX file as Markdown: title, abstract, sections, lists and text; formulas kept, commands taken off."""

import re
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.converted import Converted, escape_tags, fence, iso_date, one_line
from nightdesk.sources.formats.latex_commands import COMMAND, KEEP_LINE, RULE, commands, environments, group
from nightdesk.sources.formats.text import decode

MAX_CHARACTERS = 5_000_000
_KEEP = "\ue001"  # \ue001 3 \ue002 stands for the third piece of the text that is ready and must not change
_END = "\ue002"
_LINE_OF_ITS_OWN = re.compile(r" *(?:- |\d+\. |#{2,6} |> )")
_VERB = re.compile(r"\\(?:verb\*?|lstinline(?:\[[^\]\n]{0,100}\])?)([^\sA-Za-z*{\[])(.{0,300}?)\1")
_KEPT = re.compile(f"{_KEEP}(\\d+){_END}")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*(\n[ \t]*)?")
_VERBATIM = re.compile(r"\\begin\{(verbatim\*?|lstlisting|minted|Verbatim|alltt)\}(.{0,50000}?)\\end\{\1\}", re.DOTALL)
_DISPLAY: tuple[str, ...] = (
    "equation",
    "equation*",
    "align",
    "align*",
    "gather",
    "gather*",
    "multline",
    "multline*",
    "eqnarray",
)
_DISPLAY += ("eqnarray*", "displaymath", "math", "flalign", "flalign*", "alignat", "alignat*")
_MATH = re.compile(
    rf"\\begin\{{({'|'.join(re.escape(name) for name in _DISPLAY)})\}}(?:\{{\d+\}})?(.{{0,5000}}?)\\end\{{\1\}}"
    r"|\$\$(.{1,5000}?)\$\$|\\\[(.{1,5000}?)\\\]|\\\((.{1,3000}?)\\\)|(?<!\\)\$([^$]{1,3000}?)(?<!\\)\$",
    re.DOTALL,
)
_ACCENTS = {"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307"}
_ACCENT = re.compile(r"\\([\'`^\"~=.])\s*(?:\{\\?([A-Za-z])\}|\\?([A-Za-z]))|\\([cvuHk])\{([A-Za-z])\}")
_LETTER_ACCENTS = {"c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328"}


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the text of the file itself; what it includes from other files is not followed."""
    source = decode(path.read_bytes())
    if len(source) > MAX_CHARACTERS:
        raise DeskError(f"is longer than {MAX_CHARACTERS:,} characters")
    source = source.replace("\r\n", "\n").replace(_KEEP, "").replace(_END, "")
    kept: list[str] = []
    source = _VERBATIM.sub(lambda m: _keep(kept, f"\n\n{fence(_listing(m))}\n\n{_NO_SPACE}"), source)
    source = _VERB.sub(lambda m: _keep(kept, f"`{m[2]}`" if "`" not in m[2] else m[2]), source)
    source = _COMMENT.sub(lambda m: m[1] + ("" if m[2] else "\n" if "\n" in m[0] else ""), source)
    source, macros = _without_macros(source)
    source = _expand(source, macros)
    _, begin, body = source.partition("\\begin{document}")
    body = body.partition("\\end{document}")[0] if begin else source
    title, author, date = (_stated(source, name, kept) for name in ("title", "author", "date"))
    text = _plain(body, kept)
    parts = [f"# {title}" if title else "", text]
    included = len(re.findall(r"\\(?:input|include)\s*\{", body))
    notes = (f"{included} included files were not followed",) if included else ()
    return Converted(
        "\n\n".join(part for part in parts if part),
        title=title,
        author=author,
        published=iso_date(date),
        notes=notes,
    )


def _keep(kept: list[str], text: str) -> str:
    kept.append(text)
    return f"{_KEEP}{len(kept) - 1}{_END}"


def _listing(match: re.Match[str]) -> str:
    return re.sub(r"^\s*(?:\[[^\]\n]*\])?(?:\{[^}\n]*\})?[ \t]*\n", "", match[2], count=1)


def _stated(source: str, name: str, kept: list[str]) -> str | None:
    r"""Return what `\title{…}` and the like hold, as one line of text."""
    found = re.search(rf"\\{name}\s*(?:\[[^\]]{{0,500}}\])?\s*(?=\{{)", source)
    if found is None:
        return None
    content, _ = group(source, found.end())
    content = re.sub(r"\\(?:and|And|AND)\b|\\\\", ", ", content)
    plain = re.sub(r"\*{1,2}|`", "", " ".join(_plain(content, kept).split()))
    return one_line(re.sub(r"\s?(?:,\s?)+", ", ", plain).strip(", "))


def _plain(body: str, kept: list[str]) -> str:
    """Return the Markdown of a piece of LaTeX."""
    text = _MATH.sub(lambda m: _keep(kept, _formula(m)), body)
    text = _ACCENT.sub(_accented, text)
    text = re.sub(r"\\\\(?:\[[^\]\n]{0,30}\])?", "\n", environments(text))  # before commands: `\\b` is a new line and b
    text = commands(text)
    text = re.sub(r"\\([%&#_${}])", r"\1", text)
    text = re.sub(r"\\[,;:! @/-]", lambda m: "" if m[0][1] in "-!@/" else " ", text).replace("~", " ")
    text = text.replace("---", "—").replace("--", "–").replace("``", "“").replace("''", "”")
    text = escape_tags(re.sub(r"[{}]", "", text))
    paragraphs = [_paragraph(part) for part in re.split(r"\n[ \t]*\n", text)]
    joined = "\n\n".join(part for part in paragraphs if part)
    for _ in range(3):  # a kept piece may hold another
        joined = _KEPT.sub(lambda m: kept[int(m[1])], joined)
    joined = re.sub(f"{_NO_SPACE}[ \t]*", "", joined)
    return joined.replace(KEEP_LINE, "\n").replace(RULE, "---")


def _paragraph(text: str) -> str:
    """Return a paragraph on one line, list items and headings on lines of their own."""
    lines: list[str] = []
    for line in text.split("\n"):
        if _LINE_OF_ITS_OWN.match(line):
            lines.append(line.rstrip())
        elif line.strip() and (not lines or lines[-1].startswith("#")):
            lines.append(line.strip())
        elif line.strip():
            lines[-1] = f"{lines[-1]} {line.strip()}"
    return "\n".join(lines)


def _formula(match: re.Match[str]) -> str:
    name, environment, *others = match.groups()
    content = next((part for part in (environment, *others) if part is not None), "")
    content = " ".join(re.sub(r"\\(?:label|tag)\{[^{}]*\}|\\(?:nonumber|notag)\b", "", content).split())
    if not content:
        return ""
    if others[2] is not None or others[3] is not None or name == "math":  # \(…\), $…$
        return f"${content}$"
    if name and name.rstrip("*") in {"align", "eqnarray", "gather", "multline", "flalign", "alignat"}:
        content = f"\\begin{{aligned}} {content} \\end{{aligned}}" if "&" in content or "\\\\" in content else content
    return f"\n\n$${content}$$\n\n{_NO_SPACE}"


def _accented(match: re.Match[str]) -> str:
    if match[4]:
        return match[5] + _LETTER_ACCENTS[match[4]]
    return (match[2] or match[3]) + _ACCENTS[match[1]]


_NO_SPACE = "\ue005"  # after a block of its own: the white space that follows belongs to no line


def _without_macros(source: str) -> tuple[str, dict[str, str]]:
    r"""Return `source` without `\newcommand` and `\def`, and what those without arguments stand for."""
    macros: dict[str, str] = {}
    out: list[str] = []
    at = 0
    definition = re.compile(
        r"\\(?:(?:re|provide)?newcommand|providecommand|renewcommand|DeclareRobustCommand)\*?\s*\{?\s*\\([A-Za-z]+)\s*\}?\s*"
        r"((?:\[[^\]\n]{0,100}\])*)|\\def\s*\\([A-Za-z]+)\s*([#\d]{0,20})"
    )
    while found := definition.search(source, at):
        out.append(source[at : found.start()])
        content, at = group(source, found.end())
        name = found[1] or found[3]
        if not found[2] and not found[4] and len(content) < 200 and f"\\{name}" not in content:
            macros[name] = content
    return "".join([*out, source[at:]]), macros


def _expand(source: str, macros: dict[str, str]) -> str:
    r"""Return `source` with the author's own abbreviations written out, once: `\R` as `\mathbb{R}`."""
    if not macros:
        return source
    limit = len(source) * 3 + 10_000
    expanded = COMMAND.sub(lambda m: macros.get(m[1], m[0]) if not m[0].endswith("*") else m[0], source)
    return expanded if len(expanded) < limit else source  # a macro bomb stays folded
