"""Whether other load disturbed a run, judged against the runs of the unchanged program.

A run's score may depend on what else the machine did: on a CPU neighbours take caches, memory bandwidth and turbo even
from a program that keeps its core. What a *candidate* does must not make it look disturbed: a bigger model makes fewer
steps, a program with fewer threads uses a smaller share of the machine. So two rules need to know nothing of the
program: what others took of the cores that the run had (`Use.other_load`, from /proc/stat), and whether these were
crowded at all, since 63 idle cores beside one busy one disturb nobody. A run that is held to some of the cores has
neighbours on the others, this session's and those of other ones: they are no disturbance, since its kind of hardware
was measured with them. Only the same program, run again, is held to its own speed: its CPU
share and its tokens per CPU second.

CPU time that a candidate hides from its accounting shows as load of others: such a run is repeated, and if it hides it
always, the ledger says so.
"""

import os
from collections.abc import Mapping, Sequence
from statistics import median

from nightdesk.lab.jobs import Finished, Use
from nightdesk.lab.machines.clocks import slept_text

MOST = 0.05  # of the share or of the speed that may be missing
MOST_TAKEN = 0.15  # of the cores, by others: a second core kept busy costs a run of the gpt template about a fifth of
# its speed on two cores, so that this much costs it MOST
_CROWDED = 0.5  # of the cores, at least, must be busy: beyond it programs share physical cores, or may
_FEW_SECONDS = 1.0  # of wall time, below which clocks are too coarse to tell


def disturbed(
    use: Use,
    calibration: Sequence[Use],
    *,
    printed: Mapping[str, float],
    calibration_printed: Sequence[Mapping[str, float]],
    cores: int,
) -> str:
    """Return what disturbed a run, one line; "" where nothing did, or where there is no calibration to tell by.

    `calibration` are undisturbed runs of any program of the lab on this machine. `calibration_printed` is what runs of
    *the same program* printed, empty where the run's program is another one; its CPU share is then not looked at.
    `cores` are those that the loads are of.
    """
    if told := slept_text(use.slept_seconds):
        return told
    if not calibration or use.wall_seconds < _FEW_SECONDS:
        return ""
    taken = use.other_load - median(calm.other_load for calm in calibration)
    crowded = _share(use) + use.other_load > _CROWDED * cores
    if crowded and taken > MOST_TAKEN * cores:
        return f"other programs kept {taken:.2g} more cores busy than while calibrating"
    if not calibration_printed:
        return ""
    share, usual = _share(use), median(_share(calm) for calm in calibration)
    if crowded and share < (1 - MOST) * usual:
        return f"it got {share:.2f} cores, and {usual:.2f} while calibrating"
    speeds = [speed for told in calibration_printed if (speed := _tokens_per_cpu_second(told)) is not None]
    speed = _tokens_per_cpu_second(printed)
    if speeds and speed is not None and speed < (1 - MOST) * (usual_speed := median(speeds)):
        return f"it took {1 - speed / usual_speed:.0%} fewer tokens for each CPU second than while calibrating"
    return ""


def disturbed_run(finished: Finished, calm: Sequence[Mapping[str, float]]) -> str:
    """Return what disturbed a finished run of any program, given what was measured of the unchanged program's runs."""
    calibration = [
        Use(wall_seconds=run["wall_seconds"], cpu_seconds=run.get("cpu_seconds", 0.0), other_load=run["other_load"])
        for run in calm
        if "wall_seconds" in run and "other_load" in run
    ]
    cores = finished.use.cores or os.cpu_count() or 1
    return disturbed(finished.use, calibration, printed={}, calibration_printed=(), cores=cores)


def _share(use: Use) -> float:
    """Return the cores that a run kept busy on average."""
    return use.cpu_seconds / use.wall_seconds if use.wall_seconds > 0 else 0.0


def _tokens_per_cpu_second(printed: Mapping[str, float]) -> float | None:
    """Return the millions of tokens for each CPU second of training, None where the run did not print both."""
    tokens, seconds = printed.get("total_tokens_M"), printed.get("cpu_seconds")
    return tokens / seconds if tokens is not None and seconds else None
