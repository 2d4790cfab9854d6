"""Images beside a source: which are found, which are saved, and that hostile ones are neither."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nightdesk.sources.fetch import FetchPolicy
from nightdesk.sources.images import (
    MAX_IMAGES,
    assets_folder,
    image_ending,
    markdown_images,
    read_images,
    relative_path,
    save_images,
)
from nightdesk.sources.loading import from_web

LOCAL = FetchPolicy(allow_private=True)
PNG = b"\x89PNG\r\n\x1a\n"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Keep the test output clean."""


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has had enough hangs up."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Give a folder and the URL at which a real server shows it."""
    folder = tmp_path / "site"
    folder.mkdir()
    with QuietServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def same(*references: str) -> dict[str, str]:
    return {reference: reference for reference in references}


@pytest.mark.parametrize(
    ("text", "references", "why"),
    [
        ("![a](https://x.test/a.png)", ("https://x.test/a.png",), "inline"),
        ('![a](a.png "A title")', ("a.png",), "with a title"),
        ("![a](<my pic.png>)", ("my pic.png",), "with spaces, in angle brackets"),
        ("![](https://x.test/a_(b).png)", ("https://x.test/a_(b).png",), "with brackets, as Wikipedia has them"),
        ("[![alt](a.png)](https://x.test)", ("a.png",), "an image that is a link"),
        ("![a][one]\n\n[one]: a.png", ("a.png",), "reference-style"),
        ("![One][]\n\n[one]: <a.png>", ("a.png",), "the label is its text, whatever its case"),
        ("![one]\n\n[one]: a.png\n[one]: b.png", ("a.png",), "the first definition counts"),
        ("![none][two]", (), "a label that is not defined"),
        ("![[a.png|300]]", ("a.png",), "Obsidian's embed"),
        ('<p><img alt="x" src="a.png?a=1&amp;b=2"></p>', ("a.png?a=1&b=2",), "HTML in Markdown"),
        ("<IMG SRC=a.png>", ("a.png",), "without quotes, in capitals"),
        ("<img data-src='b.png' src='a.png'/>", ("a.png",), "the attribute's whole name counts"),
        ("![b](b.png) ![a](a.png) ![b](b.png)", ("b.png", "a.png"), "in order, each once"),
        ("![a](data:image/png;base64,AAAA)", (), "an image that is in the text already"),
        ("```\n![a](a.png)\n```\n![b](b.png)", ("b.png",), "code shows no image"),
        ("~~~~\n~~~\n![a](a.png)\n~~~~\n![b](b.png)", ("b.png",), "a shorter fence does not close a longer one"),
        ("[a](a.png)", (), "a link to an image is no image"),
        ("![a](" + "x" * 3000 + ")", (), "longer than any URL"),
    ],
)
def test_images_of_markdown(text: str, references: tuple[str, ...], why: str) -> None:
    assert markdown_images(text) == references, why


@pytest.mark.parametrize(
    "piece", ["![", "![a](", "![a][", "[a]: ", "<img src=", "![[", '<img "', "![](<", "(", "\\", "```\n"]
)
def test_no_text_makes_the_search_slow(piece: str) -> None:
    markdown_images(piece * 100_000)  # quadratic time would not end within the patience of anyone


def test_remote_images_are_saved_with_a_table(site: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = site
    (folder / "a.png").write_bytes(PNG + b"a")
    (folder / "b").mkdir()
    (folder / "b" / "A.png").write_bytes(PNG + b"other")
    (folder / "jpeg.png").write_bytes(b"\xff\xd8\xff jpeg in truth")
    source = tmp_path / "note.md"
    saved = save_images(
        source,
        {"a.png": f"{url}/a.png", f"{url}/b/A.png": f"{url}/b/A.png", "/jpeg.png": f"{url}/jpeg.png?x"},
        load=from_web(LOCAL, unreachable={}),
    )
    other = "A-" + hashlib.sha256(PNG + b"other").hexdigest()[:8] + ".png"
    assert read_images(source) == {
        "a.png": "a.png",
        f"{url}/a.png": "a.png",
        f"{url}/b/A.png": other,
        "/jpeg.png": "jpeg.jpg",
        f"{url}/jpeg.png?x": "jpeg.jpg",
    }
    assert sorted(path.name for path in saved.written) == sorted(["a.png", other, "jpeg.jpg", "images.tsv"])
    assert (assets_folder(source) / "a.png").read_bytes() == PNG + b"a"
    assert saved.notes == ()


def test_what_cannot_be_had_is_a_note(site: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = site
    (folder / "page.png").write_bytes(b"<html>please log in</html>")
    (folder / "big.png").write_bytes(PNG + bytes(10_000_001))
    references = same(f"{url}/page.png", f"{url}/gone.png", f"{url}/big.png", "http://127.0.0.1:1/x.png", "http://[/")
    saved = save_images(tmp_path / "a.md", references, load=from_web(LOCAL, unreachable={}))
    assert saved.notes == (
        f"image {url}/page.png: is no image",
        f"image {url}/gone.png: 404 Not Found",
        f"image {url}/big.png: larger than the limit of 10 MB",
        "image http://127.0.0.1:1/x.png: the server refused the connection",
        "image http://[/: this is no URL: Invalid IPv6 URL",
    )
    assert saved.written == ()
    assert not assets_folder(tmp_path / "a.md").exists()


def test_images_are_bounded_in_number(tmp_path: Path) -> None:
    references = same(*(f"{number}.png" for number in range(MAX_IMAGES + 7)))
    saved = save_images(tmp_path / "a.md", references, load=lambda address: PNG + address.encode())
    assert len(saved.written) == MAX_IMAGES + 1
    assert saved.notes == (f"7 more images are left as links: {MAX_IMAGES} are saved",)


def test_images_once_saved_stay_as_they_are(tmp_path: Path) -> None:
    source = tmp_path / "a.md"
    save_images(source, same("a.png"), load=lambda _address: PNG + b"old")
    again = save_images(source, same("a.png", "b.png"), load=lambda _address: PNG + b"new")
    assert again.written == ()
    assert (assets_folder(source) / "a.png").read_bytes() == PNG + b"old"


@pytest.mark.parametrize(
    ("address", "name", "why"),
    [
        ("https://x.test/", "untitled.png", "no name at all"),
        ("https://x.test/..%2f..%2fetc%2fpasswd", "passwd.png", "no way out of the folder"),
        ("https://x.test/my%20pic.png", "my-pic.png", "links to it need no brackets"),
        ("https://x.test/" + "a" * 500 + ".png", "a" * 80 + ".png", "bounded"),
        ("https://x.test/images.tsv", "images.tsv.png", "never the table's own name"),
        ("https://x.test/con.png", "con_.png", "a name that Windows keeps for itself"),
        ("https://x.test/a%00%0Ab.png", "a-b.png", "no control characters"),
    ],
)
def test_file_names(tmp_path: Path, address: str, name: str, why: str) -> None:
    save_images(tmp_path / "a.md", same(address), load=lambda _address: PNG)
    assert read_images(tmp_path / "a.md") == {address: name}, why


def test_the_same_image_twice_is_one_file(tmp_path: Path) -> None:
    save_images(tmp_path / "a.md", same("x/1.png", "y/2.png"), load=lambda _address: PNG)
    assert read_images(tmp_path / "a.md") == {"x/1.png": "1.png", "y/2.png": "1.png"}


@pytest.mark.parametrize(
    ("content", "ending", "why"),
    [
        (PNG, ".png", ""),
        (b"\xff\xd8\xff\xe0", ".jpg", ""),
        (b"GIF89a...", ".gif", ""),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", ".webp", ""),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", None, "a sound"),
        (b"\x00\x00\x00\x1cftypavif", ".avif", ""),
        (b"\x00\x00\x00\x1cftypisom", None, "a film"),
        (b"\xef\xbb\xbf<svg xmlns='x'>", ".svg", "after a byte order mark"),
        (b"<?xml version='1.0'?>\n<!-- c -->\n<svg>", ".svg", "after a declaration"),
        (b"<?xml version='1.0'?><rss>", None, "XML of another kind"),
        (b"<html><svg>", None, "a page that shows one"),
        (b"<!DOCTYPE html><svg>", None, "a page"),
        (b"", None, "nothing"),
    ],
)
def test_images_are_known_by_their_bytes(content: bytes, ending: str | None, why: str) -> None:
    assert image_ending(content) == ending, why


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("a.png", "a.png"),
        ("./a/../b.png?x=1#y", "b.png"),
        ("../a.png", "../a.png"),
        ("C:/a.png", None),
        ("/a.png", None),
        ("http://x.test/a.png", None),
        ("#part", None),
    ],
)
def test_relative_path(reference: str, path: str | None) -> None:
    assert relative_path(reference) == path


def test_a_table_that_somebody_changed(tmp_path: Path) -> None:
    source = tmp_path / "a.md"
    assets_folder(source).mkdir()
    (assets_folder(source) / "images.tsv").write_bytes(b"url\tfile\na.png\t../../x\nb.png\tb.png\nshort\n\xff\t\xff\n")
    assert read_images(source)["b.png"] == "b.png"
    assert "a.png" not in read_images(source), "a file name never leads out of the folder"
