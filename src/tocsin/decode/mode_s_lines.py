"""Raw Mode S messages as lines of text: JSON objects, CSV rows, or AVR (`*8D…;`).

JSON: the message under "frame", "rawmsg" or "raw" (hexadecimal), UTC seconds under "timestamp";
what else a line says is not used. CSV: the one field of 14 or 28 hexadecimal digits, UTC seconds
first. A line without time counts as measured when it was received. Messages may carry junk behind:
their downlink format says how long they are.

Source: jet1090 and rs1090 (JSON), pyModeS (CSV), dump1090 (AVR).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tocsin.decode import lines
from tocsin.decode.config import DecodeConfig
from tocsin.decode.mode_s import ModeS, decode_messages
from tocsin.decode.out import Out

MESSAGE_KEYS = ("frame", "rawmsg", "raw")
CSV_ROW = re.compile(
    rb'\s*"?(?P<seconds>\d+(?:\.\d*)?)"?\s*,.*?\b(?P<message>[0-9A-Fa-f]{28}|[0-9A-Fa-f]{14})\b'
)
AVR_LINE = re.compile(rb"\s*\*(?P<message>[0-9A-Fa-f]{28}|[0-9A-Fa-f]{14});\s*$")
_LATEST_S = 9.0e9  # int64 nanoseconds end in the year 2262


@dataclass
class ModeSLines:
    """Hold an unfinished line and the aircraft heard."""

    mode_s: ModeS
    lines: lines.Lines = field(default_factory=lines.Lines)


def start(config: DecodeConfig) -> ModeSLines:
    """Return the state before the first byte."""
    return ModeSLines(ModeS(config))


def feed_json(state: ModeSLines, chunk: bytes, out: Out) -> None:
    """Decode one chunk of JSON lines."""
    _json_lines(state, lines.cut(state.lines, chunk, out), out)


def finish_json(state: ModeSLines, out: Out) -> None:
    """Decode the last line, which need not end."""
    _json_lines(state, lines.last(state.lines), out)


def feed_text(state: ModeSLines, chunk: bytes, out: Out) -> None:
    """Decode one chunk of CSV rows or AVR lines."""
    _text_lines(state, lines.cut(state.lines, chunk, out), out)


def finish_text(state: ModeSLines, out: Out) -> None:
    """Decode the last line, which need not end."""
    _text_lines(state, lines.last(state.lines), out)


def _json_lines(state: ModeSLines, found: list[tuple[int, bytes]], out: Out) -> None:
    messages, times = [], []
    for place, line in found:
        said = lines.json_object(line)
        if isinstance(said, str):
            out.fault("bad_line", said, place)
            continue
        message = _hexadecimal(next((said[key] for key in MESSAGE_KEYS if key in said), None))
        at_ns = _nanoseconds(said.get("timestamp"), out)
        if message is None or at_ns is None:
            out.fault("bad_line", "no hexadecimal message, or a time that is no number", place)
            continue
        messages.append(message)
        times.append(at_ns)
    out.count("lines", len(found))
    decode_messages(state.mode_s, messages, times, out)


def _text_lines(state: ModeSLines, found: list[tuple[int, bytes]], out: Out) -> None:
    messages, times = [], []
    for place, line in found:
        row = CSV_ROW.match(line.removeprefix(b"\xef\xbb\xbf")) or AVR_LINE.match(line)
        if row is None:
            out.fault("bad_line", "no Mode S message", place)
            continue
        messages.append(bytes.fromhex(row["message"].decode()))
        stated = row.groupdict().get("seconds")
        times.append(_nanoseconds(float(stated) if stated else None, out) or out.received_at_ns)
    out.count("lines", len(found))
    decode_messages(state.mode_s, messages, times, out)


def _hexadecimal(value: Any) -> bytes | None:
    try:
        return bytes.fromhex(value)
    except (TypeError, ValueError):
        return None


def _nanoseconds(seconds: Any, out: Out) -> int | None:
    """Return UTC seconds as nanoseconds, exact to the microsecond; receive time for None."""
    if seconds is None:
        return out.received_at_ns
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    return round(seconds * 1e6) * 1000 if 0.0 <= seconds < _LATEST_S else None
