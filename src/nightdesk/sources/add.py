"""`nightdesk add`: files, folders, pages, repositories and standard input become files in raw/."""

import filecmp
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from nightdesk.base.desk import SETTINGS_NAME, Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.names import safe_name
from nightdesk.sources.addresses import Resolver, resolve_host
from nightdesk.sources.exports import select, source_name
from nightdesk.sources.fetch import FetchPolicy
from nightdesk.sources.folders import list_folder
from nightdesk.sources.images import Loader, relative_path, save_images
from nightdesk.sources.intake import (
    ENDINGS,
    MAX_FILE_BYTES,
    check_content,
    image_references,
    looks_like_markdown,
    name_parts,
    reason_against,
    stem_of,
    title_for,
)
from nightdesk.sources.kinds import KINDS, is_binary, why_not
from nightdesk.sources.loading import first_of, from_folder, from_web
from nightdesk.sources.provenance import Provenance, read_provenance, record_provenance
from nightdesk.sources.raw import Placed, Shelf, split_name
from nightdesk.sources.repository import Repository, beside, is_mostly_code, is_repository_path, open_repository
from nightdesk.sources.unpacking import is_zip, unpacked
from nightdesk.sources.urls import resolve_reference
from nightdesk.sources.web import WebFile, choose_ending, fetch_file, repository_url

MANY_FILES = 100  # of a folder; more are flushed to the disk all at once: 10,000 by themselves take half a minute

_URL = re.compile(r"[a-z][a-z0-9+.-]*:(?://|:)", re.IGNORECASE)
_SCP = re.compile(r"[\w.-]+@[\w.-]+:(?!//)")
_OWN_FOLDERS = ("wiki", "text", "exports", ".nightdesk", ".git", ".obsidian")
_OWN_FILES = (SETTINGS_NAME, "AGENTS.md", "CLAUDE.md", ".gitignore")


@dataclass(frozen=True, slots=True)
class Present:
    """A source that was in raw/ before."""

    source: str  # as given, printable
    path: Path


@dataclass(frozen=True, slots=True)
class Refusal:
    """A source that was not taken, and why, in words that follow its name."""

    source: str  # as given, printable
    reason: str


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of the sources that were given, in their order."""

    added: tuple[Path, ...]  # new sources in raw/
    written: tuple[Path, ...]  # every file written: the new sources, their images and tables
    present: tuple[Present, ...]
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]  # what else a person may want to know: images that could not be had, files left out


def add_sources(
    desk_root: Path,
    sources: Sequence[str],
    *,
    standard_input: BinaryIO | None,
    policy: FetchPolicy,
    name: str | None = None,
    with_images: bool = True,
    today: date,
    resolve: Resolver = resolve_host,
) -> AddReport:
    """Bring each source into raw/ and return what became of it; one that is refused does not stop the others.

    A source is a path, an http(s) URL, or "-" for `standard_input`. Raises DeskError when `name` is given to several.
    """
    if name is not None and len(sources) != 1:
        raise DeskError("a name can be given to one source at a time")
    adding = _Adding(Desk(desk_root), policy, name, with_images, today, resolve)
    for source in sources:
        try:
            adding.add(source, standard_input)
        except DeskError as error:
            adding.refuse(source, str(error))
        except OSError as error:
            adding.refuse(source, (error.strerror or str(error)).lower())
    return adding.report()


class _Adding:
    """One call of `add_sources`: what it knows and what it has done so far."""

    def __init__(
        self, desk: Desk, policy: FetchPolicy, name: str | None, with_images: bool, today: date, resolve: Resolver
    ) -> None:
        self._desk = desk
        self._policy = policy
        self._name = name
        self._with_images = with_images
        self._version = today.isoformat()
        self._resolve = resolve
        self._shelf = Shelf(desk.raw)
        self._unreachable: dict[str, str] = {}  # hosts, with the reason, that no further image is asked of
        self._added: list[Path] = []
        self._written: list[Path] = []
        self._present: list[Present] = []
        self._refused: list[Refusal] = []
        self._notes: list[str] = []

    def report(self) -> AddReport:
        return AddReport(
            added=tuple(self._added),
            written=tuple(dict.fromkeys(self._written)),
            present=tuple(self._present),
            refused=tuple(self._refused),
            notes=tuple(self._notes),
        )

    def refuse(self, source: str, reason: str) -> None:
        self._refused.append(Refusal(printable(source), printable(reason)))

    def add(self, source: str, standard_input: BinaryIO | None) -> None:
        """Add one source. Raises DeskError and OSError for what is wrong with all of it."""
        if source == "-":
            self._add_input(standard_input)
        elif not source.strip() or "\0" in source:
            raise DeskError("is no name of a file")
        elif Path(source).exists():
            self._add_path(source)
        elif _SCP.match(source):
            raise DeskError("repositories are cloned over https only", fix="give its https:// URL")
        elif not _URL.match(source):
            raise DeskError("does not exist")
        elif clone_url := repository_url(source):
            with open_repository(clone_url, policy=self._policy, resolve=self._resolve) as repository:
                self._add_repository(source, repository, url=clone_url)
        else:
            self._add_web_file(source, fetch_file(source, policy=self._policy, resolve=self._resolve))

    def _add_path(self, source: str) -> None:
        path = Path(source)
        real = path.resolve()
        if real.is_relative_to(self._desk.raw.resolve()):
            if real.is_file() and (reason := why_not(real)):
                raise DeskError(reason)
            self._present.append(Present(printable(source), path))
            return
        if _is_own(real, self._desk.root.resolve()):
            raise DeskError("is a part of this desk, not a source")
        if path.is_file() and path.suffix.lower() == ".zip":
            if not is_zip(path):
                raise DeskError("is no zip archive")
            if path.stat().st_size > MAX_FILE_BYTES:
                raise DeskError(f"is larger than {MAX_FILE_BYTES / 1e6:g} MB; unpack it and add its folder")
            with unpacked(path) as folder:
                self._add_folder(folder, called=path)
        elif not path.is_dir():
            reason = reason_against(path)
            if reason:
                raise DeskError(reason)
            stem, ending = name_parts(path)
            placed = self._shelf.place(path, stem=stem_of(self._name) if self._name else stem, ending=ending)
            self._note_placed(source, placed)
            if placed.new:
                self._save_local_images(path, placed.path, root=path.parent)
                self._add_attachments(placed.path)
        elif is_repository_path(path) and (path.name == ".git" or not (path / ".git").exists() or is_mostly_code(path)):
            with open_repository(path, policy=self._policy) as repository:
                self._add_repository(source, repository, url=None)
        else:
            self._add_folder(path)

    def _add_folder(self, folder: Path, *, called: Path | None = None) -> None:
        """Add what a folder holds; `called` is the archive that it was unpacked from."""
        if (folder / SETTINGS_NAME).is_file():
            raise DeskError("is a desk", fix="to take its sources, give its raw/ folder")
        left_out: Counter[str] = Counter()
        new: list[tuple[Path, Path]] = []
        files = list_folder(folder)
        selection = select(folder, files)
        many = len(files) > MANY_FILES
        top = self._name or (called.stem if called else folder.resolve().name)
        shown = called or folder
        for path in selection.files:
            name = str(shown / path.relative_to(folder))
            try:
                reason = reason_against(path)
                if reason == "is empty" or (reason and path.suffix.lower() not in ENDINGS):
                    left_out["empty" if reason == "is empty" else path.suffix.lower() or path.name] += 1
                elif reason:
                    self.refuse(name, reason)
                else:
                    *inner, last = map(source_name, path.relative_to(folder).parts)
                    stem, ending = name_parts(PurePosixPath(last))
                    placed = self._shelf.place(path, folders=(top, *inner), stem=stem, ending=ending, flush=not many)
                    self._note_placed(name, placed)
                    new += [(path, placed.path)] if placed.new else []
            except OSError as error:
                self.refuse(name, (error.strerror or str(error)).lower())
        self._keep_tables(folder, top, selection.tables)
        if many:
            os.sync()
        for path, placed_path in new:
            self._save_local_images(path, placed_path, root=folder, beside=selection.pictures.get(path, ()))
            self._add_attachments(placed_path)
        if left_out:
            kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(left_out.items()))
            self._note(f"{shown}: left out {left_out.total()} files that hold nothing to read ({kinds})")
        for why, count in sorted(selection.left_out.items()):
            self._note(f"{shown}: left out {count} files that {why}")
        if not selection.files:
            raise DeskError("holds no files that can be read")

    def _keep_tables(self, folder: Path, top: str, tables: Sequence[Path]) -> None:
        """Put the tables of an export beside its sources in raw/; one that is there is left as it is."""
        for path in tables:
            place = self._shelf.make_folder((top, *path.relative_to(folder).parts[:-1])) / path.name
            if not place.exists() and not place.is_symlink() and reason_against(path) is None:
                write_atomically(place, path.read_bytes())
                self._written.append(place)

    def _add_attachments(self, mail: Path) -> None:
        """Add the documents that are attached to a mail in raw/, as sources in a folder beside it."""
        if mail.suffix.lower() not in KINDS["mail"]:
            return
        # imported here: only mail needs what takes it apart
        from nightdesk.sources.attachments import FOLDER_ENDING, attached_documents  # noqa: PLC0415

        folders = (*mail.parent.relative_to(self._desk.raw).parts, mail.stem + FOLDER_ENDING)
        for name, content in attached_documents(mail):
            stem, ending = name_parts(PurePosixPath(name))
            try:
                check_content(content, ending)
                placed = self._shelf.place(content, folders=folders, stem=stem, ending=ending)
            except DeskError as error:
                self._note(f"{mail.name}: {name}, which is attached to it, {error}")
                continue
            self._note_placed(f"{mail.name}: {name}", placed)

    def _add_input(self, standard_input: BinaryIO | None) -> None:
        content = standard_input.read(MAX_FILE_BYTES + 1) if standard_input else b""
        if len(content) > MAX_FILE_BYTES:
            raise DeskError(f"is larger than {MAX_FILE_BYTES / 1e6:g} MB")
        if not content.strip():
            raise DeskError("is empty")
        ending = choose_ending(content, name=self._name or "")
        if ending == ".txt" and not (self._name or "").lower().endswith(".txt") and looks_like_markdown(content):
            ending = ".md"
        check_content(content, ending)
        stem = stem_of(self._name) if self._name else title_for(content, ending)
        placed = self._shelf.place(content, stem=stem, ending=ending)
        self._note_placed("standard input", placed)
        if placed.new:
            loader = from_web(self._policy, unreachable=self._unreachable, resolve=self._resolve)
            self._save_images(placed.path, image_references(placed.path), loader)

    def _add_web_file(self, source: str, file: WebFile) -> None:
        check_content(file.content, file.ending)
        digest = sha256(file.content).hexdigest()
        rows = read_provenance(self._desk.raw)
        before = next((row for row in rows if row.url == file.url), None)
        stem = stem_of(self._name) if self._name else file.stem
        folders: tuple[str, ...] = ()
        if before and not self._name:  # a new version stands beside the old one, even if the page's title changed
            stem = split_name(PurePosixPath(before.path).name)[0]
            folders = PurePosixPath(before.path).parts[:-1]
        placed = self._shelf.place(
            file.content, folders=folders, stem=stem, ending=file.ending, version=self._version if before else None
        )
        self._note_placed(source, placed)
        path = placed.path.relative_to(self._desk.raw).as_posix()
        if not any(row.url == file.url and row.path == path for row in rows):
            row = Provenance(path, file.url, file.final_url, file.fetched_at, digest, file.charset or "")
            self._written.append(record_provenance(self._desk.raw, row))
        if placed.new:
            references = dict(file.images) or {
                reference: address
                for reference in image_references(placed.path)
                if (address := resolve_reference(file.final_url, reference))
            }
            loader = from_web(self._policy, unreachable=self._unreachable, resolve=self._resolve)
            self._save_images(placed.path, references, loader)

    def _add_repository(self, source: str, repository: Repository, *, url: str | None) -> None:
        rows = read_provenance(self._desk.raw)
        owner = {row.path.partition("/")[0]: row.url for row in rows if "/" in row.path}
        top = safe_name(self._name or repository.name)
        names = (top, *(f"{top} ({number})" for number in range(2, 1000)))
        top = next((name for name in names if url is None or owner.get(name, url) == url), top)
        for document in repository.documents:
            if is_binary(document.content[:8192]):
                self._note(f"{repository.name}: {document.path} is binary, not text")
                continue
            *folders, file_name = PurePosixPath(document.path).parts
            stem, ending = name_parts(PurePosixPath(file_name))
            placed = self._shelf.place(
                document.content, folders=(top, *folders), stem=stem, ending=ending, version=self._version
            )
            self._note_placed(f"{source}: {document.path}", placed)
            if not placed.new:
                continue
            if url:
                path = placed.path.relative_to(self._desk.raw).as_posix()
                digest = sha256(document.content).hexdigest()
                row = Provenance(path, url, repository.origin, repository.fetched_at, digest, "")
                self._written.append(record_provenance(self._desk.raw, row))
            references = {name: beside(document.path, name) for name in image_references(placed.path)}
            web = from_web(self._policy, unreachable=self._unreachable, resolve=self._resolve)
            self._save_images(placed.path, references, first_of(repository.load_image, web))
        for note in repository.notes:
            self._note(f"{repository.name}: {note}")

    def _save_local_images(self, original: Path, placed: Path, *, root: Path, beside: Sequence[Path] = ()) -> None:
        """Save what a file shows (and the pictures `beside` it): from the folder it came from, and from the web."""
        references = image_references(placed) | {picture.name: picture.name for picture in beside}
        for reference in list(references):
            name = relative_path(reference)
            if name and _is_same(original.parent / name, placed.parent / name, within=self._desk.raw):
                del references[reference]  # its image was added as well: the link leads there as it is
        web = from_web(self._policy, unreachable=self._unreachable, resolve=self._resolve)
        self._save_images(placed, references, first_of(from_folder(root, beside=original), web))

    def _save_images(self, source: Path, references: Mapping[str, str], load: Loader) -> None:
        if not self._with_images:
            return
        saved = save_images(source, references, load=load)
        self._written += saved.written
        for note in saved.notes:
            self._note(f"{source.name}: {note}")

    def _note_placed(self, source: str, placed: Placed) -> None:
        if placed.new:
            self._added.append(placed.path)
            self._written.append(placed.path)
        else:
            self._present.append(Present(printable(source), placed.path))

    def _note(self, text: str) -> None:
        self._notes.append(printable(text))


def printable(text: str) -> str:
    """Return text from outside as one short line that does nothing to a terminal."""
    line = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return line if len(line) <= 300 else line[:200] + "…" + line[-99:]


def _is_same(original: Path, placed: Path, *, within: Path) -> bool:
    """Say whether `placed`, in `within`, is a file with the content of `original`."""
    try:
        inside = placed.resolve().is_relative_to(within.resolve())
        return inside and placed.is_file() and filecmp.cmp(original, placed, shallow=False)
    except (OSError, RuntimeError, ValueError):  # one of them is not there, or has a name that no system takes
        return False


def _is_own(path: Path, root: Path) -> bool:
    """Say whether `path` is something that nightdesk keeps in the desk at `root`, or the desk itself."""
    if not path.is_relative_to(root):
        return False
    parts = path.relative_to(root).parts
    return not parts or parts[0] in _OWN_FOLDERS or (len(parts) == 1 and parts[0] in _OWN_FILES)
