"""Slides as Markdown: each slide a heading, its text with levels, tables, images and the speaker's notes."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.archives import Archive
from nightdesk.sources.formats.converted import Converted, clean_text, escape_tags
from nightdesk.sources.formats.docx import core_properties
from nightdesk.sources.formats.images import Images, image_link
from nightdesk.sources.formats.tables import markdown_table

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_NO_TEXT = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})  # placeholders: slide number, date, footer, header
MAX_SLIDES = 2000
MAX_GROUP_DEPTH = 20


@dataclass(frozen=True, slots=True)
class _Part:
    """One XML part of the file, what it refers to by relation id, and where its images go."""

    archive: Archive
    name: str
    images: Images

    def targets(self) -> dict[str, tuple[str, str]]:
        """Return the kind and the entry name that each relation id stands for; links outside are left out."""
        folder, base = posixpath.split(self.name)
        relations = f"{folder}/_rels/{base}.rels"
        if relations not in self.archive.names:
            return {}
        found = {}
        for relation in self.archive.xml(relations).iter(_RELATION):
            if relation.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/" + folder, relation.get("Target") or "")).lstrip("/")
                found[relation.get("Id") or ""] = ((relation.get("Type") or "").rpartition("/")[2], target)
        return found


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the slides of the presentation at `path` in the order they are shown."""
    images = Images(assets, assets_link)
    with Archive(path) as archive:
        stated = core_properties(archive)
        presentation = _Part(archive, "ppt/presentation.xml", images)
        targets = presentation.targets()
        slides = [
            targets[relation][1]
            for slide in archive.xml(presentation.name).iter(f"{_P}sldId")
            if (relation := slide.get(f"{_R}id") or "") in targets
        ]
        parts = [_slide(_Part(archive, name, images), number) for number, name in enumerate(slides[:MAX_SLIDES], 1)]
    if not parts:
        raise DeskError("holds no slides")
    first = parts[0].splitlines()[0].partition(": ")[2]
    title = stated["title"] if stated["title"] not in {None, "PowerPoint Presentation"} else first or None
    head = [f"# {title}"] if title else []
    notes = (f"only the first {MAX_SLIDES} of {len(slides)} slides were read",) if len(slides) > MAX_SLIDES else ()
    return Converted(
        "\n\n".join([*head, *parts]),
        title=title,
        author=stated["author"],
        pages=len(slides),
        notes=(*notes, *images.notes()),
    )


def _slide(part: _Part, number: int) -> str:
    root = part.archive.xml(part.name)
    targets = part.targets()
    title = ""
    blocks: list[str] = []
    for shape in _shapes(root.find(f"{_P}cSld/{_P}spTree"), 0):
        kind = _placeholder(shape)
        if kind in _NO_TEXT:
            continue
        if kind in {"title", "ctrTitle"} and not title:
            title = " ".join(text for _, text in _paragraphs(shape))
            continue
        blocks += [block for block in _shape(shape, part, targets) if block]
    for relation, target in sorted(targets.values()):
        if relation == "notesSlide" and target in part.archive.names:
            blocks += _notes(part.archive.xml(target))
    head = f"## Slide {number}: {escape_tags(title)}" if title else f"## Slide {number}"
    return "\n\n".join([head, *blocks])


def _shapes(tree: etree._Element | None, depth: int) -> Iterator[etree._Element]:
    """Yield shapes, pictures and frames in the order of the file, those in groups in place."""
    for child in tree if tree is not None else ():
        if child.tag == f"{_P}grpSp" and depth < MAX_GROUP_DEPTH:
            yield from _shapes(child, depth + 1)
        elif child.tag in {f"{_P}sp", f"{_P}pic", f"{_P}graphicFrame"}:
            yield child


def _placeholder(shape: etree._Element) -> str | None:
    found = next(shape.iter(f"{_P}ph"), None)
    return None if found is None else found.get("type") or "body"


def _shape(shape: etree._Element, part: _Part, targets: dict[str, tuple[str, str]]) -> Iterator[str]:
    if shape.tag == f"{_P}pic":
        yield _picture(shape, part, targets)
    elif shape.tag == f"{_P}graphicFrame":
        for table in shape.iter(f"{_A}tbl"):
            rows = [[_joined(cell) for cell in row.iter(f"{_A}tc")] for row in table.iter(f"{_A}tr")]
            yield markdown_table(rows)
        for chart in shape.iter(f"{_C}chart"):
            kind, target = targets.get(chart.get(f"{_R}id") or "", ("", ""))
            if kind == "chart" and target in part.archive.names:
                yield _chart(part.archive.xml(target))
    else:
        lines = list(_paragraphs(shape))
        bullets = _placeholder(shape) is not None and len(lines) > 1
        if bullets:
            yield "\n".join(f"{'  ' * level}- {escape_tags(text)}" for level, text in lines)
        else:
            yield from (escape_tags(text) for _, text in lines)


def _paragraphs(shape: etree._Element) -> Iterator[tuple[int, str]]:
    """Yield the level (0 and up) and the text of each paragraph that has text."""
    for paragraph in shape.iter(f"{_A}p"):
        text = _joined(paragraph)
        if text:
            properties = paragraph.find(f"{_A}pPr")
            level = properties.get("lvl", "0") if properties is not None else "0"
            yield min(int(level) if level.isdecimal() else 0, 8), text


def _joined(element: etree._Element) -> str:
    """Return the runs of text under `element`, a space for each break and between paragraphs."""
    parts = []
    for node in element.iter(f"{_A}t", f"{_A}br", f"{_A}p"):
        parts.append(node.text or "" if node.tag == f"{_A}t" else " ")
    return " ".join(clean_text("".join(parts)).split())


def _picture(shape: etree._Element, part: _Part, targets: dict[str, tuple[str, str]]) -> str:
    blip = next(shape.iter(f"{_A}blip"), None)
    _, target = targets.get(blip.get(f"{_R}embed") or "", ("", "")) if blip is not None else ("", "")
    link = part.images.save(part.archive.read(target)) if target in part.archive.names else None
    stated = next(shape.iter(f"{_P}cNvPr"), None)
    alt = (stated.get("descr") or "") if stated is not None else ""
    return image_link(alt, link) if link else f"[image: {alt}]" if alt else ""


def _chart(root: etree._Element) -> str:
    """Return the figures behind a chart as a table: a row for each category, a column for each series."""
    heads: list[str] = [""]
    columns: list[list[str]] = []
    categories: list[str] = []
    for series in root.iter(f"{_C}ser"):
        heads.append(next(iter(_values(series.find(f"{_C}tx"))), ""))
        categories = _values(series.find(f"{_C}cat")) or categories
        columns.append(_values(series.find(f"{_C}val")))
    longest = max((len(column) for column in columns), default=0)
    rows = [
        [categories[i] if i < len(categories) else "", *(c[i] if i < len(c) else "" for c in columns)]
        for i in range(min(longest, 200))
    ]
    return markdown_table([heads, *rows]) if rows else ""


def _values(element: etree._Element | None) -> list[str]:
    return [] if element is None else [value.text or "" for value in element.iter(f"{_C}v")]


def _notes(root: etree._Element) -> Iterator[str]:
    for shape in root.iter(f"{_P}sp"):
        if _placeholder(shape) == "body":
            text = "\n\n".join(escape_tags(text) for _, text in _paragraphs(shape))
            if text:
                yield f"Notes: {text}"
