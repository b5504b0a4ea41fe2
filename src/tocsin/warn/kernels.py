"""The walk of every particle along its path, compiled. Its NumPy twin is `tocsin.warn.hits`.

The arithmetic is the twin's, operation by operation, the way itself in single precision, so that
both agree to the last bit; the tests hold them to it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]


class Cloudlet(NamedTuple):
    """Hold particles: plane position and velocity in float32, the rest as in `Cloud`."""

    position: Array
    velocity: Array
    height: Array
    climb: Array
    diving: Array


class Way(NamedTuple):
    """Hold a class's paths.

    Fields: along, across (p, s) float32 seconds; seconds (s,); gap (s,) float32 time from the
    instant before; climb_s (s,); bin_of (s,) bin of each instant, beyond the last: not counted;
    share (p,) unit exponential deviates; limits: mean time over zones, urge, hazard height.
    """

    along: Array
    across: Array
    seconds: Array
    gap: Array
    climb_s: Array
    bin_of: Array
    share: Array
    limits: Array


class Raster(NamedTuple):
    """Hold a `ZoneIndex`; frame: float32 lower left corner and inverse edge of a cell."""

    frame: Array
    cells: Array
    offsets: Array
    members: Array


class Tally(NamedTuple):
    """Hold the output.

    Fields: track, zone (capacity,) of each pair; hits (capacity, bins) first hits; and
    scratch: pair_of (zones,), seen (zones,), number (2,) first pair of this track and pairs so far.
    """

    track: Array
    zone: Array
    hits: Array
    pair_of: Array
    seen: Array
    number: Array


@njit(cache=True, nogil=True)
def walk(cloud: Cloudlet, way: Way, zones: Raster, grown: Raster, tally: Tally) -> int:
    """Count first hits per track, zone and bin; return how many pairs of track and zone there are.

    Where that exceeds the capacity, the rest was not written.
    """
    tracks, particles = cloud.height.shape
    sets = np.zeros(len(way.seconds), np.int32)
    spent = np.zeros(len(way.seconds), np.float32)
    for n in range(tracks):
        tally.number[0] = tally.number[1]
        for p in range(particles):
            stamp = n * particles + p
            total = _fly(cloud, way, zones, n, p, sets, spent)
            if cloud.diving[n, p]:
                fall_s = cloud.height[n, p] / -cloud.climb[n, p]
                down = np.searchsorted(way.seconds, fall_s)
            else:
                down = _down(spent, total, way.share[p], way.limits)
            _pass_low(cloud, way, zones, n, p, sets, down, stamp, tally)
            if down < len(sets):
                x, y = _at(cloud, way, n, p, down)
                _hit(grown, _set_at(x, y, grown), n, way.bin_of[down], stamp, tally)
    return int(tally.number[1])


@njit(cache=True, nogil=True, inline="always")
def _at(cloud: Cloudlet, way: Way, n: int, p: int, s: int) -> Any:
    """Return where a particle is: its class's path, turned and stretched."""
    vx, vy = cloud.velocity[n, p, 0], cloud.velocity[n, p, 1]
    along, across = way.along[p, s], way.across[p, s]
    x = vx * along - vy * across + cloud.position[n, p, 0]
    y = vy * along + vx * across + cloud.position[n, p, 1]
    return x, y


@njit(cache=True, nogil=True, inline="always")
def _set_at(x: Any, y: Any, raster: Raster) -> Any:
    """Return the set of zones at a point, as `ZoneIndex.sets` finds it."""
    column = (x - raster.frame[0]) * raster.frame[2]
    row = (y - raster.frame[1]) * raster.frame[2]
    last_row, last_column = raster.cells.shape[0] - 1, raster.cells.shape[1] - 1
    i = 0 if row < 0.0 else (last_row if row > last_row else int(row))
    j = 0 if column < 0.0 else (last_column if column > last_column else int(column))
    return raster.cells[i, j]


@njit(cache=True, nogil=True)
def _fly(
    cloud: Cloudlet, way: Way, zones: Raster, n: int, p: int, sets: Array, spent: Array
) -> Any:
    """Fill the sets of zones along a particle's way and the time spent over zones; return that."""
    total = np.float32(0.0)
    for s in range(len(sets)):
        x, y = _at(cloud, way, n, p, s)
        place = _set_at(x, y, zones)
        if place > 0:
            total += way.gap[s]
        sets[s] = place
        spent[s] = total
    return total


@njit(cache=True, nogil=True)
def _down(spent: Array, total: Any, share: float, limits: Array) -> int:
    """Return the step at which a particle comes down, the number of steps where it does not."""
    if total <= 0.0:
        return len(spent)
    budget = np.float32(max(share * min(limits[0], np.float64(total) / limits[1]), 1e-3))
    return int(np.searchsorted(spent, budget))


@njit(cache=True, nogil=True)
def _pass_low(
    cloud: Cloudlet,
    way: Way,
    zones: Raster,
    n: int,
    p: int,
    sets: Array,
    down: int,
    stamp: int,
    tally: Tally,
) -> None:
    """Count the zones that a particle enters low before it is down."""
    height, climb, diving = cloud.height[n, p], cloud.climb[n, p], cloud.diving[n, p]
    before = 0
    for s in range(min(down + 1, len(sets))):
        risen_s = way.seconds[s] if diving else way.climb_s[s]
        low = sets[s] > 0 and height + climb * risen_s < way.limits[2]
        if low and sets[s] != before:
            _hit(zones, sets[s], n, way.bin_of[s], stamp, tally)
        before = sets[s] if low else 0


@njit(cache=True, nogil=True)
def _hit(raster: Raster, place: int, track: int, at: int, stamp: int, tally: Tally) -> None:
    """Count a hit of every zone of a set that this particle has not hit before."""
    if at >= tally.hits.shape[1]:
        return
    capacity = len(tally.track)
    for k in range(raster.offsets[place], raster.offsets[place + 1]):
        zone = raster.members[k]
        if tally.seen[zone] == stamp:
            continue
        tally.seen[zone] = stamp
        pair = tally.pair_of[zone]
        if pair < tally.number[0]:
            pair = tally.number[1]
            tally.number[1] += 1
            tally.pair_of[zone] = pair
            if pair < capacity:
                tally.track[pair] = track
                tally.zone[pair] = zone
        if pair < capacity:
            tally.hits[pair, at] += 1
