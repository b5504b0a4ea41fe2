"""Inputs of a run: frames of bytes to reports, each input with its own decoder.

What an input makes unusable (bytes of no known format, bytes lost before they could be decoded,
more sensors than one input may bring) is a fault, and where a person must act, a notice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from tocsin import decode, plots
from tocsin.contract import (
    I64,
    NS,
    Faults,
    Frames,
    Looks,
    NoticeKind,
    Notices,
    Objects,
    Origin,
    Reports,
    Sensor,
)

SHIFT_TOLERANCE_NS = 10 * NS
"""A shifted input may come this much earlier or later than it should before it is shifted anew."""
HEAD_MAX_BYTES = 65_536
"""An input whose format is not known after this many bytes is given up."""
MOST_BROUGHT = 16
"""An input may bring so many sensors that the site does not name, besides one of its own name."""
NOTICE_PAUSE_NS = 600 * NS
"""A loss that goes on, or comes back within this time, is told once."""
_TOLD = {
    "dropped": NoticeKind.OVERFLOW,
    "unknown_format": NoticeKind.INPUT_REFUSED,
    "whole_file_format": NoticeKind.INPUT_REFUSED,
    "too_many_sensors": NoticeKind.INPUT_REFUSED,
}


@dataclass(frozen=True)
class InputsConfig:
    """Tell what bytes do not say; the fields are those of `PipelineConfig`."""

    origin: Origin
    sensors: tuple[Sensor, ...]
    names: Mapping[tuple[int, int], str]
    formats: Mapping[str, str | None]
    shifted: frozenset[str]


@dataclass
class Undetected:
    """Hold the first bytes of an input until its format is known."""

    head: bytes = b""
    given_up: bool = False


@dataclass
class InputsState:
    """Hold what the inputs need from tick to tick.

    Args:
        decoders: by input; what is held until its format is known, where it is not.
        offsets_ns: by sensor of a shifted input, what is added to its times.
        brought: by sensor that the site does not name, the input that it came from.
        told_ns: by input and kind of fault, when a notice of it was last due.
    """

    decoders: dict[str, decode.DecodeState | Undetected] = field(default_factory=dict)
    offsets_ns: dict[str, int] = field(default_factory=dict)
    brought: dict[str, str] = field(default_factory=dict)
    told_ns: dict[tuple[str, str], int] = field(default_factory=dict)


class Heard(NamedTuple):
    """Hold what the inputs said in one tick."""

    reports: Reports
    looks: Looks
    faults: Faults
    notices: Notices


def hear(state: InputsState, config: InputsConfig, frames: Frames, now_ns: int) -> Heard:
    """Decode the frames of one tick; the state is changed in place.

    Args:
        state: before.
        config: the site.
        frames: in order of arrival; a frame without bytes starts its input anew.
        now_ns: the tick's time.
    """
    parts = []
    for source_id in dict.fromkeys(frames.source_id.tolist()):
        mine = frames.take(frames.source_id == source_id)
        for part in _decoded(state, config, source_id, mine, now_ns):
            parts.append(_admitted(state, config, source_id, part))
    reports = Reports.concat([part.reports for part in parts])
    looks = Looks.concat([part.looks for part in parts])
    faults = Faults.concat([part.faults for part in parts])
    return Heard(
        reports.sorted_by("measured_at_ns", "sensor_id", "sequence"),
        looks.sorted_by("start_ns", "sensor_id"),
        faults,
        _notices(state, faults, now_ns),
    )


def _decoded(
    state: InputsState, config: InputsConfig, source_id: str, frames: Frames, now_ns: int
) -> list[decode.Decoded]:
    """Decode one input's frames, before and after each new connection."""
    parts = [_losses(source_id, frames)]
    anew = [k for k, payload in enumerate(frames.payload) if payload is None]
    begin = 0
    for end in (*anew, len(frames)):
        if end > begin:
            some = frames.take(slice(begin, end))
            part = _fed(state, config, source_id, some, now_ns)
            parts.append(_shifted(state, part) if source_id in config.shifted else part)
        if end < len(frames):
            parts.append(_ended(state, source_id, now_ns))
        begin = end + 1
    return parts


def _losses(source_id: str, frames: Frames) -> decode.Decoded:
    """Return what was lost on the way here as faults."""
    told = frames.take(np.array([bool(lost) for lost in frames.lost], bool))
    return decode.Decoded(
        Reports.empty(),
        Looks.empty(),
        Faults.build(
            len(told),
            received_at_ns=told.received_at_ns,
            source_id=source_id,
            kind="dropped",
            offset_bytes=-1,
            detail=told.lost,
        ),
    )


def _fed(
    state: InputsState, config: InputsConfig, source_id: str, frames: Frames, now_ns: int
) -> decode.Decoded:
    known = state.decoders.get(source_id, Undetected())
    if isinstance(known, decode.DecodeState):
        state.decoders[source_id], decoded = decode.step(known, frames, now_ns)
        return decoded
    if known.given_up:
        return _silence()
    head = known.head + b"".join(frames.payload)
    fmt = config.formats.get(source_id)
    if fmt is None:
        fmt = decode.detect(head)
        first = np.array([head], object)
        frames = frames.take(slice(-1, None)).replace(payload=first)
    given_up = len(head) >= HEAD_MAX_BYTES if fmt is None else decode.FORMATS[fmt].whole
    if fmt is None or given_up:
        held = Undetected(b"" if given_up else head, given_up)
        state.decoders[source_id] = held
        return _refusal(source_id, fmt, now_ns) if given_up else _silence()
    begun = decode.start(fmt, source_id, _decode_config(config, source_id))
    state.decoders[source_id], decoded = decode.step(begun, frames, now_ns)
    return decoded


def _ended(state: InputsState, source_id: str, now_ns: int) -> decode.Decoded:
    """Return what the end of a connection leaves: a last unit, or the fault that it was cut."""
    known = state.decoders.pop(source_id, Undetected())
    if isinstance(known, decode.DecodeState):
        return decode.finish(known, now_ns)
    if not known.head:
        return _silence()
    detail = f"{len(known.head)} bytes of a connection that ended before its format was known"
    return _silence()._replace(faults=_fault(source_id, "truncated", detail, now_ns))


def _refusal(source_id: str, fmt: str | None, now_ns: int) -> decode.Decoded:
    if fmt is None:
        kind, detail = "unknown_format", f"{HEAD_MAX_BYTES} bytes are of no known format"
    else:
        kind, detail = "whole_file_format", f"{fmt} can only be read as a whole file, not live"
    mend = f"input {source_id} is not read; see docs/reference/formats.md"
    return _silence()._replace(faults=_fault(source_id, kind, f"{detail}: {mend}", now_ns))


def _silence() -> decode.Decoded:
    return decode.Decoded(Reports.empty(), Looks.empty(), Faults.empty())


def _fault(source_id: str, kind: str, detail: str, now_ns: int) -> Faults:
    return Faults.build(
        1,
        received_at_ns=now_ns,
        source_id=[source_id],
        kind=kind,
        offset_bytes=-1,
        detail=detail,
    )


def _decode_config(config: InputsConfig, source_id: str) -> decode.DecodeConfig:
    """Return what an input's bytes do not say; a lone receiver stands at the origin."""
    places = [s for s in config.sensors if s.sensor_id == source_id]
    receiver = None if config.sensors else config.origin
    if places and np.isfinite(places[0].latitude_deg):
        own = places[0]
        receiver = Origin(own.latitude_deg, own.longitude_deg, own.height_wgs84_m)
    return decode.DecodeConfig(receiver=receiver, sensor_names=config.names)


def _shifted(state: InputsState, decoded: decode.Decoded) -> decode.Decoded:
    """Return each sensor's reports with its first one measured when it was received.

    A recording that starts over jumps back in time; it is then shifted anew.
    """
    reports, looks = decoded.reports, decoded.looks
    for sensor_id in plots.sensors_seen(reports):
        first = int(np.argmax(reports.sensor_id == sensor_id))
        delay_ns = int(reports.received_at_ns[first] - reports.measured_at_ns[first])
        known_ns = state.offsets_ns.get(sensor_id)
        if known_ns is None or abs(delay_ns - known_ns) > SHIFT_TOLERANCE_NS:
            state.offsets_ns[sensor_id] = delay_ns
    mine, swept = _offsets_ns(state, reports.sensor_id), _offsets_ns(state, looks.sensor_id)
    return decoded._replace(
        reports=reports.replace(measured_at_ns=reports.measured_at_ns + mine),
        looks=looks.replace(start_ns=looks.start_ns + swept, end_ns=looks.end_ns + swept),
    )


def _offsets_ns(state: InputsState, sensor_ids: Objects) -> I64:
    return np.array([state.offsets_ns.get(name, 0) for name in sensor_ids.tolist()], np.int64)


def _admitted(
    state: InputsState, config: InputsConfig, source_id: str, decoded: decode.Decoded
) -> decode.Decoded:
    """Leave out the reports of sensors beyond those that one input may bring.

    So no input can take the room of the others by inventing names.
    """
    seen = plots.sensors_seen(decoded.reports)
    named = {source_id, *(sensor.sensor_id for sensor in config.sensors)}
    new = [name for name in seen if name not in named and name not in state.brought]
    room = MOST_BROUGHT - sum(source == source_id for source in state.brought.values())
    state.brought.update(dict.fromkeys(new[:room], source_id))
    refused = np.isin(decoded.reports.sensor_id.astype(str), new[room:])
    if not refused.any():
        return decoded
    strays = decoded.reports.take(refused)
    more = [f"{name}: a sensor beyond the {MOST_BROUGHT} that one input may bring without the site"
            " naming them" for name in strays.sensor_id]  # fmt: skip
    faults = Faults.build(
        len(strays),
        received_at_ns=strays.received_at_ns,
        source_id=source_id,
        kind="too_many_sensors",
        offset_bytes=-1,
        detail=more,
    )
    reports = decoded.reports.take(~refused)
    return decoded._replace(reports=reports, faults=Faults.concat([decoded.faults, faults]))


def _notices(state: InputsState, faults: Faults, now_ns: int) -> Notices:
    """Return a notice for each input and kind of loss that was not told lately."""
    first: dict[tuple[str, str], str] = {}
    for row in faults.rows():
        if row["kind"] in _TOLD:
            first.setdefault((str(row["source_id"]), str(row["kind"])), str(row["detail"]))
    due = [key for key in first if _is_due(state.told_ns.get(key), now_ns)]
    state.told_ns.update(dict.fromkeys(first, now_ns))
    return Notices.build(
        len(due),
        decided_at_ns=now_ns,
        notice_id=[f"input-{source_id}-{kind}" for source_id, kind in due],
        kind=[_TOLD[kind] for _, kind in due],
        sensor_id=[source_id for source_id, _ in due],
        text=[f"Input {key[0]}: {first[key]}." for key in due],
    )


def _is_due(told_ns: int | None, now_ns: int) -> bool:
    return told_ns is None or abs(now_ns - told_ns) > NOTICE_PAUSE_NS
