"""Bearings: tracks that they move, and tracks that begin where those of two nodes cross.

What a node says within one bin is one look: each object gave at most one of these bearings. Every
row in reach takes part, tracks and undetected objects alike; rows that plots contest only claim
their bearings, since the hypotheses that hold them were weighed without.

Source: J. L. Williams, R. Lau, IEEE Trans. AES 50 (2014) 2942-2959 (marginal association);
`docs/reference/tracking.md` has the equations.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I64, NS, Bool, Dimension
from tocsin.track.associations import best_pairs
from tocsin.track.births import with_room
from tocsin.track.heard import (
    Crossings,
    begun,
    crossings,
    listening,
    reach_m,
    remembered,
    same_kind,
    undetected_pm2,
)
from tocsin.track.kernels_bearing import gate, judge_rows, update
from tocsin.track.kernels_clusters import propagate
from tocsin.track.kernels_contest import Mixture
from tocsin.track.kernels_filter import predict
from tocsin.track.kernels_sweep import end
from tocsin.track.state import Bank, Group, Heard, Pairs, TrackState

_MARGIN_M = 2_000.0
_LATELY = 5.0
_ROUNDS = 20
_CREDIT = 0.5
_LEARN = 0.2


class Claimed(NamedTuple):
    """Hold whose bearings they are.

    Args:
        weight: of each pair: that the row gave the bearing.
        none: (k,) that the row gave none.
        free: (m,) that the bearing is no row's.
    """

    weight: F64
    none: F64
    free: F64


def is_bearing(group: Group) -> bool:
    """Say whether a group holds bearings; it then holds nothing else."""
    return len(group.plots) > 0 and bool(group.plots.dimension[0] == Dimension.BEARING)


def look_bearings(state: TrackState, group: Group) -> TrackState:
    """Handle what one node heard in one bin: the recipe."""
    sensor, to_ns, rules = group.sensor, int(group.plots.measured_at_ns.max()), state.site.rules
    state = state._replace(looked=state.looked + 1)
    end(state.bank, group.at_ns, state.site.ends)
    bearings, at_ns = bearing_rows(state, group), group.plots.measured_at_ns
    bank, rows = state.bank, _in_reach(state, sensor, to_ns)
    sent_ns = _sent_ns(state, sensor, rows, to_ns)
    predict(
        *bank.body, bank.time_ns, bank.existence, rows, sent_ns, rules.model,
        rules.limit,
    )  # fmt: skip
    bank.looked[rows] = state.looked
    pairs, after = _pairs(state, rows, bearings, at_ns)
    met = crossings(state, sensor, bearings, at_ns)
    met_density = np.bincount(met.new, met.density, len(at_ns))
    density = group.plots.false_density + _in_the_open(state, group) + met_density
    only = _only_heard(state, sensor, rows)
    miss = _miss(state, sensor, pairs, only, to_ns)
    tried = np.where(only, _looks_since(state, sensor, rows, to_ns), 1.0)
    claimed = _claimed(state, sensor, pairs, miss, density, tried)
    _update(state, group, pairs, miss, claimed, after)
    existence = met.density * (claimed.free / density)[met.new]
    state = _born(state, group, met, existence)
    free = claimed.free * (1.0 - met_density / density)
    kept = state.heard.scale.copy()
    np.multiply.at(kept, met.kept, 1.0 - existence)
    state = state._replace(heard=state.heard._replace(scale=kept))
    new = Heard(at_ns, np.full(len(at_ns), sensor), bearings, free / density)
    state = remembered(state, sensor, new, free, to_ns)
    counters = state.counters.add(bearings=len(at_ns), edges_overflow=pairs.overflow)
    return state._replace(counters=counters)


def bearing_rows(state: TrackState, group: Group) -> F64:
    """Return (m, 18) bearings of one node as the kernels want them."""
    plots, rows = group.plots, np.empty((len(group.plots), 18))
    rows[:, :12] = state.site.place[group.sensor, :12]
    rows[:, 12], rows[:, 13] = plots.azimuth_rad, plots.elevation_rad
    rows[:, 14], rows[:, 15] = plots.azimuth_std_rad**2, plots.elevation_std_rad**2
    rows[:, 16], rows[:, 17] = state.site.slowness[group.sensor], reach_m(state, group.sensor)
    return rows


def _in_reach(state: TrackState, sensor: int, to_ns: int) -> I64:
    """Return the rows that a node may hear; what has all but faded is heard as something new."""
    bank, limit_m = state.bank, reach_m(state, sensor) + _MARGIN_M
    rows = np.flatnonzero(bank.live)
    place = bank.state[rows, 0, :3] - state.site.place[sensor, :3]
    place += bank.state[rows, 0, 3:] * ((to_ns - bank.time_ns[rows]) / NS)[:, None]
    near = (place * place).sum(axis=1) <= limit_m**2
    faded = bank.confirmed & (bank.existence < state.config.end_probability)
    return np.asarray(rows[near & ~faded[rows]])


def _sent_ns(state: TrackState, sensor: int, rows: I64, to_ns: int) -> I64:
    """Return (k,) when what a node hears of rows now was sent.

    Rows are brought there and no further: what is late would have to be taken back over the time
    in between, as if nothing turned in it.
    """
    place = state.bank.state[rows, 0, :3] - state.site.place[sensor, :3]
    delay_s = state.site.slowness[sensor] * np.sqrt((place * place).sum(axis=1))
    return np.asarray(to_ns - np.round(delay_s * NS).astype(np.int64))


def _pairs(state: TrackState, rows: I64, bearings: F64, at_ns: I64) -> tuple[Pairs, Mixture]:
    """Return the pairs of rows with the bearings in their gates, and the row after each."""
    bank, site, start = state.bank, state.site, np.zeros(len(rows) + 1, np.int64)
    capacity = min(4 * (len(rows) + len(at_ns)) + 64, state.config.max_edges)
    while True:
        bearing, value = np.empty(capacity, np.int64), np.empty(capacity)
        after = Mixture(*(np.empty((capacity + 1, *part.shape[1:])) for part in bank.body))
        found = gate(
            *bank.body, bank.time_ns, rows, bearings, at_ns, site.rules.model.noise,
            site.angle_gates, start, bearing, value, *after,
        )  # fmt: skip
        used = min(found, capacity)
        if found <= capacity or capacity == state.config.max_edges:
            return Pairs(rows, start, bearing[:used], value[:used], found - used), after
        capacity = min(found, state.config.max_edges)


def _in_the_open(state: TrackState, group: Group) -> F64:
    """Return (m,) densities of bearings of objects that nobody has heard, over angles."""
    sensor = state.config.sensors[group.sensor]
    per_rad = 0.5 * undetected_pm2(state) * reach_m(state, group.sensor) ** 2
    span = max(sensor.elevation_max_rad - sensor.elevation_min_rad, 0.1)
    risen = np.isfinite(group.plots.elevation_rad)
    return np.asarray(state.site.hit[group.sensor] * per_rad / np.where(risen, span, 1.0))


def _only_heard(state: TrackState, sensor: int, rows: I64) -> Bool:
    """Return (k,) which rows nothing but nodes of a node's kind has noticed so far."""
    known = state.bank.heard_ns[rows] > 0
    return np.asarray(~known[:, ~same_kind(state, sensor)].any(axis=1))


def _miss(state: TrackState, sensor: int, pairs: Pairs, only: Bool, to_ns: int) -> F64:
    """Return (k,) probabilities of being heard in this look, of those that may be missed.

    A node that speaks has listened; that it would have heard a row is known where it heard it
    lately, or hears now what is as far away and certain.
    """
    bank, rows, config = state.bank, pairs.rows, state.config
    apart = bank.state[rows, 0, :3] - state.site.place[sensor, :3]
    far2 = (apart * apart).sum(axis=1)
    sure = (bank.existence[rows] >= config.confirm_probability) & (np.diff(pairs.start) > 0)
    farthest2 = far2[sure].max(initial=0.0)
    lately = to_ns - bank.heard_ns[rows, sensor] <= round(_LATELY * config.node_period_s * NS)
    could = only & (lately | (far2 <= farthest2))
    return np.asarray(config.node_miss_share * state.site.hit[sensor] * could)


def _looks_since(state: TrackState, sensor: int, rows: I64, to_ns: int) -> F64:
    """Return (k,) how many looks of nodes in reach may have given a false bearing since the last.

    Looks in which nothing is heard are not told, and how surely a node hears an object is not
    known. So a silence is no evidence against it; but the longer it is, the likelier a false
    bearing ends it.
    """
    bank = state.bank
    since_s = np.maximum(to_ns - bank.last_plot_at_ns[rows], 0) / NS
    near = listening(state, sensor, bank.state[rows, 0, :3])
    return np.maximum(near * since_s / state.config.node_period_s, 1.0)


def _claimed(
    state: TrackState, sensor: int, pairs: Pairs, miss: F64, density: F64, tried: F64
) -> Claimed:
    """Return whose the bearings are, by belief propagation; exact where nothing is contested."""
    count, bank = len(pairs.rows), state.bank
    r = bank.existence[pairs.rows] * bank.weight[pairs.rows]
    each = np.repeat(np.arange(count), np.diff(pairs.start))
    ratio = (r * state.site.hit[sensor] / (1.0 - r * miss) / tried)[each]
    ratio = ratio * pairs.value / density[pairs.plot]
    weight, incoming = np.zeros(len(ratio)), np.zeros(len(density))
    if len(ratio):
        after = np.append(np.arange(1, count), -1)
        propagate(
            0, after, pairs.start, pairs.plot, ratio, np.ones(len(ratio), bool), _ROUNDS, weight,
            incoming,
        )  # fmt: skip
    none = 1.0 - np.bincount(each, weight, count)
    free = 1.0 - np.bincount(pairs.plot, weight, len(density))
    return Claimed(weight, np.clip(none, 0.0, 1.0), np.clip(free, 0.0, 1.0))


def _update(
    state: TrackState, group: Group, pairs: Pairs, miss: F64, claimed: Claimed, after: Mixture
) -> None:
    """Update in place the rows that no cluster holds."""
    bank, rows, at_ns = state.bank, pairs.rows, group.plots.measured_at_ns
    alone, r = bank.cluster[rows] < 0, bank.existence[rows]
    stays = claimed.none * r * (1.0 - miss) / (1.0 - r * miss)
    update(*bank.body, rows, alone, stays, pairs.start, claimed.weight, *after)
    bank.existence[rows[alone]] = np.minimum(stays + 1.0 - claimed.none, 1.0)[alone]
    risen = rows[alone & (bank.existence[rows] >= state.config.recycle)]
    bank.poisson[risen] = False
    best = best_pairs(pairs, claimed.weight)
    took = np.flatnonzero(alone & (claimed.none < 1.0 - _CREDIT))
    _note(bank, rows[took], group.sensor, at_ns[pairs.plot[best[took]]])
    judge_rows(bank, rows[alone], state.site.judged)


def _note(bank: Bank, rows: I64, sensor: int, at_ns: I64) -> None:
    """Note in place when rows were heard, and by whom."""
    gap_s = (at_ns - bank.last_plot_at_ns[rows]) / NS
    bank.interval_s[rows] += np.where(gap_s > 0.0, _LEARN * (gap_s - bank.interval_s[rows]), 0.0)
    bank.plots[rows] += 1
    bank.last_plot_at_ns[rows] = np.maximum(bank.last_plot_at_ns[rows], at_ns)
    bank.heard_ns[rows, sensor] = np.maximum(bank.heard_ns[rows, sensor], at_ns)


def _born(state: TrackState, group: Group, met: Crossings, existence: F64) -> TrackState:
    """Return the tracker with rows where bearings cross, as far as there is room."""
    config, bank = state.config, state.bank
    worth = np.flatnonzero(existence >= config.poisson_floor)
    room = max(config.max_tracks - int(np.count_nonzero(bank.live)), 0)
    over = max(len(worth) - room, 0)
    worth = worth[: len(worth) - over]
    at_ns = group.plots.measured_at_ns
    rows = begun(state, group.sensor, at_ns, met.take(worth), existence[worth])
    bank, place = with_room(state, np.flatnonzero(~bank.live), len(worth))
    bank.put(place, rows)
    judge_rows(bank, place, state.site.judged)
    return state._replace(
        bank=bank,
        next_number=state.next_number + len(worth),
        counters=state.counters.add(births=len(worth), crossed=len(worth), tracks_overflow=over),
    )
