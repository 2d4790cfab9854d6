"""What a branch of a lab found, as a source of the wiki: raw/lab/<lab> <branch>.md, one sentence for each measurement.

Every sentence can stand alone and says only what code measured: which change (as its diff has it, see alterations), by
how much the metric moved, how sure that is, and what became of it. No word of a proposal, of a log or of the report is
in it, so that none can become a claim. The figures of an experiment are those that it was judged by: its sentence stays
the same as the branch goes on, and so does the claim that is made of it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nightdesk.agents.boundary import visible
from nightdesk.base.git import commit_paths
from nightdesk.base.lock import hold_lock
from nightdesk.base.pages import Page, make_page, short_hash
from nightdesk.base.trees import head_branch
from nightdesk.lab.confirmations import BASELINE, WINNER, Confirmed, read_confirmations
from nightdesk.lab.confirming import LEVEL, Ablation, Comparison, Held
from nightdesk.lab.experiments import Experiment, judged_in_order, one_line
from nightdesk.lab.judging import Decision, Ground, Verdict
from nightdesk.lab.labs import Lab
from nightdesk.lab.ledger import render_score
from nightdesk.lab.memory.alterations import Alteration, told_code, told_steps
from nightdesk.lab.memory.next_ideas import Changes, steps_to
from nightdesk.lab.summary import Summary, summarise
from nightdesk.sources.generated import TYPE, findings_path, put_findings
from nightdesk.wiki.escaping import escape_line, escape_markdown

MOST = 240  # experiments that are told: a reading holds at most 400 claims
_LEAST_P = 1e-4
_WAIT_SECONDS = 60.0  # for a compile that is at work
_RUNS = re.compile(r"over (\d{1,4}) runs? against (\d{1,4}) run")
_ARM = re.compile(r"without (\d{1,9})")
_SETTLED = (Ground.BETTER, Ground.SIMPLER, Ground.NOT_BETTER, Ground.BEHIND)


@dataclass(frozen=True, slots=True)
class _Teller:
    """What all sentences of a page share."""

    lab: str
    tag: str
    metric: str  # with "self-reported" before it where it is
    budget: str
    changes: Mapping[int, Alteration]  # by experiment

    def change(self, experiment: Experiment) -> str:
        """Return what an experiment did, as the subject of a sentence."""
        alteration = self.changes[experiment.number]
        if alteration.is_constants_only:
            return told_steps(alteration.steps)
        code = f"the code change of experiment {experiment.number} ({told_code(alteration)})"
        if not (alteration.added or alteration.removed):
            code = f"the change of experiment {experiment.number}"
        return f"{told_steps(alteration.steps)} and {code}" if alteration.steps else code


def render_findings(
    lab: Lab, experiments: Sequence[Experiment], confirmations: Sequence[Confirmed], *, tag: str
) -> Page | None:
    """Return the page of one branch, marked as nightdesk's own; None where nothing was measured.

    The same ledger gives the same bytes.
    """
    program = lab.program
    judged = [experiment for experiment in judged_in_order(experiments) if experiment.tag == tag]
    summary = summarise(experiments, tag=tag, lower_is_better=program.lower_is_better)
    if summary.baseline is None or summary.baseline.score is None:
        return None
    metric = _name(program.metric)
    teller = _Teller(
        lab=_name(lab.name),
        tag=_name(tag),
        metric=f"self-reported {metric}" if program.self_reported else metric,
        budget=str(program.budget),
        changes=Changes(judged),
    )
    done = [confirmed for confirmed in confirmations if confirmed.tag == tag and confirmed.done]
    direction = "lower" if program.lower_is_better else "higher"
    chosen = _most_telling([experiment for experiment in judged if not experiment.is_baseline])
    sections = {
        "What it began with": _baseline(teller, summary, direction),
        "What the search came to": _outcome(teller, judged, summary, confirmed=bool(done)),
        "What was confirmed": [line for confirmed in done for line in _confirmed(teller, confirmed, judged)],
        "What was kept": [_told(teller, e) for e in chosen if e.status == Decision.KEEP],
        "What was discarded": [_told(teller, e) for e in chosen if e.status == Decision.DISCARD],
        "What crashed": [_told(teller, e) for e in chosen if e.status == Decision.CRASH],
    }
    title = f"Lab {teller.lab}, night {teller.tag}"
    parts = [f"# {escape_markdown(title)}\n"]
    parts += [
        f"## {name}\n\n" + "".join(f"- {escape_line(line)}\n" for line in lines)
        for name, lines in sections.items()
        if lines
    ]
    body = "\n".join(parts)
    front = {
        "type": TYPE,
        "title": title,
        "lab": one_line(lab.name),
        "branch": one_line(tag),
        "metric": one_line(program.metric),
        "self_reported": program.self_reported,
        "published": judged[-1].proposed[:10],
        "generated": {"by": "nightdesk/lab"},
    }
    return make_page(front, f"\n{body}", made_from=short_hash(body))


def _most_telling(candidates: Sequence[Experiment]) -> list[Experiment]:
    """Return what was kept and what moved the metric most, at most MOST, in the order of judgement."""

    def rank(experiment: Experiment) -> tuple[bool, float, int]:
        verdict = experiment.verdict
        size = abs(verdict.gain) if verdict is not None and verdict.gain is not None else 0.0
        return experiment.status != Decision.KEEP, -size, experiment.number

    taken = {experiment.number for experiment in sorted(candidates, key=rank)[:MOST]}
    return [experiment for experiment in candidates if experiment.number in taken]


def _baseline(teller: _Teller, summary: Summary, direction: str) -> Iterator[str]:
    baseline, noise = summary.baseline, summary.noise
    if baseline is None:
        return
    spread = f" and a standard deviation of {noise.sd:.3g}" if noise is not None else ""
    yield (
        f"In the lab {teller.lab}, the night {teller.tag} began with a {teller.metric} of "
        f"{render_score(baseline.score)} ({direction} is better), the mean of "
        f"{_count(summary.baseline_runs, 'run')} of the unchanged program on different seeds with a budget of "
        f"{teller.budget} each{spread}{_on(summary.hardware)}."
    )


def _outcome(teller: _Teller, judged: Sequence[Experiment], summary: Summary, *, confirmed: bool) -> Iterator[str]:
    tried = len(summary.candidates)
    if not tried:
        return
    kept, gone, crashed = (summary.count(str(status)) for status in (Decision.KEEP, Decision.DISCARD, Decision.CRASH))
    yield (
        f"In the lab {teller.lab}, the night {teller.tag} tried {_count(tried, 'change')}, with {kept} kept, {gone} "
        f"discarded and {crashed} crashed."
    )
    winner = summary.winner
    if winner is None or winner.score is None or winner.start is None or not summary.keeps:
        return
    moved = "below" if winner.score < winner.start else "above"
    best = f"In the lab {teller.lab}, the best program of the night {teller.tag} (experiment {winner.number})"
    yield (
        f"{best} has a {teller.metric} of {render_score(winner.score)} by the search's own runs, "
        f"{abs(winner.start - winner.score):.3g} {moved} the baseline, which being picked among all that were "
        "tried flatters."
    )
    if steps := steps_to(winner.number, judged, teller.changes):
        yield f"{best} differs from the unchanged one by {told_steps(steps)}."
    if not confirmed:
        yield f"{best} has not been confirmed on fresh seeds."


def _told(teller: _Teller, experiment: Experiment) -> str:
    verdict, change = experiment.verdict, teller.change(experiment)
    assert verdict is not None  # noqa: S101 - only judged ones come here
    where = f"(experiment {experiment.number} of the night {teller.tag}, run on {experiment.proposed[:10]})"
    many = len(teller.changes[experiment.number].steps) > 1
    lead = f"In the lab {teller.lab}, {change}{' together' if many else ''}"
    if verdict.decision is Decision.CRASH:
        return f"{lead} made the run crash, so that there is no {teller.metric} {where}."
    if verdict.ground is Ground.GUARD:
        return f"{lead} broke a limit that the lab sets, and was discarded whatever its {teller.metric} {where}."
    if verdict.gain is None or verdict.ground not in _SETTLED:
        return f"{lead} ended as {verdict.decision} without a comparison of {teller.metric} {where}."
    effect = _effect(teller.metric, verdict, verdict.gain, against=experiment.against)
    return f"{lead} {effect}, {_sure(experiment, verdict)}{_hardware(experiment)} {where}."


def _effect(metric: str, verdict: Verdict, gain: float, *, against: int | None) -> str:
    """Return whether a change helped, what it did to the metric, and what became of it."""
    rival = "the best program of that time" if against is None else f"experiment {against}"
    than = f"{abs(gain):.3g} {'better' if gain >= 0 else 'worse'} than {rival}"
    if verdict.ground is Ground.BETTER:
        return f"helped: the effect on {metric} is an improvement by {abs(gain):.3g}, and it was kept"
    if verdict.ground is Ground.SIMPLER:
        return f"made the program shorter: {metric} is {than}, and it was kept as simpler"
    if verdict.ground is Ground.BEHIND:
        return f"helped the program that it changed: {metric} is {than}, and it was discarded"
    if _is_worse(verdict):
        return f"did harm: the effect on {metric} is worse by {abs(gain):.3g}, and it was discarded"
    return f"gave no help that can be shown: the effect on {metric}, {than}, is within the noise, and it was discarded"


def _is_worse(verdict: Verdict) -> bool:
    """Whether luck alone seldom makes a program that much worse."""
    return verdict.ground is Ground.NOT_BETTER and verdict.p is not None and 1 - verdict.p <= LEVEL


def _sure(experiment: Experiment, verdict: Verdict) -> str:
    """Return on how many runs a verdict rests and how often luck does the same."""
    counted = _RUNS.search(verdict.reason)
    runs = int(counted[1]) if counted else len(experiment.counted_runs())
    others = f" against {counted[2]}" if counted else ""
    if verdict.p is None:
        return f"in {_count(runs, 'run')}{others}"
    p = 1 - verdict.p if _is_worse(verdict) else verdict.p
    return f"in {_count(runs, 'run')}{others} with a one-sided p {_chance(p)}"


def _chance(p: float) -> str:
    return "below 0.0001" if p < _LEAST_P else f"of {p:.2g}"


def _confirmed(teller: _Teller, confirmed: Confirmed, judged: Sequence[Experiment]) -> Iterator[str]:
    result = confirmed.result
    who = f"experiment {confirmed.winner} of the night {teller.tag}"
    if result is None:
        yield (
            f"In the lab {teller.lab}, confirmation {confirmed.number} could not compare {who} with the baseline, "
            "since too few runs gave a score."
        )
        return
    split = (
        "the test split, which the search never saw," if confirmed.held_out else "the split that the search used too,"
    )
    held = {Held.YES: "the gain held", Held.NOT_SHOWN: "no gain was shown", Held.WORSE: "it is worse"}[result.held]
    metric = teller.metric if confirmed.sealed else f"self-reported {_name(confirmed.metric)}"
    yield (
        f"In the lab {teller.lab}, confirmation {confirmed.number} on {split} found the {metric} of {who} "
        f"{_interval(result.confirmed)} than that of the baseline over {len(confirmed.scores(BASELINE))} and "
        f"{len(confirmed.scores(WINNER))} runs on fresh seeds, with a corrected p {_chance(result.corrected_p)}, so "
        f"that {held}."
    )
    gained, low, high = confirmed.search
    yield (
        f"In the lab {teller.lab}, the search itself had measured a gain in {metric} of {gained:.3g} "
        f"(95 % interval {low:.3g} to {high:.3g}) for {who}, which being the best of "
        f"{_count(confirmed.tries, 'try', 'tries')} flatters."
    )
    of_number = {experiment.number: experiment for experiment in judged}
    for name, ablation in result.ablations.items():
        arm = _ARM.fullmatch(name)
        experiment = of_number.get(int(arm[1])) if arm else None
        if experiment is not None and ablation.comparison is not None:
            yield _ablation(
                teller, experiment, ablation, ablation.comparison, f"confirmation {confirmed.number}", metric
            )


def _ablation(
    teller: _Teller, experiment: Experiment, ablation: Ablation, compared: Comparison, where: str, metric: str
) -> str:
    held = {Held.YES: "it helps", Held.NOT_SHOWN: "no effect of it was shown", Held.WORSE: "it harms"}[ablation.held]
    p = f", with a corrected p {_chance(ablation.corrected_p)}" if ablation.corrected_p is not None else ""
    return (
        f"In the lab {teller.lab}, {where} found the {metric} of the best program {_interval(compared)} with than "
        f"without the change of experiment {experiment.number}, that is {teller.change(experiment)}{p}, so that {held}."
    )


def _interval(compared: Comparison) -> str:
    way = "better" if compared.gain >= 0 else "worse"
    sign = 1 if compared.gain >= 0 else -1
    low, high = sorted((sign * compared.low, sign * compared.high))
    return f"{abs(compared.gain):.3g} {way} (95 % interval {low:.3g} to {high:.3g})"


def _hardware(experiment: Experiment) -> str:
    """Return where an experiment was judged: its replicates run on the kind of its first run."""
    return _on(next((record.hardware for record in experiment.runs if not record.disturbed), ""))


def _on(hardware: str) -> str:
    return f" on {_name(hardware)}" if hardware else ""


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _name(text: str) -> str:
    """Return a name that somebody gave as the words of a sentence: one line, bounded, no marks that end or open one."""
    return " ".join(re.sub(r"[^\w\s.+/@,:()-]", " ", one_line(visible(text)))[:60].split()).rstrip(".,:")


def write_findings(lab: Lab, experiments: Sequence[Experiment], *, tag: str) -> Path | None:
    """Put the findings of a branch among the desk's sources, commit them, and return their path.

    None where there is no desk, where nothing was measured, or where they stand there already. Raises DeskError where a
    person has edited them, or where a compile holds the desk for long.
    """
    desk = lab.desk
    if desk is None:
        return None
    page = render_findings(lab, experiments, read_confirmations(lab.folder), tag=tag)
    name = f"{lab.name} {tag}"
    with hold_lock(desk.cache / "lock", doing=f"adding what the lab {lab.name} found", wait_seconds=_WAIT_SECONDS):
        if page is None or not put_findings(desk, name, page):
            return None
        path = findings_path(desk, name)
        if head_branch(desk.root) is not None:
            commit_paths(desk.root, [desk.relative(path)], one_line(f"lab {lab.name}: findings of {tag}"))
    return path
