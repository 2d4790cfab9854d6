"""`nightdesk idea new`: an idea file from pages, answers or experiments."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from nightdesk.agents.tasks import CapReachedError, LeftError, perform
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import IDEA, Settings, read_settings
from nightdesk.views.cli.idea.sender import known_sender, tell_findings
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
from nightdesk.wiki.find import find_pages
from nightdesk.wiki.ideas.checking import check_idea
from nightdesk.wiki.ideas.composing import check_title, compose, write_idea
from nightdesk.wiki.ideas.drafting import draft
from nightdesk.wiki.ideas.form import WHAT
from nightdesk.wiki.ideas.material import Material, Measured, gather
from nightdesk.wiki.ideas.writing import IdeaTask, idea_task, plain_summary, verify_idea

BUILTIN = "nightdesk/builtin"
_FOUND = 3  # pages that a title is looked up for


Compose = Callable[[str, Mapping[str, str]], str]  # who wrote it, and its sections -> the text of the file


@click.command(
    "new",
    epilog='Examples: nightdesk idea new "Judge small gains" --from "Experiment loops, noise and fair comparisons"; '
    'nightdesk idea new "A shorter warm-up" --from tiny-gpt#12 --from Warm-up',
)
@click.argument("title")
@click.option(
    "--from", "sources", multiple=True, metavar="PAGE|LAB[#N]", help="A page, an answer, a lab or one experiment."
)
@click.option("--worker", metavar="NAME", help="Who writes it, instead of what nightdesk.toml says.")
@click.option("--unpublished", is_flag=True, help="Quote sources without a public address too.")
@click.option("--license", "license_line", metavar="TEXT", default="", help="Under what terms others may use it.")
@click.option("--replace", is_flag=True, help="Write an idea of this title anew, unless you edited it.")
@json_option
@desk_option
def command(
    title: str,
    sources: tuple[str, ...],
    worker: str | None,
    unpublished: bool,
    license_line: str,
    replace: bool,
    as_json: bool,
    desk_folder: str | None,
) -> int:
    """Draft an idea file from pages, answers or a lab's experiments.

    What it says rests on the quotes and measurements under Evidence. Without --from the pages that fit the title best
    are taken. Statements from sources without a public address are left out. The exit code is 1 where something waits
    for you, or where `idea check` finds something.
    """
    desk, title = chosen_desk(desk_folder), check_title(title)
    settings = read_settings(desk.settings, worker=worker)
    material = _material(desk, title, sources, unpublished=unpublished)
    known = known_sender(desk)

    def put_together(by: str, sections: Mapping[str, str]) -> str:
        summary = plain_summary(sections.get(WHAT, ""))
        return compose(title, sections, material, summary=summary, by=by, license_line=" ".join(license_line.split()))

    try:
        asked = IdeaTask(title, material, known, partial(put_together, ""))
        by, text = _written(desk, settings, asked, worker, put_together)
    except CapReachedError as error:
        say(f"nightdesk: {shown(str(error))}")
        return CAPPED
    except LeftError as error:
        say(f"nightdesk: {shown(str(error))}")
        return IN_PART
    if not text:
        return IN_PART
    path = write_idea(desk, title, text, replace=replace)
    findings = check_idea(text, known)
    left = dict(material.left_out)
    if as_json:
        print_json(
            {"path": path, "title": title, "worker": by, "made_from": list(material.made_from),
             "statements": len(material.statements), "measurements": len(material.measured), "left_out": left,
             "findings": [asdict(one) | {"grave": one.grave} for one in findings]}
        )  # fmt: skip
    else:
        tell_findings(path, findings)
        click.echo(shown(path))
        _tell_left(left)
    return IN_PART if findings else DONE


def _material(desk: Desk, title: str, sources: tuple[str, ...], *, unpublished: bool) -> Material:
    """Return what the idea is made from. Raises DeskError where there is nothing that it may say."""
    pages: list[str] = []
    measured: list[Measured] = []
    labs = []
    for source in sources:
        of_lab = _measured(desk, source)
        if of_lab is None:
            pages.append(source)
        else:
            labs.append(source)
            measured += of_lab
    if not sources:
        pages = [page.path for page in find_pages(desk, title, limit=_FOUND).pages]
        if pages:
            say(f"made from: {', '.join(shown(Path(page).stem) for page in pages)}")
    material = gather(desk, pages, measured=tuple(measured), unpublished=unpublished, also=tuple(labs))
    if not material.statements and not measured:
        if material.left_out:
            titles = ", ".join(name for name, _ in material.left_out[:3])
            raise DeskError(
                f"all that could be said rests on sources without a public address: {titles}",
                fix="name other pages with --from, or quote them with --unpublished",
            )
        raise DeskError("there is nothing to make an idea from", fix="name pages, answers or a lab with --from")
    return material


def _measured(desk: Desk, source: str) -> tuple[Measured, ...] | None:
    """Return what the lab, or the experiment LAB#N, of that name measured; None where there is no such lab."""
    name, _, number = source.rpartition("#")
    lab, wanted = (name, int(number)) if name and number.isdecimal() and len(number) < 8 else (source, None)
    # imported here: most ideas come from pages
    from nightdesk.lab.labs import labs_of, open_lab  # noqa: PLC0415

    if lab not in labs_of(desk):
        return None
    from nightdesk.lab.ideas import measured_of  # noqa: PLC0415

    return measured_of(open_lab(lab, desk=desk, here=Path.cwd()), wanted)


def _written(
    desk: Desk, settings: Settings, asked: IdeaTask, chosen: str | None, put_together: Compose
) -> tuple[str, str]:
    """Return who wrote the idea and the text of its file, "" where nothing was handed in that holds."""
    if (chosen or settings.worker_for(IDEA)) == "builtin":
        return BUILTIN, put_together(BUILTIN, draft(asked.material))
    # imported here: the built-in worker needs none of it
    from nightdesk.views.cli.workers import hired  # noqa: PLC0415
    from nightdesk.wiki.staff import credit  # noqa: PLC0415

    with hired(desk, settings, kinds=(IDEA,), chosen=chosen) as staff:
        assert staff is not None  # noqa: S101  # an AI worker is named
        task = idea_task(asked, staff.briefs)
        worker = staff.workers[IDEA]
        outcome = perform(task, worker, partial(verify_idea, asked), attempts=staff.attempts, record=staff.note)
        for line in staff.unrecorded:
            say(f"note: {shown(line)}")
    by = credit(worker)
    if outcome.result is None:
        say(f"{shown(by)} handed in no idea that holds:")
        for reason in outcome.reasons[:10]:
            say(f"- {shown(reason)}")
        return by, ""
    return by, put_together(by, outcome.result.sections)


def _tell_left(left: Mapping[str, int]) -> None:
    if left:
        titles = ", ".join(f"{shown(name)} ({count})" for name, count in left.items())
        say(f"left out, for their sources have no public address: {titles}; --unpublished quotes them")
