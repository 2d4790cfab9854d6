"""The log of each run, compressed: state/logs/0042-2.log.gz. Cache: what a verdict rests on stands in the ledger.

An experiment's file has the last lines of its last run; here is all that was kept of every run's output. What is old
goes by a policy, so that weeks of nights fit on the disk.
"""

import contextlib
import gzip
import os
import re
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.base.files import open_plain, write_atomically
from nightdesk.lab.experiments import Experiment
from nightdesk.lab.judging import Decision
from nightdesk.lab.labs import Lab
from nightdesk.lab.measurements import printable

LAST_RUNS = 200  # whose logs stay however old they are
MOST_DAYS = 30.0  # after which the log of a run goes that was neither of a keep nor one of the last
MOST_BYTES = 200 * 10**6  # of all logs of a lab together
MOST_CHARS = 1_000_000  # of one log that is read: a small file may unpack to a very large one
_MOST_FILE_BYTES = 4_000_000
_BLOCK_BYTES = 4096  # that even the smallest file takes
_LEVEL = 6
_NAME = re.compile(r"(?:(\d{4,9})-(\d{1,6})|[\w.-]{1,120})\.log\.gz")


@dataclass(frozen=True, slots=True)
class KeptLog:
    """A log on disk."""

    name: str
    experiment: int | None  # None: of a run that belongs to no experiment, as those of a confirmation
    run: int
    written: float  # seconds since the epoch
    size_bytes: int  # that it takes on the disk


def keep_log(lab: Lab, key: str, text: str) -> None:
    """Keep the log of the run `key` ("0042-2"). A full disk is no reason to lose the run: then there is none."""
    if not text:
        return
    packed = gzip.compress(text.encode("utf-8", "replace"), _LEVEL, mtime=0)
    with contextlib.suppress(OSError):
        write_atomically(log_file(lab, key), packed, durable=False)


def log_file(lab: Lab, key: str) -> Path:
    """Return where the log of a run is, if it is kept."""
    return _folder(lab) / f"{key}.log.gz"


def read_log(lab: Lab, key: str) -> str | None:
    """Return the log of a run as it can be shown, None where it is not kept. Raises DeskError for a damaged file."""
    path = log_file(lab, key)
    if not path.exists():
        return None
    with open_plain(path, os.O_RDONLY) as file:
        packed = os.read(file, _MOST_FILE_BYTES)
    try:
        unpacked = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(packed, MOST_CHARS)
    except zlib.error as error:
        raise DeskError(f"{path} is damaged", fix="delete it: the experiment's file has the end of the log") from error
    return printable(unpacked.decode("utf-8", "replace"))


def kept_runs(lab: Lab, experiment: int) -> list[int]:
    """Return the runs of an experiment whose logs are kept, in order."""
    return sorted(log.run for log in _kept(lab) if log.experiment == experiment)


def prune_logs(lab: Lab, experiments: Iterable[Experiment]) -> int:
    """Remove the logs that the policy does not keep, and return how many these were."""
    keeps = {e.number for e in experiments if e.verdict is not None and e.verdict.decision is Decision.KEEP}
    gone = to_prune(_kept(lab), keeps=keeps, now=time.time())
    for log in gone:
        with contextlib.suppress(OSError):
            (_folder(lab) / log.name).unlink(missing_ok=True)
    return len(gone)


def to_prune(
    logs: Sequence[KeptLog],
    *,
    keeps: set[int],
    now: float,
    last_runs: int = LAST_RUNS,
    most_days: float = MOST_DAYS,
    most_bytes: int = MOST_BYTES,
) -> list[KeptLog]:
    """Return the logs that have to go, the first to go first.

    Of experiments that are no keeps, those older than `most_days` go, but for the last runs; then, while there is more
    than `most_bytes`, the oldest ones, those of keeps after all others.
    """
    by_age = sorted(logs, key=lambda log: (log.written, log.name))
    last = {log.name for log in by_age[-last_runs:]} if last_runs else set()
    oldest = now - most_days * 86_400

    def is_kept(log: KeptLog) -> bool:
        return log.experiment is None or log.experiment in keeps

    gone = [log for log in by_age if not is_kept(log) and log.name not in last and log.written < oldest]
    names = {log.name for log in gone}
    left = [log for log in by_age if log.name not in names]
    size = sum(log.size_bytes for log in left)
    for log in sorted(left, key=is_kept):  # stable: the oldest first among each
        if size <= most_bytes:
            break
        gone.append(log)
        size -= log.size_bytes
    return gone


def _kept(lab: Lab) -> list[KeptLog]:
    found = []
    with contextlib.suppress(FileNotFoundError), os.scandir(_folder(lab)) as entries:
        for entry in entries:
            named = _NAME.fullmatch(entry.name)
            if named and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(FileNotFoundError):
                    stat = entry.stat(follow_symlinks=False)
                    size = -(-stat.st_size // _BLOCK_BYTES) * _BLOCK_BYTES
                    number, run = (int(named[1]), int(named[2])) if named[1] else (None, 0)
                    found.append(KeptLog(entry.name, number, run, stat.st_mtime, size))
    return found


def _folder(lab: Lab) -> Path:
    return lab.state / "logs"
