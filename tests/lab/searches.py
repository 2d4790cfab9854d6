"""Searches and ledgers for the tests of proposers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nightdesk.lab.experiments import Experiment, RunRecord, new_experiment, with_run, with_verdict
from nightdesk.lab.fingerprints import fingerprint
from nightdesk.lab.jobs import Proposal, Search
from nightdesk.lab.judging import Decision, Ground, Run, Verdict
from nightdesk.lab.noise import Noise

TRAIN = "LR = 0.01\nDEPTH = 4\nBATCH = 64\nTIED = True\nNORM = 'a'  # a | b\nSEED = 1\nprint(LR)\n"
FILES = {"train.py": TRAIN}


def experiment(
    number: int,
    decision: Decision | None = Decision.DISCARD,
    *,
    score: float | None = 1.5,
    parent: int | None = 0,
    log: str = "",
    failure: str = "",
    **known: Any,
) -> Experiment:
    """Return an experiment, judged unless `decision` is None; its commit is its number."""
    told = {"title": f"change {number}", "hypothesis": "it helps", "diff": "", "worker": "w", "program": "p"} | known
    up = "" if parent is None else f"{parent:040d}"
    made = new_experiment(number, commit=f"{number:040d}", parent=up, proposed="2026-11-23T01:00:00Z", **told)
    if decision is None:
        return made
    made = with_run(made, RunRecord(Run(score, failure=failure), 1), log_tail=log)
    ground = {Decision.KEEP: Ground.BETTER, Decision.CRASH: Ground.NO_SCORE}.get(decision, Ground.NOT_BETTER)
    return with_verdict(made, Verdict(decision, ground, failure or "reason", 0.01 if score else None))


def baseline(score: float = 1.5) -> Experiment:
    """Return the experiment that a night begins with."""
    made = experiment(0, Decision.KEEP, score=score, parent=None, title="baseline")
    return replace(made, verdict=Verdict(Decision.KEEP, Ground.BASELINE, "baseline"))


def search(
    files: Mapping[str, str] = FILES,
    experiments: Sequence[Experiment] = (),
    *,
    incumbent: Experiment | None = None,
    tried: Sequence[Mapping[str, str]] = (),
    **instead: Any,
) -> Search:
    """Return a search with this ledger behind its baseline."""
    first = baseline()
    known = Search(
        instructions="Make it better.",
        metric="val_bpb",
        lower_is_better=True,
        budget="60s cpu",
        files=files,
        fixed={"prepare.py": "TIME = 60\n"},
        experiments=(first, *experiments),
        incumbent=incumbent or first,
        score=1.5,
        noise=Noise(0.004, 4),
        tried=frozenset(fingerprint(one) for one in (files, *tried)),
    )
    return replace(known, **instead)


def after(known: Search, proposal: Proposal, score: float | None) -> Search:
    """Return the search after a proposal was run, and discarded or crashed."""
    number = len(known.experiments)
    decision = Decision.DISCARD if score is not None else Decision.CRASH
    made = experiment(
        number,
        decision,
        score=score,
        parent=known.incumbent.number,
        title=proposal.title,
        hypothesis=proposal.hypothesis,
        worker=proposal.worker,
        method=proposal.method,
        values=proposal.values,
    )
    tried = known.tried | {fingerprint(proposal.files)}
    return replace(known, experiments=(*known.experiments, made), tried=tried)
