"""Our tracker on a scene: each scan is one look all round, its plots have their own covariances."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from bench._plots import cartesian, false_density
from bench._scenes import Estimate, Readout, Scan, Scene
from tocsin.contract import (
    NS,
    Dimension,
    Looks,
    Origin,
    Plots,
    Sensor,
    SensorKind,
    TrackStatus,
    TrackUpdates,
)
from tocsin.geo import Region
from tocsin.motion import CvNoise
from tocsin.track import TrackConfig, start, step

T0_NS = 1_900_000_000 * NS
_ORIGIN = Origin(0.0, 0.0)
_EVERYWHERE_M = 1e9
_FLAT = 1e9
"""Effective-earth factor of a flat earth."""


def tocsin(scene: Scene, least_existence: float = 0.5) -> Iterator[Readout]:
    """Yield our estimates: every track that exists more probably than not.

    Args:
        scene: what to track.
        least_existence: 1.1: only what is confirmed, as the product shows it.
    """
    state = start(_config(scene))
    for scan in scene.scans:
        at_ns = T0_NS + round(scan.truth.at_s * NS)
        state, updates = step(state, _plots(scene, scan, at_ns), _look(scan, at_ns), at_ns)
        yield partial(_read, updates, scene, least_existence)


def confirmed(scene: Scene) -> Iterator[Readout]:
    """Yield our confirmed tracks only, as the air picture shows them."""
    return tocsin(scene, 1.1)


def _config(scene: Scene) -> TrackConfig:
    """Return the case's models; everything else is the tracker's own default."""
    models, d = scene.case.models, len(scene.field.low_m)
    survival_s = -models.period_s / np.log(models.survival_probability)
    # An expected target is undetected until its first plot; births are per second and m3.
    room = 4 * scene.targets + 1_000
    return TrackConfig(
        Region.at(_ORIGIN),
        _sensors(scene),
        output_period_s=None,
        models=(CvNoise(models.process_noise_m2ps3, models.process_noise_m2ps3),),
        speed_std_mps=models.birth_speed_std_mps,
        climb_std_mps=models.birth_speed_std_mps if d == 3 else 1.0,
        life_s=float(survival_s),
        birth_rate_pm3ps=scene.birth_density / models.period_s,
        first_pm3=scene.first_density,
        air_depth_m=1.0,
        max_tracks=max(room, TrackConfig.max_tracks),
        max_edges=max(10 * room, TrackConfig.max_edges),
        max_waiting=max(room, TrackConfig.max_waiting),
    )


def _sensors(scene: Scene) -> tuple[Sensor, ...]:
    """Return one sensor for each radar that looks by itself, else one for all."""
    field, models = scene.field, scene.case.models
    alone = np.isfinite(field.reach_m)
    place = field.radars_m if alone else np.zeros((1, 2))
    periods = scene.case.scene.get("periods_s", [models.period_s] * len(place))
    # Not on the ground: there even a flat earth has its horizon at once.
    east_north_up = np.column_stack([place[:, :2], np.full(len(place), 100.0)])
    latitude, longitude, height = Region.at(_ORIGIN).to_geodetic(east_north_up)
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


def _read(updates: TrackUpdates, scene: Scene, least_existence: float) -> Estimate:
    shown = updates.existence_probability >= least_existence
    if least_existence > 1.0:
        shown = updates.status != TrackStatus.TENTATIVE
    d = len(scene.field.low_m)
    return Estimate(updates.number[shown].astype(np.int64), updates.state[shown, :d])
