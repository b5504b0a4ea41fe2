"""Hits folded into curves by zone: compiled for objects that fly, NumPy for the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, Hazard
from tocsin.geo import ZoneIndex
from tocsin.motion.classes import ClassLimits, Course
from tocsin.warn import kernels
from tocsin.warn.hits import Ground, Hits, gaps_ms, shares_of_flying
from tocsin.warn.particles import F32, STATE, Paths, normals
from tocsin.warn.sample import Flock, speed_bounds_mps

Index = NDArray[np.intp]
_PAIRS_PER_TRACK = 256
"""Room for pairs before a second run is needed; pages that are not touched cost nothing."""
_LEVEL = np.zeros((1, 1), np.float32)


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Hold what the tracks of one class do.

    Args:
        track: (k,) row of the track, one row per pair of track and zone.
        zone: (k,) number of the zone.
        weight: (k,) probability that this track affects it.
        zones: (m,) numbers of the zones at risk, ascending.
        curve: (m, bins) probability that any of the tracks has affected them by each instant.
    """

    track: Index
    zone: Index
    weight: F64
    zones: Index
    curve: F64


def bin_of(seconds: F64, edges_s: F64) -> Index:
    """Return the bin of each instant: the first edge not before it; past the last: none."""
    return np.searchsorted(edges_s, seconds)


def folded(hits: Hits, weight: F64, particles: int, edges_s: F64, zones: int) -> Arrivals:
    """Return hits as curves.

    Args:
        hits: first hits.
        weight: (n,) probability that each track exists and is of the class.
        particles: of each track.
        edges_s: (bins,) instants of the curves.
        zones: how many there are.
    """
    at, bins = bin_of(hits.seconds, edges_s), len(edges_s)
    inside = at < bins
    key = hits.track[inside].astype(np.int64) * zones + hits.zone[inside]
    pair, number = np.unique(key, return_inverse=True)
    count = np.bincount(number * bins + at[inside], minlength=len(pair) * bins)
    track, zone = np.divmod(pair, max(zones, 1))
    share = np.cumsum(count.reshape(len(pair), bins), axis=1) * (weight / particles)[track, None]
    order = np.lexsort((track, zone))
    lead = np.flatnonzero(np.diff(zone[order], prepend=-1))
    spared = 1.0 - np.minimum(share, kernels.MOST_SURE)
    together = np.multiply.reduceat(spared[order], lead, axis=0) if len(lead) else spared
    return Arrivals(track, zone, share[:, -1], zone[order][lead], 1.0 - together)


def flying_arrivals(
    flock: Flock,
    paths: Paths,
    kind: tuple[Course, ClassLimits, Hazard],
    ground: Ground,
    edges_s: F64,
) -> Arrivals:
    """Return what `folded` makes of `flying_hits`, compiled."""
    way = _way(paths, kind, edges_s)
    rasters = (_raster(ground.zones, ground.floor_m), _raster(ground.grown, _LEVEL))
    zones = len(ground.zones.centroid_m)
    capacity = min(_PAIRS_PER_TRACK, zones) * len(flock.weight)
    tally = _tally(capacity, way, len(edges_s), zones)
    pairs = kernels.walk(kernels.Flock(*flock), way, *rasters, tally)
    if pairs > capacity:
        tally = _tally(pairs, way, len(edges_s), zones)
        kernels.walk(kernels.Flock(*flock), way, *rasters, tally)
    track, zone, weight = (column[:pairs] for column in (tally.track, tally.zone, tally.weight))
    at_risk = np.flatnonzero(np.bincount(zone, minlength=zones))
    return Arrivals(track, zone, weight, at_risk, 1.0 - tally.spared[at_risk])


def _way(paths: Paths, kind: tuple[Course, ClassLimits, Hazard], edges_s: F64) -> kernels.Way:
    course, limits, hazard = kind
    count = len(paths.along_s)
    own = (course.impact_time_s, course.impact_urge, hazard.hazard_height_m, course.follows_ground)
    return kernels.Way(
        np.stack([paths.along_s, paths.across_s], axis=1),
        paths.seconds,
        gaps_ms(paths),
        paths.climb_s,
        bin_of(paths.seconds, edges_s),
        normals(count)[:, STATE : STATE + 4].copy(),
        shares_of_flying(count),
        np.array([*speed_bounds_mps(limits), *own]),
    )


def _raster(index: ZoneIndex, floor_m: F32) -> kernels.Raster:
    frame = np.array([*index.low_m, 1.0 / index.cell_m], np.float32)
    return kernels.Raster(frame, index.cells, index.offsets, index.members, floor_m)


def _tally(capacity: int, way: kernels.Way, bins: int, zones: int) -> kernels.Tally:
    steps = len(way.gap_ms)
    return kernels.Tally(
        np.empty(capacity, np.intp),
        np.empty(capacity, np.intp),
        np.empty(capacity),
        np.ones((zones, bins)),
        np.zeros((zones, bins), np.int32),
        np.zeros(zones, np.intp),
        np.zeros(zones, np.intp),
        np.full(zones, -1, np.intp),
        np.full(zones, -1, np.int64),
        np.zeros((2, steps), np.int32),
        np.zeros(steps, np.int32),
        np.zeros(1, np.int64),
    )
