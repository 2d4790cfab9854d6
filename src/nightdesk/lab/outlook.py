"""Where a lab stands, as one value for tables and JSON: what its ledger holds and what runs now."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from nightdesk.lab.experiments import Experiment
from nightdesk.lab.labs import Lab
from nightdesk.lab.lasting.drifting import drift_line
from nightdesk.lab.ledger import COMMIT_DIGITS
from nightdesk.lab.live import read_live
from nightdesk.lab.night import AtWork, Running, read_running
from nightdesk.lab.scores import finite
from nightdesk.lab.summary import Point, Summary, summarise, tags_of

_MOST_WORKS = 1_000  # of a session that are looked at: the file may be anybody's


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
        "running": _running(lab, running) if running is not None else None,
        **counted(summary, lower_is_better=program.lower_is_better),
    }


def works_of(running: Running) -> tuple[AtWork, ...]:
    """Return the runs at work, the longest at work first; without those whose values somebody has spoilt."""
    return tuple(work for work in running.works[:_MOST_WORKS] if _is_sound(work))


def session_words(running: Running) -> str:
    """Return how many proposals wait and how busy the machine was, one line; "" where neither is known."""
    drafts, share = running.drafts, finite(running.busy_share)
    told = [f"{drafts} proposal{'s wait' if drafts > 1 else ' waits'}"] if type(drafts) is int and drafts > 0 else []
    told += [f"busy {100 * share:.0f} % of the time"] if share is not None else []
    return ", ".join(told)


def _running(lab: Lab, running: Running) -> dict[str, Any]:
    """Return what a session does, each run with what it has used so far where that is known."""
    works = []
    for work in works_of(running):
        seen = read_live(lab, process=running.process, key=work.key)
        names = ("wall_seconds", "cpu_seconds", "memory_bytes")
        works.append(asdict(work) | {name: getattr(seen, name) if seen is not None else None for name in names})
    return asdict(running) | {"works": works, "words": session_words(running)}


def _is_sound(work: AtWork) -> bool:
    texts = (work.key, work.title, work.place, work.doing, work.since)
    numbers = type(work.run) is int and (work.experiment is None or type(work.experiment) is int)
    seconds = work.expected_seconds is None or finite(work.expected_seconds) is not None
    return numbers and seconds and all(isinstance(text, str) for text in texts)


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
        "drift": drift_line(summary.drift, lower_is_better=lower_is_better) if summary.drift is not None else None,
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
