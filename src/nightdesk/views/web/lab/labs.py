"""The labs in the browser: all of them, a night as it happens, an experiment, two of them side by side."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from nightdesk.base.errors import DeskError
from nightdesk.lab.labs import Lab
from nightdesk.views.web import headers
from nightdesk.views.web.lab.pages import experiment_page, lab_page, labs_page, pair_page
from nightdesk.views.web.lab.shelf import Shelf, look_at, read_experiment
from nightdesk.views.web.lab.state import now_of, state_of
from nightdesk.views.web.viewer import Viewer

LOOK_SECONDS = 0.5  # between two looks at a lab whose page is open
_QUIET_LOOKS = 30  # after which a stream says that it is still there

Found = Callable[[Request, Lab], Response]


def routes(viewer: Viewer) -> list[Route]:
    """Return the routes of the labs."""
    shelf = Shelf(viewer.root, viewer.desk)

    def of_lab(answer: Found) -> Callable[[Request], Response]:
        def endpoint(request: Request) -> Response:
            lab = shelf.lab(request.path_params["name"])
            return answer(request, lab) if lab else viewer.fail(request, 404, "there is no such lab here")

        return endpoint

    def all_labs(request: Request) -> Response:
        return viewer.show(request, "labs.html", nav="lab", **labs_page(shelf))

    def one(request: Request, lab: Lab) -> Response:
        return viewer.show(request, "lab.html", nav="lab", **lab_page(viewer, shelf, lab, _query(request)))

    def experiment(request: Request, lab: Lab) -> Response:
        found = read_experiment(lab, request.path_params["number"])
        if found is None:
            return viewer.fail(request, 404, "there is no such experiment in this lab")
        return viewer.show(request, "lab_experiment.html", nav="lab", **experiment_page(shelf, lab, found))

    def pair(request: Request, lab: Lab) -> Response:
        numbers = [_number(request.query_params.get(name, "")) for name in "ab"]
        a, b = (None if number is None else read_experiment(lab, number) for number in numbers)
        if a is None or b is None:
            raise DeskError(
                "two experiments of this lab are compared by their numbers", fix="choose two that are there"
            )
        return viewer.show(request, "lab_compare.html", nav="lab", **pair_page(shelf, lab, a, b))

    def state(request: Request, lab: Lab) -> Response:
        return viewer.json(state_of(shelf.read(lab), request.query_params.get("tag", "")))

    def events(request: Request, lab: Lab) -> Response:
        stream = lab_events(lab, lambda: shelf.read(lab).rev, lambda: viewer.bell.closed)
        return StreamingResponse(stream, media_type="text/event-stream", headers=dict(headers.PAGE))

    return [
        Route("/lab", all_labs),
        Route("/lab/{name}", of_lab(one)),
        Route("/lab/{name}/compare", of_lab(pair)),
        Route("/lab/{name}/{number:int}", of_lab(experiment)),
        Route("/api/lab/{name}/state", of_lab(state)),
        Route("/api/lab/{name}/events", of_lab(events)),
    ]


async def lab_events(
    lab: Lab, rev: Callable[[], str], closed: Callable[[], bool], *, pause: float = LOOK_SECONDS
) -> AsyncIterator[str]:
    """Yield what happens in a lab until `closed`, as server-sent events.

    `hello` with the ledger's revision comes first; then `ledger` where experiments changed, and `now` with the run at
    work (null: none) where that did.
    """
    ledger = (await run_in_threadpool(look_at, lab))[0]  # before the revision is read, so that nothing falls between
    work: object = None
    now: Mapping[str, Any] | None = None
    quiet = 0
    yield f"retry: 1000\nevent: hello\ndata: {json.dumps({'rev': await run_in_threadpool(rev)})}\n\n"
    while not closed():
        seen = await run_in_threadpool(look_at, lab)
        told = ""
        if seen[0] != ledger:
            told += "event: ledger\ndata: {}\n\n"
        # a session that was killed leaves its file: whether its process lives is asked anew each time
        if seen[1] != work or now is not None:
            fresh = await run_in_threadpool(now_of, lab)
            if fresh != now or work is None:
                told += f"event: now\ndata: {json.dumps(fresh, ensure_ascii=False)}\n\n"
            now = fresh
        ledger, work = seen
        quiet = 0 if told else quiet + 1
        if told:
            yield told
        elif quiet >= _QUIET_LOOKS:
            quiet = 0
            yield ": still here\n\n"
        await asyncio.sleep(pause)


def _query(request: Request) -> dict[str, str]:
    return {key: value[:300] for key, value in request.query_params.items()}


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
