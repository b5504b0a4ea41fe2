"""Which zones each particle affects, and when first: the plain form, and the kernel's oracle.

A zone is affected by an object that comes down within it grown by the class's effect radius, or
that flies within it below the class's hazard height.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, I32, I64, Bool, Hazard
from tocsin.geo import ZoneIndex
from tocsin.motion.classes import Course
from tocsin.warn.particles import F32, IMPACT, Paths, points
from tocsin.warn.sample import Cloud

Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Hits:
    """Hold first hits: one row per track, particle and zone affected.

    Args:
        track: row of the track among those forecast.
        particle: number of the particle.
        zone: number of the zone.
        seconds: from now.
    """

    track: Index
    particle: Index
    zone: I32
    seconds: F64


@dataclass(frozen=True, eq=False)
class Ground:
    """Hold the raster of the zones and that of the zones grown by an effect radius."""

    zones: ZoneIndex
    grown: ZoneIndex


def flying_hits(cloud: Cloud, paths: Paths, course: Course, hazard: Hazard, ground: Ground) -> Hits:
    """Return the hits of objects that fly on and come down somewhere along their way."""
    x, y = _ways(cloud, paths)
    sets = ground.zones.sets(x, y)
    down = _down_step(cloud, paths, course, sets)
    low = _low_passes(cloud, paths, hazard, sets, down)
    track, particle = np.nonzero(down < len(paths.seconds))
    step = down[track, particle]
    places = ground.grown.sets(x[track, particle, step], y[track, particle, step])
    impacts = (track, particle, step, places)
    parts = [_expand(ground.zones, *low), _expand(ground.grown, *impacts)]
    track, particle, zone, step = (np.concatenate(c) for c in zip(*parts, strict=True))
    first = _first(track, particle, zone, step)
    return Hits(track[first], particle[first], zone[first], paths.seconds[step[first]])


def _ways(cloud: Cloud, paths: Paths) -> tuple[F32, F32]:
    """Return (n, particles, s) plane coordinates: the class's paths, turned and stretched."""
    position, velocity = cloud.position_m.astype(np.float32), cloud.velocity_mps.astype(np.float32)
    vx, vy = velocity[:, :, :1], velocity[:, :, 1:]
    x = vx * paths.along_s
    x -= vy * paths.across_s
    x += position[:, :, :1]
    y = vy * paths.along_s
    y += vx * paths.across_s
    y += position[:, :, 1:]
    return x, y


def _down_step(cloud: Cloud, paths: Paths, course: Course, sets: I32) -> Index:
    """Return (n, particles) step at which each comes down; beyond the last: it does not.

    Objects come down on zones rather than elsewhere: the time flown over them, not the time flown,
    uses up what each particle has before it. One that dives already falls at its own rate.
    """
    gap = np.diff(paths.seconds, prepend=0.0).astype(np.float32)
    spent = (sets > 0) * gap
    np.cumsum(spent, axis=2, out=spent)
    total = spent[:, :, -1]
    over_s = total.astype(np.float64)
    share = shares_of_flying(len(paths.along_s))
    budget = share * np.minimum(course.impact_time_s, over_s / course.impact_urge)
    budget = np.where(over_s > 0.0, np.maximum(budget, 1e-3), np.inf)
    down = (spent < budget.astype(np.float32)[:, :, None]).sum(axis=2)
    fall_s = cloud.height_m / np.where(cloud.diving, -cloud.climb_mps, 1.0)
    return np.asarray(np.where(cloud.diving, np.searchsorted(paths.seconds, fall_s), down))


def shares_of_flying(count: int) -> F64:
    """Return (count,) unit exponential deviates: how much flying over zones each particle has."""
    return np.asarray(-np.log1p(-points(count)[:, IMPACT]))


def _low_passes(
    cloud: Cloud, paths: Paths, hazard: Hazard, sets: I32, down: Index
) -> tuple[Index, Index, Index, I32]:
    """Return track, particle, step and set wherever a low particle enters other zones."""
    climb_s = np.where(cloud.diving[:, :, None], paths.seconds, paths.climb_s)
    height = cloud.height_m[:, :, None] + cloud.climb_mps[:, :, None] * climb_s
    low: Bool = (height < hazard.hazard_height_m) & (sets > 0)
    low &= np.arange(len(paths.seconds)) <= down[:, :, None]
    entered = low.copy()
    entered[:, :, 1:] &= ~(low[:, :, :-1] & (sets[:, :, 1:] == sets[:, :, :-1]))
    track, particle, step = np.nonzero(entered)
    return track, particle, step, sets[track, particle, step]


def _expand(
    index: ZoneIndex, track: Index, particle: Index, step: Index, sets: I32
) -> tuple[Index, Index, I32, Index]:
    """Return a row for each zone of each row's set."""
    row, zone = index.zones_of(sets)
    return track[row], particle[row], zone, step[row]


def _first(track: Index, particle: Index, zone: I32, step: Index | I64) -> Index:
    """Return the rows that are the first of their track, particle and zone."""
    order = np.lexsort((step, particle, zone, track))
    same = np.ones(len(order), bool)
    for key in (track, zone, particle):
        same[1:] &= key[order][1:] == key[order][:-1]
    same[:1] = False
    return order[~same]
