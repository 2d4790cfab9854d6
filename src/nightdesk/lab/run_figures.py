"""The figures of a run: what it printed, overlaid by what was measured from outside, which no run can print."""

import re
from collections.abc import Mapping

from nightdesk.lab.jobs import Finished
from nightdesk.lab.scores import finite

_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_KEYED = re.compile(r"[A-Za-z][\w.-]{0,63}:[ \t]*\S.*")
_COLUMN = 17  # where the values of the original's block begin


def run_figures(finished: Finished, judged: Mapping[str, float], *, reserved: tuple[str, ...] = ()) -> dict[str, float]:
    """Return a run's figures by name: printed, then measured from outside, then the judge's; the later ones win.

    `reserved` are the names that only a judge may use. From what Karpathy's block holds come `steps`, `tokens` and,
    with the CPU time that was measured from outside, `tokens_per_cpu_second`.
    """
    figures = {name: value for name, value in finished.printed.numbers.items() if name not in reserved}
    figures |= finished.use.measured()
    if "num_steps" in figures:
        figures["steps"] = figures["num_steps"]
    tokens = finite(figures["total_tokens_M"] * 1e6) if "total_tokens_M" in figures else None
    if tokens is not None:
        figures["tokens"] = tokens
        if finished.use.cpu_seconds > 0:
            figures["tokens_per_cpu_second"] = round(tokens / finished.use.cpu_seconds, 1)
    return figures | dict(judged)


def with_metric(log: str, metric: str, score: float) -> str:
    """Return a log whose block begins with the judge's score, as if the run had printed it.

    A line of that name in the block was the run's own claim and goes. A log without a block gets one at its end.
    """
    line = f"{metric + ':':<{_COLUMN}} {score:.6f}"
    fences = list(_FENCE.finditer(log))
    below = log[fences[-1].end() :].removeprefix("\n").split("\n") if fences else []
    if not below or not _KEYED.fullmatch(below[0].rstrip()):
        return f"{log.rstrip()}\n---\n{line}\n".removeprefix("\n")
    end = next((n for n, text in enumerate(below) if not _KEYED.fullmatch(text.rstrip())), len(below))
    block = [text for text in below[:end] if text.partition(":")[0] != metric]
    return "\n".join((log[: fences[-1].end()], line, *block, *below[end:]))
