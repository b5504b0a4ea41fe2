"""Which tracks are confirmed, which end, which are one object's."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, I64, NS, Bool
from tocsin.geo import unpack_covariance
from tocsin.motion.cv import transition
from tocsin.track.clusters import moved
from tocsin.track.kernels_sweep import INTERVALS, LONGEST_S, SILENCE_S, end
from tocsin.track.kernels_twins import candidates, near_pairs
from tocsin.track.seen import moments
from tocsin.track.state import Bank, TrackState

_TWIN_DISTANCE2 = 12.6
_TWIN_TIMES = 3
_SMALL = 1000
"""A smaller bank is not worth being compacted."""
_SIDE = 1.0
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


def unite(state: TrackState, at_ns: int) -> TrackState:
    """Return the state with tracks of one object united at an instant; the older number stays.

    Two tracks are one object's when their states agree within both their errors three times
    running, their addresses do not differ, and no sensor saw two plots in one look.
    """
    bank = state.bank
    older, younger = _close_pairs(state, at_ns)
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


def _close_pairs(state: TrackState, at_ns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of rows that may be one object, older and younger, farthest first."""
    bank = state.bank
    rows, mean, variance = candidates(bank, at_ns, state.config.confirm_plots, _TWIN_EXISTENCE)
    variance[:, :2] = np.minimum(variance[:, :2], _TWIN_SPREAD_M**2)
    first, second = near_states(mean, variance, _TWIN_DISTANCE2)
    if len(first) == 0:
        return first, second
    first, second = rows[first], rows[second]
    swap = bank.number[first] > bank.number[second]
    older, younger = np.where(swap, second, first), np.where(swap, first, second)
    return _compatible(state, at_ns, older, younger)


def near_states(mean: F64, variance: F64, far2: float) -> tuple[I64, I64]:
    """Return the pairs of states that may agree, by a grid of about the median reach."""
    if len(mean) < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    low_m = mean[:, :2].min(axis=0)
    span_m = max(float((mean[:, :2].max(axis=0) - low_m).max()), 1.0)
    finest_m = span_m / min(np.sqrt(4.0 * len(mean) + 16.0), 2048.0)
    reach_m = float(np.sqrt(2.0 * far2 * np.median(variance[:, 0])))
    side_m = max(_SIDE * reach_m, finest_m)
    west, south = low_m.tolist()
    return near_pairs(mean, variance, far2, west, south, side_m, int(span_m / side_m) + 1)


def _compatible(
    state: TrackState, at_ns: int, older: I64, younger: I64
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs whose states agree and whom no radar saw both, farthest first."""
    a, b = state.bank.take(older), state.bank.take(younger)
    conflict = (a.address >= 0) & (b.address >= 0) & (a.address != b.address)
    both = (a.heard_ns > 0) & (b.heard_ns > 0)
    one_look = np.abs(a.heard_ns - b.heard_ns) < state.site.period_ns // 2
    lately = a.heard_ns > a.time_ns[:, None] - 2 * state.site.period_ns
    conflict |= (both & one_look & lately & state.site.swept).any(axis=1)
    (mean, cov), (mean_, cov_) = _at(a, at_ns), _at(b, at_ns)
    apart = mean_ - mean
    whitened = np.linalg.solve(cov + cov_, apart[:, :, None])[:, :, 0]
    distance2 = (apart * whitened).sum(axis=1)
    near = ~conflict & (distance2 < _TWIN_DISTANCE2)
    older, younger, distance2 = older[near], younger[near], distance2[near]
    order = np.lexsort((older, -distance2))
    return older[order], younger[order]


def _at(bank: Bank, at_ns: int) -> tuple[F64, F64]:
    """Return (n, 6) means and (n, 6, 6) covariances, straight on to an instant."""
    mean, cov = moments(bank.body)
    F = transition((at_ns - bank.time_ns) / NS)
    return (F @ mean[:, :, None])[:, :, 0], F @ unpack_covariance(cov) @ np.swapaxes(F, 1, 2)
