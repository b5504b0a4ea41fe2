"""False plots: noise over all that a radar looks at, and places that give them again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64
from tocsin.geo import Region
from tocsin.simulate.draws import stream
from tocsin.simulate.radar_beam import TURN
from tocsin.simulate.schema_base import Place
from tocsin.simulate.schema_sensors import Clutter, Radar
from tocsin.simulate.sky import LEAST_RANGE_M, Site
from tocsin.simulate.terrain import Ground
from tocsin.simulate.ways import resolved

FALSE_RATE_SPAN_MPS = 300.0


@dataclass(frozen=True, eq=False)
class Patch:
    """Hold one clutter patch: where it is, and its fixed points.

    Args:
        clutter: what the scenario says.
        centre_m: (3,) region position.
        plane: (2, 3) its east and north in the region.
        points: (k, 2) east and north of its fixed points.
    """

    clutter: Clutter
    centre_m: F64
    plane: F64
    points: F64


def patches(
    radar: Radar, place: Place, region: Region, ground: Ground, seed: int
) -> tuple[Patch, ...]:
    """Return a radar's clutter patches, with points that stay for the whole scenario."""
    found = []
    for number, clutter in enumerate(radar.clutter):
        latitude, longitude = resolved(place, clutter)
        here = np.array([latitude]), np.array([longitude])
        height = ground.under_m(*here) + clutter.height_m
        rng = stream(seed, "clutter points", radar.sensor_id, number)
        plane = region.local_rotation(latitude, longitude)[:2]
        points = _in_disc(rng, clutter.points, clutter.radius_m)
        found.append(Patch(clutter, region.from_geodetic(*here, height)[0], plane, points))
    return tuple(found)


def _in_disc(rng: np.random.Generator, count: int, radius_m: float) -> F64:
    away, turn = radius_m * np.sqrt(rng.random(count)), rng.uniform(0.0, TURN, count)
    return np.stack([away * np.sin(turn), away * np.cos(turn)], axis=1)


def false_plots(
    radar: Radar, site: Site, areas: tuple[Patch, ...], tick: int, seed: int, swept: F64
) -> tuple[F64, F64]:
    """Return false plots, and (k,) by how much each exceeds the threshold.

    A false plot is seconds into the tick, range, azimuth, elevation and range rate. Noise is
    Poisson in number and uniform in range, azimuth and elevation; so are a patch's random plots
    over its disc. Its points come each with their own chance, as well as they are measured.
    """
    rng = stream(seed, "false plots", radar.sensor_id, tick)
    parts = [_noise(rng, radar, site, sweep) for sweep in swept]
    for number, patch in enumerate(areas):
        own = stream(seed, "clutter", radar.sensor_id, number, tick)
        parts += [_from_patch(own, radar, site, patch, sweep) for sweep in swept]
    rows = np.concatenate([np.zeros((0, 6)), *parts])
    return rows[:, :5], rows[:, 5]


def _noise(rng: np.random.Generator, radar: Radar, site: Site, sweep: F64) -> F64:
    first_s, last_s, begin, rate, width = sweep
    share = (last_s - first_s) / radar.period_s if rate else 1.0
    count = rng.poisson(radar.false_plots_per_look * share)
    when, u, v, w, e = rng.random((5, count))
    low, high = site.sensor.elevation_min_rad, site.sensor.elevation_max_rad
    across = np.sign(rate) * when if rate else when
    rows = np.stack(
        [
            first_s + when * (last_s - first_s),
            LEAST_RANGE_M + u * (radar.range_m - LEAST_RANGE_M),
            np.mod(begin + across * width, TURN),
            low + v * (high - low),
            (2.0 * w - 1.0) * FALSE_RATE_SPAN_MPS,
            -np.log1p(-e),
        ],
        axis=1,
    )
    return np.asarray(rows)


def _from_patch(
    rng: np.random.Generator, radar: Radar, site: Site, patch: Patch, sweep: F64
) -> F64:
    clutter = patch.clutter
    random = _in_disc(rng, int(rng.poisson(clutter.plots_per_look)), clutter.radius_m)
    lit = patch.points[rng.random(len(patch.points)) < clutter.point_probability]
    scatter = rng.normal(size=(len(random) + len(lit), 4)) * _std(site)
    scatter[: len(random), :2] *= 0.0  # over the disc they are scattered enough
    range_m, azimuth, elevation = site.polar(
        patch.centre_m + np.concatenate([random, lit]) @ patch.plane
    )
    first_s, _, begin, rate, width = sweep
    ahead = np.mod((azimuth - begin) * (np.sign(rate) or 1.0), TURN)
    when = first_s + ahead / abs(rate) if rate else np.full(len(ahead), first_s)
    still, over = np.zeros(len(ahead)), rng.exponential(size=len(ahead))
    rows = np.stack([when, range_m, azimuth, elevation, still, over], axis=1)
    rows[:, 1:5] += scatter
    rows[:, 2] = np.mod(rows[:, 2], TURN)
    in_reach = (range_m > LEAST_RANGE_M) & (range_m <= radar.range_m)
    return np.asarray(rows[(ahead < width) & in_reach])


def _std(site: Site) -> F64:
    """Return standard deviations of range, azimuth, elevation and range rate."""
    s = site.sensor
    return np.array([s.range_std_m, s.azimuth_std_rad, s.elevation_std_rad, s.range_rate_std_mps])
