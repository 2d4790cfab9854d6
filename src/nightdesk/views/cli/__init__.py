"""The command line: commands are loaded when they are called, so that `--help` and tab completion stay instant."""

import os
import signal
import sys
from typing import NoReturn

import click

from nightdesk import __version__
from nightdesk.base.errors import DeskError
from nightdesk.views.cli.lazy import LazyGroup

# name -> (module, the line that `nightdesk --help` shows); a test holds the lines equal to the commands' own
COMMANDS = {
    "demo": ("demo", "Make a desk from the documents that ship with nightdesk, and compile it."),
    "new": ("new", "Make a desk in DIR, or add what is missing to one."),
    "add": ("add", "Add files, folders, URLs or git repositories to raw/."),
    "compile": ("compile", "Turn what is new or changed in raw/ into wiki pages."),
    "next": ("next", "Print the brief of the next task and lease it to you."),
    "submit": ("submit", "Hand in what a task asked for."),
    "serve": ("serve", "Show the wiki and the lab in the browser, or PATH: any folder of Markdown."),
    "mcp": ("mcp", "Serve the desk to agents over the Model Context Protocol."),
    "status": ("status", "Show what is on the desk, and what waits to be compiled."),
    "lint": ("lint", "Find what is wrong in the wiki, or in PATH: any folder of Markdown."),
    "probe": ("probe", "Ask the wiki what its sources say, and list what it lost."),
    "contradictions": ("contradictions", "List what sources say against each other, or decide it."),
    "show": ("show", "Follow a page, a claim or a citation down to the words it rests on."),
    "ask": ("ask", "Answer a question from the desk, each statement with its citation."),
    "pack": ("pack", "Put what the desk knows of a question into one text for any AI."),
    "search": ("search", "Find pages, claims and passages of sources, the best first."),
    "suggest": ("suggest", "Say what is worth asking, finding, writing and linking."),
    "mend": ("mend", "Mend what lint finds: by code where one mend is certain, else by the worker that is set."),
    "undo": ("undo", "Take back the last change that nightdesk made to the desk."),
    "page": ("page", "Rename, merge, split or promote pages: links, names and citations follow."),
    "idea": ("idea", "Share ideas as single files: draft one, check one, build one that came from elsewhere."),
    "export": ("export", "Write the desk in a format that other programs read."),
    "forget": ("forget", "Withdraw a source: its claims leave the wiki."),
    "trust": (
        "trust",
        "Let this desk's nightdesk.toml start programs or send text to an address that it names.",
    ),
    "lab": ("lab", "Run experiments overnight: a metric that cannot be faked, and what held in the morning."),
    "completion": ("completion", "Print the script that completes nightdesk's commands and options in SHELL."),
    "doctor": ("doctor", "Check what is set up and what is missing, and say how to mend it."),
}


@click.group(
    cls=LazyGroup,
    commands_of=("nightdesk.views.cli", COMMANDS),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start here: nightdesk demo. Your own: nightdesk new DIR; cd DIR; nightdesk add FILE; nightdesk compile",
)
@click.version_option(__version__, prog_name="nightdesk")
@click.option("--desk", "desk_folder", metavar="DIR", help="The desk to work on; default: the one around this folder.")
@click.pass_context
def group(ctx: click.Context, desk_folder: str | None) -> None:
    """A folder of plain files that your AI agents keep for you.

    Sources in raw/ become wiki pages in wiki/, and every sentence there can be followed to the words it rests on.
    """
    ctx.obj = desk_folder


def main() -> NoReturn:
    """Run the command line and exit: 0 done, 1 in part, 2 wrong use or nothing to do, 3 capped, 130 interrupted."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        code = group.main(standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except DeskError as error:
        click.echo(f"nightdesk: {error.message}" + (f"\n  way out: {error.fix}" if error.fix else ""), err=True)
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nnightdesk: interrupted; what was finished is kept, the next run goes on from there", err=True)
        sys.exit(130)
    except BrokenPipeError:  # `nightdesk show … | head` is no error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        click.echo(f"nightdesk: {error.strerror or error}: {error.filename or ''}".rstrip(": "), err=True)
        sys.exit(1)


def _stop(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt
