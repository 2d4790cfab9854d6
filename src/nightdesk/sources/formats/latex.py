r"""A LaTeX file as Markdown: title, abstract, sections, lists and text; formulas kept, commands taken off."""

import re
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.converted import Converted, escape_tags, fence, iso_date, one_line
from nightdesk.sources.formats.text import decode

MAX_CHARACTERS = 5_000_000
MAX_NESTING = 50
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
    rf"\\begin\{{({'|'.join(re.escape(name) for name in _DISPLAY)})\}}(?:\{{\d+\}})?(.{{0,20000}}?)\\end\{{\1\}}"
    r"|\$\$(.{1,20000}?)\$\$|\\\[(.{1,20000}?)\\\]|\\\((.{1,3000}?)\\\)|(?<!\\)\$([^$]{1,3000}?)(?<!\\)\$",
    re.DOTALL,
)
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([A-Za-z*]{1,40})\}")
_COMMAND = re.compile(r"\\([A-Za-z@]+)\*?")
_SECTIONS = {
    "part": 2,
    "chapter": 2,
    "section": 2,
    "subsection": 3,
    "subsubsection": 4,
    "paragraph": 5,
    "subparagraph": 6,
}
_DROPPED_WORDS = """
    cite citep citet citealp citeauthor citeyear parencite textcite autocite footcite nocite label index
    vspace hspace bibliography bibliographystyle usepackage documentclass includegraphics input include
    pagestyle thispagestyle setlength addtolength setcounter addtocounter newcommand renewcommand
    providecommand newenvironment def let newtheorem hypersetup geometry vskip hskip rule phantom
    hphantom vphantom fontsize color definecolor graphicspath DeclareMathOperator maketitle
    tableofcontents listoffigures listoftables addbibresource printbibliography captionsetup centering
    newpage clearpage pagebreak noindent indent medskip bigskip smallskip lstset theoremstyle title
    author date thanks affil institute keywords cmidrule cline multirow
"""
_DROPPED = frozenset(_DROPPED_WORDS.split())
_REFERENCES = frozenset({"ref", "eqref", "cref", "Cref", "autoref", "pageref"})
_DROPPED_ENVIRONMENTS = frozenset({"tikzpicture", "comment", "filecontents", "thebibliography", "CCSXML", "pspicture"})
_ACCENTS = {"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307"}
_ACCENT = re.compile(r"\\([\'`^\"~=.])\s*(?:\{\\?([A-Za-z])\}|\\?([A-Za-z]))|\\([cvuHk])\{([A-Za-z])\}")
_LETTER_ACCENTS = {"c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328"}
_SIGNS = {"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "aa": "å", "AA": "Å", "l": "ł"}
_SIGNS |= {"L": "Ł", "i": "i", "dots": "…", "ldots": "…", "textendash": "–", "textemdash": "—", "copyright": "©"}
_SIGNS |= {
    "S": "§",
    "pounds": "£",
    "euro": "€",
    "textbackslash": "\\\\",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "BibTeX": "BibTeX",
}
_SIGNS |= {
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textbar": "|",
    "textgreater": ">",
    "textless": "<",
    "slash": "/",
}
_SIGNS |= {"textregistered": "®", "texttrademark": "™", "textdegree": "°", "textbullet": "•", "quad": " ", "qquad": " "}


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
    content, _ = _group(source, found.end())
    content = re.sub(r"\\(?:and|And|AND)\b|\\\\", ", ", content)
    plain = re.sub(r"\*{1,2}|`", "", " ".join(_plain(content, kept).split()))
    return one_line(re.sub(r"\s?(?:,\s?)+", ", ", plain).strip(", "))


def _plain(body: str, kept: list[str]) -> str:
    """Return the Markdown of a piece of LaTeX."""
    text = _MATH.sub(lambda m: _keep(kept, _formula(m)), body)
    text = _ACCENT.sub(_accented, text)
    text = re.sub(
        r"\\\\(?:\[[^\]\n]{0,30}\])?", "\n", _environments(text)
    )  # before commands: `\\b` is a new line and b
    text = _commands(text)
    text = re.sub(r"\\([%&#_${}])", r"\1", text)
    text = re.sub(r"\\[,;:! @/-]", lambda m: "" if m[0][1] in "-!@/" else " ", text).replace("~", " ")
    text = text.replace("---", "—").replace("--", "–").replace("``", "“").replace("''", "”")
    text = escape_tags(re.sub(r"[{}]", "", text))
    paragraphs = [_paragraph(part) for part in re.split(r"\n[ \t]*\n", text)]
    joined = "\n\n".join(part for part in paragraphs if part)
    for _ in range(3):  # a kept piece may hold another
        joined = _KEPT.sub(lambda m: kept[int(m[1])], joined)
    joined = re.sub(f"{_NO_SPACE}[ \t]*", "", joined)
    return joined.replace(_KEEP_LINE, "\n").replace(_RULE, "---")


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


def _environments(text: str) -> str:
    """Return `text` with lists as Markdown lists, the abstract under a heading, other environments unwrapped."""
    out: list[str] = []
    lists: list[list[object]] = []  # [name, number] of the open ones
    at = dropped_until = 0
    pattern = re.compile(rf"{_ENVIRONMENT.pattern}|\\item\b\s*(?:\[([^\]\n]{{0,300}})\])?")
    for found in pattern.finditer(text):
        if found.start() < dropped_until:
            continue
        out.append(text[at : found.start()])
        at = found.end()
        which, name, label = found[1], found[2], found[3]
        if which is None:
            out.append(_item(lists, label))
        elif which == "begin" and name.rstrip("*") in _DROPPED_ENVIRONMENTS:
            end = text.find(f"\\end{{{name}}}", at)
            at = dropped_until = end + len(name) + 6 if end >= 0 else len(text)
        elif name in {"itemize", "enumerate", "description"}:
            if which == "begin" and len(lists) < MAX_NESTING:
                lists.append([name, 0])
            elif which == "end" and lists:
                lists.pop()
            out.append("\n\n" if not lists else "\n")
            at = _skip_options(text, at) if which == "begin" else at
        elif name == "abstract" and which == "begin":
            out.append("\n\n## Abstract\n\n")
        elif name in {"tabular", "tabular*", "tabularx", "longtable"} and which == "begin":
            end = text.find(f"\\end{{{name}}}", at)
            if end >= 0:
                out.append(
                    _table(text[_skip_options(text, at, braces=2 if name in {"tabular*", "tabularx"} else 1) : end])
                )
                at = dropped_until = end + len(name) + 6
        else:
            out.append("\n\n")
            at = _skip_options(text, at) if which == "begin" else at
    return "".join([*out, text[at:]])


def _item(lists: list[list[object]], label: str | None) -> str:
    depth = max(len(lists) - 1, 0)
    marker = "-"
    if lists and lists[-1][0] == "enumerate":
        number = lists[-1][1]
        lists[-1][1] = (number if isinstance(number, int) else 0) + 1
        marker = f"{lists[-1][1]}."
    shown = f"{label}: " if label else ""
    return f"\n{'  ' * depth}{marker} {shown}"


def _skip_options(text: str, at: int, braces: int = 0) -> int:
    if text[at : at + 1] == "[":
        end = text.find("]", at, at + 500)
        at = end + 1 if end >= 0 else at
    for _ in range(braces):
        if text[at : at + 1] == "{":
            at = _group(text, at)[1]
    return at


def _table(content: str) -> str:
    content = re.sub(
        r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|(?:cmidrule|cline)(?:\([^)]*\))?\{[^}]*\})",
        "",
        content,
    )
    rows = [
        [" ".join(c.split()).replace("|", "\\|") for c in re.split(r"(?<!\\)&", row)] for row in content.split("\\\\")
    ]
    rows = [row for row in rows if any(row)]
    if not rows:
        return ""
    width = max(map(len, rows))
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows[:200]]
    return "\n\n" + _KEEP_LINE.join([lines[0], "|" + f" {_RULE} |" * width, *lines[1:]]) + "\n\n"


_NO_SPACE = "\ue005"  # after a block of its own: the white space that follows belongs to no line
_RULE = "\ue004"  # three dashes that are not a dash
_KEEP_LINE = "\ue003"  # a line break that joining the lines of a paragraph must not undo


def _commands(text: str) -> str:
    r"""Return `text` with its commands replaced by what they show: `\textbf{x}` by **x**, `\cite{x}` by nothing."""
    out: list[str] = []
    at = 0
    while found := _COMMAND.search(text, at):
        out.append(text[at : found.start()])
        name, at = found[1], found.end()
        if name in _SECTIONS:
            at = _skip_options(text, at)
            content, at = _group(text, at)
            out.append(f"\n\n{'#' * _SECTIONS[name]} {' '.join(_commands(content).split())}\n\n")
        elif name in _DROPPED:
            at = _after_arguments(text, at)
            if out and name.startswith(("cite", "paren", "text", "auto")):
                out[-1] = out[-1].rstrip(" ~")
        elif name in _REFERENCES:
            content, at = _group(text, at)
            out.append(content.rpartition(":")[2])
        elif name in {"href"}:
            target, at = _group(text, at)
            shown, at = _group(text, at)
            out.append(f"[{shown}]({target})")
        elif name in {"footnote", "footnotetext"}:
            content, at = _group(text, at)
            out.append(f" ({_commands(content).strip()})")
        elif name in {"textbf", "textit", "emph", "textsl"} and text[at : at + 1] == "{":
            content, at = _group(text, at)
            inner = _commands(content).strip()
            mark = "**" if name == "textbf" else "*"
            out.append(f"{mark}{inner}{mark}" if inner and "\n" not in inner else inner)
        elif name == "texttt" and text[at : at + 1] == "{":
            content, at = _group(text, at)
            out.append(f"`{_commands(content)}`" if "`" not in content and content.strip() else content)
        elif name in _SIGNS:
            out.append(_SIGNS[name])
            at += text[at : at + 1] == " " and name not in {"quad", "qquad"}
            at += 2 * (text[at : at + 2] == "{}")
        elif text[at : at + 1] == "[":  # an unknown command: its options go, its argument stays as text
            at = _skip_options(text, at)
    return "".join([*out, text[at:]])


def _after_arguments(text: str, at: int) -> int:
    while text[at : at + 1] in {"[", "{"}:
        after = _group(text, at)[1] if text[at] == "{" else _skip_options(text, at)
        if after == at:
            return at
        at = after
    return at


def _group(text: str, at: int) -> tuple[str, int]:
    """Return what stands in the braces at `at` (after white space), and where they end; "" if there are none."""
    start = at
    while text[start : start + 1].isspace():
        start += 1
    if text[start : start + 1] != "{":
        return "", at
    depth = 0
    for brace in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, start, start + 200_000):
        if brace[0] == "{":
            depth += 1
        elif brace[0] == "}":
            depth -= 1
            if depth == 0:
                return text[start + 1 : brace.start()], brace.end()
    return "", start + 1  # never closed: the brace alone is passed over


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
        content, at = _group(source, found.end())
        name = found[1] or found[3]
        if not found[2] and not found[4] and len(content) < 200 and f"\\{name}" not in content:
            macros[name] = content
    return "".join([*out, source[at:]]), macros


def _expand(source: str, macros: dict[str, str]) -> str:
    r"""Return `source` with the author's own abbreviations written out, once: `\R` as `\mathbb{R}`."""
    if not macros:
        return source
    limit = len(source) * 3 + 10_000
    expanded = _COMMAND.sub(lambda m: macros.get(m[1], m[0]) if not m[0].endswith("*") else m[0], source)
    return expanded if len(expanded) < limit else source  # a macro bomb stays folded
