"""Kernel that finds tracks close enough to be one object; its twin stands in its test."""

from __future__ import annotations

import numba as nb
import numpy as np

from tocsin.contract import F64, I64
from tocsin.track.kernels_gate import longer

REACH = 8.0


@nb.njit(cache=True, nogil=True, error_model="numpy")
def near_pairs(
    place_m: F64, spread_m: F64, west: float, south: float, side: float, cells: int
) -> tuple[I64, I64]:
    """Return each pair of places once that are nearer than four times both spreads, by axis.

    Args:
        place_m: (n, 2).
        spread_m: (n,); the wider of two looks for the other.
        west: edge of the grid.
        south: likewise.
        side: of a cell.
        cells: on each side of the grid.
    """
    n = len(spread_m)
    first, second, found = np.empty(4 * n + 16, np.int64), np.empty(4 * n + 16, np.int64), 0
    start, cell = np.zeros(cells * cells + 1, np.int64), np.empty(n, np.int64)
    for i in range(n):
        x, y = int((place_m[i, 0] - west) / side), int((place_m[i, 1] - south) / side)
        cell[i] = y * cells + x
        start[cell[i] + 1] += 1
    for c in range(cells * cells):
        start[c + 1] += start[c]
    order, fill = np.empty(n, np.int64), start.copy()
    for i in range(n):
        order[fill[cell[i]]] = i
        fill[cell[i]] += 1
    for i in range(n):
        reach = REACH * spread_m[i]
        x0 = max(int((place_m[i, 0] - reach - west) / side), 0)
        x1 = min(int((place_m[i, 0] + reach - west) / side), cells - 1)
        y0 = max(int((place_m[i, 1] - reach - south) / side), 0)
        y1 = min(int((place_m[i, 1] + reach - south) / side), cells - 1)
        for y in range(y0, y1 + 1):
            for k in range(start[y * cells + x0], start[y * cells + x1 + 1]):
                j = order[k]
                narrower = spread_m[j] < spread_m[i] or (spread_m[j] == spread_m[i] and i < j)
                limit = 0.5 * REACH * (spread_m[i] + spread_m[j])
                near = abs(place_m[i, 0] - place_m[j, 0]) <= limit
                near = near and abs(place_m[i, 1] - place_m[j, 1]) <= limit
                if not (narrower and near):
                    continue
                if found == first.size:
                    first, second = longer(first), longer(second)
                first[found], second[found] = i, j
                found += 1
    return first[:found], second[:found]
