"""Likeness of meaning between a question and statements, with the extra `semantic`."""

from collections.abc import Sequence

from nightdesk.wiki.answering.answerer import Similarity
from nightdesk.wiki.semantic.embedder import open_embedder


def open_similarity() -> Similarity:
    """Return what says how alike a question and each statement are, from 0 to 1; vectors are kept while it lives.

    Raises DeskError where the extra is missing.
    """
    embedder = open_embedder()
    known: dict[str, Sequence[float]] = {}

    def similarity(question: str, statements: Sequence[str]) -> list[float]:
        missing = [text for text in dict.fromkeys((question, *statements)) if text not in known]
        if missing:
            known.update(zip(missing, embedder.embed(missing), strict=True))
        asked = known[question]
        return [
            max(0.0, sum(float(a) * float(b) for a, b in zip(asked, known[text], strict=True))) for text in statements
        ]

    return similarity
