"""The site and the models as the kernels want them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import chdtri

from tocsin.contract import F64, MODE_COUNT, NS, Plots, Sensor, SensorKind
from tocsin.geo import MEAN_RADIUS_M
from tocsin.track.config import TrackConfig
from tocsin.track.detection import MOST, everywhere, joined
from tocsin.track.kernels_contest import Rules
from tocsin.track.past import Past
from tocsin.track.seen import nobody_looked
from tocsin.track.state import Edge, Heard, Rotation, Site, TrackState, blank, no_hypotheses

MOST_SENSORS = 64
SOUND_MPS = 340.3
"""In air of 15 degrees Celsius. Source: ISO 9613-1."""
_NO_AZIMUTH_NOISE_RAD = 0.002
_CLIMB = 4.0
SILENT_INTERVALS = 4.0
"""A track that is silent for longer, in intervals between its plots, is over."""
_FEW_INTERVALS = 2.5
"""A track that is silent for longer has not manoeuvred: it is lost."""


def start(config: TrackConfig) -> TrackState:
    """Return the tracker before the first batch.

    Raises:
        ValueError: more sensors than a track's sensor bits can name, or more models than modes.
    """
    if len(config.sensors) > MOST_SENSORS:
        raise ValueError(f"{len(config.sensors)} sensors; a site may have {MOST_SENSORS}")
    if len(config.models.models) > MODE_COUNT:
        raise ValueError(f"{len(config.models.models)} models; a set may have {MODE_COUNT}")
    count = len(config.sensors)
    nobody = Edge(0, np.zeros(0, np.uint32), np.zeros(0))
    density, at_ns = nobody_looked(count)
    return TrackState(
        config=config,
        site=_site(config),
        bank=blank(config, 0),
        undetected_pm3=density,
        undetected_at_ns=at_ns,
        hypotheses=no_hypotheses(),
        waiting=Plots.empty(),
        heard=Heard.none(),
        away={},
        edges=(nobody,) * count,
        rotations=(Rotation(),) * count,
    )


def _site(config: TrackConfig) -> Site:
    sensors = config.sensors
    located = np.array([np.isfinite(s.latitude_deg) for s in sensors], bool)
    period_s = np.array([s.period_s for s in sensors], float)
    hit = _hits(sensors)
    gates = [chdtri(dimension, 1.0 - config.gate_probability) for dimension in (2, 3)]
    return Site(
        place=np.array([_place(config, s) for s in sensors]).reshape(len(sensors), 19),
        located=located,
        swept=located & np.array([s.kind == SensorKind.RADAR for s in sensors], bool),
        hit=hit,
        detection=everywhere(hit) if config.detection is None else config.detection,
        period_ns=np.round(period_s * NS).astype(np.int64),
        patience_ns=np.array([_patience_ns(config, s) for s in sensors], np.int64),
        gates=np.array(gates),
        ends=np.array(
            [config.poisson_floor, config.silence_s, SILENT_INTERVALS, config.longest_silence_s]
        ),
        judged=np.array(
            [
                config.confirm_probability,
                config.confirm_plots,
                config.recycle,
                config.end_probability,
            ]
        ),
        spread=np.array(
            [
                config.height_std_m,
                config.speed_std_mps,
                config.climb_std_mps,
                config.reported_speed_std_mps,
                config.fast_speed_std_mps,
            ]
        ),
        manoeuvre=np.array(
            [config.manoeuvre_std_mps2, config.manoeuvre_probability, _FEW_INTERVALS]
        ),
        angle_gates=np.array([chdtri(n, 1.0 - config.gate_probability) for n in range(1, 5)]),
        cells=tuple(_cell(s) for s in sensors),
        slowness=np.array([s.kind == SensorKind.ACOUSTIC for s in sensors], float) / SOUND_MPS,
        rules=_rules(config),
    )


def _cell(sensor: Sensor) -> F64:
    """Return a radar's cell of resolution; nothing if it tells all targets apart."""
    cell = np.array([sensor.range_cell_m, sensor.azimuth_cell_rad, sensor.elevation_cell_rad])
    located = np.isfinite([*cell[:2], sensor.latitude_deg]).all()
    return cell if located and sensor.kind == SensorKind.RADAR else cell[:0]


def _hits(sensors: tuple[Sensor, ...]) -> F64:
    return np.array([min(s.detection_probability, MOST) for s in sensors], float)


def _rules(config: TrackConfig) -> Rules:
    return Rules(
        model=config.models.arrays(len(config.models.models)),
        limit=np.array([config.life_s, config.height_std_m, _CLIMB * config.climb_std_mps]),
        most_hypotheses=config.most_hypotheses,
        cut=config.cut_nats,
        least_weight=config.least_weight,
        most_nodes=config.most_nodes,
        recycle=config.recycle,
        merge2=config.merge2,
        near2=config.near2,
        poisson_floor=config.poisson_floor,
    )


def _patience_ns(config: TrackConfig, sensor: Sensor) -> int:
    """Return how late a sensor's plot may come: people need a while to speak."""
    more_s = {SensorKind.RADAR: sensor.period_s, SensorKind.PEOPLE: config.longest_silence_s}
    return round((config.late_s + more_s.get(sensor.kind, 0.0)) * NS)


def _place(config: TrackConfig, sensor: Sensor) -> F64:
    if np.isnan(sensor.latitude_deg):
        return np.full(19, np.nan)
    point = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
    own = config.region.from_geodetic(*(np.array([value]) for value in point))[0]
    rotation = config.region.local_rotation(sensor.latitude_deg, sensor.longitude_deg)
    azimuth_std = np.nan_to_num(sensor.azimuth_std_rad, nan=_NO_AZIMUTH_NOISE_RAD)
    limits = [sensor.range_m, sensor.elevation_min_rad, sensor.elevation_max_rad]
    earth = [2.0 * sensor.earth_factor * MEAN_RADIUS_M, MEAN_RADIUS_M]
    rest = [*limits, sensor.height_wgs84_m, *earth, azimuth_std]
    return np.concatenate([own, rotation.reshape(9), rest])


def with_sensors(state: TrackState, sensors: tuple[Sensor, ...]) -> TrackState:
    """Return the tracker with further sensors after those it has.

    Args:
        state: the tracker.
        sensors: the sensors it has, then new ones.

    Raises:
        ValueError: more sensors than a track's sensor bits can name.
    """
    known, table = len(state.config.sensors), state.config.detection
    if table is not None:
        table = joined(table, everywhere(_hits(sensors[known:])))
    config = replace(state.config, sensors=sensors, detection=table)
    fresh = start(config)
    heard = np.zeros((state.bank.size, len(sensors)), np.int64)
    heard[:, :known] = state.bank.heard_ns
    return state._replace(
        undetected_pm3=np.vstack([state.undetected_pm3, fresh.undetected_pm3[known:]]),
        undetected_at_ns=np.vstack([state.undetected_at_ns, fresh.undetected_at_ns[known:]]),
        config=config,
        site=fresh.site,
        bank=state.bank._replace(heard_ns=heard),
        edges=state.edges + fresh.edges[known:],
        rotations=state.rotations + fresh.rotations[known:],
        past=Past(state.past.now_ns),
    )
