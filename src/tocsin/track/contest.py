"""Association of one look: tracks alone in closed form, contested ones by hypotheses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I8, I64, Bool
from tocsin.track.births import begin, note_plots
from tocsin.track.kernels_clusters import divide, solve_alone
from tocsin.track.kernels_contest import Edges, Harvest, Mixture, Scan, contest, empty_harvest
from tocsin.track.state import Bank, Group, Pairs, Picture, TrackState


class Found(NamedTuple):
    """Hold what the association of a look found.

    Args:
        pairs: the pairs of rows and plots, those that were cut left out.
        alone: (k,) 1: rows that contest nothing.
        weight: (pairs,) probability that a row alone gave the plot.
        none: (k,) probability that a row alone gave none.
        free: (m,) probability that a plot is no track's; 0 where contested rows took care of it.
        harvest: what contested rows became.
        contested: clusters of those.
        divided: clusters that were too large.
        cut_short: searches that were cut off.
    """

    pairs: Pairs
    alone: I8
    weight: F64
    none: F64
    free: F64
    harvest: Harvest
    contested: int
    divided: int
    cut_short: int


def associate(
    state: TrackState, picture: Picture, pairs: Pairs, miss: F64, newborn: F64, body: Mixture
) -> Found:
    """Say whose each plot is.

    Args:
        state: the tracker; rows are predicted.
        picture: the look's plots.
        pairs: rows and plots with their likelihood ratios.
        miss: (k,) probability that the look detects each row, for the chance of a miss.
        newborn: (m,) existence of a new object at each plot that is no track's.
        body: (m, ...) its Gaussians.
    """
    bank, rules, k, m = state.bank, state.site.rules, len(pairs.rows), len(newborn)
    cluster = bank.cluster[pairs.rows]
    parent, after, count = (np.empty(k, np.int64) for _ in range(3))
    keep = np.empty(len(pairs.plot), bool)
    divided = divide(
        *pairs[1:4], cluster, bank.weight[pairs.rows], m, state.config.most_contested, parent,
        after, count, keep,
    )  # fmt: skip
    pairs = kept(pairs, keep)
    alone = ((count[parent] == 1) & (cluster < 0)).astype(np.int8)
    weight, none, free = np.zeros(len(pairs.plot)), np.ones(k), np.ones(m)
    solve_alone(*pairs[1:4], alone, weight, none, free)
    if alone.all():
        nothing = empty_harvest(bank.mode.shape[1])
        return Found(pairs, alone, weight, none, free, nothing, 0, divided, 0)
    free[pairs.plot[np.repeat(alone == 0, np.diff(pairs.start))]] = 0.0
    edges = Edges(pairs.rows, miss, *pairs[1:4], np.ones(len(pairs.plot), bool))
    scan = Scan(*picture[:4], newborn, body)
    harvest, contested, short = contest(
        parent, after, count, alone, edges, bank.body, bank.time_ns, bank.existence,
        bank.number.astype(np.int64), bank.cluster, state.hypotheses, scan, rules,
    )  # fmt: skip
    return Found(pairs, alone, weight, none, free, harvest, contested, divided, short)


def kept(pairs: Pairs, keep: Bool) -> Pairs:
    """Return the pairs that are kept."""
    if keep.all():
        return pairs
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(keep)])[pairs.start]
    return Pairs(pairs.rows, start, pairs.plot[keep], pairs.value[keep], pairs.overflow)


def continued(
    state: TrackState, group: Group, picture: Picture, harvest: Harvest, first: I64
) -> tuple[Bank, int]:
    """Return the rows that replace the contested ones, and how many new numbers they took.

    Args:
        state: the tracker.
        group: the look.
        picture: its plots.
        harvest: what the contested rows became.
        first: (m,) undetected row that a new object at each plot grew out of, -1: none.
    """
    old = harvest.source >= 0
    rows = state.bank.take(np.where(old, harvest.source, 0))
    new = np.flatnonzero(~old)
    if len(new):
        at = harvest.born[new]
        body = Mixture(*(part[new] for part in harvest.body))
        begun = begin(state, group, picture, at, harvest.r[new], body, first[at])
        for name in vars(rows):
            getattr(rows, name)[new] = getattr(begun, name)
    rows.state[:], rows.cov[:], rows.mode[:] = harvest.body
    rows.time_ns[:], rows.existence[:], rows.weight[:] = harvest[1:4]
    rows.poisson[:] = harvest.poisson
    fresh = harvest.fresh
    renamed = fresh > 0
    rows.number[renamed] = (state.next_number + len(new) + fresh[renamed] - 1).astype(np.uint32)
    took = np.flatnonzero(old & (harvest.plot >= 0))
    note_plots(rows, took, group, picture, harvest.plot[took], np.ones(len(took), bool))
    return rows, len(new) + int(fresh.max(initial=0))
