"""The files of a vault and of nightdesk itself, as bytes: what may be shown, and as what."""

import mimetypes
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from nightdesk.views.web import headers
from nightdesk.views.web.viewer import Viewer

STATIC = Path(__file__).parent / "static"
FRAMES = ("mermaid.html",)  # static pages that are shown in a frame
_SHOWN_FOLDERS = ("raw", "text", "wiki", "ideas", "lab", "exports")  # of a desk; a vault shows all that is not hidden
# what a browser shows and does not run; anything else that is text is shown as plain text, and the rest is saved
_IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".svg": "image/svg+xml",  # in a sandbox by its headers, and without scripts in an <img>
}
_MEDIA = {".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".wav": "audio/wav", ".mp4": "video/mp4", ".webm": "video/webm"}
_STATIC_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}


def routes(viewer: Viewer) -> list[Route]:
    """Return the routes of files."""

    def shown(request: Request) -> Response:
        file = vault_file(viewer, request.path_params["path"])
        return _answer(file) if file else viewer.fail(request, 404, "there is no such file here")

    def static(request: Request) -> Response:
        file = _below(STATIC, request.path_params["name"])
        kind = _STATIC_TYPES.get(file.suffix) if file else None
        if file is None or kind is None:
            return viewer.fail(request, 404, "there is no such file here")
        host = f"{request.url.scheme}://{request.headers['host']}"
        sent = headers.frame(host) if file.name in FRAMES else headers.STATIC
        return FileResponse(file, headers=dict(sent), media_type=kind)

    return [Route("/f/{path:path}", shown), Route("/static/{version}/{name:path}", static)]


def vault_file(viewer: Viewer, path: str) -> Path | None:
    """Return a file of the vault that may be shown, None where it is not there, hidden, or a link out of its folder."""
    known = viewer.known_files
    if known is None:
        return _look(viewer, path)
    if path not in known:
        known[path] = _look(viewer, path)
    return known[path]


def _look(viewer: Viewer, path: str) -> Path | None:
    parts = PurePosixPath(path).parts
    if not may_be_shown(viewer, path):
        return None
    # raw/ itself may be a link to where a person keeps their papers; within it no link leads out
    linked = viewer.desk is not None and parts[0] == "raw"
    return _below(viewer.root / "raw", "/".join(parts[1:])) if linked else _below(viewer.root, path)


def may_be_shown(viewer: Viewer, path: str) -> bool:
    """Say whether pages show a file of this path, there or gone: nothing hidden, and no settings of the desk."""
    parts = PurePosixPath(path).parts
    if not parts or any(part.startswith(".") for part in parts):
        return False
    return viewer.desk is None or parts[0] in _SHOWN_FOLDERS


def _below(folder: Path, path: str) -> Path | None:
    if "\0" in path or "\\" in path or path.startswith("/"):
        return None
    file = folder / path
    try:
        real = file.resolve().relative_to(folder.resolve())
        return file if file.is_file() and not any(part.startswith(".") for part in real.parts) else None
    except ValueError:
        return None  # a link out of the folder
    except OSError:  # a name that is too long, a folder that may not be entered
        return None


def _answer(file: Path) -> Response:
    suffix = file.suffix.lower()
    sent: Mapping[str, str] = headers.FILE
    if suffix == ".pdf":
        kind, sent = "application/pdf", headers.PDF
    elif suffix in _IMAGES or suffix in _MEDIA:
        kind = _IMAGES.get(suffix) or _MEDIA[suffix]
    elif _is_text(file):
        kind = "text/plain; charset=utf-8"
    else:
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        name = os.fsencode(file.name).decode("utf-8", "replace")
        return FileResponse(file, headers=dict(sent), media_type=kind, filename=name)
    return FileResponse(file, headers=dict(sent), media_type=kind)


def _is_text(file: Path) -> bool:
    with file.open("rb") as opened:
        head = opened.read(4_096)
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4  # cut within a character
    return True
