"""Which tracks stand behind a zone's risk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, Tracks
from tocsin.geo import Region
from tocsin.warn.forecast import Shares
from tocsin.warn.particles import F32

Index = NDArray[np.intp]

LEAST_SHARE = 0.1
"""A track is named where it adds at least this share of what the strongest one adds."""
MOST_TRACKS = 64


@dataclass(frozen=True, eq=False)
class Threats:
    """Hold contributions ordered by zone, the strongest first.

    Args:
        zone: (k,) number of the zone.
        threat: (k,) class code.
        track: (k,) row of the track.
        weight: (k,) probability that it affects the zone.
    """

    zone: Index
    threat: Index
    track: Index
    weight: F32

    def of(self, zone: int, threat: int | None = None) -> Index:
        """Return the tracks behind a zone's risk, strongest first, each once."""
        first, after = np.searchsorted(self.zone, [zone, zone + 1])
        rows = np.arange(first, after)
        if threat is not None:
            rows = rows[self.threat[rows] == threat]
        weight, track = self.weight[rows], self.track[rows]
        strong = weight >= LEAST_SHARE * weight.max(initial=0.0)
        named = list(dict.fromkeys(track[strong].tolist()))
        return np.array(named[:MOST_TRACKS], np.intp)


def threats(shares: Shares) -> Threats:
    """Return contributions in the order in which people want to read them."""
    weight = shares.curve[:, -1]
    order = np.lexsort((shares.track, -weight, shares.zone))
    return Threats(shares.zone[order], shares.threat[order], shares.track[order], weight[order])


def direction_m(
    tracks: Tracks, rows: Index, region: Region, from_m: F64
) -> tuple[float, float] | None:
    """Return the mean offset, east and north, of some tracks from a place; None without tracks."""
    if len(rows) == 0:
        return None
    place = (tracks.latitude_deg, tracks.longitude_deg, tracks.height_wgs84_m)
    east, north = (region.from_geodetic(*(c[rows] for c in place))[:, :2] - from_m).mean(0)
    return float(east), float(north)
