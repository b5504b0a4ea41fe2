"""The walk of every particle along its path, compiled. Its NumPy twin is `tocsin.warn.hits`.

A track is walked and folded into the zones' curves before the next one begins, so that nothing but
the curves and one row per pair of track and zone is ever held. Time over zones is counted in whole
milliseconds: sums of integers do not depend on their order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]

MOST_SURE = 1.0 - 1e-6
"""No single track is believed to affect a zone more surely."""


class Flock(NamedTuple):
    """Hold tracks; see `tocsin.warn.sample.Flock`, whose fields these are."""

    mean: Array
    root: Array
    height: Array
    climb: Array
    diving: Array
    under: Array
    weight: Array


class Way(NamedTuple):
    """Hold a class's paths and the chance that they are flown with.

    Fields: legs (p, 2, s) float32 seconds along and across; seconds (s,); gap_ms (s,) int32 time
    from the instant before; climb_s (s,); bin_of (s,) bin of each instant, beyond the last: not
    counted; normal (p, 4) standard normal deviates; share (p,) unit exponential deviates; limits:
    least and greatest speed, mean time over zones, urge, hazard height, and whether heights are
    kept above the ground.
    """

    legs: Array
    seconds: Array
    gap_ms: Array
    climb_s: Array
    bin_of: Array
    normal: Array
    share: Array
    limits: Array


class Raster(NamedTuple):
    """Hold a `ZoneIndex`.

    Fields: frame, float32 lower left corner and inverse edge of a cell; cells, offsets, members;
    floor, ground heights by cell, one number only where the ground is level.
    """

    frame: Array
    cells: Array
    offsets: Array
    members: Array
    floor: Array


class Tally(NamedTuple):
    """Hold the output and scratch.

    Fields: track, zone, weight (capacity,) of each pair; spared (zones, bins) probability that no
    track has affected a zone yet; and scratch: hits (zones, bins), members, first,
    pair_of and seen (zones,), place (2, s) rows and columns, sets (s,), number (1,) of pairs.
    """

    track: Array
    zone: Array
    weight: Array
    spared: Array
    hits: Array
    members: Array
    first: Array
    pair_of: Array
    seen: Array
    place: Array
    sets: Array
    number: Array


@njit(cache=True, nogil=True, error_model="numpy")
def walk(flock: Flock, way: Way, zones: Raster, grown: Raster, tally: Tally) -> int:
    """Fold every track into the zones' curves; return how many pairs of track and zone there are.

    Where that exceeds the capacity, the pairs beyond it were not written.
    """
    particles, steps = way.legs.shape[0], way.legs.shape[2]
    place, sets, gap_ms, cells = tally.place, tally.sets, way.gap_ms, zones.cells
    legs, normal, limits, bin_of, share = way.legs, way.normal, way.limits, way.bin_of, way.share
    mean, root, number, frame = flock.mean, flock.root, tally.number, zones.frame
    scratch = (tally.hits, tally.members, tally.first, tally.pair_of, tally.seen, number)
    state, written, highest_m = np.zeros(4, np.float32), 0, np.max(zones.floor)
    for n in range(len(flock.weight)):
        number[0] = 0
        for p in range(particles):
            stamp = n * particles + p
            _draw(mean, root, normal, limits, n, p, state)
            _places(legs, p, state, frame, cells.shape, place)
            total_ms = _look(cells, place, gap_ms, sets)
            height, climb = flock.height[n, p], flock.climb[n, p]
            diving, under = flock.diving[n, p], flock.under[n]
            if diving:
                down = np.searchsorted(way.seconds, (height - under) / -climb)
            elif total_ms > 0:
                mean_ms = min(1e3 * limits[2], total_ms / limits[3])
                down = _down(sets, gap_ms, max(share[p] * mean_ms, 1.0))
            else:
                down = steps
            last = min(down, steps - 1)
            top = under if limits[5] > 0.0 and not diving else max(under, highest_m)
            risen_s = way.seconds[last] if diving else way.climb_s[last]
            over = total_ms > 0 or sets[0] > 0
            if over and height + min(climb * risen_s, 0.0) - top < limits[4]:
                _pass_low(flock, n, p, way, zones, last, stamp, tally, scratch)
            if down < steps:
                found = _set_at(legs, p, down, state, grown.frame, grown.cells)
                _hit(grown.offsets, grown.members, found, bin_of[down], stamp, scratch)
        written = _fold(n, flock.weight[n] / particles, written, tally)
    return written


@njit(cache=True, nogil=True, error_model="numpy")
def _draw(
    mean: Array, root: Array, normal: Array, limits: Array, n: int, p: int, state: Array
) -> None:
    """Draw one particle's plane position and velocity, its speed within the class's limits."""
    u0, u1, u2, u3 = normal[p, 0], normal[p, 1], normal[p, 2], normal[p, 3]
    vx = mean[n, 0] + root[n, 0, 0] * u0
    vy = mean[n, 1] + root[n, 1, 0] * u0 + root[n, 1, 1] * u1
    x = mean[n, 2] + root[n, 2, 0] * u0 + root[n, 2, 1] * u1 + root[n, 2, 2] * u2
    y = mean[n, 3] + root[n, 3, 0] * u0 + root[n, 3, 1] * u1 + root[n, 3, 2] * u2
    y += root[n, 3, 3] * u3
    speed = max(np.sqrt(vx * vx + vy * vy), 1e-6)
    scale = min(max(speed, limits[0]), limits[1]) / speed
    state[0], state[1], state[2], state[3] = x, y, vx * scale, vy * scale


@njit(cache=True, nogil=True, error_model="numpy")
def _places(
    legs: Array, p: int, state: Array, frame: Array, shape: tuple[int, int], place: Array
) -> None:
    """Fill the rows and columns of the cells along a particle's way: vector instructions."""
    x0, y0, vx, vy = state[0], state[1], state[2], state[3]
    low_x, low_y, inverse, zero = frame[0], frame[1], frame[2], np.float32(0.0)
    last_row, last_column = np.float32(shape[0] - 1), np.float32(shape[1] - 1)
    for s in range(legs.shape[2]):
        along, across = legs[p, 0, s], legs[p, 1, s]
        column = (vx * along - vy * across + x0 - low_x) * inverse
        row = (vy * along + vx * across + y0 - low_y) * inverse
        column = zero if column < zero else column
        row = zero if row < zero else row
        place[0, s] = np.int32(last_row if row > last_row else row)
        place[1, s] = np.int32(last_column if column > last_column else column)


@njit(cache=True, nogil=True, error_model="numpy")
def _look(cells: Array, place: Array, gap_ms: Array, sets: Array) -> Any:
    """Fill the sets of zones at the cells of a way; return the time over zones."""
    total = np.int64(0)
    for s in range(len(sets)):
        found = cells[np.uintp(place[0, s]), np.uintp(place[1, s])]
        sets[s] = found
        total += gap_ms[s] * np.int64(found > 0)
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _set_at(legs: Array, p: int, s: int, state: Array, frame: Array, cells: Array) -> Any:
    """Return the set of zones where a particle is, as `ZoneIndex.sets` finds it."""
    along, across = legs[p, 0, s], legs[p, 1, s]
    x = state[2] * along - state[3] * across + state[0]
    y = state[3] * along + state[2] * across + state[1]
    column, row = (x - frame[0]) * frame[2], (y - frame[1]) * frame[2]
    last_row, last_column = cells.shape[0] - 1, cells.shape[1] - 1
    i = 0 if row < 0.0 else (last_row if row > last_row else int(row))
    j = 0 if column < 0.0 else (last_column if column > last_column else int(column))
    return cells[i, j]


@njit(cache=True, nogil=True, error_model="numpy")
def _down(sets: Array, gap_ms: Array, budget_ms: float) -> int:
    """Return the step at which the time over zones is used up, the number of steps where never."""
    spent = np.int64(0)
    for s in range(len(sets)):
        spent += gap_ms[s] * np.int64(sets[s] > 0)
        if spent >= budget_ms:
            return s
    return len(sets)


@njit(cache=True, nogil=True, error_model="numpy")
def _pass_low(
    flock: Flock,
    n: int,
    p: int,
    way: Way,
    zones: Raster,
    last: int,
    stamp: int,
    tally: Tally,
    scratch: Any,
) -> None:
    """Count the zones that a particle enters low before it is down."""
    height, climb, diving = flock.height[n, p], flock.climb[n, p], flock.diving[n, p]
    hilly = zones.floor.size > 1 and (diving or way.limits[5] == 0.0)
    before = 0
    for s in range(last + 1):
        found = tally.sets[s]
        if found == 0:
            before = 0
            continue
        floor = flock.under[n]
        if hilly:
            floor = zones.floor[np.uintp(tally.place[0, s]), np.uintp(tally.place[1, s])]
        risen_s = way.seconds[s] if diving else way.climb_s[s]
        low = height + climb * risen_s - floor < way.limits[4]
        if low and found != before:
            _hit(zones.offsets, zones.members, found, way.bin_of[s], stamp, scratch)
        before = found if low else 0


@njit(cache=True, nogil=True, error_model="numpy")
def _hit(offsets: Array, members: Array, place: int, at: int, stamp: int, scratch: Any) -> None:
    """Count a hit of every zone of a set that this particle has not hit before."""
    hits, own, first, pair_of, seen, number = scratch
    if at >= hits.shape[1]:
        return
    for k in range(offsets[place], offsets[place + 1]):
        zone = members[k]
        if seen[zone] == stamp:
            continue
        seen[zone] = stamp
        pair = pair_of[zone]
        if pair < 0:
            pair = number[0]
            number[0] += 1
            pair_of[zone] = pair
            own[pair] = zone
            first[pair] = at
        first[pair] = min(first[pair], at)
        hits[pair, at] += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _fold(track: int, scale: float, written: int, tally: Tally) -> int:
    """Fold a track's hits into the curves, write its pairs, and clear the scratch."""
    capacity, bins = len(tally.track), tally.hits.shape[1]
    hits, spared = tally.hits, tally.spared
    for pair in range(tally.number[0]):
        zone = tally.members[pair]
        tally.pair_of[zone] = -1
        total = 0
        for b in range(tally.first[pair], bins):
            total += hits[pair, b]
            hits[pair, b] = 0
            spared[zone, b] *= 1.0 - min(scale * total, MOST_SURE)
        if written + pair < capacity:
            tally.track[written + pair] = track
            tally.zone[written + pair] = zone
            tally.weight[written + pair] = scale * total
    return written + int(tally.number[0])


@njit(cache=True, nogil=True, error_model="numpy")
def strongest(starts: Array, weight: Array, track: Array, most: int, share: float) -> Any:
    """Return the rows that weigh most within each run of rows, the strongest first.

    Args:
        starts: (runs + 1,) where each run begins.
        weight: of each row.
        track: of each row; where two weigh the same, the lower comes first.
        most: rows that are named at most.
        share: of the strongest that a row must weigh at least.

    Returns:
        (runs + 1,) where each run's choice begins, and the rows chosen.
    """
    runs = len(starts) - 1
    bounds = np.zeros(runs + 1, np.int64)
    chosen = np.empty(min(len(weight), runs * most), np.int64)
    at = 0
    for r in range(runs):
        top = 0.0
        for k in range(starts[r], starts[r + 1]):
            top = max(top, weight[k])
        first = at
        for k in range(starts[r], starts[r + 1]):
            if weight[k] < share * top:
                continue
            full = at - first == most
            if full and weight[k] <= weight[chosen[at - 1]]:
                continue
            place = at - 1 if full else at
            while place > first and _before(weight, track, k, chosen[place - 1]):
                chosen[place] = chosen[place - 1]
                place -= 1
            chosen[place] = k
            at += 0 if full else 1
        bounds[r + 1] = at
    return bounds, chosen[:at]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _before(weight: Array, track: Array, one: int, other: int) -> Any:
    return weight[one] > weight[other] or (
        weight[one] == weight[other] and track[one] < track[other]
    )
