"""What a desk needs, what is missing, and how to mend it."""

import importlib.metadata
import importlib.util
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.git import is_repository, run_git
from nightdesk.base.settings import read_settings
from nightdesk.wiki.library import page_paths, read_page
from nightdesk.wiki.publish import SET_ASIDE

MIN_FREE_MB = 200
# module -> what it is needed for
_LIBRARIES = {
    "gcld3": "language detection",
    "html_to_markdown": "HTML, DOCX and EPUB",
    "liteparse": "PDF",
    "lxml": "HTML, PPTX and EPUB",
    "mammoth": "DOCX",
    "openpyxl": "XLSX",
    "pyromark": "Markdown",
    "sentencex": "sentences",
    "watchfiles": "compile --watch",
    "yaml": "frontmatter",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    good: bool
    found: str
    mend: str | None = None


def examine(desk: Desk | None) -> tuple[Check, ...]:
    """Look at the machine and, where one is given, at the desk."""
    checks = list(_machine())
    if desk is None:
        checks.append(Check("desk", False, "none around this folder", "nightdesk new DIR"))
    else:
        checks += _desk(desk)
    return tuple(checks)


def _machine() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", sys.version_info >= (3, 11), version, "nightdesk needs Python 3.11 or newer")
    git = shutil.which("git")
    yield Check("git", git is not None, git or "not on PATH", "install git")
    missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    found = "all there" if not missing else ", ".join(f"{name} ({_LIBRARIES[name]}) is missing" for name in missing)
    yield Check("libraries", not missing, found, "pip install --force-reinstall nightdesk")
    encoding = sys.getfilesystemencoding()
    yield Check("file names", encoding == "utf-8", encoding, "set the environment variable PYTHONUTF8=1")


def _desk(desk: Desk) -> Iterator[Check]:
    yield Check("desk", True, str(desk.root))
    try:
        settings = read_settings(desk.settings)
        yield Check("settings", True, f"worker = {settings.worker}")
    except DeskError as error:
        yield Check("settings", False, error.message, error.fix)
    repository = is_repository(desk.root)
    yield Check("history", repository, "git repository" if repository else "no git repository", "nightdesk new .")
    for name in ("AGENTS.md", "raw", ".gitignore"):
        there = (desk.root / name).exists()
        yield Check(name, there, "there" if there else "missing", "nightdesk new . (adds only what is missing)")
    if repository:
        tracked = bool(run_git(desk.root, "ls-files", ".nightdesk", check=False).strip())
        yield Check(
            "cache",
            not tracked,
            "in git, where it does not belong" if tracked else "not in git",
            "git rm -r --cached .nightdesk, and add .nightdesk/ to .gitignore",
        )
    free = shutil.disk_usage(desk.root).free // 1_000_000
    yield Check("disk", free >= MIN_FREE_MB, f"{free:,} MB free", "free some space")
    yield from _pages(desk)


def _pages(desk: Desk) -> Iterator[Check]:
    broken = []
    for path in page_paths(desk):
        try:
            read_page(desk, path)
        except DeskError as error:
            broken.append(error.message)
    yield Check("pages", not broken, "; ".join(broken[:5]) or "all can be read", "mend their frontmatter by hand")
    aside = sorted((desk.root / SET_ASIDE).glob("*.md"))
    found = ", ".join(path.name for path in aside[:5]) or "nothing"
    yield Check(
        "set aside", not aside, found, f"take what you want from {SET_ASIDE}/ into the pages, then delete the files"
    )
