"""Which tracks are confirmed, which end, which are one object's."""

from __future__ import annotations

import dataclasses

import numpy as np

from tocsin.contract import F64, NS, Bool, Plots
from tocsin.geo import unpack_covariance
from tocsin.track.state import Bank, Pairs, Picture, TrackState

_LEARN = 0.2
_SILENT_INTERVALS = 4.0
_CREDIT = 0.5
_IDENTITY = 0.8
_TWIN_DISTANCE2 = 12.6
_TWIN_TIMES = 3
_TWIN_EXISTENCE = 0.5
_TWIN_SPREAD_M = 1000.0
"""A track that is less sure of its place is nobody's twin further off than one this sure."""


def credit(
    bank: Bank,
    rows: np.ndarray,
    sensor: int,
    plots: Plots,
    picture: Picture,
    pairs: Pairs,
    none: F64,
) -> Bool:
    """Note in place what plots the tracks took: when, from whom, with what identity.

    Args:
        bank: live tracks.
        rows: (k,) the group's tracks.
        sensor: index of the group's sensor.
        plots: the group's plots.
        picture: the same, as the kernels want them.
        pairs: association probabilities.
        none: (k,) probability that a track gave no plot.

    Returns:
        (k,) whether a track took a plot more probably than not.
    """
    found = none < 1.0 - _CREDIT
    if not found.any():
        return found
    best = _best_pairs(pairs)[found]
    i, j = rows[found], pairs.plot[best]
    at_ns = picture.time_ns[j]
    gap_s = (at_ns - bank.last_plot_at_ns[i]) / NS
    learn = np.where(gap_s > 0.0, _LEARN, 0.0)
    bank.interval_s[i] += learn * (gap_s - bank.interval_s[i])
    bank.plots[i] += 1
    bank.last_plot_at_ns[i] = np.maximum(bank.last_plot_at_ns[i], at_ns)
    bank.heard_ns[i, sensor] = np.maximum(bank.heard_ns[i, sensor], at_ns)
    sure = pairs.ratio[best] > _IDENTITY
    nameless = sure & (bank.address[i] < 0)
    bank.address[i[nameless]] = picture.address[j[nameless]]
    called = sure & np.array([name is not None for name in plots.callsign[j]])
    bank.callsign[i[called]] = plots.callsign[j[called]]
    return found


def _best_pairs(pairs: Pairs) -> np.ndarray:
    """Return (k,) the likeliest pair of each track; of one without pairs, any number."""
    counts = np.diff(pairs.start)
    order = np.lexsort((-pairs.ratio, np.repeat(np.arange(len(counts)), counts)))
    return order[np.minimum(pairs.start[:-1], len(order) - 1)]


def survivors(state: TrackState, bank: Bank, at_ns: int) -> Bool:
    """Return which tracks live on: probable enough, and heard of lately enough."""
    config = state.config
    floor = np.where(bank.confirmed, config.end_probability, config.birth_floor)
    own_s = np.minimum(_SILENT_INTERVALS * bank.interval_s, config.longest_silence_s)
    patience_s = np.maximum(config.silence_s, own_s)
    silent_s = (at_ns - bank.last_plot_at_ns) / NS
    return (bank.existence >= floor) & (silent_s <= patience_s)


def confirm(state: TrackState, bank: Bank) -> None:
    """Mark in place the tracks that have become certain; they stay so until they end."""
    sure = bank.existence >= state.config.confirm_probability
    bank.confirmed[sure & (bank.plots >= state.config.confirm_plots)] = True


def unite(state: TrackState) -> TrackState:
    """Return the state with tracks of one object united; the older number stays.

    Two tracks are one object's when their states agree within both their errors three times
    running, their addresses do not differ, and no sensor saw two plots in one look.
    """
    bank = state.bank
    older, younger = _close_pairs(state, bank)
    twin = np.zeros(len(bank), np.uint32)
    # The nearest older track wins when several are close: pairs come farthest first.
    twin[younger] = bank.number[older]
    again = (twin != 0) & (twin == bank.twin)
    bank.twin_count[:] = np.where(again, bank.twin_count + 1, twin != 0)
    bank.twin[:] = twin
    gone = np.flatnonzero(bank.twin_count >= _TWIN_TIMES)
    if len(gone) == 0:
        return state
    for i in gone:
        _hand_over(bank, int(i), int(np.searchsorted(bank.number, bank.twin[i])))
    keep = np.ones(len(bank), bool)
    keep[gone] = False
    counters = state.counters.add(merged=len(gone))
    return dataclasses.replace(state, bank=bank.take(keep), counters=counters)


def _hand_over(bank: Bank, gone: int, stays: int) -> None:
    if bank.address[stays] < 0:
        bank.address[stays] = bank.address[gone]
    if bank.callsign[stays] is None:
        bank.callsign[stays] = bank.callsign[gone]
    bank.heard_ns[stays] = np.maximum(bank.heard_ns[stays], bank.heard_ns[gone])
    bank.last_plot_at_ns[stays] = max(bank.last_plot_at_ns[stays], bank.last_plot_at_ns[gone])
    bank.confirmed[stays] |= bank.confirmed[gone]
    bank.existence[stays] = max(bank.existence[stays], bank.existence[gone])


def _close_pairs(state: TrackState, bank: Bank) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of rows that may be one object, farthest first."""
    old = bank.plots >= state.config.confirm_plots
    rows = np.flatnonzero(old & (bank.existence > _TWIN_EXISTENCE))
    spread_m = np.sqrt(bank.cov[rows, 0] + bank.cov[rows, 6])
    first, second = near_pairs(bank.state[rows, :2], np.minimum(spread_m, _TWIN_SPREAD_M))
    a, b = rows[first], rows[second]
    return _compatible(state, bank, np.minimum(a, b), np.maximum(a, b))


def near_pairs(place_m: F64, spread_m: F64) -> tuple[np.ndarray, np.ndarray]:
    """Return each pair of places once that are nearer than four times both spreads, by axis.

    Args:
        place_m: (n, 2).
        spread_m: (n,); only a wide one looks far around.
    """
    order = np.argsort(place_m[:, 0], kind="stable")
    (x, y), spread_m = place_m[order].T, spread_m[order]
    low = np.searchsorted(x, x - 8.0 * spread_m, "left")
    counts = np.searchsorted(x, x + 8.0 * spread_m, "right") - low
    first = np.repeat(np.arange(len(x)), counts)
    second = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts - low, counts)
    # The wider of two finds the other, so that the search is as far as its own spread.
    finds = spread_m[first] > spread_m[second]
    finds |= (spread_m[first] == spread_m[second]) & (first < second)
    first, second = first[finds], second[finds]
    reach_m = 4.0 * (spread_m[first] + spread_m[second])
    near = (np.abs(x[first] - x[second]) <= reach_m) & (np.abs(y[first] - y[second]) <= reach_m)
    return order[first[near]], order[second[near]]


def _compatible(
    state: TrackState, bank: Bank, a: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    conflict = (bank.address[a] >= 0) & (bank.address[b] >= 0)
    conflict &= bank.address[a] != bank.address[b]
    both = (bank.heard_ns[a] > 0) & (bank.heard_ns[b] > 0)
    one_look = np.abs(bank.heard_ns[a] - bank.heard_ns[b]) < state.site.period_ns // 2
    lately = bank.heard_ns[a] > bank.time_ns[a][:, None] - 2 * state.site.period_ns
    conflict |= (both & one_look & lately & state.site.swept).any(axis=1)
    a, b = a[~conflict], b[~conflict]
    dt = ((bank.time_ns[b] - bank.time_ns[a]) / NS)[:, None]
    apart = bank.state[b] - bank.state[a]
    apart[:, :3] -= dt * bank.state[a, 3:]
    spread = unpack_covariance(bank.cov[a] + bank.cov[b])
    whitened = np.linalg.solve(spread, apart[:, :, None])[:, :, 0]
    distance2 = (apart * whitened).sum(axis=1)
    near = distance2 < _TWIN_DISTANCE2
    a, b, distance2 = a[near], b[near], distance2[near]
    order = np.lexsort((a, -distance2))
    return a[order], b[order]
