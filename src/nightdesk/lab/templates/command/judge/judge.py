"""The judge: checks a run's answers and prints the CPU time that nightdesk measured from outside.

It never runs the routine. A run does not see this folder, and cannot know what is checked but the right answers.
"""

import json
import math
import os
import sys
from pathlib import Path

MOST_BYTES = 1_000_000  # of outputs.json

sys.path.insert(0, os.environ["NIGHTDESK_LAB"])  # the lab's files as they were committed, not as the run left them
from words import make_words


def main() -> None:
    """Print the block with the metric, or say what is wrong and end with code 1."""
    dictionary, queries = make_words(int(os.environ["NIGHTDESK_SEED"]))
    answers = read_answers(Path(os.environ["NIGHTDESK_RUN"]) / "outputs.json")
    if len(answers) != len(queries):
        sys.exit(f"{len(answers)} answers to {len(queries)} words")
    for query, answer in zip(queries, answers, strict=True):
        expected = nearest(query, dictionary, guess=answer)
        if answer != expected:
            sys.exit(f"the nearest word to {query!r} is {expected!r}, not {str(answer)[:40]!r}")
    measured = json.loads(Path(os.environ["NIGHTDESK_MEASURED"]).read_text(encoding="utf-8"))
    seconds = max(measured["cpu_seconds"], 0.001)
    print("---")
    # A busy machine makes a run slower by a share of its time. In logarithms that share is the same for slow and fast
    # routines, so that the noise measured on the first one holds for all: one less is twice as fast.
    print(f"log2_seconds: {math.log2(seconds):.4f}")
    print(f"seconds: {seconds:.3f}")
    print(f"words: {len(queries)}")
    # Each seed makes new words, and confirming takes new seeds: what it measures the search never saw.
    if os.environ.get("NIGHTDESK_SPLIT") == "test":
        print("split: test")


def read_answers(path: Path) -> list[object]:
    """Return the list that a run left; it may be anything."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_BYTES:
        sys.exit("outputs.json is missing, too large, or no plain file")
    try:
        answers = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        sys.exit("outputs.json is no JSON")
    return answers if isinstance(answers, list) else sys.exit("outputs.json is no list")


def nearest(query: str, dictionary: list[str], *, guess: object) -> str:
    """Return the nearest word the plain way: slow, and easily seen to be right. A good guess only saves time."""
    first = guess if isinstance(guess, str) and guess in dictionary else dictionary[0]
    best = (distance(query, first), first)
    for word in dictionary:
        if abs(len(word) - len(query)) <= best[0]:  # the lengths alone do not put it farther away
            best = min(best, (distance(query, word, most=best[0]), word))
    return best[1]


def distance(a: str, b: str, *, most: float = float("inf")) -> int:
    """Return the edit distance (Wagner and Fischer), or any number above `most` where it is larger than that."""
    above = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        row = [i]
        for j, other in enumerate(b, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (letter != other)))
        above = row
        if min(row) > most:  # a row never falls below the smallest of the one above
            break
    return above[-1]


main()
