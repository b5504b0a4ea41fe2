"""Who is paired with whom, at every scored instant."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tocsin.contract import F64, I64, Bool
from tocsin.evaluate.assignment import Candidates, Index, apart_in_time, candidates, optimal
from tocsin.evaluate.config import TrackScoring
from tocsin.evaluate.kernels_assignment import match_over_time
from tocsin.evaluate.kernels_siap import nearest_truth
from tocsin.evaluate.moments import Moments
from tocsin.evaluate.ospa2 import Saved, Windows, joined, saved

NOBODY = -1
CHUNK_ROWS = 20_000
"""Truth rows that are paired at once: enough to be fast, few enough for memory."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Hold who was paired with whom.

    Args:
        track_row: (n,) for each truth moment the matched track moment, or -1.
        best_row: (n,) the same by the optimal pairing.
        nearest: (m,) for each track moment the nearest truth moment within the cut-off, or -1.
        near: (m,) whether any truth is within the cut-off, the cut-off included.
        near_power: (instants,) sum of d^p over the optimal pairs.
        taken: (instants,) number of optimal pairs.
        sums: what pairs of paths save in each window, for OSPA(2).
    """

    track_row: Index
    best_row: Index
    nearest: Index
    near: Bool
    near_power: F64
    taken: I64
    sums: Saved


def match(true: Moments, seen: Moments, windows: Windows, config: TrackScoring) -> Matches:
    """Return the three pairings that the scores rest on, instants taken many at a time."""
    count = len(windows.window)
    track_row, best_row = (np.full(len(true.who), NOBODY, np.intp) for _ in range(2))
    nearest, near = np.full(len(seen.who), NOBODY, np.intp), np.zeros(len(seen.who), bool)
    near_power = np.zeros(count)
    last = np.full(len(true.names), NOBODY, np.int64)
    parts = []
    for begin, end in chunks(true, count):
        rows, others = true.rows(begin, end), seen.rows(begin, end)
        pairs = candidates(
            apart_in_time(true.place_m[rows], true.instant[rows] - begin, config.cutoff_m),
            apart_in_time(seen.place_m[others], seen.instant[others] - begin, config.cutoff_m),
            config.cutoff_m,
        )
        parts.append(saved(true, seen, rows, others, pairs, windows))
        pair = optimal(pairs, config.order)
        best_row[rows] = _partner(pair, pairs, others.start)
        hit = pair >= 0
        power = pairs.distance_m[pair[hit]] ** config.order
        near_power += np.bincount(true.instant[rows][hit], power, minlength=count)
        kept = match_over_time(
            true.offsets[begin : end + 1] - rows.start,
            seen.offsets[begin : end + 1] - others.start,
            *pairs[:3],
            true.who[rows],
            seen.who[others],
            last,
            config.cutoff_m,
            config.hysteresis_m,
        )
        track_row[rows] = _partner(kept, pairs, others.start)
        near[others.start + pairs.track] = True
        found = nearest_truth(*pairs[:3], config.cutoff_m, pairs.tracks)
        nearest[others] = np.where(found >= 0, found + rows.start, NOBODY)
    taken = np.bincount(true.instant[best_row != NOBODY], minlength=count).astype(np.int64)
    sums = joined(true, seen, parts)
    return Matches(track_row, best_row, nearest, near, near_power, taken, sums)


def chunks(true: Moments, count: int) -> list[tuple[int, int]]:
    """Return spans of instants that hold about as many truth rows each, one instant at least."""
    turns = np.unique(true.offsets[:count] // CHUNK_ROWS, return_index=True)[1].tolist()
    return list(pairwise([*turns, count]))


def _partner(pair: I64, pairs: Candidates, first_track: int) -> Index:
    found = np.full(len(pair), NOBODY, np.intp)
    hit = pair >= 0
    found[hit] = pairs.track[pair[hit]] + first_track
    return found
