"""Which cell of its radar's clutter map each plot lies in. The twin is `reference.look_up`."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, I32, I64, Bool

F32 = NDArray[np.float32]
_PER_TURN = 1.0 / (2.0 * math.pi)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def look_up(
    position_m: F64,
    full: Bool,
    sensor: I32,
    which: I64,
    place: F64,
    bounds: F64,
    usual: F64,
    plots: F32,
    looks: F32,
    prior_looks: float,
    cell: I64,
    factor: F64,
) -> None:
    """Write each plot's cell, and how many times as many plots are false there as is usual.

    Args:
        position_m: (n, 3) region frame.
        full: (n,) whether the height was measured.
        sensor: (n,) of each plot.
        which: (sensors,) map of each sensor, -1: it has none.
        place: (maps, 13) of the radar: position (3), rotation to its ENU by rows (9), cells of
            range for a metre.
        bounds: (maps, bands - 2) sines of elevations between bands, ascending.
        usual: (maps, bands) false plots of a look in a cell, as the site says.
        plots: (maps, bands, azimuths, ranges) false plots that were counted.
        looks: (maps, azimuths) looks in which they were.
        prior_looks: looks that what is usual is worth.
        cell: (n,) out: number of the cell in `plots`, -1: none.
        factor: (n,) out.
    """
    bands, azimuths, ranges = plots.shape[1], plots.shape[2], plots.shape[3]
    for i in range(sensor.size):
        k = which[sensor[i]]
        cell[i], factor[i] = -1, 1.0
        if k < 0:
            continue
        p = place[k]
        x, y, z = position_m[i, 0] - p[0], position_m[i, 1] - p[1], position_m[i, 2] - p[2]
        east = p[3] * x + p[4] * y + p[5] * z
        north = p[6] * x + p[7] * y + p[8] * z
        up = p[9] * x + p[10] * y + p[11] * z
        range_m = math.sqrt(east * east + north * north + up * up)
        ring = min(int(range_m * p[12]), ranges - 1)
        turn = math.atan2(east, north) * _PER_TURN
        ray = min(int((turn - math.floor(turn)) * azimuths), azimuths - 1)
        band = 0
        if full[i]:
            band = 1
            while band < bands - 1 and up >= bounds[k, band - 1] * range_m:
                band += 1
        cell[i] = ((k * bands + band) * azimuths + ray) * ranges + ring
        mean = usual[k, band]
        if mean > 0.0:
            rate = (prior_looks * mean + plots[k, band, ray, ring]) / (prior_looks + looks[k, ray])
            factor[i] = rate / mean
