"""The viewer as one application: its routes, what goes wrong in them, and what runs beside them."""

import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from nightdesk import __version__
from nightdesk.base.errors import DeskError
from nightdesk.base.pages import short_hash
from nightdesk.views.web import (
    acting,
    asking,
    changes,
    disputes,
    files,
    findings,
    graph,
    headers,
    history,
    home,
    labs,
    listing,
    pages,
    previews,
    searching,
    sources,
)
from nightdesk.views.web.bell import watch_files
from nightdesk.views.web.viewer import NotReadyError, RefusedError, Viewer

_LEAST_ZIPPED = 1_000  # bytes


def all_routes(viewer: Viewer) -> list[Route]:
    """Return the routes of every view."""
    views: Sequence[Callable[[Viewer], list[Route]]] = (
        files.routes,
        home.routes,
        pages.routes,
        sources.routes,
        previews.routes,
        listing.routes,
        searching.routes,
        graph.routes,
        acting.routes,
        history.routes,
        labs.routes,
        changes.routes,
        disputes.routes,
        findings.routes,
        asking.routes,
    )
    return [route for routes in views for route in routes(viewer)]


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

    return Starlette(
        routes=[Route("/api/events", events), *all_routes(viewer)],
        middleware=[Middleware(GZipMiddleware, minimum_size=_LEAST_ZIPPED, compresslevel=6)],
        exception_handlers={
            NotReadyError: not_ready,
            RefusedError: refused,
            DeskError: cannot,
            HTTPException: http_error,
        },
        lifespan=lambda app: _beside(viewer),
    )


@contextlib.asynccontextmanager
async def _beside(viewer: Viewer) -> AsyncIterator[None]:
    """Keep the catalogue in step with the disk while the application runs."""
    stop = threading.Event()
    thread = threading.Thread(target=_keep, args=(viewer, stop), name="catalogue", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        viewer.bell.close()
        thread.join(timeout=3)


def _keep(viewer: Viewer, stop: threading.Event) -> None:
    """Read the vault, then what changes of it."""

    def changed(paths: frozenset[str] | None) -> None:
        moved = viewer.keeper.refresh(paths)
        if told := (paths or frozenset()) | moved:
            viewer.bell.ring(told)

    viewer.keeper.load()
    viewer.bell.ready()
    watch_files(viewer.root, stop, changed)


def static_version(folder: Path) -> str:
    """Return what changes with nightdesk's scripts and styles: a part of their addresses."""
    looks = (f"{file.name} {file.stat().st_mtime_ns}" for file in sorted(folder.rglob("*")) if file.is_file())
    return short_hash("\n".join((__version__, *looks)))[:12]
