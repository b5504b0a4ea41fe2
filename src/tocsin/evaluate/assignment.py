"""Pairs truth with tracks, optimally, cluster by cluster; GOSPA from such pairs.

Source: A. S. Rahmathullah, A. F. Garcia-Fernandez, L. Svensson, "Generalized optimal sub-pattern
assignment metric", FUSION 2017, eq. (4) and proposition 1 (alpha = 2).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from tocsin.contract import F64, Bool

Index = NDArray[np.intp]
SMALL = 40_000
"""Cells of a matrix that is solved faster at once than cut into clusters."""


class Candidates(NamedTuple):
    """Hold every pair of a truth and a track that are no further apart than the cut-off."""

    truth: Index
    track: Index
    distance_m: F64


class Gospa(NamedTuple):
    """Hold GOSPA to the power p and its three parts, which add up to it."""

    total: float
    localisation: float
    missed: float
    false: float


def candidates(truth_m: F64, track_m: F64, cutoff_m: float) -> Candidates:
    """Return the pairs within the cut-off of (n, d) truths and (m, d) tracks."""
    if len(truth_m) == 0 or len(track_m) == 0:
        none = np.zeros(0, np.intp)
        return Candidates(none, none, np.zeros(0))
    found: NDArray[Any] = KDTree(truth_m).sparse_distance_matrix(
        KDTree(track_m), cutoff_m, output_type="ndarray"
    )
    return Candidates(found["i"], found["j"], found["v"])


def choose(pairs: Candidates, gain: F64) -> Bool:
    """Return which pairs to take, each truth and track once, for the greatest total gain.

    Pairs that contend are solved in connected clusters, so that the cost grows with the number of
    clusters and not with the cube of the number of targets.

    Args:
        pairs: candidate pairs.
        gain: (n,) gain of each pair, not below zero.
    """
    alone = (np.bincount(pairs.truth)[pairs.truth] == 1) & (
        np.bincount(pairs.track)[pairs.track] == 1
    )
    taken: Bool = alone.copy()
    contested = np.flatnonzero(~alone)
    if len(contested):
        taken[contested] = _solve(pairs.truth[contested], pairs.track[contested], gain[contested])
    return taken


def _solve(truth: Index, track: Index, gain: F64) -> Bool:
    rows, row = np.unique(truth, return_inverse=True)
    columns, column = np.unique(track, return_inverse=True)
    if len(rows) * len(columns) <= SMALL:
        return _solve_dense(row, column, gain, (len(rows), len(columns)))
    size = len(rows) + len(columns)
    graph = coo_array((np.ones(len(gain)), (row, column + len(rows))), shape=(size, size))
    label = connected_components(graph, directed=False)[1][row]
    order = np.argsort(label, kind="stable")
    taken: Bool = np.zeros(len(gain), bool)
    for cluster in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
        taken[cluster] = _solve_cluster(row[cluster], column[cluster], gain[cluster])
    return taken


def _solve_cluster(row: Index, column: Index, gain: F64) -> Bool:
    rows, i = np.unique(row, return_inverse=True)
    columns, j = np.unique(column, return_inverse=True)
    return _solve_dense(i, j, gain, (len(rows), len(columns)))


def _solve_dense(row: Index, column: Index, gain: F64, shape: tuple[int, int]) -> Bool:
    matrix = np.zeros(shape)
    matrix[row, column] = gain
    best_row, best_column = linear_sum_assignment(matrix, maximize=True)
    partner = np.full(shape[0], -1)
    partner[best_row] = best_column
    chosen: Bool = partner[row] == column
    return chosen


def gospa(
    truth_m: F64,
    track_m: F64,
    cutoff_m: float,
    order: float = 2.0,
    pairs: Candidates | None = None,
) -> Gospa:
    """Return GOSPA to the power p, alpha = 2, with its parts, of one instant.

    Args:
        truth_m: (n, d) true positions.
        track_m: (m, d) estimated positions.
        cutoff_m: c.
        order: p.
        pairs: the candidates, where they are known already.

    >>> gospa(np.zeros((1, 2)), np.array([[3.0, 4.0], [90.0, 0.0]]), 10.0)
    Gospa(total=75.0, localisation=25.0, missed=0.0, false=50.0)
    """
    found = candidates(truth_m, track_m, cutoff_m) if pairs is None else pairs
    cost = found.distance_m**order
    taken = choose(found, cutoff_m**order - cost)
    count = int(taken.sum())
    half = cutoff_m**order / 2.0
    parts = (
        float(cost[taken].sum()),
        half * (len(truth_m) - count),
        half * (len(track_m) - count),
    )
    return Gospa(sum(parts), *parts)
