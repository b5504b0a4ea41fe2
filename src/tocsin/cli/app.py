"""The program's entry: commands and how they end."""

from __future__ import annotations

import sys

import typer

from tocsin.cli import commands
from tocsin.cli.console import BAD_INPUT
from tocsin.contract import InputError

app = typer.Typer(
    name="tocsin",
    help="Air surveillance and early warning: sensor reports in, one air picture and exact, "
    "timely public warnings out. Start with: tocsin demo",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
commands.register(app)


def main() -> None:
    """Run the program: exit 0 done, 1 an asked-for check failed, 2 bad usage or input."""
    try:
        app()
    except InputError as error:
        sys.stderr.write(f"tocsin: {error}\n")
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        sys.stderr.write("tocsin: stopped\n")
        sys.exit(130)
