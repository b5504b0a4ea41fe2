"""The rooms in a row: one tick of frames in, one air picture and its warnings out.

Everything that decides is in here and nothing that waits: the same object runs live, in replay,
over files and in tests, and its state can be copied, stored and taken up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tocsin import decode, picture, plots, track, warn
from tocsin.contract import (
    I64,
    NS,
    Faults,
    Forecasts,
    Frames,
    Looks,
    Notices,
    Objects,
    OperatorActions,
    Origin,
    Plots,
    ReportKind,
    Reports,
    Sensor,
    SensorHealth,
    SensorKind,
    Tracks,
    TrackUpdates,
    Warnings,
    Zone,
)
from tocsin.geo import Region

SHIFT_TOLERANCE_NS = 10 * NS
"""A shifted input may come this much earlier or later than it should before it is shifted anew."""
HEAD_MAX_BYTES = 65_536
"""An input whose format is not known after this many bytes is given up."""


@dataclass(frozen=True)
class PipelineConfig:
    """Set up the rooms.

    Args:
        origin: of the region frame.
        sensors: known sensors; others are added as they are heard.
        zones: areas to warn; none: no warnings are decided.
        policy: warning policy.
        names: sensor ids by ASTERIX (SAC, SIC).
        formats: format per input where it is not to be told from the bytes.
        shifted: inputs whose own times are shifted to when they are received.
        output_period_s: between track outputs; None: at each distinct plot time.
    """

    origin: Origin
    sensors: tuple[Sensor, ...] = ()
    zones: tuple[Zone, ...] = ()
    policy: warn.Policy = field(default_factory=warn.Policy)
    names: Mapping[tuple[int, int], str] = field(default_factory=dict)
    formats: Mapping[str, str | None] = field(default_factory=dict)
    shifted: frozenset[str] = frozenset()
    output_period_s: float | None = 1.0


@dataclass(frozen=True)
class TickOut:
    """Hold what one tick made, room by room."""

    now_ns: int
    reports: Reports
    looks: Looks
    faults: Faults
    plots: Plots
    updates: TrackUpdates
    tracks: Tracks
    health: SensorHealth
    forecasts: Forecasts
    warnings: Warnings
    notices: Notices


@dataclass
class Undetected:
    """Hold the first bytes of an input until its format is known."""

    head: bytes = b""
    given_up: bool = False


@dataclass
class PipelineState:
    """Hold everything that the next tick depends on."""

    inputs: dict[str, decode.DecodeState | Undetected]
    offsets_ns: dict[str, int]
    sensors: tuple[Sensor, ...]
    plots: Any
    track: Any
    picture: Any
    warn: Any


class Pipeline:
    """Work ticks in order; `state` is everything that the next tick depends on."""

    def __init__(self, config: PipelineConfig) -> None:
        """Start all rooms."""
        region, sensors = Region.at(config.origin), config.sensors
        period = config.output_period_s
        self.config = config
        self.state = PipelineState(
            inputs={},
            offsets_ns={},
            sensors=sensors,
            plots=plots.start(plots.PlotsConfig(region, sensors)),
            track=track.start(track.TrackConfig(region, sensors, output_period_s=period)),
            picture=picture.start(picture.PictureConfig(region, sensors, config.zones)),
            warn=warn.start(warn.WarnConfig(config.zones, region, config.policy)),
        )

    def tick(self, frames: Frames, actions: OperatorActions, now_ns: int) -> TickOut:
        """Work the frames of one tick.

        Args:
            frames: what came since the last tick, in order of arrival; a frame without bytes
                starts its input anew.
            actions: what operators did since.
            now_ns: the tick's time.
        """
        parts = [self._decode(str(s), frames, now_ns) for s in _in_order(frames.source_id)]
        reports = Reports.concat([part.reports for part in parts])
        looks = Looks.concat([part.looks for part in parts])
        faults = Faults.concat([part.faults for part in parts])
        return self.work(
            reports.sorted_by("measured_at_ns", "sensor_id", "sequence"),
            looks.sorted_by("start_ns", "sensor_id"),
            faults,
            actions,
            now_ns,
        )

    def work(
        self, reports: Reports, looks: Looks, faults: Faults, actions: OperatorActions, now_ns: int
    ) -> TickOut:
        """Work the reports of one tick: plots, tracks, picture, warnings.

        Args:
            reports: in order of (measured_at_ns, sensor_id, sequence).
            looks: what the sensors swept, in order of start.
            faults: what decoding could not use.
            actions: what operators did.
            now_ns: the tick's time.
        """
        state = self.state
        self._add_sensors(reports)
        state.plots, located = plots.step(state.plots, reports, now_ns)
        state.track, updates = track.step(state.track, located.plots, looks, now_ns)
        faults = Faults.concat([faults, located.faults])
        state.picture, seen = picture.step(
            state.picture,
            picture.PictureIn(
                updates, located.external, located.identities, reports, faults, actions, looks
            ),
            now_ns,
        )
        state.warn, decided = warn.step(state.warn, seen.tracks, now_ns, actions)
        return TickOut(
            now_ns,
            reports,
            looks,
            faults,
            located.plots,
            updates,
            seen.tracks,
            seen.health,
            decided.forecasts,
            decided.warnings,
            seen.notices,
        )

    def _decode(self, source_id: str, frames: Frames, now_ns: int) -> decode.Decoded:
        mine = frames.take(frames.source_id == source_id)
        resets = np.flatnonzero([payload is None for payload in mine.payload])
        if len(resets):
            self.state.inputs.pop(source_id, None)
            mine = mine.take(slice(int(resets[-1]) + 1, None))
        opened = self._opened(source_id, mine)
        if isinstance(opened, Undetected):
            return _nothing()
        self.state.inputs[source_id], decoded = decode.step(opened[0], opened[1], now_ns)
        return self._shifted(decoded) if source_id in self.config.shifted else decoded

    def _shifted(self, decoded: decode.Decoded) -> decode.Decoded:
        """Return each sensor's reports with its first one measured when it was received.

        A recording that starts over jumps back in time; it is then shifted anew.
        """
        reports, looks = decoded.reports, decoded.looks
        for sensor_id in plots.sensors_seen(reports):
            first = int(np.argmax(reports.sensor_id == sensor_id))
            delay_ns = int(reports.received_at_ns[first] - reports.measured_at_ns[first])
            known_ns = self.state.offsets_ns.get(sensor_id)
            if known_ns is None or abs(delay_ns - known_ns) > SHIFT_TOLERANCE_NS:
                self.state.offsets_ns[sensor_id] = delay_ns
        mine, swept = self._offsets_ns(reports.sensor_id), self._offsets_ns(looks.sensor_id)
        return decoded._replace(
            reports=reports.replace(measured_at_ns=reports.measured_at_ns + mine),
            looks=looks.replace(start_ns=looks.start_ns + swept, end_ns=looks.end_ns + swept),
        )

    def _offsets_ns(self, sensor_ids: Objects) -> I64:
        offsets = [self.state.offsets_ns.get(sensor_id, 0) for sensor_id in sensor_ids.tolist()]
        return np.array(offsets, np.int64)

    def _opened(
        self, source_id: str, frames: Frames
    ) -> tuple[decode.DecodeState, Frames] | Undetected:
        """Return an input's decoder with its frames, or what is held while nobody knows it."""
        known = self.state.inputs.get(source_id, Undetected())
        if not isinstance(known, Undetected):
            return known, frames
        fmt = self.config.formats.get(source_id)
        if fmt is None and not known.given_up:
            known = Undetected(known.head + b"".join(frames.payload))
            fmt = decode.detect(known.head)
            if fmt is not None and len(frames):
                first = np.array([known.head], object)
                frames = frames.take(slice(-1, None)).replace(payload=first)
        if fmt is not None:
            return decode.start(fmt, source_id, self._decode_config(source_id)), frames
        held = Undetected(known.head[:HEAD_MAX_BYTES], len(known.head) >= HEAD_MAX_BYTES)
        self.state.inputs[source_id] = held
        return held

    def _decode_config(self, source_id: str) -> decode.DecodeConfig:
        """Return what an input's bytes do not say; a lone receiver stands at the origin."""
        places = [s for s in self.config.sensors if s.sensor_id == source_id]
        receiver = None if self.config.sensors else self.config.origin
        if places and np.isfinite(places[0].latitude_deg):
            own = places[0]
            receiver = Origin(own.latitude_deg, own.longitude_deg, own.height_wgs84_m)
        return decode.DecodeConfig(receiver=receiver, sensor_names=self.config.names)

    def _add_sensors(self, reports: Reports) -> None:
        """Take sensors that the site does not name into it, with what their reports tell."""
        known = {sensor.sensor_id for sensor in self.state.sensors}
        room = track.MOST_SENSORS - len(known)
        names = [n for n in plots.sensors_seen(reports) if n not in known][:room]
        if not names:
            return
        new = tuple(_guess_sensor(n, reports.take(reports.sensor_id == n)) for n in names)
        state, state.sensors = self.state, self.state.sensors + new
        state.plots = plots.with_sensors(state.plots, state.sensors)
        state.track = track.with_sensors(state.track, state.sensors)
        state.picture = picture.with_sensors(state.picture, state.sensors)


def _in_order(names: np.ndarray) -> list[str]:
    return list(dict.fromkeys(names.tolist()))


def _nothing() -> decode.Decoded:
    return decode.Decoded(Reports.empty(), Looks.empty(), Faults.empty())


def _guess_sensor(sensor_id: str, reports: Reports) -> Sensor:
    """Return a sensor that only its reports describe; its place stays unknown."""
    kinds = set(reports.kind.tolist())
    if ReportKind.EXTERNAL_TRACK in kinds:
        return Sensor(sensor_id, SensorKind.EXTERNAL)
    if ReportKind.SIGHTING in kinds:
        return Sensor(sensor_id, SensorKind.PEOPLE, period_s=3600.0)
    if kinds & {ReportKind.POSITION, ReportKind.IDENTITY}:
        return Sensor(sensor_id, SensorKind.ADSB_RECEIVER)
    return Sensor(sensor_id, SensorKind.RADAR)
