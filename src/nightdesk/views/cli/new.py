"""`nightdesk new`: make a desk."""

from pathlib import Path

import click

from nightdesk.views.cli.options import DONE, json_option, print_json, say, shown
from nightdesk.wiki.new import make_desk


@click.command("new", epilog="Example: nightdesk new my-desk && cd my-desk")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@json_option
def command(folder: Path, as_json: bool) -> int:
    """Make a desk in DIR, or add what is missing to one.

    DIR may hold things already: only what is missing is added, nothing is overwritten, ever.
    """
    done = make_desk(folder)
    if as_json:
        print_json({"desk": str(done.desk.root), "made": done.made, "kept": done.kept})
        return DONE
    if not done.made and not done.made_repository:
        say(f"{shown(str(folder))} is a desk already; nothing was missing")
        return DONE
    say(
        f"Made a desk in {shown(str(done.desk.root))}: {', '.join(path for path in done.made if 'gitkeep' not in path)}"
    )
    if done.kept:
        say(f"Kept as it was: {', '.join(done.kept)}")
    say(f"Next: cd {shown(str(folder))} && nightdesk add FILE-OR-URL && nightdesk compile")
    return DONE
