"""Measures what `nightdesk lint` costs on a vault, cold and warm, and how many planted faults it and its peers find.

    python benchmarks/lint_speed.py                        # 2,000 pages, 1.3M words: the targets
    python benchmarks/lint_speed.py --pages 60000
    python benchmarks/lint_speed.py --vault ~/Notes        # a vault of your own; nothing is written into it
    python benchmarks/lint_speed.py --peers FOLDER         # and linters of the npm registry and PyPI, installed before:
    npm install --prefix FOLDER remark-cli remark-validate-links markdownlint-cli2
    python -m venv FOLDER/venv && FOLDER/venv/bin/pip install obsidiantools
    python benchmarks/real_vault.py FOLDER; python benchmarks/lint_speed.py --vault FOLDER/vault    # real Markdown

The pages come from corpus.py, with links between them; each figure is one run of a process of its own.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PAGES, WORDS, LINKS = 2_000, 550, 6  # 1.3M words with the links
FAULTS = 50  # of each kind
COLD_SECONDS, WARM_SECONDS = 2.0, 0.7  # CPU, of 2,000 pages


@dataclass(frozen=True, slots=True)
class Planted:
    """A vault and what is wrong in it: words that stand in a finding of it, whoever finds it."""

    folder: Path
    links: frozenset[str]
    headings: frozenset[str]


def make_vault(folder: Path, *, pages: int, words: int, seed: int = 0) -> Planted:
    """Write `pages` pages that link to each other, with FAULTS broken links and as many broken headings."""
    script = str(Path(__file__).with_name("corpus.py"))
    sizes = ["--sources", str(pages), "--words", str(words), "--seed", str(seed)]
    subprocess.run([sys.executable, script, str(folder), *sizes], check=True, stdout=subprocess.DEVNULL)
    chance = random.Random(seed)
    files = sorted(folder.glob("*.md"))
    broken = chance.sample(range(len(files)), min(2 * FAULTS, len(files)))
    links, headings = broken[: len(broken) // 2], broken[len(broken) // 2 :]
    for number, file in enumerate(files):
        others = chance.sample(files, min(LINKS, len(files)))
        lines = [f"- [{other.stem}]({other.name}), [[{other.stem}]] and [[{other.stem}#See also]]" for other in others]
        lines += [f"- [gone](gone-{number}.md)"] if number in links else []
        lines += [f"- [gone](#gone-{number})"] if number in headings else []
        with file.open("a", encoding="utf-8") as page:
            page.write("\n\n## See also\n\n" + "\n".join(lines) + "\n")
    return Planted(folder, frozenset(f"gone-{n}" for n in links), frozenset(f"gone-{n}" for n in headings))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    tool: str
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    found: str
    output: str

    def __str__(self) -> str:
        figures = f"{self.cpu_seconds:.2f} | {self.wall_seconds:.1f} | {self.peak_mb:.0f}"
        return f"| {self.tool} | {figures} | {self.found} |"


def run(tool: str, command: Sequence[str], folder: Path, count: Callable[[str], str]) -> Row:
    """Run a linter in `folder` and return what it cost, all its processes; exit code 1 says that it found something."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        wall_seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    if child.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}: {text[-500:]}")
    peak_mb = usage.ru_maxrss / (1_000 if sys.platform == "linux" else 1_000_000)
    return Row(tool, usage.ru_utime + usage.ru_stime, wall_seconds, peak_mb, count(text), text)


def recall(planted: Planted | None) -> Callable[[str], str]:
    """Return what says how many of the planted faults a linter's output names."""
    if planted is None:
        return lambda output: ""

    def count(output: str) -> str:
        names = set(
            output.replace("#", " ").replace("`", " ").replace('"', " ").replace("(", " ").replace(")", " ").split()
        )
        names = {name.removesuffix(".md") for name in names}
        links, headings = len(planted.links & names), len(planted.headings & names)
        return f"{links} of {len(planted.links)} links, {headings} of {len(planted.headings)} headings"

    return count


def ours(vault: Path, cache: Path, planted: Planted | None) -> list[Row]:
    """Measure nightdesk: with an empty cache, with a full one, after a change, without."""
    os.environ["XDG_CACHE_HOME"] = str(cache)
    command = [sys.executable, "-m", "nightdesk", "lint", str(vault), "--json"]
    rows = [run(f"nightdesk lint, {case}", command, cache, recall(planted)) for case in ("cold", "warm")]
    if planted is not None:
        page = sorted(vault.glob("*.md"))[0]
        page.write_text(page.read_text(encoding="utf-8") + "\nOne line more.\n", encoding="utf-8")
        rows.append(run("nightdesk lint, one page changed", command, cache, recall(planted)))
    return [*rows, run("nightdesk lint --no-cache", [*command, "--no-cache"], cache, recall(planted))]


# what obsidiantools knows of a vault: notes that are linked to and not there
_OBSIDIANTOOLS = """
import pathlib, sys, obsidiantools.api as api
vault = api.Vault(pathlib.Path(sys.argv[1])).connect()
print(*(f'"{name}"' for name in vault.nonexistent_notes), sep="\\n")
"""


def peers(vault: Path, tools: Path, planted: Planted | None) -> list[Row]:
    """Measure linters of the npm registry and PyPI on the same vault: what they can find are links and headings."""
    remark, markdownlint = (tools / "node_modules" / ".bin" / name for name in ("remark", "markdownlint-cli2"))
    settings = tools / ".markdownlint-cli2.jsonc"
    settings.write_text(json.dumps({"config": {"default": False, "MD051": True}}), encoding="utf-8")
    plugin = f"{tools}/node_modules/remark-validate-links/index.js=repository:false"
    commands = {
        "remark-validate-links": [remark, vault, "--no-config", "--no-stdout", "--quiet", "--use", plugin],
        "markdownlint-cli2 (MD051 only)": [markdownlint, "--config", settings, f"{vault}/**/*.md"],
    }
    if (python := tools / "venv" / "bin" / "python").is_file():
        commands["obsidiantools"] = [python, "-c", _OBSIDIANTOOLS, vault]
    return [run(tool, [str(part) for part in command], vault, recall(planted)) for tool, command in commands.items()]


def main() -> int:
    """Print the table; exit code 1 where a target was missed."""
    parser = argparse.ArgumentParser(description="Measure nightdesk lint.")
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--words", type=int, default=WORDS, help="in each page, about")
    parser.add_argument("--vault", type=Path, help="a vault that is there already")
    parser.add_argument("--peers", type=Path, metavar="FOLDER", help="where npm installed the peers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nightdesk-lint-") as name:
        folder, cache = Path(name) / "vault", Path(name) / "cache"
        cache.mkdir()
        planted = None if options.vault else make_vault(folder, pages=options.pages, words=options.words)
        vault = options.vault.resolve() if options.vault else folder
        started = time.perf_counter()
        rows = ours(vault, cache, planted) + (peers(vault, options.peers.resolve(), planted) if options.peers else [])
        size = json.loads(rows[0].output)
    print(f"{size['pages']:,} pages, {size['words']:,} words, {size['links']:,} links\n")
    print("| tool | CPU s | wall s | peak MB | planted faults found |\n| --- | ---: | ---: | ---: | --- |")
    for row in rows:
        print(row)
    print(f"\n{time.perf_counter() - started:.0f} s in all; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    is_target = not options.vault and (options.pages, options.words) == (PAGES, WORDS)
    return 1 if is_target and (rows[0].cpu_seconds > COLD_SECONDS or rows[1].cpu_seconds > WARM_SECONDS) else 0


if __name__ == "__main__":
    sys.exit(main())
