"""`nightdesk add`: from the outside world to raw/."""

import os
import sys
from collections.abc import Mapping
from datetime import date

import click

from nightdesk.base.desk import Desk
from nightdesk.base.git import commit_paths
from nightdesk.base.settings import read_settings
from nightdesk.sources.add import AddReport, add_sources
from nightdesk.sources.fetch import FetchPolicy
from nightdesk.views.cli.options import (
    DONE,
    IN_PART,
    NOTHING,
    chosen_desk,
    desk_option,
    json_option,
    print_json,
    say,
    shown,
)


@click.command(
    "add",
    epilog="Examples: nightdesk add paper.pdf notes/; nightdesk add https://example.org/post; "
    "pbpaste | nightdesk add - --name 'Call with Ada'",
)
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--name", help="What to call the source; for one source, or standard input.")
@click.option("--no-images", is_flag=True, help="Do not fetch the images that a page or a clipped note shows.")
@click.option("--allow-private", is_flag=True, help="Also fetch from addresses of this machine or the local network.")
@json_option
@desk_option
def command(
    sources: tuple[str, ...],
    name: str | None,
    no_images: bool,
    allow_private: bool,
    as_json: bool,
    desk_folder: str | None,
) -> int:
    """Add files, folders, URLs or git repositories to raw/.

    A SOURCE is a path (a file, a folder, a zip archive), an http(s) URL, or - for standard input. Mail, chats and what
    note programs export are known by their content: docs/intake.md. Content that is there already is not added twice,
    and a file that is there is never changed. What cannot be read is named, with the reason; the others go on.
    """
    desk = chosen_desk(desk_folder)
    settings = read_settings(desk.settings)
    policy = FetchPolicy(allow_private=allow_private or settings.allow_private_addresses, proxy=proxy_of(os.environ))
    report = add_sources(
        desk.root,
        sources,
        standard_input=sys.stdin.buffer,
        policy=policy,
        name=name,
        with_images=not no_images,
        today=date.today(),
    )
    written = [desk.relative(path) for path in report.written]
    if written:
        commit_paths(desk.root, written, _message(desk, report))
    if as_json:
        print_json(_document(desk, report))
    else:
        _tell(desk, report)
    if report.refused:
        return IN_PART if report.added or report.present else NOTHING
    return DONE


def proxy_of(environment: Mapping[str, str]) -> str | None:
    """Return the proxy that an environment names, None for none."""
    names = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    return next((environment[name] for name in names if environment.get(name)), None)


def _message(desk: Desk, report: AddReport) -> str:
    names = [desk.relative(path) for path in report.added]
    headline = f"add: {names[0]}" if len(names) == 1 else f"add: {len(names)} sources"
    return headline + ("\n\n" + "\n".join(names[:100]) if len(names) > 1 else "")


def _document(desk: Desk, report: AddReport) -> dict[str, object]:
    return {
        "added": [desk.relative(path) for path in report.added],
        "present": [{"source": item.source, "path": str(item.path)} for item in report.present],
        "refused": [{"source": item.source, "reason": item.reason} for item in report.refused],
        "notes": list(report.notes),
    }


def _tell(desk: Desk, report: AddReport) -> None:
    for path in report.added:
        click.echo(shown(desk.relative(path)))
    for present in report.present:
        say(f"{shown(present.source)}: already there")
    for note in report.notes:
        say(f"note: {shown(note)}")
    for refusal in report.refused:
        say(f"{shown(refusal.source)}: {shown(refusal.reason)}")
    counts = [
        f"{len(report.added)} added",
        *([f"{len(report.present)} already there"] if report.present else []),
        *([f"{len(report.refused)} not taken"] if report.refused else []),
    ]
    say(", ".join(counts) + (". Next: nightdesk compile" if report.added else ""))
