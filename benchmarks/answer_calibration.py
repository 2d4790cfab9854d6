"""Fits the confidence of built-in answers, and prints the constants of wiki/answering/confidence.py.

    python benchmarks/answer_calibration.py DEMO_DESK PYTHON_DESK

The questions are in calibration_questions.tsv: about the sources of the demo desk (`nightdesk demo --no-lab`) and about
the language reference that every Python brings (a desk of one raw file for each topic of `pydoc_data`; `--make-python
FOLDER` writes the raw files). Each question with an answer is asked three times: as it is, with all statements taken
out that hold the answer, and of the other desk; the last two have no answer. None of the questions that answers are
measured on (demo_questions.tsv, docs_questions.tsv, unanswerable_questions.tsv) is used.
"""

import argparse
import csv
import math
import random
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from nightdesk.base.desk import find_desk
from nightdesk.wiki.answering.answerer import Desktop
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.answering.confidence import FEATURES

QUESTIONS = Path(__file__).with_name("calibration_questions.tsv")
ROUNDS = 4_000
RATE = 0.5
RIDGE = 0.002
FOLDS = 5
BARS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
COUNTS = {"answer": 1.0, "no answer": 1.0, "taken out": 0.25, "other desk": 0.25}  # what a row of each kind weighs

Row = tuple[tuple[float, ...], bool, str]  # features, whether the best statement is right, where it comes from


def rows(desks: dict[str, Desktop]) -> Iterator[Row]:
    """Yield what is learned from: one row for each question as it was asked."""
    with QUESTIONS.open(encoding="utf-8", newline="") as file:
        asked = list(csv.DictReader(file, delimiter="\t"))
    for entry in asked:
        corpus, question, expected = entry["corpus"], entry["question"], entry["expected"].casefold().split("|")
        other = next(name for name in desks if name != corpus)
        looked = desks[corpus].look(question)
        if expected != [""]:
            best = looked.weighed[0].statement.passage.text.casefold() if looked.weighed else ""
            yield looked.features, any(one in best for one in expected), "answer"
            without = desks[corpus].look(question, keep=partial(_lacks, expected))
            yield without.features, False, "taken out"
        else:
            yield looked.features, False, "no answer"
        yield desks[other].look(question).features, False, "other desk"


def _lacks(expected: Sequence[str], passage: Passage) -> bool:
    return not any(one in passage.text.casefold() for one in expected)


def fit_logistic(sample: Sequence[Row]) -> tuple[list[float], float]:
    """Return the weights and the bias of a logistic regression, by gradient descent with a little ridge."""
    weights, bias = [0.0] * len(FEATURES), 0.0
    for _ in range(ROUNDS):
        steps, step = [0.0] * len(weights), 0.0
        for values, right, origin in sample:
            error = COUNTS[origin] * (chance(values, weights, bias) - right)
            step += error
            for at, value in enumerate(values):
                steps[at] += error * value
        weights = [w - RATE * (s / len(sample) + RIDGE * w) for w, s in zip(weights, steps, strict=True)]
        bias -= RATE * step / len(sample)
    return weights, bias


def chance(values: Sequence[float], weights: Sequence[float], bias: float) -> float:
    """Return the probability that an answer with these features is right."""
    z = bias + sum(w * v for w, v in zip(weights, values, strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


def main() -> None:
    """Fit, and print what it is worth on questions that it was not fitted on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", nargs="?")
    parser.add_argument("python", nargs="?")
    parser.add_argument("--make-python", metavar="FOLDER", help="write the raw files of the Python desk, and end")
    options = parser.parse_args()
    if options.make_python:
        from pydoc_data.topics import topics  # noqa: PLC0415 - only here

        for name, text in topics.items():
            (Path(options.make_python) / f"{name}.rst").write_text(text, encoding="utf-8")
        return
    if not options.demo or not options.python:
        parser.error("name two desks")
    desks = {name: Desktop(find_desk(Path(getattr(options, name))), "desk") for name in ("demo", "python")}
    sample = list(rows(desks))
    random.Random(0).shuffle(sample)
    found: dict[str, list[float]] = {}
    loss = 0.0
    for fold in range(FOLDS):
        weights, bias = fit_logistic([row for n, row in enumerate(sample) if n % FOLDS != fold])
        for values, good, origin in sample[fold::FOLDS]:
            p = chance(values, weights, bias)
            found.setdefault(f"{origin}, {'right' if good else 'not right'}", []).append(p)
            loss -= math.log(max(1e-9, p if good else 1 - p))
    print("answered, by the bar, cross-validated:")
    for origin, chances in sorted(found.items()):
        print(f"{origin:22}", *(f"{bar}: {sum(p >= bar for p in chances)}" for bar in BARS), f"of {len(chances)}")
    print(f"log loss {loss / len(sample):.3f} over {len(sample)} rows")
    weights, bias = fit_logistic(sample)
    print(f"FEATURES = {FEATURES}")
    print(f"WEIGHTS = ({', '.join(f'{w:.2f}' for w in weights)})")
    print(f"BIAS = {bias:.2f}")


if __name__ == "__main__":
    main()
