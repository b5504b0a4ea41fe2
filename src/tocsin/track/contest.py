"""Association of one look: tracks alone in closed form, contested ones by hypotheses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I8, I64, Bool
from tocsin.track.births import Starts, begin
from tocsin.track.kernels_clusters import divide, solve_alone
from tocsin.track.kernels_contest import (
    BORN,
    CLUSTER,
    FRESH,
    PLOT,
    POISSON,
    SOURCE,
    TIME,
    Edges,
    Hypotheses,
    Mixture,
    Scan,
    Yield,
    contest,
)
from tocsin.track.kernels_rows import note_plots
from tocsin.track.state import Bank, Group, Pairs, Picture, TrackState


class Harvest(NamedTuple):
    """Hold what contested clusters became.

    Args:
        body: (n, ...) Gaussians.
        time_ns: (n,).
        r: (n,) existence within its hypotheses; of a Poisson row its weight.
        weight: (n,) of the hypotheses that hold it.
        source: (n,) bank row that it continues, -1: none.
        born: (n,) plot at which it was born, -1: an older one.
        plot: (n,) plot that it took, -1: none.
        poisson: (n,) whether it went back to the undetected.
        cluster: (n,) new cluster, -1: alone.
        fresh: (n,) 0: keeps its number; k: the k-th new number.
        hyp: hypotheses over the new rows.
    """

    body: Mixture
    time_ns: I64
    r: F64
    weight: F64
    source: I64
    born: I64
    plot: I64
    poisson: Bool
    cluster: I64
    fresh: I64
    hyp: Hypotheses


class Shared(NamedTuple):
    """Hold whose the plots of a look are.

    Args:
        pairs: the pairs of rows and plots, those that were cut left out.
        alone: (k,) 1: rows that contest nothing.
        weight: (pairs,) probability that a row alone gave the plot.
        none: (k,) probability that a row alone gave none.
        free: (m,) probability that a plot is no track's; 0: rows contest it.
        parent: (k,) one row of each row's cluster.
        divided: clusters that were too large.
    """

    pairs: Pairs
    alone: I8
    weight: F64
    none: F64
    free: F64
    parent: I64
    divided: int


def share_out(state: TrackState, pairs: Pairs, plots: int) -> Shared:
    """Say whose each plot is, for the rows that contest nothing.

    Args:
        state: the tracker; rows are predicted.
        pairs: rows and plots with their likelihood ratios.
        plots: number of plots.
    """
    bank, k = state.bank, len(pairs.rows)
    parent, after, count = (np.empty(k, np.int64) for _ in range(3))
    keep, alone = np.empty(len(pairs.plot), bool), np.empty(k, np.int8)
    divided = divide(
        *pairs[1:4], bank.cluster[pairs.rows], bank.weight[pairs.rows], plots,
        state.config.most_contested, parent, after, count, keep, alone,
    )  # fmt: skip
    if divided:
        pairs = kept(pairs, keep)
    weight, none, free = np.empty(len(pairs.plot)), np.empty(k), np.empty(plots)
    solve_alone(*pairs[1:4], alone, weight, none, free)
    return Shared(pairs, alone, weight, none, free, parent, divided)


def contested(
    state: TrackState, picture: Picture, shared: Shared, miss: F64, newborn: F64, body: Mixture
) -> tuple[Harvest, int, int]:
    """Return what the contested rows become, how many clusters, and searches that were cut off.

    Args:
        state: the tracker; rows are predicted.
        picture: the look's plots.
        shared: what is known of whose they are.
        miss: (k,) probability that the look detects each row, for the chance of a miss.
        newborn: (m,) existence of a new object at each plot that is no track's.
        body: (m, ...) its Gaussians; those of plots that nobody contests are not read.
    """
    bank, rules, pairs, parent = state.bank, state.site.rules, shared.pairs, shared.parent
    rows = np.flatnonzero(shared.alone == 0)
    chain = rows[np.argsort(parent[rows], kind="stable")]
    begin = np.append(np.flatnonzero(np.diff(parent[chain], prepend=-1)), len(chain))
    edges, scan = Edges(pairs.rows, miss, *pairs[1:4]), Scan(*picture[:4], newborn, body)
    room, filled, done = 16 * len(chain) + 64, np.zeros(6, np.int64), 0
    out = _room(room, bank.mode.shape[1])
    while True:
        done = contest(
            done, chain, begin, edges, bank.body, bank.time_ns, bank.existence, bank.number,
            bank.cluster, state.hypotheses, scan, rules, out, filled,
        )  # fmt: skip
        if done == len(begin) - 1:
            return _harvest(out, filled), done, int(filled[5])
        out = _grown(out, _room(room, bank.mode.shape[1]))
        room *= 2


def _room(rows: int, models: int) -> Yield:
    """Return room for some rows, and hypotheses over them."""
    body = Mixture(
        np.empty((rows, models, 6)), np.empty((rows, models, 21)), np.empty((rows, models))
    )
    whole = [np.zeros(n, np.int64) for n in (rows + 1, rows + 1, 4 * rows)]
    hyp = Hypotheses(whole[0], np.empty(rows), whole[1], whole[2], np.empty((rows, 6)))
    return Yield(body, np.empty((rows, 2)), np.empty((rows, 7), np.int64), hyp)


def _grown(old: Yield, more: Yield) -> Yield:
    """Return what was written so far, with more room behind."""

    def both(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.concatenate([a, b])

    return Yield(
        Mixture(*map(both, old.body, more.body)),
        both(old.chance, more.chance),
        both(old.fact, more.fact),
        Hypotheses(*map(both, old.hyp, more.hyp)),
    )


def _harvest(out: Yield, filled: I64) -> Harvest:
    """Return what was written, by column."""
    n, clusters, hyps, members = filled[:4]
    fact, r, weight = out.fact[:n].T, *out.chance[:n].T
    hyp = Hypotheses(
        out.hyp.start[: clusters + 1], out.hyp.weight[:hyps], out.hyp.member_start[: hyps + 1],
        out.hyp.member[:members], out.hyp.noise[:clusters],
    )  # fmt: skip
    return Harvest(
        Mixture(*(part[:n] for part in out.body)), fact[TIME], r, weight, fact[SOURCE], fact[BORN],
        fact[PLOT], fact[POISSON] > 0, fact[CLUSTER], fact[FRESH], hyp,
    )  # fmt: skip


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
    at, number = harvest.born[new], state.next_number
    starts = Starts(at, harvest.r[new], harvest.body, new, first[at])
    begin(state, group, picture, starts, rows, new)
    rows.state[:], rows.cov[:], rows.mode[:] = harvest.body
    rows.time_ns[:], rows.existence[:], rows.weight[:] = harvest[1:4]
    rows.poisson[:] = harvest.poisson
    fresh = harvest.fresh
    renamed = fresh > 0
    rows.number[renamed] = (number + len(new) + fresh[renamed] - 1).astype(np.uint32)
    took = np.flatnonzero(old & (harvest.plot >= 0))
    note_plots(rows, took, picture, harvest.plot[took], group.sensor)
    return rows, len(new) + int(fresh.max(initial=0))
