"""Runs of text as HTML: emphasis, links, citations, tags, highlights, footnotes, math."""

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape

from nightdesk.views.web.prose import links
from nightdesk.views.web.prose.marks import Mark, woven
from nightdesk.views.web.prose.raw import Opened
from nightdesk.views.web.prose.scope import Scope
from nightdesk.views.web.prose.tree import Node, plain
from nightdesk.wiki.vault.extract import parse_target

_SPECIAL = re.compile(r"==|\^\[|[\[\]#]|https?://", re.IGNORECASE)
_EMOJI = "\u2600-\u27bf\ufe0f\U0001f1e6-\U0001faff"
# digits alone are no tag, as Obsidian has it
_TAG = rf"#(?=[0-9/-]*[^\W\d{_EMOJI}]|[0-9/-]*[{_EMOJI}])[\w/{_EMOJI}-]+"
_MARKS = re.compile(rf"(?P<url>https?://[^\s<>\"|]{{1,4000}})|(?P<tag>(?<![^\s(]){_TAG})|==|\^\[|\[|\]", re.IGNORECASE)
# [[12]](#ref12): a link with brackets in its text; what stands before could be a wikilink
_BRACKETED = re.compile(r"\((?=[^()\s]*[/#.])([^()\s]{1,1000})\)")
_WRAPPED = range(60, 141)  # bytes of a line that was broken to fit a width, not to begin a new one
_MAX_TAG = 200


def inline(scope: Scope, kids: Sequence[Node]) -> str:
    """Return a run of inline nodes as HTML in which each tag is closed."""
    opened: Opened | None = None
    parts: list[str | Mark] = []
    for number, node in enumerate(kids):
        kind = node.kind
        if kind == "Text":
            if _SPECIAL.search(node.value):
                _take_text(scope, node, parts)
            else:
                parts.append(escape(node.value, quote=False))
        elif kind == "Link":
            parts.append(_link(scope, node, kids[number + 1] if number + 1 < len(kids) else None))
        elif kind == "SoftBreak":
            parts.append(_soft_break(scope, kids, number))
        elif kind == "InlineHtml":
            opened = opened or Opened()
            parts.append(opened.take(scope, node.value))
        elif kind in _WRITERS:
            parts.append(_WRITERS[kind](scope, node))
    if opened is not None:
        parts.append(opened.close())
    return woven(scope, parts)


def _take_text(scope: Scope, node: Node, parts: list[str | Mark]) -> None:
    text: str = node.value
    at = 0
    for found in _MARKS.finditer(text):
        start, end = found.span()
        if start in node.fixed or start < at:
            continue
        piece: str | Mark
        if url := found["url"]:
            url = _trimmed(url)
            piece = links.out_link(scope, url, escape(url, quote=False))
            end = start + len(url)
        elif found["tag"]:
            piece = _tag(scope, found["tag"])
        else:
            before, after = text[start - 1 : start], text[end : end + 1]
            piece = Mark(found[0], found[0], not after.isspace(), not before.isspace())
        parts += (escape(text[at:start], quote=False), piece)
        at = end
    parts.append(escape(text[at:], quote=False))


def _trimmed(url: str) -> str:
    """Return a bare address without the punctuation of the sentence that it stands in."""
    while url and (
        url[-1] in ".,;:!?'*_~=" or (url[-1] in ")]" and url.count(url[-1]) > url.count("(["[url[-1] == "]"]))
    ):
        url = url[:-1]
    return url


def _tag(scope: Scope, written: str) -> str:
    name = written[1:]
    if scope.in_link or len(name) > _MAX_TAG:
        return escape(written, quote=False)
    address, own = scope.sheet.place.tag(name), scope.sheet.own("nd-tag")
    shown = escape(written, quote=False)
    return f'<a{own} href="{escape(address)}">{shown}</a>' if address else f"<span{own}>{shown}</span>"


def _soft_break(scope: Scope, kids: Sequence[Node], at: int) -> str:
    """Return a line break as Obsidian shows it, a blank where the text was merely wrapped at a width."""
    before = kids[at - 1].value if at and kids[at - 1].kind == "Text" else ""
    after = kids[at + 1].value if at + 1 < len(kids) and kids[at + 1].kind == "Text" else ""
    if before and after and _is_cjk(before[-1]) and _is_cjk(after[0]):
        return "" if _line_length(scope, kids[at].start) in _WRAPPED else "<br>"
    return "\n" if _line_length(scope, kids[at].start) in _WRAPPED else "<br>\n"


def _line_length(scope: Scope, end: int) -> int:
    """Return the bytes of the source's line that ends at `end`, counted up to one more than a wrapped line may have."""
    begin = scope.tree.data.rfind(b"\n", max(0, end - _WRAPPED.stop), end)
    return end - begin - 1 if begin >= 0 else min(end, _WRAPPED.stop)


def _is_cjk(char: str) -> bool:
    return "\u2e80" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" or "\uff00" <= char <= "\uffef"


def _link(scope: Scope, node: Node, after: Node | None) -> str | Mark:
    style, target, _, _ = node.value
    if style != "wiki":
        return _labelled(scope, node, style, target)
    if after is not None and after.kind == "Text" and after.value[0] == "(" and 0 not in after.fixed:
        bracketed = _BRACKETED.match(after.value)
        if bracketed:
            after.fixed = frozenset(place - bracketed.end() for place in after.fixed)
            after.value = after.value[bracketed.end() :]
            return _labelled(scope, node, "markdown", bracketed[1], brackets=True)
    if "\n" in target or not target:
        return f"[[{inline(scope, node.kids)}]]"
    if chip := links.citation(scope, node):
        return chip if scope.in_link else Mark("cite", chip)
    return _labelled(scope, node, style, target)


def _labelled(scope: Scope, node: Node, style: str, target: str, *, brackets: bool = False) -> str:
    if style == "wiki" and not node.value.is_labelled:
        label = escape(links.shown_target(target), quote=False)
    else:
        scope.in_link += 1
        label = inline(scope, node.kids) or escape(target, quote=False)
        scope.in_link -= 1
    label = f"[{label}]" if brackets else label
    link = parse_target(target, style, embed=False) if style != "auto" else None
    if link is not None:
        return links.inner_link(scope, link, label, node.value.title)
    return links.out_link(scope, target, label, node.value.title)


def _image(scope: Scope, node: Node) -> str:
    shown = links.image(scope, node)
    return shown if shown is not None else embed_link(scope, node)


def embed_link(scope: Scope, node: Node) -> str:
    """Return what stands for an embedded page or file where it cannot be shown in place: a link to it."""
    style, target, _, is_labelled = node.value
    words = plain(node.kids) if style == "markdown" or is_labelled else ""
    link = parse_target(target, style, embed=True)
    label = escape(words or links.shown_target(target), quote=False)
    return label if link is None else links.inner_link(scope, link, label)


def _math(scope: Scope, node: Node) -> str:
    scope.sheet.uses.add("math")
    own = scope.sheet.own("nd-math nd-display" if node.kind == "DisplayMath" else "nd-math")
    return f"<span{own}>{escape(node.value, quote=False)}</span>"


def _footnote(scope: Scope, node: Node) -> str:
    definition = scope.tree.notes.get(node.value)
    return scope.note(definition, node.value) if definition else escape(f"[^{node.value}]", quote=False)


def _element(name: str) -> Callable[[Scope, Node], str]:
    return lambda scope, node: f"<{name}>{inline(scope, node.kids)}</{name}>"


_WRITERS: Mapping[str, Callable[[Scope, Node], str]] = {
    "Code": lambda _, node: f"<code>{escape(node.value, quote=False)}</code>",
    "InlineMath": _math,
    "DisplayMath": _math,
    "HardBreak": lambda _, __: "<br>\n",
    "FootnoteReference": _footnote,
    "Emphasis": _element("em"),
    "Strong": _element("strong"),
    "Strikethrough": _element("del"),
    "Image": _image,
}
