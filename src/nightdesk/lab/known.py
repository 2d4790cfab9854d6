"""What every program that was run comes down to, remembered: parsing thousands of programs at each start takes minutes.

state/known.jsonl has a line for each commit: its fingerprint and the normalised change that it makes. It is a cache: it
can be deleted, and a line that cannot be understood is passed over.
"""

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nightdesk.lab.branches import texts_at
from nightdesk.lab.experiments import Experiment
from nightdesk.lab.fingerprints import fingerprint
from nightdesk.lab.labs import Lab
from nightdesk.lab.searching.novelty import change_key

_AT_ONCE = 50  # programs that are read together
_VERSION = 1  # of what the two say: another one is no use


@dataclass(frozen=True, slots=True)
class Known:
    """What a program comes down to."""

    fingerprint: str
    change: str  # against the program that it changed; "" for a baseline, and where that one is not known


def known_of(lab: Lab, experiments: Sequence[Experiment]) -> dict[int, Known]:
    """Return what is known of each experiment whose commit the repository has, by number; what is new is remembered."""
    remembered = _read(_file(lab))
    found = {e.number: remembered[e.commit] for e in experiments if e.commit in remembered}
    new = [e for e in experiments if e.number not in found]
    for start in range(0, len(new), _AT_ONCE):
        some = new[start : start + _AT_ONCE]
        commits = tuple(dict.fromkeys(commit for e in some for commit in (e.commit, e.parent) if commit))
        texts = dict(zip(commits, texts_at(lab, commits), strict=True))
        for experiment in some:
            files = texts[experiment.commit]
            if files is not None:
                found[experiment.number] = know(texts.get(experiment.parent), files)
                remember(lab, experiment.commit, found[experiment.number])
    return found


def know(before: Mapping[str, str] | None, files: Mapping[str, str]) -> Known:
    """Return what a program comes down to that changes `before` (None: nothing, or what is not known)."""
    return Known(fingerprint(files), "" if before is None else change_key(before, files))


def remember(lab: Lab, commit: str, known: Known) -> None:
    """Write it down; a disk that is full costs time at the next start and nothing else."""
    with contextlib.suppress(OSError):
        _file(lab).parent.mkdir(parents=True, exist_ok=True)
        with _file(lab).open("a", encoding="utf-8") as file:
            file.write(json.dumps([_VERSION, commit, known.fingerprint, known.change]) + "\n")


def _file(lab: Lab) -> Path:
    return lab.state / "known.jsonl"


def _read(path: Path) -> dict[str, Known]:
    found: dict[str, Known] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return found
    for line in lines:
        with contextlib.suppress(ValueError, TypeError):
            version, commit, program, change = json.loads(line)
            if version == _VERSION:
                found[str(commit)] = Known(str(program), str(change))
    return found
