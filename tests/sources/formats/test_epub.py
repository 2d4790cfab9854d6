"""E-books: chapters in reading order, nothing from outside the book."""

from typing import TYPE_CHECKING

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.converted import Converted, tidy
from nightdesk.sources.formats.epub import convert

if TYPE_CHECKING:
    from tests.sources.conftest import Samples

CHAPTER = (
    "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>{0}</title></head><body><h1>{0}</h1>{1}</body></html>"
)


def book(samples: "Samples", chapters: dict[str, str], spine: list[str]) -> Converted:
    """Return a book converted."""
    path = samples.epub("a.epub", chapters, spine=spine)
    return tidy(convert(path, samples.folder / "assets", assets_link="assets"))


def test_chapters_in_the_order_of_the_spine(samples: "Samples") -> None:
    chapters = {
        "b.xhtml": CHAPTER.format("Second", "<p>List&lt;T&gt;</p>"),
        "a.xhtml": CHAPTER.format("First", "<p>Text.</p>"),
        "unused.xhtml": CHAPTER.format("Unused", ""),
    }
    found = book(samples, chapters, ["a.xhtml", "b.xhtml"])
    assert (found.title, found.author, found.published) == ("A Book", "Ada Example", "2021-05-04")
    assert found.markdown == "# A Book\n\n# First\n\nText.\n\n# Second\n\nList\\<T>\n"


def test_images_in_the_book(samples: "Samples") -> None:
    path = samples.epub(
        "a.epub", {"t/a.xhtml": CHAPTER.format("A", "<img src='../i/dot.png' alt=a>")}, spine=["t/a.xhtml"]
    )
    path = samples.with_entry(path, "OEBPS/i/dot.png", samples.png().read_bytes())
    assert "![a](assets/image-1.png)" in convert(path, samples.folder / "assets", assets_link="assets").markdown


def test_names_that_lead_out_of_the_book(samples: "Samples") -> None:
    secret = samples.file("secret.txt", "SECRET")
    chapters = {"../../../secret.txt": "<p>within</p>", "a.xhtml": CHAPTER.format("A", f"<img src='{secret}' alt=x>")}
    found = book(samples, chapters, ["../../../secret.txt", "a.xhtml"])
    assert "SECRET" not in found.markdown
    assert "[image: x]" in found.markdown
    assert not (samples.folder.parent / "secret.txt").exists()


def test_scripts_and_hidden_text_are_dropped(samples: "Samples") -> None:
    chapter = CHAPTER.format("A", "<script>ORDER</script><p style='display:none'>ORDER</p><p>Seen.</p>")
    assert book(samples, {"a.xhtml": chapter}, ["a.xhtml"]).markdown == "# A Book\n\n# A\n\nSeen.\n"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("META-INF/container.xml", "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "declares XML entities"),
        ("META-INF/container.xml", "<container/>", "names no package"),
        ("OEBPS/book.opf", "<package", "its XML cannot be read"),
        ("OEBPS/book.opf", "<package/>", "holds no text"),
        ("META-INF/rights.xml", "<rights/>", "protected against copying"),
        ("OEBPS/big.bin", b"\0" * 60_000_000, "zip bomb"),
    ],
)
def test_hostile_books(samples: "Samples", name: str, content: str | bytes, reason: str) -> None:
    path = samples.epub("a.epub", {"a.xhtml": CHAPTER.format("A", "")}, spine=["a.xhtml"])
    with pytest.raises(DeskError, match=reason):
        convert(samples.with_entry(path, name, content), samples.folder / "assets", assets_link="")
