"""progress.png, the plot people know: grey what was discarded, green what was kept, and the running best as a step."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.lab.judging import Decision, Ground
from nightdesk.lab.summary import Point, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "progress.png"
_INCHES = (12.0, 6.5)
_DOTS_PER_INCH = 130
_GREEN, _PALE, _DARK_GREEN, _GREY, _RED = "#2e9d59", "#cfe9d8", "#1d6b3c", "#b9bec4", "#c0504d"
_MOST_LABELS = 50  # so many slanted labels can stand side by side over the width of the plot
_LABEL_CHARS = 42
_SPREADS = 3.0  # beyond so many times the middle half's width a dot is an outlier and stands at the edge


def draw_progress(summary: Summary, path: Path, *, name: str, metric: str, lower_is_better: bool, sealed: bool) -> None:
    """Write the plot of a branch's experiments; the same experiments give the same bytes.

    Raises DeskError where matplotlib is missing. It is imported here: it takes longer to load than to draw.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise DeskError(
            "the plot needs matplotlib, which is not installed", fix='pip install "nightdesk[lab]"'
        ) from error
    figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")  # no pyplot: it keeps figures alive
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    limits = shown_range(summary)
    _frame(axes, summary, limits, metric=metric, lower_is_better=lower_is_better, sealed=sealed)
    if limits is not None:
        _noise_band(axes, summary)
        _dots(axes, summary.shown, limits)
        _running_best(axes, summary.shown)
        _crashes(axes, summary.shown, lower_is_better=lower_is_better)
        keeps = [point for point in summary.shown if point.status == Decision.KEEP and not point.is_baseline]
        _labels(axes, labelled(keeps, width=len(summary.points)), lower_is_better=lower_is_better)
        axes.legend(loc="upper right" if lower_is_better else "lower right", frameon=False, fontsize=9)
    axes.set_title(title_of(summary, name=name, sealed=sealed), fontsize=12, parse_math=False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})  # without it the bytes tell the version
    write_atomically(path, picture.getvalue(), durable=False)


def title_of(summary: Summary, *, name: str, sealed: bool) -> str:
    """Return the plot's title: which lab, how many experiments, what became of them."""
    kept = len(summary.keeps)
    counts = f"{len(summary.candidates)} experiments, {kept} kept, {summary.count('crash')} crashed"
    elsewhere = len(summary.points) - len(summary.shown)
    counts += f", {elsewhere} on other hardware not drawn" if elsewhere else ""
    return f"{name} {summary.tag}: {counts}".replace(" :", ":") + ("" if sealed else " (self-reported metric)")


def labelled(keeps: Sequence[Point], *, width: int) -> tuple[Point, ...]:
    """Return the keeps that get a label: of those that stand too close to be read, the ones that gained most.

    `width` is how many experiments the plot is wide.
    """
    chosen: list[Point] = []
    apart = width / _MOST_LABELS
    for point in sorted(keeps, key=lambda point: (-(point.gain or 0.0), point.place)):
        if all(abs(point.place - other.place) >= apart for other in chosen):
            chosen.append(point)
    return tuple(sorted(chosen, key=lambda point: point.place))


def shown_range(summary: Summary) -> tuple[float, float] | None:
    """Return from where to where the metric is shown: all that was kept, and the others but for outliers.

    An outlier lies farther from the running best than most do, by three times the width of their middle half. None
    where nothing has a score.
    """
    scored = [point for point in summary.shown if point.score is not None]
    kept = [_score(point) for point in scored if point.status == Decision.KEEP]
    others = [(_score(p), _score(p) - (_score(p) if p.running_best is None else p.running_best)) for p in scored]
    if not others:
        return None
    away = [distance for _, distance in others if distance]
    first, _, third = quantiles(away, n=4) if len(away) > 3 else (min(away, default=0.0), 0.0, max(away, default=0.0))
    reach = _SPREADS * max(third - first, _noise_sd(summary))
    if len(away) <= 3 and kept:  # too few to tell what is usual: the keeps and the noise do
        first, third, reach = 0.0, 0.0, _SPREADS * max(max(kept) - min(kept), _noise_sd(summary)) or math.inf
    shown = kept + [score for score, distance in others if first - reach <= distance <= third + reach]
    low, high = min(shown), max(shown)
    baseline, band = summary.baseline, _noise_sd(summary)
    if baseline is not None and baseline.score is not None:
        low, high = min(low, baseline.score - band), max(high, baseline.score + band)
    margin = 0.06 * (high - low) or 0.01 * abs(high) or 1.0
    return low - margin, high + margin


def _noise_sd(summary: Summary) -> float:
    return summary.noise.sd if summary.noise is not None else 0.0


def _frame(
    axes: "Axes",
    summary: Summary,
    limits: tuple[float, float] | None,
    *,
    metric: str,
    lower_is_better: bool,
    sealed: bool,
) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - as above

    direction = "lower is better" if lower_is_better else "higher is better"
    reported = "" if sealed else ", self-reported"
    in_order = all(point.place == point.number for point in summary.points)
    axes.set_xlabel("experiment" if in_order else "experiment, in the order in which they were judged")
    axes.set_ylabel(f"{metric} ({direction}{reported})", parse_math=False)
    axes.grid(visible=True, color="#eceff1", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    places = [point.place for point in summary.points]
    first, last = (min(places), max(places)) if places else (0, 1)
    last = max(last, first + 1)
    margin = max(0.5, 0.02 * (last - first))
    axes.set_xlim(first - margin, last + margin)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if limits is None:
        axes.set_yticks([])
        said = "no experiment has been judged yet" if not places else "no experiment has a score"
        axes.text(0.5, 0.5, said, transform=axes.transAxes, ha="center", va="center", color="#78828a")
    else:
        # labels lean away from the line: into the room that is left above a falling, below a rising one
        low, high = limits
        room = 0.55 * (high - low) if summary.keeps else 0.0
        axes.set_ylim((low, high + room) if lower_is_better else (low - room, high))


def _noise_band(axes: "Axes", summary: Summary) -> None:
    baseline, noise = summary.baseline, summary.noise
    if baseline is None or baseline.score is None or noise is None or noise.sd == 0:
        return
    label = f"baseline ± 1 sd of {summary.baseline_runs} runs ({noise.sd:.2g})"
    axes.axhspan(baseline.score - noise.sd, baseline.score + noise.sd, color="#e8f1ec", zorder=0, label=label)


def _dots(axes: "Axes", points: Sequence[Point], limits: tuple[float, float]) -> None:
    others = [point for point in points if point.status == Decision.DISCARD and point.score is not None]
    inside = [point for point in others if limits[0] <= _score(point) <= limits[1]]
    outside = [point for point in others if point not in inside]
    style: dict[str, Any] = {"color": _GREY, "zorder": 2}
    if inside:
        label = f"discarded ({len(others)})"
        axes.scatter([p.place for p in inside], [_score(p) for p in inside], s=22, label=label, **style)
    for marker, edge, held in (("^", limits[1], 1), ("v", limits[0], -1)):
        far = [point for point in outside if (_score(point) - edge) * held > 0]
        if far:  # they stand at the edge, the way they went
            label = f"discarded, off the scale ({len(far)})"
            axes.scatter([p.place for p in far], [edge] * len(far), marker=marker, s=26, label=label, **style)
    kept = [point for point in points if point.status == Decision.KEEP and point.score is not None]
    for chosen, face, word in (
        ([point for point in kept if point.is_baseline], "white", "baseline"),
        ([p for p in kept if not p.is_baseline and p.ground != Ground.SIMPLER], _GREEN, "kept"),
        ([p for p in kept if not p.is_baseline and p.ground == Ground.SIMPLER], _PALE, "kept: as good, simpler"),
    ):
        if chosen:
            label = word if word == "baseline" else f"{word} ({len(chosen)})"
            xs, ys = [p.place for p in chosen], [_score(p) for p in chosen]
            axes.scatter(xs, ys, s=44, color=face, edgecolor=_DARK_GREEN, zorder=4, label=label)


def _running_best(axes: "Axes", points: Sequence[Point]) -> None:
    known = [point for point in points if point.running_best is not None]
    if known:
        xs, ys = [point.place for point in known], [point.running_best or 0.0 for point in known]
        axes.step(xs, ys, where="post", color=_GREEN, linewidth=1.8, zorder=3, label="running best")


def _crashes(axes: "Axes", points: Sequence[Point], *, lower_is_better: bool) -> None:
    crashed = [point.place for point in points if point.status == Decision.CRASH]
    if crashed:
        edge = axes.get_ylim()[0] if lower_is_better else axes.get_ylim()[1]
        heights = [edge] * len(crashed)
        label = f"crashed ({len(crashed)})"
        axes.scatter(crashed, heights, marker="x", s=36, color=_RED, clip_on=False, zorder=5, label=label)


def _labels(axes: "Axes", keeps: Sequence[Point], *, lower_is_better: bool) -> None:
    for point in keeps:
        if point.score is None:
            continue
        text = point.title if len(point.title) <= _LABEL_CHARS else point.title[: _LABEL_CHARS - 1] + "…"
        axes.annotate(
            text,
            (point.place, point.score),
            xytext=(4, 7 if lower_is_better else -7),
            textcoords="offset points",
            rotation=32 if lower_is_better else -32,
            rotation_mode="anchor",
            ha="left",
            va="bottom" if lower_is_better else "top",
            fontsize=7.5,
            color=_DARK_GREEN,
            parse_math=False,  # a title with two $ is no formula
            annotation_clip=True,
            clip_on=False,
        )


def _score(point: Point) -> float:
    return point.score if point.score is not None else math.nan
