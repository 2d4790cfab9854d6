"""What a session shows as it goes: a small table on a terminal, one line for each verdict elsewhere."""

import os
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from nightdesk.lab.budgets import Budget
from nightdesk.lab.experiments import Experiment
from nightdesk.lab.labs import Lab
from nightdesk.lab.lasting.stop_rules import ends_by
from nightdesk.lab.ledger import render_score
from nightdesk.lab.machines.clocks import Stopwatch
from nightdesk.lab.night import Happening, Kind, Plan, Running, read_running
from nightdesk.lab.outlook import session_words, works_of
from nightdesk.lab.running import Live
from nightdesk.lab.summary import Point, Summary, summarise
from nightdesk.views.cli.columns import fit
from nightdesk.views.cli.options import say, shown

SHOWN_VERDICTS = 8
_MOST_PLACE = 24  # characters of a place's name
_MOST_LIVES = 1_000  # runs whose progress is remembered
_LEAST_WIDTH, _MOST_WIDTH = 60, 140
_COLOURS = {"keep": "green", "crash": "red"}
# what is worth a line where there is no terminal to draw on; the baseline's runs too, since they come before verdicts
_TOLD = {Kind.TAG, Kind.RECOVERED, Kind.DISTURBED, Kind.JUDGED, Kind.REMEASURED, Kind.BRANCH, Kind.NOTE, Kind.REFUSED}


class Board:
    """Follows a session. `tell` and `progress` are given to the loop and the executor."""

    def __init__(self, lab: Lab, plan: Plan, experiments: Sequence[Experiment], *, live: bool, quiet: bool) -> None:
        self._lab = lab
        self._plan = plan
        self._experiments = {experiment.number: experiment for experiment in experiments}
        self._live_table, self._quiet = live, quiet
        self._tag: str | None = None
        self._watch = Stopwatch()
        self._judged = 0  # candidates in this session
        self._doing = ""
        self._lives: dict[str, Live] = {}  # how far the runs at work are, by key
        self._note = ""
        self._drawn = 0  # lines of the table on the screen
        self._summary = self._sum_up()

    def tell(self, happening: Happening) -> None:
        """Take what happened."""
        experiment = happening.experiment
        if experiment is not None:
            self._experiments[experiment.number] = experiment
            self._tag = experiment.tag
        if happening.kind in (Kind.JUDGED, Kind.REMEASURED):
            self._judged += happening.kind is Kind.JUDGED and experiment is not None and not experiment.is_baseline
            self._summary = self._sum_up()
        if happening.kind in (Kind.RUNNING, Kind.ENDED):
            self._doing = happening.text
        elif happening.kind in (Kind.RAN, Kind.JUDGED, Kind.PROPOSED):
            self._note = ""
            if len(self._lives) < 2:  # with several, those at work are known by their keys
                self._lives.clear()
        elif happening.kind is not Kind.TAG:  # the table's first line says it
            self._note = happening.text
        if self._quiet:
            return
        if self._live_table:
            self._draw()
        elif happening.kind in _TOLD or (
            happening.kind is Kind.RAN and experiment is not None and experiment.is_baseline
        ):
            say(shown(happening.text) + self._mark(happening))

    def progress(self, live: Live) -> None:
        """Take how far a run at work is."""
        self._lives.pop(live.key, None)
        self._lives = {live.key: live, **dict(list(self._lives.items())[: _MOST_LIVES - 1])}  # the latest first
        if self._live_table and not self._quiet:
            self._draw()

    def close(self) -> None:
        """Leave the table on the screen as it is."""
        self._drawn = 0

    def lines(self, width: int, height: int = 24) -> list[str]:
        """Return the table, no line wider than `width`, and as many runs at work as fit into `height` lines."""
        program, summary = self._lab.program, self._summary
        direction = "lower is better" if program.lower_is_better else "higher is better"
        reported = ", self-reported" if program.self_reported else ""
        title = f"{self._lab.name} {summary.tag}  {program.metric} ({direction}{reported})"
        running = read_running(self._lab)
        if running is not None and running.process != os.getpid():
            running = None
        rows = [title, self._best(summary), self._counts(summary, running), ""]
        verdicts = [self._verdict(point, width) for point in summary.points[-SHOWN_VERDICTS:]]
        note = [f"note  {self._note}"] if self._note else []
        room = height - len(rows) - len(verdicts) - len(note) - 2  # the empty line, the cursor's
        below = ["", *self._now(running, max(1, room)), *note]
        cut = [fit(shown(row), width).rstrip() for row in (*rows, *verdicts, *below)]
        first = len(rows)
        coloured = [
            click.style(row, fg=_COLOURS.get(point.status))
            for row, point in zip(cut[first:], summary.points[-SHOWN_VERDICTS:], strict=False)
        ]
        return [click.style(cut[0], bold=True), *cut[1:first], *coloured, *cut[first + len(verdicts) :]]

    def _sum_up(self) -> Summary:
        known = [self._experiments[number] for number in sorted(self._experiments)]
        return summarise(known, tag=self._tag, lower_is_better=self._lab.program.lower_is_better)

    def _mark(self, happening: Happening) -> str:
        judged = happening.kind in (Kind.JUDGED, Kind.RAN, Kind.REMEASURED)
        return f" ({self._lab.program.metric} is self-reported)" if judged and self._lab.program.self_reported else ""

    def _best(self, summary: Summary) -> str:
        baseline, winner = summary.baseline, summary.winner
        if baseline is None or baseline.score is None or winner is None:
            return "the baseline is being measured"
        spread = f" ± {summary.noise.sd:.2g}" if summary.noise is not None else ""
        told = f"best {render_score(winner.score)}, baseline {render_score(baseline.score)}{spread}"
        gained = summary.search_gain(lower_is_better=self._lab.program.lower_is_better)
        return told + (f", gain in the search {gained:+.3g}" if summary.keeps and gained is not None else "")

    def _counts(self, summary: Summary, running: Running | None) -> str:
        told = (
            f"{len(summary.candidates)} tried: {len(summary.keeps)} kept, {summary.count('discard')} discarded, "
            f"{summary.count('crash')} crashed"
        )
        words = session_words(running) if running is not None else ""
        return "; ".join(part for part in (told, self._left(), words) if part)

    def _left(self) -> str:
        """Return what is left of the session, in experiments and in time."""
        parts = []
        if self._plan.count is not None:
            to_go = max(0, self._plan.count - self._judged)
            each = self._watch.wall_seconds / self._judged if self._judged else None
            parts.append(f"{to_go} to go" + (f", about {duration(to_go * each)}" if each and to_go else ""))
        now = datetime.now(UTC)
        end = ends_by(self._plan, passed_seconds=self._watch.passed_seconds, now=now)
        if end is not None:
            parts.append(f"{duration(max(0.0, (end - now).total_seconds()))} left of the night")
        return ", ".join(parts)

    def _verdict(self, point: Point, width: int) -> str:
        score = render_score(point.score) if point.score is not None else ""
        gained = f"{point.gain:+.2g}" if point.gain is not None else ""
        status = "baseline" if point.is_baseline else point.status
        return f"  {point.number:04d}  {status:<8} {score:>10} {gained:>9}  {point.title}"

    def _now(self, running: Running | None, room: int) -> list[str]:
        """Return what is being done, a line for each run at work, `room` of them at most."""
        works = works_of(running) if running is not None else ()
        if running is not None and not works:
            return [f"now   {running.doing}"]
        if not works:
            return [f"now   {self._doing or 'starting'}{self._so_far('')}"]
        width = min(_MOST_PLACE, max(len(work.place) for work in works))
        lines = []
        for work in works:
            number = f"{work.experiment:04d} " if work.experiment is not None else ""
            far = self._so_far(work.key) if work.doing == "running" else f": {work.doing}"
            place = f"{work.place[:width]:<{width}}  " if len(works) > 1 else ""
            lines.append(f"{place}{number}{work.title}, run {work.run}{far}")
        if len(lines) > room:
            lines[room - 1 :] = [f"and {len(lines) - room + 1} more"]
        return [("now   " if not n else "      ") + line for n, line in enumerate(lines)]

    def _so_far(self, key: str) -> str:
        live = self._lives.get(key) if key else next(iter(self._lives.values()), None)
        if live is None:
            return ""
        return f": {left_of_run(self._lab.program.budget, live)}, {live.memory_bytes / 2**20:,.0f} MB"

    def _draw(self) -> None:
        size = shutil.get_terminal_size()
        lines = self.lines(max(_LEAST_WIDTH, min(_MOST_WIDTH, size.columns)) - 1, size.lines)
        up = f"\x1b[{self._drawn}F\x1b[J" if self._drawn else ""
        sys.stderr.write(up + "\n".join(lines) + "\n")
        sys.stderr.flush()
        self._drawn = len(lines)


def left_of_run(budget: Budget, live: Live) -> str:
    """Return how much of its budget a run at work has left."""
    if budget.kind == "steps":
        return f"{duration(live.wall_seconds)} of wall time"
    used = live.cpu_seconds if budget.kind == "cpu" else live.wall_seconds
    kind = " CPU" if budget.kind == "cpu" else ""
    left = budget.amount - used
    return f"{duration(left)}{kind} left" if left >= 0 else f"{duration(-left)}{kind} over, for start-up and export"


def duration(seconds: float) -> str:
    """Return a duration as a person says it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
