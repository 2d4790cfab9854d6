"""Which of two sources supersedes the other: by what frontmatter says, or as a later edition of the same."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from nightdesk.base.desk import Desk
from nightdesk.base.names import name_key
from nightdesk.base.pages import iso_date, load_yaml, split_frontmatter

MAX_FRONT = 64_000  # bytes at the beginning of a file that frontmatter is looked for in
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NEWER, _OLDER = ("supersedes", "replaces"), ("superseded_by", "replaced_by")


@dataclass(frozen=True, slots=True)
class Edition:
    """As much of a source as tells which of two is the later one."""

    page: str  # base name of its page
    raw: str
    text: str  # path of its text
    title: str
    url: str
    published: str


@dataclass(frozen=True, slots=True)
class Later:
    """The source that supersedes the other, how that is known, and whether its maker, or a person, says so."""

    page: str
    why: str
    is_certain: bool


def later_of(desk: Desk, one: Edition, other: Edition, fronts: dict[str, Mapping[str, Any]]) -> Later | None:
    """Return which of two sources supersedes the other, None where nothing says so; `fronts` keeps what was read."""
    if one.raw == other.raw:
        return None
    for new, old in ((one, other), (other, one)):
        said_of_new, said_of_old = _front(desk, new, fronts), _front(desk, old, fronts)
        if _names(said_of_new, _NEWER, old) or _names(said_of_old, _OLDER, new):
            return Later(new.page, f"the frontmatter says that {new.page} supersedes {old.page}", True)
    if not _is_one_document(one, other):
        return None
    dated = sorted(((_date(edition), edition) for edition in (one, other)), key=lambda pair: pair[0])
    if not dated[0][0] or dated[0][0] == dated[1][0] or dated[1][0].startswith(dated[0][0]):
        return None
    new, old = dated[1][1], dated[0][1]
    return Later(new.page, f"{new.page} is a later edition of {old.page}", False)


def _is_one_document(one: Edition, other: Edition) -> bool:
    same_title = bool(one.title) and name_key(one.title) == name_key(other.title)
    return same_title or (bool(one.url) and one.url == other.url)


def _date(edition: Edition) -> str:
    """Return when a source was published, else the date that is written into its name, "" where nothing says."""
    in_name = _DATE.search(PurePosixPath(edition.raw).name)
    return edition.published or (in_name[0] if in_name and iso_date(in_name[0]) else "")


def _front(desk: Desk, edition: Edition, fronts: dict[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    if edition.raw not in fronts:
        found: dict[str, Any] = {}
        for path in (f"wiki/sources/{edition.page}.md", edition.text):  # what a source itself says wins
            try:
                with (desk.root / path).open("rb") as file:
                    beginning = file.read(MAX_FRONT).decode("utf-8", "replace")
            except OSError:
                continue
            values = load_yaml(split_frontmatter(beginning)[0]) if beginning.lstrip("\ufeff").startswith("---") else {}
            found |= {key: values[key] for key in (*_NEWER, *_OLDER) if values.get(key)}
        fronts[edition.raw] = found
    return fronts[edition.raw]


def _names(front: Mapping[str, Any], keys: tuple[str, ...], edition: Edition) -> bool:
    """Say whether frontmatter names a source under one of these keys: by page, title, file or address."""
    wanted = {name_key(name) for name in (edition.page, edition.title) if name}
    name = PurePosixPath(edition.raw).name
    files = {edition.raw, edition.raw.removeprefix("raw/"), name, PurePosixPath(name).stem}
    for given in (text for key in keys for text in _texts(front.get(key))):
        plain = given.strip().removeprefix("[[").removesuffix("]]").partition("|")[0].strip()
        if name_key(plain) in wanted or plain in files or (edition.url and plain == edition.url):
            return True
    return False


def _texts(value: object) -> Iterator[str]:
    """Yield the texts of a value; a link without quotes, [[Name]], is a list in a list in YAML."""
    if isinstance(value, list):
        for entry in value[:20]:
            yield from _texts(entry)
    elif isinstance(value, str):
        yield value
