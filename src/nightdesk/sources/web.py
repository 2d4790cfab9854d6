"""A page or file on the web as a source: what it is called and what kind it is."""

import io
import re
import zipfile
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from nightdesk.base.errors import DeskError
from nightdesk.base.names import safe_name
from nightdesk.sources.addresses import Resolver, resolve_host
from nightdesk.sources.fetch import FetchPolicy, fetch
from nightdesk.sources.images import image_ending
from nightdesk.sources.kinds import KINDS, TEXTUAL
from nightdesk.sources.pages import Page, read_page
from nightdesk.sources.raw import split_name
from nightdesk.sources.urls import last_segment, parse_url

_ENDINGS = {ending: kind for kind, endings in KINDS.items() for ending in endings}
_ENDING_OF_TYPE = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/x-ipynb+json": ".ipynb",
    "application/x-tex": ".tex",
    "text/x-tex": ".tex",
    "text/x-python": ".py",
}
_ZIP_ENDINGS = {"word/": ".docx", "ppt/": ".pptx", "xl/": ".xlsx", "META-INF/container.xml": ".epub"}
_HTML_START = re.compile(
    rb"\s{0,1000}(?:<!--.{0,1000}?-->\s{0,1000})?<(?:!doctype\s+html|html[\s>])", re.IGNORECASE | re.DOTALL
)

# First parts of a github.com path that are pages of the site, not people.
_NOT_OWNERS = {"about", "apps", "collections", "explore", "features", "login", "marketplace", "orgs", "search"}
_NOT_OWNERS |= {"settings", "site", "sponsors", "stars", "topics", "trending", "users"}


@dataclass(frozen=True, slots=True)
class WebFile:
    """What a URL gave, ready to be placed in raw/."""

    url: str  # as asked for, in one spelling
    final_url: str  # after redirects
    fetched_at: str  # ISO 8601, UTC
    content: bytes
    stem: str  # a safe name without ending
    ending: str  # with its dot
    charset: str | None  # as the server says; HTML may not say it itself
    images: dict[str, str]  # of a page: reference as written -> absolute URL


def fetch_file(url: str, *, policy: FetchPolicy, resolve: Resolver = resolve_host) -> WebFile:
    """Return what is at `url`, named and with the right ending. Raises DeskError."""
    fetched = fetch(url, policy=policy, resolve=resolve)
    if not fetched.content.strip():
        raise DeskError("is empty")
    called = fetched.filename or unquote(last_segment(fetched.url))
    ending = choose_ending(fetched.content, media_type=fetched.media_type, name=called)
    page = Page(None, {})
    if ending == ".html":
        page = read_page(fetched.content, charset=fetched.charset, url=fetched.url)
    stem = page.title or (split_name(called)[0] if split_name(called)[1].lower() in _ENDINGS else called)
    return WebFile(
        url=parse_url(url).url,
        final_url=fetched.url,
        fetched_at=fetched.fetched_at.isoformat(),
        content=fetched.content,
        stem=safe_name(stem),
        ending=ending,
        charset=fetched.charset,
        images=page.images,
    )


def choose_ending(content: bytes, *, media_type: str = "", name: str = "") -> str:
    """Return the ending for content by its first bytes, then its media type, then the name that it came with.

    Raises DeskError for what nightdesk does not read. A PDF that turns out to be a web page is kept as a web page.
    """
    if ending := _ending_of_bytes(content):
        return ending
    named = split_name(name)[1].lower()
    kind = _ENDINGS.get(named)
    if media_type in _ENDING_OF_TYPE:
        return _ENDING_OF_TYPE[media_type]
    if kind in TEXTUAL - {"html"}:  # raw files are often served as text/plain or application/octet-stream
        return named
    if media_type.startswith("text/") or not media_type:
        return ".txt"
    raise DeskError(f"is of no kind that is read ({media_type})")


def _ending_of_bytes(content: bytes) -> str | None:
    if b"%PDF-" in content[:1024] and content.lstrip()[:1] != b"<":
        return ".pdf"
    if _HTML_START.match(content[:5000].removeprefix(b"\xef\xbb\xbf")):
        return ".html"
    if content.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            return None
        return next(
            (ending for member, ending in _ZIP_ENDINGS.items() if any(name.startswith(member) for name in names)), None
        )
    ending = image_ending(content)
    return ending if ending in KINDS["image"] else None


def repository_url(url: str) -> str | None:
    """Return the URL to clone when `url` is a git repository's (https://github.com/owner/name, or any *.git)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    segments = [segment for segment in parts.path.split("/") if segment]
    if parts.scheme not in ("http", "https") or not segments or parts.query:
        return None
    if segments[-1].endswith(".git") and len(segments[-1]) > len(".git"):
        return url.partition("#")[0].rstrip("/")
    on_github = (parts.hostname or "") in ("github.com", "www.github.com")
    if on_github and len(segments) == 2 and segments[0].lower() not in _NOT_OWNERS:
        return f"https://github.com/{segments[0]}/{segments[1]}"
    return None
