"""A page as a file: frontmatter and body, and the hash by which nightdesk knows its own work from a person's."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from nightdesk.base.errors import DeskError

MARK = "nightdesk"  # the frontmatter key that holds our hashes
_FENCE = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_HASH_DIGITS = 32  # 128 bits, in hexadecimal
_MAX_DEPTH = 100  # levels of YAML in YAML; libyaml's readers crash the whole process somewhere above 5,000
_MAX_ALIASES = 10  # in one mapping: three aliases of three, and so on, make a few bytes into gigabytes
_MAYBE_DEEP = re.compile(r"^[-? :]{100}|(?:[\[{][^\[{]*){100}", re.MULTILINE)
_COMMENT = re.compile(r"[ \t]*(?:#.*)?\n?")


@dataclass(frozen=True, slots=True)
class Page:
    """A Markdown file taken apart. `front` holds each top-level key's own lines, comments above it included."""

    front: Mapping[str, str]
    body: str

    def value(self, key: str) -> Any:
        """Return the value of a frontmatter key, None where it is absent."""
        return load_yaml(self.front[key]).get(key) if key in self.front else None

    @property
    def text(self) -> str:
        """The whole file."""
        return f"---\n{''.join(self.front.values())}---\n{self.body}" if self.front else self.body

    @property
    def content_hash(self) -> str:
        """The hash of all that stands on the page but the mark itself."""
        lines = "".join(text if key != MARK else "".join(_around_mark(text)) for key, text in self.front.items())
        return short_hash(f"{lines}---\n{self.body}")

    @property
    def made_from(self) -> str | None:
        """The recorded hash of what the page was made from, None for a page that nightdesk did not write."""
        return _text_or_none(self._mark().get("made_from"))

    @property
    def written(self) -> str | None:
        """The recorded content hash of the version that nightdesk wrote last."""
        return _text_or_none(self._mark().get("content"))

    @property
    def hand_in(self) -> str | None:
        """The recorded hash of the task that an AI's work on this page was accepted for, None for built-in work."""
        return _text_or_none(self._mark().get("hand_in"))

    @property
    def edited(self) -> bool:
        """Whether the page differs from what nightdesk wrote last."""
        return self.written != self.content_hash

    def _mark(self) -> Mapping[str, Any]:
        mark = self.value(MARK)
        return mark if isinstance(mark, dict) else {}


def short_hash(text: str) -> str:
    """Return the first 128 bits of the SHA-256 of `text`, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]


def parse_page(text: str) -> Page:
    """Take a file's text apart; line ends become "\\n". Raises DeskError where the frontmatter is no YAML mapping."""
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    fence = _FENCE.match(text)
    if not fence:
        return Page({}, text)
    front = _segments(fence.group(1))
    return Page(front, text[fence.end() :]) if front else Page({}, text)


def split_frontmatter(text: str) -> tuple[str, str]:
    """Return the lines between the fences ("" where there are none) and the body, without reading the YAML."""
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    fence = _FENCE.match(text)
    return (fence.group(1), text[fence.end() :]) if fence else ("", text)


def _segments(front: str) -> dict[str, str]:
    """Cut frontmatter into the lines of each top-level key, so that a key can be replaced and no other line moves."""
    try:
        _refuse_hostile(front)
        node = yaml.compose(front, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 2}" if mark else ""
        raise DeskError(f"the frontmatter is not valid YAML{place}", fix="mend it by hand") from error
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        raise DeskError("the frontmatter is not a list of keys and values", fix="mend it by hand")
    lines = front.splitlines(keepends=True)
    starts = [key.start_mark.line for key, _ in node.value]
    names = [str(key.value) for key, _ in node.value]
    if len(set(names)) < len(names):
        raise DeskError("the frontmatter has a key twice", fix="mend it by hand")
    cuts = [0]
    for start, (_, above) in zip(starts[1:], node.value, strict=False):
        cut, last = start, _last_line(above)
        while cut - 1 > last and lines[cut - 1].startswith("#"):
            cut -= 1  # a comment belongs to the key below it; an indented one to the list or text above
        cuts.append(cut)
    ends = [*cuts[1:], len(lines)]
    return {name: "".join(lines[a:b]) for name, a, b in zip(names, cuts, ends, strict=True)}


def _last_line(node: yaml.Node) -> int:
    """Return the number of the last line that a value stands on."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    # a block text ends where the next line begins, all else behind its own last character
    return int(node.end_mark.line) - (1 if node.end_mark.column == 0 else 0)


def _around_mark(lines: str) -> tuple[str, str]:
    """Return the comments above and below the mark: a person's, so they are content."""
    parts = lines.splitlines(keepends=True)
    first = next((n for n, line in enumerate(parts) if not _COMMENT.fullmatch(line)), len(parts))
    last = next((n for n in range(len(parts), first, -1) if not _COMMENT.fullmatch(parts[n - 1])), first)
    return "".join(parts[:first]), "".join(parts[last:])


def render_front(values: Mapping[str, Any]) -> dict[str, str]:
    """Return frontmatter lines for `values`, key by key in their order; None and empty lists are left out."""
    return {
        key: dump_yaml({key: value}) for key, value in values.items() if value is not None and value not in ([], {})
    }


def make_page(values: Mapping[str, Any], body: str, *, made_from: str, hand_in: str | None = None) -> Page:
    """Return a page of nightdesk's own making, marked with its hashes."""
    front = render_front(values)
    content = Page(front, body).content_hash
    return Page(front | render_front({MARK: _mark(made_from, content, hand_in)}), body)


def with_mark(page: Page, *, like: Page, written: str | None = None) -> Page:
    """Return `page` marked as having been offered the version `like`; comments around the mark stay.

    `written` is given where the content hash of that version is another than the one that it bears.
    """
    mark = render_front({MARK: _mark(like.made_from or "", written or like.written or "", like.hand_in)})[MARK]
    above, below = _around_mark(page.front.get(MARK, ""))
    return Page({**page.front, MARK: above + mark + below}, page.body)


def _mark(made_from: str, content: str, hand_in: str | None) -> dict[str, str]:
    return {"made_from": made_from, "content": content} | ({"hand_in": hand_in} if hand_in else {})


def merge_fronts(*, ours: Page, base: Page, theirs: Page) -> dict[str, str]:
    """Merge frontmatter key by key: a person's change (`ours` against `base`) wins, lists keep both sides' changes."""
    merged: dict[str, str] = {}
    for key in [*theirs.front, *(key for key in ours.front if key not in theirs.front)]:
        mine, was, new = ours.front.get(key), base.front.get(key), theirs.front.get(key)
        if mine == was:
            chosen = new
        elif new == was:
            chosen = mine
        else:
            chosen = _merge_lists(key, ours, base, theirs) or mine
        if chosen is not None:
            merged[key] = chosen
    return merged


def _merge_lists(key: str, ours: Page, base: Page, theirs: Page) -> str | None:
    mine, was, new = ours.value(key), base.value(key) or [], theirs.value(key)
    if not (isinstance(mine, list) and isinstance(was, list) and isinstance(new, list)):
        return None
    kept = [item for item in new if item in mine or item not in was]
    comments = re.match(r"(?:#.*\n|[ \t]*\n)*", ours.front[key])
    lines = dump_yaml({key: kept + [item for item in mine if item not in was and item not in kept]})
    return (comments.group() if comments else "") + lines


def dump_yaml(values: Mapping[str, Any]) -> str:
    """Return `values` as block YAML, keys in their order, Unicode as it is."""
    options: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 2**20, "default_flow_style": False}
    return str(yaml.dump(dict(values), Dumper=_Dumper, **options))


def load_yaml(text: str) -> dict[str, Any]:
    """Return the mapping that `text` holds by YAML 1.2's core rules ("no" is a text), {} for anything else."""
    try:
        _refuse_hostile(text)
        values = yaml.load(text, Loader=_Loader)  # noqa: S506 - _Loader is a SafeLoader
    except (yaml.YAMLError, ValueError, TypeError):  # TypeError: a list as a key
        return {}
    return values if isinstance(values, dict) else {}


def _refuse_hostile(text: str) -> None:
    """Raise YAMLError for what would crash the reader or grow without end: deep nests, aliases of aliases, loops."""
    if not (_MAYBE_DEEP.search(text) or ("&" in text and "*" in text)):
        return
    opened: list[str | None] = []
    aliases = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            opened.append(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            opened.pop()
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
            if event.anchor in opened or aliases > _MAX_ALIASES:
                raise yaml.YAMLError("too many aliases")
        if len(opened) > _MAX_DEPTH:
            raise yaml.YAMLError("too deep")


def iso_date(value: object) -> date | None:
    """Return a date from a frontmatter value (a date, or a text that starts with one), None for anything else."""
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    try:
        return date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        return None


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader that follows YAML 1.2 where 1.1 surprises: yes, no, on, off and 12:30 are texts."""


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """A safe dumper that never writes anchors, which readers of frontmatter do not know."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _core_resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    core = {
        "tag:yaml.org,2002:bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
        "tag:yaml.org,2002:int": (r"^[-+]?[0-9]+$", "-+0123456789"),
        "tag:yaml.org,2002:float": (r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
        "tag:yaml.org,2002:null": (r"^(?:~|null|Null|NULL|)$", "~nN\0"),
        "tag:yaml.org,2002:timestamp": (r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "0123456789"),
    }
    resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for tag, (pattern, firsts) in core.items():
        for first in firsts:
            resolvers.setdefault("" if first == "\0" else first, []).append((tag, re.compile(pattern)))
    return resolvers


_Loader.yaml_implicit_resolvers = _core_resolvers()
for _tag, _pattern, _firsts in (
    # PyYAML writes bare what only YAML 1.2 takes for a number (1e5, 08, 0o17): a hash of that form would become one
    ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$|^0o[0-7]+$", "-+0123456789"),
    ("tag:yaml.org,2002:float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
):
    _Dumper.add_implicit_resolver(_tag, re.compile(_pattern), list(_firsts))


def _construct_int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(node.value)  # decimal also with a leading zero, as in YAML 1.2


def _construct_date(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> date | str:
    try:
        return date.fromisoformat(node.value)
    except ValueError:
        return str(node.value)  # 2025-13-45 looks like a date and is none


_Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _construct_date)
