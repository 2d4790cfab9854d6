"""How often an answer like this one is right, calibrated on questions with and without an answer.

The numbers below are printed by `python benchmarks/answer_calibration.py`, which says what they were fitted on.
"""

import math
from collections.abc import Sequence

from nightdesk.wiki.answering.fit import Fit
from nightdesk.wiki.answering.question import Question

FEATURES = ("direct", "beside", "names", "typed", "unknown", "rarest", "paired", "counted")
WEIGHTS = (1.72, 2.27, 1.12, 1.39, -1.16, 0.92, 0.23, 0.88)
BIAS = -5.85
# Below it the desk says that it does not know. Not 0.5: an answer shows its quotes, so a wrong one is seen to be wrong.
BAR = 0.35


def features(question: Question, best: Fit, near_keys: frozenset[str]) -> tuple[float, ...]:
    """Return what the confidence in an answer depends on; `near_keys` are the words in or near the best statement."""
    total = question.weight or 1.0
    unknown = sum(term.weight for term in question.terms if not term.known) / total
    rarest = max(question.terms, key=lambda term: term.weight, default=None)
    return (
        best.direct,
        best.beside,
        best.names,
        best.typed,
        unknown,
        float(rarest is not None and rarest.key in near_keys),
        best.paired,
        best.counted,
    )


def confidence(values: Sequence[float]) -> float:
    """Return the share of answers with these features that are right, from 0 to 1."""
    z = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, values, strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))
