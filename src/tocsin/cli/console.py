"""What all commands share: one JSON document or words, progress, exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

T = TypeVar("T")
FAILED = 1
BAD_INPUT = 2


@dataclass(frozen=True)
class Say:
    """Print results: with ``as_json`` one JSON document on standard output and nothing else there.

    Args:
        as_json: whether a program reads us.
    """

    as_json: bool = False

    def result(self, data: Mapping[str, Any], lines: Iterable[str] = ()) -> None:
        """Print the result: the document, or the lines that say it in words."""
        if self.as_json:
            sys.stdout.write(json.dumps(data, indent=1, default=str, allow_nan=False) + "\n")
        else:
            for line in lines:
                sys.stdout.write(line + "\n")

    def note(self, text: str) -> None:
        """Tell the person something on the way, on standard error."""
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def progress(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Yield the items behind a progress bar on standard error."""
        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            yield from bar.track(items, total=total, description=label)


def fail(message: str, code: int = BAD_INPUT) -> typer.Exit:
    """Return the exit that ends a command with one clear line on standard error."""
    sys.stderr.write(f"tocsin: {message}\n")
    return typer.Exit(code)
