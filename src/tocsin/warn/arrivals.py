"""First hits counted by track, zone and time: compiled for objects that fly, NumPy for the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, Hazard
from tocsin.geo import ZoneIndex
from tocsin.motion.classes import Course
from tocsin.warn import kernels
from tocsin.warn.hits import Ground, Hits, shares_of_flying
from tocsin.warn.particles import Paths
from tocsin.warn.sample import Cloud

Index = NDArray[np.intp]
_PAIRS_PER_TRACK = 256
"""Room for pairs before a second run is needed; pages that are not touched cost nothing."""


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Hold one row per pair of track and zone.

    Args:
        track: (k,) row of the track among those forecast.
        zone: (k,) number of the zone.
        count: (k, bins) particles that first affect the zone within each bin.
    """

    track: Index
    zone: Index
    count: NDArray[np.int32]


def bin_of(seconds: F64, edges_s: F64) -> Index:
    """Return the bin of each instant: the first edge not before it; past the last: none."""
    return np.searchsorted(edges_s, seconds)


def count_hits(hits: Hits, edges_s: F64, zones: int) -> Arrivals:
    """Return hits counted, pairs ordered by track, then zone."""
    at, bins = bin_of(hits.seconds, edges_s), len(edges_s)
    inside = at < bins
    key = hits.track[inside].astype(np.int64) * zones + hits.zone[inside]
    pair, number = np.unique(key, return_inverse=True)
    count = np.bincount(number * bins + at[inside], minlength=len(pair) * bins)
    track, zone = np.divmod(pair, max(zones, 1))
    return Arrivals(track, zone, count.reshape(len(pair), bins).astype(np.int32))


def flying_arrivals(
    cloud: Cloud, paths: Paths, course: Course, hazard: Hazard, ground: Ground, edges_s: F64
) -> Arrivals:
    """Return what `count_hits` of `flying_hits` gives, compiled."""
    way = kernels.Way(
        paths.along_s,
        paths.across_s,
        paths.seconds,
        np.diff(paths.seconds, prepend=0.0).astype(np.float32),
        paths.climb_s,
        bin_of(paths.seconds, edges_s),
        shares_of_flying(len(paths.along_s)),
        np.array([course.impact_time_s, course.impact_urge, hazard.hazard_height_m]),
    )
    flock = kernels.Cloudlet(
        cloud.position_m.astype(np.float32),
        cloud.velocity_mps.astype(np.float32),
        cloud.height_m,
        cloud.climb_mps,
        cloud.diving,
    )
    zones = len(ground.zones.centroid_m)
    capacity = min(_PAIRS_PER_TRACK, zones) * len(cloud.height_m)
    rasters = (_raster(ground.zones), _raster(ground.grown))
    tally = _tally(capacity, len(edges_s), zones)
    pairs = kernels.walk(flock, way, *rasters, tally)
    if pairs > capacity:
        tally = _tally(pairs, len(edges_s), zones)
        kernels.walk(flock, way, *rasters, tally)
    track, zone = tally.track[:pairs], tally.zone[:pairs]
    order = np.lexsort((zone, track))
    return Arrivals(track[order], zone[order], tally.hits[order])


def _raster(index: ZoneIndex) -> kernels.Raster:
    frame = np.array([*index.low_m, 1.0 / index.cell_m], np.float32)
    return kernels.Raster(frame, index.cells, index.offsets, index.members)


def _tally(capacity: int, bins: int, zones: int) -> kernels.Tally:
    return kernels.Tally(
        np.empty(capacity, np.intp),
        np.empty(capacity, np.intp),
        np.zeros((capacity, bins), np.int32),
        np.full(zones, -1, np.int64),
        np.full(zones, -1, np.int64),
        np.zeros(2, np.int64),
    )
