"""The formats that can be read, and the one way in which each is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tocsin.decode import (
    asterix,
    beast,
    mode_s_lines,
    parquet,
    pcap,
    plot_stream,
    recorders,
    sightings,
)
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
        finish: decodes or reports what the end of a recording left; only Parquet raises InputError.
        whole: whether it can only be read as a whole file.
    """

    name: str
    about: str
    start: Callable[[DecodeConfig], Any]
    feed: Callable[[Any, bytes, Out], None]
    finish: Callable[[Any, Out], None]
    whole: bool = False


_ALL = (
    Format("beast", "Mode S in Beast binary frames", beast.start, beast.feed, beast.finish),
    Format("asterix", "ASTERIX data blocks", asterix.start, asterix.feed, asterix.finish),
    Format("pcap", "network capture of ASTERIX over UDP", pcap.start, pcap.feed, pcap.finish),
    Format(
        "final",
        "ASTERIX in FINAL frames",
        recorders.start,
        recorders.feed,
        recorders.finish_final,
        whole=True,
    ),
    Format(
        "gps",
        'ASTERIX in a recorder\'s "GPS" file',
        recorders.start,
        recorders.feed,
        recorders.finish_gps,
        whole=True,
    ),
    Format(
        "mode_s_json",
        "JSON lines of raw Mode S messages",
        mode_s_lines.start,
        mode_s_lines.feed_json,
        mode_s_lines.finish_json,
    ),
    Format(
        "mode_s_text",
        "CSV rows or AVR lines of raw Mode S messages",
        mode_s_lines.start,
        mode_s_lines.feed_text,
        mode_s_lines.finish_text,
    ),
    Format(
        "sightings",
        "JSON lines of people's sightings",
        sightings.start,
        sightings.feed,
        sightings.finish,
    ),
    Format(
        "plots_parquet",
        "plots.parquet or looks.parquet",
        parquet.start,
        parquet.feed,
        parquet.finish,
        whole=True,
    ),
    Format(
        "plot_stream",
        "plots and looks as length-prefixed Arrow",
        plot_stream.start,
        plot_stream.feed,
        plot_stream.finish,
    ),
)

FORMATS: dict[str, Format] = {entry.name: entry for entry in _ALL}
