"""Whole lines out of chunks of text that may be cut anywhere, and JSON objects out of lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tocsin.decode.out import Out

LONGEST_LINE = 1 << 20


@dataclass
class Lines:
    """Hold the bytes of an unfinished line; `skipping` while in one that is too long."""

    rest: bytes = b""
    offset_bytes: int = 0
    skipping: bool = False


def cut(state: Lines, chunk: bytes, out: Out) -> list[tuple[int, bytes]]:
    """Return the whole lines with their places; empty ones are left out."""
    *whole, rest = (state.rest + chunk).split(b"\n")
    lines = []
    for line in whole:
        if len(line) > LONGEST_LINE and not state.skipping:
            out.fault("line_too_long", f"{len(line)} bytes", state.offset_bytes)
        elif line.strip() and not state.skipping:
            lines.append((state.offset_bytes, line))
        state.skipping = False
        state.offset_bytes += len(line) + 1
    if len(rest) > LONGEST_LINE:
        if not state.skipping:
            out.fault("line_too_long", f"more than {LONGEST_LINE} bytes", state.offset_bytes)
        state.skipping = True
        state.offset_bytes += len(rest)
        rest = b""
    state.rest = rest
    return lines


def last(state: Lines) -> list[tuple[int, bytes]]:
    """Return the line that the end of the recording ends."""
    rest, state.rest = state.rest, b""
    return [(state.offset_bytes, rest)] if rest.strip() and not state.skipping else []


def json_object(line: bytes) -> dict[str, Any] | str:
    """Return a line's JSON object, or what is wrong with the line."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"no JSON: {error}"
    return value if isinstance(value, dict) else "no JSON object"
