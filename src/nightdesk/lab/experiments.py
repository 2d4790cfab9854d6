"""experiments/NNNN.md: one file for each experiment, with all that is known of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.pages import Page, parse_page, render_front
from nightdesk.lab.judging import Decision, Ground, Run, Verdict
from nightdesk.lab.measurements import printable
from nightdesk.lab.memory.citations import links_of
from nightdesk.lab.scores import finite

FOLDER = "experiments"
MAX_TEXT = 200_000  # characters of one section; the commit holds the whole change
_NAME = re.compile(r"(\d{4,9})\.md")
_TICKS = re.compile(r"^`{3,}", re.MULTILINE)
_SECTION = re.compile(r"^## (Hypothesis|Change|Log)\n\n(`{3,})(?:text|diff)\n(.*?)\n\2$", re.DOTALL | re.MULTILINE)


class State(StrEnum):
    """How far an experiment is. It only ever moves on, but for a replicate: scored -> running."""

    PROPOSED = "proposed"
    RUNNING = "running"
    SCORED = "scored"
    JUDGED = "judged"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One finished run, as the file keeps it."""

    run: Run
    seed: int
    disturbed: bool = False  # other load slowed it; it does not count and was repeated
    note: str = ""  # what is odd about it: what disturbed it, also where it had to count in the end
    hardware: str = ""  # the kind of place that it ran at; "": not recorded, from before there were kinds
    ended: str = ""  # time, ISO 8601, UTC; "": not recorded


@dataclass(frozen=True, slots=True)
class Experiment:
    """All that is known of one experiment. Texts are as `printable` leaves them."""

    number: int
    state: State
    title: str  # one line: the description in results.tsv
    commit: str
    parent: str  # the commit that it changes, "" for the baseline
    worker: str
    program: str  # version of program.md
    proposed: str  # time, ISO 8601, UTC
    tag: str = ""  # of its branch lab/<name>/<tag>
    hypothesis: str = ""
    diff: str = ""
    runs: tuple[RunRecord, ...] = ()
    verdict: Verdict | None = None
    log_tail: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)  # of constants, where an optimiser proposed them
    method: str = ""  # of the optimiser
    fixes: int | None = None  # the number of the experiment whose crash it is to mend
    data: str = ""  # of a baseline: the digest of the prepared data
    order: int | None = None  # as the how manieth of its tag it was judged; None: not yet, or in the order of numbers
    against: int | None = None  # the number of the experiment that it was judged against
    merges: tuple[int, ...] = ()  # the numbers of the experiments whose changes it joins
    brief: str = ""  # version of the brief that its worker was given

    @property
    def is_baseline(self) -> bool:
        """Whether it is the unchanged program of its tag."""
        return self.parent == ""

    @property
    def status(self) -> str | None:
        """The status of results.tsv, None until it is judged."""
        return None if self.verdict is None else str(self.verdict.decision)

    def counted_runs(self, hardware: str = "") -> tuple[Run, ...]:
        """Return the runs that count: those that nothing disturbed, on one kind of hardware where it is named."""
        return tuple(r.run for r in self.runs if not r.disturbed and same_hardware(r.hardware, hardware))


def same_hardware(one: str, other: str) -> bool:
    """Say whether scores of runs on two kinds may be compared; "" is not known, and fits every kind."""
    return one in ("", other) or other == ""


def plain_text(text: str) -> str:
    """Return a text as an experiment keeps it: printable, bounded, without white space at its end."""
    text = printable(text)
    return (text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 2] + "\n…").rstrip()


def one_line(text: str) -> str:
    """Return a title as an experiment keeps it."""
    return " ".join(printable(text).split())[:300]


def new_experiment(number: int, *, title: str, hypothesis: str, diff: str, **known: Any) -> Experiment:
    """Return a proposed experiment, its texts made plain."""
    return Experiment(
        number=number,
        state=State.PROPOSED,
        title=one_line(title),
        hypothesis=plain_text(hypothesis),
        diff=plain_text(diff),
        **known,
    )


def with_run(experiment: Experiment, record: RunRecord, *, log_tail: str) -> Experiment:
    """Return the experiment scored with one more run."""
    runs = (*experiment.runs, record)
    return replace(experiment, state=State.SCORED, runs=runs, log_tail=plain_text(log_tail))


def with_rerun(experiment: Experiment, record: RunRecord) -> Experiment:
    """Return a judged experiment with one more run: the best program is measured again now and then."""
    return replace(experiment, runs=(*experiment.runs, record))


def with_verdict(experiment: Experiment, verdict: Verdict) -> Experiment:
    """Return the experiment judged, or for another run where the verdict asks for a replicate."""
    if verdict.decision is Decision.REPLICATE:
        return replace(experiment, state=State.RUNNING)
    return replace(experiment, state=State.JUDGED, verdict=verdict)


def judged_in_order(experiments: Iterable[Experiment]) -> list[Experiment]:
    """Return the judged ones in the order in which they were judged, which runs at one time need not keep to."""
    judged = [experiment for experiment in experiments if experiment.verdict is not None]
    return sorted(judged, key=lambda e: (e.number if e.order is None else e.order, e.number))


def file_name(number: int) -> str:
    """Return the name of an experiment's file."""
    return f"{number:04d}.md"


def write_experiment(folder: Path, experiment: Experiment) -> None:
    """Put the file in place: a crash leaves the old state or the new one. Raises DeskError on a full disk."""
    try:
        write_atomically(folder / file_name(experiment.number), render_experiment(experiment))
    except OSError as error:
        raise DeskError(f"{folder}: {error.strerror}", fix="make room on the disk and start again") from error


def read_experiments(folder: Path) -> tuple[Experiment, ...]:
    """Return all experiments by number. Raises DeskError for a file that cannot be understood."""
    paths = sorted(path for path in folder.glob("*.md") if _NAME.fullmatch(path.name)) if folder.is_dir() else []
    return tuple(sorted((_read(path) for path in paths), key=lambda experiment: experiment.number))


def read_experiment(folder: Path, number: int) -> Experiment:
    """Return one experiment. Raises DeskError for a file that is gone or cannot be understood."""
    return _read(folder / file_name(number))


def _read(path: Path) -> Experiment:
    try:
        return parse_experiment(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, DeskError) as error:
        raise DeskError(f"{path} cannot be read: {error}", fix="mend it, or move it away to forget it") from error


def render_experiment(experiment: Experiment) -> str:
    """Return the file of an experiment."""
    verdict = experiment.verdict
    front = {
        "type": "experiment",
        "title": experiment.title,
        "number": experiment.number,
        "state": str(experiment.state),
        "status": experiment.status,
        "commit": experiment.commit,
        "parent": experiment.parent or None,
        "worker": experiment.worker,
        "program": experiment.program,
        "proposed": experiment.proposed,
        "tag": experiment.tag or None,
        "method": experiment.method or None,
        "fixes": experiment.fixes,
        "data": experiment.data or None,
        "order": experiment.order,
        "against": experiment.against,
        "merges": list(experiment.merges) or None,
        "brief": experiment.brief or None,
        "values": dict(experiment.values),
        "verdict": None if verdict is None else _verdict_front(verdict),
        "runs": [run_front(record) for record in experiment.runs],
    }
    parts = [f"# {experiment.number:04d} {experiment.title}".rstrip() + "\n"]
    if verdict is not None:
        parts.append(f"**{verdict.decision}**: {one_line(verdict.reason)}\n")
    for name, language, text in (
        ("Hypothesis", "text", experiment.hypothesis),
        ("Change", "diff", experiment.diff),
        ("Log", "text", experiment.log_tail),
    ):
        if text:
            fence = "`" * (1 + max((len(ticks) for ticks in _TICKS.findall(text)), default=2))
            parts.append(f"## {name}\n\n{fence}{language}\n{text}\n{fence}\n")
        if name == "Hypothesis" and (links := links_of(text)):
            parts.append(f"Rests on: {', '.join(links)}\n")
    return Page(render_front(front), "\n" + "\n".join(parts)).text


def parse_experiment(text: str) -> Experiment:
    """Return the experiment that a file holds. Raises DeskError that says what is wrong with it."""
    page = parse_page(text)
    front = {key: page.value(key) for key in page.front}
    texts = _sections(page.body)
    try:
        return Experiment(
            number=int(front["number"]),
            state=State(front["state"]),
            title=str(front["title"]) if "title" in front else "",
            commit=str(front["commit"]),
            parent=str(front.get("parent") or ""),
            worker=str(front["worker"]),
            program=str(front["program"]),
            proposed=str(front["proposed"]),
            tag=str(front.get("tag") or ""),
            hypothesis=texts.get("Hypothesis", ""),
            diff=texts.get("Change", ""),
            runs=tuple(read_run(entry) for entry in front.get("runs") or ()),
            verdict=_verdict(front),
            log_tail=texts.get("Log", ""),
            values=dict(front.get("values") or {}),
            method=str(front.get("method") or ""),
            fixes=None if front.get("fixes") is None else int(front["fixes"]),
            data=str(front.get("data") or ""),
            order=None if front.get("order") is None else int(front["order"]),
            against=None if front.get("against") is None else int(front["against"]),
            merges=tuple(int(number) for number in front.get("merges") or ()),
            brief=str(front.get("brief") or ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DeskError(f"its frontmatter is damaged: {type(error).__name__} {error}") from error


def _sections(body: str) -> dict[str, str]:
    """Return the fenced text of each section; the fences are longer than any within, so that none ends early."""
    texts: dict[str, str] = {}
    place = 0
    while found := _SECTION.search(body, place):
        texts.setdefault(found[1], found[3])
        place = found.end()
    return texts


def _verdict_front(verdict: Verdict) -> dict[str, Any]:
    told = {"ground": str(verdict.ground), "reason": one_line(verdict.reason), "gain": verdict.gain, "p": verdict.p}
    return {key: value for key, value in told.items() if value is not None}


def _verdict(front: Mapping[str, Any]) -> Verdict | None:
    told = front.get("verdict")
    if told is None:
        return None
    decision, ground = Decision(front["status"]), Ground(told["ground"])
    return Verdict(decision, ground, str(told["reason"]), finite(told.get("gain")), finite(told.get("p")))


def run_front(record: RunRecord) -> dict[str, Any]:
    """Return a run as frontmatter keeps it."""
    told: dict[str, Any] = {"seed": record.seed, "score": record.run.score}
    if record.run.failure:
        told["failure"] = one_line(record.run.failure)
    if record.disturbed:
        told["disturbed"] = True
    if record.note:
        told["note"] = one_line(record.note)
    if record.hardware:
        told["hardware"] = one_line(record.hardware)
    if record.ended:
        told["ended"] = one_line(record.ended)
    if record.run.measured:
        told["measured"] = dict(record.run.measured)
    return told


def read_run(told: Mapping[str, Any]) -> RunRecord:
    """Return the run that frontmatter keeps. Raises KeyError, TypeError, ValueError or AttributeError for none."""
    measured = {
        str(key): number for key, value in (told.get("measured") or {}).items() if (number := finite(value)) is not None
    }
    score = finite(told["score"])
    if score is None and told["score"] is not None:
        raise ValueError("a score that is no finite number")
    run = Run(score, measured, str(told.get("failure") or ""))
    note, hardware = str(told.get("note") or ""), str(told.get("hardware") or "")
    ended = str(told.get("ended") or "")
    return RunRecord(run, int(told["seed"]), bool(told.get("disturbed", False)), note, hardware, ended)
