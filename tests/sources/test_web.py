"""What a URL gives: the right ending, a good name, and where it came from kept in a plain table."""

import io
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.fetch import FetchPolicy
from nightdesk.sources.web import choose_ending, fetch_file, repository_url

LOCAL = FetchPolicy(allow_private=True)


def packed(member: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(member, "x")
    return archive.getvalue()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Keep the test output clean."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Give a folder and the URL at which a real server shows it."""
    folder = tmp_path / "site"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_page(site: tuple[Path, str]) -> None:
    folder, url = site
    content = b"<!doctype html><title>On C# / F#</title>\r\n<img src='a.png'>\xff"
    (folder / "post.html").write_bytes(content)
    file = fetch_file(f"{url}/post.html#part", policy=LOCAL)
    assert file.content == content, "exactly as fetched"
    assert (file.stem, file.ending) == ("On C F", ".html")
    assert (file.url, file.final_url) == (f"{url}/post.html", f"{url}/post.html")
    assert file.images == {"a.png": f"{url}/a.png"}
    assert file.fetched_at.endswith("+00:00")


@pytest.mark.parametrize(
    ("name", "content", "placed", "why"),
    [
        ("a%20paper.pdf", b"%PDF-1.7", "a paper.pdf", "named by its URL"),
        ("wrong.pdf", b"<html><title>Log in</title>", "Log in.html", "says PDF, is a page"),
        ("1706.03762", b"%PDF-1.7", "1706.03762.pdf", "a number with a dot has no ending"),
        ("notes.md", b"# Notes", "notes.md", "Markdown"),
        ("notes.rst", b"Notes\n=====", "notes.rst", "text of a known ending"),
        ("notes.unknown", b"Notes", None, "a media type that nobody knows"),
        ("movie.mp4", b"\x00\x00\x00\x1cftypisom", None, "a film"),
        ("empty.html", b" \n", None, "nothing"),
        ("sub/", b"", "Directory listing for sub.html", "a page without a name of its own"),
    ],
)
def test_names_and_endings(site: tuple[Path, str], name: str, content: bytes, placed: str | None, why: str) -> None:
    folder, url = site
    (folder / "sub").mkdir()
    if not name.endswith("/"):
        (folder / name.replace("%20", " ")).write_bytes(content)
    if placed is None:
        with pytest.raises(DeskError):
            fetch_file(f"{url}/{name}", policy=LOCAL)
    else:
        file = fetch_file(f"{url}/{name}", policy=LOCAL)
        assert file.stem + file.ending == placed, why


@pytest.mark.parametrize(
    ("content", "media_type", "name", "ending", "why"),
    [
        (b"%PDF-1.7", "text/html", "a.html", ".pdf", "the bytes are believed first"),
        (b"\n<!DOCTYPE HTML>", "application/pdf", "a.pdf", ".html", "the same the other way round"),
        (b"<!-- c --><html lang=en>", "text/plain", "", ".html", "a page after a comment"),
        (b"<p>a %PDF- in a page", "text/html", "", ".html", "a page that speaks of PDF"),
        (b"\x89PNG\r\n\x1a\n", "text/plain", "", ".png", "an image"),
        (packed("word/document.xml"), "", "", ".docx", "what is in the zip counts"),
        (packed("ppt/presentation.xml"), "", "", ".pptx", ""),
        (packed("xl/workbook.xml"), "", "", ".xlsx", ""),
        (packed("META-INF/container.xml"), "", "", ".epub", ""),
        (b"a,b\n1,2", "text/csv", "", ".csv", "by the media type"),
        (b"# a", "text/markdown", "a.txt", ".md", "the media type goes before the name"),
        (b"import os", "text/plain", "train.py", ".py", "raw code is served as plain text"),
        (b"{}", "application/octet-stream", "a.ipynb", ".ipynb", "or as bytes"),
        (b"words", "text/plain", "", ".txt", "plain text"),
        (b"words", "text/x-unheard-of", "", ".txt", "text of some kind"),
        (b"words", "", "", ".txt", "standard input has no type"),
    ],
)
def test_endings(content: bytes, media_type: str, name: str, ending: str, why: str) -> None:
    assert choose_ending(content, media_type=media_type, name=name) == ending, why


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\x00\x01", "application/octet-stream"),
        (packed("a.txt"), "application/zip"),
        (b"PK\x03\x04", "application/zip"),
    ],
)
def test_what_is_not_read(content: bytes, media_type: str) -> None:
    with pytest.raises(DeskError, match="is of no kind that is read"):
        choose_ending(content, media_type=media_type)


@pytest.mark.parametrize(
    ("url", "clone_url", "why"),
    [
        ("https://github.com/karpathy/nanochat", "https://github.com/karpathy/nanochat", "a repository"),
        ("https://www.github.com/karpathy/nanochat/#readme", "https://github.com/karpathy/nanochat", "the same"),
        ("https://github.com/karpathy/nanochat.git", "https://github.com/karpathy/nanochat.git", "a clone URL"),
        ("https://git.example.org/a/b/c.git/", "https://git.example.org/a/b/c.git", "a clone URL elsewhere"),
        ("https://github.com/karpathy/nanochat/blob/master/README.md", None, "a page of it"),
        ("https://github.com/karpathy", None, "a person"),
        ("https://github.com/topics/llm", None, "a page of the site"),
        ("https://github.com/search?q=a/b", None, "a search"),
        ("https://github.com.example.org/a/b", None, "another host"),
        ("https://example.org/.git", None, "no name"),
        ("https://[/a/b.git", None, "no URL"),
        ("ssh://git@github.com/a/b.git", None, "another protocol"),
    ],
)
def test_repository_urls(url: str, clone_url: str | None, why: str) -> None:
    assert repository_url(url) == clone_url, why
