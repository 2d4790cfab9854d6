"""Where the images of a source are loaded from: the web, or the folder that it came from."""

import re
import time
from dataclasses import replace
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.sources.addresses import HostError, Resolver, resolve_host
from nightdesk.sources.fetch import FetchPolicy, fetch
from nightdesk.sources.images import MAX_IMAGE_BYTES, Loader, image_ending, relative_path
from nightdesk.sources.urls import parse_url

MAX_SECONDS = 120.0  # for all images of one source


def from_web(policy: FetchPolicy, *, unreachable: dict[str, str], resolve: Resolver = resolve_host) -> Loader:
    """Return a loader of http(s) URLs for the images of one source.

    A host that cannot be reached is kept in `unreachable`, with the reason, and not tried again.
    """
    deadline = time.monotonic() + MAX_SECONDS

    def load(address: str) -> bytes | None:
        if not re.match(r"https?://", address, re.IGNORECASE):
            return None
        host = parse_url(address).host
        if host in unreachable:
            raise DeskError(unreachable[host])
        left = deadline - time.monotonic()
        if left <= 0:
            raise DeskError(f"the images took more than {MAX_SECONDS:g} seconds")
        limits = replace(
            policy,
            max_bytes=min(policy.max_bytes, MAX_IMAGE_BYTES),
            timeout_seconds=min(policy.timeout_seconds, left),
        )
        try:
            return fetch(address, policy=limits, resolve=resolve).content
        except HostError as error:
            unreachable[host] = str(error)
            raise

    return load


def from_folder(root: Path, *, beside: Path) -> Loader:
    """Return a loader of files by paths relative to the file `beside`, none of them outside `root`."""
    real_root = root.resolve()

    def load(address: str) -> bytes | None:
        name = relative_path(address)
        if name is None:
            return None
        try:
            path = (beside.parent / name).resolve(strict=True)
            if not path.is_relative_to(real_root) or not path.is_file():
                return None
            if path.stat().st_size > MAX_IMAGE_BYTES:
                raise DeskError(f"larger than {MAX_IMAGE_BYTES / 1e6:g} MB")
            content = path.read_bytes()
        except (OSError, RuntimeError, ValueError):  # not there, a link to itself, a name that no system takes
            return None
        return content if image_ending(content) else None  # an embedded note or PDF is no image, and no trouble

    return load


def first_of(*loaders: Loader) -> Loader:
    """Return a loader that asks each in turn."""

    def load(address: str) -> bytes | None:
        return next((content for loader in loaders if (content := loader(address)) is not None), None)

    return load
