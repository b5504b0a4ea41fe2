"""The program's entry: commands and how they end."""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from tocsin import __version__
from tocsin.cli import commands
from tocsin.cli.console import BAD_INPUT, FAILED
from tocsin.contract import InputError
from tocsin.record import JournalError

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


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tocsin {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it and end.")
    ] = False,
) -> None:
    """Take options that come before the command."""


def main() -> None:
    """Run the program: exit 0 done, 1 an asked-for check failed, 2 bad usage or input."""
    # A service is stopped by SIGTERM: it ends as by Ctrl-C, and leaves no folder or process behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except InputError as error:
        sys.stderr.write(f"tocsin: {error}\n")
        sys.exit(BAD_INPUT)
    except JournalError as error:
        sys.stderr.write(f"tocsin: {error}\n")
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.stderr.write("tocsin: stopped\n")
        sys.exit(130)
