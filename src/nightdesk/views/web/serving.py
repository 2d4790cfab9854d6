"""The viewer served: opened for a desk or vault, and kept up until it is interrupted."""

import secrets
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import uvicorn

from nightdesk.base.desk import Desk
from nightdesk.views.loopback import HOST
from nightdesk.views.web.app import make_app, static_version
from nightdesk.views.web.bell import Bell
from nightdesk.views.web.files import STATIC
from nightdesk.views.web.gate import Gate
from nightdesk.views.web.urls import ServerUrls
from nightdesk.views.web.viewer import Viewer
from nightdesk.wiki.catalogue.keeper import Keeper

_END_SECONDS = 2  # for answers under way when the server is to end


def open_viewer(root: Path, desk: Desk | None, *, cache_file: Path | None, search_file: Path | None = None) -> Viewer:
    """Return the viewer of a desk, or of a folder of Markdown where `desk` is None. Nothing is read yet."""
    return Viewer(
        root=root.resolve(),
        desk=desk,
        keeper=Keeper(root.resolve(), desk=desk, cache_file=cache_file),
        urls=ServerUrls(static_version(STATIC)),
        bell=Bell(),
        token=secrets.token_urlsafe(32),
        search_file=search_file,
    )


def serve(
    viewer: Viewer,
    listener: socket.socket,
    *,
    host: str = HOST,
    names: Sequence[str] = (),
    password: str | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until interrupted; `ready` is called when requests are answered. `names` are hosts that it is called by."""
    app = Gate(make_app(viewer), port=listener.getsockname()[1], host=host, names=names, password=password)
    config = uvicorn.Config(
        app,
        log_config=None,  # its access log would go to standard output
        access_log=False,
        server_header=False,
        ws="none",
        http="h11",  # one parser everywhere, whatever else is installed
        timeout_graceful_shutdown=_END_SECONDS,
    )
    _Server(config, viewer, ready).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends the streams to open pages first, which would keep it from ending."""

    def __init__(self, config: uvicorn.Config, viewer: Viewer, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._viewer = viewer
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End the streams, then the server."""
        self._viewer.bell.close()
        super().handle_exit(sig, frame)
