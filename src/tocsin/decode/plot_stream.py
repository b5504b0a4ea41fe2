"""A stream of plots and looks: each message is a length and one Arrow IPC stream.

A message is the number of bytes that follow (u32, little-endian) and that many bytes of an Arrow
IPC stream whose schema metadata `tocsin.table` says "plots" or "looks".
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from tocsin.contract import Looks, Reports, from_arrow, to_ipc
from tocsin.decode.config import DecodeConfig
from tocsin.decode.out import Out

LONGEST_BYTES = 64 * 1024 * 1024
_HEAD = 4


@dataclass
class PlotStream:
    """Hold the bytes of an unfinished message; `dead` after a length that cannot be true."""

    rest: bytearray
    offset_bytes: int = 0
    dead: bool = False


def encode(table: Reports | Looks) -> bytes:
    """Return a table as one message."""
    body = to_ipc(table)
    return len(body).to_bytes(_HEAD, "little") + body


def start(_: DecodeConfig) -> PlotStream:
    """Return the state before the first byte."""
    return PlotStream(bytearray())


def feed(state: PlotStream, chunk: bytes, out: Out) -> None:
    """Decode one chunk of a stream that may be cut anywhere."""
    if state.dead:
        out.count("bytes after the end", len(chunk))
        return
    state.rest += chunk
    while len(state.rest) >= _HEAD and not state.dead:
        size = int.from_bytes(state.rest[:_HEAD], "little")
        if not 0 < size <= LONGEST_BYTES:
            state.dead = True
            state.rest.clear()
            detail = f"a message of {size} bytes; nothing after it can be read, reconnect"
            out.fault("lost_framing", detail, state.offset_bytes)
        elif len(state.rest) < _HEAD + size:
            return
        else:
            _message(bytes(state.rest[_HEAD : _HEAD + size]), state.offset_bytes, out)
            del state.rest[: _HEAD + size]
            state.offset_bytes += _HEAD + size


def finish(state: PlotStream, out: Out) -> None:
    """Report the message that the end of the recording cut off."""
    if state.rest:
        detail = f"{len(state.rest)} bytes of a message at the end"
        out.fault("truncated", detail, state.offset_bytes)
    state.rest.clear()


def _message(body: bytes, offset_bytes: int, out: Out) -> None:
    out.count("plot stream messages")
    try:
        with pa.ipc.open_stream(body) as reader:
            data = reader.read_all()
        name = (data.schema.metadata or {}).get(b"tocsin.table", b"")
        if name == Reports.NAME.encode():
            out.tables.append(_stamped(from_arrow(Reports, data), out))
        elif name == Looks.NAME.encode():
            out.look_tables.append(from_arrow(Looks, data))
        else:
            out.fault("unknown_table", f"table {name!r}", offset_bytes)
    except Exception as error:  # Whatever Arrow says of foreign bytes: the next message is whole.
        out.fault("bad_message", ascii(str(error))[1:-1], offset_bytes)


def _stamped(reports: Reports, out: Out) -> Reports:
    """Return the plots with the time at which they reached us, and a sensor."""
    sensors = [name or out.source_id for name in reports.sensor_id]
    return reports.replace(received_at_ns=[out.received_at_ns] * len(reports), sensor_id=sensors)
