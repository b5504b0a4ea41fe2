"""Sums of detection theory, compiled. Their twin is `tocsin.radar.reference`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]
LANES = 32
NEGLIGIBLE = 1e-22


@njit(cache=True, nogil=True)
def polynomial(ratio: Array, coefficient: Array, value: Array, slope: Array) -> None:
    """Write a polynomial and its derivative at each ratio (Horner, in lanes).

    Args:
        ratio: (n,) where; n a multiple of LANES.
        coefficient: (terms,) lowest power first.
        value: (n,) out.
        slope: (n,) out, the derivative.
    """
    terms = len(coefficient)
    lane = np.zeros((3, LANES))  # one array: with several the compiler fears that they overlap
    for block in range(len(ratio) // LANES):
        begin = block * LANES
        for k in range(LANES):
            lane[0, k] = ratio[begin + k]
            lane[1, k] = 0.0
            lane[2, k] = 0.0
        for j in range(terms):
            c = coefficient[terms - 1 - j]
            for k in range(LANES):
                lane[2, k] = lane[2, k] * lane[0, k] + lane[1, k]
                lane[1, k] = lane[1, k] * lane[0, k] + c
        for k in range(LANES):
            value[begin + k] = lane[1, k]
            slope[begin + k] = lane[2, k]


@njit(cache=True, nogil=True)
def mixture(first: Array, weight: Array, ratio: Array, growth: Array, tail: Array) -> Array:
    """Return sums of weights times tails; beyond the last tail all weight counts in full.

    Args:
        first: (n,) first term whose weight is not negligible.
        weight: (n,) the weight there.
        ratio: (n,) factor of all growths.
        growth: (terms,) weight j + 1 is weight j times ratio times growth j.
        tail: (terms,) chance of detection with j further noise terms.
    """
    out = np.empty(len(first))
    terms = len(tail)
    for i in range(len(first)):
        w, x = weight[i], ratio[i]
        total, spent = 0.0, 0.0
        j = first[i]
        while j < terms:
            total += w * tail[j]
            spent += w
            step = x * growth[j]
            w *= step
            j += 1
            if w < NEGLIGIBLE and step < 1.0:
                break
        if j == terms:
            total += max(1.0 - spent, 0.0)
        out[i] = min(total, 1.0)
    return out
