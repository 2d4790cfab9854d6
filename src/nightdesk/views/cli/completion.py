"""`nightdesk completion`: what a shell needs to complete commands, options and names."""

import click
from click.shell_completion import get_completion_class

PROGRAM = "nightdesk"
VARIABLE = "_NIGHTDESK_COMPLETE"  # click looks for it when the program is started
SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    epilog="Examples: nightdesk completion zsh >> ~/.zshrc; "
    "nightdesk completion fish > ~/.config/fish/completions/nightdesk.fish",
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that completes nightdesk's commands and options in SHELL."""
    if completion := get_completion_class(shell):
        click.echo(completion(ctx.find_root().command, {}, PROGRAM, VARIABLE).source())
