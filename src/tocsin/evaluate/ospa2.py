"""OSPA(2): the distance between sets of paths, over windows of time.

Source: M. Beard, B.-T. Vo, B.-N. Vo, IEEE Trans. Signal Processing 68 (2020) 2754-2769, section IV;
ICCAIS 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64, I64
from tocsin.evaluate.assignment import Candidates, Index, optimal, ospa_of, sparse
from tocsin.evaluate.moments import Moments

PIECE = 100_000
"""Pairs of paths whose common instants are counted at once."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Hold how instants fall into windows, and what each weighs.

    Args:
        window: (instants,) number of the window, ascending.
        weight: (instants,) weight w of the instant.
    """

    window: I64
    weight: F64

    @classmethod
    def of(cls, count: int, length: int) -> Windows:
        """Return consecutive windows of so many instants of equal weight; the last is shorter."""
        return cls(np.arange(count) // length, np.ones(count))


@dataclass(frozen=True, eq=False)
class Saved:
    """Hold by how much pairs of paths are closer than the cut-off, summed over a window.

    Args:
        window: (k,) number of the window.
        truth: (k,) number of the target.
        track: (k,) number of the track.
        metres: (k,) sum of w (c - d) over the instants at which d <= c.
    """

    window: I64
    truth: I64
    track: I64
    metres: F64


def saved(
    true: Moments, seen: Moments, rows: slice, others: slice, pairs: Candidates, windows: Windows
) -> tuple[I64, F64]:
    """Return keys of window, truth and track, ascending, and what pairs of moments save there.

    Args:
        true: true moments.
        seen: track moments.
        rows: those of `true` that the pairs are numbered from.
        others: those of `seen`.
        pairs: pairs within the cut-off.
        windows: windows and weights.
    """
    row = pairs.truth
    instant = true.instant[rows][row]
    path = windows.window[instant] * len(true.names) + true.who[rows][row]
    key = path * len(seen.names) + seen.who[others][pairs.track]
    return _summed(key, windows.weight[instant] * (pairs.cutoff_m - pairs.distance_m))


def joined(true: Moments, seen: Moments, parts: Sequence[tuple[I64, F64]]) -> Saved:
    """Return the sums of all parts together."""
    if not parts:
        none = np.zeros(0, np.int64)
        return Saved(none, none, none, np.zeros(0))
    key, metres = _summed(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    path, track = np.divmod(key, max(len(seen.names), 1))
    window, truth = np.divmod(path, max(len(true.names), 1))
    return Saved(window, truth, track, metres)


def ospa2(
    true: Moments, seen: Moments, sums: Saved, windows: Windows, cutoff_m: float, order: float
) -> F64:
    """Return OSPA(2) of each window.

    Args:
        true: true moments.
        seen: track moments.
        sums: what all pairs of paths save.
        windows: windows and weights.
        cutoff_m: c.
        order: p.
    """
    count = int(windows.window[-1]) + 1 if len(windows.window) else 0
    cut = np.searchsorted(windows.window, np.arange(count + 1))
    of = np.searchsorted(sums.window, np.arange(count + 1))
    values = np.zeros(count)
    for number in range(count):
        begin, end = int(cut[number]), int(cut[number + 1])
        mine = slice(int(of[number]), int(of[number + 1]))
        weight = windows.weight[begin:end]
        truths, there = _presence(true, begin, end)
        tracks, here = _presence(seen, begin, end)
        i = np.searchsorted(truths, sums.truth[mine])
        j = np.searchsorted(tracks, sums.track[mine])
        either = (there @ weight)[i] + (here @ weight)[j] - _common(there, here * weight, i, j)
        apart = np.maximum(cutoff_m - sums.metres[mine] / either, 0.0)
        pairs = sparse(i, j, apart, cutoff_m, (len(truths), len(tracks)))
        pair = optimal(pairs, order)
        near = pairs.distance_m[pair[pair >= 0]] ** order
        larger = max(len(truths), len(tracks))
        values[number] = ospa_of(np.sum(near), len(near), larger, cutoff_m, order)
    return values


def _presence(moments: Moments, begin: int, end: int) -> tuple[Index, F64]:
    """Return who is there within a span of instants, and (who, instant) 1 where they are."""
    rows = moments.rows(begin, end)
    names, number = np.unique(moments.who[rows], return_inverse=True)
    there = np.zeros((len(names), end - begin))
    there[number, moments.instant[rows] - begin] = 1.0
    return names, there


def _common(there: F64, here: F64, i: Index, j: Index) -> F64:
    """Return the weight of the instants at which both of each pair exist."""
    pieces = [
        np.einsum("kt,kt->k", there[i[at : at + PIECE]], here[j[at : at + PIECE]])
        for at in range(0, len(i), PIECE)
    ]
    return np.concatenate(pieces) if pieces else np.zeros(0)


def _summed(key: I64, value: F64) -> tuple[I64, F64]:
    keys, number = np.unique(key, return_inverse=True)
    total = np.bincount(number, value, minlength=len(keys)).astype(np.float64)
    return keys, total
