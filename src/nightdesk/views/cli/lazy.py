"""A group of commands whose modules are imported when they are called, so that `--help` stays instant."""

import importlib
from collections.abc import Mapping
from typing import Any

import click

Commands = Mapping[str, tuple[str, str]]  # name -> (module, the line that the group's help shows)


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is called."""

    def __init__(self, *args: Any, commands_of: tuple[str, Commands], **more: Any) -> None:
        super().__init__(*args, **more)
        self._package, self._commands = commands_of

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order a newcomer meets them."""
        return list(self._commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, None for a name that is none."""
        if cmd_name not in self._commands:
            return None
        module = importlib.import_module(f"{self._package}.{self._commands[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._commands.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of `args`; a mistyped one is told the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            # imported here: difflib is needed for a typing mistake only
            import difflib  # noqa: PLC0415

            near = difflib.get_close_matches(args[0], self._commands, n=1)
            if near:
                raise click.UsageError(f"No such command {args[0]!r}. Did you mean {near[0]!r}?", ctx) from error
            raise
