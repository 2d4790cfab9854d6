r"""The commands and environments of LaTeX as Markdown: sections, lists, tables, fonts; the rest taken off."""

import re

MAX_NESTING = 50
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([A-Za-z*]{1,40})\}")
COMMAND = re.compile(r"\\([A-Za-z@]+)\*?")
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
RULE = "\ue004"  # three dashes that are not a dash
KEEP_LINE = "\ue003"  # a line break that joining the lines of a paragraph must not undo


def environments(text: str) -> str:
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
    return "\n\n" + KEEP_LINE.join([lines[0], "|" + f" {RULE} |" * width, *lines[1:]]) + "\n\n"


def commands(text: str) -> str:
    r"""Return `text` with its commands replaced by what they show: `\textbf{x}` by **x**, `\cite{x}` by nothing."""
    out: list[str] = []
    at = 0
    while found := COMMAND.search(text, at):
        out.append(text[at : found.start()])
        name, at = found[1], found.end()
        if name in _SECTIONS:
            at = _skip_options(text, at)
            content, at = group(text, at)
            out.append(f"\n\n{'#' * _SECTIONS[name]} {' '.join(commands(content).split())}\n\n")
        elif name in _DROPPED:
            at = _after_arguments(text, at)
            if out and name.startswith(("cite", "paren", "text", "auto")):
                out[-1] = out[-1].rstrip(" ~")
        elif name in _REFERENCES:
            content, at = group(text, at)
            out.append(content.rpartition(":")[2])
        elif name in {"href"}:
            target, at = group(text, at)
            shown, at = group(text, at)
            out.append(f"[{shown}]({target})")
        elif name in {"footnote", "footnotetext"}:
            content, at = group(text, at)
            out.append(f" ({commands(content).strip()})")
        elif name in {"textbf", "textit", "emph", "textsl"} and text[at : at + 1] == "{":
            content, at = group(text, at)
            inner = commands(content).strip()
            mark = "**" if name == "textbf" else "*"
            out.append(f"{mark}{inner}{mark}" if inner and "\n" not in inner else inner)
        elif name == "texttt" and text[at : at + 1] == "{":
            content, at = group(text, at)
            out.append(f"`{commands(content)}`" if "`" not in content and content.strip() else content)
        elif name in _SIGNS:
            out.append(_SIGNS[name])
            at += text[at : at + 1] == " " and name not in {"quad", "qquad"}
            at += 2 * (text[at : at + 2] == "{}")
        elif text[at : at + 1] == "[":  # an unknown command: its options go, its argument stays as text
            at = _skip_options(text, at)
    return "".join([*out, text[at:]])


def _after_arguments(text: str, at: int) -> int:
    while text[at : at + 1] in {"[", "{"}:
        after = group(text, at)[1] if text[at] == "{" else _skip_options(text, at)
        if after == at:
            return at
        at = after
    return at


def _skip_options(text: str, at: int, braces: int = 0) -> int:
    if text[at : at + 1] == "[":
        end = text.find("]", at, at + 500)
        at = end + 1 if end >= 0 else at
    for _ in range(braces):
        if text[at : at + 1] == "{":
            at = group(text, at)[1]
    return at


def group(text: str, at: int) -> tuple[str, int]:
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
            if depth > MAX_NESTING:
                break
        elif brace[0] == "}":
            depth -= 1
            if depth == 0:
                return text[start + 1 : brace.start()], brace.end()
    return "", start + 1  # never closed: the brace alone is passed over
