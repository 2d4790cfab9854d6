"""HTML that a page holds, written anew: only tags that say something of text, each closed, with few attributes."""

import re
from html import escape, unescape

from nightdesk.views.web.prose.links import inner_tag, out_tag, outer, picture
from nightdesk.views.web.prose.scope import Scope
from nightdesk.wiki.vault.extract import parse_target

_NAMES = """
    a abbr b bdi bdo blockquote br caption center cite code col colgroup dd del details dfn div dl dt em figcaption
    figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span strike strong sub
    summary sup table tbody td tfoot th thead time tr u ul var wbr
"""
TAGS = frozenset(_NAMES.split())
_VOID = frozenset(("br", "hr", "img", "wbr", "col"))
# these may stay open from one block of HTML to the next, with Markdown between them
_LASTING = frozenset(("details", "div", "center", "figure", "blockquote"))
_MAX_OPEN = 12  # tags in one another: more are left out, so that no page makes the browser nest without end
_SPAN = "50"
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|<(/?)([A-Za-z][A-Za-z0-9]*)([^<>]{0,2000})>",
    re.DOTALL | re.IGNORECASE,
)
_ONE_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)(.{0,4000})>", re.DOTALL)
_ATTRIBUTE = re.compile(r"""([A-Za-z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?""")
_COUNT = re.compile(r"\d{1,4}")
_SIDE = re.compile(r"(\d{1,5})(?:px)?")


class Opened:
    """The tags of a page's HTML that are open, each with the one that closes it."""

    def __init__(self) -> None:
        self._open: list[tuple[str, str]] = []

    def take(self, scope: Scope, tag: str) -> str:
        """Return one tag, written anew; "" for what is left out."""
        found = _ONE_TAG.fullmatch(tag)
        return self._tag(scope, found[1], found[2].lower(), found[3]) if found else ""

    def take_block(self, scope: Scope, html: str) -> str:
        """Return a block of HTML: its tags written anew, its text as text; what may not last is closed at its end."""
        parts, at = [], 0
        for found in _TOKEN.finditer(html):
            parts.append(_text(html[at : found.start()]))
            at = found.end()
            if found[3]:
                parts.append(self._tag(scope, found[2], found[3].lower(), found[4]))
        parts.append(_text(html[at:]))
        lasting = 0
        while lasting < len(self._open) and self._open[lasting][0] in _LASTING:
            lasting += 1
        parts.append(self.close(lasting))
        return "".join(parts)

    def close(self, kept: int = 0) -> str:
        """Return the tags that close all but the `kept` outermost ones."""
        closing = "".join(end for _, end in reversed(self._open[kept:]))
        del self._open[kept:]
        return closing

    def _tag(self, scope: Scope, slash: str, name: str, rest: str) -> str:
        if name not in TAGS:
            return ""
        if slash:
            names = [opened for opened, _ in self._open]
            return self.close(len(names) - 1 - names[::-1].index(name)) if name in names else ""
        if name not in _VOID and len(self._open) >= _MAX_OPEN:
            return ""
        start, end = _rewritten(scope, name, rest)
        if start and name not in _VOID:
            self._open.append((name, end))
        return start


def _text(text: str) -> str:
    return escape(unescape(text), quote=False) if text else ""


def _rewritten(scope: Scope, name: str, rest: str) -> tuple[str, str]:
    """Return a start tag and what closes it; ("", "") for a link or image that may not be."""
    given: dict[str, str] = {}
    for found in _ATTRIBUTE.finditer(rest):
        given.setdefault(found[1].lower(), unescape(found[2] or found[3] or found[4] or ""))
    if name == "a":
        return _link(scope, given)
    if name == "img":
        size = "|" + "x".join(side[1] for key in ("width", "height") if (side := _SIDE.fullmatch(given.get(key, ""))))
        words = given.get("alt", "").replace("|", " ") + (size if len(size) > 1 else "")
        if not given.get("src"):
            return "", ""
        return picture(scope, given.get("src", ""), words, style="html", title=given.get("title", "")) or "", ""
    shown = "".join(_attribute(key, value) for key, value in given.items())
    aligned = "center" if name == "center" else given.get("align", "").lower()
    own = scope.sheet.own(f"nd-{aligned}") if aligned in ("center", "right") else ""
    name = "div" if name == "center" else name
    if name == "table":
        return f"<div{scope.sheet.own('nd-table')}><table{own}{shown}>", "</table></div>"
    return f"<{name}{own}{shown}>", f"</{name}>"


def _attribute(key: str, value: str) -> str:
    if key in ("title", "lang", "datetime"):
        return f' {key}="{escape(value[:500])}"'
    if key == "dir":
        return f' dir="{value.lower()}"' if value.lower() in ("auto", "ltr", "rtl") else ""
    if key in ("colspan", "rowspan", "start"):
        return f' {key}="{value if len(value) < 3 or key == "start" else _SPAN}"' if _COUNT.fullmatch(value) else ""
    return " open" if key == "open" else ""


def _link(scope: Scope, given: dict[str, str]) -> tuple[str, str]:
    address = given.get("href", "")
    if not address or scope.in_link:
        return "<span>", "</span>"
    if href := outer(address):
        return out_tag(scope, href) + ">", "</a>"
    link = parse_target(address, "markdown", embed=False)
    if link is None:
        return "<span>", "</span>"
    tag = inner_tag(scope, link, given.get("title", ""))
    return tag, "</a>" if tag.startswith("<a") else "</span>"
