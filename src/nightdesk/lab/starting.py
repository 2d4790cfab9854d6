"""Which branch a session works on: the newest tag as long as what it measured still holds, else a new one.

A tag's scores belong to one set-up: the files that no proposal may change, how the program is run and judged, the data,
and the program that the search began with. If any of these differs, old and new scores cannot be compared, so a new tag
with a baseline of its own begins. The prose of program.md may change at any time: each experiment records its version.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date

from nightdesk.base.errors import DeskError
from nightdesk.base.trees import known_commits
from nightdesk.lab.branches import TAG, blobs_at, branches, files_at, start_commit
from nightdesk.lab.experiments import Experiment
from nightdesk.lab.judging import Decision
from nightdesk.lab.labs import Lab
from nightdesk.lab.preparing import STAMP
from nightdesk.lab.programs import NAME, Program, parse_program
from nightdesk.lab.recovery import branch_target
from nightdesk.lab.summary import is_replay

NOT_SET_UP = ("instructions", "version", "adopted")  # of a Program: what may change within a tag


@dataclass(frozen=True, slots=True)
class Start:
    """What a session goes on with. `baseline` None: the tag is new, and begins at `commit`."""

    tag: str
    commit: str
    baseline: Experiment | None
    why: str  # one line for the person


def choose_start(lab: Lab, experiments: Sequence[Experiment], *, tag: str | None, today: date) -> Start:
    """Return the tag to go on with or to begin; a replay's is gone on with only by its name.

    Raises DeskError where the person named a tag that no longer fits, or that cannot name a branch.
    """
    if tag is not None and not TAG.fullmatch(tag):
        raise DeskError(f"{tag!r} cannot be the name of a tag", fix="use letters, digits, - _ and .")
    tree, commit = start_commit(lab)
    newest = _newest_baseline(experiments, tag)
    reasons = _against(lab, newest, experiments, tree) if newest is not None else []
    if newest is not None and not reasons:
        return Start(newest.tag, newest.commit, newest, f"goes on with {newest.tag}: {_found(experiments, newest)}")
    taken = {*branches(lab), *(experiment.tag for experiment in experiments)}
    if tag is not None and tag in taken:
        why = "; ".join(reasons) or "there is a branch of that name without experiments"
        raise DeskError(f"the tag {tag} cannot go on: {why}", fix="choose another --tag, or leave it out")
    name = tag or _free_name(today.isoformat(), taken)
    why = f" since {'; '.join(reasons)}" if reasons else ""
    return Start(name, commit, None, f"begins {name} with a new baseline{why}")


def data_version(lab: Lab) -> str:
    """Return what tells prepared data from other data, "" where none is prepared."""
    try:
        stamp = json.loads((lab.state / STAMP).read_text(encoding="utf-8"))
        return str(stamp["version"])[:32]
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _newest_baseline(experiments: Sequence[Experiment], tag: str | None) -> Experiment | None:
    own = [e for e in experiments if e.is_baseline and (e.tag == tag if tag is not None else not is_replay(e.tag))]
    return own[-1] if own else None


def _against(lab: Lab, baseline: Experiment, experiments: Sequence[Experiment], tree: str) -> list[str]:
    """Return why a tag cannot go on with the lab's files as they are in `tree`."""
    if not known_commits(lab.repository, [baseline.commit]):
        return [f"the commits of {baseline.tag} are not in this repository (a clone has none of them)"]
    if baseline.verdict is not None and baseline.verdict.decision is Decision.CRASH:
        return [f"the baseline of {baseline.tag} did not run"]
    before, present = blobs_at(lab, baseline.commit), blobs_at(lab, tree)
    reasons = measured_otherwise(lab, baseline)
    changeable = {NAME, *lab.program.edit}
    reasons += [
        f"{path} {'changed' if path in before and path in present else 'is new' if path in present else 'is gone'}"
        for path in sorted({*before, *present} - changeable)
        if before.get(path) != present.get(path)
    ]
    edited = [path for path in lab.program.edit if before.get(path) != present.get(path)]
    if edited and not reasons:
        best = branch_target([e for e in experiments if e.tag == baseline.tag], baseline.commit)
        tip = blobs_at(lab, best) if known_commits(lab.repository, [best]) else {}
        if any(tip.get(path) != present.get(path) for path in lab.program.edit):  # else: its winner was adopted
            reasons.append(f"{', '.join(edited)} changed")
    return reasons


def measured_otherwise(lab: Lab, baseline: Experiment) -> list[str]:
    """Return what makes scores of today another thing than those of a tag, apart from files: settings and data."""
    data = ["the data changed"] if baseline.data and baseline.data != data_version(lab) else []
    return _settings(lab, baseline) + data


def _settings(lab: Lab, baseline: Experiment) -> list[str]:
    contents = files_at(lab, baseline.commit).contents
    try:
        before = parse_program(contents[NAME].decode("utf-8-sig"), files=contents)
    except (DeskError, KeyError, UnicodeDecodeError):
        return [f"{NAME} of {baseline.tag} cannot be read any more"]
    named = settings_changed(before, lab.program)
    return [f"{', '.join(named)} in {NAME} changed"] if named else []


def settings_changed(before: Program, after: Program) -> list[str]:
    """Return the names of what differs between two versions of program.md, prose apart."""
    names = [field.name for field in fields(Program) if field.name not in NOT_SET_UP]
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def _found(experiments: Sequence[Experiment], baseline: Experiment) -> str:
    mine = [e for e in experiments if e.tag == baseline.tag and not e.is_baseline]
    kept = sum(e.verdict is not None and e.verdict.decision is Decision.KEEP for e in mine)
    return f"{len(mine)} experiment{'s' if len(mine) != 1 else ''} so far, {kept} kept"


def _free_name(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name
