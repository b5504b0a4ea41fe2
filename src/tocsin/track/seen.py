"""Which rows a look concerns, when it passed them, and how sure it was to see them."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, I64, NS, Dimension, Plots
from tocsin.track.detection import detection_probability
from tocsin.track.kernels_contest import Mixture
from tocsin.track.kernels_filter import combine, predict
from tocsin.track.kernels_sweep import DARK, FREE, LEAST_HIT, LIVE, ROWS, hear, sweep
from tocsin.track.kernels_view import undetected
from tocsin.track.state import Edge, Group, Picture, Seen, TrackState

_WHOLE_TURN = 2.0 * np.pi - 1e-9
_SPARE = 64
_REACH = 6.0
"""Standard deviations of a row's place: further off it gave no plot."""
_STAY = 1.25
"""Periods for which a row's azimuths are foreseen."""
_INSIDE = 4.0
"""Margins from a sector's edges: further inside, the next sector cannot see a row."""


def who(state: TrackState, group: Group, picture: Picture) -> Seen:
    """Return the rows a group concerns, advanced to it; the rest of their clusters, unseen."""
    bank, site, config = state.bank, state.site, state.config
    room = bank.size
    rows, to_ns, chances = np.empty(room, np.int64), np.empty(room, np.int64), np.empty((room, 4))
    free = np.empty(len(picture.time_ns) + _SPARE, np.int64)
    clusters = len(state.hypotheses.noise)
    hit, sector = float(site.hit[group.sensor]), group.sector
    if sector is None:
        own = same_address(bank.address, picture.address)
        latest_ns = int(picture.time_ns.max(initial=0))
        count = hear(
            bank, group.at_ns, state.looked, latest_ns, hit, _box(picture), _REACH, own,
            picture.time_ns, site.ends, site.rules.model, clusters, rows, to_ns, chances, free,
        )  # fmt: skip
    else:
        edge = _edge_before(state, group)
        count = sweep(
            bank, site.place[group.sensor], sector.from_rad, sector.width_rad, sector.start_ns,
            sector.end_ns, group.at_ns, state.looked, hit, group.sensor, site.detection,
            config.split_probability, edge.number, edge.looked, site.ends,
            _away(state, group.sensor), int(_STAY * site.period_ns[group.sensor]), clusters, rows,
            to_ns, chances, free,
        )  # fmt: skip
    known, dark = slice(0, count[ROWS]), slice(room - count[DARK], room)
    for part in (known, dark):
        predict(
            *bank.body, bank.time_ns, bank.existence, rows[part], to_ns[part], site.rules.model,
            site.rules.limit,
        )  # fmt: skip
    return Seen(
        rows[known], chances[known], rows[dark], chances[dark], free[: count[FREE]],
        int(count[LIVE]),
    )  # fmt: skip


def _away(state: TrackState, sensor: int) -> F64:
    """Return where a sensor will see the rows, with room for all."""
    known, n = state.away.get(sensor), state.bank.size
    if known is None or known.shape[1] < n:
        more = np.full((6, n), -2.0)
        if known is not None:
            more[:, : known.shape[1]] = known
        state.away[sensor] = known = more
    return known


def detected(state: TrackState, sensor: int, plots: Plots) -> F64:
    """Return (n,) the probability that a sensor detects what is at its plots, if it is there."""
    site = state.site
    if site.detection.per_m[sensor] == 0.0:
        return np.full(len(plots), site.hit[sensor])
    height_m = state.config.region.to_geodetic(plots.position_m)[2]
    unsure_m = np.sqrt(plots.position_cov_m2[:, 2, 2])
    unsure_m[plots.dimension == Dimension.HORIZONTAL] = state.config.height_std_m
    chance = detection_probability(
        site.detection, sensor, plots.range_m, plots.azimuth_rad, height_m, unsure_m
    )
    # A plot is proof enough that something can be seen there, whatever the table says.
    return np.asarray(np.maximum(chance, LEAST_HIT * site.hit[sensor]))


def _box(picture: Picture) -> F64:
    """Return least and greatest east and north of the plots, with their own errors."""
    if len(picture.time_ns) == 0:
        return np.array([np.inf, np.inf, -np.inf, -np.inf])
    place = picture.position_m[:, :2]
    reach = _REACH * np.sqrt(picture.cov[:, [0, 3]])
    return np.concatenate([(place - reach).min(axis=0), (place + reach).max(axis=0)])


def moments(body: Mixture) -> tuple[F64, F64]:
    """Return (n, 6) means and (n, 21) packed covariances over the models."""
    count, models = body.mode.shape
    if models == 1:
        return body.state[:, 0], body.cov[:, 0]
    mean, cov = np.empty((count, 6)), np.empty((count, 21))
    combine(*body, mean, cov)
    return mean, cov


def _edge_before(state: TrackState, group: Group) -> Edge:
    """Return what the sector just before left to this one; nothing if there was none."""
    edge, sector = state.edges[group.sensor], group.sector
    assert sector is not None
    pause_ns = sector.start_ns - edge.end_ns
    fresh = pause_ns <= state.site.period_ns[group.sensor] // 10
    if fresh and sector.width_rad < _WHOLE_TURN:
        return edge
    return Edge(edge.end_ns, edge.number[:0], edge.looked[:0])


def with_edge(
    state: TrackState, group: Group, seen: Seen, number: np.ndarray, found: I64
) -> tuple[Edge, ...]:
    """Return what each sensor's last sector leaves to its next, after this look.

    Args:
        state: the tracker, after the look.
        group: the look.
        seen: the rows that it concerned.
        number: (k,) their track numbers, before the look.
        found: further rows: their track's plot was found.
    """
    sector = group.sector
    if sector is None:
        return state.edges
    if sector.width_rad >= _WHOLE_TURN:
        number, swept = number[:0], np.zeros(0)
    else:
        near = np.flatnonzero(seen.chances[:, 3] < _INSIDE)
        dark = np.flatnonzero(seen.dark_chances[:, 3] < _INSIDE)
        rest = state.bank.number[np.concatenate([seen.dark[dark], found])]
        number = np.concatenate([number[near], rest])
        swept = np.concatenate(
            [seen.chances[near, 2], seen.dark_chances[dark, 2], np.ones(len(found))]
        )
    worth = np.flatnonzero(swept > 1e-3)
    number, swept = number[worth], swept[worth]
    order = np.lexsort((swept, number))
    number, swept = number[order], swept[order]
    last = np.ones(len(number), bool)
    last[:-1] = number[1:] != number[:-1]
    edges = list(state.edges)
    edges[group.sensor] = Edge(sector.end_ns, number[last], swept[last])
    return tuple(edges)


def same_address(address: I64, plot_address: I64) -> I64:
    """Return for each row a plot with its address, -1 where there is none."""
    known = np.flatnonzero(plot_address >= 0)
    same = np.full(len(address), -1, np.int64)
    if len(known):
        order = known[np.argsort(plot_address[known], kind="stable")]
        sorted_address = plot_address[order]
        place = np.minimum(np.searchsorted(sorted_address, address), len(order) - 1)
        hit = (address >= 0) & (sorted_address[place] == address)
        same[hit] = order[place[hit]]
    return same


_AZIMUTHS = 64


def unseen(state: TrackState, group: Group) -> tuple[TrackState, float]:
    """Return the density of undetected objects where a group looked, and the state after it.

    Between looks undetected objects appear and go away; a look leaves those that it missed. Where
    nobody ever looked they are as many as appear and go away in balance. Sources that do not sweep
    meet what appears in one of their periods.
    """
    config, k, sector = state.config, group.sensor, group.sector
    if sector is None:
        return state, config.birth_rate_pm3ps * float(state.site.period_ns[k]) / NS
    balance = config.birth_rate_pm3ps * config.life_s
    start_pm3 = balance if config.first_pm3 is None else config.first_pm3
    density, at_ns = state.undetected_pm3.copy(), state.undetected_at_ns.copy()
    now = undetected(
        density[k], at_ns[k], sector.from_rad, sector.width_rad, sector.end_ns,
        float(state.site.hit[k]), config.life_s, balance, start_pm3,
    )  # fmt: skip
    return state._replace(undetected_pm3=density, undetected_at_ns=at_ns), now


def nobody_looked(sensors: int) -> tuple[F64, I64]:
    """Return the density of undetected objects, and its time, before the first look."""
    return np.zeros((sensors, _AZIMUTHS)), np.zeros((sensors, _AZIMUTHS), np.int64)
