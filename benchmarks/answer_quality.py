"""Scores the built-in answers on questions that were written before any answer was seen, beside plain BM25 passages.

    nightdesk demo --no-lab demo-desk
    python benchmarks/answer_quality.py demo-desk benchmarks/demo_questions.tsv
    python benchmarks/answer_quality.py demo-desk benchmarks/demo_questions.tsv \\
        --unanswerable benchmarks/unanswerable_questions.tsv

    python benchmarks/real_docs.py docs && nightdesk new docs-desk && cp -r docs/* docs-desk/raw/
    cd docs-desk && nightdesk compile && cd ..
    python benchmarks/answer_quality.py docs-desk benchmarks/docs_questions.tsv

The harness is that of `nightdesk probe --questions`: the columns are `question`, `expected` (each of what stands
between bars is right; empty where the desk cannot know) and `source`. Answered: a statement of the answer holds what is
expected; exact: it is nothing else; source: a statement comes from the source that was named; cited: its quote stands
in its text, and it says no more than that. The baseline is the words of the question searched for with BM25: its first
passage, or its first three. It cites by being a passage, and never says that it does not know.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from nightdesk.base.desk import Desk, find_desk
from nightdesk.base.settings import read_settings
from nightdesk.base.stages import silent
from nightdesk.wiki.answering.answerer import Similarity, open_answerer
from nightdesk.wiki.answering.answers import Answer, Answerer, Scope
from nightdesk.wiki.probe.baseline import bm25_answerer
from nightdesk.wiki.probe.evaluation import Evaluation, Scored, evaluate
from nightdesk.wiki.probe.intervals import Share
from nightdesk.wiki.probe.probing import choose_sources
from nightdesk.wiki.probe.question_file import Item, read_questions
from nightdesk.wiki.probe.support import Support

SCOPES: tuple[Scope, ...] = ("wiki", "desk")
HEAD = ("answers", "right of all", "answered", "wrong", "exact", "F1", "source", "cited", "precision", "recall")


def first(answerer: Answerer, count: int) -> Answerer:
    """Return what answers with the first `count` passages."""

    def answer(question: str) -> Answer:
        found = answerer(question)
        return replace(found, passages=found.passages[:count])

    return answer


def evaluated(desk: Desk, items: tuple[Item, ...], similarity: Similarity | None) -> Iterator[tuple[str, Evaluation]]:
    """Yield what is compared, by its name."""
    support = Support(desk)

    def by(name: str, answerer: Callable[[str], Answer]) -> tuple[str, Evaluation]:
        return name, evaluate(items, answerer, support, stage=silent, label=name)

    pages = dict(choose_sources(desk, read_settings(desk.settings), (), seed=0, stage=silent).pages)
    for scope in SCOPES:
        plain = bm25_answerer(desk, scope, source_names=pages)
        yield by(f"BM25, 1 passage, {scope}", first(plain, 1))
        yield by(f"BM25, 3 passages, {scope}", first(plain, 3))
        with open_answerer(desk, scope, similarity=similarity) as answerer:
            yield by(f"nightdesk ask, {scope}", answerer)


def cells(name: str, found: Evaluation) -> tuple[str, ...]:
    """Return a row of the table: counts, so that nobody reads more into them than there is."""
    known = [one for one in found.scored if one.item.expected]
    wrong = sum(bool(one.said) and not one.contained for one in known)
    score = "" if found.f1 is None else f"{found.f1:.2f}"
    shares = (found.exact, score, found.source, found.cited, found.abstention_precision, found.abstention_recall)
    shown = tuple(f"{one.hits}/{one.of}" if isinstance(one, Share) else one for one in shares)
    right = f"{found.right.hits}/{found.right.of}"
    return (name, right, f"{found.contained.hits}/{found.contained.of}", str(wrong), *shown)


def verdict(one: Scored) -> str:
    """Return one line on one question."""
    word = "right" if one.right else "silent" if not one.said else "wrong"
    return f"  {word:6} {one.confidence:.2f} {one.item.question} -> {one.said[0][:100] if one.said else '-'}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("desk", type=Path)
    parser.add_argument("questions", type=Path, nargs="+")
    parser.add_argument("--unanswerable", type=Path, help="a file of questions that the desk cannot answer, one a line")
    parser.add_argument("--semantic", action="store_true", help="weigh by meaning too: needs nightdesk[semantic]")
    parser.add_argument("--failures", action="store_true", help="list each question that was not answered rightly")
    options = parser.parse_args()
    desk = find_desk(options.desk)
    items = tuple(item for path in options.questions for item in read_questions(path))
    if options.unanswerable:
        lines = options.unanswerable.read_text(encoding="utf-8").splitlines()[1:]
        items += tuple(Item(line.partition("\t")[0], (), "", n) for n, line in enumerate(lines, 2) if line.strip())
    similarity = None
    if options.semantic:
        from nightdesk.wiki.answering.meaning import open_similarity  # noqa: PLC0415 - an extra

        similarity = open_similarity()
    unknown = sum(not item.expected for item in items)
    print(f"{len(items)} questions, {unknown} of them without an answer on the desk\n")
    print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}")
    for name, found in evaluated(desk, items, similarity):
        print(f"| {' | '.join(cells(name, found))} |")
        if options.failures and name.startswith("nightdesk"):
            print("\n".join(verdict(one) for one in found.scored if not one.right))


if __name__ == "__main__":
    main()
