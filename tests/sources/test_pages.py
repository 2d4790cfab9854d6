"""Title and images of HTML pages, well made and broken."""

import pytest

from nightdesk.sources.pages import read_page

URL = "https://x.test/blog/post.html"


@pytest.mark.parametrize(
    ("content", "title", "why"),
    [
        ("<title>A  page\n</title>", "A page", "white space collapsed"),
        ("<title>A | Site</title><meta property='og:title' content='A'>", "A", "without the site's name"),
        ("<title>A</title><meta property='og:title' content=' '>", "A", "an empty og:title is none"),
        ("<title>A &amp; B &#8212; ü</title>", "A & B — ü", "entities"),
        ("<p>text</p>", None, "none"),
        ("<svg><title>Icon</title></svg><p>x", None, "an icon's title is not the page's"),
        ("<title>unclosed", "unclosed", "broken"),
        ("", None, "nothing"),
        ("<!-- only a comment -->", None, "nothing to show"),
    ],
)
def test_titles(content: str, title: str | None, why: str) -> None:
    assert read_page(content.encode(), charset="utf-8").title == title, why


@pytest.mark.parametrize(
    ("content", "charset", "why"),
    [
        ("<title>Grüße</title>".encode("latin-1"), "iso-8859-1", "as the server says"),
        ("<meta charset=utf-8><title>Grüße</title>".encode(), None, "as the page says"),
        ("<meta charset=utf-8><title>Grüße</title>".encode(), "no-such-charset", "the server says nonsense"),
    ],
)
def test_charsets(content: bytes, charset: str | None, why: str) -> None:
    assert read_page(content, charset=charset).title == "Grüße", why


@pytest.mark.parametrize(
    ("content", "images", "why"),
    [
        ("<img src=a.png>", {"a.png": "https://x.test/blog/a.png"}, "relative to the page"),
        ("<img src=/a.png>", {"/a.png": "https://x.test/a.png"}, "relative to the host"),
        ("<img src=//y.test/a.png>", {"//y.test/a.png": "https://y.test/a.png"}, "relative to the protocol"),
        ("<base href=/b/><img src=a.png>", {"a.png": "https://x.test/b/a.png"}, "relative to a base"),
        ("<base href='file:///'><img src=a.png>", {"a.png": "https://x.test/blog/a.png"}, "a base that is none"),
        ("<img src='data:,x' data-src=a.png>", {"a.png": "https://x.test/blog/a.png"}, "lazy"),
        ("<img src='data:,x'><img><img src=' '>", {}, "nothing to fetch"),
        ("<img src='file:///etc/passwd'><img src='javascript:x'>", {}, "nothing that may be fetched"),
        (
            "<img src=logo.png><main><img src=a.png></main>",
            {"a.png": "https://x.test/blog/a.png"},
            "the main part only",
        ),
        ("<!-- <img src=a.png> --><script>'<img src=b.png>'</script>", {}, "not shown"),
    ],
)
def test_images(content: str, images: dict[str, str], why: str) -> None:
    assert read_page(content.encode(), url=URL).images == images, why


def test_images_of_a_page_without_a_url() -> None:
    assert read_page(b"<img src='my_files/a.png'>").images == {"my_files/a.png": "my_files/a.png"}


@pytest.mark.parametrize("piece", [b"<div>", b"<img src=", b"<!--", b"<title>", b"&#", b"<a b='", b"\0", b"\xff"])
def test_broken_pages_are_read_as_far_as_they_go(piece: bytes) -> None:
    read_page(piece * 50_000, url=URL)  # must come back
