"""The experiments of one tag, in memory as on disk: who is best, what is known of the noise, what was tried."""

import difflib
import math
import re
from collections import Counter, OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from nightdesk.base.errors import DeskError
from nightdesk.lab.branches import LabFiles, candidate_commit, experiment_refs, files_at, keep_reachable, texts_at
from nightdesk.lab.experiments import (
    FOLDER,
    Experiment,
    State,
    judged_in_order,
    new_experiment,
    read_experiment,
    with_verdict,
    write_experiment,
)
from nightdesk.lab.fingerprints import fingerprint
from nightdesk.lab.jobs import Proposal, Search
from nightdesk.lab.judging import Decision, Rule, Verdict, incumbent_scores
from nightdesk.lab.known import know, known_of, remember
from nightdesk.lab.labs import Lab
from nightdesk.lab.ledger import NAME, Row, append_row
from nightdesk.lab.measurements import memory_gb
from nightdesk.lab.night import now
from nightdesk.lab.noise import LEAST_RUNS, Noise, measure_noise
from nightdesk.lab.starting import Start, data_version
from nightdesk.lab.student import upper_tail

_MOST_TEXTS = 64  # programs that are kept in memory
_MOST_CHARS = 1_000_000  # of an editable file that is proposed
_DRIFTED = 0.001  # two-sided p of a repeated run, below which something but luck moved it


class Records:
    """The ledger of a tag. What is changed is on disk before it is in memory."""

    def __init__(self, lab: Lab, start: Start, experiments: Sequence[Experiment]) -> None:
        self.lab = lab
        self.tag = start.tag
        self._by_number = {e.number: _slim(e) for e in sorted(experiments, key=_number) if e.tag == start.tag}
        self._open = {number: e for number, e in self._by_number.items() if e.state is not State.JUDGED}
        numbers = [*experiment_refs(lab), *(experiment.number for experiment in experiments)]
        self._next = max(numbers, default=-1) + 1
        self.baseline_number = self._add_baseline(start) if start.baseline is None else start.baseline.number
        self._fixed = files_at(lab, start.commit)
        self._texts: OrderedDict[int, dict[str, str]] = OrderedDict()  # the latest that were asked for
        self._known = known_of(lab, self.all)
        self._tried = {known.fingerprint for known in self._known.values()}

    @property
    def all(self) -> tuple[Experiment, ...]:
        """The experiments of the tag by number."""
        return tuple(self._by_number.values())

    @property
    def numbers(self) -> Collection[int]:
        """The numbers of the tag's experiments."""
        return self._by_number.keys()

    @property
    def open(self) -> tuple[Experiment, ...]:
        """Those that are not judged yet, the oldest first."""
        return tuple(self._open[number] for number in sorted(self._open))

    @property
    def baseline(self) -> Experiment:
        """The unchanged program."""
        return self._by_number[self.baseline_number]

    @property
    def best(self) -> Experiment:
        """The best program so far: the one that was kept last, else the baseline."""
        kept = judged_in_order(e for e in self._by_number.values() if e.status == Decision.KEEP)
        return kept[-1] if kept else self.baseline

    @property
    def seeds(self) -> list[int]:
        """All that were used."""
        return [record.seed for experiment in self.all for record in experiment.runs]

    @property
    def hardware(self) -> str:
        """The kind of hardware that most runs of the baseline got their scores on, "" where none is known."""
        scored = (r for r in self.baseline.runs if not r.disturbed and r.run.score is not None)
        kinds = Counter(record.hardware for record in scored)
        return kinds.most_common(1)[0][0] if kinds else ""

    def calm(self, hardware: str = "") -> list[Mapping[str, float]]:
        """Return what was measured of the unchanged program's runs that count and gave a score."""
        return [run.measured for run in self.baseline.counted_runs(hardware) if run.score is not None]

    def get(self, number: int) -> Experiment:
        """Return an experiment of the tag."""
        return self._by_number[number]

    def parent(self, experiment: Experiment) -> Experiment | None:
        """Return the experiment that another one changes, None for the baseline."""
        return next((e for e in self._by_number.values() if e.commit == experiment.parent), None)

    def was_tried(self, files: Mapping[str, str]) -> bool:
        """Say whether these editable files were run before."""
        return fingerprint(files) in self._tried

    def scores(self, experiment: Experiment, hardware: str = "") -> tuple[float, ...]:
        """Return the scores by which a program is known: all of the baseline's, of a keep those it was not picked for.

        The baseline was not picked for its scores, so that none of them flatters it.
        """
        runs = experiment.counted_runs(hardware)
        if experiment.is_baseline or runs[:1] != experiment.counted_runs()[:1]:
            return tuple(run.score for run in runs if run.score is not None)
        return incumbent_scores(runs)

    def noise(self, hardware: str = "") -> Noise | None:
        """Return the noise of the judged experiments' runs, None before the baseline is measured on that hardware."""
        groups = [self.scores(self.baseline, hardware)]
        judged = (e for e in self._by_number.values() if e.state is State.JUDGED and not e.is_baseline)
        groups += [fresh_scores(e, hardware) for e in judged]
        return measure_noise(groups) if len(groups[0]) >= LEAST_RUNS else None

    def rule(self) -> Rule:
        """Return what a keep needs."""
        return Rule(lower_is_better=self.lab.program.lower_is_better, guards=self.lab.program.guards)

    def texts(self, experiment: Experiment) -> dict[str, str]:
        """Return the editable files of an experiment. Raises DeskError where the repository lost its commit."""
        if experiment.number not in self._texts:
            texts = texts_at(self.lab, (experiment.commit,))[0]
            if texts is None:
                raise DeskError(f"the commit {experiment.commit[:7]} is gone from the repository", fix="restore it")
            self._texts[experiment.number] = texts
        self._texts.move_to_end(experiment.number)
        while len(self._texts) > _MOST_TEXTS:
            self._texts.popitem(last=False)
        return self._texts[experiment.number]

    def files(self, experiment: Experiment) -> LabFiles:
        """Return the lab's files as an experiment's commit has them."""
        changed = {path: text.encode("utf-8") for path, text in self.texts(experiment).items()}
        return LabFiles({**self._fixed.contents, **changed}, self._fixed.editable)

    def search(self, base: Experiment | None = None, waiting: Sequence[Proposal] = ()) -> Search:
        """Return what a proposer may know at this moment, to change `base` (None: the best); it stays as it is."""
        program, incumbent = self.lab.program, base or self.best
        scores = self.scores(incumbent, self.hardware)
        return Search(
            instructions=program.instructions,
            metric=program.metric,
            lower_is_better=program.lower_is_better,
            budget=str(program.budget),
            files=self.texts(incumbent),
            fixed=self._fixed.fixed_texts,
            experiments=self.all,
            incumbent=incumbent,
            score=fmean(scores) if scores else None,
            noise=self.noise(self.hardware),
            tried=frozenset(self._tried),
            waiting=tuple(waiting),
            changes={known.change: number for number, known in self._known.items() if known.change},
        )

    def against(self, proposal: Proposal) -> str:
        """Return why a proposal cannot be tried, "" where nothing speaks against it."""
        if set(proposal.files) != set(self._fixed.editable):
            return f"it must hold exactly the editable files: {', '.join(self._fixed.editable)}"
        for path, text in proposal.files.items():
            if len(text) > _MOST_CHARS:
                return f"{path} is longer than {_MOST_CHARS:,} characters"
            try:
                text.encode("utf-8")
            except UnicodeEncodeError:
                return f"{path} holds what is no text"
        return "it was tried before" if self.was_tried(proposal.files) else ""

    def add(self, proposal: Proposal, *, base: Experiment, fixes: int | None) -> Experiment:
        """Make a proposal that changes `base` an experiment: its commit, the ref that keeps it, then its file."""
        number, files = self._next, dict(proposal.files)
        title = " ".join(proposal.title.split())[:200] or "no title"
        message = f"{title}\n\n{proposal.hypothesis.strip()}\n\nlab {self.lab.name}, experiment {number:04d}"
        commit = candidate_commit(self.lab, base.commit, files, message.replace("\0", ""))
        keep_reachable(self.lab, number, commit, seen=None)
        before = self.texts(base)
        experiment = new_experiment(
            number,
            title=title,
            hypothesis=proposal.hypothesis,
            diff=render_diff(before, files),
            commit=commit,
            parent=base.commit,
            worker=proposal.worker,
            program=self.lab.program.version,
            proposed=now(),
            tag=self.tag,
            values=dict(proposal.values),
            method=proposal.method,
            fixes=fixes,
            merges=proposal.merges,
            brief=proposal.brief,
        )
        self.save(experiment)
        self._next += 1
        self._texts[number] = files
        self._known[number] = know(before, files)
        self._tried.add(self._known[number].fingerprint)
        remember(self.lab, commit, self._known[number])
        return experiment

    def conclude(self, experiment: Experiment, verdict: Verdict, *, against: Experiment | None) -> Experiment:
        """Write a verdict down: judged, as the next one in order, or to be run again where it asks for that."""
        judged = with_verdict(experiment, verdict)
        if judged.state is State.JUDGED:
            last = judged_in_order(self._by_number.values())[-1:]
            order = 1 + max((e.number if e.order is None else e.order for e in last), default=-1)
            judged = replace(judged, order=order, against=None if against is None else against.number)
        return self.save(judged)

    def save(self, experiment: Experiment) -> Experiment:
        """Put an experiment's file in place and return it. Raises DeskError on a full disk."""
        known = self._by_number.get(experiment.number)
        if known is not None and known.state is State.JUDGED and experiment.diff == known.diff == "":
            whole = read_experiment(self.lab.folder / FOLDER, experiment.number)  # its texts are on disk alone
            experiment = replace(experiment, diff=whole.diff, log_tail=experiment.log_tail or whole.log_tail)
        write_experiment(self.lab.folder / FOLDER, experiment)
        self._by_number[experiment.number] = _slim(experiment)
        if experiment.state is State.JUDGED:
            self._open.pop(experiment.number, None)
        else:
            self._open[experiment.number] = experiment
        return experiment

    def append_row(self, experiment: Experiment) -> None:
        """Add the row of a judged experiment to results.tsv. Raises DeskError on a full disk."""
        append_row(self.lab.folder / NAME, row_of(experiment), metric=self.lab.program.metric)

    def crashes_in_a_row(self, experiment: Experiment) -> int:
        """Return how many crashes an experiment's own stands at the end of: itself, what it was to fix, and so on."""
        count = 1
        while experiment.fixes is not None and experiment.fixes in self._by_number:
            experiment = self._by_number[experiment.fixes]
            count += 1
        return count

    def drift(self, experiment: Experiment, score: float, hardware: str = "") -> float | None:
        """Return how far a program's new score is from those recorded, None where luck explains it."""
        noise = self.noise(hardware)
        others = self.scores(experiment, hardware)
        if noise is None or noise.sd == 0 or len(others) < LEAST_RUNS - 1:
            return None
        moved = score - fmean(others)
        p = 2 * upper_tail(abs(moved) / noise.error_of_gain(len(others), 1), noise.degrees)
        return moved if p < _DRIFTED and math.isfinite(moved) else None

    def _add_baseline(self, start: Start) -> int:
        number = self._next
        keep_reachable(self.lab, number, start.commit, seen=None)
        baseline = new_experiment(
            number,
            title="baseline",
            hypothesis="",
            diff="",
            commit=start.commit,
            parent="",
            worker="nightdesk",
            program=self.lab.program.version,
            proposed=now(),
            tag=start.tag,
            data=data_version(self.lab),
        )
        self.save(baseline)
        self._next += 1
        return number


def _slim(experiment: Experiment) -> Experiment:
    """Return what is kept in memory: of what was discarded, thousands of times in a long night, not the long texts."""
    match experiment.status:
        case Decision.DISCARD:
            return replace(experiment, diff="", log_tail="")
        case Decision.CRASH:  # proposers are told how it failed
            return replace(experiment, diff="")
    return experiment


def _number(experiment: Experiment) -> int:
    return experiment.number


def key(experiment: Experiment, run: int) -> str:
    """Return the key of an experiment's run, counted from 1."""
    return f"{experiment.number:04d}-{run}"


def next_key(experiment: Experiment) -> str:
    """Return the key of the run that comes next."""
    return key(experiment, len(experiment.runs) + 1)


def experiment_of(key: str) -> int:
    """Return the number of the experiment that a key names, -1 where it is not the key of an experiment's run."""
    found = re.fullmatch(r"(\d{4,9})-\d{1,9}", key, re.ASCII)
    return int(found[1]) if found else -1


def run_of(key: str) -> int:
    """Return the number of the run that a key names."""
    return int(key.rpartition("-")[2])


def fresh_scores(experiment: Experiment, hardware: str = "") -> tuple[float, ...]:
    """Return the scores of a candidate's replicates: what its first run told decided that there are any."""
    runs = experiment.counted_runs(hardware)
    return tuple(run.score for run in runs[1:] if run.score is not None)


def row_of(experiment: Experiment) -> Row:
    """Return the row of a judged experiment: the mean score of its runs that count, and the last one's memory."""
    first = next((record.hardware for record in experiment.runs if not record.disturbed), "")
    runs = experiment.counted_runs(first)  # runs on other hardware are no part of the mean
    scores = [run.score for run in runs if run.score is not None]
    crashed = experiment.status == Decision.CRASH or not scores
    return Row(
        commit=experiment.commit,
        score=None if crashed else fmean(scores),
        memory_gb=memory_gb(runs[-1].measured) if runs and not crashed else None,
        status=experiment.status or "",
        description=experiment.title,
    )


def render_diff(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return the change of the editable files as git would show it, "" for none."""
    parts: list[str] = []
    for path in sorted(after):
        old, new = before.get(path, "").splitlines(), after[path].splitlines()
        parts += difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="")
    return "\n".join(parts)
