"""`nightdesk page promote`: an answer that passes the full check becomes evidence that others may read."""

from datetime import date
from typing import Any

import click

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import read_settings
from nightdesk.base.stages import silent
from nightdesk.views.cli.options import (
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
from nightdesk.wiki.answering.replies import BUILTIN
from nightdesk.wiki.building import Errand
from nightdesk.wiki.compile import compile_desk
from nightdesk.wiki.library import Shelved, read_page
from nightdesk.wiki.promoting import PROMOTED, answer_called, check_answer, demote, promote
from nightdesk.wiki.report import Report

MAX_BY = 100  # characters


@click.command("promote", epilog='Example: nightdesk page promote "How do Muon and AdamW differ" --by Ada')
@click.argument("page", metavar="ANSWER")
@click.option("--check-only", is_flag=True, help="Say what speaks against it; change nothing.")
@click.option("--by", metavar="NAME", help="Who promotes it; the page says so. Without it: the check alone.")
@click.option("--undo", "back", is_flag=True, help="Take the promotion back.")
@json_option
@desk_option
def command(page: str, check_only: bool, by: str | None, back: bool, as_json: bool, desk_folder: str | None) -> int:
    """Promote a filed answer that passes the full check, so that it counts as evidence.

    Every sentence must cite, and what it says must be what its claims say; none of them may be gone, superseded, wrong,
    or in a contradiction that is not decided. The pages of its concepts link to a promoted answer. Each compile checks
    it again and takes the promotion back as soon as it does not hold. The exit code is 1 where it does not pass.
    """
    if back and (check_only or by):
        raise DeskError("--undo goes with neither --check-only nor --by", fix="give one of them")
    desk = chosen_desk(desk_folder)
    shelved = answer_called(desk, page)
    is_promoted = shelved.page.value("status") == PROMOTED
    if back and not is_promoted:
        raise DeskError(f"{shelved.path} is not promoted", fix="there is nothing to take back")
    if back:
        report = _act(desk, shelved, f"of {shelved.name} taken back", by=None, quiet=as_json)
        return _tell(shelved, (), report, as_json=as_json, promoted=False, said="the promotion is taken back")
    reasons = check_answer(desk, shelved).reasons
    if reasons or check_only or is_promoted:
        said = "it is promoted already" if is_promoted and not reasons else "it passes the full check"
        return _tell(shelved, reasons, None, as_json=as_json, promoted=is_promoted, said=said)
    report = _act(desk, shelved, shelved.name, by=_one_line(by) or BUILTIN, quiet=as_json)
    done = read_page(desk, shelved.path).page.value("status") == PROMOTED
    against = () if done else tuple(note for note in report.notes if shelved.path in note)
    return _tell(shelved, against, report, as_json=as_json, promoted=done, said="promoted")


def _one_line(name: str | None) -> str:
    return " ".join((name or "").split())[:MAX_BY]


def _act(desk: Desk, shelved: Shelved, title: str, *, by: str | None, quiet: bool) -> Report:
    today = date.today()

    def act(*_: object) -> list[str]:
        if by is None:
            demote(desk, shelved.path)
        else:
            promote(desk, shelved.path, by=by, on=today)
        return [shelved.path]

    stage = silent if quiet else show_stage
    errand = Errand("page promote", title, act)
    return compile_desk(desk, read_settings(desk.settings), stage=stage, today=today, errand=errand)


def _tell(
    shelved: Shelved, reasons: tuple[str, ...], report: Report | None, *, as_json: bool, promoted: bool, said: str
) -> int:
    document: dict[str, Any] = {
        "page": shelved.path,
        "promoted": promoted,
        "against": list(reasons),
        "notes": report.notes if report else [],
        "commit": report.commit if report else None,
    }
    if as_json:
        print_json(document)
    elif reasons:
        for reason in reasons:
            click.echo(shown(reason))
        say(f"{shown(shelved.path)} does not pass the full check")
    else:
        say(f"{shown(shelved.path)}: {said}")
    return IN_PART if reasons else DONE
