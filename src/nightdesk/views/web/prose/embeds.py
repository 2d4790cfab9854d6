"""Pages within pages: what an embed shows, within bounds, and where blocks have their ids."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nightdesk.base.markdown import frontmatter_end
from nightdesk.views.web.prose import links
from nightdesk.views.web.prose.anchors import anchor
from nightdesk.views.web.prose.scope import MAX_EMBED_DEPTH, MAX_EMBEDDED, MAX_EMBEDS, Scope
from nightdesk.views.web.prose.tree import INLINE, Node, Tree, plain
from nightdesk.wiki.vault.extract import parse_target

_ID = re.compile(r"(?:^|[ \t])\^([A-Za-z0-9-]{1,100})[ \t]*$")
_EMPTY = Tree("")
_LONE_ID = re.compile(r"\^([A-Za-z0-9-]{1,100})[ \t]*")


@dataclass(frozen=True, slots=True)
class Embedded:
    """What an embed shows."""

    path: str
    title: str
    tree: Tree
    kids: Sequence[Node]
    refusal: str = ""  # why it is not shown


def lone_id(node: Node) -> str | None:
    """Return the id that a paragraph consists of and that belongs to the block before it, None for other paragraphs."""
    if len(node.kids) != 1 or node.kids[0].kind != "Text" or 0 in node.kids[0].fixed:
        return None
    found = _LONE_ID.fullmatch(node.kids[0].value)
    return found[1] if found else None


def without_id(kids: Sequence[Node]) -> tuple[list[Node], str]:
    """Return inline nodes without the block id ` ^id` at their end, and that id, "" for none."""
    last = kids[-1] if kids else None
    if last is None or last.kind != "Text" or "^" not in last.value:
        return list(kids), ""
    found = _ID.search(last.value, max(0, len(last.value) - 110))
    if not found or found.start(1) - 1 in last.fixed:
        return list(kids), ""
    rest = list(kids[:-1])
    words = last.value[: found.start()].rstrip()
    if words:
        text = Node("Text", words, last.start)
        text.fixed = last.fixed
        rest.append(text)
    elif found.start() == found.start(1) - 1 and rest and rest[-1].kind not in ("SoftBreak", "HardBreak"):
        return list(kids), ""  # **word**^id
    while rest and rest[-1].kind in ("SoftBreak", "HardBreak"):
        rest.pop()
    return rest, found[1]


def find(scope: Scope, node: Node) -> Embedded | None:
    """Return what an embed shows of a page, None where it is an image, a file, or nothing that is there."""
    style, target = node.value[:2]
    link = parse_target(target, style, embed=True)
    if link is None or links.is_image(link.path) or scope.in_link:
        return None
    found = scope.link(link)
    if found.kind not in ("page", "claim") or not found.path:
        return None
    title = found.title or links.shown_target(target)
    if found.path in (scope.path, *scope.chain) and not link.fragment:
        return Embedded(found.path, title, _EMPTY, (), "not shown here: it holds itself")
    if len(scope.chain) >= MAX_EMBED_DEPTH or scope.sheet.embeds >= MAX_EMBEDS:
        return Embedded(found.path, title, _EMPTY, (), "not shown here: too many pages in one another")
    text = scope.sheet.place.embed(found.path)
    if text is None:
        return None
    scope.sheet.embeds += 1
    scope.sheet.embedded += len(text)
    if scope.sheet.embedded > MAX_EMBEDDED:
        return Embedded(found.path, title, _EMPTY, (), "not shown here: too long")
    tree = Tree(text[frontmatter_end(text) :])
    kids = _part(tree.kids, link.fragment) if link.fragment else tree.kids
    if kids is None:
        return Embedded(found.path, title, _EMPTY, (), "not shown here: the page has no such part")
    return Embedded(found.path, title, tree, kids)


def enter(scope: Scope, found: Embedded) -> Scope:
    """Return the scope in which an embedded text is rendered."""
    chain = (*scope.chain, scope.path)
    return Scope(scope.sheet, found.path, found.tree, chain, f"e{scope.sheet.embeds}-")


def _part(kids: Sequence[Node], fragment: str) -> Sequence[Node] | None:
    """Return the part of a page that a fragment names, a heading with all below it or one block; None for none."""
    wanted = anchor(fragment)
    if wanted.startswith("^"):
        block = _block(kids, wanted[1:])
        return None if block is None else (block,)
    for at, node in enumerate(kids):
        if node.kind == "Heading" and anchor(plain(without_id(node.kids)[0])) == wanted:
            level = node.value["level"]
            end = at + 1
            while end < len(kids) and not (kids[end].kind == "Heading" and kids[end].value["level"] <= level):
                end += 1
            return kids[at:end]
    return None


def _block(kids: Sequence[Node], identity: str) -> Node | None:
    """Return the block that carries an id, looked for at every depth; the innermost one, as Obsidian has it."""
    previous: Node | None = None
    for node in kids:
        if node.kind in INLINE:
            continue
        if node.kind == "Paragraph" and (lone := lone_id(node)) is not None:
            if lone.lower() == identity:
                return previous
            continue
        lead: Sequence[Node] = node.kids
        if node.kind == "Item":
            lead = node.kids[0].kids if node.kids and node.kids[0].kind == "Paragraph" else _leading(node.kids)
        if node.kind in ("Paragraph", "Heading", "Item") and without_id(lead)[1].lower() == identity:
            return node
        inner = _block(node.kids, identity)
        if inner is not None:
            return inner
        previous = node
    return None


def _leading(kids: Sequence[Node]) -> Sequence[Node]:
    end = 0
    while end < len(kids) and kids[end].kind in INLINE:
        end += 1
    return kids[:end]
