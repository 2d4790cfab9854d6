"""The experiments of one tag, in memory as on disk: who is best, what is known of the noise, what was tried."""

import difflib
import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from nightdesk.lab.branches import LabFiles, candidate_commit, experiment_refs, files_at, keep_reachable, texts_at
from nightdesk.lab.experiments import FOLDER, Experiment, State, new_experiment, write_experiment
from nightdesk.lab.fingerprints import fingerprint
from nightdesk.lab.jobs import Proposal, Search
from nightdesk.lab.judging import Decision, Rule, Run, incumbent_scores
from nightdesk.lab.labs import Lab
from nightdesk.lab.ledger import NAME, Row, append_row
from nightdesk.lab.measurements import memory_gb
from nightdesk.lab.night import now
from nightdesk.lab.noise import LEAST_RUNS, Noise, measure_noise
from nightdesk.lab.starting import Start, data_version
from nightdesk.lab.student import upper_tail

_MOST_CHARS = 1_000_000  # of an editable file that is proposed
_DRIFTED = 0.001  # two-sided p of a repeated run, below which something but luck moved it


class Records:
    """The ledger of a tag. What is changed is on disk before it is in memory."""

    def __init__(self, lab: Lab, start: Start, experiments: Sequence[Experiment]) -> None:
        self.lab = lab
        self.tag = start.tag
        self._by_number = {e.number: e for e in experiments if e.tag == start.tag}
        numbers = [*experiment_refs(lab), *(experiment.number for experiment in experiments)]
        self._next = max(numbers, default=-1) + 1
        self.baseline_number = self._add_baseline(start) if start.baseline is None else start.baseline.number
        self._fixed = files_at(lab, start.commit)
        commits = tuple(experiment.commit for experiment in self.all)
        read = texts_at(lab, commits)
        self._texts = {e.number: texts for e, texts in zip(self.all, read, strict=True) if texts is not None}
        self._tried = {fingerprint(texts) for texts in self._texts.values()}

    @property
    def all(self) -> tuple[Experiment, ...]:
        """The experiments of the tag by number."""
        return tuple(self._by_number[number] for number in sorted(self._by_number))

    @property
    def baseline(self) -> Experiment:
        """The unchanged program."""
        return self._by_number[self.baseline_number]

    @property
    def best(self) -> Experiment:
        """The best program so far: the last keep, else the baseline."""
        kept = [e for e in self.all if e.verdict is not None and e.verdict.decision is Decision.KEEP]
        return kept[-1] if kept else self.baseline

    @property
    def seeds(self) -> list[int]:
        """All that were used."""
        return [record.seed for experiment in self.all for record in experiment.runs]

    @property
    def calm(self) -> list[Mapping[str, float]]:
        """What was measured of the unchanged program's runs that count and gave a score."""
        return [run.measured for run in self.baseline.counted_runs() if run.score is not None]

    def get(self, number: int) -> Experiment:
        """Return an experiment of the tag."""
        return self._by_number[number]

    def scores(self, experiment: Experiment) -> tuple[float, ...]:
        """Return the scores by which a program is known: all of the baseline's, of a keep those it was not picked for.

        The baseline was not picked for its scores, so that none of them flatters it.
        """
        if experiment.is_baseline:
            return tuple(run.score for run in experiment.counted_runs() if run.score is not None)
        return incumbent_scores(experiment.counted_runs())

    def noise(self) -> Noise | None:
        """Return the noise of the judged experiments' runs, None before the baseline is measured."""
        groups = [self.scores(self.baseline)]
        groups += [fresh_scores(e.counted_runs()) for e in self.all if e.state is State.JUDGED and not e.is_baseline]
        return measure_noise(groups) if len(groups[0]) >= LEAST_RUNS else None

    def rule(self) -> Rule:
        """Return what a keep needs."""
        return Rule(lower_is_better=self.lab.program.lower_is_better, guards=self.lab.program.guards)

    def texts(self, experiment: Experiment) -> dict[str, str]:
        """Return the editable files of an experiment."""
        return self._texts[experiment.number]

    def files(self, experiment: Experiment) -> LabFiles:
        """Return the lab's files as an experiment's commit has them."""
        changed = {path: text.encode("utf-8") for path, text in self.texts(experiment).items()}
        return LabFiles({**self._fixed.contents, **changed}, self._fixed.editable)

    def search(self) -> Search:
        """Return what a proposer may know at this moment; it does not change afterwards."""
        program, best = self.lab.program, self.best
        scores = self.scores(best)
        return Search(
            instructions=program.instructions,
            metric=program.metric,
            lower_is_better=program.lower_is_better,
            budget=str(program.budget),
            files=self.texts(best),
            fixed=self._fixed.fixed_texts,
            experiments=self.all,
            incumbent=best,
            score=fmean(scores) if scores else None,
            noise=self.noise(),
            tried=frozenset(self._tried),
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
        return "it was tried before" if fingerprint(proposal.files) in self._tried else ""

    def add(self, proposal: Proposal, *, fixes: int | None) -> Experiment:
        """Make a proposal an experiment: its commit, the ref that keeps it, then its file."""
        best, number, files = self.best, self._next, dict(proposal.files)
        title = " ".join(proposal.title.split())[:200] or "no title"
        message = f"{title}\n\n{proposal.hypothesis.strip()}\n\nlab {self.lab.name}, experiment {number:04d}"
        commit = candidate_commit(self.lab, best.commit, files, message.replace("\0", ""))
        keep_reachable(self.lab, number, commit, seen=None)
        experiment = new_experiment(
            number,
            title=title,
            hypothesis=proposal.hypothesis,
            diff=render_diff(self.texts(best), files),
            commit=commit,
            parent=best.commit,
            worker=proposal.worker,
            program=self.lab.program.version,
            proposed=now(),
            tag=self.tag,
            values=dict(proposal.values),
            method=proposal.method,
            fixes=fixes,
        )
        self.save(experiment)
        self._next += 1
        self._texts[number] = files
        self._tried.add(fingerprint(files))
        return experiment

    def save(self, experiment: Experiment) -> Experiment:
        """Put an experiment's file in place and return it. Raises DeskError on a full disk."""
        write_experiment(self.lab.folder / FOLDER, experiment)
        self._by_number[experiment.number] = experiment
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

    def drift(self, experiment: Experiment, score: float) -> float | None:
        """Return how far a program's new score is from those recorded, None where luck explains it."""
        noise = self.noise()
        others = self.scores(experiment)
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


def key(experiment: Experiment, run: int) -> str:
    """Return the key of an experiment's run, counted from 1."""
    return f"{experiment.number:04d}-{run}"


def next_key(experiment: Experiment) -> str:
    """Return the key of the run that comes next."""
    return key(experiment, len(experiment.runs) + 1)


def fresh_scores(runs: Sequence[Run]) -> tuple[float, ...]:
    """Return the scores of a candidate's replicates: what its first run told decided that there are any."""
    return tuple(run.score for run in runs[1:] if run.score is not None)


def row_of(experiment: Experiment) -> Row:
    """Return the row of a judged experiment: the mean score of its runs that count, and the last one's memory."""
    runs = experiment.counted_runs()
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
