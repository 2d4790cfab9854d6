"""How the commands on pages do what was planned, or show it, and tell what was done."""

from collections.abc import Callable
from datetime import date
from typing import Any

import click

from nightdesk.base.desk import Desk
from nightdesk.base.settings import read_settings
from nightdesk.base.stages import silent
from nightdesk.views.cli.options import DONE, IN_PART, chosen_desk, print_json, say, shown
from nightdesk.views.cli.progress import show_stage
from nightdesk.wiki.page_moves.moves import Moved, do_plan, rehearse
from nightdesk.wiki.page_moves.planning import Plan

dry_option = click.option(
    "--dry-run", "dry", is_flag=True, help="Show what would change as a unified diff; do nothing."
)
MAX_SHOWN = 10  # lines of one kind


def act(plan_of: Callable[[Desk, str], Plan], *, desk_folder: str | None, dry: bool, as_json: bool) -> int:
    """Do what `plan_of` (a desk and today's date) plans, or show it; return the exit code."""
    desk, today = chosen_desk(desk_folder), date.today()
    settings = read_settings(desk.settings)
    if dry:
        diff, moved = rehearse(desk, settings, lambda copy: plan_of(copy, today.isoformat()), today=today)
        if as_json:
            print_json(_document(moved) | {"dry_run": True, "commit": None, "diff": diff})
        else:
            click.echo(shown(diff), nl=False)
            _tell(moved, would=True)
        return _code(moved)
    plan = plan_of(desk, today.isoformat())
    moved = do_plan(desk, settings, plan, stage=silent if as_json else show_stage, today=today)
    if as_json:
        print_json(_document(moved))
    else:
        _tell(moved, would=False)
    return _code(moved)


def _code(moved: Moved) -> int:
    return IN_PART if moved.plan.changed.failed or moved.report.problems else DONE


def _document(moved: Moved) -> dict[str, Any]:
    plan, report = moved.plan, moved.report
    return {
        "operation": plan.operation,
        "title": plan.title,
        "page": plan.path,
        "relinked": plan.changed.relinked,
        "not_mended": {path: list(lines) for path, lines in plan.changed.failed.items()},
        "written": sorted({*report.published.written, *report.published.merged}),
        "removed": sorted(report.published.removed),
        "set_aside": sorted(path for path in report.published.set_aside if path.startswith("wiki/set-aside/")),
        "notes": report.notes,
        "problems": report.problems,
        "commit": report.commit,
    }


def _tell(moved: Moved, *, would: bool) -> None:
    plan, report = moved.plan, moved.report
    links = sum(plan.changed.relinked.values())
    written = len(report.published.written) + len(report.published.merged)
    parts = [
        f"{links} {'link' if links == 1 else 'links'} of yours in {len(plan.changed.relinked)} pages follow",
        f"{written} compiled {'page' if written == 1 else 'pages'} written anew",
    ]
    say(f"{'Would do' if would else 'Done'}: {shown(plan.operation)} {shown(plan.title)}; {'; '.join(parts)}.")
    failed = [f"{path}, line {line}" for path, lines in sorted(plan.changed.failed.items()) for line in lines]
    for place in failed[:MAX_SHOWN]:
        say(f"not mended: {shown(place)}: write this link by hand")
    if len(failed) > MAX_SHOWN:
        say(f"and {len(failed) - MAX_SHOWN} more")
    for note in [*report.notes[:MAX_SHOWN], *list(report.problems.values())[:MAX_SHOWN]]:
        say(f"note: {shown(note)}")
