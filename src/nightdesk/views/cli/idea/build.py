"""`nightdesk idea build`: an idea from elsewhere, built by the receiver's own worker and tried by code."""

import dataclasses
import shlex
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import click

from nightdesk.agents.tasks import CapReachedError, LeftError, Outcome
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import IDEA, Settings, read_settings
from nightdesk.views.cli.idea.check import read_idea
from nightdesk.views.cli.idea.sender import desk_if_any
from nightdesk.views.cli.options import CAPPED, DONE, IN_PART, desk_option, json_option, print_json, say, shown
from nightdesk.wiki.ideas.building import Built, Order, build, check_target, order_of, put_build
from nightdesk.wiki.ideas.checking import check_idea
from nightdesk.wiki.ideas.form import parse_idea
from nightdesk.wiki.ideas.hostile import Finding
from nightdesk.wiki.ideas.private import Known
from nightdesk.wiki.ideas.trying import MEMORY_BYTES, Tried, require_confinement, table

_OF_A_DESK = ("raw", "text", "wiki", "lab", "ideas", ".nightdesk")


@click.command(
    "build",
    epilog='Example: nightdesk idea build "Judge small gains.md" --into ~/builds/gains --worker command:claude',
)
@click.argument("file")
@click.option(
    "--into", "into", required=True, metavar="DIR", help="A new or empty folder, which gets a git repository."
)
@click.option("--worker", metavar="NAME", help="Who builds it, instead of what nightdesk.toml says.")
@click.option(
    "--minutes", type=click.FloatRange(0, min_open=True), help="Ask the worker no more after so many minutes."
)
@click.option("--max-usd", type=click.FloatRange(0, min_open=True), help="Stop before this much is spent.")
@click.option("--yes", is_flag=True, help="Run the checks without asking.")
@click.option("--despite", is_flag=True, help="Build it although something grave was found in it.")
@click.option("--network", is_flag=True, help="Give the checks this machine's network.")
@json_option
@desk_option
def command(  # noqa: PLR0913, PLR0917  # an argument for each option
    file: str,
    into: str,
    worker: str | None,
    minutes: float | None,
    max_usd: float | None,
    yes: bool,
    despite: bool,
    network: bool,
    as_json: bool,
    desk_folder: str | None,
) -> int:
    """Have a worker build an idea, and run its acceptance checks.

    The idea is looked at first, and you are asked before a check runs. Checks run confined, in copies of the build;
    what fails goes back to the worker a few times. BUILD.md in DIR tells what was built and which checks passed. The
    exit code is 0 only if all of them do.
    """
    desk = desk_if_any(desk_folder)
    target = check_target(Path(into), within=[desk.root / name for name in _OF_A_DESK] if desk else [])
    idea_text = read_idea(Path(file))
    settings = read_settings(
        desk.settings if desk else Path("nightdesk.toml"),
        worker=worker, max_minutes=minutes, agent_minutes=minutes, max_usd=max_usd,
    )  # fmt: skip
    if (worker or settings.worker_for(IDEA)).partition(":")[0] in ("builtin", "room"):
        raise DeskError("the built-in worker builds nothing", fix="name a model or a coding agent with --worker")
    findings = tuple(one for one in check_idea(idea_text, Known()) if one.grave)
    _refuse(file, findings, despite=despite)
    require_confinement(network=network)
    order = order_of(
        parse_idea(idea_text), network=network, hidden=(desk.root,) if desk else (), told=None if as_json else _tell
    )
    _ask(order, yes=yes)
    try:
        outcome, by = _build(desk, settings, order, worker)
    except LeftError as error:
        say(f"nightdesk: {shown(str(error))}")
        return CAPPED if isinstance(error, CapReachedError) else IN_PART
    built = outcome.result
    if built is not None:
        today = date.today().isoformat()
        put_build(target, order, built, by=by, attempts=outcome.attempts, today=today, name=Path(file).name)
    if as_json:
        print_json(_document(order, outcome, by, into if built else None, file, findings))
    else:
        _report(outcome, by, into)
    return DONE if built is not None and not outcome.reasons else IN_PART


def _refuse(file: str, findings: tuple[Finding, ...], *, despite: bool) -> None:
    for one in findings:
        say(f"{shown(file)}:{one.line}: {one.kind}: {shown(one.message)}")
    if findings and not despite:
        raise DeskError(
            f"{file} holds what an idea should not: {len(findings)} findings",
            fix="read it in an editor; build it all the same with --despite",
        )


def _ask(order: Order, *, yes: bool) -> None:
    """Show what would be run, and go on only with a person's word."""
    where = "with this machine's network" if order.network else "without network"
    say(f"{shown(order.idea.title)}: {len(order.checks)} checks, confined, {where}, {MEMORY_BYTES >> 30} GB at most:")
    for check in order.checks:
        say(f"  {shown(check.name)}: {shown(shlex.join(check.run))} (at most {check.seconds:g} s)")
    if yes:
        return
    if not sys.stdin.isatty():
        raise DeskError("nobody can be asked here", fix="look at the idea, then build it with --yes")
    if not click.confirm("Have it built and run these?", err=True):
        raise DeskError("nothing was built")


def _build(desk: Desk | None, settings: Settings, order: Order, chosen: str | None) -> tuple[Outcome[Built], str]:
    # imported here: slow to load, and not needed where the idea is refused
    from nightdesk.views.cli.workers import hired  # noqa: PLC0415
    from nightdesk.wiki.staff import credit  # noqa: PLC0415

    here = desk or Desk(Path.cwd())
    with hired(here, settings, kinds=(IDEA,), chosen=chosen) as staff:
        if staff is None:
            raise DeskError("the built-in worker builds nothing", fix="name a model or a coding agent with --worker")
        # a folder that is no desk has no templates of its own and no ledger
        briefs = staff.briefs if desk else dataclasses.replace(staff.briefs, own=None)
        worker = staff.workers[IDEA]
        say(f"{shown(credit(worker))} builds it; at most {staff.attempts} hand-ins")
        record = staff.note if desk else lambda attempt: None
        outcome = build(order, worker, briefs, attempts=staff.attempts, record=record)
        for line in staff.unrecorded:
            say(f"note: {shown(line)}")
        return outcome, credit(worker)


def _tell(tried: Tried) -> None:
    say(f"  {'passed' if tried.passed else 'failed'}: {shown(tried.name)} ({tried.seconds:.1f} s)")


def _report(outcome: Outcome[Built], by: str, into: str) -> None:
    if outcome.result is None:
        say(f"{shown(by)} handed in nothing that could be tried:")
        for reason in outcome.reasons[:10]:
            say(f"- {shown(reason)}")
        return
    for tried in outcome.result.tried:
        click.echo(
            f"{'passed' if tried.passed else 'failed'}  {shown(tried.name)}  {shown('; '.join(tried.why))}".rstrip()
        )
    told = f"{outcome.result.passed} of {len(outcome.result.tried)} checks passed"
    click.echo(f"{told}; {len(outcome.result.files)} files in {shown(into)}, hand-ins: {outcome.attempts}")


def _document(
    order: Order, outcome: Outcome[Built], by: str, into: str | None, file: str, findings: tuple[Finding, ...]
) -> dict[str, Any]:
    built = outcome.result
    return {
        "idea": file,
        "title": order.idea.title,
        "sha256": order.digest,
        "worker": by,
        "into": into,
        "attempts": outcome.attempts,
        "passed": built is not None and not outcome.reasons,
        "checks": list(table(built.tried)) if built else [],
        "files": sorted(built.files) if built else [],
        "reasons": list(outcome.reasons),
        "findings": [asdict(one) for one in findings],
    }
