"""What a lab's ledger has for an idea: a change, what it was to do, and what was measured of it, gain and doubt."""

from collections.abc import Mapping

from nightdesk.base.errors import DeskError
from nightdesk.lab.confirmations import Confirmed, read_confirmations
from nightdesk.lab.experiments import FOLDER, Experiment, read_experiments
from nightdesk.lab.judging import Decision
from nightdesk.lab.labs import Lab
from nightdesk.lab.ledger import render_score
from nightdesk.lab.programs import Program
from nightdesk.lab.summary import Point, Summary, summarise
from nightdesk.wiki.ideas.material import Measured

MAX_KEPT = 6  # the largest gains of a branch


def measured_of(lab: Lab, number: int | None = None) -> tuple[Measured, ...]:
    """Return what the lab's newest branch kept, the largest gains first, or experiment `number`, whatever became of it.

    Raises DeskError where nothing was kept, where there is no such experiment, and where it is not judged.
    """
    every = {experiment.number: experiment for experiment in read_experiments(lab.folder / FOLDER)}
    tag = None
    if number is not None:
        if number not in every or every[number].verdict is None:
            raise DeskError(
                f"{lab.name} has no judged experiment {number}", fix=f"see: nightdesk lab status {lab.name}"
            )
        tag = every[number].tag
    summary = summarise(list(every.values()), tag=tag, lower_is_better=lab.program.lower_is_better)
    confirmed = {c.winner: c for c in read_confirmations(lab.folder) if c.done and c.tag == summary.tag}
    points = _chosen(lab, summary, number)
    return tuple(_measured(lab.program, summary, point, every, confirmed.get(point.number)) for point in points)


def _chosen(lab: Lab, summary: Summary, number: int | None) -> list[Point]:
    if number is not None:
        return [point for point in summary.points if point.number == number]
    kept = sorted(summary.keeps, key=lambda point: (-(point.gain or 0.0), point.number))[:MAX_KEPT]
    if not kept:
        raise DeskError(f"{lab.name} has kept nothing yet", fix=f"name one experiment: {lab.name}#NUMBER")
    return kept


def _measured(
    program: Program, summary: Summary, point: Point, every: Mapping[int, Experiment], confirmed: Confirmed | None
) -> Measured:
    experiment = every[point.number]
    lines = [_search(program, summary, point)]
    if confirmed is not None and confirmed.result is not None:
        lines.append(_confirmed(program, summary, confirmed))
    elif point.status == Decision.KEEP and not point.is_baseline:
        lines.append(
            f"It was not confirmed on fresh seeds: being picked among {len(summary.candidates)} tries flatters it."
        )
    if program.self_reported:
        lines.append(f"{program.metric} is what the runs themselves print; nothing else vouches for it.")
    better = "lower" if program.lower_is_better else "higher"
    return Measured(
        title=experiment.title,
        hypothesis=" ".join(experiment.hypothesis.split())[:1000],
        lines=tuple(lines),
        diff=experiment.diff,
        metric=program.metric,
        lower_is_better=program.lower_is_better,
        gained=point.status == Decision.KEEP and (point.gain or 0.0) > 0,
        setting=f"It was measured with a budget of {program.budget} a run; of {program.metric} {better} is better.",
    )


def _search(program: Program, summary: Summary, point: Point) -> str:
    runs = f"{point.runs} run{'s' if point.runs != 1 else ''}"
    if point.score is None:
        return f"It gave no score in {runs}: it crashed."
    if point.gain is None:
        return f"Its {program.metric} was {render_score(point.score)} over {runs}."
    before = point.score + point.gain if program.lower_is_better else point.score - point.gain
    moved = f"{program.metric} went from {render_score(before)} to {render_score(point.score)} over {runs}"
    kept = "it was kept" if point.status == Decision.KEEP else "it was not shown to be better, and not kept"
    noise = f"; runs of one program differ by a standard deviation of {summary.noise.sd:.3g}" if summary.noise else ""
    return f"In the search {moved}, a gain of {point.gain:+.3g}{noise}; {kept}."


def _confirmed(program: Program, summary: Summary, confirmed: Confirmed) -> str:
    result = confirmed.result
    assert result is not None  # noqa: S101  # the caller asked
    found = result.confirmed
    whole = "all that was kept together, over the baseline" if len(summary.keeps) > 1 else "it, over the baseline"
    split = "data that the search never saw" if confirmed.held_out else "the data of the search"
    return (
        f"A confirmation of {whole}, on {confirmed.seeds} fresh seeds each and {split}, gave {found.gain:+.3g} "
        f"(interval {found.low:+.3g} to {found.high:+.3g}) of {program.metric}: {result.held}."
    )
