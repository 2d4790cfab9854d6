"""Measures what a compile costs: CPU time of all its processes, and peak memory, as a Markdown table.

    python benchmarks/compile_speed.py            # the targets: a quarter of an hour on two cores
    python benchmarks/compile_speed.py --small    # a smoke run of seconds
    python benchmarks/compile_speed.py --sizes 1000x400 3000x400    # other desks, without targets

Each desk is made afresh with `nightdesk new` in a temporary folder, its sources come from corpus.py. A child's figures
are those that the kernel gives for it and all descendants that it waited for.
"""

import argparse
import contextlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

TARGET_SIZES = ("100x4000", "10000x400")
SMALL_SIZES = ("6x300",)
MB = 1_000_000
MAX_INSTALL_MB, MAX_PACKAGES = 100, 25


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command took."""

    cpu_seconds: float  # of it and its descendants
    wall_seconds: float
    largest_mb: float  # peak resident size of its largest process
    together_mb: float  # peak of the proportional sizes of all its processes, sampled; 0.0 where /proc is not there
    output: str


@dataclass(frozen=True, slots=True)
class Target:
    """How much a case may cost."""

    cpu_seconds: float
    peak_mb: float = float("inf")

    def is_met(self, cost: Cost) -> bool:
        """Say whether `cost` is below."""
        return cost.cpu_seconds < self.cpu_seconds and max(cost.largest_mb, cost.together_mb) < self.peak_mb

    def __str__(self) -> str:
        memory = f", {self.peak_mb:,.0f} MB" if self.peak_mb < float("inf") else ""
        return f"{self.cpu_seconds:g} s{memory}"


TARGETS = {
    ("100x4000", "full compile"): Target(40),
    ("100x4000", "nothing changed"): Target(0.5),
    ("100x4000", "one source more"): Target(3),
    ("10000x400", "full compile"): Target(360, 1500),
    ("10000x400", "one source changed"): Target(5),
}
HELP_TARGET = Target(0.15)


def measure(command: Sequence[str], *, folder: Path, in_part: bool = False) -> Cost:
    """Run `command` in `folder` and return what it cost. Raises RuntimeError with its last words where it fails.

    With `in_part`, exit code 1 is no failure: some pages could not be made, and the report says which.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        with _watch_memory(child.pid) as peak:
            _, status, usage = os.wait4(child.pid, 0)
        wall_seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if child.returncode not in ((0, 1) if in_part else (0,)):
            words = errors.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(command)}: exit code {child.returncode}\n{words}")
        text = output.read().decode()
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    return Cost(usage.ru_utime + usage.ru_stime, wall_seconds, usage.ru_maxrss * unit / MB, peak() / MB, text)


@contextlib.contextmanager
def _watch_memory(root: int, *, every_seconds: float = 0.2) -> Iterator[Callable[[], int]]:
    """Sample the memory of a process and its descendants while the block runs; give the peak in bytes so far."""
    done, peak = threading.Event(), 0

    def sample() -> None:
        nonlocal peak
        while not done.wait(every_seconds):
            peak = max(peak, sum(_proportional_bytes(pid) for pid in _descendants(root)))

    watcher = threading.Thread(target=sample, daemon=True)
    watcher.start()
    try:
        yield lambda: peak
    finally:
        done.set()
        watcher.join()


def _descendants(root: int) -> list[int]:
    found = [root]
    for pid in found:  # grows while it is walked
        with contextlib.suppress(OSError):
            found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return found


def _proportional_bytes(pid: int) -> int:
    """Return the resident size of a process with each shared page counted in part, so that a sum is what is used."""
    with contextlib.suppress(OSError):
        line = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        return int(line[1]) * 1024 if line else 0
    return 0


@dataclass(slots=True)
class Table:
    """The rows measured so far, printed as they come."""

    failed: list[str] = field(default_factory=list)  # cases whose target was missed
    problems: dict[str, str] = field(default_factory=dict)  # page or source -> why a compile could not make or read it

    def __post_init__(self) -> None:
        print(
            "| desk | case | words | sources | claims | concepts | CPU s | wall s | peak MB: largest, all | target | |"
        )
        print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")

    def add(self, desk: str, case: str, cost: Cost, *, target: Target | None = None, words: int = 0) -> None:
        """Print a row."""
        report = json.loads(cost.output) if cost.output.startswith("{") else {}
        self.problems |= {f"{desk}: {path}": why for path, why in report.get("problems", {}).items()}
        counts = [f"{report[key]:,}" if key in report else "" for key in ("sources", "claims", "concepts")]
        verdict = "" if target is None else "pass" if target.is_met(cost) else "FAIL"
        if verdict == "FAIL":
            self.failed.append(f"{desk} {case}".strip())
        figures = [
            f"{cost.cpu_seconds:.2f}",
            f"{cost.wall_seconds:.2f}",
            f"{cost.largest_mb:,.0f}, {cost.together_mb:,.0f}",
        ]
        cells = [desk, case, f"{words:,}" if words else "", *counts, *figures, str(target or ""), verdict]
        print(f"| {' | '.join(cells)} |", flush=True)


def measure_desk(size: str, command: Sequence[str], table: Table, *, folder: Path) -> None:
    """Measure the compiles of a desk of `size` (sources x words of each) in `folder`."""
    sources, words = map(int, size.split("x"))
    desk, raw = folder / "desk", folder / "desk" / "raw"
    measure([*command, "new", str(desk)], folder=folder)
    # in a process of their own: a child's peak includes that of the process it was started from
    total = int(measure(_corpus(folder / "made", sources + 1, words), folder=folder).output)
    *first, last = sorted((folder / "made").iterdir())
    for path in first:
        path.rename(raw / path.name)

    def compile_it(case: str) -> None:
        cost = measure([*command, "compile", "--json"], folder=desk, in_part=True)
        table.add(size, case, cost, target=TARGETS.get((size, case)), words=total)

    compile_it("full compile")
    compile_it("nothing changed")
    last.rename(raw / last.name)
    compile_it("one source more")
    changed = raw / first[sources // 2].name
    changed.write_text(changed.read_text(encoding="utf-8").replace("The ", "This ", 5), encoding="utf-8")
    compile_it("one source changed")
    (raw / first[0].name).unlink()
    compile_it("one source less")


def _corpus(folder: Path, sources: int, words: int) -> list[str]:
    script = str(Path(__file__).with_name("corpus.py"))
    return [sys.executable, script, str(folder), "--sources", str(sources), "--words", str(words)]


def installed_size() -> tuple[dict[str, int], int]:
    """Return the bytes of each package that the core install needs, and how many they are without nightdesk."""
    sizes: dict[str, int] = {}
    waiting = ["nightdesk"]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in sizes:
            continue
        with contextlib.suppress(metadata.PackageNotFoundError):
            package = metadata.distribution(name)
            files = [Path(str(package.locate_file(file))) for file in package.files or ()]
            sizes[name] = sum(file.stat().st_size for file in files if file.is_file() and file.suffix != ".pyc")
            needs = [line for line in package.requires or () if "extra ==" not in line and "sys_platform" not in line]
            waiting += [re.match(r"[\w.-]+", line)[0] for line in needs]  # type: ignore[index]
    return sizes, len(sizes) - 1


def _nightdesk() -> list[str]:
    """Return the command beside this interpreter, run by the interpreter itself."""
    return [sys.executable, str(Path(sys.executable).with_name("nightdesk"))]


def main() -> int:
    """Measure, print the table, and return 1 where a target was missed."""
    parser = argparse.ArgumentParser(description="Measure what a compile costs.")
    parser.add_argument("--small", action="store_true", help="a smoke run of seconds, without targets")
    parser.add_argument("--sizes", nargs="+", metavar="SOURCESxWORDS", help="which desks to measure")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the desks in DIR and leave them there")
    parser.add_argument("--command", nargs="+", default=_nightdesk(), help="what to run instead of nightdesk")
    options = parser.parse_args()
    sizes = options.sizes or (SMALL_SIZES if options.small else TARGET_SIZES)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}, {platform.system()}\n")
    table = Table()
    with tempfile.TemporaryDirectory(prefix="nightdesk-speed-") as scratch:
        parent = options.keep or Path(scratch)
        measure([*options.command, "--help"], folder=Path(scratch))  # the first run writes .pyc files
        table.add(
            "", "nightdesk --help", measure([*options.command, "--help"], folder=Path(scratch)), target=HELP_TARGET
        )
        for size in sizes:
            folder = parent / size
            folder.mkdir(parents=True)
            measure_desk(size, options.command, table, folder=folder)
    package_sizes, packages = installed_size()
    megabytes = sum(package_sizes.values()) / MB
    small_enough = megabytes < MAX_INSTALL_MB and packages < MAX_PACKAGES
    verdict = "pass" if small_enough else "FAIL"
    print(f"\nCore install: {megabytes:.1f} MB in nightdesk and {packages} packages"
          f" (targets {MAX_INSTALL_MB} MB, {MAX_PACKAGES} packages): {verdict}")  # fmt: skip
    for path, why in table.problems.items():
        print(f"\nCould not be made: {path}: {why}")
    return int(bool(table.failed) or not small_enough)


if __name__ == "__main__":
    sys.exit(main())
