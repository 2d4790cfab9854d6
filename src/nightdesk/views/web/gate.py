"""Who may talk to the viewer: this machine's own pages, or whoever has the password where it listens elsewhere."""

import hashlib
import ipaddress
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from nightdesk.views.loopback import HOST, headers_of
from nightdesk.views.web import headers

TOKEN_HEADER = "x-nightdesk-token"  # noqa: S105  # its name, not a token
MAX_BODY = 1_000_000  # bytes of a request
_LOGIN = "/login"
_COOKIE = "nightdesk"
_WRONG_SECONDS = 1.0  # that a wrong password costs, one after the other
_METHODS = ("GET", "HEAD", "POST")
_PUBLIC = ("/static/",)  # nightdesk's own scripts and styles: nothing of the desk is in them
_LOGIN_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>nightdesk</title>
<meta name="viewport" content="width=device-width"><main><h1>nightdesk</h1>
<form method="post"><label>Password <input type="password" name="password" autofocus required
autocomplete="current-password"></label> <button>Open</button></form>{message}</main></html>"""


class Gate:
    """Lets a request through only where it calls this server by its name and comes from no foreign page.

    The two together keep web pages out that reach 127.0.0.1 through a browser, also by DNS rebinding. With a password
    a request must carry the cookie that the password was given for.
    """

    def __init__(
        self, app: ASGIApp, *, port: int, host: str = HOST, names: Sequence[str] = (), password: str | None = None
    ) -> None:
        self._app = app
        self._port = port
        self._elsewhere = host != HOST
        self._hosts = {f"{name}:{port}" for name in (HOST, "localhost", "[::1]", *names)}
        self._password = password
        self._session = secrets.token_urlsafe(32)
        self._wrong = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a refusal, or pass the request on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        if scope["type"] != "http":
            return  # a WebSocket: closed unanswered
        given = headers_of(scope)
        answer: ASGIApp | None = self._refusal(scope, given)
        if answer is None and self._password is not None and not self._may_enter(scope, given):
            answer = self._login
        await (answer or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope, given: Mapping[str, list[str]]) -> Response | None:
        hosts = given.get("host", [])
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return _refused("This server answers to its own name only.", 421)
        own = {f"{scheme}://{hosts[0]}" for scheme in ("http", "https")}
        if any(origin not in own for origin in given.get("origin", [])) and not _is_public(scope):
            return _refused("Requests from other web pages are refused.", 403)
        if _is_foreign(scope, given) and not _is_public(scope):
            return _refused("Requests from other web pages are refused.", 403)
        if scope["method"] not in _METHODS:
            return _refused("Only GET, HEAD and POST are understood.", 405)
        lengths = given.get("content-length", ["0"])
        if not lengths[0].isdecimal() or int(lengths[0]) > MAX_BODY:
            return _refused("The request is too large.", 413)
        return None

    def _is_ours(self, host: str) -> bool:
        """Say whether a `Host` is this server: its names, and elsewhere than on loopback any address in digits."""
        if host.lower() in self._hosts:
            return True
        name, _, port = host.rpartition(":")
        if not self._elsewhere or port != str(self._port):
            return False
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True

    def _may_enter(self, scope: Scope, given: Mapping[str, list[str]]) -> bool:
        return _is_public(scope) or any(secrets.compare_digest(self._session, c) for c in _cookies(given))

    async def _login(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        message = ""
        if request.method == "POST" and request.url.path == _LOGIN:
            if await self._is_right(request):
                answer: Response = RedirectResponse("/", 303)
                answer.set_cookie(_COOKIE, self._session, httponly=True, samesite="strict", path="/")
                await answer(scope, receive, send)
                return
            message = "<p role=alert>That is not the password.</p>"
        elif request.url.path != _LOGIN:
            answer = (
                RedirectResponse(_LOGIN, 303)
                if request.method == "GET" and not request.url.path.startswith("/api/")
                else _refused("Log in first.", 401)
            )
            await answer(scope, receive, send)
            return
        page = HTMLResponse(_LOGIN_PAGE.format(message=message), 401 if message else 200, headers.PAGE)
        await page(scope, receive, send)

    async def _is_right(self, request: Request) -> bool:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > 10_000:
                return False
        given = parse_qs(body.decode("utf-8", "replace")).get("password", [""])[0]
        # imported here: only a server with a password needs threads of its own
        from starlette.concurrency import run_in_threadpool  # noqa: PLC0415

        return await run_in_threadpool(self._compare, given)

    def _compare(self, given: str) -> bool:
        """Compare in a time that tells nothing; wrong ones wait their turn: guessing in parallel gains nothing."""
        digests = [hashlib.sha256(text.encode()).digest() for text in (given, self._password or "")]
        if secrets.compare_digest(*digests):
            return True
        with self._wrong:
            time.sleep(_WRONG_SECONDS)
        return False


def _is_foreign(scope: Scope, given: Mapping[str, list[str]]) -> bool:
    """Say whether a browser tells that another site's page makes this request; to follow a link to here is fine."""
    sites = given.get("sec-fetch-site", [])
    if all(site in ("same-origin", "none") for site in sites):
        return False
    follows_link = given.get("sec-fetch-mode") == ["navigate"] and given.get("sec-fetch-dest") == ["document"]
    return not (follows_link and scope["method"] in ("GET", "HEAD"))


def _is_public(scope: Scope) -> bool:
    return scope["method"] in ("GET", "HEAD") and scope["path"].startswith(_PUBLIC)


def _cookies(given: Mapping[str, list[str]]) -> list[str]:
    found = []
    for header in given.get("cookie", []):
        try:
            jar = SimpleCookie(header)
        except CookieError:
            continue
        found += [jar[_COOKIE].value] if _COOKIE in jar and jar[_COOKIE].value.isascii() else []
    return found


def _refused(message: str, status: int) -> Response:
    return PlainTextResponse(message + "\n", status, headers.COMMON)
