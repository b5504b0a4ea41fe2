"""Our tracker on a scene: each scan is one look all round, its plots have their own covariances."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np

from bench._plots import cartesian, false_density
from bench._scenes import Estimate, Readout, Scan, Scene
from tocsin.contract import (
    NS,
    Bool,
    Dimension,
    Looks,
    Origin,
    Plots,
    Sensor,
    SensorKind,
    TrackStatus,
    TrackUpdates,
)
from tocsin.geo import Region, unpack_covariance
from tocsin.motion import Model, ModelSet, Noise
from tocsin.track import TrackConfig, start, step, step_in_full

T0_NS = 1_900_000_000 * NS
ORIGIN = Origin(0.0, 0.0)
_EVERYWHERE_M = 1e9
_BEYOND = ("turns", "recorded")
"""Truth that does more than a case's models say: there the tracker's own default stands."""
_FLAT = 1e9
"""Effective-earth factor of a flat earth."""


def tocsin(scene: Scene, **settings: Any) -> Iterator[Readout]:
    """Yield our estimates: every track that is reported.

    Args:
        scene: what to track.
        settings: of the tracker, beyond the case's models.
    """
    return (partial(read, updates, scene, config) for updates, config in tracked(scene, **settings))


def confirmed(scene: Scene) -> Iterator[Readout]:
    """Yield our confirmed tracks only, as the air picture shows them."""
    return (partial(read, updates, scene, None) for updates, _ in tracked(scene))


def late(scene: Scene) -> Iterator[Readout]:
    """Yield, for each scan but the first, the estimates of the scan before it, smoothed."""
    config = _config(scene, {"lag": True})
    state = start(config)
    for k, scan in enumerate(scene.scans):
        at_ns = T0_NS + round(scan.truth.at_s * NS)
        state, out = step_in_full(state, _plots(scene, scan, at_ns), _look(scan, at_ns), at_ns)
        if k:
            yield partial(read, out.lagged, scene, config)


class Spent(NamedTuple):
    """Hold what a step took.

    Args:
        wall_s: by the clock.
        cpu_s: of the process's processor time.
        located_s: by the clock, to locate its plots beforehand.
    """

    wall_s: float
    cpu_s: float
    located_s: float


def tracked(
    scene: Scene, spent: list[Spent] | None = None, **settings: Any
) -> Iterator[tuple[TrackUpdates, TrackConfig]]:
    """Yield what the tracker puts out after each scan, and its settings.

    Args:
        scene: what to track.
        spent: gets what each step took.
        settings: of the tracker, beyond the case's models.
    """
    config = _config(scene, settings)
    state = start(config)
    for scan in scene.scans:
        before = perf_counter()
        at_ns = T0_NS + round(scan.truth.at_s * NS)
        plots, look = _plots(scene, scan, at_ns), _look(scan, at_ns)
        begin, cpu = perf_counter(), process_time()
        state, updates = step(state, plots, look, at_ns)
        if spent is not None:
            spent.append(Spent(perf_counter() - begin, process_time() - cpu, begin - before))
        yield updates, config


def reported(updates: TrackUpdates, config: TrackConfig) -> Bool:
    """Return (n,) which tracks the tracker says are there."""
    return np.asarray(updates.existence_probability >= config.report_probability)


def motion(*noises_m2ps3: float, memory_s: float = 15.0) -> dict[str, Any]:
    """Return the settings for constant velocity at each of some noise densities, alike likely.

    The models of a case are told as its truth is made: nothing manoeuvres beyond them.
    """
    share = 1.0 / len(noises_m2ps3)
    models = tuple(Model(share, Noise(q, 0.0, 0.0, q)) for q in noises_m2ps3)
    return {"models": ModelSet(memory_s, models), "manoeuvre_probability": 0.0}


def _config(scene: Scene, settings: dict[str, Any]) -> TrackConfig:
    """Return the case's models; everything else is the tracker's own default."""
    models, d = scene.case.models, len(scene.field.low_m)
    survival_s = -models.period_s / np.log(models.survival_probability)
    # An expected target is undetected until its first plot; births are per second and m3.
    room = 4 * scene.targets + 1_000
    told: dict[str, Any] = {
        **motion(models.process_noise_m2ps3),
        "speed_std_mps": models.birth_speed_std_mps,
        "climb_std_mps": models.birth_speed_std_mps if d == 3 else 1.0,
        "life_s": float(survival_s),
        "birth_rate_pm3ps": scene.birth_density / models.period_s,
        "first_pm3": scene.first_density,
        "air_depth_m": 1.0,
        "max_tracks": max(room, TrackConfig.max_tracks),
        "max_edges": max(10 * room, TrackConfig.max_edges),
        "max_waiting": max(room, TrackConfig.max_waiting),
    }
    if scene.case.generator in _BEYOND:
        del told["manoeuvre_probability"]
    region = Region.at(ORIGIN)
    return TrackConfig(region, _sensors(scene), output_period_s=None, **{**told, **settings})


def _sensors(scene: Scene) -> tuple[Sensor, ...]:
    """Return one sensor for each radar that looks by itself, else one for all."""
    field, models = scene.field, scene.case.models
    alone = np.isfinite(field.reach_m)
    place = field.radars_m if alone else np.zeros((1, 2))
    periods = scene.case.scene.get("periods_s", [models.period_s] * len(place))
    cell = scene.case.scene.get("cell", [np.nan, np.nan])
    # Not on the ground: there even a flat earth has its horizon at once.
    east_north_up = np.column_stack([place[:, :2], np.full(len(place), 100.0)])
    latitude, longitude, height = Region.at(ORIGIN).to_geodetic(east_north_up)
    return tuple(
        Sensor(
            f"radar-{k}",
            SensorKind.RADAR,
            float(latitude[k]),
            float(longitude[k]),
            float(height[k]),
            range_m=field.reach_m if alone else _EVERYWHERE_M,
            period_s=periods[k],
            detection_probability=models.detection_probability,
            elevation_min_rad=-10.0,
            elevation_max_rad=10.0,
            earth_factor=_FLAT,
            range_cell_m=cell[0],
            azimuth_cell_rad=cell[1],
        )
        for k in range(len(place))
    )


def _plots(scene: Scene, scan: Scan, at_ns: int) -> Plots:
    place, cov = cartesian(scene, scan)
    count, d = place.shape
    position, spread = np.zeros((count, 3)), np.zeros((count, 3, 3))
    position[:, :d], spread[:, :d, :d] = place, cov
    return Plots.build(
        count,
        measured_at_ns=at_ns,
        received_at_ns=at_ns,
        sensor=scan.truth.radar,
        sequence=np.arange(count),
        dimension=int(Dimension.FULL if d == 3 else Dimension.HORIZONTAL),
        position_m=position,
        position_cov_m2=spread,
        false_density=false_density(scene, scan),
    )


def _look(scan: Scan, at_ns: int) -> Looks:
    return Looks.build(
        1,
        sensor_id=[f"radar-{scan.truth.radar}"],
        start_ns=[at_ns],
        end_ns=[at_ns],
        azimuth_from_rad=[0.0],
        azimuth_to_rad=[2.0 * np.pi],
    )


def read(updates: TrackUpdates, scene: Scene, config: TrackConfig | None) -> Estimate:
    """Return the tracks that are reported, or without settings those that are confirmed."""
    if config is None:
        shown = updates.take(updates.status != TrackStatus.TENTATIVE)
    else:
        shown = updates.take(reported(updates, config))
    d = len(scene.field.low_m)
    axes = [*range(d), *range(3, 3 + d)]
    return Estimate(
        shown.number.astype(np.int64),
        shown.state[:, :d],
        shown.state[:, 3 : 3 + d],
        unpack_covariance(shown.state_cov)[:, axes][:, :, axes],
    )
