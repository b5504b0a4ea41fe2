"""ASTERIX categories 021, 034, 048, 062 and 065 to reports and looks.

A datagram or stream is a row of data blocks: category, length (2 bytes, itself and the category
included), records. Angles are turned to radians where a column wants them; velocities over ground
are in the sender's local frame, as reported.

Source: EUROCONTROL ASTERIX parts 4 (CAT048), 2b (CAT034), 9 (CAT062), 12 (CAT021), 15 (CAT065).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tocsin.contract import NS
from tocsin.decode.asterix_categories import READERS, Rotation
from tocsin.decode.asterix_records import Records, parse_block
from tocsin.decode.config import DecodeConfig
from tocsin.decode.out import Out

Decoder = Callable[[int, bytes], Records | None]
"""What cuts a block into records: (category, body) to records, None for an unknown category."""

_HEAD = 3
_SAME_NS = NS
_LONGEST_DATAGRAM = 65_535


@dataclass
class Asterix:
    """Hold the bytes of an unfinished block, the latest datagrams, and each radar's rotation."""

    config: DecodeConfig
    decoder: Decoder = parse_block
    rest: bytes = b""
    offset_bytes: int = 0
    recent: dict[bytes, int] = field(default_factory=dict)
    rotations: dict[str, Rotation] = field(default_factory=dict)


def start(config: DecodeConfig) -> Asterix:
    """Return the state before the first byte."""
    return Asterix(config)


def feed(state: Asterix, chunk: bytes, out: Out) -> None:
    """Decode a datagram, or one chunk of a stream that may be cut anywhere.

    A chunk that is a row of whole blocks counts as a datagram: then what an earlier one left
    unfinished is not continued, and copies are dropped.
    """
    if _whole_blocks(chunk) and (not state.rest or chunk[0] in READERS):
        _drop_rest(state, out)
        feed_datagram(state, chunk, out)
        return
    data = state.rest + chunk
    used = _blocks(state, data, out)
    state.rest = data[used:]
    state.offset_bytes += used


def _whole_blocks(data: bytes) -> bool:
    at = 0
    while len(data) - at > _HEAD and data[at]:
        size = int.from_bytes(data[at + 1 : at + _HEAD], "big")
        if size <= _HEAD:
            return False
        at += size
    return at == len(data) > 0


def _drop_rest(state: Asterix, out: Out) -> None:
    if state.rest:
        detail = f"{len(state.rest)} bytes of a block without their end"
        out.fault("truncated", detail, state.offset_bytes)
    state.offset_bytes += len(state.rest)
    state.rest = b""


def feed_datagram(state: Asterix, payload: bytes, out: Out) -> None:
    """Decode one whole datagram; a copy of one that came within a second is dropped.

    Radar data run over two networks at once, so most datagrams arrive twice.
    """
    if _is_copy(state, payload, out.received_at_ns):
        out.fault("duplicate", f"{len(payload)} bytes again", state.offset_bytes)
    else:
        used = _blocks(state, payload, out)
        if used < len(payload):
            detail = f"{len(payload) - used} bytes of a block at the end of a datagram"
            out.fault("truncated", detail, state.offset_bytes + used)
    state.offset_bytes += len(payload)


def _is_copy(state: Asterix, payload: bytes, at_ns: int) -> bool:
    if len(payload) > _LONGEST_DATAGRAM:
        return False
    previous = state.recent.pop(payload, None)
    state.recent[payload] = at_ns
    # Of either sign: after a clock's step back the old ones would never be old enough.
    while abs(at_ns - next(iter(state.recent.values()))) > _SAME_NS:
        del state.recent[next(iter(state.recent))]
    return previous is not None and abs(at_ns - previous) <= _SAME_NS


def finish(state: Asterix, out: Out) -> None:
    """Decode what the end of the recording left of the last block, and report the cut."""
    rest, state.rest = state.rest, b""
    if not rest:
        return
    out.fault("truncated", f"{len(rest)} bytes of a block at the end", state.offset_bytes)
    if len(rest) > _HEAD and rest[0] in READERS:
        records = state.decoder(rest[0], rest[_HEAD:])
        if records is not None:
            _records(state, rest[0], records, out)


def _blocks(state: Asterix, data: bytes, out: Out) -> int:
    """Decode the whole blocks at the start of the data; return how many bytes were used."""
    at = 0
    while len(data) - at >= _HEAD:
        category = data[at]
        size = int.from_bytes(data[at + 1 : at + _HEAD], "big")
        place = state.offset_bytes + at
        if category == 0 or size <= _HEAD:
            detail = f"category {category}, length {size}; {len(data) - at} bytes left out"
            out.fault("bad_block", detail, place)
            return len(data)
        if at + size > len(data):
            return at
        _block(state, category, data[at + _HEAD : at + size], place, out)
        at += size
    return at


def _block(state: Asterix, category: int, body: bytes, place: int, out: Out) -> None:
    out.count(f"cat{category:03d} blocks")
    records = state.decoder(category, body) if category in READERS else None
    if records is None:
        detail = f"unsupported category {category}, {len(body) + _HEAD} bytes"
        out.fault("unsupported_category", detail, place)
        return
    if records.problem:
        out.fault("bad_record", f"category {category}, {records.problem}", place)
    _records(state, category, records, out)


def _records(state: Asterix, category: int, records: Records, out: Out) -> None:
    out.count(f"cat{category:03d} records", len(records.records))
    reader = READERS[category]
    for record in records.records:
        reader(record, records.edition, state.config, state.rotations, out)
