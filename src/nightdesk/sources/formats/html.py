"""A web page as Markdown: its article with headings, lists, tables, code, formulas and images, no menus."""

import re
from pathlib import Path
from urllib.parse import unquote

import html_to_markdown
from lxml import etree
from lxml.html import HtmlElement, HTMLParser, tostring

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.converted import Converted, one_line
from nightdesk.sources.formats.html_cleaning import drop_boilerplate, drop_hidden, main_part
from nightdesk.sources.formats.html_metadata import metadata_of, without_site_name
from nightdesk.sources.formats.html_rewriting import BACKSLASH, FindImage, rewrite
from nightdesk.sources.formats.images import MAX_IMAGE_BYTES, Images
from nightdesk.sources.formats.mathml import rewrite_math
from nightdesk.sources.formats.text import decode

_XML_HEAD = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_MEANINGLESS_TAG = re.compile(
    r"</?(?:div|span|font|center|section|article|main|b|i|u|em|strong|small|big|a|blockquote|ul|ol|li|dl|dd|dt|table"
    r"|tbody|tr|td|form|q|abbr|sub|sup)\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
MAX_DEPTH = 200
_OPTIONS = html_to_markdown.ConversionOptions(
    bullets="-",
    extract_metadata=False,  # ours is richer, and theirs would stand in front as YAML
    autolinks=False,
    compact_tables=True,
    max_depth=2 * MAX_DEPTH,
)


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the article of the page at `path`; images that lie in its folder are copied to `assets`."""
    content = path.read_bytes()
    declared = _CHARSET.search(content[:4096])
    text = decode(content, declared[1].decode("ascii", "replace") if declared else None)
    images = Images(assets, assets_link)
    return from_html(text, images=images, find_image=_image_beside(path))


def from_html(text: str, *, images: Images, find_image: FindImage, whole: bool = False) -> Converted:
    """Return the page `text` as Markdown; with `whole`, all of its body instead of what looks like its article."""
    root = parse(text)
    stated = metadata_of(root)
    rewrite_math(root)
    hidden = drop_hidden(root)
    body = next(root.iter("body"), root)
    if not whole:
        drop_boilerplate(body)
        body = main_part(body)
    heading = next((one_line(h.text_content().replace("¶", "")) for h in body.iter("h1", "h2")), None)
    rewrite(body, base=stated.address, images=images, find_image=find_image)
    markdown = to_markdown(body)
    title = without_site_name(stated.title, heading)
    if not markdown.strip():
        raise DeskError("holds no text")
    if title and not whole and title != heading and not re.search(r"^# ", markdown[:3000], re.MULTILINE):
        markdown = f"# {title}\n\n{markdown}"
    notes = (f"{hidden} hidden parts left out",) if hidden else ()
    return Converted(
        markdown, title=title, author=stated.author, published=stated.published, notes=(*notes, *images.notes())
    )


def parse(text: str) -> HtmlElement:
    """Return the root of an HTML page, however malformed. Raises DeskError if it holds no element at all.

    A page that is nested too deep (the parser and the writer of Markdown would drop what is inside) loses the tags that
    carry no meaning.
    """
    text = _XML_HEAD.sub("", text.replace("\0", ""))  # the parser would end at a NUL
    root = _parse(text)
    return root if _depth(root) <= MAX_DEPTH else _parse(_MEANINGLESS_TAG.sub(" ", text))


def _parse(text: str) -> HtmlElement:
    # As bytes: lxml refuses a str that declares an encoding. A huge tree in HTML means depth and length: HTML has no
    # entities to expand.
    parser = HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, AssertionError) as error:
        raise DeskError("holds no HTML that can be read") from error
    if not isinstance(root, HtmlElement):
        raise DeskError("holds no HTML that can be read")
    return root


def _depth(root: HtmlElement) -> int:
    depth = deepest = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def to_markdown(body: HtmlElement) -> str:
    """Return the Markdown of an element that `rewrite` made plain."""
    result = html_to_markdown.convert(tostring(body, encoding="unicode", with_tail=False), _OPTIONS)
    return (result.content or "").replace(BACKSLASH, "\\")


def _image_beside(path: Path) -> FindImage:
    folder = path.parent.resolve()

    def find(source: str) -> bytes | None:
        """Return the bytes of the file that `source` names if it lies under the page's folder, else None."""
        try:
            file = (folder / unquote(re.split("[#?]", source, maxsplit=1)[0])).resolve()
            if not file.is_relative_to(folder) or not file.is_file() or file.stat().st_size > MAX_IMAGE_BYTES:
                return None
            return file.read_bytes()
        except (OSError, ValueError):  # a name that no file can have
            return None

    return find
