"""report.md, the morning report: what was tried, what held, what was learned, next ideas; from the ledger alone."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.pages import Page, render_front
from nightdesk.lab.confirmations import Confirmed, read_confirmations, tell_confirmed
from nightdesk.lab.confirming import SEEDS as CONFIRM_RUNS
from nightdesk.lab.confirming import Held, detectable_gain
from nightdesk.lab.experiments import FOLDER, Experiment, file_name
from nightdesk.lab.judging import Decision, Ground, Rule, minimal_gain
from nightdesk.lab.labs import Lab
from nightdesk.lab.lasting.drifting import drift_line
from nightdesk.lab.ledger import COMMIT_DIGITS, render_score
from nightdesk.lab.memory.next_ideas import next_ideas
from nightdesk.lab.plotting import NAME as PLOT
from nightdesk.lab.summary import Group, Point, Summary
from nightdesk.wiki.escaping import escape_markdown

NAME = "report.md"
_MOST_LISTED = 20  # rows of one table; results.tsv has all
_TITLE_CHARS = 120

_HELD = {
    Held.YES: "**It held.**",
    Held.NOT_SHOWN: "**Not shown:** this may be luck.",
    Held.WORSE: "**It is worse** than the baseline.",
}


def write_report(
    lab: Lab, summary: Summary, *, confirmed: Confirmed | None, experiments: Sequence[Experiment] = ()
) -> Path:
    """Write the report and return its path. Raises DeskError where it cannot be written."""
    path = views_folder(lab) / NAME
    try:
        write_atomically(path, render_report(lab, summary, confirmed=confirmed, experiments=experiments))
    except OSError as error:
        raise DeskError(f"{path}: {error.strerror}", fix="make room on the disk, or mend that folder") from error
    return path


def views_folder(lab: Lab) -> Path:
    """Return where report and plot go: in a repository of the person's own among the experiments, untracked."""
    return lab.folder if lab.desk is not None else lab.folder / FOLDER


def render_report(
    lab: Lab, summary: Summary, *, confirmed: Confirmed | None, experiments: Sequence[Experiment] = ()
) -> str:
    """Return the report of one branch. The same ledger gives the same bytes.

    `experiments`: those of all branches, against which the next ideas are checked; without them there are few.
    """
    program = lab.program
    front = {
        "type": "lab report",
        "title": f"{lab.name} {summary.tag}".strip(),
        "metric": program.metric,
        "self_reported": program.self_reported,
        "experiments": len(summary.candidates),
        "kept": len(summary.keeps),
        "crashed": summary.count("crash"),
        "baseline": _of(summary.baseline),
        "best": _of(summary.winner),
    }
    sections = [
        (f"# {escape_markdown(lab.name)} {summary.tag}".rstrip(), _opening(lab, summary)),
        ("## What held", _held(lab, summary, confirmed)),
        ("## What was kept", _kept(lab, summary)),
        ("## What was tried", _tried(lab, summary)),
        ("## What was learned", _learned(lab, summary)),
        ("## Next ideas", _ideas(lab, summary, confirmed, experiments)),
    ]
    body = "\n".join("\n".join([heading, "", *lines, ""]) for heading, lines in sections if lines)
    if views_folder(lab) != lab.folder:
        body = body.replace(f"]({FOLDER}/", "](")
    return Page(render_front(front), "\n" + body).text


def latest_confirmation(lab: Lab, summary: Summary) -> Confirmed | None:
    """Return the last confirmation of the branch's best program that is done, None where there is none."""
    winner = summary.winner
    found = [c for c in read_confirmations(lab.folder) if c.done and c.tag == summary.tag]
    return next((c for c in reversed(found) if winner is not None and c.winner == winner.number), None)


def _of(point: Point | None) -> float | None:
    return float(render_score(point.score)) if point is not None and point.score is not None else None


def _opening(lab: Lab, summary: Summary) -> list[str]:
    if not summary.points:
        return [f"Nothing has been judged yet. Start with: `nightdesk lab run {lab.place} --count 12`"]
    metric, lower = lab.program.metric, lab.program.lower_is_better
    baseline, winner = summary.baseline, summary.winner
    lines = [f"{_counts(summary)} {summary.runs} runs took {_hours(summary.hours)}."]
    gained = summary.search_gain(lower_is_better=lower)
    if baseline is None or baseline.score is None:
        lines.append(f"The baseline has no score, so that nothing could be compared: {_plain(_why(baseline))}.")
    elif winner is not None and gained is not None and summary.keeps:
        lines.append(
            f"{metric} went from {render_score(baseline.score)} to {render_score(winner.score)} in the search, a gain "
            f"of {_figure(gained)}{_share(gained, baseline.score, winner.score)} by what the search itself measured."
        )
    else:
        lines.append(f"{metric} stays at {render_score(baseline.score)}: nothing was shown to be better.")
    if lab.program.self_reported:
        lines.append(
            f"\n> [!warning] {metric} is **self-reported**: the run prints it, and nothing but the run vouches for it."
        )
    lines.append(f"\n![The search so far]({PLOT})" if summary.points else "")
    return lines


def _counts(summary: Summary) -> str:
    tried = len(summary.candidates)
    better = sum(point.ground == Ground.BETTER for point in summary.keeps)
    simpler = len(summary.keeps) - better
    parts = [f"{better} kept as better"]
    parts += [f"{simpler} kept as good and simpler"] if simpler else []
    behind = sum(point.ground == Ground.BEHIND for point in summary.candidates)
    aside = f" ({behind} of them better than what they changed, not than the best)" if behind else ""
    parts += [f"{summary.count('discard')} discarded{aside}", f"{summary.count('crash')} crashed"]
    waiting = f", {summary.waiting} not judged yet" if summary.waiting else ""
    return f"{tried} experiment{'s' if tried != 1 else ''}: {', '.join(parts)}{waiting}."


def _held(lab: Lab, summary: Summary, confirmed: Confirmed | None) -> list[str]:
    if not summary.keeps:
        return []
    if confirmed is None:
        return [
            "Not confirmed yet. The gain above was picked among many tries, which flatters it. Fresh seeds and data "
            f"that the search never used show what holds: `nightdesk lab confirm {lab.place}`"
        ]
    held = [_HELD[confirmed.result.held], ""] if confirmed.result is not None else []
    return [*held, *(f"- {line}" for line in tell_confirmed(confirmed))]


def _kept(lab: Lab, summary: Summary) -> list[str]:
    if not summary.keeps:
        return []
    shown = sorted(summary.keeps, key=lambda point: -(point.gain or 0.0))[:_MOST_LISTED]
    lines = [f"| no. | commit | {lab.program.metric} | gain | why | what |", "| --- | --- | --- | --- | --- | --- |"]
    for point in sorted(shown, key=lambda point: point.place):
        lines.append(
            f"| {_link(point)} | {point.commit[:COMMIT_DIGITS]} | {render_score(point.score)} | {_figure(point.gain)} "
            f"| {point.ground} | {_cell(point.title)} |"
        )
    return lines + _more(len(summary.keeps) - len(shown))


def _tried(lab: Lab, summary: Summary) -> list[str]:
    rest = [point for point in summary.candidates if point.status == Decision.DISCARD]
    lines: list[str] = []
    if rest:
        nearest = sorted(rest, key=lambda point: -(point.gain if point.gain is not None else float("-inf")))
        shown = nearest[:_MOST_LISTED]
        lines += [
            "Discarded, the nearest first:",
            "",
            f"| no. | {lab.program.metric} | gain | what | why not |",
            "| --- | --- | --- | --- | --- |",
        ]
        for point in shown:
            lines.append(
                f"| {_link(point)} | {render_score(point.score)} | {_figure(point.gain)} | {_cell(point.title)} | "
                f"{_cell(point.reason)} |"
            )
        lines += _more(len(rest) - len(shown))
    if summary.crashes:
        lines += ["", "Crashed:", ""]
        for kind, count in summary.crashes.items():
            lines.append(f"- {count} × {_plain(kind)}")
    lines += _groups("worker", summary.workers) if len(summary.workers) > 1 else []
    lines += _groups("version of program.md", summary.programs) if len(summary.programs) > 1 else []
    return lines


def _groups(what: str, groups: Sequence[Group]) -> list[str]:
    lines = ["", f"| {what} | tried | better | simpler | crashed | kept | gain | gain an hour |", "| --- " * 8 + "|"]
    for group in groups:
        share = "" if group.kept_share is None else f"{group.kept_share:.0%}"
        key = group.key if what == "worker" else group.key[:8]
        lines.append(
            f"| {_cell(key)} | {group.tried} | {group.better} | {group.simpler} | {group.crashed} | {share} | "
            f"{_figure(group.gain)} | {_figure(group.gain_per_hour)} |"
        )
    return lines


def _learned(lab: Lab, summary: Summary) -> list[str]:
    metric = lab.program.metric
    lines = []
    if summary.noise is not None and summary.baseline is not None:
        rule = Rule(lower_is_better=lab.program.lower_is_better)
        runs = max(1, summary.baseline_runs)
        once, last = (minimal_gain(summary.noise, runs, count, rule=rule) for count in (1, rule.looks))
        lines.append(
            f"- Noise: {summary.baseline_runs} runs of the unchanged program differ by a standard deviation of "
            f"{summary.noise.sd:.3g}. So a gain of {once:.3g} is kept after one run and one of {last:.3g} after "
            f"{rule.looks}; smaller ones cannot be told from luck."
        )
        lines.append(
            f"- A confirmation with {CONFIRM_RUNS} + {CONFIRM_RUNS} runs shows a gain of "
            f"{detectable_gain(summary.noise.sd, runs=CONFIRM_RUNS):.3g} four times out of five."
        )
    if summary.drift is not None:
        told = drift_line(summary.drift, lower_is_better=lab.program.lower_is_better)
        lines.append(f"- {told[0].upper()}{told[1:]}. What was judged across it compares unlike with unlike.")
    if summary.disturbed:
        lines.append(f"- {summary.disturbed} of {summary.runs} runs were disturbed by other load and do not count.")
    lines += [f"- {metric}: {_sentence(point)}" for point in _most_telling(summary)]
    return lines


def _most_telling(summary: Summary) -> Iterator[Point]:
    """Yield what moved the metric most, for better and for worse."""
    known = [point for point in summary.candidates if point.gain is not None and point.status != Decision.CRASH]
    if summary.keeps:
        yield max(summary.keeps, key=lambda point: (point.gain or 0.0, -point.number))
    worse = [point for point in known if (point.gain or 0.0) < 0 and point.status == Decision.DISCARD]
    yield from sorted(worse, key=lambda point: (point.gain or 0.0, point.number))[:2]


def _sentence(point: Point) -> str:
    gained = point.gain or 0.0
    moved = "gained" if gained >= 0 else "lost"
    return f"{_plain(_short(point.title))} {moved} {abs(gained):.3g} ({_link(point)})."


def _ideas(lab: Lab, summary: Summary, confirmed: Confirmed | None, experiments: Sequence[Experiment]) -> list[str]:
    if not summary.points:
        return []
    lines = []
    if summary.keeps and confirmed is None:
        lines.append(f"- See what holds: `nightdesk lab confirm {lab.place}`")
    if confirmed is not None and confirmed.result is not None and confirmed.result.held is Held.YES:
        lines.append(f"- Bring the winner into the working folder: `nightdesk lab adopt {lab.place}`")
    ideas = next_ideas(experiments, summary, lower_is_better=lab.program.lower_is_better) if experiments else ()
    for idea in ideas:
        links = f" ({', '.join(map(_link_to, idea.experiments))})" if idea.experiments else ""
        lines.append(f"- {_plain(_short(idea.text))}{links}.")
    if summary.crashes:
        kind, count = next(iter(summary.crashes.items()))
        if count > 1:
            lines.append(f"- {count} crashes of one kind ({_plain(kind)}): say in program.md how to keep clear of it.")
    if not summary.keeps and len(summary.candidates) >= _MOST_LISTED:
        lines.append("- Nothing was kept: allow a larger budget (less noise), or ask in program.md for other ideas.")
    return lines


def _link(point: Point) -> str:
    return _link_to(point.number)


def _link_to(number: int) -> str:
    return f"[{number}]({FOLDER}/{file_name(number)})"


def _why(point: Point | None) -> str:
    return "there is none" if point is None else point.reason


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:+.3g}" if value else "0"


def _share(gained: float, base: float, reached: float | None) -> str:
    """Return a gain in per cent, "" where the scale has no natural 0: it goes below it, as a logarithm may."""
    return f" ({gained / base:+.2%})" if base > 0 and reached is not None and reached > 0 else ""


def _hours(hours: float) -> str:
    minutes = round(hours * 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{hours * 60:.1f} min"


def _short(text: str) -> str:
    return text if len(text) <= _TITLE_CHARS else text[: _TITLE_CHARS - 1] + "…"


def _plain(text: str) -> str:
    return escape_markdown(text)


def _cell(text: str) -> str:
    """Return text as a cell of a table; `|` is escaped with the rest."""
    return escape_markdown(_short(text)) or " "


def _more(count: int) -> list[str]:
    return ["", f"and {count} more: results.tsv has all."] if count > 0 else []
