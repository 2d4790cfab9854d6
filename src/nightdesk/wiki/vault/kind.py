"""What a folder of Markdown is kept as: a wiki, or the documents of a program."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from posixpath import basename

from nightdesk.wiki.vault.files import Folder
from nightdesk.wiki.vault.records import Record, Resolved

# what programs that wikis are kept with leave at the top: Obsidian, Foam, zk, Logseq, Dendron, Quartz
MARKS = (".obsidian", ".foam", ".zk", "logseq", "dendron.yml", "quartz.config.ts")
_NAMES = ("wiki", "notes", "zettelkasten", "digital-garden", "second-brain")
# what programs, their packages and their sites have at the top
_MANIFESTS = (
    *("package.json", "pyproject.toml", "setup.py", "setup.cfg", "cargo.toml", "go.mod", "composer.json", "gemfile"),
    *("pom.xml", "build.gradle", "makefile", "cmakelists.txt", "mkdocs.yml", "book.toml", "_config.yml", "conf.py"),
    *("docusaurus.config.js", "docusaurus.config.ts", "antora.yml", "mint.json", "docs.json"),
)
_READMES = 0.1  # share of the pages: folders of a program have one each
_READMES_LEAST = 3
_UP = 4  # folders above the vault that a manifest is looked for in: docs/ lies within what it documents


def is_wiki(
    folder: Folder,
    records: Mapping[str, Record],
    links: Mapping[str, Iterable[Resolved]],
    outside: dict[str, bool],
) -> bool:
    """Say whether a folder is kept as a wiki.

    It is where a program for wikis has opened it, where its own name says so, where an index.md beside a log.md links
    to at least half of its pages, where at least as many of the links between its pages are wikilinks as not, or where
    most pages state their `type`; else unless a program's manifest lies in or above it, or many READMEs do. What was
    looked for out of the folder is noted in `outside`, with whether it was there.
    """
    if marks_of(folder.root) or _is_named_so(folder.root) or _is_indexed(records, links):
        return True
    led = Counter(one.link.is_wiki for found in links.values() for one in found if one.target in records)
    if led[True] and led[True] >= led[False]:
        return True
    if 2 * sum(1 for record in records.values() if "type" in record.values) > len(records):
        return True
    readmes = sum(1 for path in records if basename(path).lower().startswith("readme."))
    if readmes >= max(_READMES_LEAST, _READMES * len(records)):
        return False
    names = frozenset(_MANIFESTS)
    return not any(basename(path).lower() in names for path in folder.files) and not _has_above(folder.root, outside)


def marks_of(root: Path) -> list[str]:
    """Return what programs that wikis are kept with have left in a folder."""
    return [name for name in MARKS if os.path.exists(root / name)]


def _is_named_so(root: Path) -> bool:
    """Say whether a folder is called a wiki: wiki/ within a repository, or the program.wiki that code hosts give."""
    name = root.resolve().name.lower()
    return name in _NAMES or name.endswith((".wiki", "-wiki"))


def _is_indexed(records: Mapping[str, Record], links: Mapping[str, Iterable[Resolved]]) -> bool:
    """Say whether an index at the top, with a log beside it, links to half of the pages or more.

    Documents have an index too, but a log of what was done to them only a wiki has.
    """
    top = {path.lower(): path for path in records if "/" not in path}
    if "index.md" not in top or "log.md" not in top:
        return False
    listed = {one.target for one in links[top["index.md"]]} & records.keys() - {top["index.md"], top["log.md"]}
    return bool(listed) and 2 * len(listed) >= len(records) - 2


def _has_above(root: Path, outside: dict[str, bool]) -> bool:
    here = root.resolve()
    for up in [*here.parents][:_UP] if not (here / ".git").exists() else ():
        for name in _MANIFESTS:
            file = str(up / name)
            outside[file] = os.path.isfile(file)
            if outside[file]:
                return True
        if (up / ".git").exists():  # what is above is another's
            break
    return False
