"""What every view is given: the desk or vault, its catalogue, the addresses, and how an answer is made."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.views.web import headers
from nightdesk.views.web.acting.works import Works
from nightdesk.views.web.bell import Bell
from nightdesk.views.web.gate import MAX_BODY, TOKEN_HEADER
from nightdesk.views.web.urls import Urls
from nightdesk.wiki.catalogue.catalogue import Catalogue
from nightdesk.wiki.catalogue.keeper import Keeper

Act = Callable[[Mapping[str, Any]], Response]
WAIT_SECONDS = 3.0  # for the first look through the vault, before a page says that it is under way


class NotReadyError(Exception):
    """The vault is still being read."""


class RefusedError(Exception):
    """A request that may not do what it asks for; `status` is HTTP's."""

    def __init__(self, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Viewer:
    """What views share. A static site has other `urls`, no `bell` that rings, and `served` False."""

    root: Path
    desk: Desk | None  # None: a folder of Markdown that is no desk
    keeper: Keeper
    urls: Urls
    bell: Bell
    token: str
    served: bool = True
    search_file: Path | None = None  # where the search index of a vault is kept; a desk has its own place
    known_files: dict[str, Path | None] | None = None  # of a static site: what was looked for, so that it is once
    works: Works = field(default_factory=Works)  # long actions, one after the other

    @property
    def name(self) -> str:
        """What the desk is called: its folder."""
        return self.root.name or "desk"

    @property
    def catalogue(self) -> Catalogue:
        """The pages as they are now. Raises NotReadyError while they are read for the first time."""
        catalogue = self.keeper.catalogue
        if catalogue is None and self.bell.wait_ready(WAIT_SECONDS):
            catalogue = self.keeper.catalogue
        if catalogue is None:
            raise NotReadyError
        return catalogue

    def at(self, urls: Urls) -> Self:
        """Return the viewer with other addresses: those of a static site are relative to each page."""
        return replace(self, urls=urls)

    def render(self, template: str, **values: Any) -> str:
        """Return a template as HTML; it knows `url`, `viewer` and `nav` beside `values`."""
        return templates().get_template(template).render({"url": self.urls, "viewer": self, "nav": "", **values})

    def show(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        """Return a template as the answer, or 304 where the browser has the same already."""
        body = self.render(template, **values).encode("utf-8", "replace")
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if status == 200 and tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={**headers.PAGE, "ETag": tag})
        return HTMLResponse(body, status, {**headers.PAGE, "ETag": tag})

    def fail(self, request: Request, status: int, message: str, fix: str | None = None) -> Response:
        """Return a page (or JSON, below /api/) that says what is wrong and what mends it."""
        if request.url.path.startswith("/api/"):
            return self.json({"error": message, "fix": fix}, status=status)
        return self.show(request, "failed.html", status=status, message=message, fix=fix, code=status)

    def json(self, value: Any, *, status: int = 200) -> Response:
        """Return a value as JSON; the name of a file may be any bytes, and what is no text of it is replaced."""
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return Response(text.encode("utf-8", "replace"), status, headers.PAGE, media_type="application/json")

    def act(self, request: Request) -> None:
        """Raise RefusedError unless the request carries the token that only this server's own pages hold."""
        # compared as bytes: a header may hold what is no ASCII
        given = request.headers.get(TOKEN_HEADER, "").encode("latin-1", "replace")
        if request.method != "POST" or not _same(given, self.token.encode()):
            raise RefusedError("The page is out of date, or this request is not its own: load the page again.")

    def action(self, handle: Act) -> Callable[[Request], Any]:
        """Return an endpoint that checks the token, reads a JSON object, and has `handle` act on it in a thread."""

        async def endpoint(request: Request) -> Response:
            self.act(request)
            return await run_in_threadpool(handle, await read_object(request))

        return endpoint


async def read_object(request: Request) -> Mapping[str, Any]:
    """Return the JSON object that a request carries. Raises RefusedError for anything else."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise RefusedError("The request is too large.", 413)
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RefusedError("The request is no JSON.", 400) from error
    if not isinstance(value, dict):
        raise RefusedError("The request is no JSON object.", 400)
    return value


def given_text(given: Mapping[str, Any], key: str, *, most: int = 10_000) -> str:
    """Return a text of a request, "" for none. Raises DeskError for what is no text, or too long."""
    value = given.get(key, "")
    if not isinstance(value, str) or len(value) > most:
        raise DeskError(f"{key} is no text of at most {most:,} characters")
    return value.strip()


def _same(given: bytes, wanted: bytes) -> bool:
    return secrets.compare_digest(given, wanted)  # in a time that tells nothing of how much of it was right


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Return the environment of the templates: what they show is escaped, and a name that is missing is an error."""
    environment = Environment(
        loader=PackageLoader("nightdesk.views.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(json=_json, number=_number, ago=_ago, day=_day, sentence=_sentence)
    environment.globals.update(sections=sections)
    return environment


def sections(viewer: Viewer, url: Urls) -> list[tuple[str, str, str]]:
    """Return the sections of the viewer: key, label and address; those that are not there have no address."""
    names = [("graph", "Graph"), ("changes", "Changes"), ("lint", "Lint")]
    if viewer.desk is not None:
        names = [("ask", "Ask"), *names, ("contradictions", "Contradictions")]
    listed = [("wiki", "Wiki", url.home()), *((key, label, url.view(key)) for key, label in names)]
    if viewer.desk is not None:
        listed.append(("lab", "Lab", url.lab()))
    return [section for section in listed if section[2]]


def _sentence(text: str) -> str:
    """Return a message as a sentence: a capital, and a full stop where it ends without one."""
    return (text[:1].upper() + text[1:]).rstrip(".") + "." if text else ""


def _json(value: Any) -> Markup:
    """Return a value as JSON that may stand in a script element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704  # every character that is markup is escaped above


def _number(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def _ago(seconds: float) -> str:
    """Return how long ago a time was, in words; `seconds` since the epoch."""
    past = max(0.0, datetime.now(UTC).timestamp() - seconds)
    for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if past >= length:
            count = int(past // length)
            return (
                f"{count} {name}{'' if count == 1 else 's'} ago" if name != "day" or count < 30 else _day(seconds)[:10]
            )
    return "just now"
