"""The viewer as one application: its routes, what goes wrong in them, and what runs beside them."""

import contextlib
import importlib
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Receive, Scope, Send

from nightdesk import __version__
from nightdesk.base.errors import DeskError
from nightdesk.base.pages import short_hash
from nightdesk.views.web import files, headers
from nightdesk.views.web.bell import watch_files
from nightdesk.views.web.viewer import NotReadyError, RefusedError, Viewer
from nightdesk.views.web.wiki import home, listing, pages, previews, sources

_LEAST_ZIPPED = 1_000  # bytes
Routes = Callable[[Viewer], list[Route]]


# What the first page does not need is imported when it is first asked for: it takes longer than all the rest.
LATER = (  # module, and how the addresses of its routes begin
    ("nightdesk.views.web.finding.searching", ("/search", "/api/palette", "/api/search")),
    ("nightdesk.views.web.finding.graph", ("/graph", "/api/graph")),
    ("nightdesk.views.web.lab.labs", ("/lab", "/api/lab")),
    ("nightdesk.views.web.acting.acting", ("/api/work",)),
    ("nightdesk.views.web.acting.asking", ("/ask", "/api/ask")),
    ("nightdesk.views.web.acting.changes", ("/changes", "/api/undo")),
    ("nightdesk.views.web.acting.disputes", ("/contradictions", "/api/contradictions")),
    ("nightdesk.views.web.acting.findings", ("/lint", "/api/mend")),
    ("nightdesk.views.web.acting.history", ("/h",)),
)


class LaterRoutes(BaseRoute):
    """The routes of one view, which is imported when one of them is asked for."""

    def __init__(self, viewer: Viewer, module: str, beginnings: Sequence[str]) -> None:
        self._viewer, self._module = viewer, module
        self._beginnings = tuple(beginnings)
        self._lock = threading.Lock()
        self._router: Router | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Say whether an address is of this view."""
        path = scope["path"] if scope["type"] == "http" else ""
        ours = any(path == beginning or path.startswith(f"{beginning}/") for beginning in self._beginnings)
        return (Match.FULL if ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the view's own routes."""
        await (await run_in_threadpool(self.router))(scope, receive, send)

    def router(self) -> Router:
        """Return the view's routes, imported now where that was not done yet."""
        with self._lock:
            if self._router is None:
                routes: Routes = importlib.import_module(self._module).routes
                self._router = Router(routes(self._viewer))
            return self._router


def views(viewer: Viewer) -> list[BaseRoute]:
    """Return the routes of every view; those of most are made when they are first asked for."""
    at_once: Sequence[Routes] = (
        files.routes,
        home.routes,
        pages.routes,
        sources.routes,
        previews.routes,
        listing.routes,
    )
    later = [LaterRoutes(viewer, module, beginnings) for module, beginnings in LATER]
    return [*later, *(route for routes in at_once for route in routes(viewer))]


def make_app(viewer: Viewer) -> Starlette:
    """Return the application; while it runs it reads the vault, watches it, and rings the bell."""

    async def events(request: Request) -> Response:
        return StreamingResponse(viewer.bell.events(), media_type="text/event-stream", headers=dict(headers.PAGE))

    def not_ready(request: Request, error: Exception) -> Response:
        page = viewer.render("reading.html")
        return Response(page, 503, {**headers.PAGE, "Retry-After": "1"}, media_type="text/html")

    def refused(request: Request, error: Exception) -> Response:
        return viewer.fail(request, error.status if isinstance(error, RefusedError) else 403, str(error))

    def cannot(request: Request, error: Exception) -> Response:
        fix = error.fix if isinstance(error, DeskError) else None
        return viewer.fail(request, 409, error.message if isinstance(error, DeskError) else str(error), fix)

    def http_error(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return viewer.fail(request, status, "there is no such page here" if status == 404 else str(error))

    every = views(viewer)
    return Starlette(
        routes=[Route("/api/events", events), *every],
        middleware=[Middleware(GZipMiddleware, minimum_size=_LEAST_ZIPPED, compresslevel=6)],
        exception_handlers={
            NotReadyError: not_ready,
            RefusedError: refused,
            DeskError: cannot,
            HTTPException: http_error,
        },
        lifespan=lambda app: _beside(viewer, every),
    )


@contextlib.asynccontextmanager
async def _beside(viewer: Viewer, every: Sequence[BaseRoute]) -> AsyncIterator[None]:
    """Keep the catalogue in step with the disk while the application runs."""
    stop = threading.Event()
    thread = threading.Thread(target=_keep, args=(viewer, every, stop), name="catalogue", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        viewer.bell.close()
        thread.join(timeout=3)


def _keep(viewer: Viewer, every: Sequence[BaseRoute], stop: threading.Event) -> None:
    """Read the vault, make ready what will be asked for, then read what changes."""

    def changed(paths: frozenset[str] | None) -> None:
        moved = viewer.keeper.refresh(paths)
        if told := (paths or frozenset()) | moved:
            viewer.bell.ring(told)

    viewer.keeper.load()
    viewer.bell.ready()
    viewer.catalogue.palette("a", limit=1)  # its names are laid out at the first question, which takes a while
    for later in every:
        if isinstance(later, LaterRoutes) and not stop.is_set():
            later.router()
    watch_files(viewer.root, stop, changed)


def static_version(folder: Path) -> str:
    """Return what changes with nightdesk's scripts and styles: a part of their addresses."""
    looks = (f"{file.name} {file.stat().st_mtime_ns}" for file in sorted(folder.rglob("*")) if file.is_file())
    return short_hash("\n".join((__version__, *looks)))[:12]
