"""Small folders of Markdown to search in."""

from pathlib import Path

from nightdesk.wiki.search.collection import Collection, vault_collection
from nightdesk.wiki.search.search import Results, search


def put(root: Path, path: str, text: str) -> Path:
    """Write a file and return it."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def vault(root: Path, pages: dict[str, str]) -> Collection:
    """Return a collection of these pages, its index beside the folder."""
    (root / "vault").mkdir(exist_ok=True)
    for path, text in pages.items():
        put(root / "vault", path, text)
    return vault_collection(root / "vault", root / "cache" / "index.sqlite")


def paths(results: Results) -> list[str]:
    """Return the paths of results, without the ending."""
    return [hit.path.removesuffix(".md") for hit in results.hits]


def found(collection: Collection, query: str, *, limit: int = 50) -> list[str]:
    """Search and return the paths, without the ending."""
    return paths(search(collection, query, limit=limit))
