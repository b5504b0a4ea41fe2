"""Kernel that finds tracks close enough to be one object; its twin stands in its test."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from tocsin.contract import F64, I64
from tocsin.track.kernels_gate import longer

if TYPE_CHECKING:
    from tocsin.track.state import Bank

REACH = 8.0


@nb.njit(cache=True, nogil=True, error_model="numpy")
def places(bank: Bank, plots: int, existence: float) -> tuple[I64, F64, F64]:
    """Return the tracks that may be another's twin: rows, (n, 2) places, and (n,) spreads.

    Args:
        bank: the rows.
        plots: least number of plots taken.
        existence: least probability.
    """
    n, k = bank.existence.size, 0
    rows, place_m, spread_m = np.empty(n, np.int64), np.empty((n, 2)), np.empty(n)
    for i in range(n):
        if bank.existence[i] <= existence or bank.plots[i] < plots:
            continue
        if bank.poisson[i] or bank.cluster[i] >= 0:
            continue
        x, y, power2, wide2 = 0.0, 0.0, 0.0, 0.0
        for m in range(bank.mode.shape[1]):
            east, north, w = bank.state[i, m, 0], bank.state[i, m, 1], bank.mode[i, m]
            x, y = x + w * east, y + w * north
            power2 += w * (east * east + north * north)
            wide2 += w * (bank.cov[i, m, 0] + bank.cov[i, m, 6])
        if bank.mode.shape[1] > 1:
            wide2 += max(power2 - x * x - y * y, 0.0)
        rows[k], place_m[k, 0], place_m[k, 1], spread_m[k] = i, x, y, math.sqrt(wide2)
        k += 1
    return rows[:k], place_m[:k], spread_m[:k]


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
