"""Which tracks are confirmed, which end, which are one object's."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, I64, NS, Bool
from tocsin.geo import unpack_covariance
from tocsin.track.clusters import moved
from tocsin.track.kernels_sweep import INTERVALS, LONGEST_S, SILENCE_S, end
from tocsin.track.kernels_twins import REACH, near_pairs, places
from tocsin.track.seen import moments
from tocsin.track.state import Bank, TrackState

_TWIN_DISTANCE2 = 12.6
_TWIN_TIMES = 3
_SMALL = 1000
"""A smaller bank is not worth being compacted."""
_SIDE = 2.0
"""Side of a grid cell, in reaches of the median track."""
_TWIN_EXISTENCE = 0.5
_TWIN_SPREAD_M = 1000.0
"""A track that is less sure of its place is nobody's twin further off than one this sure."""


def ended(state: TrackState, at_ns: int) -> TrackState:
    """Return the state without the rows that are over: too improbable, or silent for too long."""
    bank, ends = state.bank, state.site.ends
    contested = end(bank, at_ns, ends)
    if contested == 0:
        return state
    rows = np.flatnonzero(bank.cluster >= 0)
    silent_s = (at_ns - bank.last_plot_at_ns[rows]) / NS
    own_s = np.minimum(ends[INTERVALS] * bank.interval_s[rows], ends[LONGEST_S])
    gone = rows[silent_s > np.maximum(ends[SILENCE_S], own_s)]
    place = np.arange(bank.size)
    place[gone] = -1
    bank.free(gone)
    return state._replace(hypotheses=moved(state.hypotheses, place))


def unite(state: TrackState) -> TrackState:
    """Return the state with tracks of one object united; the older number stays.

    Two tracks are one object's when their states agree within both their errors three times
    running, their addresses do not differ, and no sensor saw two plots in one look.
    """
    bank = state.bank
    older, younger = _close_pairs(state, bank)
    twin = np.zeros(bank.size, np.uint32)
    # The nearest older track wins when several are close: pairs come farthest first.
    twin[younger] = bank.number[older]
    again = (twin != 0) & (twin == bank.twin)
    bank.twin_count[:] = np.where(again, bank.twin_count + 1, twin != 0)
    bank.twin[:] = twin
    gone = np.flatnonzero(bank.twin_count >= _TWIN_TIMES)
    if len(gone) == 0:
        return state
    single, looked = _single(bank), state.looked + 1
    for i in gone:
        stays = np.flatnonzero(single & (bank.number == bank.twin[i]))[0]
        _hand_over(bank, int(i), int(stays))
        bank.looked[stays] = looked
    bank.free(gone)
    counters = state.counters.add(merged=len(gone))
    return state._replace(looked=looked, counters=counters)


def compact(state: TrackState) -> TrackState:
    """Return the state without its free rows, if those are most."""
    bank = state.bank
    live = bank.live
    if bank.size < _SMALL or 2 * np.count_nonzero(live) > bank.size:
        return state
    place = np.where(live, np.cumsum(live) - 1, -1)
    return state._replace(
        bank=bank.take(np.flatnonzero(live)),
        hypotheses=moved(state.hypotheses, place),
        moved=state.moved + 1,
        away={},
    )


def _single(bank: Bank) -> Bool:
    """Return which rows are tracks that contest nothing."""
    return ~bank.poisson & (bank.cluster < 0)


def _hand_over(bank: Bank, gone: int, stays: int) -> None:
    if bank.address[stays] < 0:
        bank.address[stays] = bank.address[gone]
    if not bank.callsign[stays]:
        bank.callsign[stays] = bank.callsign[gone]
    bank.heard_ns[stays] = np.maximum(bank.heard_ns[stays], bank.heard_ns[gone])
    bank.last_plot_at_ns[stays] = max(bank.last_plot_at_ns[stays], bank.last_plot_at_ns[gone])
    bank.confirmed[stays] |= bank.confirmed[gone]
    bank.existence[stays] = max(bank.existence[stays], bank.existence[gone])


def _close_pairs(state: TrackState, bank: Bank) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of rows that may be one object, farthest first."""
    rows, place_m, spread_m = places(bank, state.config.confirm_plots, _TWIN_EXISTENCE)
    first, second = near_places(place_m, np.minimum(spread_m, _TWIN_SPREAD_M))
    if len(first) == 0:
        return first, second
    near = np.zeros(len(rows), bool)
    near[first] = near[second] = True
    place = np.cumsum(near) - 1
    first, second = place[first], place[second]
    rows = rows[near]
    chosen = bank.take(rows)
    mean, cov = moments(chosen.body)
    older = chosen.number[first] < chosen.number[second]
    a, b = np.where(older, first, second), np.where(older, second, first)
    a, b = _compatible(state, chosen, mean, cov, a, b)
    return rows[a], rows[b]


def near_places(place_m: F64, spread_m: F64) -> tuple[I64, I64]:
    """Return the pairs of places within their reach, by a grid of about the median reach."""
    if len(place_m) < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    low_m = place_m.min(axis=0)
    span_m = max(float((place_m.max(axis=0) - low_m).max()), 1.0)
    finest_m = span_m / min(np.sqrt(4.0 * len(place_m) + 16.0), 2048.0)
    side_m = max(_SIDE * REACH * float(np.median(spread_m)), finest_m)
    west, south = low_m.tolist()
    return near_pairs(place_m, spread_m, west, south, side_m, int(span_m / side_m) + 1)


def _compatible(
    state: TrackState, bank: Bank, mean: F64, cov: F64, a: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    conflict = (bank.address[a] >= 0) & (bank.address[b] >= 0)
    conflict &= bank.address[a] != bank.address[b]
    both = (bank.heard_ns[a] > 0) & (bank.heard_ns[b] > 0)
    one_look = np.abs(bank.heard_ns[a] - bank.heard_ns[b]) < state.site.period_ns // 2
    lately = bank.heard_ns[a] > bank.time_ns[a][:, None] - 2 * state.site.period_ns
    conflict |= (both & one_look & lately & state.site.swept).any(axis=1)
    a, b = a[~conflict], b[~conflict]
    dt = ((bank.time_ns[b] - bank.time_ns[a]) / NS)[:, None]
    apart = mean[b] - mean[a]
    apart[:, :3] -= dt * mean[a, 3:]
    spread = unpack_covariance(cov[a] + cov[b])
    whitened = np.linalg.solve(spread, apart[:, :, None])[:, :, 0]
    distance2 = (apart * whitened).sum(axis=1)
    near = distance2 < _TWIN_DISTANCE2
    a, b, distance2 = a[near], b[near], distance2[near]
    order = np.lexsort((a, -distance2))
    return a[order], b[order]
