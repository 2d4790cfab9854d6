"""`nightdesk idea check`: what an idea file would give away, hide or lack."""

from dataclasses import asdict
from pathlib import Path

import click

from nightdesk.base.errors import DeskError
from nightdesk.views.cli.idea.sender import desk_if_any, known_sender, tell_findings
from nightdesk.views.cli.options import DONE, IN_PART, desk_option, json_option, print_json, say, shown
from nightdesk.wiki.ideas.checking import check_idea
from nightdesk.wiki.ideas.form import MAX_CHARS


@click.command("check", epilog='Example: nightdesk idea check "ideas/Judge small gains.md"')
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@json_option
@desk_option
def command(files: tuple[str, ...], as_json: bool, desk_folder: str | None) -> int:
    """Check that idea files stand alone, leak nothing and hide nothing.

    Private are places of your machine, names, e-mail and network addresses, keys, and files in raw/ without a public
    address. Also found: text that nobody sees, orders to agents, missing sections, checks that code cannot run. The
    exit code is 1 where something was found.
    """
    known = known_sender(desk_if_any(desk_folder))
    found = {name: check_idea(read_idea(Path(name)), known) for name in files}
    if as_json:
        entries = [
            {"file": name, "clean": not of, "findings": [asdict(one) | {"grave": one.grave} for one in of]}
            for name, of in found.items()
        ]
        print_json({"clean": not any(found.values()), "ideas": entries})
    else:
        for name, of in found.items():
            tell_findings(name, of)
            say(f"{shown(name)}: {'clean' if not of else f'{len(of)} to look at'}")
    return IN_PART if any(found.values()) else DONE


def read_idea(path: Path) -> str:
    """Return the text of an idea file. Raises DeskError for what is no readable text file of a fit size."""
    try:
        if not path.is_file():
            raise DeskError(f"there is no file {path}", fix="name an idea file, such as ideas/TITLE.md")
        with path.open("rb") as file:
            content = file.read(4 * MAX_CHARS + 1)
        if len(content) > 4 * MAX_CHARS:
            raise DeskError(f"{path} is too large for an idea", fix=f"an idea has at most {MAX_CHARS:,} characters")
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DeskError(f"{path} is not UTF-8 text", fix="save it as UTF-8") from error
    except OSError as error:
        raise DeskError(f"{path} cannot be read: {error.strerror}") from error
