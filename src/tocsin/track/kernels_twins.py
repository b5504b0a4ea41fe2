"""Kernel that finds tracks close enough to be one object; its twin stands in its test."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from tocsin.contract import F64, I64
from tocsin.motion.kernels_jit import lean
from tocsin.track.kernels_gate import longer

if TYPE_CHECKING:
    from tocsin.track.state import Bank


@nb.njit(cache=True, nogil=True, error_model="numpy")
def candidates(bank: Bank, at_ns: int, plots: int, existence: float) -> tuple[I64, F64, F64]:
    """Return the tracks that may be another's twin: rows, (n, 6) means and variances at an instant.

    Args:
        bank: the rows.
        at_ns: the instant; they go straight on until then.
        plots: least number of plots taken.
        existence: least probability.
    """
    n, k = bank.existence.size, 0
    rows, mean, variance = np.empty(n, np.int64), np.zeros((n, 6)), np.zeros((n, 6))
    for i in range(n):
        if bank.existence[i] <= existence or bank.plots[i] < plots:
            continue
        if bank.poisson[i] or bank.cluster[i] >= 0:
            continue
        rows[k], dt = i, (at_ns - bank.time_ns[i]) * 1e-9
        for m in range(bank.mode.shape[1]):
            w = bank.mode[i, m]
            for a in range(6):
                mean[k, a] += w * _later(bank.state[i, m], dt, a)
        for m in range(bank.mode.shape[1]):
            w, P = bank.mode[i, m], bank.cov[i, m]
            for a, own, mixed, speed in (
                (0, 0, 3, 15), (1, 6, 9, 18), (2, 11, 14, 20), (3, 15, 0, 0), (4, 18, 0, 0),
                (5, 20, 0, 0),
            ):  # fmt: skip
                off = _later(bank.state[i, m], dt, a) - mean[k, a]
                moved = dt * (2.0 * P[mixed] + dt * P[speed]) if a < 3 else 0.0
                variance[k, a] += w * (P[own] + moved + off * off)
        k += 1
    return rows[:k], mean[:k], variance[:k]


@lean(inline=True)
def _later(x: F64, dt: float, a: int) -> float:
    """Return one component of a state some seconds later."""
    return float(x[a] + dt * x[a + 3] if a < 3 else x[a])


@lean(inline=True)
def _may_agree(mean: F64, variance: F64, i: int, j: int, far2: float) -> bool:
    """Say whether two states may be one: no component is too far apart for both their errors."""
    for a in range(6):
        apart = mean[i, a] - mean[j, a]
        if apart * apart > far2 * (variance[i, a] + variance[j, a]):
            return False
    return True


@nb.njit(cache=True, nogil=True, error_model="numpy")
def near_pairs(
    mean: F64, variance: F64, far2: float, west: float, south: float, side: float, cells: int
) -> tuple[I64, I64]:
    """Return each pair of states once no component of which is too far apart.

    Args:
        mean: (n, 6).
        variance: (n, 6).
        far2: squared distance of two values that are too far apart, over both their variances.
        west: edge of a grid that holds all places.
        south: likewise.
        side: of a cell.
        cells: on each side of the grid.
    """
    n = len(mean)
    first, second, found = np.empty(n + 16, np.int64), np.empty(n + 16, np.int64), 0
    start, cell = np.zeros(cells * cells + 1, np.int64), np.empty(n, np.int64)
    for i in range(n):
        x, y = int((mean[i, 0] - west) / side), int((mean[i, 1] - south) / side)
        cell[i] = y * cells + x
        start[cell[i] + 1] += 1
    for c in range(cells * cells):
        start[c + 1] += start[c]
    order, fill = np.empty(n, np.int64), start.copy()
    place = np.empty((n, 3))
    for i in range(n):
        k = fill[cell[i]]
        order[k], place[k, 0], place[k, 1] = i, mean[i, 0], mean[i, 1]
        place[k, 2] = math.sqrt(2.0 * far2 * max(variance[i, 0], variance[i, 1]))
        fill[cell[i]] += 1
    # The wider of two looks for the other.
    for e in range(n):
        i, east, north, reach = order[e], place[e, 0], place[e, 1], place[e, 2]
        x0 = max(int((east - reach - west) / side), 0)
        x1 = min(int((east + reach - west) / side), cells - 1)
        y0 = max(int((north - reach - south) / side), 0)
        y1 = min(int((north + reach - south) / side), cells - 1)
        for y in range(y0, y1 + 1):
            for k in range(start[y * cells + x0], start[y * cells + x1 + 1]):
                if abs(place[k, 0] - east) > reach or abs(place[k, 1] - north) > reach:
                    continue
                narrower = place[k, 2] < reach or (place[k, 2] == reach and e < k)
                if not (narrower and _may_agree(mean, variance, i, order[k], far2)):
                    continue
                if found == first.size:
                    first, second = longer(first), longer(second)
                first[found], second[found] = i, order[k]
                found += 1
    return first[:found], second[:found]
