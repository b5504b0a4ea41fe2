"""Kernels of the ground: its height under points, and the highest of it that lies ahead.

Their NumPy twins are `reference.ground_m` and `reference.ahead_m`.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64
from tocsin.simulate.kernels_motion import per_degree

LOOK_AHEAD_S = (0.0, 2.0, 4.0, 7.0)


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _hills(hills: F64, latitude_deg: float, longitude_deg: float) -> float:
    total = 0.0
    for k in range(hills.shape[0]):
        east = (longitude_deg - hills[k, 1]) * hills[k, 4]
        north = (latitude_deg - hills[k, 0]) * hills[k, 5]
        share = max(1.0 - (east * east + north * north) / (hills[k, 3] * hills[k, 3]), 0.0)
        total += hills[k, 2] * share * share
    return total


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _bilinear(
    raster: NDArray[np.float32], grid: F64, latitude_deg: float, longitude_deg: float
) -> float:
    rows, columns = raster.shape
    y = (latitude_deg - grid[0]) / grid[2]
    x = ((longitude_deg - grid[1] + 1.0) % 360.0 - 1.0) / grid[3]
    if not (0.0 <= y <= rows - 1.0 and 0.0 <= x <= columns - 1.0):
        return np.nan
    r, c = min(int(y), rows - 2), min(int(x), columns - 2)
    up, right = y - r, x - c
    low = raster[r, c] * (1.0 - right) + raster[r, c + 1] * right
    high = raster[r + 1, c] * (1.0 - right) + raster[r + 1, c + 1] * right
    value: float = low * (1.0 - up) + high * up
    return value


@nb.njit(cache=True, nogil=True, error_model="numpy")
def ground_m(
    hills: F64, raster: NDArray[np.float32], grid: F64, latitude_deg: F64, longitude_deg: F64
) -> F64:
    """Return the heights of the ground above the ellipsoid, NaN where it is unknown.

    Args:
        hills: (k, 6) as `terrain.Ground` holds them.
        raster: (rows, columns) heights from the south-west that hills stand on; (0, 0): none.
        grid: (4,) latitude and longitude of its first height, then the steps.
        latitude_deg: (n,) WGS-84.
        longitude_deg: (n,) WGS-84.
    """
    out = np.empty(latitude_deg.size)
    for i in range(latitude_deg.size):
        out[i] = _hills(hills, latitude_deg[i], longitude_deg[i])
        if raster.size:
            out[i] += _bilinear(raster, grid, latitude_deg[i], longitude_deg[i])
    return out


@nb.njit(cache=True, nogil=True, error_model="numpy")
def ahead_m(hills: F64, raster: NDArray[np.float32], grid: F64, state: F64) -> F64:
    """Return the highest ground within the next seconds of flight; unknown ground is the sea.

    Args:
        hills: (k, 6) as in `ground_m`.
        raster: (rows, columns) likewise.
        grid: (4,) likewise.
        state: (n, 10) of objects, by `motions.Column`.
    """
    out = np.empty(state.shape[0])
    for i in range(state.shape[0]):
        s, most = state[i], -np.inf
        east, north = s[4] * math.sin(s[3]), s[4] * math.cos(s[3])
        wide, long = per_degree(s[0])
        for seconds in LOOK_AHEAD_S:
            latitude, longitude = s[0] + north * seconds / long, s[1] + east * seconds / wide
            height = _hills(hills, latitude, longitude)
            if raster.size:
                bare = _bilinear(raster, grid, latitude, longitude)
                height += 0.0 if math.isnan(bare) else bare
            most = max(most, height)
        out[i] = most
    return out
