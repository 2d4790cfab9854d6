"""A git repository as a source: its README, its documents and a map of its code, at one commit."""

import os
import posixpath
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nightdesk.base.errors import DeskError
from nightdesk.base.git import run_git
from nightdesk.base.names import safe_name
from nightdesk.base.processes import Limits, kill, start
from nightdesk.sources.addresses import Resolver, resolve_host
from nightdesk.sources.codemap import TreeFile, code_map, files_to_map
from nightdesk.sources.fetch import FetchPolicy, fetch, pin_addresses
from nightdesk.sources.images import MAX_IMAGE_BYTES, Loader, relative_path
from nightdesk.sources.urls import parse_url

CLONE_SECONDS = 180.0
MAX_CLONE_BYTES = 1_000_000_000  # of each file that git writes: a pack is one
MAX_DOCUMENTS = 200
MAX_DOCUMENT_BYTES = 1_000_000

_DOCUMENT = re.compile(r"(?:docs?|documentation)/.*\.(?:md|markdown|rst|txt)", re.IGNORECASE | re.DOTALL)
_README = re.compile(r"readme(?:\.[a-z]{2,12})?(?:\.(?:md|markdown|rst|txt|org|adoc))?", re.IGNORECASE)
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_REFS = "/info/refs?service=git-upload-pack"
_REGULAR_FILES = ("100644", "100755", "100664")  # neither links nor other repositories

# A stranger's repository, whose own settings must run nothing: no transport at all when it is only read.
_READ_ONLY = ("-c", "safe.directory=*", "-c", "protocol.allow=never", "-c", "log.showSignature=false")


@dataclass(frozen=True, slots=True)
class Document:
    """One file that a repository gives to raw/."""

    path: str  # relative, "/" between the parts
    content: bytes


@dataclass(frozen=True, slots=True)
class Repository:
    """What is read of a repository."""

    name: str  # safe as a folder's name
    origin: str  # URL, or the folder's name for one on this machine: a path would say where its user lives
    commit: str
    fetched_at: str  # ISO 8601, UTC; "" for one on this machine
    documents: tuple[Document, ...]  # README, docs, and the map of the code last
    notes: tuple[str, ...]
    load_image: Loader  # of a path relative to the repository's root; works while the repository is open


@contextmanager
def open_repository(
    source: str | Path, *, policy: FetchPolicy, resolve: Resolver = resolve_host
) -> Iterator[Repository]:
    """Give what is read of the repository at an https URL or at a path of this machine. Raises DeskError.

    A URL is cloned without history and without a working tree, so that neither filters nor hooks ever run.
    """
    if isinstance(source, Path):
        folder = source.parent if source.name == ".git" else source
        name = safe_name(folder.resolve().name.removesuffix(".git"))
        yield _read(folder, name=name, origin=name, fetched_at="")
        return
    name = safe_name(PurePosixPath(parse_url(source).path).name.removesuffix(".git"))
    with tempfile.TemporaryDirectory(prefix="nightdesk-") as temporary:
        folder = Path(temporary) / "repository.git"
        fetched_at = _clone(source, folder, policy=policy, resolve=resolve)
        yield _read(folder, name=name, origin=parse_url(source).url, fetched_at=fetched_at)


def is_repository_path(path: Path) -> bool:
    """Say whether `path` is a git repository: a work tree with its .git, a .git folder, or a bare one."""
    bare = all((path / name).exists() for name in ("HEAD", "objects", "refs"))
    return (path / ".git").exists() or bare


def is_mostly_code(path: Path) -> bool:
    """Say whether more of a repository's files are code than documents; notes kept in git are a folder of notes."""
    try:
        files = _list_tree(path)
    except DeskError:  # no commit yet, or broken: its files are there all the same
        return False
    documents = sum(PurePosixPath(file.path).suffix.lower() in (".md", ".markdown", ".txt", ".pdf") for file in files)
    return sum(file.language is not None for file in files) > documents


def _clone(url: str, folder: Path, *, policy: FetchPolicy, resolve: Resolver) -> str:
    """Clone the newest commit of `url` to the bare repository `folder` within limits, and return when that was."""
    final, fetched_at = _check_remote(url, policy=policy, resolve=resolve)
    target = parse_url(final)
    settings = {
        "protocol.allow": "never",
        "protocol.https.allow": "always",
        "http.followRedirects": "false",  # they were followed, and checked, already
        "http.proxy": policy.proxy or "",
        "http.userAgent": "git/nightdesk",
        "credential.helper": "",
        "core.askPass": "true",  # a program that answers nothing: without it git would ask on the terminal
        "core.hooksPath": os.devnull,
        "fetch.fsckObjects": "true",
        "transfer.bundleURI": "false",
        "submodule.recurse": "false",
    }
    if not policy.proxy:  # git connects to the addresses that were checked; a proxy looks names up by itself
        addresses = pin_addresses(final, policy=policy, resolve=resolve)
        numeric = ",".join(f"[{address}]" if ":" in address else address for address in addresses)
        settings["http.curloptResolve"] = f"{target.host}:{target.port}:{numeric}"
    if policy.certificates:
        settings["http.sslCAInfo"] = str(policy.certificates)
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    clone = ["clone", "--quiet", "--bare", "--depth=1", "--single-branch", "--no-tags", "--template="]
    # Not by base.git: what a stranger's server sends is taken in under limits of size and time, as by a converter.
    process = start(
        ["git", *options, *clone, "--", final, str(folder)],
        folder=folder.parent,
        limits=Limits(cpu_seconds=int(CLONE_SECONDS), file_bytes=MAX_CLONE_BYTES),
        variables={"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"},
        stderr=subprocess.PIPE,
    )
    try:
        _, errors = process.communicate(timeout=CLONE_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise DeskError(f"cloning took more than {CLONE_SECONDS:g} seconds") from error
    finally:
        kill(process)
    if process.returncode:
        lines = errors.decode("utf-8", "replace").strip().splitlines()
        raise DeskError(f"git could not clone it: {lines[-1] if lines else 'it was too large'}")
    return fetched_at


def _check_remote(url: str, *, policy: FetchPolicy, resolve: Resolver) -> tuple[str, str]:
    """Return the URL to clone, redirects followed and checked, and the time, if a repository answers there."""
    target = parse_url(url)
    if target.scheme != "https":
        raise DeskError("repositories are cloned over https only")
    answer = fetch(target.url.rstrip("/") + _REFS, policy=policy, resolve=resolve)
    if not answer.url.endswith(_REFS) or answer.media_type != "application/x-git-upload-pack-advertisement":
        raise DeskError("there is no git repository at this URL")
    return answer.url.removesuffix(_REFS), answer.fetched_at.isoformat()


def _read(folder: Path, *, name: str, origin: str, fetched_at: str) -> Repository:
    files = _list_tree(folder)
    commit, committed = run_git(folder, *_READ_ONLY, "show", "-s", "--format=%H %cI", "HEAD").split()
    wanted, notes = _documents(files)
    mapped = files_to_map(files)
    contents = _read_blobs(folder, [*wanted, *mapped])
    documents = []
    for file in wanted:
        if contents[file.blob].startswith(_LFS_POINTER):
            notes.append(f"{file.path} is kept in Git LFS and was not fetched")
        elif contents[file.blob].strip():
            documents.append(Document(file.path, contents[file.blob]))
    code = {file.path: contents[file.blob] for file in mapped}
    text = code_map(name, files, code, origin=origin, commit=commit, committed=committed)
    documents.append(Document(f"{name} code map.md", text.encode("utf-8", "replace")))
    by_path = {file.path: file for file in files}
    load = _image_loader(folder, by_path)
    return Repository(name, origin, commit, fetched_at, tuple(documents), tuple(notes), load)


def _list_tree(folder: Path) -> tuple[TreeFile, ...]:
    """Return the regular files of the newest commit, in git's order."""
    try:
        listed = run_git(folder, *_READ_ONLY, "ls-tree", "-r", "-z", "-l", "--full-tree", "HEAD")
    except DeskError as error:
        raise DeskError("is a git repository without a readable commit") from error
    files = []
    for entry in filter(None, listed.split("\0")):
        facts, _, path = entry.partition("\t")
        mode, _, blob, size = facts.split()
        if mode in _REGULAR_FILES and size.isdecimal():
            files.append(TreeFile(path, blob, int(size)))
    return tuple(files)


def _documents(files: Sequence[TreeFile]) -> tuple[list[TreeFile], list[str]]:
    """Return the README and documents to take, and what is said of those left out."""
    readmes = [file for file in files if _README.fullmatch(file.path)]
    found = readmes + [file for file in files if _DOCUMENT.fullmatch(file.path)]
    fitting = [file for file in found if 0 < file.size <= MAX_DOCUMENT_BYTES]
    notes = [f"{file.path} is larger than 1 MB" for file in found if file.size > MAX_DOCUMENT_BYTES]
    if len(fitting) > MAX_DOCUMENTS:
        notes.append(f"{len(fitting) - MAX_DOCUMENTS} more documents of it were left out: {MAX_DOCUMENTS} are taken")
    return fitting[:MAX_DOCUMENTS], notes


def _read_blobs(folder: Path, files: Sequence[TreeFile]) -> Mapping[str, bytes]:
    """Return the contents of files by object id."""
    wanted = list(dict.fromkeys(file.blob for file in files))
    if not wanted:
        return {}
    answer = run_git(folder, *_READ_ONLY, "cat-file", "--batch", stdin="\n".join(wanted) + "\n")
    output = answer.encode("utf-8", "surrogateescape")  # the very bytes: run_git decodes in the same reversible way
    contents: dict[str, bytes] = {}
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        blob, _, size = output[at:end].decode("ascii").split()
        contents[blob] = output[end + 1 : end + 1 + int(size)]
        at = end + 1 + int(size) + 1
    return contents


def _image_loader(folder: Path, by_path: Mapping[str, TreeFile]) -> Loader:
    def load(address: str) -> bytes | None:
        name = relative_path(address)
        file = by_path.get(name) if name else None
        if file is None or file.size > MAX_IMAGE_BYTES:
            return None
        return _read_blobs(folder, [file])[file.blob]

    return load


def beside(document: str, reference: str) -> str:
    """Return an image reference of a document as a path from the repository's root; URLs stay as they are."""
    name = relative_path(reference)
    return reference if name is None else posixpath.normpath(posixpath.join(posixpath.dirname(document), name))
