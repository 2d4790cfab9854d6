"""`nightdesk export`: the desk in formats that other programs read."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.views.cli.options import (
    DONE,
    IN_PART,
    chosen_desk,
    chosen_folder,
    desk_option,
    json_option,
    print_json,
    say,
    shown,
)
from nightdesk.wiki.exporting.export import (
    FORMATS,
    SINGLE,
    Export,
    default_folder,
    make_export,
    refuse_own,
    write_file,
    write_folder,
)

if TYPE_CHECKING:
    from nightdesk.views.web.site.site import Site

SITE = "site"


@click.command(
    "export",
    epilog="Examples: nightdesk export site; nightdesk export okf; nightdesk export jsonl --out ../data; "
    "nightdesk export site ~/Notes --out notes-site. The formats: docs/export.md; sites: docs/site.md",
)
@click.argument("format_", metavar="FORMAT", type=click.Choice((*FORMATS, SITE)))
@click.argument("path", required=False)
@click.option(
    "--out",
    metavar="DIR|FILE",
    help="Where to put it; default: exports/FORMAT on the desk, standard output for bibtex.",
)
@click.option("--with-sources", is_flag=True, help="With site: take the sources in raw/ along that pages link to.")
@json_option
@desk_option
def command(
    format_: str, path: str | None, out: str | None, with_sources: bool, as_json: bool, desk_folder: str | None
) -> int:
    """Write the desk in a format that other programs read.

    FORMAT is site (wiki and labs to be read in a browser, from a disk or any web server), okf (an Open Knowledge Format
    bundle), jsonl (questions, answers and chats to train a model on, split by source), bibtex (the sources) or llms.txt
    (the pages for language models). PATH is any folder of Markdown, for site. The same wiki gives the same bytes.
    """
    if format_ != SITE and (path is not None or with_sources):
        raise click.UsageError(f"{'PATH' if path is not None else '--with-sources'} goes with site")
    home = os.environ.get("HOME", "")
    if format_ == SITE:
        return _site(path, out, desk_folder, home=home, with_sources=with_sources, as_json=as_json)
    desk = chosen_desk(desk_folder)
    export = make_export(desk, format_, private=[home] if home else [])
    for problem in export.problems:
        say(shown(problem))
    code = IN_PART if export.problems else DONE
    if format_ in SINGLE and out in (None, "-"):
        if as_json:
            print_json(_document(export, None) | {"content": next(iter(export.files.values())).decode()})
        else:
            sys.stdout.buffer.write(next(iter(export.files.values())))
            sys.stdout.buffer.flush()
        return code
    place = Path(out) if out else default_folder(desk, format_)
    if format_ in SINGLE:
        write_file(desk, export, place)
    else:
        write_folder(desk, export, place)
    if as_json:
        print_json(_document(export, place))
    else:
        click.echo(shown(str(place)))
        say(f"{export.pages} pages, {export.sources} sources: {len(export.files)} files")
        if export.left_out:
            say(f"{export.left_out} paths of this machine or keys were left out")
    return code


def _site(
    path: str | None, out: str | None, desk_folder: str | None, *, home: str, with_sources: bool, as_json: bool
) -> int:
    # imported here: `nightdesk --help` shows this command, and the viewer's parts take a while to load
    from nightdesk.views.cli.progress import show_stage  # noqa: PLC0415
    from nightdesk.views.cli.vault_cache import viewer_cache  # noqa: PLC0415
    from nightdesk.views.web.serving import open_viewer  # noqa: PLC0415
    from nightdesk.views.web.site.folder import replacing  # noqa: PLC0415
    from nightdesk.views.web.site.site import write_site  # noqa: PLC0415

    root, desk = chosen_folder(path, desk_folder)
    place = _place(root, desk, out)
    viewer = open_viewer(root, desk, cache_file=viewer_cache(root, desk, os.environ))
    viewer.keeper.load()
    with replacing(place) as folder:
        site = write_site(viewer, folder, with_sources=with_sources, private=[home] if home else [], stage=show_stage)
    _tell(site, place, as_json=as_json)
    return IN_PART if site.problems else DONE


def _place(root: Path, desk: Desk | None, out: str | None) -> Path:
    """Return where a site goes. Raises DeskError for a place that is a part of what it is made from."""
    if desk is not None:
        place = Path(out) if out else default_folder(desk, SITE)
        refuse_own(desk, place)
        return place
    if out is None:
        raise DeskError("a folder that is no desk has no place of its own for a site", fix="--out DIR")
    if root.resolve().is_relative_to(Path(out).resolve()):
        raise DeskError(f"{out} holds the pages themselves", fix="name another place with --out")
    return Path(out)


def _tell(site: "Site", place: Path, *, as_json: bool) -> None:
    for problem in site.problems:
        say(shown(problem))
    if as_json:
        print_json({"format": SITE, "out": str(place), **asdict(site)})
        return
    click.echo(shown(str(place / "index.html")))
    told = [f"{site.pages:,} pages", f"{site.sources:,} sources beside their texts"]
    told += [f"{site.experiments:,} experiments"] if site.experiments else []
    say(f"{', '.join(told)}: {len(site.files):,} files")
    say(f"search looks through {site.searched}")
    if site.originals:
        say(f"{site.originals:,} files that pages link to were not taken along; --with-sources takes them")
    if site.left_out:
        say(f"{site.left_out:,} paths of this machine or keys were left out")


def _document(export: Export, place: Path | None) -> dict[str, Any]:
    return {
        "format": export.format,
        "out": str(place) if place else None,
        "pages": export.pages,
        "sources": export.sources,
        "files": list(export.files),
        "left_out": export.left_out,
        "problems": list(export.problems),
    }
