"""Decode batches of bytes, or a whole recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tocsin.contract import Frames, InputError, ReportKind
from tocsin.decode.config import DecodeConfig
from tocsin.decode.detect import detect, refusal
from tocsin.decode.formats import FORMATS, Format
from tocsin.decode.out import Decoded, Out

HEAD_BYTES = 65_536
"""Bytes from the start of an input that tell its format."""


@dataclass
class DecodeState:
    """Hold one input's decoder between batches; it belongs to the latest step that returned it."""

    source_id: str
    format: Format
    config: DecodeConfig
    inner: Any
    sequences: dict[str, int] = field(default_factory=dict)


def start(fmt: str, source_id: str, config: DecodeConfig | None = None) -> DecodeState:
    """Return the state of an input before its first byte.

    Args:
        fmt: name of the format, one of `FORMATS`.
        source_id: name of the input; the sensor of reports that name none themselves.
        config: what the bytes do not say.

    Raises:
        InputError: no such format.
    """
    if fmt not in FORMATS:
        raise InputError(source_id, f"no format {fmt!r}", f"use one of {', '.join(FORMATS)}")
    known, config = FORMATS[fmt], config or DecodeConfig()
    return DecodeState(source_id, known, config, known.start(config))


def step(state: DecodeState, frames: Frames, now_ns: int) -> tuple[DecodeState, Decoded]:
    """Decode one batch of bytes; never raises on what they hold.

    Args:
        state: what the previous step returned; it is changed in place.
        frames: chunks of a stream, cut anywhere, or whole datagrams.
        now_ns: receive time for frames that carry none.
    """
    out = Out(state.source_id, now_ns)
    for received_at_ns, payload in zip(frames.received_at_ns.tolist(), frames.payload, strict=True):
        out.received_at_ns = received_at_ns or now_ns
        _guarded(state, out, partial(state.format.feed, state.inner, payload, out))
    return state, out.decoded(state.sequences)


def finish(state: DecodeState, now_ns: int) -> Decoded:
    """Return what the end of an input leaves: its last unit, or the fault that it was cut off.

    Raises:
        InputError: a Parquet file that cannot be read.
    """
    out = Out(state.source_id, now_ns)
    _guarded(state, out, partial(state.format.finish, state.inner, out))
    return out.decoded(state.sequences)


def _guarded(state: DecodeState, out: Out, decode: Callable[[], None]) -> None:
    """Decode; an error that no decoder foresaw costs its bytes, never the program."""
    try:
        decode()
    except InputError:
        raise
    except Exception as error:  # The bytes are already in the journal: they must not stop a replay.
        state.inner = state.format.start(state.config)
        out.fault("decoder_error", f"{type(error).__name__}: {str(error)!a}")


def decode_file(
    data: bytes,
    fmt: str | None = None,
    source_id: str = "file",
    config: DecodeConfig | None = None,
) -> Decoded:
    """Decode a whole recording.

    Args:
        data: the bytes, no longer compressed.
        fmt: name of the format; None: told from the bytes, then from `source_id`'s ending.
        source_id: name of the file; the sensor of reports that name none themselves.
        config: what the bytes do not say.

    Raises:
        InputError: the file is empty, of no known format, or of one that is known not to be read.
    """
    if not data:
        raise InputError(source_id, "is empty", "record it again")
    config = config or DecodeConfig()
    fmt = fmt or detect(data[:HEAD_BYTES], source_id)
    if fmt is None:
        raise refusal(data[:HEAD_BYTES], source_id)
    state = start(fmt, source_id, config)
    out = Out(source_id, config.recorded_on_ns, timeless=True)
    _guarded(state, out, partial(state.format.feed, state.inner, data, out))
    _guarded(state, out, partial(state.format.finish, state.inner, out))
    return out.decoded(state.sequences)


def summary(decoded: Decoded) -> dict[str, Any]:
    """Return how many units a recording held, and its faults by kind.

    Returns:
        `units`: count by unit (frames, records by category, lines, duplicates);
        `reports`: count by kind; `looks`: count; `faults`: count by kind.
    """
    kinds = [ReportKind(k).name.lower() for k in decoded.reports.kind.tolist()]
    return {
        "units": dict(decoded.counts),
        "reports": dict(sorted(Counter(kinds).items())),
        "looks": len(decoded.looks),
        "faults": dict(sorted(Counter(decoded.faults.kind.tolist()).items())),
    }
