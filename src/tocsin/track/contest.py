"""Association of one look: tracks alone in closed form, contested ones by hypotheses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I8, I64, Bool
from tocsin.track import kernels_clusters
from tocsin.track.births import interval_s, with_room
from tocsin.track.kernels_contest import Edges, Hypotheses, Mixture, Scan, contest
from tocsin.track.kernels_regroup import replace
from tocsin.track.state import Group, New, Pairs, Picture, Seen, TrackState

_ROOM = 16
"""New rows for each contested one that there is room for at first."""


class Harvest(NamedTuple):
    """Hold what contested clusters became.

    Args:
        body: (n, ...) Gaussians.
        chance: (n, 2) see `kernels_contest.Yield`.
        fact: (n, 7) likewise.
        hyp: hypotheses over the new rows.
        counts: see `kernels_contest.contest`.
    """

    body: Mixture
    chance: F64
    fact: I64
    hyp: Hypotheses
    counts: I64


class Shared(NamedTuple):
    """Hold whose the plots of a look are.

    Args:
        pairs: the pairs of rows and plots, those that were cut left out.
        alone: (k,) 1: rows that contest nothing.
        weight: (pairs,) probability that a row alone gave the plot.
        none: (k,) probability that a row alone gave none.
        free: (m,) probability that a plot is no track's; 0: rows contest it.
        parent: (k,) one row of each row's cluster.
        after: (k,) the next row of the cluster, -1: none.
        contested: rows that contest something.
        divided: clusters that were too large.
    """

    pairs: Pairs
    alone: I8
    weight: F64
    none: F64
    free: F64
    parent: I64
    after: I64
    contested: int
    divided: int


def share_out(state: TrackState, pairs: Pairs, near: I64, plots: int) -> Shared:
    """Say whose each plot is, for the rows that contest nothing.

    Args:
        state: the tracker; rows are predicted.
        pairs: rows and plots with their likelihood ratios.
        near: (n, 2) rows, places in `pairs`, that the sensor may not tell apart.
        plots: number of plots.
    """
    bank, k = state.bank, len(pairs.rows)
    parent, after, alone = np.empty(k, np.int64), np.empty(k, np.int64), np.empty(k, np.int8)
    weight, none, free = np.empty(len(pairs.plot)), np.empty(k), np.empty(plots)
    keep = np.empty(len(pairs.plot), bool)
    divided, contested_ = kernels_clusters.share_out(
        *pairs[:4], bank.cluster, bank.weight, near, state.config.most_contested, parent, after,
        keep, alone, weight, none, free,
    )  # fmt: skip
    if divided:
        pairs, weight = kept(pairs, keep), weight[keep]
        kernels_clusters.solve_alone(*pairs[1:4], alone, weight, none, free)
    return Shared(pairs, alone, weight, none, free, parent, after, contested_, divided)


def contested(
    state: TrackState,
    picture: Picture,
    shared: Shared,
    chances: F64,
    new: New,
    body: Mixture,
    sensor: int,
) -> Harvest | None:
    """Return what the contested rows become; None without any.

    Args:
        state: the tracker; rows are predicted.
        picture: the look's plots.
        shared: what is known of whose they are.
        chances: (k, 4) see `kernels_sweep.sweep`.
        new: what may be new at each plot.
        body: (m, ...) its Gaussians; those of plots that nobody contests are not read.
        sensor: whose plots they are.
    """
    if shared.contested == 0:
        return None
    bank, pairs, room, fits = state.bank, shared.pairs, _ROOM, False
    edges = Edges(pairs.rows, chances, *pairs[1:4])
    scan = Scan(
        *picture[:4], new.chance, body, picture.rate, picture.sensor_m, new.rest,
        picture.false_rate_density, state.site.place[sensor], state.site.cells[sensor],
    )  # fmt: skip
    while not fits:
        out, counts, fits = contest(
            room, shared.alone, shared.parent, shared.after, edges, bank.body, bank.time_ns,
            bank.existence, bank.number, bank.cluster, state.hypotheses, scan, state.site.rules,
        )  # fmt: skip
        room *= 4
    return Harvest(*out, counts)


def kept(pairs: Pairs, keep: Bool) -> Pairs:
    """Return the pairs that are kept."""
    if keep.all():
        return pairs
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(keep)])[pairs.start]
    return Pairs(pairs.rows, start, pairs.plot[keep], pairs.value[keep], pairs.overflow)


def replaced(
    state: TrackState,
    group: Group,
    picture: Picture,
    seen: Seen,
    alone: I8,
    harvest: Harvest,
    first: I64,
    begun: int,
) -> tuple[TrackState, I64]:
    """Return the tracker with contested rows replaced, and rows whose track has its plot.

    Args:
        state: the tracker.
        group: the look.
        picture: its plots.
        seen: the rows that it concerns, and free ones.
        alone: (k,) 0: contested.
        harvest: what they became.
        first: (m,) undetected row that a new object at each plot grew out of, -1: none.
        begun: how many of the free rows are taken.
    """
    count, free = len(harvest.fact), seen.free[begun:]
    if len(free) < count:
        free = np.flatnonzero(~state.bank.live)
    bank, place = with_room(state, free, count)
    hyp, found, number = replace(
        bank, seen.rows, alone, state.hypotheses, *harvest[:4], place, first, picture,
        group.sensor, state.looked, interval_s(state, group.sensor), state.next_number,
        state.site.judged,
    )  # fmt: skip
    return state._replace(bank=bank, hypotheses=hyp, next_number=number), found
