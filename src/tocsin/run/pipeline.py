"""The rooms in a row: one tick of frames in, one air picture and its warnings out.

Everything that decides is in here and nothing that waits: the same object runs live, in replay,
over files and in tests, and its state can be copied, stored and taken up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tocsin import picture, plots, track, warn
from tocsin.contract import (
    Associations,
    Biases,
    Designated,
    Faults,
    Forecasts,
    Frames,
    Innovations,
    Looks,
    Notices,
    OperatorActions,
    Origin,
    Pending,
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
from tocsin.run.detection import looked, table_text
from tocsin.run.inputs import InputsConfig, InputsState, hear
from tocsin.run.told import told


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
        registration: whether the sensors' biases are learned and taken out.
        clutter_maps: whether the radars' false plots are learned, cell by cell.
        detection: how probably the sensors detect, by range, height and terrain; None: as they
            say, all over their coverage.
        silenced: sensors whose words are dropped, as if they were dead: to ask what if.
    """

    origin: Origin
    sensors: tuple[Sensor, ...] = ()
    zones: tuple[Zone, ...] = ()
    policy: warn.Policy = field(default_factory=warn.Policy)
    names: Mapping[tuple[int, int], str] = field(default_factory=dict)
    formats: Mapping[str, str | None] = field(default_factory=dict)
    shifted: frozenset[str] = frozenset()
    output_period_s: float | None = 1.0
    registration: bool = True
    clutter_maps: bool = True
    detection: track.DetectionTable | None = field(default=None, compare=False, repr=False)
    silenced: frozenset[str] = frozenset()


@dataclass(frozen=True)
class TickOut:
    """Hold what one tick made, room by room.

    Of tracks, `tracks` has each new instant and `current` the latest: the picture now.
    """

    now_ns: int
    reports: Reports
    looks: Looks
    faults: Faults
    plots: Plots
    biases: Biases
    updates: TrackUpdates
    innovations: Innovations
    tracks: Tracks
    current: Tracks
    health: SensorHealth
    forecasts: Forecasts
    warnings: Warnings
    pending: Pending
    designated: Designated
    notices: Notices


@dataclass
class PipelineState:
    """Hold everything that the next tick depends on.

    `associations` is what the tracker made of this tick's plots: the next tick's `plots` learn the
    sensors' biases and false plots from it, since the two rooms do not know each other.
    """

    inputs: InputsState
    sensors: tuple[Sensor, ...]
    plots: Any
    track: Any
    picture: Any
    warn: Any
    associations: Associations = field(default_factory=Associations.empty)


class Pipeline:
    """Work ticks in order; `state` is everything that the next tick depends on."""

    def __init__(self, config: PipelineConfig) -> None:
        """Start all rooms."""
        region, sensors = Region.at(config.origin), config.sensors
        period = config.output_period_s
        self.config = config
        self._inputs = InputsConfig(
            config.origin, sensors, config.names, config.formats, config.shifted
        )
        self.state = PipelineState(
            inputs=InputsState(),
            sensors=sensors,
            plots=plots.start(
                plots.PlotsConfig(
                    region,
                    sensors,
                    registration=plots.RegistrationConfig(enabled=config.registration),
                    clutter=plots.ClutterConfig(enabled=config.clutter_maps),
                )
            ),
            track=track.start(
                track.TrackConfig(
                    region,
                    sensors,
                    output_period_s=period,
                    associations=True,
                    detection=looked(config.detection, sensors),
                )
            ),
            picture=picture.start(
                picture.PictureConfig(region, sensors, config.zones, sight=_sight(config.detection))
            ),
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
        heard = hear(self.state.inputs, self._inputs, frames, now_ns)
        reports, looks = heard.reports, heard.looks
        if self.config.silenced:
            dead = sorted(self.config.silenced)
            reports = reports.take(~np.isin(reports.sensor_id.astype(str), dead))
            looks = looks.take(~np.isin(looks.sensor_id.astype(str), dead))
        out = self.work(reports, looks, heard.faults, actions, now_ns)
        notices = [told(actions, now_ns), heard.notices, out.notices]
        return replace(out, notices=Notices.concat(notices))

    def move(self, config: PipelineConfig) -> str:
        """Go on under another site; return what operators must know of that.

        What was learned stays where it still holds: warnings of zones that stay, how sensors were
        heard, and the tracks unless the sensors or the region changed. Warnings of zones that are
        no more are cancelled with the next tick.
        """
        former, old = self.config, self.state
        fresh = Pipeline(config)
        self.config, self._inputs, self.state = config, fresh._inputs, fresh.state
        named = {sensor.sensor_id for sensor in config.sensors}
        brought = old.sensors[len(former.sensors) :]
        self.know(config.sensors + tuple(s for s in brought if s.sensor_id not in named))
        state = self.state
        state.inputs = InputsState(brought=old.inputs.brought, told_ns=old.inputs.told_ns)
        stays = _frame(former) == _frame(config)
        if stays:
            state.plots, state.track = old.plots, old.track
            state.associations = old.associations
        else:
            state.track = state.track._replace(next_number=old.track.next_number)
        state.picture = picture.succeed(state.picture, old.picture)
        state.warn = warn.succeed(state.warn, old.warn)
        tracks = (
            "tracks go on"
            if stays
            else "sensors, place, terrain or registration too, so tracks start afresh"
        )
        return f"The site was changed; {tracks}."

    def know(self, sensors: tuple[Sensor, ...]) -> None:
        """Take in sensors beyond those of the site; `sensors` begins with those it has."""
        state, state.sensors = self.state, sensors
        state.plots = plots.with_sensors(state.plots, sensors)
        state.track = track.with_sensors(state.track, sensors)
        state.picture = picture.with_sensors(state.picture, sensors)

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
        fit = track.credible(state.track, looks, now_ns)
        faults, looks = (
            Faults.concat([faults, _look_faults(looks.take(~fit), now_ns)]),
            looks.take(fit),
        )
        state.plots, located = plots.step(state.plots, reports, now_ns, state.associations, looks)
        true = plots.true_looks(state.plots, looks)
        state.track, tracked = track.step_in_full(state.track, located.plots, true, now_ns)
        state.associations = tracked.associations
        faults = Faults.concat([faults, located.faults])
        state.picture, seen = picture.step(
            state.picture,
            picture.PictureIn(
                tracked.updates,
                located.external,
                located.identities,
                reports,
                faults,
                actions,
                looks,
                state.track.last_output_ns,
            ),
            now_ns,
        )
        state.warn, decided = warn.step(state.warn, seen.current, now_ns, actions)
        return TickOut(
            now_ns,
            reports,
            looks,
            faults,
            located.plots,
            located.biases,
            tracked.updates,
            _innovations(tracked.associations, state.sensors),
            seen.tracks,
            seen.current,
            seen.health,
            decided.forecasts,
            decided.warnings,
            decided.pending,
            seen.designated,
            Notices.concat([located.notices, seen.notices]),
        )

    def _add_sensors(self, reports: Reports) -> None:
        """Take sensors that the site does not name into it, with what their reports tell."""
        known = {sensor.sensor_id for sensor in self.state.sensors}
        room = track.MOST_SENSORS - len(known)
        names = [n for n in plots.sensors_seen(reports) if n not in known][:room]
        if not names:
            return
        new = tuple(_guess_sensor(n, reports.take(reports.sensor_id == n)) for n in names)
        self.know(self.state.sensors + new)


def _sight(table: track.DetectionTable | None) -> picture.Sight | None:
    return None if table is None else picture.Sight(table.per_m, table.lowest_m)


def _frame(config: PipelineConfig) -> str:
    """Return what tracks depend on; as text, where a missing value equals itself."""
    learned = (config.registration, config.clutter_maps)
    told = (config.origin, config.sensors, config.output_period_s, *learned)
    return repr((*told, table_text(config.detection)))


def _innovations(rows: Associations, sensors: tuple[Sensor, ...]) -> Innovations:
    """Return what tells whether the tracker is as sure as it may be, by names that all know."""
    rows = rows.take(np.isfinite(rows.distance2))
    names = np.array([sensor.sensor_id for sensor in sensors], object)
    return Innovations.build(
        len(rows),
        measured_at_ns=rows.measured_at_ns,
        track_id=picture.track_ids(rows.number),
        sensor_id=names[rows.sensor],
        dimension=rows.dimension,
        distance2=rows.distance2,
        probability=rows.probability,
    )


def _look_faults(looks: Looks, now_ns: int) -> Faults:
    """Return one fault for each look whose times cannot be."""
    return Faults.build(
        len(looks),
        received_at_ns=now_ns,
        source_id=looks.sensor_id,
        kind="impossible look",
        offset_bytes=-1,
        detail="ends after its receipt, ends before it begins, or lasts longer than turns do",
    )


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
