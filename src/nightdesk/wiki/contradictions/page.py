"""wiki/contradictions.md: made by each compile, with every decision and every line that a person wrote kept."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from nightdesk.agents.boundary import visible
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.pages import MARK, Page, make_page, parse_page, render_front, short_hash, split_frontmatter
from nightdesk.wiki.claims import render_citation
from nightdesk.wiki.contradictions.items import BY_CODE, HOW, OPEN, Item, Side, item_id
from nightdesk.wiki.contradictions.states import FIELDS, read_state, state_lines
from nightdesk.wiki.escaping import escape_markdown, unescape_markdown

PATH = "wiki/contradictions.md"
MAX_BYTES = 20_000_000
_SECTIONS = ("Open", "Resolved", "Not contradictions", "Withdrawn")
_NOTES = "Notes"
_UNDATED = "no date"
_KEYS = ("type", "title", "generated", "status", MARK)  # frontmatter of ours; any other key is a person's
_HEAD = re.compile(r"[-*+] (?P<what>.*?) ?\^(?P<id>k[0-9a-f]{10})[ \t]*")
_FIELD = re.compile(
    rf"[ \t]+[-*+][ \t]+(?P<name>one|other|found by|suggested|{'|'.join(FIELDS)})[ \t]*:[ \t]*(?P<value>.*)",
    re.IGNORECASE,
)
_SIDE = re.compile(
    r"(?P<statement>.*) \[\[(?P<page>[^\[\]|#^]+)#\^(?P<claim>c[0-9a-f]{10,64})(?:\|[^\[\]]*)?\]\]"
    r"(?: \((?P<published>[^()]*)\))?\s*"
)
_GONE = re.compile(  # no link: it would lead nowhere
    r'(?P<statement>.*) \(withdrawn: \^(?P<claim>c[0-9a-f]{10,64}) of "(?P<page>.*)", (?P<published>[^()]*)\)\s*'
)
_HEADING = re.compile(r"#{1,6}[ \t]+(.*)")
_INTRODUCTION = re.compile(r"\d[\d,]* open, \d[\d,]* resolved, .*")
_TOLD = (
    "Decide with `nightdesk contradictions`, or in the lines of an item: `state: resolved` with `keep:` (the id of the"
    " claim that holds), `other is: wrong` or `superseded` and `because:`; or `state: not a contradiction`."
)


@dataclass(slots=True)
class Kept:
    """What stands on the page."""

    items: dict[str, Item] = field(default_factory=dict)
    loose: list[str] = field(default_factory=list)  # lines that belong to no item
    problems: list[str] = field(default_factory=list)  # what could not be read, a line each
    is_ours: bool = True  # False: a page of a person's that only has this name


def read_items(text: str) -> Kept:
    """Return the items of the page, and all that a person wrote on it; nothing raises, and nothing is lost."""
    front, body = split_frontmatter(text)
    kept = Kept()
    open_id, lines = "", list[str]()
    pending: dict[str, tuple[str, list[str]]] = {}
    for line in body.split("\n"):
        head = _HEAD.fullmatch(line)
        if head and head["id"] not in pending:
            open_id, lines = head["id"], []
            pending[open_id] = head["what"], lines
        elif open_id and line.strip() and line[:1] in " \t":
            lines.append(line)
        elif line.strip():
            if head:
                kept.problems.append(f"{PATH}: {head['id']} stands there twice; the second one is kept below Notes")
            open_id = ""
            if not _is_generated(line):
                kept.loose.append(line.rstrip())
        elif kept.loose and kept.loose[-1]:
            kept.loose.append("")
    for identity, (what, own) in pending.items():
        _add_item(kept, identity, what, own)
    kept.loose = "\n".join(kept.loose).strip("\n").split("\n") if any(kept.loose) else []
    kept.is_ours = bool(kept.items) or re.search(r"^type: *contradictions *$", front, re.MULTILINE) is not None
    return kept


def _is_generated(line: str) -> bool:
    heading = _HEADING.fullmatch(line.strip())
    if heading:
        return heading[1] in (*_SECTIONS, _NOTES, "Contradictions")
    return _INTRODUCTION.fullmatch(line) is not None or line == _TOLD


def _add_item(kept: Kept, identity: str, what: str, lines: Sequence[str]) -> None:
    fields: dict[str, str] = {}
    stated, notes = [], []
    for line in lines:
        match = _FIELD.fullmatch(line)
        name = match["name"].lower() if match else ""
        if match is None or name in fields:
            notes.append(line)
        else:
            fields[name] = match["value"].strip()
            stated += [line] if name in FIELDS else []
    sides = [_read_side(fields.get(name, "")) for name in ("one", "other")]
    if sides[0] is None or sides[1] is None or item_id(sides[0].claim, sides[1].claim) != identity:
        kept.problems.append(f"{PATH}: {identity}: its two claims cannot be read; its lines are kept below Notes")
        kept.loose += ["", f"- {what} (was {identity})", *lines, ""]
        return
    one, other = sides[0], sides[1]
    by, _, reason = fields.get("found by", BY_CODE).partition(": ")
    how = next((key for key, words in HOW.items() if words == what), "other")
    item = Item(identity, one, other, how, by.strip() or BY_CODE, unescape_markdown(reason), notes=tuple(notes))
    if suggested := next((side.claim for side in (one, other) if f"^{side.claim}" in fields.get("suggested", "")), ""):
        item = replace(
            item, suggested=suggested, suggested_why=unescape_markdown(fields["suggested"].partition(": ")[2])
        )
    try:
        item = replace(item, state=read_state(fields, one.claim, other.claim))
    except DeskError as error:
        kept.problems.append(f"{PATH}: {identity}: {error.message}; it counts as open, and its lines stay as they are")
        item = replace(item, held=tuple(stated))
    kept.items[identity] = item


def _read_side(value: str) -> Side | None:
    gone = _GONE.fullmatch(value)
    match = gone or _SIDE.fullmatch(value)
    if match is None:
        return None
    published = match["published"] if match["published"] not in (None, _UNDATED) else ""
    page = unescape_markdown(match["page"]) if gone else match["page"]
    return Side(match["claim"], page, unescape_markdown(match["statement"]), published, gone is None)


def render_page(items: Iterable[Item], *, loose: Sequence[str] = (), before: Page | None = None) -> Page:
    """Return the page of these items; `before` is the page that stands there, whose other frontmatter keys stay."""
    ordered = sorted(items, key=lambda item: item.id)
    groups = {section: [item for item in ordered if _section(item) == section] for section in _SECTIONS}
    counts = [len(groups[section]) for section in _SECTIONS[:3]]
    parts = [
        "# Contradictions\n",
        f"{counts[0]:,} open, {counts[1]:,} resolved, {counts[2]:,} found to be none.\n",
        f"{_TOLD}\n",
    ]
    for section, members in groups.items():
        parts += [f"## {section}\n", "".join(map(_render_item, members))] if members else []
    if loose:
        parts += [f"## {_NOTES}\n", "\n".join(loose) + "\n"]
    body = "\n".join(parts)
    values = {
        "type": "contradictions",
        "title": "Contradictions",
        "generated": {"by": BY_CODE},
        "status": "verified",
    }
    page = make_page(values, body, made_from=short_hash(body))
    extra = {key: lines for key, lines in (before.front if before else {}).items() if key not in _KEYS}
    if not extra:
        return page
    front = {key: lines for key, lines in page.front.items() if key != MARK} | extra
    mark = {"made_from": page.made_from, "content": Page(front, body).content_hash}
    return Page(front | render_front({MARK: mark}), body)


def _section(item: Item) -> str:
    if item.state.name == "open":
        return "Open" if item.is_open else "Withdrawn"
    return "Resolved" if item.state.name == "resolved" else "Not contradictions"


def _render_item(item: Item) -> str:
    reason = f": {escape_markdown(item.reason)}" if item.reason else ""
    lines = [
        f"one: {_render_side(item.one)}",
        f"other: {_render_side(item.other)}",
        f"found by: {item.found_by}{reason}",
    ]
    if item.suggested and item.state == OPEN:
        lines.append(
            f"suggested: keep ^{item.suggested}, the other is superseded: {escape_markdown(item.suggested_why)}"
        )
    stated = list(item.held) or [f"  - {line}" for line in state_lines(item.state)]
    own = [*(f"  - {line}" for line in lines), *stated, *item.notes]
    return f"- {HOW[item.how]} ^{item.id}\n" + "".join(f"{line}\n" for line in own)


def _render_side(side: Side) -> str:
    words, when = escape_markdown(visible(side.statement)), side.published or _UNDATED
    if not side.there:
        return f'{words} (withdrawn: ^{side.claim} of "{escape_markdown(side.page)}", {when})'
    return f"{words} {render_citation(side.page, side.claim, '1')} ({when})"


def read_kept(desk: Desk) -> Kept:
    """Return what stands on the desk's page; nothing where there is none, or where it is no text."""
    try:
        content = (desk.root / PATH).read_bytes()
        return read_items(content.decode("utf-8-sig")) if len(content) <= MAX_BYTES else Kept(is_ours=False)
    except FileNotFoundError:
        return Kept()
    except (OSError, UnicodeDecodeError):
        return Kept(is_ours=False)


def open_contradictions(desk: Desk) -> int:
    """Return how many contradictions of the desk wait for a decision, as its page stands."""
    return sum(item.is_open for item in read_kept(desk).items.values())


def wrong_claims(items: Iterable[Item]) -> frozenset[str]:
    """Return the ids of the claims that somebody found to be wrong: they are no evidence for anything any more."""
    return frozenset(side.claim for item in items if item.state.other == "wrong" and (side := item.loser))


def standing_page(desk: Desk) -> Page | None:
    """Return the page as it stands, None where there is none. Raises DeskError where its frontmatter is broken."""
    try:
        return parse_page((desk.root / PATH).read_bytes().decode("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DeskError(f"{PATH} cannot be read", fix="save it as UTF-8 text") from error
