"""`nightdesk serve` as a process: started on a free port, stopped by a signal."""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.request import urlopen

from starlette.routing import Route

from nightdesk.views.web.app import LaterRoutes, views
from nightdesk.views.web.viewer import Viewer
from tests.desks import environment


@dataclass(frozen=True, slots=True)
class Served:
    """A running server of one desk."""

    url: str  # http://127.0.0.1:PORT/
    root: Path  # of the desk or vault
    process: "subprocess.Popen[str]"
    errors: IO[str]  # what it says on standard error

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rpartition(":")[2])

    def get(self, path: str) -> str:
        """Return the body of a page, by its path without the first slash."""
        with urlopen(self.url + path, timeout=60) as answer:  # noqa: S310  (the address is ours)
            body: bytes = answer.read()
        return body.decode("utf-8")

    @property
    def said(self) -> str:
        """What the server wrote to standard error until now."""
        self.errors.seek(0)
        return self.errors.read()

    def stop(self) -> int:
        """End the server as Ctrl-C does; return its exit code. Harmless when it has ended."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        if self.process.stdout:
            self.process.stdout.close()
        return self.process.wait()


def start_server(desk: Path, *args: str) -> Served:
    """Start `nightdesk serve` on a desk or a vault and wait until it says where; its errors are the failure."""
    errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  (lives as long as the server)
    process = subprocess.Popen(
        [sys.executable, "-m", "nightdesk", "serve", "--port", "0", *args],
        cwd=desk,
        env=environment(desk.parent / "home"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    )
    assert process.stdout
    url = process.stdout.readline().strip()  # an empty line: it has ended
    served = Served(url, desk, process, errors)
    if not url.startswith("http"):
        served.stop()
        raise AssertionError(f"serve did not start: {url!r}\n{served.said}")
    return served


def every_route(viewer: Viewer) -> list[Route]:
    """Return the routes of all views, those that are imported late as well."""
    found: list[Route] = []
    for route in views(viewer):
        of_view = route.router().routes if isinstance(route, LaterRoutes) else [route]
        found += [one for one in of_view if isinstance(one, Route)]
    return found
