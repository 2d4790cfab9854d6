"""Repositories: real ones in folders, and one behind git's own HTTP server with TLS."""

import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.fetch import FetchPolicy
from nightdesk.sources.repository import (
    MAX_DOCUMENTS,
    Repository,
    beside,
    is_mostly_code,
    is_repository_path,
    open_repository,
)

POLICY = FetchPolicy()


def git(folder: Path, *args: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgSign=false", "-c", "core.autocrlf=false"]
    environment = os.environ | {"GIT_AUTHOR_DATE": "2026-11-01T10:00:00Z", "GIT_COMMITTER_DATE": "2026-11-01T10:00:00Z"}
    done = subprocess.run(["git", *identity, *args], cwd=folder, check=True, capture_output=True, env=environment)
    return done.stdout.decode()


def make_repository(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--initial-branch=main")
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "-m", "first")
    return folder


FILES = {
    "README.md": b"# Demo\r\n\r\n![](docs/a.png)\r\n",
    "docs/guide.md": b"# Guide \xff\n",
    "docs/deep/er/notes.rst": b"Notes\n",
    "docs/a.png": b"\x89PNG\r\n\x1a\n",
    "docs/empty.md": b"",
    "docs/lfs.md": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n",
    "docs/huge.md": b"x" * 1_000_001,
    "src/readme.md": b"not the root's",
    "notes.md": b"not in docs",
    "train.py": b'"""Train it."""\n',
}


def contents(repository: Repository) -> dict[str, bytes]:
    return {document.path: document.content for document in repository.documents}


def test_what_is_read(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "demo", FILES)
    with open_repository(folder, policy=POLICY) as repository:
        read = contents(repository)
        image = repository.load_image("docs/a.png")
    assert sorted(read) == ["README.md", "demo code map.md", "docs/deep/er/notes.rst", "docs/guide.md"]
    assert read["README.md"] == FILES["README.md"], "byte for byte"
    assert read["docs/guide.md"] == FILES["docs/guide.md"], "whatever its encoding"
    assert b"`train.py`\n\nTrain it." in read["demo code map.md"]
    assert f"commit: {repository.commit}".encode() in read["demo code map.md"]
    assert repository.commit == git(folder, "rev-parse", "HEAD").strip()
    assert (repository.name, repository.origin) == ("demo", "demo")
    assert sorted(repository.notes) == [
        "docs/huge.md is larger than 1 MB",
        "docs/lfs.md is kept in Git LFS and was not fetched",
    ]
    assert image == FILES["docs/a.png"]


def test_the_same_commit_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "demo", FILES)
    git(tmp_path, "clone", "--bare", str(folder), "elsewhere/demo.git")
    with open_repository(folder, policy=POLICY) as first, open_repository(folder / ".git", policy=POLICY) as second:
        assert contents(first) == contents(second)
    with open_repository(tmp_path / "elsewhere" / "demo.git", policy=POLICY) as third:
        assert contents(first) == contents(third)


def test_the_commit_counts_not_the_working_tree(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "demo", {"README.md": b"kept"})
    (folder / "README.md").write_bytes(b"not kept yet")
    with open_repository(folder, policy=POLICY) as repository:
        assert contents(repository)["README.md"] == b"kept"


def test_links_and_odd_paths_in_a_commit(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "demo", {"docs/line\nfeed.md": b"odd", 'docs/"q"\t.md': b"odder"})
    (folder / "README.md").symlink_to("/etc/passwd")
    git(folder, "add", "--all")
    git(folder, "commit", "-m", "a link")
    with open_repository(folder, policy=POLICY) as repository:
        read = contents(repository)
        assert repository.load_image("README.md") is None
        assert repository.load_image("../../etc/passwd") is None
    assert sorted(read) == ["demo code map.md", 'docs/"q"\t.md', "docs/line\nfeed.md"]


def test_a_strangers_settings_run_nothing(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "demo", FILES)
    for setting in ("core.fsmonitor", "core.sshCommand", "gpg.program", "core.pager", "diff.external"):
        git(folder, "config", setting, f"touch {tmp_path}/ran")
    git(folder, "config", "log.showSignature", "true")
    (folder / ".git" / "hooks" / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (folder / ".git" / "hooks" / "post-checkout").chmod(0o755)
    with open_repository(folder, policy=POLICY):
        pass
    assert not (tmp_path / "ran").exists()


def test_documents_are_bounded(tmp_path: Path) -> None:
    folder = make_repository(
        tmp_path / "demo", {f"docs/{number}.md": b"%d" % number for number in range(MAX_DOCUMENTS + 5)}
    )
    with open_repository(folder, policy=POLICY) as repository:
        assert len(repository.documents) == MAX_DOCUMENTS + 1
        assert repository.notes == (f"5 more documents of it were left out: {MAX_DOCUMENTS} are taken",)


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "empty")
    assert is_repository_path(tmp_path / "empty")
    assert not is_mostly_code(tmp_path / "empty")
    with (
        pytest.raises(DeskError, match="without a readable commit"),
        open_repository(tmp_path / "empty", policy=POLICY),
    ):
        pass


@pytest.mark.parametrize(
    ("files", "code", "why"),
    [
        ({"a.py": b"1", "b.py": b"2", "README.md": b"x"}, True, "a program"),
        ({"a.md": b"1", "b.md": b"2", "script.py": b"x"}, False, "notes that are kept in git"),
        ({"a.md": b"1"}, False, "notes only"),
        ({"data.bin": b"1"}, False, "neither"),
    ],
)
def test_code_and_notes_are_told_apart(tmp_path: Path, files: dict[str, bytes], code: bool, why: str) -> None:
    folder = make_repository(tmp_path / "demo", files)
    assert is_mostly_code(folder) is code, why


def test_what_is_a_repository(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "demo", {"a/b.md": b"x"})
    assert is_repository_path(folder)
    assert is_repository_path(folder / ".git")
    assert not is_repository_path(folder / "a")
    assert not is_repository_path(folder / "a" / "b.md")


@pytest.mark.parametrize(
    ("document", "reference", "path"),
    [
        ("docs/a.md", "b.png", "docs/b.png"),
        ("docs/a.md", "../b%20c.png", "b c.png"),
        ("README.md", "./docs/b.png", "docs/b.png"),
        ("README.md", "https://x.test/b.png", "https://x.test/b.png"),
        ("README.md", "../../etc/passwd", "../../etc/passwd"),
    ],
)
def test_references_from_the_root(document: str, reference: str, path: str) -> None:
    assert beside(document, reference) == path


class GitServer(BaseHTTPRequestHandler):
    """Hands requests to `git http-backend`, as web servers do."""

    protocol_version = "HTTP/1.1"
    root: Path

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        if path.startswith("/moved/"):
            self.send_response(301)
            self.send_header("Location", self.path.replace("/moved/", "/", 1))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        environment = os.environ | {"GIT_PROJECT_ROOT": str(self.root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path}
        environment |= {"QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_ADDR": "127.0.0.1"}
        environment |= {"CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body))}
        environment |= {"HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", "")}
        environment |= {"GIT_PROTOCOL": self.headers.get("Git-Protocol", "")}
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test output clean."""


# A key and a certificate for desk.test, signed by itself, valid until 2120: secret to nobody, used nowhere else.
KEY_AND_CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzKhsXhnY79dKYe6g
mBHer4jSaJjhcFj/1Bsuz9Rv74uhRANCAARHjmONH11jkQuM0wnVVc8RiOu0nNvY
rVUERsbLPBpbkFxvpS+SCTubUGUtjgwtBCN4LtMkI5tbd3WnO1ITSpZ6
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBfDCCASGgAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5uaWdodGRl
c2sgdGVzdDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
A1UEAwwObmlnaHRkZXNrIHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARH
jmONH11jkQuM0wnVVc8RiOu0nNvYrVUERsbLPBpbkFxvpS+SCTubUGUtjgwtBCN4
LtMkI5tbd3WnO1ITSpZ6o1gwVjAUBgNVHREEDTALgglkZXNrLnRlc3QwDwYDVR0T
AQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAoQwHQYDVR0OBBYEFC+dHx2wIlPR1lw5
spa0WRw/3Y9EMAoGCCqGSM49BAMCA0kAMEYCIQDdVyEDF1Jy4KmVO7KDNGGd4Fey
s1S5rdmONOKcVJbasQIhAMqaNhC4kyRc/mfG9jRPmd3YmgG8IRh192jsmmO5VsYl
-----END CERTIFICATE-----
"""


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[tuple[str, FetchPolicy]]:
    """Give the URL of a server with /demo.git on it, and the policy under which it may be reached."""
    make_repository(tmp_path / "origin", FILES)
    git(tmp_path, "clone", "--bare", "origin", "served/demo.git")
    (tmp_path / "key.pem").write_text(KEY_AND_CERTIFICATE)
    handler = type("Handler", (GitServer,), {"root": tmp_path / "served"})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "key.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        policy = FetchPolicy(allow_private=True, certificates=tmp_path / "key.pem")
        yield f"https://desk.test:{server.server_address[1]}", policy
        server.shutdown()


def to_this_machine(_host: str, _port: int) -> tuple[str, ...]:
    return ("127.0.0.1",)


@pytest.mark.parametrize("path", ["/demo.git", "/moved/demo.git"])
def test_a_repository_by_its_url(remote: tuple[str, FetchPolicy], tmp_path: Path, path: str) -> None:
    url, policy = remote
    with open_repository(url + path, policy=policy, resolve=to_this_machine) as repository:
        read = contents(repository)
        image = repository.load_image("docs/a.png")
    assert sorted(read) == ["README.md", "demo code map.md", "docs/deep/er/notes.rst", "docs/guide.md"]
    assert (repository.name, repository.origin) == ("demo", url + path)
    assert repository.commit == git(tmp_path / "origin", "rev-parse", "HEAD").strip()
    assert image == FILES["docs/a.png"]


def test_a_url_without_a_repository(remote: tuple[str, FetchPolicy]) -> None:
    url, policy = remote
    opened = open_repository(url + "/other.git", policy=policy, resolve=to_this_machine)
    with pytest.raises(DeskError, match="404 Not Found"), opened:
        pass


def test_a_repository_at_a_private_address(remote: tuple[str, FetchPolicy]) -> None:
    url, _ = remote
    opened = open_repository(url + "/demo.git", policy=POLICY, resolve=to_this_machine)
    with pytest.raises(DeskError, match=r"the address of desk\.test is private"), opened:
        pass


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://x.test/a.git", "over https only"),
        ("ext::sh -c touch% /tmp/x", "only http and https"),
        ("file:///srv/a.git", "only http and https"),
        ("ssh://git@x.test/a.git", "only http and https"),
        ("https://user:pw@x.test/a.git", "user name or password"),
        ("--upload-pack=touch /tmp/x", "only http and https"),
    ],
)
def test_other_protocols_are_refused(url: str, message: str) -> None:
    with pytest.raises(DeskError, match=message), open_repository(url, policy=POLICY):
        pass
