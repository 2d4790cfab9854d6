"""What a night's figures mean, in words for a person who forgot statistics, or never had any."""

from collections.abc import Iterator, Sequence

from nightdesk.lab.budgets import Budget
from nightdesk.lab.confirmations import Confirmed
from nightdesk.lab.confirming import LEVEL, Held
from nightdesk.lab.judging import Decision, Ground, Rule, Verdict, minimal_gain
from nightdesk.lab.ledger import render_score
from nightdesk.lab.noise import Noise
from nightdesk.lab.programs import Program
from nightdesk.lab.student import quantile
from nightdesk.lab.summary import Summary

STATUS_WORDS = {"keep": "kept", "discard": "discarded", "crash": "crashed", "": "open"}
_SURE = 0.95  # of intervals


def direction(program: Program) -> str:
    """Return which way is better, and whether the run says so itself."""
    way = "lower is better" if program.lower_is_better else "higher is better"
    return way + (", self-reported" if program.self_reported else "")


def noise_words(summary: Summary, program: Program) -> Iterator[str]:
    """Yield what the noise is and from which gain on a change is kept, a paragraph each."""
    metric, noise, baseline = program.metric, summary.noise, summary.baseline
    if baseline is None or baseline.score is None or noise is None:
        yield (
            "The noise is not known yet. First the unchanged program runs a few times with nothing but the seed "
            "changed; how far those results lie apart is what luck alone can do."
        )
        return
    if noise.sd == 0:
        yield f"The unchanged program gave the same {metric} each time: there is no luck in it, so any gain is real."
        return
    yield (
        f"The unchanged program ran {summary.baseline_runs} times with nothing but the seed changed. Its results lie "
        f"about {figure(noise.sd)} apart (their standard deviation: two runs out of three fall within that distance of "
        "the middle). That is the noise: what luck alone does."
    )
    rule = Rule(lower_is_better=program.lower_is_better)
    runs = max(1, summary.baseline_runs)
    once, last = (minimal_gain(noise, runs, count, rule=rule) for count in (1, rule.looks))
    yield (
        f"So a change is kept after one run only if it gains {figure(once)} or more. If it gains less, but may be "
        f"real, it runs again with fresh seeds, up to {rule.looks} runs; then a gain of {figure(last)} is enough. Of "
        f"changes that do nothing at most {100 * rule.false_keep_rate:.0f} % get through."
    )


def gain_words(summary: Summary, program: Program, confirmed: Confirmed | None) -> Iterator[str]:
    """Yield what the search's gain says, what a confirmation adds to it, and what held; a paragraph each."""
    before, after = summary.baseline, summary.winner
    gained = summary.search_gain(lower_is_better=program.lower_is_better)
    if before is None or after is None or gained is None or not summary.keeps:
        yield "Nothing has been kept so far, so that there is no gain to speak of."
        return
    tries = len(summary.candidates)
    yield (
        f"In the search {program.metric} went from {render_score(before.score)} to {render_score(after.score)}, a gain "
        f"of {figure(gained)}. This figure flatters: what looks best of {tries} tries is in part what was luckiest."
    )
    if confirmed is None:
        yield (
            "It is not confirmed yet. A confirmation runs the baseline and the best program again, with fresh seeds "
            "and, where there is one, on a test split that the search never saw. What is left of the gain then is real."
        )
        return
    result = confirmed.result
    if result is None:
        reason = next(iter((*confirmed.failures("winner"), *confirmed.failures("baseline"))), "too few runs")
        yield f"A confirmation was tried and said nothing: {reason}."
        return
    where = "a test split that the search never saw" if confirmed.held_out else "the split that the search used too"
    compared = result.confirmed
    yield (
        f"Run again with {confirmed.seeds} fresh seeds each, on {where}, the gain is {figure(compared.gain)}; with "
        f"95 % confidence it lies between {figure(compared.low)} and {figure(compared.high)}."
    )
    yield held_words(result.held, result.corrected_p)


def held_words(held: Held, p: float) -> str:
    """Return what the verdict of a confirmation means."""
    luck = f"{p:.2g}" if p >= 0.0001 else "less than 0.0001"
    if held is Held.YES:
        return (
            f"It held: if the changes did nothing, luck would give a result like this with a probability of {luck}, "
            f"corrected for trying more than once. Below {LEVEL:g} counts as held."
        )
    if held is Held.WORSE:
        return "It is worse than the baseline: what the search saw was luck."
    return (
        f"Not shown: luck alone would give such a result with a probability of {luck}, and {LEVEL:g} is the most that "
        "is allowed. The gain may be real and small, or not there at all; more seeds can tell."
    )


def self_reported_words(program: Program) -> str:
    """Return what it means that a metric is self-reported, "" where it is not."""
    if not program.self_reported:
        return ""
    return (
        f"{program.metric} is self-reported: the program under test prints it, and nothing else vouches for it. A "
        "judge in program.md makes it a measurement."
    )


def compared_words(
    a: Sequence[float], b: Sequence[float], *, noise: Noise | None, lower_is_better: bool, names: tuple[str, str]
) -> list[str]:
    """Return what two experiments' scores say about which is better; an interval where the noise is known."""
    if not a or not b:
        without = [name for name, scores in zip(names, (a, b), strict=True) if not scores]
        return [f"{' and '.join(without)} gave no score, so that nothing can be compared."]
    means = sum(a) / len(a), sum(b) / len(b)
    gained = means[0] - means[1] if lower_is_better else means[1] - means[0]
    if gained == 0:
        return [f"{names[0]} and {names[1]} have the same score."]
    better, worse = (names[1], names[0]) if gained > 0 else (names[0], names[1])
    counts = (len(b), len(a)) if gained > 0 else (len(a), len(b))
    lines = [
        f"{better} is better than {worse} by {figure(abs(gained))}, over {runs(counts[0])} against {runs(counts[1])}."
    ]
    if noise is None or noise.sd == 0:
        return (
            [*lines, "The noise is not known, so nobody can say whether luck explains it."] if noise is None else lines
        )
    reach = quantile((1 - _SURE) / 2, noise.degrees) * noise.error_of_gain(len(a), len(b))
    low, high = abs(gained) - reach, abs(gained) + reach
    lines.append(f"By the noise of the baseline the difference lies between {figure(low)} and {figure(high)} (95 %).")
    lines.append(
        "That interval holds 0: luck may explain all of it."
        if low <= 0
        else "That interval does not hold 0. Looked at alone this is no luck; but who looks at many pairs finds some."
    )
    return lines


def left_of_run(budget: Budget, *, wall_seconds: float, cpu_seconds: float) -> str:
    """Return how much of its budget a run at work has left, in words."""
    if budget.kind == "steps":
        return f"{duration(wall_seconds)} so far"
    used, kind = (cpu_seconds, " of CPU time") if budget.kind == "cpu" else (wall_seconds, "")
    left = budget.amount - used
    return f"{duration(left)}{kind} left" if left >= 0 else f"{duration(-left)}{kind} over: start-up and export"


def verdict_word(status: str, *, is_baseline: bool, ground: str = "") -> str:
    """Return what became of an experiment, for a badge."""
    if is_baseline and status == Decision.KEEP:
        return "baseline"
    if ground == Ground.BEHIND:
        return "discarded, behind"
    return "kept, simpler" if ground == Ground.SIMPLER else STATUS_WORDS.get(status, status)


def verdict_words(verdict: Verdict, program: Program) -> str:
    """Return what a verdict means, in a sentence."""
    gained = "" if verdict.gain is None else figure(abs(verdict.gain))
    luck = "" if verdict.p is None else f"{verdict.p:.2g}"
    match verdict.ground:
        case Ground.BASELINE:
            return "The unchanged program, which all others are measured against."
        case Ground.BETTER:
            return (
                f"Kept: it is better than the best program of its time by {gained}, a gain that luck alone would give "
                f"with a probability of {luck}."
            )
        case Ground.SIMPLER:
            return "Kept because it is shorter and no worse. That counts as simpler, not as an improvement."
        case Ground.NO_SCORE:
            return f"Crashed, so that there is no {program.metric}: {verdict.reason}."
        case Ground.GUARD:
            return f"Discarded whatever its score, because it broke a guard of program.md: {verdict.reason}."
        case Ground.BEHIND:
            return (
                "Discarded: it is better than the program that it changed, but not than the best one meanwhile. Its "
                "change may be worth joining with that one's."
            )
    if not gained:
        return f"Discarded: {verdict.reason}."
    if (verdict.gain or 0.0) <= 0:
        return f"Discarded: it is no better than the best program of its time, but worse by {gained}."
    return (
        f"Discarded: it looks better by {gained}, but luck alone would give that with a probability of {luck}, which "
        "is too often."
    )


def runs(count: int) -> str:
    """Return so many runs in words."""
    return f"{count} run{'s' if count != 1 else ''}"


def figure(value: float) -> str:
    """Return a figure with three digits that count."""
    return f"{value:.3g}" if abs(value) < 1_000 else f"{value:,.0f}"


def duration(seconds: float) -> str:
    """Return a duration as a person says it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
