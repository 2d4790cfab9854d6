"""What a source's text refers to: DOIs, arXiv ids, addresses, and titles in its list of references."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from nightdesk.base.errors import DeskError
from nightdesk.sources.urls import parse_url

MAX_LINE = 20_000  # characters of a line that are looked at
MAX_REFERENCES = 3_000  # of one text
MAX_TITLE = 300
_DOI = re.compile(r"(?<![\w.])10\.\d{4,9}/[^\s\"'<>\[\]{}|\\^`]{1,300}")
_ARXIV = re.compile(r"(?:\barxiv\.org/(?:abs|pdf|html)/|\barXiv:\s?)(\d{4}\.\d{4,5})(?:v\d+)?", re.IGNORECASE)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(\d{4}\.\d{4,5})", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s\"'<>\[\]{}|\\^`]{3,2000}", re.IGNORECASE)
_LINKED = re.compile(r"(?<!!)\[([^\[\]\n]{4,300})\]\((https?://[^\s()<>]{3,2000})[^()\n]{0,300}\)")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.{1,200})")
_REFERENCES = re.compile(
    r"(?:\d[\d.]*\s*)?(?:references|bibliography|literature(?: cited)?|works cited|further reading"
    r"|literatur(?:verzeichnis)?|quellen|références|bibliographie|参考文献|文献)\W*",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“\"„«]([^“”\"„«»]{10,300})[”\"“»]|\*([^*]{15,300})\*|_([^_]{15,300})_")
_MIN_TITLE_WORDS = 3
_NO_SOURCE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|ico|css|js|woff2?|mp4|zip|tar|gz)$", re.IGNORECASE)
_NOBODYS = re.compile(r"(?:.*\.)?(?:example\.(?:com|org|net)|localhost|local|test|invalid|internal)$|[\d.]+$|\[")
_TRACKING = re.compile(r"(?:utm_\w+|fbclid|gclid|ref|ref_src)=[^&]*&?")


@dataclass(slots=True)
class Reference:
    """One thing that a text refers to."""

    key: str  # "doi:…", "arxiv:…", "url:…", "title:…": what two spellings of one thing share
    url: str  # to fetch it from, "" for a title
    title: str  # as the text calls it, "" where it does not
    lines: list[int] = field(default_factory=list)  # the first places, 1-based
    count: int = 0


def find_references(text: str) -> list[Reference]:
    """Return what a text refers to, in its order, at most MAX_REFERENCES; repeated places are counted."""
    found: dict[str, Reference] = {}
    in_list = False
    for number, whole in enumerate(text.split("\n"), 1):
        line = whole[:MAX_LINE]
        if heading := _HEADING.match(line):
            in_list = _REFERENCES.fullmatch(heading[1].strip()) is not None
        seen = False
        for key, url, title in _in_line(line):
            seen = True
            _count(found, key, url, title, number)
        if in_list and not seen and (title := _listed_title(line)):
            _count(found, title_key(title), "", title, number)
    return list(found.values())


def _count(found: dict[str, Reference], key: str, url: str, title: str, line: int) -> None:
    if key not in found and len(found) >= MAX_REFERENCES:
        return
    one = found.setdefault(key, Reference(key, url, title))
    one.title = one.title or title
    one.count += 1
    if len(one.lines) < 3 and line not in one.lines:
        one.lines.append(line)


def _in_line(line: str) -> Iterator[tuple[str, str, str]]:
    """Yield key, address and title of each reference of a line once."""
    if "10." not in line and "://" not in line and "rxiv" not in line.lower():
        return
    titles = {key: found[1].strip() for found in _LINKED.finditer(line) if (key := key_of(found[2]))}
    keys: dict[str, None] = {}
    for found in _ARXIV.finditer(line):
        keys[f"arxiv:{found[1]}"] = None
    for found in _DOI.finditer(line):
        if key := _doi_key(found[0]):
            keys[key] = None
    for found in _URL.finditer(line):
        if key := key_of(found[0]):
            keys[key] = None
    for key in keys:
        yield key, address_of(key), "" if "://" in titles.get(key, "") else titles.get(key, "")


def key_of(url: str) -> str:
    """Return the key of what is at an address, "" where it is nothing to fetch or to call a source."""
    url = _trimmed(url)
    if arxiv := _ARXIV.search(url):
        return f"arxiv:{arxiv[1]}"
    if doi := _DOI.search(url):
        return _doi_key(doi[0])
    try:
        parts = urlsplit(parse_url(url).url)
    except (DeskError, ValueError):
        return ""
    host = (parts.hostname or "").removeprefix("www.")
    if "." not in host or _NOBODYS.match(host) or _NO_SOURCE.search(parts.path):
        return ""
    query = _TRACKING.sub("", parts.query).strip("&")
    path = parts.path.rstrip("/")
    return f"url:{parts.netloc.removeprefix('www.')}{path}{f'?{query}' if query else ''}"


def address_of(key: str) -> str:
    """Return where to fetch what a key means, "" for a title."""
    kind, _, rest = key.partition(":")
    return {"doi": f"https://doi.org/{rest}", "arxiv": f"https://arxiv.org/abs/{rest}", "url": f"https://{rest}"}.get(
        kind, ""
    )


def host_of(key: str) -> str:
    """Return the host of an address' key, "" for other keys."""
    return key.removeprefix("url:").partition("/")[0].partition("?")[0] if key.startswith("url:") else ""


def title_key(title: str) -> str:
    """Return the key of a title: its words."""
    return "title:" + " ".join(re.findall(r"\w+", title.casefold()))


def _doi_key(found: str) -> str:
    doi = _trimmed(found).rstrip("*_").lower()
    if arxiv := _ARXIV_DOI.match(doi):
        return f"arxiv:{arxiv[1]}"
    return f"doi:{doi}" if len(doi.partition("/")[2]) > 1 else ""


def _trimmed(found: str) -> str:
    """Return an address without the punctuation of the sentence that it stands in."""
    found = found.rstrip(".,;:!?*'\"")
    while found.endswith(")") and found.count(")") > found.count("("):
        found = found[:-1].rstrip(".,;:!?*'\"")
    return found.partition("#")[0]


def _listed_title(line: str) -> str:
    """Return the title in an entry of a list of references, "" where none is marked as one."""
    found = _QUOTED.search(line)
    title = " ".join(next(filter(None, found.groups())).strip(" .,").split()) if found else ""
    return title[:MAX_TITLE] if len(title.split()) >= _MIN_TITLE_WORDS else ""
