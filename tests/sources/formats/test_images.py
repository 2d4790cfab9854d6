"""Images: their size by their first bytes, and where those of a document go."""

import struct
from typing import TYPE_CHECKING

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats import images
from nightdesk.sources.formats.images import Images, convert, image_ending, image_link, image_size

if TYPE_CHECKING:
    from tests.sources.conftest import Samples

JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x0b\x08\x00\x20\x00\x30rest"


@pytest.mark.parametrize(
    ("content", "ending", "size"),
    [
        (JPEG, ".jpg", (48, 32)),
        (b"GIF89a" + struct.pack("<HH", 7, 9), ".gif", (7, 9)),
        (b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0" + b"\x09\0\0\x13\0\0", ".webp", (10, 20)),
        (b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", 9 | 19 << 14), ".webp", (10, 20)),
        (b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0abc\x9d\x01\x2a" + struct.pack("<HH", 10, 20), ".webp", (10, 20)),
        (b"<?xml?><svg width='30px' height=\"40.5\"><rect width='1'/></svg>", ".svg", (30, 40)),
        (b"<svg viewBox='0 0 1 1'/>", ".svg", None),
        (b"\xff\xd8\xff", ".jpg", None),  # cut short
        (b"\xff\xd8\xff\xe0\x00\x00", ".jpg", None),  # a segment of no length would be read for ever
        (b"\x89PNG\r\n\x1a\n", ".png", None),
        (b"text", None, None),
    ],
)
def test_kind_and_size(content: bytes, ending: str | None, size: tuple[int, int] | None) -> None:
    assert (image_ending(content), image_size(content)) == (ending, size)


def test_page_of_an_image(samples: "Samples") -> None:
    path = samples.png("loss_curve (1).png", (640, 480))
    found = convert(path, samples.folder / "assets", assets_link="a b/")
    assert found.markdown == (
        "# loss curve (1)\n\n![loss curve (1)](<a b/image-1.png>)\n\n"
        "Image `loss_curve (1).png` (PNG, 640 × 480 pixels).\n"
    )
    assert (samples.folder / "assets" / "image-1.png").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<!DOCTYPE svg [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><svg>&b;</svg>", "declares XML entities"),
        ("no image", "is not an image"),
    ],
)
def test_hostile_images(samples: "Samples", content: str, reason: str) -> None:
    with pytest.raises(DeskError, match=reason):
        convert(samples.file("a.svg", content), samples.folder / "assets", assets_link="")
    assert not (samples.folder / "assets").exists()


def test_document_type_of_drawing_programs_is_allowed(samples: "Samples") -> None:
    svg = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd"><svg/>'
    assert "SVG" in convert(samples.file("a.svg", svg), samples.folder / "assets", assets_link="").markdown


def test_same_image_is_written_once_and_spacers_never(samples: "Samples", monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Images(samples.folder / "assets", "assets")
    dot, other = samples.png().read_bytes(), samples.png("b.png", (9, 9)).read_bytes()
    links = [kept.save(content) for content in (dot, other, dot, samples.png("c.png", (1, 1)).read_bytes(), b"text")]
    assert links == ["assets/image-1.png", "assets/image-2.png", "assets/image-1.png", None, None]
    monkeypatch.setattr(images, "MAX_IMAGES", 2)
    assert kept.save(samples.png("d.png", (8, 8)).read_bytes()) is None
    assert kept.notes() == ("1 images left out (too large or too many)",)
    assert sorted(file.name for file in (samples.folder / "assets").iterdir()) == ["image-1.png", "image-2.png"]


def test_link_cannot_be_broken_out_of() -> None:
    assert image_link("a] [b](x)\n", "assets/i.png") == "![a   b (x)](assets/i.png)"
