"""The text of each source: the raw file itself where that is text, else a Markdown file in text/, written here."""

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nightdesk.agents.boundary import visible
from nightdesk.base.cache import Cache, stat_signature
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import hash_file, write_atomically
from nightdesk.base.pages import Page, iso_date, load_yaml, make_page, parse_page, short_hash, split_frontmatter
from nightdesk.base.settings import Settings
from nightdesk.base.stages import Stage
from nightdesk.sources.convert import CONVERTER_VERSION, Bounds, Converters, Job
from nightdesk.sources.folders import ASSETS_ENDING, find_sources
from nightdesk.sources.formats.converted import Converted
from nightdesk.sources.generated import FINDINGS, is_findings
from nightdesk.sources.generated import FOLDER as LAB_FOLDER
from nightdesk.sources.images import read_images
from nightdesk.sources.kinds import KINDS_VERSION, is_text, kind_of, why_not
from nightdesk.sources.provenance import read_provenance
from nightdesk.sources.raw import PROVENANCE_NAME

TABLE = "texts"
MAX_IMAGES = 40  # of one source that its page shows


@dataclass(frozen=True, slots=True)
class SourceText:
    """One source with the text that quotes are checked against. Paths are relative to the desk."""

    raw: str
    raw_sha256: str
    kind: str
    text: str  # the raw file itself where that is text
    text_sha256: str
    title: str | None
    author: str | None
    published: str | None  # ISO date, or year and month, or year
    url: str | None
    images: tuple[str, ...]


@dataclass(slots=True)
class Texts:
    """What came of raw/."""

    sources: list[SourceText] = field(default_factory=list)  # by path
    problems: dict[str, str] = field(default_factory=dict)  # raw path -> why it cannot be read
    notes: list[str] = field(default_factory=list)
    to_convert: list[str] = field(default_factory=list)  # with `dry`: what would be converted
    converted: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)  # paths in text/ that were written or removed


def gather_texts(desk: Desk, settings: Settings, cache: Cache, stage: Stage, *, dry: bool = False) -> Texts:
    """Return the text of every source in raw/, converting what is new or changed; with `dry` nothing is converted.

    A file that cannot be read gives a problem, the others go on.
    """
    texts = Texts()
    memos: dict[str, Any] = cache.all(TABLE)
    fresh: dict[str, Any] = {}
    waiting: dict[str, dict[str, Any]] = {}
    seen: dict[str, str] = {}
    urls = _urls(desk.raw)
    paths = [desk.relative(path) for path in find_sources(desk.raw)]
    with stage("looking", len(paths)) as step:
        for raw in paths:
            step()
            memo = _look(desk, raw, memos.get(raw), settings)
            fresh[raw] = memo
            if "problem" in memo:
                texts.problems[raw] = memo["problem"]
            elif (first := seen.setdefault(memo["sha256"], raw)) != raw:
                texts.notes.append(f"{raw} is the same as {first}; read once")
                memo["same"] = True
            elif not _has_text(desk, raw, memo):
                waiting[raw] = memo
    if dry:
        texts.to_convert = list(waiting)
        for raw in waiting:
            del fresh[raw]
    else:
        _convert(desk, settings, waiting, texts, stage)
        _sweep(desk, fresh, texts)
        cache.put(TABLE, fresh)
        cache.keep_only(TABLE, fresh)
    for raw, memo in fresh.items():
        if "text" in memo and "same" not in memo:
            texts.sources.append(_source(raw, memo, urls.get(raw)))
    return texts


def text_path(raw: str) -> str:
    """Return where the text of a raw file stands that is not text itself."""
    return "text/" + raw.removeprefix("raw/") + ".md"


def _look(desk: Desk, raw: str, memo: dict[str, Any] | None, settings: Settings) -> dict[str, Any]:
    """Return what is known of a raw file: its memo if the file is as it was, else its hash and kind, or its problem."""
    path = desk.root / raw
    signature = f"{stat_signature(path)}:{settings.max_source_mb}:{CONVERTER_VERSION}:{KINDS_VERSION}"
    if memo is not None and memo.get("signature") == signature:
        memo.pop("same", None)
        return memo
    known: dict[str, Any] = {"signature": signature}
    try:
        size = path.stat().st_size
        if size > settings.max_source_mb * 1_000_000:
            return known | {"problem": f"is larger than {settings.max_source_mb} MB (max_source_mb in nightdesk.toml)"}
        kind = kind_of(path)
        if kind is None:
            return known | {"problem": why_not(path) or "is of no kind that is read"}
        known |= {"kind": kind, "sha256": hash_file(path)}
        if is_text(kind, path):
            known |= {"text": raw, "text_sha256": known["sha256"], **_facts_of(path)}
            known["images"] = _images_beside(desk, raw)
            if raw.startswith(f"raw/{LAB_FOLDER}/") and is_findings(path):
                known["kind"] = FINDINGS
        elif kind in ("obsidian", "notion"):
            known["url"] = _facts_of(path)["url"]  # what else its properties say comes with the text
    except OSError as error:
        return {"signature": "", "problem": f"cannot be read: {error.strerror}"}
    return known


def _facts_of(path: Path) -> dict[str, Any]:
    """Return what a text says of itself in its frontmatter, as web clippers and OKF bundles write it."""
    with path.open(encoding="utf-8", errors="replace") as file:
        front, _ = split_frontmatter(file.read(100_000))
    values = load_yaml(front)
    published = next((values[key] for key in ("published", "date", "created", "timestamp") if values.get(key)), None)
    if published is None and isinstance(written := values.get("generated"), dict):  # Open Knowledge Format
        published = written.get("at")
    url = next((values[key] for key in ("source", "url", "link", "resource") if values.get(key)), None)
    return {
        "title": _line(values.get("title")),
        "author": _line(values.get("author")),
        "published": str(iso_date(published) or "") or None,
        "url": url if isinstance(url, str) and url.startswith(("http://", "https://")) else None,
    }


def _line(value: object) -> str | None:
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value)
    return " ".join(str(value).replace("[[", "").replace("]]", "").split())[:300] or None if value else None


def _has_text(desk: Desk, raw: str, memo: dict[str, Any]) -> bool:
    """Say whether the text of a source is there and made from the raw file as it is now; if so, note what it says."""
    if memo.get("text") == raw:
        return True
    path = desk.root / text_path(raw)
    signature = stat_signature(path)
    if signature is None:
        return False
    if memo.get("text_signature") == signature:
        return True
    with suppress(DeskError, UnicodeDecodeError):
        page = parse_page(path.read_text(encoding="utf-8"))
        if page.made_from == _made_from(memo):
            _note_text(desk, raw, page, memo)
            return True
    return False


def _made_from(memo: Mapping[str, Any]) -> str:
    return short_hash(f"{memo['sha256']} {memo['kind']} {CONVERTER_VERSION}")


def _note_text(desk: Desk, raw: str, page: Page, memo: dict[str, Any]) -> None:
    path = text_path(raw)
    memo |= {
        "text": path,
        "text_signature": stat_signature(desk.root / path),
        "text_sha256": hash_file(desk.root / path),
        "images": _images_of(desk, path) or _images_beside(desk, raw),
    }
    memo |= {key: _line(page.value(key)) for key in ("title", "author", "published")}


def _convert(desk: Desk, settings: Settings, waiting: Mapping[str, dict[str, Any]], texts: Texts, stage: Stage) -> None:
    if not waiting:
        return
    bounds = Bounds(
        wall_seconds=settings.convert_seconds,
        cpu_seconds=settings.convert_seconds,
        memory_bytes=settings.convert_memory_mb * 1_000_000,
    )
    jobs = {desk.root / raw: raw for raw in waiting}
    children = min(settings.processes, len(waiting))
    with Converters(children, bounds=bounds) as converters, stage("converting", len(waiting)) as step:
        for outcome in converters.convert_all(_job(desk, raw, waiting[raw]["kind"]) for raw in waiting):
            raw = jobs[outcome.job.path]
            if outcome.converted is None:
                waiting[raw]["problem"] = texts.problems[raw] = outcome.problem or "cannot be converted"
                _remove_assets(desk, raw)
            else:
                _keep_text(desk, raw, outcome.converted, waiting[raw], texts)
            step()


def _job(desk: Desk, raw: str, kind: str) -> Job:
    _remove_assets(desk, raw)
    path = desk.root / text_path(raw)
    name = path.name.removesuffix(".md") + ASSETS_ENDING
    return Job(desk.root / raw, kind, path.with_name(name), f"{name}/")


def _remove_assets(desk: Desk, raw: str) -> None:
    path = desk.root / text_path(raw)
    shutil.rmtree(path.with_name(path.name.removesuffix(".md") + ASSETS_ENDING), ignore_errors=True)


def _keep_text(desk: Desk, raw: str, converted: Converted, memo: dict[str, Any], texts: Texts) -> None:
    """Write a text; one that a person has corrected is kept beside the new one."""
    path = desk.root / text_path(raw)
    values = {
        "title": converted.title,
        "author": converted.author,
        "published": iso_date(converted.published) or converted.published,
        "pages": converted.pages,
        "source": raw,
        "source_sha256": memo["sha256"],
    }
    page = make_page(values, converted.markdown, made_from=_made_from(memo))
    _set_edited_aside(desk, path, texts)
    write_atomically(path, page.text, durable=False)
    texts.written.append(desk.relative(path))
    texts.converted.append(raw)
    texts.notes += [f"{raw}: {note}" for note in converted.notes]
    _note_text(desk, raw, page, memo)


def _set_edited_aside(desk: Desk, path: Path, texts: Texts) -> None:
    with suppress(FileNotFoundError, DeskError, UnicodeDecodeError):
        before = parse_page(path.read_text(encoding="utf-8"))
        if before.edited and before.written is not None:
            aside = path.with_name(f"{path.name.removesuffix('.md')}.edited.md")
            write_atomically(aside, before.text)
            texts.written.append(desk.relative(aside))
            texts.notes.append(f"{desk.relative(path)} was edited; your version is kept as {desk.relative(aside)}")


def _sweep(desk: Desk, fresh: Mapping[str, Mapping[str, Any]], texts: Texts) -> None:
    """Remove the texts (and their images) whose raw file is gone; one that a person has edited is kept."""
    if not desk.text.is_dir():
        return
    wanted = {text_path(raw) for raw in fresh}
    for path in sorted(desk.text.rglob("*.md")):
        relative = desk.relative(path)
        if relative in wanted or relative.endswith(".edited.md") or ASSETS_ENDING + "/" in relative:
            continue
        with suppress(DeskError, UnicodeDecodeError):
            if parse_page(path.read_text(encoding="utf-8")).written is None:
                continue  # not ours
        _set_edited_aside(desk, path, texts)
        path.unlink()
        shutil.rmtree(path.with_name(path.name.removesuffix(".md") + ASSETS_ENDING), ignore_errors=True)
        texts.written.append(relative)


def _images_of(desk: Desk, text: str) -> list[str]:
    folder = desk.root / (text.removesuffix(".md") + ASSETS_ENDING)
    return [desk.relative(path) for path in sorted(folder.glob("*")) if path.is_file()][:MAX_IMAGES]


def _images_beside(desk: Desk, raw: str) -> list[str]:
    names = dict.fromkeys(read_images(desk.root / raw).values())
    return [f"{raw}{ASSETS_ENDING}/{name}" for name in names][:MAX_IMAGES]


def _urls(raw: Path) -> dict[str, str]:
    """Return raw path -> URL for what was fetched."""
    if not (raw / PROVENANCE_NAME).is_file():
        return {}
    return {f"raw/{row.path}": row.url for row in read_provenance(raw)}


def _source(raw: str, memo: Mapping[str, Any], url: str | None) -> SourceText:
    images = list(memo.get("images", ()))
    if memo["kind"] == "image":
        images = [raw]
    return SourceText(
        raw=raw,
        raw_sha256=memo["sha256"],
        kind=memo["kind"],
        text=memo["text"],
        text_sha256=memo["text_sha256"],
        title=visible(memo.get("title") or "") or None,
        author=visible(memo.get("author") or "") or None,
        published=memo.get("published"),
        url=memo.get("url") or url,
        images=tuple(images),
    )
