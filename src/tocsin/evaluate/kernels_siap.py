"""Kernels of the association of tracks to truths over time; the second scorer is their twin."""

from __future__ import annotations

import numba as nb
import numpy as np

from tocsin.contract import F64, I64, Bool

NOBODY = -1


@nb.njit(cache=True, nogil=True, error_model="numpy")
def nearest_truth(start: I64, column: I64, apart: F64, cutoff: float, tracks: int) -> I64:
    """Return for each track row the row of the nearest truth closer than the cut-off, or -1.

    Args:
        start: (truth rows + 1,) edges of truth row i are start[i] to start[i + 1].
        column: (edges,) track row of each edge.
        apart: (edges,) distance of each edge.
        cutoff: distance from which on nothing is near.
        tracks: number of track rows.
    """
    found = np.full(tracks, NOBODY)
    least = np.full(tracks, cutoff)
    for i in range(start.size - 1):
        for e in range(start[i], start[i + 1]):
            if apart[e] < least[column[e]]:
                least[column[e]] = apart[e]
                found[column[e]] = i
    return found


@nb.njit(cache=True, nogil=True, error_model="numpy")
def associate(begins: Bool, instant: I64, nearest: I64, confirm: int, misses: int) -> I64:
    """Return associations as rows (first track row, truth, first instant, last instant).

    The rules, one track after the other, are those of Stone Soup's `TrackToTruth`.

    Args:
        begins: (n,) whether a track begins at this row; rows ordered by track, then instant.
        instant: (n,) instant of each row.
        nearest: (n,) number of the nearest truth, or -1.
        confirm: successive rows with one nearest truth that make an association.
        misses: successive rows without it that end one.
    """
    out = np.empty((instant.size, 4), np.int64)
    count = 0
    current, possible = NOBODY, NOBODY
    hits, failures = 0, 0
    first, last, since, row = 0, 0, 0, 0
    for k in range(instant.size + 1):
        if k == instant.size or begins[k]:
            if current != NOBODY:
                out[count] = (row, current, first, last)
                count += 1
            if k == instant.size:
                break
            current, possible, hits, failures, row = NOBODY, NOBODY, 0, 0, k
        here, now = nearest[k], instant[k]
        if here == current and current != NOBODY:
            failures, last = 0, now
            continue
        if here != NOBODY and here == possible:
            hits += 1
        else:
            possible, since, hits = here, now, 1 if here != NOBODY else 0
        if current != NOBODY:
            failures += 1
            if failures < misses:
                continue
            out[count] = (row, current, first, last)
            count += 1
            # By the rules neither failures nor the candidate's hits are forgotten here.
            current = NOBODY
            if hits >= confirm:
                current, first, last = possible, since, now
        elif hits >= confirm:
            current, first, last = possible, since, now
            possible, hits = NOBODY, 0
    return out[:count].copy()
