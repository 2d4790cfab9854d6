"""`nightdesk demo`: a first desk, made and compiled, and a first lab."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightdesk.base.desk import Desk
from nightdesk.base.settings import read_settings
from nightdesk.base.stages import silent
from nightdesk.views.cli.options import DONE, IN_PART, json_option, print_json, say, shown
from nightdesk.views.cli.progress import show_stage
from nightdesk.wiki.compile import Report, compile_desk
from nightdesk.wiki.demo import lay_out_demo
from nightdesk.wiki.show import show

if TYPE_CHECKING:
    from nightdesk.views.cli.demo_lab import DemoLab

INTERRUPTED = 130


@click.command("demo", epilog="Example: nightdesk demo my-first-desk")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path("nightdesk-demo"))
@click.option("--no-lab", is_flag=True, help="Leave out the lab, whose experiments take about two minutes.")
@json_option
def command(folder: Path, no_lab: bool, as_json: bool) -> int:
    """Make a desk from the documents that ship with nightdesk, and compile it.

    The documents are about training small language models. Then a lab trains one and runs a few short experiments.
    No AI, no key and no network are needed.
    """
    desk = lay_out_demo(folder)
    report = compile_desk(
        desk,
        read_settings(desk.settings),
        stage=silent if as_json else show_stage,
        today=date.today(),
    )
    if not as_json:
        _tell(folder, desk.root, report)
    lab = None if no_lab else _lab(desk, quiet=as_json)
    if as_json:
        print_json(
            {
                "desk": str(desk.root),
                "sources": report.sources,
                "claims": report.claims,
                "concepts": report.concepts,
                "problems": report.problems,
                "lab": lab.known if lab is not None else None,
                "lab_left_out": (lab.why or None) if lab is not None else None,
            }
        )
    elif lab is not None:
        _tell_lab(folder, lab)
    if lab is not None and lab.interrupted:
        return INTERRUPTED
    return IN_PART if report.problems else DONE


def _lab(desk: Desk, *, quiet: bool) -> "DemoLab":
    # imported here: a demo without a lab needs none of it
    from nightdesk.views.cli.demo_lab import make_demo_lab  # noqa: PLC0415

    if not quiet:
        say("\nNow a lab: a small language model is trained on Shakespeare, a few seconds a run; about two minutes.")
    return make_demo_lab(desk, quiet=quiet)


def _tell_lab(folder: Path, lab: "DemoLab") -> None:
    if lab.known is None:
        say(shown(lab.why))
        return
    known = lab.known
    click.echo(f"\nThe lab {known['lab']}: {known['experiments']} experiments, {known['kept']} kept.")
    click.echo("Its metric is computed where no run can reach it; `nightdesk lab confirm` shows which gains hold.\n")
    if lab.plot is not None:
        click.echo(f"The plot        {shown(str(lab.plot))}")
    click.echo(f"The report      {shown(str(lab.report))}")
    click.echo(f"Into the wiki   cd {shown(str(folder))} && nightdesk compile")
    click.echo(f"Go on           cd {shown(str(folder))} && nightdesk lab run {known['lab']} --count 12")


def _tell(folder: Path, root: Path, report: Report) -> None:
    name = shown(str(folder))
    click.echo(
        f"\nFrom {report.sources} documents (Markdown, HTML, PDF, DOCX, PPTX, XLSX, EPUB, LaTeX, a notebook, images)\n"
        f"nightdesk took {report.claims} claims, each with its exact quote, and made {report.concepts} concept pages.\n"
    )
    example = next((page for page in ("Muon", "Learning rate") if (root / f"wiki/concepts/{page}.md").exists()), None)
    if example:
        chain = show(Desk(root), example)[0].chains[0]
        link = chain.links[0]
        click.echo(f"For example, the page {example} begins:\n\n  {chain.sentence}\n")
        click.echo(f'which rests on  "{link.quote}"\nfound in        {link.raw} ({link.place})\n')
    click.echo(f"Where to look   {name}/wiki/index.md, best in Obsidian: open {name} as a vault")
    click.echo(f"Follow a page   cd {name} && nightdesk show '{example or 'index'}'")
    click.echo(f"Take in more    cd {name} && nightdesk add FILE-OR-URL && nightdesk compile")
