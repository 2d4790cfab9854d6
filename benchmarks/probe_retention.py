"""Measures what a wiki keeps of its sources, before and after `nightdesk probe --mend`, on facts held out from it.

Makes a desk from the demo's documents, or from a folder of documents, and works with the real command line alone:

1. compile, then ask the questions of --questions (written by a person) of the wiki;
2. probe --mend: questions made by code; the half that is held out is asked before and after;
3. ask the questions of --questions again: they are independent of how the probe makes its own.

    python benchmarks/probe_retention.py --questions benchmarks/demo_questions.tsv
    python benchmarks/real_docs.py /tmp/docs
    python benchmarks/probe_retention.py --documents /tmp/docs --questions benchmarks/docs_questions.tsv
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


def nightdesk(folder: Path, *args: str) -> Any:
    """Run a command with --json in a folder and return its document."""
    command = [sys.executable, "-m", "nightdesk", *args, "--json"]
    ran = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ran.returncode > 1:
        sys.exit(ran.stderr)
    return json.loads(ran.stdout)


def make_desk(folder: Path, documents: Path | None) -> Path:
    """Return a compiled desk."""
    desk = folder / "desk"
    if documents is None:
        nightdesk(folder, "demo", "desk", "--no-lab")
        return desk
    subprocess.run([sys.executable, "-m", "nightdesk", "new", "desk"], cwd=folder, check=True, capture_output=True)
    nightdesk(desk, "add", str(documents.resolve()))
    nightdesk(desk, "compile")
    return desk


def main() -> None:
    """Measure and print the rows of a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=Path, help="a folder; default: the demo's documents")
    parser.add_argument("--questions", type=Path, help="TSV or JSON Lines with expected answers")
    parser.add_argument("--count", type=int, default=20, help="questions for each source")
    parser.add_argument(
        "--rounds", type=int, default=1, help="times that it is probed and mended, each with other questions"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        desk = make_desk(Path(scratch), options.documents)
        tell_desk(desk, "compiled")
        tell_questions(desk, options.questions, "before")
        for seed in range(options.rounds):
            probe = nightdesk(desk, "probe", "--mend", "--count", str(options.count), "--seed", str(seed))
            for half in ("seen", "held_out"):
                print(f"round {seed + 1}, {half}, before: {share(probe[half])}")
                if "after" in probe:
                    print(f"round {seed + 1}, {half}, after:  {share(probe['after'][half])}")
            tell_desk(desk, f"after round {seed + 1}")
        tell_questions(desk, options.questions, "after")


def tell_desk(desk: Path, when: str) -> None:
    """Print how large the wiki is."""
    vitals = nightdesk(desk, "status")["vitals"]
    claims = sum(path.read_text(encoding="utf-8").count('\n  > "') for path in desk.glob("wiki/sources/*.md"))
    words = vitals["coverage"]["words_per_claim"]
    print(f"{when}: {claims:,} claims, one for each {words} words of the sources")


def tell_questions(desk: Path, file: Path | None, when: str) -> None:
    """Print how the wiki does on a person's questions, and plain BM25 passages beside it."""
    if file is None:
        return
    scores = nightdesk(desk, "probe", "--questions", str(file.resolve()), "--baseline")
    for name, figures in (("nightdesk", scores), ("BM25", scores["baseline"])):
        print(
            f"{file.stem}, {when}, {name}: answer in the statements {share(figures['contained'])};"
            f" citations that hold {share(figures['citations'])};"
            f" abstention recall {share(figures['abstention_recall'])}"
        )


def share(figures: dict[str, Any]) -> str:
    """Return a share in words."""
    if not figures["of"]:
        return "nothing asked"
    low, high = figures.get("interval") or (0, 0)
    return f"{figures['share']:.0%} of {figures['of']} ({low:.0%} to {high:.0%})"


if __name__ == "__main__":
    main()
