"""Files that a static site takes along: images that only show, and originals under names that no browser runs."""

from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.views.web.serving import open_viewer
from nightdesk.views.web.site.files import SiteFiles, is_still

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"{}>{}</svg>'


@pytest.mark.parametrize(
    "svg",
    [
        SVG.format("", '<rect width="9" height="9"/>'),
        SVG.format("", '<!-- plot --><style>.a{fill:red}</style><use xlink:href="#a"/>'),
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">\n'
        + SVG.format(' version="1.1"', '<metadata><r:RDF xmlns:r="http://r/"/></metadata><path d="M0 0"/>'),
        SVG.format("", '<image href="data:image/png;base64,AAAA"/>'),
    ],
)
def test_an_image_that_only_shows(svg: str) -> None:
    assert is_still(svg.encode())


@pytest.mark.parametrize(
    "svg",
    [
        SVG.format(' onload="x()"', ""),
        SVG.format("", "<script>x()</script>"),
        SVG.format("", '<s:script xmlns:s="http://www.w3.org/2000/svg">x()</s:script>'),  # by another prefix
        SVG.format("", '<foreignObject><b xmlns="http://www.w3.org/1999/xhtml">x</b></foreignObject>'),
        SVG.format("", '<script xmlns="http://www.w3.org/1999/xhtml">x()</script>'),
        SVG.format("", '<a xlink:href="javascript:x()"><text>a</text></a>'),
        SVG.format("", '<a href="java&#115;cript:x()"><text>a</text></a>'),
        SVG.format("", '<a><set attributeName="href" to="javascript:x()"/></a>'),
        SVG.format("", '<image href="data:image/svg+xml,x"/>'),
        '<?xml-stylesheet href="x.xsl" type="text/xsl"?>' + SVG.format("", ""),
        SVG.format("", "<rect/>") + "<?xml-stylesheet href='x.xsl'?>",
        '<!DOCTYPE svg [<!ENTITY x "<script>y()</script>">]>' + SVG.format("", "&x;"),
        "<svg><rect/></svg>",  # not SVG's name: an HTML parser's guess
        "<svg xmlns='http://www.w3.org/2000/svg'><rect>",
    ],
)
def test_an_image_that_may_do_more(svg: str) -> None:
    assert not is_still(svg.encode())
    assert not is_still(svg.encode("utf-16"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    for folder in ("raw", "wiki", "lab"):
        (tmp_path / "desk" / folder).mkdir(parents=True)
    desk = Desk(tmp_path / "desk")
    files: dict[str, bytes] = {
        "raw/plot 1%.png": PNG,
        "raw/no-image.png": b"<html>",
        "raw/evil.svg": SVG.format(' onload="x()"', "").encode(),
        "raw/page.html": b"<script>x()</script>",
        "raw/page.xhtml": b"<x/>",
        "raw/paper.PDF": b"%PDF",
        "raw/notes.md": b"# Notes",
        "raw/plain": b"x",
        "wiki/Page.md": b"# Page",
        "lab/secret.txt": b"x",
    }
    for name, content in files.items():
        (desk.root / name).write_bytes(content)
    return desk


@pytest.mark.parametrize(
    ("path", "without", "with_sources"),
    [
        ("raw/plot 1%.png", ".png", ".png"),
        ("raw/no-image.png", None, ".png"),  # shown as a broken image, never as a page
        ("raw/evil.svg", None, "-svg.txt"),
        ("raw/page.html", None, "-html.txt"),  # would run on whatever server the site is put
        ("raw/page.xhtml", None, "-xhtml.txt"),
        ("raw/paper.PDF", None, ".PDF"),
        ("raw/notes.md", None, "-md.txt"),
        ("raw/plain", None, ".txt"),
        ("wiki/Page.md", None, None),  # a page is there as a page
        ("lab/secret.txt", None, None),
        ("nightdesk.toml", None, None),
        ("raw/../../outside.png", None, None),
        ("raw/gone.png", None, None),
    ],
)
def test_what_is_taken_along(desk: Desk, path: str, without: str | None, with_sources: str | None) -> None:
    (desk.root.parent / "outside.png").write_bytes(PNG)
    viewer = open_viewer(desk.root, desk, cache_file=None)
    viewer.keeper.load()
    for asked, ending in ((False, without), (True, with_sources)):
        files = SiteFiles(viewer, with_sources=asked)
        kept = files.keep(path)
        assert files.keep(path) == kept
        if ending is None:
            assert kept == ""
            assert files.found == {}
        else:
            assert kept.startswith("f/")
            assert kept.endswith(ending)
            assert files.found == {kept: desk.root / path}
