"""Small scenes for the tracker's tests, made with NumPy only: never with the simulate room.

Everything is in the region frame, close enough to its origin for a flat earth; a radar's azimuth
is taken in the region's horizontal.
"""

from dataclasses import dataclass

import numpy as np

from tocsin.contract import (
    NS,
    Dimension,
    Looks,
    Origin,
    Plots,
    ReportKind,
    Sensor,
    SensorKind,
    TrackUpdates,
)
from tocsin.geo import Region

ORIGIN = Origin(10.0, -40.0)
REGION = Region.at(ORIGIN)
T0_NS = 1_900_000_000 * NS
TWO_PI = 2.0 * np.pi


def radar(sensor_id="radar", east_m=0.0, north_m=0.0, **options):
    """Return a radar near the origin."""
    latitude, longitude, height = REGION.to_geodetic(np.array([[east_m, north_m, 50.0]]))
    defaults = {
        "range_m": 150_000.0,
        "period_s": 4.0,
        "elevation_std_rad": 0.003,
        "elevation_min_rad": -0.05,
        "elevation_max_rad": 1.2,
        "false_plots_per_look": 5.0,
    }
    place = (float(latitude[0]), float(longitude[0]), float(height[0]))
    return Sensor(sensor_id, SensorKind.RADAR, *place, **{**defaults, **options})


def listener(sensor_id="adsb", **options):
    """Return an ADS-B receiver of unknown place."""
    return Sensor(sensor_id, SensorKind.ADSB_RECEIVER, **options)


@dataclass
class Line:
    """A target on a straight line: position (m) and velocity (m/s) at T0."""

    position: tuple
    velocity: tuple
    first_s: float = 0.0
    last_s: float = np.inf

    def at(self, t_s):
        """Return (n, 3) positions at (n,) seconds."""
        t = np.atleast_1d(t_s)[:, None]
        return np.array(self.position) + t * np.array(self.velocity)


@dataclass
class Scan:
    """One radar's plots and looks with the target (or -1) behind each plot."""

    plots: Plots
    looks: Looks
    origin: np.ndarray


def sweep(rng, targets, sensors, index, duration_s, sectors=16, pd=None, off=(), start_s=0.0):
    """Return what one turning radar reports: plots at their own times, and its sector marks.

    Args:
        rng: generator.
        targets: objects with `at(t_s)`, `first_s`, `last_s`.
        sensors: the site's sensors.
        index: which of them.
        duration_s: until when.
        sectors: marks per revolution.
        pd: detection probability, None: the sensor's.
        off: (from_s, to_s) pairs without plots or marks.
        start_s: when the first revolution begins (azimuth 0).
    """
    sensor = sensors[index]
    pd = sensor.detection_probability if pd is None else pd
    own = REGION.from_geodetic(
        *(np.array([v]) for v in (sensor.latitude_deg, sensor.longitude_deg)),
        np.array([sensor.height_wgs84_m]),
    )[0]
    period, rows, marks = sensor.period_s, [], []
    turns = int((duration_s - start_s) / period)
    for turn in range(turns):
        begin = start_s + turn * period
        for k in range(sectors):
            a, b = begin + period * k / sectors, begin + period * (k + 1) / sectors
            if not any(lo <= a < hi for lo, hi in off):
                marks.append((a, b, TWO_PI * k / sectors, TWO_PI * (k + 1) / sectors))
        for number, target in enumerate(targets):
            t = begin
            for _ in range(4):
                d = target.at(t)[0] - own
                t = begin + period * (np.arctan2(d[0], d[1]) % TWO_PI) / TWO_PI
            if not (target.first_s <= t < target.last_s) or rng.random() >= pd:
                continue
            d = target.at(t)[0] - own
            r = np.linalg.norm(d)
            if r > sensor.range_m:
                continue
            rows.append((t, *_polar(d), number))
        for _ in range(rng.poisson(sensor.false_plots_per_look)):
            azimuth = rng.uniform(0, TWO_PI)
            low, high = sensor.elevation_min_rad, sensor.elevation_max_rad
            polar = (rng.uniform(500, sensor.range_m), azimuth, rng.uniform(low, high))
            rows.append((begin + period * azimuth / TWO_PI, *polar, -1))
    rows = [row for row in rows if not any(lo <= row[0] < hi for lo, hi in off)]
    rows.sort()
    return Scan(
        plots_of(rng, sensor, index, own, np.array(rows).reshape(-1, 5)),
        looks_of(sensor.sensor_id, marks),
        np.array([int(row[4]) for row in rows]),
    )


def _polar(d):
    flat = np.hypot(d[0], d[1])
    return np.hypot(flat, d[2]), np.arctan2(d[0], d[1]) % TWO_PI, np.arctan2(d[2], flat)


def plots_of(rng, sensor, index, own, rows):
    """Return noisy located plots of true (t_s, range, azimuth, elevation, target) rows."""
    n = len(rows)
    noise = rng.normal(size=(n, 3)) * (rows[:, 4:5] >= 0)
    stds = np.array([sensor.range_std_m, sensor.azimuth_std_rad, sensor.elevation_std_rad])
    r, az, el = (rows[:, 1:4] + noise * stds).T
    e = np.stack([np.cos(el) * np.sin(az), np.cos(el) * np.cos(az), np.sin(el)], axis=1)
    a = np.stack([np.cos(az), -np.sin(az), 0 * az], axis=1) * (r * np.cos(el))[:, None]
    up = np.stack([-np.sin(el) * np.sin(az), -np.sin(el) * np.cos(az), np.cos(el)], axis=1)
    axes = np.stack([e * stds[0], a * stds[1], up * r[:, None] * stds[2]], axis=2)
    span = sensor.elevation_max_rad - sensor.elevation_min_rad
    volume = sensor.range_m * TWO_PI * span * r**2 * np.cos(el)
    return Plots.build(
        n,
        measured_at_ns=T0_NS + np.round(rows[:, 0] * NS).astype(np.int64),
        received_at_ns=T0_NS + np.round(rows[:, 0] * NS).astype(np.int64),
        sensor=index,
        sequence=np.arange(n),
        kind=int(ReportKind.PLOT),
        dimension=int(Dimension.FULL),
        position_m=own + e * r[:, None],
        position_cov_m2=axes @ axes.transpose(0, 2, 1),
        azimuth_rad=az % TWO_PI,
        range_m=r,
        false_density=sensor.false_plots_per_look / volume,
    )


def looks_of(sensor_id, marks):
    """Return looks from (start_s, end_s, from_rad, to_rad) rows."""
    rows = np.array(marks).reshape(-1, 4)
    return Looks.build(
        len(rows),
        sensor_id=[sensor_id] * len(rows),
        start_ns=T0_NS + np.round(rows[:, 0] * NS).astype(np.int64),
        end_ns=T0_NS + np.round(rows[:, 1] * NS).astype(np.int64),
        azimuth_from_rad=rows[:, 2],
        azimuth_to_rad=rows[:, 3],
    )


def positions(rng, targets, index, duration_s, period_s=0.5, std_m=15.0, addresses=None):
    """Return ADS-B-like positions of targets, each with its address."""
    rows = []
    for number, target in enumerate(targets):
        t = rng.uniform(0, period_s)
        while t < duration_s:
            if target.first_s <= t < target.last_s:
                rows.append((t, *target.at(t)[0], number))
            t += period_s * rng.uniform(0.8, 1.2)
    rows = np.array(sorted(rows))
    n = len(rows)
    numbers = rows[:, 4].astype(int)
    at = T0_NS + np.round(rows[:, 0] * NS).astype(np.int64)
    plots = Plots.build(
        n,
        measured_at_ns=at,
        received_at_ns=at,
        sensor=index,
        sequence=np.arange(n),
        kind=int(ReportKind.POSITION),
        dimension=int(Dimension.FULL),
        position_m=rows[:, 1:4] + rng.normal(size=(n, 3)) * std_m,
        position_cov_m2=np.broadcast_to(np.eye(3) * std_m**2, (n, 3, 3)),
        false_density=1e-19,
    )
    if addresses is not None:
        plots = plots.replace(
            mode_s=np.array(addresses, np.uint32)[numbers], mode_s_valid=np.ones(n, bool)
        )
    return plots, numbers


def at_instants(updates: TrackUpdates):
    """Yield (seconds since T0, rows) of each output instant."""
    instants, first = np.unique(updates.measured_at_ns, return_index=True)
    for k, start in enumerate(first):
        end = first[k + 1] if k + 1 < len(first) else len(updates)
        yield (instants[k] - T0_NS) / NS, updates.take(slice(start, end))


def held(updates, targets, from_s, to_s, near_m=1500.0):
    """Return per target the numbers of the confirmed tracks nearest to it, instant by instant.

    0 where none is near; also the count of confirmed tracks near no target at all.
    """
    numbers, stray = [], 0
    for t, rows in at_instants(updates):
        if not from_s <= t <= to_s:
            continue
        sure = rows.take(rows.status > 0)
        truth = np.array([target.at(t)[0] for target in targets])
        apart = np.linalg.norm(sure.state[:, None, :2] - truth[None, :, :2], axis=2)
        stray += int((apart.min(axis=1, initial=np.inf) > near_m).sum())
        here = []
        for k, target in enumerate(targets):
            if not target.first_s <= t < target.last_s:
                here.append(-1)
            elif len(sure) and apart[:, k].min() < near_m:
                here.append(int(sure.number[apart[:, k].argmin()]))
            else:
                here.append(0)
        numbers.append(here)
    return np.array(numbers), stray
