"""What a run may use: its budget with the allowance, its timeout, its memory; and whether it kept to that."""

from collections.abc import Mapping

from nightdesk.lab.jobs import Job, Use
from nightdesk.lab.supervising import Allowed

_CALIBRATION_SECONDS = 120.0  # beside twice the budget, while the allowance is not known


def allowed_for(job: Job, *, share_of_memory: int | None, limits: Mapping[str, int]) -> Allowed:
    """Return what a job's program may use. `share_of_memory`: where the job names no limit; None: what is free then."""
    wall, wall_text = job.timeout_seconds, f"over {_duration(job.timeout_seconds)}"
    cpu, cpu_text = None, ""
    most, told = _with_allowance(job)
    if job.budget.kind == "cpu":
        cpu, cpu_text = most, told
    elif job.budget.kind == "wall" and most < wall:
        wall, wall_text = most, f"over {_duration(most)}: {told}"
    return Allowed(
        wall_seconds=wall,
        wall_text=wall_text,
        cpu_seconds=cpu,
        cpu_text=cpu_text,
        memory_bytes=job.memory_bytes or share_of_memory,
        memory_text="" if job.memory_bytes else "its share of what was free",
        **limits,
    )


def over(use: Use, allowed: Allowed) -> str:
    """Return why a run that ended by itself was too late all the same: it went over between two looks."""
    if allowed.cpu_seconds is not None and use.cpu_seconds > allowed.cpu_seconds:
        return f"used {use.cpu_seconds:.1f} s of CPU time, {allowed.cpu_text}"
    return allowed.wall_text if use.wall_seconds > allowed.wall_seconds else ""


def _with_allowance(job: Job) -> tuple[float, str]:
    """Return the seconds that a run may use in all, and how to say it."""
    budget = job.budget.amount
    if job.allowance_seconds is None:
        most = 2 * budget + _CALIBRATION_SECONDS
        return most, f"{most:g} s are allowed while the allowance is not known"
    most = budget + job.allowance_seconds
    return most, f"{budget:g} s and {job.allowance_seconds:.1f} s for start-up and export are allowed"


def _duration(seconds: float) -> str:
    """Return a duration as program.md writes it."""
    whole = round(seconds)
    if whole != seconds or whole == 0:
        return f"{seconds:.3g}s"
    parts = ((whole // 3600, "h"), (whole // 60 % 60, "m"), (whole % 60, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number)
