"""A desk with a history, contradictions and faults, and requests that act on it as its own pages do."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

from starlette.testclient import TestClient

from nightdesk.base.desk import Desk
from nightdesk.views.web.app import make_app
from nightdesk.views.web.gate import TOKEN_HEADER
from nightdesk.views.web.serving import open_viewer
from tests.desks import git, make_desk, run

OLD = """---
title: Muon, explained
author: Ada Example
published: 2025-03-04
---
# Muon, explained

Muon is an optimiser that orthogonalises the momentum of each weight matrix. Muon runs five Newton-Schulz steps per
update. A common learning rate for Muon is 0.02. The learning rate of AdamW is 0.001.
"""
NEW = """---
title: Notes on Muon
published: 2026-02-01
---
# Notes on Muon

The learning rate of Muon is 0.2. Muon is an optimiser for matrices. Muon runs six Newton-Schulz steps per update.
The learning rate of AdamW is usually <img src=x onerror=alert(1)> tuned by hand for each model.
"""
MUON, IDEA = "wiki/concepts/Muon.md", "wiki/concepts/My idea.md"
PERSON = ("-c", "user.name=Vera & Co", "-c", "user.email=v@example.org")


def commit(desk: Path, message: str) -> None:
    git(desk, "add", "--all")
    git(desk, *PERSON, "commit", "--quiet", "--message", message)


@cache
def _built() -> tuple[Path, "TemporaryDirectory[str]"]:
    """Return the desk as each process builds it once: two compiles, and a person who wrote and renamed.

    Its folder goes with the process.
    """
    folder = TemporaryDirectory(prefix="nightdesk-acting-")
    desk = make_desk(Path(folder.name), {"old.md": OLD})
    assert run(desk, "compile").code == 0
    (desk / "raw/new.md").write_text(NEW, encoding="utf-8")
    assert run(desk, "compile").code == 0
    page = desk / MUON
    page.write_text(page.read_text(encoding="utf-8") + "\nI like it.\n", encoding="utf-8")
    (desk / IDEA).write_text("---\ntype: note\ntitle: My idea\n---\n# My idea\n\nMore in [[Old thoughts]].\n")
    (desk / "wiki/concepts/Old thoughts.md").write_text(
        "---\ntype: note\ntitle: Thoughts\n---\n# Thoughts\n\n[[Muon]]\n"
    )
    commit(desk, "my <script>own</script> words")
    (desk / "wiki/concepts/Old thoughts.md").rename(desk / "wiki/concepts/New thoughts.md")
    commit(desk, "a better name")
    return desk, folder


def acting_desk(folder: Path) -> Path:
    """Return a copy of the desk in an empty folder."""
    return Path(copytree(_built()[0], folder / "desk", symlinks=True))


class Client:
    """A browser tab, as far as the server sees one."""

    def __init__(self, client: TestClient, token: str) -> None:
        self.client, self.token = client, token

    def get(self, address: str, status: int = 200) -> str:
        answer = self.client.get(address)
        assert answer.status_code == status, answer.text[:800]
        return answer.text

    def post(self, address: str, value: Mapping[str, Any], status: int = 200) -> Any:
        answer = self.client.post(address, json=dict(value), headers={TOKEN_HEADER: self.token})
        assert answer.status_code == status, answer.text[:800]
        return answer.json()

    def act(self, address: str, value: Mapping[str, Any]) -> Any:
        """Begin an action and return how it ended."""
        now = self.post(address, value)
        while now["state"] in ("waiting", "running"):
            time.sleep(0.02)
            now = self.client.get(now["at"]).json()
        return now


@contextlib.contextmanager
def open_client(root: Path, *, is_desk: bool = True) -> Iterator[Client]:
    """Serve a desk or vault in this process; its catalogue is read, and nothing watches the disk."""
    viewer = open_viewer(root, Desk(root) if is_desk else None, cache_file=None)
    viewer.keeper.load()
    viewer.bell.ready()
    yield Client(TestClient(make_app(viewer), base_url="http://127.0.0.1"), viewer.token)
