"""Brings the best program of a tag into the working folder, as one commit on the branch that the person is on."""

import contextlib
from dataclasses import dataclass

from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import changed_paths, commit_paths
from nightdesk.base.lock import hold_lock
from nightdesk.base.trees import head_branch
from nightdesk.lab.branches import branch_of, shown, texts_at
from nightdesk.lab.confirmations import read_confirmations
from nightdesk.lab.experiments import FOLDER, Experiment, judged_in_order, read_experiments
from nightdesk.lab.faults import disk_faults_told
from nightdesk.lab.judging import Decision
from nightdesk.lab.labs import Lab
from nightdesk.lab.merging import merge_files
from nightdesk.lab.searching.lineage import lineage
from nightdesk.lab.summary import newest_tag

_WAIT_SECONDS = 60.0  # for a compile that commits at this moment


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was brought in. `commit` None: the working folder held it already."""

    tag: str
    winner: int
    keeps: tuple[int, ...]
    files: tuple[str, ...]  # that changed
    merged: bool  # with what the person committed since the tag began
    commit: str | None
    confirmed: str  # what the last confirmation of this winner says, "" where there is none


def adopt(lab: Lab, tag: str | None = None) -> Adopted:
    """Commit the editable files of the tag's last keep (of the newest tag, if none is named).

    What the person committed to these files since the tag began is kept: merged, three ways. Raises DeskError where
    nothing was kept, where those files have edits that are not committed, or where the two do not merge.
    """
    with disk_faults_told(lab.folder), contextlib.ExitStack() as held:
        if lab.desk is not None:
            lock = hold_lock(lab.desk.cache / "lock", doing=f"adopting from {lab.name}", wait_seconds=_WAIT_SECONDS)
            held.enter_context(lock)
        return _adopt(lab, tag)


def _adopt(lab: Lab, tag: str | None) -> Adopted:
    baseline, keeps = _kept(lab, tag)
    winner = keeps[-1]
    _refuse(lab, baseline.tag)
    start, best = texts_at(lab, (baseline.commit, winner.commit))
    if start is None or best is None:
        raise DeskError(
            f"the commits of {baseline.tag} are not in this repository", fix="adopt it where its experiments ran"
        )
    mine = {path: (lab.folder / path).read_bytes().decode("utf-8") for path in best}
    merged = merge_files(base=start, ours=mine, theirs=best)
    if merged is None:
        raise DeskError(
            f"{', '.join(best)} changed since {baseline.tag} began, and the two do not merge",
            fix=f"see the winner's with: git show {shown(branch_of(lab, baseline.tag))}, and merge it by hand",
        )
    changed = {path: text for path, text in merged.items() if text != mine[path]}
    numbers = tuple(keep.number for keep in keeps)
    commit = _commit(lab, changed, mine, _message(lab, baseline.tag, keeps)) if changed else None
    mixed = mine not in (start, best)
    held = _held(lab, baseline.tag, winner.number)
    return Adopted(baseline.tag, winner.number, numbers, tuple(sorted(changed)), mixed, commit, held)


def _kept(lab: Lab, tag: str | None) -> tuple[Experiment, list[Experiment]]:
    """Return a tag's baseline and the keeps that its winner holds, which comes last. Raises DeskError without any."""
    experiments = read_experiments(lab.folder / FOLDER)
    tag_meant = tag if tag is not None else newest_tag(experiments)
    baselines = [e for e in experiments if e.is_baseline and e.tag == tag_meant]
    if not baselines:
        what = f"no experiments with the tag {tag}" if tag else "no experiments yet"
        raise DeskError(f"{lab.name} has {what}", fix=f"nightdesk lab run {lab.place}")
    baseline = baselines[-1]
    mine = [e for e in experiments if e.tag == baseline.tag]
    keeps = [e for e in judged_in_order(mine) if e.status == Decision.KEEP and not e.is_baseline]
    if not keeps:
        raise DeskError(
            f"nothing was kept on {baseline.tag}, so that there is nothing to adopt",
            fix=f"nightdesk lab run {lab.place}, or another tag with --tag",
        )
    held = {experiment.number for experiment in lineage(mine, keeps[-1])}
    return baseline, [keep for keep in keeps if keep.number in held]


def _refuse(lab: Lab, tag: str) -> None:
    """Raise DeskError where a commit would take what is the person's, or land on the lab's own branch."""
    edited = sorted(changed_paths(lab.folder, lab.program.edit))
    if edited:
        raise DeskError(
            f"{', '.join(edited)} in {lab.folder} has edits that are not committed",
            fix="commit them, or put them aside with git stash, then adopt again",
        )
    here = head_branch(lab.repository)
    if here is None:
        raise DeskError("HEAD is on no branch", fix="go to the branch that is to have it: git switch main")
    if here.startswith(f"{branch_of(lab, tag).rpartition('/')[0]}/"):
        raise DeskError(
            f"{shown(here)} is checked out, which is the lab's own", fix="git switch main, then adopt again"
        )


def _commit(lab: Lab, changed: dict[str, str], before: dict[str, str], message: str) -> str | None:
    """Write and commit the files; where git refuses, they are put back as they were."""
    try:
        for path, text in changed.items():
            mode = (lab.folder / path).stat().st_mode
            write_atomically(lab.folder / path, text)
            (lab.folder / path).chmod(mode & 0o777)
        return commit_paths(lab.folder, changed, message)
    except (DeskError, OSError):
        for path in changed:
            with contextlib.suppress(OSError):
                write_atomically(lab.folder / path, before[path])
        raise


def _message(lab: Lab, tag: str, keeps: list[Experiment]) -> str:
    numbers = ", ".join(f"{keep.number:04d}" for keep in keeps)
    lines = [f"{keep.number:04d} {keep.title}" for keep in keeps]
    head = f"lab {lab.name}: adopt experiment{'s' if len(keeps) > 1 else ''} {numbers}"
    if len(head) > 72:
        head = f"lab {lab.name}: adopt {len(keeps)} experiments up to {keeps[-1].number:04d}"
    return "\n".join([head, "", f"From the branch {shown(branch_of(lab, tag))}:", "", *lines])


def _held(lab: Lab, tag: str, winner: int) -> str:
    found = [c for c in read_confirmations(lab.folder) if (c.tag, c.winner) == (tag, winner) and c.result is not None]
    return str(found[-1].result.held) if found and found[-1].result is not None else ""
