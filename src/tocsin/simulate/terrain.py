"""Ground height and distances about the scenario's place.

The ground is a raster where the scenario names one, and smooth hills added to it; without a raster
the sea is at zero, and zero is the ellipsoid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from tocsin.contract import F64
from tocsin.geo.terrain import Terrain
from tocsin.geo.wgs84 import ECCENTRICITY2, SEMI_MAJOR_M
from tocsin.simulate.schema_base import Hill


def metres_per_degree(latitude_deg: F64) -> tuple[F64, F64]:
    """Return metres per degree of longitude and of latitude on the ellipsoid."""
    latitude = np.radians(latitude_deg)
    w2 = 1.0 - ECCENTRICITY2 * np.sin(latitude) ** 2
    prime_vertical = SEMI_MAJOR_M / np.sqrt(w2)
    meridian = prime_vertical * (1.0 - ECCENTRICITY2) / w2
    return np.radians(prime_vertical * np.cos(latitude)), np.radians(meridian)


def offset_m(
    latitude_deg: F64, longitude_deg: F64, to_latitude_deg: F64, to_longitude_deg: F64
) -> tuple[F64, F64]:
    """Return metres east and north between points, good to 0.1 % within 200 km."""
    east, north = metres_per_degree((latitude_deg + to_latitude_deg) / 2.0)
    return (to_longitude_deg - longitude_deg) * east, (to_latitude_deg - latitude_deg) * north


def moved(latitude_deg: F64, longitude_deg: F64, east_m: F64, north_m: F64) -> tuple[F64, F64]:
    """Return the points that lie metres east and north of others."""
    half = latitude_deg + north_m / metres_per_degree(latitude_deg)[1] / 2.0
    east, north = metres_per_degree(half)
    return latitude_deg + north_m / north, longitude_deg + east_m / east


@dataclass(frozen=True, eq=False)
class Ground:
    """Hold the ground under a scenario.

    Args:
        hills: (k, 4) latitude, longitude, height and radius of hills.
        terrain: heights that the hills stand on; None: the sea.
        highest_m: nothing of the ground is higher.
    """

    hills: F64
    terrain: Terrain | None
    highest_m: float

    @classmethod
    def of(cls, hills: Sequence[Hill] = (), terrain: Terrain | None = None) -> Self:
        """Return the ground of hills, and of terrain where there is some."""
        rows = [(h.latitude_deg, h.longitude_deg, h.height_m, h.radius_m) for h in hills]
        table = np.array(rows, float).reshape(-1, 4)
        known = np.zeros(1) if terrain is None else terrain.height_wgs84_m
        top = float(np.nanmax(known, initial=0.0))
        return cls(table, terrain, top + _highest_hills_m(table))

    def __call__(self, latitude_deg: F64, longitude_deg: F64) -> F64:
        """Return the heights of the ground above the ellipsoid, NaN where it is unknown."""
        height = hills_m(self.hills, latitude_deg, longitude_deg)
        if self.terrain is not None:
            height = height + self.terrain.height_m(latitude_deg, longitude_deg)
        return height

    def under_m(self, latitude_deg: F64, longitude_deg: F64) -> F64:
        """Return the heights of the ground; what flies takes unknown ground for the sea."""
        height = hills_m(self.hills, latitude_deg, longitude_deg)
        if self.terrain is not None:
            height = height + np.nan_to_num(self.terrain.height_m(latitude_deg, longitude_deg))
        return height


def _highest_hills_m(hills: F64) -> float:
    """Return a height that no hills together exceed: those that touch one hill, added up."""
    if not len(hills):
        return 0.0
    latitude, longitude, height, radius = hills.T
    east, north = offset_m(latitude[:, None], longitude[:, None], latitude, longitude)
    touch = np.hypot(east, north) < radius[:, None] + radius
    return float((touch * height).sum(axis=1).max())


def hills_m(hills: F64, latitude_deg: F64, longitude_deg: F64) -> F64:
    """Return how much hills raise the ground at points."""
    if not len(hills):
        return np.zeros(np.shape(latitude_deg))
    shape = np.shape(latitude_deg)
    latitude, longitude = np.reshape(latitude_deg, (-1, 1)), np.reshape(longitude_deg, (-1, 1))
    east, north = offset_m(hills[:, 0], hills[:, 1], latitude, longitude)
    share = np.clip(1.0 - (east**2 + north**2) / hills[:, 3] ** 2, 0.0, None)
    return np.asarray((hills[:, 2] * share**2).sum(axis=1).reshape(shape))
