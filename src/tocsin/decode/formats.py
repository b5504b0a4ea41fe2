"""The formats that can be read, and the one way in which each is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tocsin.decode import beast, plot_stream
from tocsin.decode.config import DecodeConfig
from tocsin.decode.out import Out


@dataclass(frozen=True)
class Format:
    """Describe one format: bytes go in by `feed`, what they say goes into an `Out`.

    Args:
        name: short name, as on the command line.
        about: what it is, for people.
        start: returns the state before the first byte.
        feed: decodes one chunk or datagram; never raises.
        finish: reports what the end of a recording left unfinished; never raises.
        whole: whether it can only be read as a whole file.
    """

    name: str
    about: str
    start: Callable[[DecodeConfig], Any]
    feed: Callable[[Any, bytes, Out], None]
    finish: Callable[[Any, Out], None]
    whole: bool = False


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format("beast", "Beast binary Mode S", beast.start, beast.feed, beast.finish),
        Format(
            "plot_stream",
            "plots and looks as length-prefixed Arrow",
            plot_stream.start,
            plot_stream.feed,
            plot_stream.finish,
        ),
    )
}
