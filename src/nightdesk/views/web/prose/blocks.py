"""Blocks as HTML: paragraphs, lists, claims, quotes, callouts, tables, code, footnotes, embedded pages."""

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape

from nightdesk.views.web.prose import code, embeds
from nightdesk.views.web.prose.callouts import Callout, read_callout
from nightdesk.views.web.prose.inline import embed_link, inline
from nightdesk.views.web.prose.raw import Opened
from nightdesk.views.web.prose.scope import Scope
from nightdesk.views.web.prose.tree import INLINE, Node, plain

_AUTO = ' dir="auto"'
_P_END = "</p>\n"
_CLAIM_ID = re.compile(r"c[0-9a-f]{10,64}")
_TASK = re.compile(r"\[([^\s\[\]])\][ \t]+")
_LANGUAGE = re.compile(r"[ \t]*\{?[ \t]*\.?([\w+#.-]{1,40})")
_MAX_LABEL = 60  # characters of what a screen reader is told of a table or embedded page


def page(scope: Scope) -> str:
    """Return a whole text with its footnotes."""
    return flow(scope, scope.tree.kids) + _footnotes(scope)


def flow(scope: Scope, kids: Sequence[Node], *, tight: bool = False) -> str:
    """Return blocks in their order; runs of inline nodes between them stand in a paragraph, or bare where `tight`."""
    out: list[str] = []
    opened = Opened()
    at = 0
    while at < len(kids):
        node = kids[at]
        end = at + 1
        if node.kind in INLINE:
            while end < len(kids) and kids[end].kind in INLINE:
                end += 1
            run = kids[at:end]
            out.append(inline(scope, run) if tight else _paragraph(scope, run))
        elif node.kind == "HtmlBlock":
            out.append(opened.take_block(scope, "".join(kid.value for kid in node.kids)))
        elif node.kind == "Paragraph" and (identity := embeds.lone_id(node)) is not None:
            if out:  # the id of the block before it
                out[-1] = f"<div{scope.id_of_block(identity)}>{out[-1]}</div>"
        elif node.kind in _WRITERS:
            out.append(_WRITERS[node.kind](scope, node))
        at = end
    out.append(opened.close())
    return "".join(out)


def _heading(scope: Scope, node: Node) -> str:
    kids, identity = embeds.without_id(node.kids)
    mark = f"<span{scope.id_of_block(identity)}></span>" if identity else ""
    name = node.value["level"].lower()
    shown = " ".join(plain(kids).replace("==", "").split())
    return f"<{name}{scope.id_of_heading(int(name[1]), shown)}{_AUTO}>{mark}{inline(scope, kids)}</{name}>\n"


def _paragraph(scope: Scope, run: Sequence[Node]) -> str:
    """Return a paragraph; pages that it embeds, and formulas that are all of it, stand as blocks."""
    kids, identity = embeds.without_id(run)
    own_id = scope.id_of_block(identity) if identity else ""
    kinds = [kid.kind for kid in kids]
    if "Image" not in kinds and kinds != ["DisplayMath"]:
        return f"<p{own_id}{_AUTO}>{inline(scope, kids)}</p>\n"
    if "Image" not in kinds:
        scope.sheet.uses.add("math")
        own = scope.sheet.own("nd-math nd-display")
        return f"<div{own}{own_id}>{escape(kids[0].value, quote=False)}</div>\n"
    out, words = [], []
    for kid in kids:
        section = _embed(scope, kid) if kid.kind == "Image" else None
        if section is None:
            words.append(kid)
            continue
        out += [_words(scope, words), section]
        words = []
    shown = "".join((*out, _words(scope, words)))
    return f"<div{own_id}>{shown}</div>" if own_id else shown


def _words(scope: Scope, kids: list[Node]) -> str:
    return (
        f"<p{_AUTO}>{inline(scope, kids)}</p>\n" if any(kid.kind != "Text" or kid.value.strip() for kid in kids) else ""
    )


def _embed(scope: Scope, node: Node) -> str | None:
    """Return a page that is shown within the text, None where the node shows an image or something else."""
    found = embeds.find(scope, node)
    if found is None:
        return None
    own = scope.sheet.own
    if found.refusal:
        return f"<p{own('nd-embed nd-refused')}>{embed_link(scope, node)} <small>{escape(found.refusal)}</small></p>\n"
    inner = embeds.enter(scope, found)
    body = flow(inner, found.kids) + _footnotes(inner)
    told = scope.sheet.attr("role", "group") + scope.sheet.attr("aria-label", f"From {found.title}"[:_MAX_LABEL])
    return (
        f"<section{own('nd-embed')}{told}><div{own('nd-embed-title')}>{embed_link(scope, node)}</div>"
        f"<div{own('nd-embed-body')}>{body}</div></section>\n"
    )


def _quote(scope: Scope, node: Node) -> str:
    callout = read_callout(node)
    if callout:
        return _callout(scope, callout)
    return f"<blockquote{_AUTO}>\n{flow(scope, node.kids)}</blockquote>\n"


def _callout(scope: Scope, callout: Callout) -> str:
    own = scope.sheet.own
    title = inline(scope, callout.title) if callout.title else escape(callout.default_title, quote=False)
    kind = scope.sheet.attr("data-callout", callout.kind)
    outer, inner = ("details", "summary") if callout.fold else ("div", "div")
    is_open = " open" if callout.fold == "+" else ""
    body = f"<div{own('nd-callout-body')}>{flow(scope, callout.kids)}</div>" if callout.kids else ""
    head = f"<{inner}{own('nd-callout-title')}{_AUTO}>{title}</{inner}>"
    return f"<{outer}{own('nd-callout')}{kind}{is_open}>{head}{body}</{outer}>\n"


def _list(scope: Scope, node: Node) -> str:
    items = [_item(scope, kid) for kid in node.kids if kid.kind == "Item"]
    name = "ul" if node.value is None else "ol"
    start = f' start="{min(node.value, 999_999_999)}"' if node.value not in (None, 1) else ""
    own = scope.sheet.own("nd-tasks") if any(is_task for _, is_task in items) else ""
    return f"<{name}{own}{start}>\n{''.join(item for item, _ in items)}</{name}>\n"


def _item(scope: Scope, node: Node) -> tuple[str, bool]:
    """Return a list item, and whether it is a task; a claim has its links and its quote set apart."""
    is_loose = bool(node.kids) and node.kids[0].kind == "Paragraph"
    lead = list(node.kids[0].kids) if is_loose else []
    rest = list(node.kids[1:]) if is_loose else list(node.kids)
    while not is_loose and rest and rest[0].kind in INLINE:
        lead.append(rest.pop(0))
    lead, identity = embeds.without_id(lead)
    lead, box = _task(scope, lead)
    own_id = scope.id_of_block(identity)
    own, head, tail = "", "", ""
    if _CLAIM_ID.fullmatch(identity) and rest and rest[0].kind == "BlockQuote":
        own = scope.sheet.own("nd-claim")
        head = _statement(scope, lead)
        tail = _claim_quote(scope, rest.pop(0))
    elif is_loose or any(kid.kind == "Image" for kid in lead):
        head = _paragraph(scope, lead) if lead else ""
    else:
        head = inline(scope, lead)
    own = own or (scope.sheet.own("nd-task") if box else "")
    return f"<li{own}{own_id}{_AUTO}>{box}{head}{tail}{flow(scope, rest, tight=not is_loose)}</li>\n", bool(box)


def _task(scope: Scope, lead: list[Node]) -> tuple[list[Node], str]:
    """Return an item's words without the box of a task, and the box; any mark but a blank ticks it."""
    first = lead[0] if lead else None
    if first is None:
        return lead, ""
    if first.kind == "TaskListMarker":
        rest, done = lead[1:], bool(first.value)
    elif first.kind == "Text" and 0 not in first.fixed and (found := _TASK.match(first.value)):
        text = Node("Text", first.value[found.end() :], first.start)
        text.fixed = frozenset(place - found.end() for place in first.fixed)
        rest, done = [text, *lead[1:]], True
    else:
        return lead, ""
    told = scope.sheet.attr("aria-label", "done" if done else "to do")
    return rest, f'<input type="checkbox" disabled=""{scope.sheet.attr("checked", "") if done else ""}{told}> '


def _statement(scope: Scope, lead: list[Node]) -> str:
    """Return a claim's statement, the links to the concepts that it speaks of set apart from its words."""
    end = len(lead)
    while end and (
        _is_concept(lead[end - 1]) or (lead[end - 1].kind == "Text" and not lead[end - 1].value.strip(" ,"))
    ):
        end -= 1
    about = [kid for kid in lead[end:] if kid.kind == "Link"]
    shown = inline(scope, lead[:end]).rstrip()
    if not about:
        return shown
    chips = " ".join(inline(scope, [kid]) for kid in about)
    return f"{shown} <span{scope.sheet.own('nd-about')}>{chips}</span>"


def _is_concept(node: Node) -> bool:
    return node.kind == "Link" and node.value.style == "wiki" and "#" not in node.value.target


def _claim_quote(scope: Scope, quote: Node) -> str:
    """Return a claim's quote, its place set apart from the words."""
    shown = flow(scope, quote.kids)
    words, mark, place = shown.rpartition('" (')
    place = place.removesuffix(_P_END)
    if mark and place.endswith(")") and "<" not in place and shown.endswith(_P_END):
        shown = f'{words}" <span{scope.sheet.own("nd-place")}>({place}</span>{_P_END}'
    return f"<blockquote{scope.sheet.own('nd-quote')}{_AUTO}>{shown}</blockquote>"


def _table(scope: Scope, node: Node) -> str:
    rows = []
    for row in node.kids:
        name = "th" if row.kind == "TableHead" else "td"
        scoped = scope.sheet.attr("scope", "col") if name == "th" else ""
        cells = "".join(
            f"<{name}{scoped}{_side(scope, node.value, n)}{_AUTO}>{inline(scope, cell.kids)}</{name}>"
            for n, cell in enumerate(row.kids)
        )
        rows.append(f"<tr>{cells}</tr>\n")
    told = (
        scope.sheet.attr("role", "group") + scope.sheet.attr("tabindex", "0") + scope.sheet.attr("aria-label", "Table")
    )
    head, body = "".join(rows[:1]), "".join(rows[1:])
    return (
        f"<div{scope.sheet.own('nd-table')}{told}><table><thead>{head}</thead>"
        f"{f'<tbody>{body}</tbody>' if body else ''}</table></div>\n"
    )


def _side(scope: Scope, sides: Sequence[str], column: int) -> str:
    side = sides[column] if column < len(sides) else ""
    return scope.sheet.own(f"nd-{side.lower()}") if side in ("Right", "Center") else ""


def _code(scope: Scope, node: Node) -> str:
    text = "".join(kid.value for kid in node.kids)
    info = node.value["Fenced"] if node.value.__class__ is dict else ""
    found = _LANGUAGE.match(info)
    language = found[1].lower() if found else ""
    sheet = scope.sheet
    if language == "mermaid":
        sheet.uses.add("mermaid")
        return f"<pre{sheet.own('nd-mermaid')}>{escape(text, quote=False)}</pre>\n"
    shown = None
    if sheet.coloured + len(text) <= code.MAX_COLOURED:
        shown = code.coloured(text, language, sheet.secret)
        sheet.coloured += len(text) if shown is not None else code.MAX_CODE  # it may have taken its whole time
    shown = escape(text, quote=False) if shown is None else shown
    told = sheet.attr("data-language", language) if language in code.LANGUAGES else ""
    return f"<div{sheet.own('nd-code')}{told}><pre{sheet.attr('tabindex', '0')}><code>{shown}</code></pre></div>\n"


def _footnotes(scope: Scope) -> str:
    """Return the footnotes that a text refers to; writing one may meet further ones."""
    items: list[str] = []
    while len(items) < len(scope.notes):
        number = len(items) + 1
        content = scope.notes[number - 1]
        shown = content if isinstance(content, str) else flow(scope, content.kids)
        name = f"{scope.prefix}{number}"
        back = _ways_back(scope, number, name)
        shown = f"{shown[: -len(_P_END)]}{back}{_P_END}" if shown.endswith(_P_END) else shown + back
        items.append(f"<li{scope.sheet.attr('id', f'fn-{name}')}{_AUTO}>{shown}</li>\n")
    if not items:
        return ""
    told = scope.sheet.attr("role", "doc-endnotes") + scope.sheet.attr("aria-label", "Footnotes")
    return f"<section{scope.sheet.own('nd-footnotes')}{told}><ol>\n{''.join(items)}</ol></section>\n"


def _ways_back(scope: Scope, number: int, name: str) -> str:
    own = scope.sheet
    return "".join(
        f' <a{own.own("nd-back")} href="#fnref-{name}{f"-{n}" if n > 1 else ""}"'
        f"{own.attr('role', 'doc-backlink')}{own.attr('aria-label', f'Back to the text of footnote {number}')}>↩</a>"
        for n in range(1, min(scope.back[number], 5) + 1)
    )


def _definitions(scope: Scope, node: Node) -> str:
    out = []
    for kid in node.kids:
        if kid.kind == "DefinitionListTitle":
            out.append(f"<dt{_AUTO}>{inline(scope, kid.kids)}</dt>\n")
        else:
            out.append(f"<dd{_AUTO}>{flow(scope, kid.kids, tight=True)}</dd>\n")
    return f"<dl>\n{''.join(out)}</dl>\n"


_WRITERS: Mapping[str, Callable[[Scope, Node], str]] = {
    "Heading": _heading,
    "Paragraph": lambda scope, node: _paragraph(scope, node.kids),
    "BlockQuote": _quote,
    "List": _list,
    "Item": lambda scope, node: f"<ul>{_item(scope, node)[0]}</ul>\n",
    "Table": _table,
    "CodeBlock": _code,
    "DefinitionList": _definitions,
    "Rule": lambda _, __: "<hr>\n",
}
