"""Scores the built-in answers on questions that they were not fitted on, beside the best passage that BM25 finds.

    python benchmarks/answer_quality.py DESK QUESTIONS.tsv [MORE.tsv ...] [--semantic] [--table]

The columns are `question`, `expected` (alternatives between bars; empty where the desk cannot know) and `source`. An
answer is right where one of its statements holds what is expected, for `first` where its first one does. The baseline
answers with the snippet of the first search result, and never abstains. Support: the quotes of an answer stand in their
text, and its statements say no more than they do.
"""

import argparse
import csv
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nightdesk.base.desk import Desk, find_desk
from nightdesk.base.errors import DeskError
from nightdesk.wiki.answering.answerer import Desktop
from nightdesk.wiki.answering.answers import Answer, Passage
from nightdesk.wiki.answering.replies import builtin_reply
from nightdesk.wiki.answering.statements import Statements
from nightdesk.wiki.proof.quotes import QuoteIndex
from nightdesk.wiki.proof.support import unsupported
from nightdesk.wiki.search.collection import desk_collection
from nightdesk.wiki.search.query import plain_query
from nightdesk.wiki.search.search import search


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as a file has it."""

    question: str
    expected: tuple[str, ...]  # folded; () where the desk cannot know
    sources: tuple[str, ...]


def read_questions(paths: list[Path]) -> Iterator[Asked]:
    """Yield the questions of files in their order."""
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                expected = tuple(one for one in (row.get("expected") or "").casefold().split("|") if one)
                yield Asked(row["question"], expected, tuple(filter(None, (row.get("source") or "").split("|"))))


def baseline(desk: Desk) -> Callable[[str], Answer]:
    """Return what answers with the first search result."""
    statements = Statements(desk)

    def answer(question: str) -> Answer:
        try:
            hits = search(desk_collection(desk), question, limit=1, query=plain_query(question)).hits
        except DeskError:
            hits = ()
        raws = [statements.raw_of(h.path) if h.path.startswith("wiki/") else h.path for h in hits]
        found = tuple(
            Passage(h.snippet, "text", h.path, h.line, h.heading, "", "", raw, h.score)
            for h, raw in zip(hits, raws, strict=True)
        )
        return Answer(question, found, found, 1.0)

    return answer


@functools.cache
def quotes_of(path: Path) -> QuoteIndex:
    """Return what finds quotes in a file."""
    return QuoteIndex(path.read_text(encoding="utf-8", errors="replace"))


def supported(desk: Desk, desktop: Desktop, answer: Answer) -> tuple[int, int]:
    """Return how many of an answer's statements hold by their quotes, and how many it has."""
    reply = builtin_reply(answer, desktop.statements, worker="")
    by_number = {reference.number: reference for reference in reply.references}
    good = 0
    for said in reply.said:
        cited = [by_number[number] for number in said.references]
        stand = all(r.quote and quotes_of(desk.root / r.path).locate(r.quote) for r in cited)
        good += stand and (": " in said.text or not unsupported(said.text, [r.quote for r in cited]))
    return good, len(reply.said)


def score(name: str, asked: list[Asked], answer: Callable[[str], Answer], *, table: bool) -> list[Answer]:
    """Ask everything, print one line, and return the answers."""
    first = right = source = wrong = silent = 0
    answers = []
    for one in asked:
        given = answer(one.question)
        answers.append(given)
        texts = [passage.text.casefold() for passage in given.passages]
        good = [any(e in text for e in one.expected) for text in texts]
        if one.expected:
            first += good[:1] == [True]
            right += any(good)
            wrong += bool(good) and not any(good)
            source += any(s in p.source for p in given.passages for s in one.sources)
        else:
            silent += not good
        if table:
            verdict = "right" if any(good) else "silent" if not good else "wrong"
            print(
                f"  {verdict:6} {given.confidence:.2f} {one.question} -> {given.passages[0].text[:90] if good else ''}"
            )
    with_answer = sum(bool(one.expected) for one in asked)
    print(
        f"{name:14} right {right} (first {first}), wrong {wrong}, source {source} of {with_answer};"
        f" abstained {silent} of {len(asked) - with_answer}"
    )
    return answers


def main() -> None:
    """Score the scopes and the baseline."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("desk", type=Path)
    parser.add_argument("questions", type=Path, nargs="+")
    parser.add_argument("--semantic", action="store_true", help="weigh by meaning too")
    parser.add_argument("--table", action="store_true", help="one line for each question")
    options = parser.parse_args()
    desk = find_desk(options.desk)
    asked = list(read_questions(options.questions))
    score("BM25 passage", asked, baseline(desk), table=options.table)
    similarity = None
    if options.semantic:
        from nightdesk.wiki.answering.meaning import open_similarity  # noqa: PLC0415 - an extra

        similarity = open_similarity()
    for scope in ("wiki", "desk"):
        desktop = Desktop(desk, scope, similarity=similarity)
        answers = score(f"scope {scope}", asked, desktop.answer, table=options.table)
        counted = [supported(desk, desktop, answer) for answer in answers]
        print(f"{'':14} support {sum(good for good, _ in counted)} of {sum(of for _, of in counted)} statements")
        desktop.close()


if __name__ == "__main__":
    main()
