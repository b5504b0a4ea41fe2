"""Nodes that hear targets, for the tests of bearings; made with NumPy only."""

import numpy as np

from tests.track.scenes import REGION, T0_NS, TWO_PI
from tocsin.contract import NS, Dimension, Plots, ReportKind, Sensor, SensorKind
from tocsin.track import TrackConfig, start

SOUND_MPS = 340.3
STD_RAD = 0.035


def node(sensor_id, east_m, north_m, kind=SensorKind.RF_DETECTOR, **options):
    """Return a node near the origin, 20 m up."""
    latitude, longitude, height = REGION.to_geodetic(np.array([[east_m, north_m, 20.0]]))
    place = (float(latitude[0]), float(longitude[0]), float(height[0]))
    defaults = {
        "range_m": 8_000.0,
        "period_s": 3600.0,
        "azimuth_std_rad": STD_RAD,
        "false_plots_per_look": 0.05,
        "elevation_min_rad": 0.0,
    }
    return Sensor(sensor_id, kind, *place, **{**defaults, **options})


def field(columns=4, rows=3, spacing_m=4_000.0, **options):
    """Return nodes on a grid about the origin."""
    east = (np.arange(columns) - (columns - 1) / 2.0) * spacing_m
    north = (np.arange(rows) - (rows - 1) / 2.0) * spacing_m
    places = [(e, n) for n in north for e in east]
    return tuple(node(f"node-{k}", e, n, **options) for k, (e, n) in enumerate(places))


def config(sensors, **options):
    """Return a configuration with the nodes' defaults."""
    return TrackConfig(REGION, tuple(sensors), **options)


def heard(rng, targets, sensors, duration_s, period_s=1.0, pd=0.9, noise=1.0, false=None):
    """Return bearings as plots, and the target (or -1) behind each.

    Args:
        rng: generator.
        targets: objects with `at(t_s)`.
        sensors: nodes; each listens once in a period, at a phase of its own.
        duration_s: until when.
        period_s: between looks of one node.
        pd: probability of hearing a target in reach.
        noise: factor on the standard deviations.
        false: false bearings per look; None: the sensor's.
    """
    place, rows = start(config(sensors)).site.place, []
    for k, sensor in enumerate(sensors):
        by_ear = sensor.kind == SensorKind.ACOUSTIC
        many = sensor.false_plots_per_look if false is None else false
        risen = np.isfinite(sensor.elevation_std_rad)
        for t in np.arange(rng.uniform(0.0, period_s), duration_s, period_s):
            for number, target in enumerate(targets):
                if rng.random() >= pd:
                    continue
                sent = _sent(target, t, place[k, :3]) if by_ear else t
                east, north, up = place[k, 3:12].reshape(3, 3) @ (target.at(sent)[0] - place[k, :3])
                flat = np.hypot(east, north)
                if np.hypot(flat, up) <= sensor.range_m:
                    azimuth = np.arctan2(east, north) + noise * rng.normal() * STD_RAD
                    elevation = np.arctan2(up, flat) + noise * rng.normal() * STD_RAD
                    rows.append((t, k, azimuth, elevation if risen else np.nan, number))
            for _ in range(rng.poisson(many)):
                up = rng.uniform(0.0, 0.7) if risen else np.nan
                rows.append((t, k, rng.uniform(0.0, TWO_PI), up, -1))
    rows = np.array(sorted(rows)).reshape(-1, 5)
    return bearings(sensors, rows), rows[:, 4].astype(int)


def _sent(target, t_s, place_m):
    """Return when what arrives at a time left a target."""
    sent = t_s
    for _ in range(100):
        sent = t_s - np.linalg.norm(target.at(sent)[0] - place_m) / SOUND_MPS
    return sent


def bearings(sensors, rows):
    """Return plots of (t_s, sensor, azimuth, elevation, target) rows."""
    n, who = len(rows), rows[:, 1].astype(int)
    risen = np.isfinite(rows[:, 3])
    at = T0_NS + np.round(rows[:, 0] * NS).astype(np.int64)
    many = np.array([s.false_plots_per_look for s in sensors])[who]
    span = np.array([s.elevation_max_rad - s.elevation_min_rad for s in sensors])[who]
    return Plots.build(
        n,
        measured_at_ns=at,
        received_at_ns=at,
        sensor=who,
        sequence=np.arange(n),
        kind=int(ReportKind.BEARING),
        dimension=int(Dimension.BEARING),
        azimuth_rad=rows[:, 2] % TWO_PI,
        elevation_rad=rows[:, 3],
        azimuth_std_rad=STD_RAD,
        elevation_std_rad=np.where(risen, STD_RAD, np.nan),
        false_density=np.maximum(many, 1e-3) / TWO_PI / np.where(risen, span, 1.0),
    )
