"""Measures the catalogue of the viewer: how soon it is there, how soon a change is in it, how soon a name is found.

    python benchmarks/viewer_catalogue.py                    # 10,000 pages
    python benchmarks/viewer_catalogue.py --pages 100000
    python benchmarks/viewer_catalogue.py --vault ~/Notes    # a vault of your own; nothing is written into it

The pages are short, with links, aliases and a few names that are missing; the first read is that of an empty cache.
"""

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nightdesk.wiki.catalogue.keeper import Keeper

PAGES, PER_FOLDER, LINKS, TIMES = 10_000, 1_000, 6, 5
# seconds of wall time, each (10,000 pages, 100,000 pages)
TARGETS = {
    "load, cache there": (1.0, 8.0),
    "refresh, one page edited": (0.03, 0.06),
    "refresh, one page new": (0.03, 0.06),
    "refresh, one page gone": (0.03, 0.06),
    "palette, beginning": (0.015, 0.015),
    "palette, letters": (0.015, 0.015),
    "palette, nothing fits": (0.015, 0.015),
}
_SYLLABLES = ["ba", "de", "ki", "lo", "mu", "na", "po", "ra", "su", "ti", "ve", "wo", "xa", "yu", "zi"]


def make_vault(folder: Path, pages: int, seed: int = 0) -> None:
    """Write `pages` pages that link to each other by name."""
    chance = random.Random(seed)
    words = ["".join(chance.choices(_SYLLABLES, k=3)) for _ in range(400)]
    names = [f"{' '.join(chance.choices(words, k=2)).capitalize()} {n}" for n in range(pages)]
    for number, name in enumerate(names):
        links = " ".join(f"[[{other}]]" for other in (*chance.choices(names, k=LINKS), chance.choice(words)))
        front = f"---\ntype: concept\ntitle: {name}\naliases:\n- {chance.choice(words)} {number}\ntags:\n- tool\n---\n"
        file = folder / f"{number // PER_FOLDER:04}" / f"{name}.md"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{front}# {name}\n\n{' '.join(chance.choices(words, k=80))}\n\n{links}\n", encoding="utf-8")


Seconds = tuple[float, float]  # wall, and CPU of this process: on a busy machine only the second says anything


def least(action: Callable[[], object], times: int = TIMES) -> Seconds:
    """Return the seconds of the quickest of some runs: the others tell what else the machine did."""
    found = []
    for _ in range(times):
        started, cpu_started = time.perf_counter(), time.process_time()
        action()
        found.append((time.perf_counter() - started, time.process_time() - cpu_started))
    return min(found)


def measure(root: Path, cache: Path, *, writable: bool) -> dict[str, Seconds]:
    """Return the seconds of each figure."""
    keeper = Keeper(root, desk=None, cache_file=cache, jobs=os.cpu_count() or 1)
    found = {"load, first time": least(keeper.load, 1)}
    keeper = Keeper(root, desk=None, cache_file=cache)
    found["load, cache there"] = least(keeper.load, 2)
    catalogue = keeper.load()
    found["palette, made ready"] = least(lambda: catalogue.palette("a", limit=12), 1)
    some = sorted(catalogue.entries.values(), key=lambda entry: entry.path)[len(catalogue.entries) // 2]
    for case, typed in {"beginning": some.title[:4], "letters": some.title[:9:2], "nothing fits": "zqzqjx"}.items():
        found[f"palette, {case}"] = least(lambda typed=typed: catalogue.palette(typed, limit=12))  # type: ignore[misc]
    found["neighbourhood of 300"] = least(lambda: catalogue.neighbourhood(some.path, depth=3, limit=300))
    found["refresh, all looked at"] = least(keeper.refresh, 2)
    if writable:
        found |= measure_changes(keeper, root, some.path)
    return found


def measure_changes(keeper: Keeper, root: Path, path: str) -> dict[str, Seconds]:
    """Return how long a changed, a new and a gone page take, each the quickest of some."""
    times: dict[str, list[Seconds]] = {"edited": [], "new": [], "gone": []}
    new = f"{path.rpartition('/')[0]}/New page.md".lstrip("/")
    for number in range(TIMES):
        with (root / path).open("a", encoding="utf-8") as page:
            page.write(f"[[New page]] {number}\n")
        times["edited"].append(least(lambda: keeper.refresh([path]), 1))
        (root / new).write_text("# New page\n", encoding="utf-8")
        times["new"].append(least(lambda: keeper.refresh([new]), 1))
        (root / new).unlink()
        times["gone"].append(least(lambda: keeper.refresh([new]), 1))
    return {f"refresh, one page {case}": min(found) for case, found in times.items()}


def main() -> int:
    """Print the table; exit code 1 where a target was missed."""
    parser = argparse.ArgumentParser(description="Measure the viewer's catalogue.")
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--vault", type=Path, help="a vault that is there already")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nightdesk-catalogue-") as name:
        root, cache = options.vault or Path(name) / "vault", Path(name) / "cache.db"
        if not options.vault:
            root.mkdir()
            make_vault(root, options.pages)
        found = measure(root.resolve(), cache, writable=not options.vault)
        size_mb = cache.stat().st_size / 1e6
    targets = {case: pair[options.pages > PAGES] for case, pair in TARGETS.items()} if not options.vault else {}
    print("| what | ms | CPU ms | target ms |\n| --- | ---: | ---: | ---: |")
    for case, (wall, cpu) in found.items():
        target = f"{targets[case] * 1e3:.0f}" if case in targets else ""
        print(f"| {case} | {wall * 1e3:.1f} | {cpu * 1e3:.1f} | {target} |")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1_000 if sys.platform == "linux" else 1_000_000)
    print(f"\npeak {peak_mb:.0f} MB, cache {size_mb:.0f} MB; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    return 1 if any(found[case][0] > target for case, target in targets.items()) else 0


if __name__ == "__main__":
    sys.exit(main())
