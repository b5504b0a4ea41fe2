"""Ground heights on a regular grid of latitude and longitude."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64

F32 = NDArray[np.float32]
Ground = Callable[[F64, F64], F64]
"""Latitudes and longitudes in degrees to heights above the ellipsoid; NaN where unknown."""


@dataclass(frozen=True, eq=False)
class Terrain:
    """Hold ground heights at grid points; between them the ground is bilinear.

    Args:
        south_deg: latitude of the first row of points.
        west_deg: longitude of the first column.
        step_latitude_deg: between rows, positive.
        step_longitude_deg: between columns, positive.
        height_wgs84_m: (rows, columns) from the south and from the west; NaN where unknown.
    """

    south_deg: float
    west_deg: float
    step_latitude_deg: float
    step_longitude_deg: float
    height_wgs84_m: F32

    def place(self, latitude_deg: F64, longitude_deg: F64) -> tuple[F64, F64]:
        """Return fractional rows and columns of points; longitudes may be off by whole turns."""
        row = (np.asarray(latitude_deg) - self.south_deg) / self.step_latitude_deg
        # A hair west of the first column is just that, not a turn east of it.
        east = np.mod(np.asarray(longitude_deg) - self.west_deg + 1.0, 360.0) - 1.0
        return row, east / self.step_longitude_deg

    def height_m(self, latitude_deg: F64, longitude_deg: F64) -> F64:
        """Return heights above the ellipsoid; NaN outside the grid or beside an unknown point.

        Args:
            latitude_deg: WGS-84, any shape.
            longitude_deg: likewise.
        """
        return bilinear(self.height_wgs84_m, *self.place(latitude_deg, longitude_deg))

    @property
    def bounds_deg(self) -> tuple[float, float, float, float]:
        """Return south, west, north and east of the grid's points."""
        rows, columns = self.height_wgs84_m.shape
        north = self.south_deg + (rows - 1) * self.step_latitude_deg
        east = self.west_deg + (columns - 1) * self.step_longitude_deg
        return self.south_deg, self.west_deg, north, east


def bilinear(height_m: F32, row: F64, column: F64) -> F64:
    """Return heights between grid points; NaN outside. The twin of the compiled `sample`.

    Args:
        height_m: (rows, columns), at least two of each.
        row: fractional rows, any shape.
        column: fractional columns.
    """
    rows, columns = height_m.shape
    inside = (row >= 0.0) & (row <= rows - 1.0) & (column >= 0.0) & (column <= columns - 1.0)
    r = np.minimum(np.where(inside, row, 0.0).astype(np.int64), rows - 2)
    c = np.minimum(np.where(inside, column, 0.0).astype(np.int64), columns - 2)
    up, right = row - r, column - c
    low = height_m[r, c] * (1.0 - right) + height_m[r, c + 1] * right
    high = height_m[r + 1, c] * (1.0 - right) + height_m[r + 1, c + 1] * right
    return np.where(inside, low * (1.0 - up) + high * up, np.nan)
