"""Ground height and distances about the scenario's place.

The ground is a raster where the scenario names one, and smooth hills added to it; without a raster
the sea is at zero, and zero is the ellipsoid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64
from tocsin.geo.terrain import Terrain
from tocsin.geo.wgs84 import ECCENTRICITY2, SEMI_MAJOR_M
from tocsin.simulate.kernels_ground import ahead_m, ground_m
from tocsin.simulate.schema_base import Hill

_NO_RASTER = np.zeros((0, 0), np.float32)
_NO_GRID = np.array([0.0, 0.0, 1.0, 1.0])


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
        hills: (k, 6) latitude, longitude, height and radius of hills, and metres per degree of
            longitude and of latitude there.
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
        table = np.concatenate([table, np.stack(metres_per_degree(table[:, 0]), axis=1)], axis=1)
        known = np.zeros(1) if terrain is None else terrain.height_wgs84_m
        top = float(np.nanmax(known, initial=0.0))
        return cls(table, terrain, top + _highest_hills_m(table))

    @property
    def arrays(self) -> tuple[F64, NDArray[np.float32], F64]:
        """Return hills, heights and their grid, as kernels take them."""
        if self.terrain is None:
            return self.hills, _NO_RASTER, _NO_GRID
        terrain = self.terrain
        corner = (terrain.south_deg, terrain.west_deg)
        steps = (terrain.step_latitude_deg, terrain.step_longitude_deg)
        raster = np.ascontiguousarray(terrain.height_wgs84_m, np.float32)
        return self.hills, raster, np.array([*corner, *steps])

    def __call__(self, latitude_deg: F64, longitude_deg: F64) -> F64:
        """Return the heights of the ground above the ellipsoid, NaN where it is unknown."""
        latitude, longitude = np.broadcast_arrays(latitude_deg, longitude_deg)
        flat = (np.asarray(place, float).ravel() for place in (latitude, longitude))
        return np.asarray(ground_m(*self.arrays, *flat).reshape(latitude.shape))

    def under_m(self, latitude_deg: F64, longitude_deg: F64) -> F64:
        """Return the heights of the ground; what flies takes unknown ground for its hills alone."""
        height = self(latitude_deg, longitude_deg)
        if self.terrain is not None and np.isnan(height).any():
            bare = replace(self, terrain=None)(latitude_deg, longitude_deg)
            height = np.where(np.isnan(height), bare, height)
        return height

    def ahead_m(self, state: F64) -> F64:
        """Return (n,) the highest ground that lies within the next seconds of (n, 10) states."""
        return np.asarray(ahead_m(*self.arrays, state))


def _highest_hills_m(hills: F64) -> float:
    """Return a height that no hills together exceed: those that touch one hill, added up."""
    if not len(hills):
        return 0.0
    latitude, longitude, height, radius = hills.T[:4]
    east, north = offset_m(latitude[:, None], longitude[:, None], latitude, longitude)
    touch = np.hypot(east, north) < radius[:, None] + radius
    return float((touch * height).sum(axis=1).max())
