"""Measures search by meaning: questions in other words than the claims that answer them, on the demo's desk.

    python benchmarks/search_meaning.py          # makes the demo's desk; needs the extra `semantic`

search_paraphrases.tsv holds a question and an expression for the claims that answer it. The questions were written from
the claims before any search was run.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from nightdesk.base.desk import Desk
from nightdesk.wiki.search.asked import Filter, Query
from nightdesk.wiki.search.collection import desk_collection
from nightdesk.wiki.search.query import plain_query
from nightdesk.wiki.search.search import ByWords, Ranker, search
from nightdesk.wiki.semantic.embedder import open_embedder
from nightdesk.wiki.semantic.hybrid import ByMeaning

DEPTH = 10


def places(desk: Desk, ranker: Ranker, asked: Sequence[Sequence[str]]) -> list[int]:
    """Return for each question the place of the first claim that answers it, 0 for none among the first DEPTH."""
    found = []
    for question, answer in asked:
        query = Query(plain_query(question).wanted, (), (Filter("in", ("claims",), False),))
        hits = search(desk_collection(desk), question, limit=DEPTH, query=query, ranker=ranker).hits
        statements = [hit.claim.statement if hit.claim else "" for hit in hits]
        found.append(next((n for n, statement in enumerate(statements, start=1) if re.search(answer, statement)), 0))
    return found


def main() -> None:
    """Print the table."""
    lines = (Path(__file__).parent / "search_paraphrases.tsv").read_text(encoding="utf-8").splitlines()
    asked = [line.split("\t") for line in lines]
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary) / "desk"
        command = [sys.executable, "-m", "nightdesk", "demo", "--no-lab", str(root)]
        subprocess.run(command, check=True, capture_output=True)
        desk = Desk(root)
        database, embedder = desk_collection(desk).database, open_embedder()
        rankers: dict[str, Ranker] = {
            "words": ByWords(),
            "meaning": ByMeaning(embedder, database, words=False),
            "both (--hybrid)": ByMeaning(embedder, database, words=True),
        }
        print(f"{len(asked)} questions\n\n| by | MRR | hit@1 | hit@5 | hit@10 |\n| --- | ---: | ---: | ---: | ---: |")
        for name, ranker in rankers.items():
            found = places(desk, ranker, asked)
            mrr = sum(1 / place for place in found if place) / len(found)
            at = [sum(0 < place <= most for place in found) for most in (1, 5, 10)]
            print(f"| {name} | {mrr:.2f} | " + " | ".join(map(str, at)) + " |", flush=True)


if __name__ == "__main__":
    main()
