"""Measures search: making the index, queries in a process and as a command, one page changed; beside peers.

    python benchmarks/search_speed.py                    # 2,000 pages, some seconds
    python benchmarks/search_speed.py --pages 100000     # the targets: some minutes
    python benchmarks/search_speed.py --vault FOLDER     # pages that are there already, as search_vault.py made them

Peers that are not installed are left out: tantivy (pip install tantivy), rg on PATH, and grep.
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
from benchmarks.search_vault import make_vault, queries, write_vault

from nightdesk.wiki.search.collection import vault_collection, vault_database
from nightdesk.wiki.search.search import search

RUNS = 10  # of a command
CHANGES = 20


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time of a piece of work in this process and the children that it waited for."""
    before = os.times()
    work()
    after = os.times()
    return sum(after[:4]) - sum(before[:4])


def quantiles(seconds: Sequence[float]) -> str:
    """Return the median and the 95th percentile in milliseconds."""
    ordered = sorted(seconds)
    median, high = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)]
    return f"{1e3 * median:.1f} / {1e3 * high:.1f} ms"


def measure_nightdesk(folder: Path, caches: Path, asked: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield rows of the table: what, how much, the target."""
    collection = vault_collection(folder, vault_database(folder, caches))
    yield "nightdesk: index", f"{cpu_seconds(lambda: search(collection, 'x', jobs=0)):.1f} s", ""
    time.sleep(0.1)  # what was written this very moment is looked at again
    search(collection, "x", thorough=True)
    times = [cpu_seconds_here(partial(search, collection, query)) for query in asked]
    yield "nightdesk: a query in a process, p50 / p95", quantiles(times), "p95 < 20 ms"
    page = next(folder.rglob("*.md"))
    text, changes = page.read_text(encoding="utf-8"), []
    for number in range(CHANGES):
        page.with_name("new.tmp").write_text(f"{text}\nchange{number}\n", encoding="utf-8")
        page.with_name("new.tmp").replace(page)
        changes.append(cpu_seconds_here(lambda: search(collection, "x")))
    yield "nightdesk: a query after one page changed, p50 / p95", quantiles(changes), "< 50 ms"
    page.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "nightdesk", "search", "--vault", str(folder)]
    environment = {**os.environ, "XDG_CACHE_HOME": str(caches)}
    run = partial(subprocess.run, env=environment, capture_output=True, check=False)
    seconds = [cpu_seconds(partial(run, [*command, query])) for query in asked[:RUNS]]
    yield "nightdesk: as a command, p50 / p95", quantiles(seconds), "< 250 ms"


def cpu_seconds_here(work: Callable[[], object]) -> float:
    """Return the CPU time of a short piece of work in this process."""
    before = time.process_time()
    work()
    return time.process_time() - before


def measure_peers(folder: Path, asked: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield rows for the peers that are there."""
    words = [query.split()[0].strip('"*') for query in asked[:RUNS]]
    for program in ("rg", "grep"):
        if shutil.which(program):
            flags = ["-l", "-i", "-w"] if program == "rg" else ["-r", "-l", "-i", "-w"]
            run = partial(subprocess.run, capture_output=True, check=False)
            times = [cpu_seconds(partial(run, [program, *flags, word, str(folder)])) for word in words]
            yield f"{program}: one word, no ranking, p50 / p95", quantiles(times), ""
    try:
        tantivy: Any = importlib.import_module("tantivy")  # a peer, which need not be there
    except ImportError:
        return
    schema = tantivy.SchemaBuilder().add_text_field("path", stored=True).add_text_field("body").build()
    index = tantivy.Index(schema)

    def build() -> None:
        writer = index.writer()
        for file in folder.rglob("*.md"):
            writer.add_document(tantivy.Document(path=str(file), body=file.read_text(encoding="utf-8")))
        writer.commit()
        index.reload()

    yield "tantivy: index, in memory", f"{cpu_seconds(build):.1f} s", ""
    searcher = index.searcher()
    parsed = [index.parse_query(word, ["body"]) for word in words * 5]
    times = [cpu_seconds_here(partial(searcher.search, one, 10)) for one in parsed]
    yield "tantivy: one word, no snippets, p50 / p95", quantiles(times), ""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure search.")
    parser.add_argument("--pages", type=int, default=2_000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--vault", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.vault or Path(temporary) / "vault"
        if options.vault is None:
            write_vault(folder, options.pages)
        pages = sum(1 for _ in folder.rglob("*.md"))
        asked = [query for query in queries(make_vault(pages), options.queries) if "*" not in query or len(query) > 3]
        print(f"{pages:,} pages; CPU time\n\n| what | measured | target |\n| --- | ---: | ---: |")
        for rows in (measure_nightdesk(folder, Path(temporary) / "caches", asked), measure_peers(folder, asked)):
            for row in rows:
                print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
