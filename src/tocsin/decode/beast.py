"""Beast binary framing of Mode S messages, and the time of its counter.

A frame is 0x1A, a type ('1' Mode A/C, '2' short, '3' long, '4' status), six bytes of time, one of
signal level, then 2, 7, 14 or 14 bytes; every 0x1A inside is sent twice.

Source: Mode-S Beast wiki, "Data output formats"; the type '4' and the GPS time of day are the
Radarcape's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tocsin.contract import NS
from tocsin.decode.config import DecodeConfig
from tocsin.decode.mode_s import ModeS, decode_messages
from tocsin.decode.out import Out
from tocsin.decode.times import nearest_time_of_day

_ESCAPE = 0x1A
_SIZES = {0x31: 2, 0x32: 7, 0x33: 14, 0x34: 14}
_COUNTER_HZ = 12_000_000
_WRAP = 1 << 48
# Multilateration software marks the frames it makes up with this time ("MLAT").
_MADE_UP = 0xFF004D4C4154
# A delay longer than this is taken for a step of the receiving machine's clock.
_STALL_NS = 60 * NS


class Frame(NamedTuple):
    """Hold one Beast frame: its type, raw 48-bit time, signal level and message."""

    kind: int
    counter: int
    signal: int
    message: bytes


@dataclass
class Clock:
    """Relate a receiver's counter to UTC.

    The offset is the running minimum of receive time minus counter, because a delay only ever adds
    to it; it leaks upwards by 20 ppm so that it follows a crystal that runs slow.
    """

    offset_ns: int | None = None
    settled_ns: int = 0
    previous: int = 0
    previous_received_ns: int = 0
    turns: int = 0


@dataclass
class Beast:
    """Hold the bytes of an unfinished frame, the clock, and the aircraft heard."""

    config: DecodeConfig
    mode_s: ModeS
    clock: Clock = field(default_factory=Clock)
    rest: bytes = b""
    offset_bytes: int = 0


def start(config: DecodeConfig) -> Beast:
    """Return the state before the first byte."""
    return Beast(config, ModeS(config))


def feed(state: Beast, chunk: bytes, out: Out) -> None:
    """Decode one chunk of a stream that may be cut anywhere."""
    data = state.rest + chunk
    frames, used = cut(data, state.offset_bytes, out)
    state.rest = data[used:]
    state.offset_bytes += used
    _decode(state, frames, out)


def finish(state: Beast, out: Out) -> None:
    """Report the frame that the end of the recording cut off."""
    if state.rest:
        out.fault("truncated", f"{len(state.rest)} bytes of a frame at the end", state.offset_bytes)
    state.rest = b""


def cut(data: bytes, offset_bytes: int, out: Out) -> tuple[list[Frame], int]:
    """Return the whole frames in a stream's bytes, and how many bytes they used.

    Bytes that belong to no frame are one fault per run.
    """
    frames: list[Frame] = []
    at, junk = 0, 0
    while at < len(data):
        frame, size = _frame(data, at)
        if size == 0:  # cut off: wait for more
            break
        if junk and frame:
            out.fault("garbage", f"{junk} bytes belong to no frame", offset_bytes + at - junk)
            junk = 0
        if frame:
            frames.append(frame)
        else:
            junk += size
        at += size
    if junk:
        out.fault("garbage", f"{junk} bytes belong to no frame", offset_bytes + at - junk)
    return frames, at


def _frame(data: bytes, at: int) -> tuple[Frame | None, int]:
    """Return the frame at a place and its size; None: so many bytes of junk; 0: cut off."""
    if data[at] != _ESCAPE:
        following = data.find(_ESCAPE, at)
        return None, (following if following > 0 else len(data)) - at
    if at + 1 >= len(data):
        return None, 0
    size = _SIZES.get(data[at + 1])
    if size is None:
        return None, 2 if data[at + 1] == _ESCAPE else 1
    end = at + 2 + 7 + size
    body = data[at + 2 : end]
    if _ESCAPE in body:
        unescaped = _unescape(data, at + 2, 7 + size)
        if unescaped is None:
            return None, 0
        body, end = unescaped
    if len(body) < 7 + size:  # a new frame begins inside this one, or the chunk ends
        return None, 0 if end >= len(data) else end - at
    return Frame(data[at + 1], int.from_bytes(body[:6], "big"), body[6], body[7:]), end - at


def _unescape(data: bytes, at: int, size: int) -> tuple[bytes, int] | None:
    """Return up to `size` bytes without their escapes, and where they end; None: cut off."""
    body = bytearray()
    while len(body) < size:
        if at >= len(data):
            return None
        if data[at] == _ESCAPE:
            if at + 1 >= len(data):
                return None
            if data[at + 1] != _ESCAPE:
                break
            at += 1
        body.append(data[at])
        at += 1
    return bytes(body), at


def _decode(state: Beast, frames: list[Frame], out: Out) -> None:
    heard = [frame for frame in frames if frame.kind in (0x32, 0x33)]
    out.count("beast frames", len(frames))
    if len(frames) > len(heard):
        out.count("beast frames without mode s", len(frames) - len(heard))
    counters = [frame.counter for frame in heard]
    stamp = _stamp_gps if state.config.beast_clock == "gps" else _stamp_counter
    times = stamp(state.clock, counters, out.received_at_ns)
    decode_messages(state.mode_s, [frame.message for frame in heard], times, out)


def _stamp_gps(_: Clock, counters: Sequence[int], received_at_ns: int) -> list[int]:
    """Return UTC of GPS times of day: seconds in the upper 18 bits, nanoseconds below."""
    times = []
    for counter in counters:
        of_day_ns = (counter >> 30) * NS + (counter & 0x3FFFFFFF)
        received_at_ns = nearest_time_of_day(of_day_ns, received_at_ns)
        times.append(received_at_ns)
    return times


def _stamp_counter(clock: Clock, counters: Sequence[int], received_at_ns: int) -> list[int]:
    """Return UTC of 12 MHz counters that were received at one time.

    The offset of a run of counters is settled before any is stamped, so that the first message of a
    chunk is as well timed as the last; a jump of the counter begins a new run and a new offset.
    """
    times = [received_at_ns] * len(counters)
    run: list[int] = []
    elapsed_ns: list[int] = []
    for k, counter in enumerate(counters):
        if counter in (0, _MADE_UP):
            continue
        if _jumps(clock, counter, received_at_ns):
            _settle(clock, times, run, elapsed_ns, received_at_ns)
            run, elapsed_ns = [], []
            clock.offset_ns = None
        if counter < clock.previous - _WRAP // 2:
            clock.turns += 1
        clock.previous, clock.previous_received_ns = counter, received_at_ns
        run.append(k)
        elapsed_ns.append((clock.turns * _WRAP + counter) * 250 // 3)
    _settle(clock, times, run, elapsed_ns, received_at_ns)
    return times


def _jumps(clock: Clock, counter: int, received_at_ns: int) -> bool:
    """Tell whether a counter cannot follow the previous one: back by 1 s, or an hour ahead."""
    step = (counter - clock.previous + _WRAP // 2) % _WRAP - _WRAP // 2
    waited_ns = received_at_ns - clock.previous_received_ns
    return step < -_COUNTER_HZ or step * 250 // 3 > waited_ns + 3600 * NS


def _settle(
    clock: Clock, times: list[int], run: list[int], elapsed_ns: list[int], received_at_ns: int
) -> None:
    if not run:
        return
    newest_ns = max(elapsed_ns)
    offset = received_at_ns - newest_ns
    if clock.offset_ns is not None:
        leaked = clock.offset_ns + max(0, newest_ns - clock.settled_ns) // 50_000
        if offset - leaked < _STALL_NS:
            offset = min(offset, leaked)
    clock.settled_ns = newest_ns
    clock.offset_ns = offset
    for k, ns in zip(run, elapsed_ns, strict=True):
        times[k] = offset + ns


def encode(messages: Sequence[bytes], counters: Sequence[int], signal: int = 0x80) -> bytes:
    """Return Mode S messages as Beast frames.

    Args:
        messages: raw messages of 7 or 14 bytes.
        counters: 48-bit time of each, 12 MHz counter or GPS time of day.
        signal: level written into every frame, 0 to 255.

    >>> encode([bytes.fromhex("20000ca8f70aa7")], [0x1A]).hex()
    '1a3200000000001a1a8020000ca8f70aa7'
    """
    return b"".join(
        _encoded(message, counter % _WRAP, signal)
        for message, counter in zip(messages, counters, strict=True)
    )


def _encoded(message: bytes, counter: int, signal: int) -> bytes:
    body = counter.to_bytes(6, "big") + bytes([signal]) + message
    kind = b"3" if len(message) == 14 else b"2"
    return b"\x1a" + kind + body.replace(b"\x1a", b"\x1a\x1a")


def counter_at(elapsed_ns: int) -> int:
    """Return the 12 MHz counter so long after it was zero."""
    return elapsed_ns * 3 // 250 % _WRAP


def gps_counter_at(at_ns: int) -> int:
    """Return the GPS time of day of an instant in UTC, as a Radarcape writes it."""
    of_day_ns = at_ns % (86_400 * NS)
    return of_day_ns // NS << 30 | of_day_ns % NS
