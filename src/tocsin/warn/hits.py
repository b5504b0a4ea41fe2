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
from tocsin.motion.classes import ClassLimits, Course
from tocsin.warn.particles import F32, IMPACT, Paths, points
from tocsin.warn.sample import Flock, draw_plane

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
    """Hold the raster of the zones and that of the zones grown by an effect radius.

    Args:
        zones: as they are.
        grown: by the effect radius.
        floor_m: ground heights by cell of `zones`; a single one where the ground is level.
    """

    zones: ZoneIndex
    grown: ZoneIndex
    floor_m: F32


def flying_hits(
    flock: Flock, paths: Paths, kind: tuple[Course, ClassLimits, Hazard], ground: Ground
) -> Hits:
    """Return the hits of objects that fly on and come down somewhere along their way.

    Args:
        flock: tracks.
        paths: of their class.
        kind: how their class goes on, flies, and affects the ground.
        ground: rasters.
    """
    course, limits, hazard = kind
    x, y = _ways(*draw_plane(flock, limits, len(paths.along_s)), paths)
    sets = ground.zones.sets(x, y)
    down = _down_step(flock, paths, course, sets)
    low = _low_passes(flock, paths, hazard, sets, _floors(flock, course, ground, x, y))
    low &= np.arange(len(paths.seconds)) <= down[:, :, None]
    track, particle = np.nonzero(down < len(paths.seconds))
    step = down[track, particle]
    places = ground.grown.sets(x[track, particle, step], y[track, particle, step])
    impacts = (track, particle, step, places)
    parts = [_expand(ground.zones, *_entered(low, sets)), _expand(ground.grown, *impacts)]
    track, particle, zone, step = (np.concatenate(c) for c in zip(*parts, strict=True))
    first = _first(track, particle, zone, step)
    return Hits(track[first], particle[first], zone[first], paths.seconds[step[first]])


def _ways(position_m: F64, velocity_mps: F64, paths: Paths) -> tuple[F32, F32]:
    """Return (n, particles, s) plane coordinates: the class's paths, turned and stretched."""
    position, velocity = position_m.astype(np.float32), velocity_mps.astype(np.float32)
    vx, vy = velocity[:, :, :1], velocity[:, :, 1:]
    x = vx * paths.along_s
    x -= vy * paths.across_s
    x += position[:, :, :1]
    y = vy * paths.along_s
    y += vx * paths.across_s
    y += position[:, :, 1:]
    return x, y


def _down_step(flock: Flock, paths: Paths, course: Course, sets: I32) -> Index:
    """Return (n, particles) step at which each comes down; beyond the last: it does not.

    Objects come down on zones rather than elsewhere: the time flown over them, not the time flown,
    uses up what each particle has before it. One that dives already falls at its own rate.
    """
    spent = np.cumsum((sets > 0) * gaps_ms(paths).astype(np.int64), axis=2)
    total = spent[:, :, -1]
    share = shares_of_flying(len(paths.along_s))
    budget = share * np.minimum(1e3 * course.impact_time_s, total / course.impact_urge)
    budget = np.where(total > 0, np.maximum(budget, 1.0), np.inf)
    down = (spent < budget[:, :, None]).sum(axis=2)
    fall_s = (flock.height - flock.under[:, None]) / np.where(flock.diving, -flock.climb, 1.0)
    return np.asarray(np.where(flock.diving, np.searchsorted(paths.seconds, fall_s), down))


def gaps_ms(paths: Paths) -> I32:
    """Return (s,) whole milliseconds from the instant before."""
    return np.rint(1e3 * np.diff(paths.seconds, prepend=0.0)).astype(np.int32)


def shares_of_flying(count: int) -> F64:
    """Return (count,) unit exponential deviates: how much flying over zones each particle has."""
    return np.asarray(-np.log1p(-points(count)[:, IMPACT]))


def _floors(flock: Flock, course: Course, ground: Ground, x: F32, y: F32) -> F64:
    """Return (n, particles, s) the height of the ground that heights are judged by."""
    under = np.broadcast_to(flock.under[:, None, None], x.shape)
    if ground.floor_m.size <= 1:
        return under
    rows, columns = ground.zones.places(x, y)
    follows = course.follows_ground & ~flock.diving[:, :, None]
    return np.where(follows, under, ground.floor_m[rows, columns])


def _low_passes(flock: Flock, paths: Paths, hazard: Hazard, sets: I32, floor: F64) -> Bool:
    """Return (n, particles, s) whether a particle is low over a zone."""
    climb_s = np.where(flock.diving[:, :, None], paths.seconds, paths.climb_s)
    height = flock.height[:, :, None] + flock.climb[:, :, None] * climb_s
    return np.asarray((height - floor < hazard.hazard_height_m) & (sets > 0))


def _entered(low: Bool, sets: I32) -> tuple[Index, Index, Index, I32]:
    """Return track, particle, step and set wherever a low particle enters other zones."""
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
