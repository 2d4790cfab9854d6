"""experiments/confirm-NN.md: one file for each confirmation of a night's gain, written after every run of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.pages import Page, parse_page, render_front
from nightdesk.lab.confirming import Ablation, Comparison, Confirmation, Held, confirm
from nightdesk.lab.experiments import FOLDER, RunRecord, read_run, run_front
from nightdesk.lab.scores import finite

BASELINE, WINNER = "baseline", "winner"  # names of arms; the others are those of `arm_without`
_NAME = re.compile(r"confirm-(\d{2,6})\.md")


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A confirmation, done or still going on. `winner` None: nothing was kept, so that there is nothing to confirm."""

    number: int  # 0 where nothing was kept and no file is written
    tag: str
    baseline: int  # numbers of experiments
    winner: int | None
    metric: str = ""
    lower_is_better: bool = True
    split: str = "val"
    sealed: bool = True
    seeds: int = 0  # runs of each program
    tries: int = 0  # candidates that the search judged
    before: int = 0  # confirmations on this split before this one
    search: tuple[float, float, float] = (0.0, 0.0, 0.0)  # gain as the search saw it, with its interval
    arms: Mapping[str, tuple[RunRecord, ...]] = field(default_factory=dict)
    without: Sequence[str] = ()  # arms that cannot be run, since the rest does not merge without that change
    done: bool = False

    @property
    def held_out(self) -> bool:
        """Whether the search never saw the split."""
        return self.split == "test"

    def scores(self, arm: str) -> tuple[float, ...]:
        """Return the scores of an arm's runs that count."""
        runs = (record.run for record in self.arms.get(arm, ()) if not record.disturbed)
        return tuple(run.score for run in runs if run.score is not None)

    def failures(self, arm: str) -> tuple[str, ...]:
        """Return why runs of an arm have no score."""
        runs = (record.run for record in self.arms.get(arm, ()) if not record.disturbed)
        return tuple(run.failure for run in runs if run.score is None)

    @property
    def result(self) -> Confirmation | None:
        """What held; None while it is not done, or where too few runs gave a score.

        A winner that failed in any of its runs is never said to hold, however good the others are.
        """
        if not self.done or min(len(self.scores(BASELINE)), len(self.scores(WINNER))) < 2:
            return None
        found = confirm(
            self.scores(BASELINE),
            self.scores(WINNER),
            search_gain=self.search[0],
            tries=self.tries,
            held_out=self.held_out,
            confirmations_before=self.before,
            ablations={name: self.scores(name) for name in (*self.arms, *self.without) if name.startswith("without ")},
            lower_is_better=self.lower_is_better,
        )
        failed = self.failures(WINNER) and found.held is Held.YES
        return replace(found, held=Held.NOT_SHOWN) if failed else found


def arm_without(number: int) -> str:
    """Return the name of the winner without the change of one keep."""
    return f"without {number:04d}"


def write_confirmation(folder: Path, confirmed: Confirmed) -> None:
    """Put the file into a lab's folder. Raises DeskError on a full disk."""
    try:
        write_atomically(folder / FOLDER / f"confirm-{confirmed.number:02d}.md", render_confirmation(confirmed))
    except OSError as error:
        raise DeskError(f"{folder}: {error.strerror}", fix="make room on the disk and start again") from error


def read_confirmations(folder: Path) -> tuple[Confirmed, ...]:
    """Return the confirmations of a lab's folder by number. Raises DeskError for a file that is damaged."""
    paths = [path for path in (folder / FOLDER).glob("confirm-*.md") if _NAME.fullmatch(path.name)]
    return tuple(sorted((_read(path) for path in paths), key=lambda confirmed: confirmed.number))


def _read(path: Path) -> Confirmed:
    try:
        return parse_confirmation(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, DeskError) as error:
        raise DeskError(f"{path} cannot be read: {error}", fix="mend it, or move it away to forget it") from error


def render_confirmation(confirmed: Confirmed) -> str:
    """Return the file of a confirmation."""
    front: dict[str, Any] = {
        "type": "confirmation",
        "title": f"Confirmation {confirmed.number} of {confirmed.tag}",
        "number": confirmed.number,
        "tag": confirmed.tag,
        "state": "done" if confirmed.done else "open",
        "held": str(confirmed.result.held) if confirmed.result else None,
        "baseline": confirmed.baseline,
        "winner": confirmed.winner,
        "metric": confirmed.metric,
        "lower_is_better": confirmed.lower_is_better,
        "split": confirmed.split,
        "sealed": confirmed.sealed,
        "seeds": confirmed.seeds,
        "tries": confirmed.tries,
        "before": confirmed.before,
        "search": list(confirmed.search),
        "without": list(confirmed.without),
        "arms": {name: [run_front(record) for record in records] for name, records in confirmed.arms.items()},
    }
    title = f"# Confirmation {confirmed.number} of {confirmed.tag}\n"
    told = "\n".join(f"- {line}" for line in tell_confirmed(confirmed))
    return Page(render_front(front), f"\n{title}\n{told}\n").text


def parse_confirmation(text: str) -> Confirmed:
    """Return the confirmation that a file holds. Raises DeskError that says what is wrong with it."""
    page = parse_page(text)
    front = {key: page.value(key) for key in page.front}
    try:
        gain, low, high = (float(value) for value in front["search"])
        return Confirmed(
            number=int(front["number"]),
            tag=str(front["tag"]),
            baseline=int(front["baseline"]),
            winner=int(front["winner"]),
            metric=str(front["metric"]),
            lower_is_better=bool(front["lower_is_better"]),
            split=str(front["split"]),
            sealed=bool(front["sealed"]),
            seeds=int(front["seeds"]),
            tries=int(front["tries"]),
            before=int(front["before"]),
            search=(gain, low, high),
            arms={str(name): tuple(read_run(told) for told in runs) for name, runs in front["arms"].items()},
            without=tuple(str(name) for name in front.get("without") or ()),
            done=front["state"] == "done",
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DeskError(f"its frontmatter is damaged: {type(error).__name__} {error}") from error


def tell_confirmed(confirmed: Confirmed) -> list[str]:
    """Return in words what a confirmation says, line by line."""
    if confirmed.winner is None:
        return [f"nothing was kept on {confirmed.tag}, so that there is nothing to confirm"]
    result = confirmed.result
    lines = [
        f"search: {_gain(*confirmed.search)} of {confirmed.metric} for experiment {confirmed.winner:04d} over the "
        f"baseline, best of {confirmed.tries} tries: being picked has flattered it"
    ]
    if not confirmed.done:
        counts = [len(confirmed.scores(name)) for name in confirmed.arms]
        return [*lines, f"not done: {sum(counts)} of {len(counts) * confirmed.seeds} runs"]
    if result is None:
        reason = next(iter((*confirmed.failures(WINNER), *confirmed.failures(BASELINE))), "too few runs")
        return [*lines, f"could not be confirmed: {reason}"]
    where = "the test split, which the search never saw" if confirmed.held_out else "the split that the search used too"
    lines.append(
        f"confirmed: {_told(result.confirmed)} on {confirmed.seeds} fresh seeds each and {where}: **{result.held}** "
        f"(p {result.corrected_p:.2g} after its correction: {result.correction})"
    )
    if confirmed.failures(WINNER):
        lines.append(f"the winner failed in {len(confirmed.failures(WINNER))} runs: {confirmed.failures(WINNER)[0]}")
    if not confirmed.sealed:
        lines.append(f"{confirmed.metric} is self-reported: nothing but the runs themselves vouches for it")
    lines += [_ablation(name, ablation) for name, ablation in result.ablations.items()]
    return lines


def _ablation(name: str, ablation: Ablation) -> str:
    if ablation.comparison is None or ablation.corrected_p is None:
        return f"{name}: the rest does not merge or run without it"
    return f"{name} the winner loses {_told(ablation.comparison)}: {ablation.held} (p {ablation.corrected_p:.2g})"


def _told(compared: Comparison) -> str:
    return _gain(compared.gain, compared.low, compared.high)


def _gain(gain: float, low: float, high: float) -> str:
    values = [finite(value) for value in (gain, low, high)]
    shown = ["unknown" if value is None else f"{value:+.6g}" for value in values]
    return f"{shown[0]} ({shown[1]} to {shown[2]})"
