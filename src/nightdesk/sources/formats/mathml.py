r"""Formulas on web pages (KaTeX, MathJax, MathML) as TeX between dollar signs."""

import re
from collections.abc import Callable

from lxml import etree
from lxml.html import HtmlElement

_SMALL_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi"
)
_LARGE_GREEK = "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
_NAMES = {
    **dict(zip("αβγδεζηθικλμνξπρστυφχψω", [*_SMALL_GREEK.split(), "omega"], strict=True)),
    **dict(zip("ΓΔΘΛΞΠΣΦΨΩ", _LARGE_GREEK.split(), strict=True)),
    **{"∑": "sum", "∏": "prod", "∫": "int", "∞": "infty", "∂": "partial", "∇": "nabla", "≤": "le", "≥": "ge"},
    **{"≠": "ne", "≈": "approx", "∈": "in", "∉": "notin", "⊂": "subset", "∪": "cup", "∩": "cap", "→": "to"},
    **{"⇒": "Rightarrow", "×": "times", "⋅": "cdot", "·": "cdot", "±": "pm", "∼": "sim", "∝": "propto"},
    **{"…": "ldots", "⋯": "cdots", "∀": "forall", "∃": "exists", "‖": "|", "ℝ": "mathbb{R}", "−": "-"},
}
_SYMBOLS = {sign: name if name in {"-", "|"} else f"\\{name} " for sign, name in _NAMES.items()}
_FUNCTION_NAMES = "arg cos cosh cot deg det dim exp gcd inf ker lim ln log max min sin sinh sup tan tanh"
_FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
_NOTHING_SHOWN = frozenset({"annotation", "annotation-xml", "mphantom", "mspace", "maligngroup", "malignmark"})
_MAX_DEPTH = 60  # deeper formulas are not written by people


def rewrite_math(root: HtmlElement) -> None:
    """Replace every formula under `root` by its TeX as text, before scripts and hidden parts are dropped."""
    for element in list(root.iter("script")):
        if (element.get("type") or "").startswith("math/tex"):
            _drop_preview(element)
            _put(element, element.text or "", display="mode=display" in (element.get("type") or ""))
    for element in list(root.iter("span", "div", "img", "mjx-container", "math")):
        if element.getparent() is None or not _attached(element, root):
            continue
        _rewrite_one(element)


def _rewrite_one(element: HtmlElement) -> None:
    classes = (element.get("class") or "").split()
    if "katex-display" in classes or "mwe-math-element" in classes or "katex" in classes:
        math = next(element.iter("math"), None)
        if math is not None:
            _put(element, tex_of(math), display="katex-display" in classes or math.get("display") == "block")
    elif element.tag == "math":
        _put(element, tex_of(element), display=element.get("display") == "block")
    elif element.tag == "mjx-container":
        math = next(element.iter("math"), None)
        _put(element, tex_of(math) if math is not None else "", display=element.get("display") == "true")
    elif element.tag == "img" and "math" in classes:
        _put(element, element.get("alt") or "", display=False)
    elif "math" in classes or "arithmatex" in classes:  # Sphinx and pandoc before MathJax has run
        text = element.text_content().strip()
        if text.startswith(("\\(", "\\[", "$")):
            _put(element, text, display=text.startswith(("\\[", "$$")))


def tex_of(math: HtmlElement) -> str:
    """Return the TeX that a `math` element carries, else what its presentation markup says."""
    for annotation in math.iter("annotation"):
        if "tex" in (annotation.get("encoding") or "").lower() and annotation.text:
            return str(annotation.text)
    return math.get("alttext") or _presentation(math, 0)


def dollars(tex: str, *, display: bool) -> str:
    """Return `tex` on one line between dollar signs, other delimiters and empty wrappers taken off."""
    tex = " ".join(tex.split())
    for opener, closer in (("\\(", "\\)"), ("\\[", "\\]"), ("$$", "$$"), ("$", "$")):
        if tex.startswith(opener) and tex.endswith(closer) and len(tex) >= len(opener) + len(closer):
            tex = tex[len(opener) : len(tex) - len(closer)].strip()
    if tex.startswith(("{\\displaystyle", "{\\textstyle")) and tex.endswith("}"):
        tex = tex.partition("style")[2][:-1].strip()
    tex = re.sub(r"(?<!\\)\$", "", tex)  # a bare dollar would end the formula
    if not tex:
        return ""
    return f"$${tex}$$" if display else f"${tex}$"


def _put(element: HtmlElement, tex: str, *, display: bool) -> None:
    tail = element.tail
    for child in list(element):
        element.remove(child)
    element.attrib.clear()
    # "tex" is our own tag: the escaping of text leaves it alone, and it is unwrapped at the end.
    element.tag = "tex"
    element.text = dollars(tex, display=display)
    element.tail = tail
    if display:
        element.set("display", "block")


def _drop_preview(script: HtmlElement) -> None:
    """Drop what MathJax 2 has drawn for `script`: the siblings just before it."""
    while (sibling := script.getprevious()) is not None and not (sibling.tail or "").strip():
        if not any(name.startswith("MathJax") for name in (sibling.get("class") or "").split()):
            return
        sibling.drop_tree()


def _attached(element: HtmlElement, root: HtmlElement) -> bool:
    return any(ancestor is root for ancestor in element.iterancestors())


def _presentation(node: etree._Element, depth: int) -> str:
    """Return TeX for presentation MathML: the common elements; others give their content in order."""
    tag = etree.QName(node).localname.rpartition(":")[2] if isinstance(node.tag, str) else "annotation"
    if tag in _NOTHING_SHOWN or depth > _MAX_DEPTH:
        return ""
    if tag in {"mi", "mn", "mo", "ms", "mtext"}:
        return _token(tag, "".join(str(text) for text in node.itertext()).strip())
    parts = [_presentation(child, depth + 1) for child in node]
    if tag in _TEMPLATES and len(parts) in _TEMPLATES[tag]:
        return _TEMPLATES[tag][len(parts)](*parts)
    if tag == "msqrt":
        return f"\\sqrt{{{''.join(parts)}}}"
    if tag == "mtable":
        rows = " \\\\ ".join(parts)
        return f"\\begin{{matrix}}{rows}\\end{{matrix}}"
    if tag in {"mtr", "mlabeledtr"}:
        return " & ".join(parts)
    return "".join(parts)


def _token(tag: str, text: str) -> str:
    if tag == "mtext" and text:
        return f"\\text{{{text}}}"
    if tag == "mi" and len(text) > 1:
        return f"\\{text} " if text in _FUNCTIONS else f"\\mathrm{{{text}}}"
    return "".join(_SYMBOLS.get(character, character) for character in text if character not in "\u2061\u2062\u2063")


def _script(sign: str) -> Callable[[str, str], str]:
    return lambda base, script: f"{base}{sign}{{{script}}}" if script else base


_TEMPLATES: dict[str, dict[int, Callable[..., str]]] = {
    "msup": {2: _script("^")},
    "mover": {2: _script("^")},
    "msub": {2: _script("_")},
    "munder": {2: _script("_")},
    "msubsup": {3: lambda base, low, high: f"{base}_{{{low}}}^{{{high}}}"},
    "munderover": {3: lambda base, low, high: f"{base}_{{{low}}}^{{{high}}}"},
    "mfrac": {2: lambda over, under: f"\\frac{{{over}}}{{{under}}}"},
    "mroot": {2: lambda base, index: f"\\sqrt[{index}]{{{base}}}"},
}
