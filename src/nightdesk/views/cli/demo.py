"""`nightdesk demo`: a first desk, made and compiled."""

from datetime import date
from pathlib import Path

import click

from nightdesk.base.desk import Desk
from nightdesk.base.settings import read_settings
from nightdesk.base.stages import silent
from nightdesk.views.cli.options import DONE, IN_PART, json_option, print_json, shown
from nightdesk.views.cli.progress import show_stage
from nightdesk.wiki.compile import Report, compile_desk
from nightdesk.wiki.demo import lay_out_demo
from nightdesk.wiki.show import show


@click.command("demo", epilog="Example: nightdesk demo my-first-desk")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path("nightdesk-demo"))
@json_option
def command(folder: Path, as_json: bool) -> int:
    """Make a desk from the documents that ship with nightdesk, and compile it.

    The documents are about training small language models. No AI, no key and no network are needed.
    """
    desk = lay_out_demo(folder)
    report = compile_desk(
        desk,
        read_settings(desk.settings),
        stage=silent if as_json else show_stage,
        today=date.today(),
    )
    if as_json:
        print_json(
            {
                "desk": str(desk.root),
                "sources": report.sources,
                "claims": report.claims,
                "concepts": report.concepts,
                "problems": report.problems,
            }
        )
    else:
        _tell(folder, desk.root, report)
    return IN_PART if report.problems else DONE


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
