"""Where a lab stands, as one value for tables and JSON: what its ledger holds and what runs now."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from nightdesk.lab.experiments import Experiment
from nightdesk.lab.labs import Lab
from nightdesk.lab.ledger import COMMIT_DIGITS
from nightdesk.lab.night import read_running
from nightdesk.lab.summary import Point, Summary, summarise, tags_of


def outlook(lab: Lab, experiments: Sequence[Experiment]) -> dict[str, Any]:
    """Return where the lab stands, in plain values."""
    program = lab.program
    summary = summarise(experiments, lower_is_better=program.lower_is_better)
    running = read_running(lab)
    return {
        "lab": lab.name,
        "folder": str(lab.folder),
        "metric": program.metric,
        "lower_is_better": program.lower_is_better,
        "self_reported": program.self_reported,
        "budget": str(program.budget),
        "program": program.version,
        "tag": summary.tag or None,
        "tags": list(tags_of(experiments)),
        "branch": f"lab/{lab.name}/{summary.tag}" if summary.tag else None,
        "running": asdict(running) if running is not None else None,
        **counted(summary, lower_is_better=program.lower_is_better),
    }


def counted(summary: Summary, *, lower_is_better: bool) -> dict[str, Any]:
    """Return the figures of a branch, in plain values."""
    return {
        "experiments": len(summary.candidates),
        "kept": len(summary.keeps),
        "discarded": summary.count("discard"),
        "crashed": summary.count("crash"),
        "waiting": summary.waiting,
        "runs": summary.runs,
        "disturbed": summary.disturbed,
        "hours": round(summary.hours, 4),
        "noise_sd": summary.noise.sd if summary.noise is not None else None,
        "baseline": described(summary.baseline),
        "best": described(summary.winner),
        "search_gain": summary.search_gain(lower_is_better=lower_is_better),
        "last": [described(point) for point in summary.points[-8:]],
    }


def described(point: Point | None) -> dict[str, Any] | None:
    """Return one experiment in plain values."""
    if point is None:
        return None
    return {
        "number": point.number,
        "commit": point.commit[:COMMIT_DIGITS],
        "status": point.status,
        "score": point.score,
        "gain": point.gain,
        "title": point.title,
        "why": point.reason,
        "worker": point.worker,
    }
