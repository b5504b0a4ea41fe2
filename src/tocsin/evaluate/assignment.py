"""Pairs truth with tracks, optimally; GOSPA and OSPA from such pairs.

Source: A. S. Rahmathullah, A. F. Garcia-Fernandez, L. Svensson, "Generalized optimal sub-pattern
assignment metric", FUSION 2017, eq. (4) and proposition 1 (alpha = 2); D. Schuhmacher, B.-T. Vo,
B.-N. Vo, IEEE Trans. Signal Processing 56 (2008) 3447-3457, eq. (3).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from tocsin.contract import F64, I64
from tocsin.evaluate.kernels_assignment import assign, by_row

Index = NDArray[np.intp]


class Candidates(NamedTuple):
    """Hold every pair of a truth and a track that are no further apart than the cut-off.

    Args:
        start: (truths + 1,) pairs of truth i are start[i] to start[i + 1], the nearest first.
        track: (pairs,) number of the track.
        distance_m: (pairs,) how far apart.
        tracks: how many tracks there are.
        cutoff_m: the cut-off c.
    """

    start: I64
    track: I64
    distance_m: F64
    tracks: int
    cutoff_m: float

    @property
    def truth(self) -> I64:
        """Return the number of the truth of each pair."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))


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
        return sparse(none, none, np.zeros(0), cutoff_m, (len(truth_m), len(track_m)))
    found: NDArray[Any] = KDTree(truth_m).sparse_distance_matrix(
        KDTree(track_m), cutoff_m, output_type="ndarray"
    )
    return sparse(found["i"], found["j"], found["v"], cutoff_m, (len(truth_m), len(track_m)))


def apart_in_time(place_m: F64, instant: Index, cutoff_m: float) -> F64:
    """Return (n, 4) places with time as one more axis, on which instants lie beyond the cut-off.

    So the candidates of many instants are found at once.
    """
    return np.column_stack([place_m, instant * (2.0 * cutoff_m + 1.0)])


def sparse(
    truth: Index, track: Index, apart_m: F64, cutoff_m: float, shape: tuple[int, int]
) -> Candidates:
    """Return pairs in any order as candidates, of as many truths and tracks as the shape says."""
    start, column, distance_m = by_row(
        np.ascontiguousarray(truth, np.int64),
        np.ascontiguousarray(track, np.int64),
        np.ascontiguousarray(apart_m, np.float64),
        shape[0],
    )
    return Candidates(start, column, distance_m, shape[1], cutoff_m)


def optimal(pairs: Candidates, order: float) -> I64:
    """Return for each truth its pair, or -1, in the pairing of the least GOSPA and OSPA.

    Both are a constant less the sum of c^p - d^p over the pairs, so one pairing serves both.

    Args:
        pairs: the candidates.
        order: p.
    """
    cost = pairs.distance_m**order
    return assign(pairs.start, pairs.track, cost, pairs.cutoff_m**order, pairs.tracks)


def gospa(truth_m: F64, track_m: F64, cutoff_m: float, order: float = 2.0) -> Gospa:
    """Return GOSPA to the power p, alpha = 2, with its parts, of one instant.

    Args:
        truth_m: (n, d) true positions.
        track_m: (m, d) estimated positions.
        cutoff_m: c.
        order: p.

    >>> gospa(np.zeros((1, 2)), np.array([[3.0, 4.0], [90.0, 0.0]]), 10.0)
    Gospa(total=75.0, localisation=25.0, missed=0.0, false=50.0)
    """
    pairs = candidates(truth_m, track_m, cutoff_m)
    pair = optimal(pairs, order)
    taken = pair[pair >= 0]
    half = cutoff_m**order / 2.0
    parts = (
        float(np.sum(pairs.distance_m[taken] ** order)),
        half * (len(truth_m) - len(taken)),
        half * (len(track_m) - len(taken)),
    )
    return Gospa(sum(parts), *parts)


def ospa(truth_m: F64, track_m: F64, cutoff_m: float, order: float = 2.0) -> float:
    """Return OSPA of one instant.

    Args:
        truth_m: (n, d) true positions.
        track_m: (m, d) estimated positions.
        cutoff_m: c.
        order: p.

    >>> ospa(np.zeros((1, 2)), np.array([[3.0, 4.0], [90.0, 0.0]]), 10.0, 1.0)
    7.5
    """
    pairs = candidates(truth_m, track_m, cutoff_m)
    pair = optimal(pairs, order)
    near = pairs.distance_m[pair[pair >= 0]] ** order
    return float(ospa_of(np.sum(near), len(near), max(len(truth_m), len(track_m)), cutoff_m, order))


def ospa_of(near: Any, taken: Any, larger: Any, cutoff_m: float, order: float) -> Any:
    """Return OSPA from its parts, of one instant or of each.

    Args:
        near: sum of d^p over the pairs.
        taken: number of pairs.
        larger: number of members of the larger set.
        cutoff_m: c.
        order: p.
    """
    mean = (near + cutoff_m**order * (larger - taken)) / np.maximum(larger, 1)
    return np.maximum(mean, 0.0) ** (1.0 / order)
