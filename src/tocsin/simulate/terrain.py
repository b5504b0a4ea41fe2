"""Ground height and distances about the scenario's place.

The ground is a raster where the scenario names one, and smooth hills added to it; without a raster
the sea is at zero, and zero is the ellipsoid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64
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


class Raster(Protocol):
    """Be a grid of heights above the ellipsoid as `tocsin.geo.Terrain` is, south and west first."""

    @property
    def south_deg(self) -> float:
        """Return the latitude of the first row."""

    @property
    def west_deg(self) -> float:
        """Return the longitude of the first column."""

    @property
    def step_latitude_deg(self) -> float:
        """Return the distance of rows."""

    @property
    def step_longitude_deg(self) -> float:
        """Return the distance of columns."""

    @property
    def height_wgs84_m(self) -> NDArray[np.float32]:
        """Return (rows, columns) heights, NaN where unknown."""


@dataclass(frozen=True, eq=False)
class Ground:
    """Hold the ground under a scenario.

    Args:
        hills: (k, 4) latitude, longitude, height and radius of hills.
        raster_m: (rows, columns) float32 heights from the south-west, NaN unknown; (0, 0): none.
        grid_deg: (4,) latitude and longitude of the first height, then the steps.
    """

    hills: F64
    raster_m: NDArray[np.float32]
    grid_deg: F64

    @classmethod
    def of(cls, hills: Sequence[Hill] = (), raster: Raster | None = None) -> Self:
        """Return the ground of hills, and of a raster where there is one."""
        rows = [(h.latitude_deg, h.longitude_deg, h.height_m, h.radius_m) for h in hills]
        table = np.array(rows, float).reshape(-1, 4)
        if raster is None:
            return cls(table, np.zeros((0, 0), np.float32), np.array([0.0, 0.0, 1.0, 1.0]))
        corner = (raster.south_deg, raster.west_deg)
        steps = (raster.step_latitude_deg, raster.step_longitude_deg)
        heights = np.ascontiguousarray(raster.height_wgs84_m, np.float32)
        return cls(table, heights, np.array([*corner, *steps]))

    def __call__(self, latitude_deg: F64, longitude_deg: F64) -> F64:
        """Return the heights of the ground above the ellipsoid, NaN where it is unknown."""
        height = hills_m(self.hills, latitude_deg, longitude_deg)
        if self.raster_m.size:
            height = height + _bilinear(self, latitude_deg, longitude_deg)
        return height

    def under_m(self, latitude_deg: F64, longitude_deg: F64) -> F64:
        """Return the heights of the ground; what flies takes unknown ground for the sea."""
        height = self(latitude_deg, longitude_deg)
        if not self.raster_m.size:
            return height
        bare = hills_m(self.hills, latitude_deg, longitude_deg)
        return np.where(np.isnan(height), bare, height)


def hills_m(hills: F64, latitude_deg: F64, longitude_deg: F64) -> F64:
    """Return how much hills raise the ground at points."""
    if not len(hills):
        return np.zeros(np.shape(latitude_deg))
    shape = np.shape(latitude_deg)
    latitude, longitude = np.reshape(latitude_deg, (-1, 1)), np.reshape(longitude_deg, (-1, 1))
    east, north = offset_m(hills[:, 0], hills[:, 1], latitude, longitude)
    share = np.clip(1.0 - (east**2 + north**2) / hills[:, 3] ** 2, 0.0, None)
    return np.asarray((hills[:, 2] * share**2).sum(axis=1).reshape(shape))


def _bilinear(ground: Ground, latitude_deg: F64, longitude_deg: F64) -> F64:
    south, west, step_latitude, step_longitude = ground.grid_deg
    rows, columns = ground.raster_m.shape
    y = (np.asarray(latitude_deg) - south) / step_latitude
    x = (np.asarray(longitude_deg) - west) / step_longitude
    inside = (y >= 0.0) & (y <= rows - 1) & (x >= 0.0) & (x <= columns - 1)
    row = np.clip(np.nan_to_num(y).astype(np.int64), 0, rows - 2)
    column = np.clip(np.nan_to_num(x).astype(np.int64), 0, columns - 2)
    v, u, z = y - row, x - column, ground.raster_m
    south_m = z[row, column] * (1.0 - u) + z[row, column + 1] * u
    north_m = z[row + 1, column] * (1.0 - u) + z[row + 1, column + 1] * u
    return np.where(inside, south_m * (1.0 - v) + north_m * v, np.nan)
