"""A chart's picture, drawn from its spec: nothing but numbers and labels reaches the drawing."""

import io
import textwrap
from typing import TYPE_CHECKING

from nightdesk.base.errors import DeskError
from nightdesk.wiki.answer_forms.chart import Chart, Point, plain_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DOTS_PER_INCH = 150
_COLOR, _TEXT, _PALE = "#3b6fb6", "#333333", "#d9dde3"
_WIDTH = 9.0  # inches
_CAPTION_CHARS = 125  # in one line
_LABELS_ABREAST = 45  # characters of all labels below a line
_SHORT = 16  # characters
_WIDE = 50  # times as large as the least: then the scale is logarithmic


def draw_chart(chart: Chart, *, caption: str) -> bytes:
    """Return the picture as PNG; the same chart gives the same bytes. Raises DeskError where matplotlib is missing."""
    # imported here: it takes longer to load than to draw
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise DeskError(
            "a chart needs matplotlib, which is not installed", fix='pip install "nightdesk[lab]"'
        ) from error
    lines = textwrap.wrap(caption, _CAPTION_CHARS)[:6]
    title = "\n".join(textwrap.wrap(chart.title, 70))
    height = (4.6 if chart.kind == "line" else 1.6 + 0.42 * len(chart.points)) + 0.18 * len(lines) + 0.3
    figure = Figure(figsize=(_WIDTH, height), dpi=_DOTS_PER_INCH)  # no pyplot: it keeps figures alive
    FigureCanvasAgg(figure)
    foot = (0.16 * len(lines) + 0.12) / height  # the share of the picture that the caption takes
    figure.set_layout_engine("constrained", rect=(0.01, foot, 0.97, 0.98 - foot))
    axes = figure.add_subplot()
    (_line if chart.kind == "line" else _bars)(axes, chart)
    _frame(axes)
    axes.set_title(title, fontsize=13, color=_TEXT, loc="left", pad=12, parse_math=False)
    figure.text(0.012, 0.06 / height, "\n".join(lines), fontsize=7.5, color="#666666", va="bottom", parse_math=False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})  # without it the bytes tell the version
    return picture.getvalue()


def _bars(axes: "Axes", chart: Chart) -> None:
    """Draw bars that lie, so that labels of any length can be read, the first one on top."""
    values = [float(point.value) for point in chart.points]
    places = range(len(values))
    bars = axes.barh(places, values, color=_COLOR, height=0.62)
    axes.set_yticks(places, labels=[point.label for point in chart.points], fontsize=10, color=_TEXT)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    axes.invert_yaxis()
    if _is_wide(values):
        axes.set_xscale("log")
    _room(axes, values)
    axes.bar_label(bars, labels=[_number(point) for point in chart.points], padding=4, fontsize=9, color=_TEXT)
    axes.minorticks_off()
    axes.set_xlabel(_axis(chart, values), fontsize=10, color=_TEXT, parse_math=False)
    axes.xaxis.grid(visible=True, color=_PALE, linewidth=0.8)


def _room(axes: "Axes", values: list[float]) -> None:
    """Leave room behind the longest bar for its number."""
    low, high = axes.get_xlim()
    if axes.get_xscale() == "log":
        axes.set_xlim(low, high * 3)
    else:
        axes.set_xlim(min(0.0, low * 1.1), max(0.0, max(values) * 1.12) or 1.0)


def _line(axes: "Axes", chart: Chart) -> None:
    places = [float(point.place or 0) for point in chart.points]
    values = [float(point.value) for point in chart.points]
    axes.plot(places, values, color=_COLOR, marker="o", linewidth=2)
    if _is_wide(places):
        axes.set_xscale("log")
    if _is_wide(values):
        axes.set_yscale("log")
    axes.set_xticks(places, labels=[point.label for point in chart.points], color=_TEXT)
    crowded = sum(len(point.label) for point in chart.points) > _LABELS_ABREAST
    for label in axes.get_xticklabels():
        label.set(parse_math=False, rotation=30 if crowded else 0, ha="right" if crowded else "center")
    for place, point in zip(places, chart.points, strict=True):
        axes.annotate(
            _number(point),
            (place, float(point.value)),
            textcoords="offset points",
            xytext=(0, 8),
            ha="center",
            fontsize=9,
            color=_TEXT,
            parse_math=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.8},
        )
    axes.margins(x=0.06, y=0.15)
    if chart.over:
        axes.set_xlabel(chart.over, fontsize=10, color=_TEXT, parse_math=False)
    axes.minorticks_off()
    axes.set_ylabel(_axis(chart, values), fontsize=10, color=_TEXT, parse_math=False)
    axes.yaxis.grid(visible=True, color=_PALE, linewidth=0.8)


def _is_wide(values: list[float]) -> bool:
    """Say whether values are so far apart that they can be told from each other on a logarithmic scale only."""
    return min(values) > 0 and max(values) / min(values) >= _WIDE


def _frame(axes: "Axes") -> None:
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_PALE)
    axes.tick_params(length=0, labelcolor=_TEXT)


def _axis(chart: Chart, values: list[float]) -> str:
    return f"{chart.axis}, logarithmic" if _is_wide(values) else chart.axis


def _number(point: Point) -> str:
    """Return what stands at a value: its own words where they are short ("2.5 billion"), else its digits."""
    if len(point.shown) <= _SHORT and any(c.isalpha() or c in "%$€£" for c in point.shown):
        return point.shown
    number = plain_number(point.value)
    return f"{number:,}" if isinstance(number, int) else f"{number:,.6g}"
