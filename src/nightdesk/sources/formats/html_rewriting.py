"""A cleaned web page as plain HTML that turns into good Markdown: code with its language, tables, images, links."""

import base64
import binascii
import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from lxml.html import HtmlElement

from nightdesk.sources.formats.converted import escape_tags
from nightdesk.sources.formats.html_cleaning import names_of
from nightdesk.sources.formats.images import Images

_LANGUAGE_CLASS = re.compile(r"^(?:language-|lang-|highlight-source-|highlight-|brush:|sourceCode-)([\w+#-]{1,20})$")
_LANGUAGE_NAMES = {"python3": "python", "ipython3": "python", "ipython": "python", "pycon": "python", "default": ""}
_LANGUAGE_NAMES |= {"none": "", "text": "text", "notranslate": "", "plaintext": "text", "console": "console"}
_LANGUAGES = "python rust c cpp go java javascript typescript bash sh shell json toml yaml"
_GUTTER = frozenset({"linenos", "lineno", "lineno-container", "gutter", "line-numbers-rows", "ln", "prompt-hidden"})
_ANCHOR_SIGNS = frozenset({"", "¶", "#", "§", "🔗", "\uf0c1", "link", "permalink", "anchor", "[edit]", "edit"})
_BLOCKS = frozenset({"p", "div", "ul", "ol", "dl", "pre", "table", "blockquote", "h1", "h2", "h3", "h4", "section"})
_VERBATIM = frozenset({"pre", "code", "tex"})
_PLAIN_SUPERSCRIPT = re.compile(r"^(?:st|nd|rd|th|e|er|re|o|a|TM|SM|™|®|©|†|‡|\*|)$", re.IGNORECASE)
BACKSLASH = "\ue000"  # stands for a backslash that the writer of Markdown must not double; put back by html.to_markdown
_WHITE_SPACE = re.compile(r"[ \t\n\r\f]+")  # not the no-break space
_DATA_IMAGE = re.compile(r"^data:image/[\w.+-]+[^,]{0,100},", re.IGNORECASE)

FindImage = Callable[[str], bytes | None]


def rewrite(root: HtmlElement, *, base: str | None, images: Images, find_image: FindImage) -> None:
    """Make `root` plain, in place. `base` is the page's own address; `find_image` gives the bytes for a local `src`."""
    for element in list(root.iter("pre")):
        _rewrite_code(element)
    for element in list(root.iter("tex")):
        if element.get("display"):
            element.attrib.clear()
            _wrap(element, "p")
    for element in list(root.iter("table")):
        _rewrite_table(element)
    for element in list(root.iter("h1", "h2", "h3", "h4", "h5", "h6")):
        _rewrite_heading(element)
    for element in list(root.iter("sup", "sub")):
        _rewrite_script(element)
    for element in list(root.iter("dl", "dt", "dd")):
        _rewrite_definition(element)
    for element in list(root.iter("img")):
        _rewrite_image(element, base=base, images=images, find_image=find_image)
    for element in list(root.iter("a")):
        _rewrite_link(element, base)
    _escape_text(root)


def _rewrite_code(pre: HtmlElement) -> None:
    if pre.getparent() is None:
        return
    for child in list(pre.iter()):
        if isinstance(child.tag, str) and child is not pre and _GUTTER.intersection(names_of(child)):
            child.drop_tree()
        elif child.tag == "br" or (child.tag in {"div", "p", "tr", "li"} and not (child.tail or "").startswith("\n")):
            child.tail = "\n" + (child.tail or "")
    language = _language_of(pre)
    text = str(pre.text_content()).strip("\n")
    tail = pre.tail
    for child in list(pre):
        pre.remove(child)
    pre.attrib.clear()
    pre.text = None
    pre.tail = tail
    code = pre.makeelement("code", {"class": f"language-{language}"} if language else {})
    code.text = text
    pre.append(code)
    table = next((a for a in pre.iterancestors("table") if "highlighttable" in " ".join(names_of(a))), None)
    if table is not None and table.getparent() is not None:  # numbers in one cell, code in the other
        table.tag = "div"
        for cell in list(table.iter("td", "th", "tr", "tbody")):
            if _GUTTER.intersection(names_of(cell)):
                cell.drop_tree()
            else:
                cell.drop_tag()


def _language_of(pre: HtmlElement) -> str:
    nearby = [pre, *pre.iter("code"), *list(pre.iterancestors())[:3]]
    for element in nearby:
        language = element.get("data-lang") or element.get("data-language")
        for name in [*([f"language-{language}"] if language else []), *(element.get("class") or "").split()]:
            if found := _LANGUAGE_CLASS.match(name):
                return _LANGUAGE_NAMES.get(found[1].lower(), found[1].lower())
    names = {name.lower() for element in nearby[:2] for name in names_of(element)}
    return min(names.intersection(_LANGUAGES.split()), default="")


def _rewrite_table(table: HtmlElement) -> None:
    """Unwrap a table that only lays out the page; drop cells' attributes from one that holds data."""
    if table.getparent() is None:
        return
    rows = list(table.iter("tr"))
    cells = list(table.iter("td", "th"))
    heads = any(cell.tag == "th" for cell in cells)
    layout = (
        (table.get("role") or "") in {"presentation", "none"}
        or any(True for _ in table.iterdescendants("table", "pre", "h1", "h2", "h3"))
        or len(rows) < 1
        or (not heads and max((len(row) for row in rows), default=0) < 2)
    )
    if not layout:
        return
    for part in list(table.iter("tr", "td", "th", "thead", "tbody", "tfoot", "caption", "colgroup")):
        nearest = next(part.iterancestors("table"), None)
        if nearest is table:
            part.tag = "div"
            part.attrib.clear()
    table.tag = "div"


def _rewrite_heading(heading: HtmlElement) -> None:
    if heading.getparent() is None:
        return
    for link in list(heading.iter("a")):
        if str(link.text_content()).strip().lower() in _ANCHOR_SIGNS and not any(True for _ in link.iter("img")):
            link.drop_tree()
        else:
            link.drop_tag()  # a heading that links to itself
    if not str(heading.text_content()).strip() and not any(True for _ in heading.iter("img")):
        heading.drop_tree()


def _rewrite_script(element: HtmlElement) -> None:
    r"""Write `10<sup>5</sup>` as `10^5`, not 105; a footnote's mark as `[1]`; `H<sub>2</sub>O` stays H2O."""
    if element.getparent() is None:
        return
    text = " ".join(str(element.text_content()).split())
    if any(True for _ in element.iter("a")):
        link = next(element.iter("a"))
        target = str(link.get("href") or "")
        if target.startswith("#") and len(text) < 12 and text:
            element.text = text if text.startswith(("[", "(")) else f"[{text}]"
            for child in list(element):
                element.remove(child)
    elif element.tag == "sup" and text and not _PLAIN_SUPERSCRIPT.match(text) and len(text) < 40:
        _set_text(element, f"^{text}" if len(text) == 1 or text.lstrip("-−+").isdecimal() else f"^({text})")
    elif element.tag == "sub" and text and not text.isdecimal() and len(text) < 40:
        _set_text(element, f"_{text}" if len(text) == 1 else f"_({text})" if " " in text else f"_{text}")
    element.drop_tag()


def _rewrite_definition(element: HtmlElement) -> None:
    """Make a definition list paragraphs: the term in bold (a signature as code), then what it means."""
    if element.tag != "dt":
        element.tag = "div"
        return
    element.tag = "p"
    text = " ".join(str(element.text_content()).replace("¶", " ").split())
    if "sig" in names_of(element) or "sig-object" in names_of(element):
        text = text.removesuffix("[source]").strip()
        code = element.makeelement("code", {})
        code.text = text
        _set_text(element, "")
        element.append(code)
    elif (
        text
        and len(text) < 200
        and not any(True for _ in element.iter("strong", "b", "code", "tex", "img", *_BLOCKS - {"p"}))
    ):
        strong = element.makeelement("strong", {})
        strong.text = text
        _set_text(element, "")
        element.append(strong)


def _rewrite_image(image: HtmlElement, *, base: str | None, images: Images, find_image: FindImage) -> None:
    if image.getparent() is None:
        return
    source = str(image.get("src") or "").strip()
    if (not source or source.startswith("data:image/gif;base64,R0lGOD")) and image.get("data-src"):
        source = str(image.get("data-src")).strip()  # loaded by a script when scrolled to
    alt = " ".join(str(image.get("alt") or "").split())[:200]
    if {image.get("width"), image.get("height")} & {"0", "1"}:
        image.drop_tree()
        return
    link: str | None
    if content := _data_image(source):
        link = images.save(content)
    elif scheme_of(source) in {"http", "https"} or source.startswith("//"):
        link = urljoin(base or "https:", source)
    else:
        local = find_image(source) if source and not source.startswith("data:") else None
        link = images.save(local) if local else None
        if link is None and base and source and not source.startswith("data:"):
            link = urljoin(base, source)
    image.attrib.clear()
    if link is None:
        image.tag = "span"
        image.text = f"[image: {alt}]" if alt else ""
        return
    image.set("src", link)
    image.set("alt", alt)


def _data_image(source: str) -> bytes | None:
    head = _DATA_IMAGE.match(source)
    if head is None:
        return None
    try:
        if ";base64" in head[0].lower():
            return base64.b64decode(source[head.end() :], validate=False)
        return unquote_to_bytes(source[head.end() :])
    except (binascii.Error, ValueError):
        return None


def _rewrite_link(link: HtmlElement, base: str | None) -> None:
    """Keep links that lead somewhere from a text file: absolute ones. Others become their text."""
    if link.getparent() is None:
        return
    text = str(link.text_content()).strip()
    if text.lower() in {"¶", "§", "🔗", "\uf0c1"}:
        link.drop_tree()
        return
    target = str(link.get("href") or "").strip()
    if base and target and not target.startswith("#"):
        target = safe_join(base, target)
    blocks = any(True for _ in link.iter(*_BLOCKS))  # a whole card as a link
    if scheme_of(target) not in {"http", "https", "mailto"} or blocks or (not text and not len(link)):
        link.drop_tag()
        return
    link.attrib.clear()
    link.set("href", "".join(target.split()))


def scheme_of(address: str) -> str:
    """Return the scheme of an address in lower case, "" if there is none or it is malformed."""
    try:
        return urlsplit(address).scheme.lower()
    except ValueError:
        return ""


def safe_join(base: str, target: str) -> str:
    """Return `target` as seen from the page `base`, unchanged if either is malformed."""
    try:
        return urljoin(base, target)
    except ValueError:
        return target


def _escape_text(root: HtmlElement) -> None:
    """Escape `<` and join lines in text that is neither code nor a formula, and unwrap our own tag for formulas."""
    for element in list(root.iter()):
        if not isinstance(element.tag, str):
            continue
        inside = any(ancestor.tag in _VERBATIM for ancestor in _near(element))
        if element.text and not inside and element.tag not in _VERBATIM:
            element.text = _guarded(element.text)
        if element.tail and not inside:
            element.tail = _guarded(element.tail)
    for element in list(root.iter("tex")):
        element.text = (element.text or "").replace("\\", BACKSLASH)
        element.drop_tag()


def _guarded(text: str) -> str:
    text = _WHITE_SPACE.sub(" ", text.replace(BACKSLASH, ""))
    return escape_tags(text).replace("\\<", f"{BACKSLASH}<")


def _near(element: HtmlElement) -> list[HtmlElement]:
    ancestors = []
    for ancestor in element.iterancestors():
        ancestors.append(ancestor)
        if len(ancestors) == 6:  # within code there is little nesting, and deep pages stay fast
            break
    return ancestors


def _set_text(element: HtmlElement, text: str) -> None:
    for child in list(element):
        element.remove(child)
    element.text = text


def _wrap(element: HtmlElement, tag: str) -> None:
    wrapper = element.makeelement(tag, {})
    wrapper.tail, element.tail = element.tail, None
    parent = element.getparent()
    if parent is not None:
        parent.replace(element, wrapper)
        wrapper.append(element)
