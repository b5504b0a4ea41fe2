"""Which tracks stand behind a zone's risk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import CLASS_COUNT, F64, I64, Tracks
from tocsin.geo import Region
from tocsin.warn.kernels import strongest

Index = NDArray[np.intp]

LEAST_SHARE = 0.1
"""A track is named where it adds at least this share of what the strongest one adds."""
MOST_TRACKS = 64


@dataclass(frozen=True, eq=False)
class Threats:
    """Hold the tracks behind each zone and class at risk, the strongest first.

    Args:
        key: (m,) zone times the number of classes, and class; ascending.
        bounds: (m + 1,) where the tracks of each begin.
        track: row of each track.
        weight: probability that it affects the zone.
    """

    key: Index
    bounds: I64
    track: Index
    weight: F64

    def of(self, zone: int, threat: int | None = None) -> Index:
        """Return the tracks behind a zone's risk, strongest first, each once."""
        low = zone * CLASS_COUNT + (0 if threat is None else threat)
        high = low + (CLASS_COUNT if threat is None else 1)
        first, after = np.searchsorted(self.key, [low, high])
        rows = slice(self.bounds[first], self.bounds[after])
        track, weight = self.track[rows], self.weight[rows]
        if after - first <= 1:
            return track
        order = np.lexsort((track, -weight))
        named = order[weight[order] >= LEAST_SHARE * weight.max()]
        return np.array(list(dict.fromkeys(track[named].tolist()))[:MOST_TRACKS], np.intp)


def threats(zone: Index, threat: Index, track: Index, weight: F64) -> Threats:
    """Return who stands behind what, from one row per track, zone and class."""
    key = zone * CLASS_COUNT + threat
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    starts = np.append(np.flatnonzero(np.diff(ordered, prepend=-1)), len(ordered))
    track, weight = track[order], weight[order]
    bounds, chosen = strongest(starts, weight, track, MOST_TRACKS, LEAST_SHARE)
    return Threats(ordered[starts[:-1]], bounds, track[chosen], weight[chosen])


def direction_m(
    tracks: Tracks, rows: Index, region: Region, from_m: F64
) -> tuple[float, float] | None:
    """Return the mean offset, east and north, of some tracks from a place; None without tracks."""
    if len(rows) == 0:
        return None
    place = (tracks.latitude_deg, tracks.longitude_deg, tracks.height_wgs84_m)
    east, north = (region.from_geodetic(*(c[rows] for c in place))[:, :2] - from_m).mean(0)
    return float(east), float(north)
