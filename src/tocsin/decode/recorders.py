"""ASTERIX files of two recorders: FINAL frames, and the 10-byte trailers of "GPS" files.

FINAL: length (2 bytes, the whole frame), error, board, day, time of day (3 bytes, 10 ms), blocks,
four bytes 0xA5. "GPS": 2,200 bytes of file header, then blocks, each followed by six bytes, the
time of day (3 bytes, 1/128 s) and one byte.

Source: both as the asterix program of Croatia Control and JADE's recordings have them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tocsin.contract import NS
from tocsin.decode import asterix
from tocsin.decode.config import DecodeConfig
from tocsin.decode.out import Out
from tocsin.decode.times import DAY_NS, nearest_time_of_day

TRAILER = b"\xa5\xa5\xa5\xa5"
_FINAL_HEAD = 8
GPS_HEAD, GPS_TRAILER = 2200, 10


class Piece(NamedTuple):
    """Hold one recorded datagram: its receive time from the recording's first midnight."""

    at: int
    of_day_ns: int
    payload: bytes


@dataclass
class Recording:
    """Hold the recording until its end: recorders write whole files."""

    config: DecodeConfig
    inner: asterix.Asterix
    data: bytearray = field(default_factory=bytearray)


def start(config: DecodeConfig) -> Recording:
    """Return the state before the first byte."""
    return Recording(config, asterix.start(config))


def feed(state: Recording, chunk: bytes, _: Out) -> None:
    """Keep one chunk."""
    state.data += chunk


def finish_final(state: Recording, out: Out) -> None:
    """Decode a file of FINAL frames."""
    _decode(state, final_frames, out)


def finish_gps(state: Recording, out: Out) -> None:
    """Decode a "GPS" file."""
    _decode(state, gps_blocks, out)


def _decode(state: Recording, cut: Callable[[bytes, Out], Iterator[Piece]], out: Out) -> None:
    midnight_ns = state.config.recorded_on_ns // DAY_NS * DAY_NS
    for piece in cut(bytes(state.data), out):
        out.timeless = False
        out.received_at_ns = midnight_ns + piece.of_day_ns
        state.inner.offset_bytes = piece.at
        asterix.feed_datagram(state.inner, piece.payload, out)
    state.data.clear()


def final_frames(data: bytes, out: Out) -> Iterator[Piece]:
    """Return the datagrams of FINAL frames; after a bad one the next trailer is looked for."""
    at, first_day = 0, None
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        end = at + size
        if size < _FINAL_HEAD + len(TRAILER) or data[end - 4 : end] != TRAILER:
            found = data.find(TRAILER, at)
            kind = "truncated" if end > len(data) and found < 0 else "garbage"
            end = len(data) if found < 0 else found + len(TRAILER)
            out.fault(kind, f"{end - at} bytes are no whole FINAL frame", at)
        else:
            out.count("final frames")
            if data[at + 2]:
                out.fault("recorder_error", f"error byte {data[at + 2]}", at)
            first_day = data[at + 4] if first_day is None else first_day
            of_day_ns = int.from_bytes(data[at + 5 : at + 8], "big") * 10_000_000
            day_ns = (data[at + 4] - first_day) % 256 * DAY_NS
            yield Piece(at + _FINAL_HEAD, day_ns + of_day_ns, data[at + _FINAL_HEAD : end - 4])
        at = end


def gps_blocks(data: bytes, out: Out) -> Iterator[Piece]:
    """Return the blocks of a "GPS" file."""
    at, now_ns = GPS_HEAD, -1
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + 3], "big")
        end = at + size
        if size <= 3 or end + GPS_TRAILER > len(data):
            out.fault("truncated", f"{len(data) - at} bytes are no whole block", at)
            return
        out.count("gps blocks")
        of_day_ns = int.from_bytes(data[end + 6 : end + 9], "big") * NS // 128
        now_ns = of_day_ns if now_ns < 0 else nearest_time_of_day(of_day_ns, now_ns)
        yield Piece(at, now_ns, data[at:end])
        at = end + GPS_TRAILER
