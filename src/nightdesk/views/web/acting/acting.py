"""How pages follow a long action: it is begun by a request, told of by others, and its end is told once."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nightdesk.views.web.acting.works import Act, Work
from nightdesk.views.web.viewer import Viewer


def routes(viewer: Viewer) -> list[Route]:
    """Return the route of actions that are under way, or just done."""

    def told(request: Request) -> Response:
        work = viewer.works.find(request.path_params["id"])
        return _told(viewer, work) if work else viewer.fail(request, 404, "this action is not known any more")

    return [Route("/api/work/{id}", told)]


def begin(viewer: Viewer, key: str, act: Act) -> Response:
    """Begin an action (once, however often it is asked for while it is not done) and say where it is told of."""
    return _told(viewer, viewer.works.begin(key, act))


def _told(viewer: Viewer, work: Work) -> Response:
    return viewer.json(work.document | {"at": viewer.urls.api("work", work.id)})
