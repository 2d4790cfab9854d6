"""`nightdesk mend`: findings mended by code, and by a worker where code cannot."""

import difflib
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from itertools import groupby
from typing import Any

import click

from nightdesk.base.settings import MEND, read_settings
from nightdesk.base.stages import silent
from nightdesk.views.cli.options import (
    CAPPED,
    DONE,
    IN_PART,
    chosen_desk,
    desk_option,
    json_option,
    print_json,
    say,
    shown,
)
from nightdesk.views.cli.progress import show_stage
from nightdesk.views.cli.workers import hired
from nightdesk.wiki.lint.findings import Finding
from nightdesk.wiki.mend.mend import Mended, are_left, checked_scope, mend_desk
from nightdesk.wiki.mend.task import RULES as FOR_WORKERS

MAX_LISTED = 20  # findings that are left, of one rule


@click.command(
    "mend",
    epilog="Examples: nightdesk mend --dry-run; nightdesk mend wiki/concepts/Muon.md --rule broken-link; "
    "nightdesk mend --worker anthropic:claude-sonnet-4-5",
)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--rule", "rules", multiple=True, metavar="RULE", help="Only this rule of lint; may be given often.")
@click.option("--dry-run", "dry", is_flag=True, help="Print what would change as a diff; write nothing, ask nobody.")
@click.option("--worker", metavar="W", help="Who mends what code cannot; default: the settings' worker for mend.")
@json_option
@desk_option
def command(
    paths: Sequence[str],
    rules: Sequence[str],
    dry: bool,
    worker: str | None,
    as_json: bool,
    desk_folder: str | None,
) -> int:
    """Mend what lint finds: by code where one mend is certain, else by the worker that is set.

    PATH is a page or a folder in wiki/. What is mended is committed; nightdesk undo takes it back. Exit code 1 says
    that findings are left that a mend could remove.
    """
    desk = chosen_desk(desk_folder)
    settings = read_settings(desk.settings, worker=worker)
    scope = checked_scope(desk, paths, rules)
    stage = silent if as_json or not sys.stderr.isatty() else show_stage
    if dry:
        done = mend_desk(desk, settings, scope, dry=True, today=date.today(), stage=stage)
    else:
        with hired(desk, settings, kinds=(MEND,), chosen=worker) as staff:
            done = mend_desk(desk, settings, scope, staff=staff, today=date.today(), stage=stage)
    if as_json:
        print_json(_document(done, dry=dry))
    else:
        _tell(done, dry=dry)
    if done.capped:
        return CAPPED
    return IN_PART if done.left or (dry and not done.is_nothing) else DONE


def _document(done: Mended, *, dry: bool) -> dict[str, Any]:
    return {
        "dry_run": dry,
        "mended": done.mended,
        "files": [shown(path) for path in sorted({*done.after, *done.removed})],
        "removed": [shown(path) for path in done.removed],
        "compiled": {shown(path): why for path, why in done.compiled.items()},
        "diff": _diff(done) if dry else None,
        "commit": done.commit,
        "capped": done.capped,
        "left": [asdict(f) | {"why": done.left[f]} for f in are_left(done.left)],
        "tasks_not_done": [asdict(left) for left in done.told],
    }


def _diff(done: Mended) -> str:
    pieces: list[str] = []
    for path in sorted(done.after):
        before, after = (text.splitlines(keepends=True) for text in (done.before[path], done.after[path]))
        for line in difflib.unified_diff(before, after, f"a/{path}", f"b/{path}"):
            pieces.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join([*pieces, *(f"deleted: {path}\n" for path in done.removed)])


def _tell(done: Mended, *, dry: bool) -> None:
    if dry:
        click.echo(shown(_diff(done)), nl=False)
        for path, why in done.compiled.items():
            click.echo(f"compile: {shown(path)}: {shown(why)}")
    else:
        for path in sorted({*done.after, *done.removed}):
            click.echo(shown(path) + (" (deleted: a mere copy)" if path in done.removed else ""))
    for rule, group in groupby(sorted(done.left, key=lambda f: (f.rule, f.file, f.line)), key=lambda f: f.rule):
        _tell_left(rule, list(group), done)
    for left in done.told:
        say(f"{shown(left.subject)}: {left.state}: {shown('; '.join(left.reasons[:3]))}")
    if done.capped:
        say(f"stopped: {shown(done.capped)}")
    verb = "would be mended" if dry else "mended"
    parts = [f"{done.mended} {verb}"] if done.mended or not done.compiled else []
    parts += [f"{len(done.compiled)} {'to compile' if dry else 'compiled'}"] if done.compiled else []
    parts += [f"{len(done.left)} left"] if done.left else []
    say(", ".join(parts))
    if not dry and any(f.rule in FOR_WORKERS for f in done.left):
        say("A worker may mend more: nightdesk mend --worker W, or your agent with nightdesk next --kind mend")


def _tell_left(rule: str, findings: list[Finding], done: Mended) -> None:
    say(f"left, {rule} ({len(findings)}):")
    for f in findings[:MAX_LISTED]:
        why = done.left[f] or f.mend
        say(shown(f"  {f.file}:{f.line}:{f.column}: {f.message}; {why}"))
    if len(findings) > MAX_LISTED:
        say(f"  … and {len(findings) - MAX_LISTED} more: nightdesk lint --rule {rule}")
