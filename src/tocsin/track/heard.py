"""Bearings that no track explains, and what two nodes' bearings may be of together.

One node's bearing alone says nothing of the range, however often it is repeated, unless the node
itself moves: such an object stays here, as the bearing it is, and never is a row of the bank.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I64, NS, Bool
from tocsin.track.kernels_bearing import AZIMUTH, AZIMUTH_VAR, triangulate
from tocsin.track.state import Bank, Heard, TrackState, blank

_PERIODS = 6.0
"""A bearing is kept for so long: others should have heard the object by then."""
_LONGEST_REACH_M = 30_000.0
"""Of a node that is said to hear without limit."""
_SAME_DIRECTION = 3.0
"""Standard deviations within which a node's bearings are taken for one object's."""
_PRIOR_HEIGHT = 0.125
"""Mean and spread of the height above the nodes, as a part of their reach: most fly low."""
_LEAST_SINE = 0.26
"""Bearings that cross at less than 15 degrees do not locate."""
_WORTH_KEEPING = 0.01


class Crossings(NamedTuple):
    """Hold what new and kept bearings of two nodes may be of together.

    Args:
        new: (p,) the new bearing.
        kept: (p,) the kept one.
        state: (p, 6) of the object.
        cov: (p, 21).
        sent_ns: (p,) when it was so.
        density: (p,) of the new bearing, as the object's that gave the kept one.
    """

    new: I64
    kept: I64
    state: F64
    cov: F64
    sent_ns: I64
    density: F64

    def take(self, rows: np.ndarray) -> Crossings:
        """Return the chosen crossings."""
        return Crossings(*(part[rows] for part in self))


def crossings(state: TrackState, sensor: int, bearings: F64, at_ns: I64) -> Crossings:
    """Return where new bearings of a node cross kept ones of others.

    Args:
        state: the tracker.
        sensor: the node.
        bearings: (m, 18) new, see `kernels_bearing`.
        at_ns: (m,) when they were measured.
    """
    config, kept = state.config, state.heard
    others = np.flatnonzero(kept.sensor != sensor)
    new, old = (part.ravel() for part in np.meshgrid(np.arange(len(at_ns)), others, indexing="ij"))
    pairs = np.column_stack([new, len(at_ns) + old])
    x, P, sent_ns = np.empty((len(new), 6)), np.empty((len(new), 21)), np.empty(len(new), np.int64)
    evidence = np.empty(len(new))
    prior = np.array(
        [config.speed_std_mps, config.climb_std_mps, _PRIOR_HEIGHT, _PRIOR_HEIGHT, _LEAST_SINE]
    )
    triangulate(
        np.vstack([bearings, kept.bearings]), np.concatenate([at_ns, kept.at_ns]), pairs,
        prior, state.site.angle_gates, x, P, sent_ns, evidence,
    )  # fmt: skip
    met = np.flatnonzero(evidence > 0.0)
    new, old, x, P, sent_ns = new[met], old[met], x[met], P[met], sent_ns[met]
    near = np.maximum(listening(state, sensor, x[:, :3]), 1.0)
    apart_s = np.abs(at_ns[new] - kept.at_ns[old]) / NS
    tried = np.maximum(near * apart_s / config.node_period_s, 1.0)
    hits = state.site.hit[sensor] * state.site.hit[kept.sensor[old]]
    density = hits * undetected_pm2(state) / near * evidence[met] * kept.scale[old] / tried
    return Crossings(new, old, x, P, sent_ns, density)


def undetected_pm2(state: TrackState) -> float:
    """Return the density of objects that a node alone has not heard yet: that came just now."""
    config = state.config
    return config.birth_rate_pm3ps * config.node_period_s * config.air_depth_m


def same_kind(state: TrackState, sensor: int) -> Bool:
    """Return (sensors,) which are of a sensor's kind."""
    kinds = np.array([s.kind for s in state.config.sensors])
    return np.asarray(kinds == kinds[sensor])


def listening(state: TrackState, sensor: int, place_m: F64) -> F64:
    """Return (n,) how many nodes of a node's kind reach each of (n, 3) positions."""
    nodes = np.flatnonzero(same_kind(state, sensor))
    reach = np.array([reach_m(state, int(k)) for k in nodes])
    apart = place_m[:, None] - state.site.place[nodes, :3]
    near = (apart * apart).sum(axis=2) <= reach**2
    return np.asarray(near.sum(axis=1, dtype=float))


def reach_m(state: TrackState, sensor: int) -> float:
    """Return how far a node hears."""
    return min(float(state.site.place[sensor, 12]), _LONGEST_REACH_M)


def begun(state: TrackState, sensor: int, at_ns: I64, found: Crossings, existence: F64) -> Bank:
    """Return rows that begin where bearings cross; numbers follow on from `next_number`.

    Args:
        state: the tracker.
        sensor: the node of the new bearings.
        at_ns: when these were measured.
        found: crossings.
        existence: of an object at each.
    """
    config, kept, count = state.config, state.heard, len(existence)
    rows, every = blank(config, count), np.arange(count)
    rows.state[:], rows.cov[:] = found.state[:, None], found.cov[:, None]
    rows.mode[:] = state.site.rules.model.share[: rows.mode.shape[1]]
    rows.existence[:] = existence
    rows.poisson[:] = existence < config.recycle
    rows.time_ns[:], rows.looked[:] = found.sent_ns, state.looked
    rows.number[:] = (state.next_number + np.arange(count)).astype(np.uint32)
    rows.interval_s[:] = config.node_period_s
    rows.plots[:] = 2
    new_ns, old_ns = at_ns[found.new], kept.at_ns[found.kept]
    rows.heard_ns[every, sensor] = new_ns
    rows.heard_ns[every, kept.sensor[found.kept]] = old_ns
    rows.first_at_ns[:] = np.minimum(new_ns, old_ns)
    rows.last_plot_at_ns[:] = np.maximum(new_ns, old_ns)
    return rows


def remembered(state: TrackState, sensor: int, new: Heard, free: F64, to_ns: int) -> TrackState:
    """Return the tracker with a node's new bearings in place of its older ones in their directions.

    Args:
        state: the tracker.
        sensor: the node.
        new: its bearings.
        free: (m,) probability that a bearing is no track's.
        to_ns: the group's time.
    """
    config, kept = state.config, state.heard
    fresh = to_ns - kept.at_ns <= round(_PERIODS * config.node_period_s * NS)
    off = kept.bearings[:, None, AZIMUTH] - new.bearings[None, :, AZIMUTH]
    off = np.abs(np.arctan2(np.sin(off), np.cos(off)))
    spread = np.sqrt(kept.bearings[:, None, AZIMUTH_VAR] + new.bearings[None, :, AZIMUTH_VAR])
    again = (kept.sensor == sensor) & (off <= _SAME_DIRECTION * spread).any(axis=1)
    stays = np.flatnonzero(fresh & ~again)
    worth = np.flatnonzero(free >= _WORTH_KEEPING)
    kept = kept.take(stays).join(new.take(worth))
    over = max(len(kept.at_ns) - config.max_bearings, 0)
    return state._replace(
        heard=kept.take(slice(over, None)),
        counters=state.counters.add(bearings_overflow=over),
    )
