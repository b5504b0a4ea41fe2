"""Association of one look: tracks alone in closed form, contested ones by hypotheses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I8, I64, Bool
from tocsin.track.births import Starts, begin, with_room
from tocsin.track.kernels_clusters import divide, solve_alone
from tocsin.track.kernels_contest import (
    BORN,
    FRESH,
    SOURCE,
    Edges,
    Hypotheses,
    Mixture,
    Scan,
    Yield,
    contest,
)
from tocsin.track.kernels_regroup import regroup
from tocsin.track.kernels_rows import carry
from tocsin.track.state import Group, Pairs, Picture, TrackState


class Harvest(NamedTuple):
    """Hold what contested clusters became.

    Args:
        body: (n, ...) Gaussians.
        chance: (n, 2) see `kernels_contest.Yield`.
        fact: (n, 7) likewise.
        hyp: hypotheses over the new rows.
        contested: clusters that were solved.
        cut_short: searches that were cut off.
    """

    body: Mixture
    chance: F64
    fact: I64
    hyp: Hypotheses
    contested: int
    cut_short: int

    @property
    def born(self) -> int:
        """Return how many rows grew out of none: they were born."""
        return int(np.count_nonzero(self.fact[:, SOURCE] < 0))


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
) -> Harvest | None:
    """Return what the contested rows become; None without any.

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
    if len(rows) == 0:
        return None
    chain = rows[np.argsort(parent[rows], kind="stable")]
    begin = np.append(np.flatnonzero(np.diff(parent[chain], prepend=-1)), len(chain))
    edges, scan = Edges(pairs.rows, miss, *pairs[1:4]), _scan(picture, newborn, body)
    room, filled, done = 16 * len(chain) + 64, np.zeros(6, np.int64), 0
    out = _room(room, bank.mode.shape[1])
    while True:
        done = contest(
            done, chain, begin, edges, bank.body, bank.time_ns, bank.existence, bank.number,
            bank.cluster, state.hypotheses, scan, rules, out, filled,
        )  # fmt: skip
        if done == len(begin) - 1:
            return _harvest(out, filled)
        out = _grown(out, _room(room, bank.mode.shape[1]))
        room *= 2


def _scan(picture: Picture, newborn: F64, body: Mixture) -> Scan:
    """Return a look's plots and what may be new at each."""
    return Scan(*picture[:4], newborn, body, picture.rate, picture.sensor_m)


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
    """Return what was written."""
    n, clusters, hyps, members = filled[:4]
    hyp = Hypotheses(
        out.hyp.start[: clusters + 1], out.hyp.weight[:hyps], out.hyp.member_start[: hyps + 1],
        out.hyp.member[:members], out.hyp.noise[:clusters],
    )  # fmt: skip
    body = Mixture(*(part[:n] for part in out.body))
    return Harvest(body, out.chance[:n], out.fact[:n], hyp, int(clusters), int(filled[5]))


def kept(pairs: Pairs, keep: Bool) -> Pairs:
    """Return the pairs that are kept."""
    if keep.all():
        return pairs
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(keep)])[pairs.start]
    return Pairs(pairs.rows, start, pairs.plot[keep], pairs.value[keep], pairs.overflow)


def replaced(
    state: TrackState, group: Group, picture: Picture, gone: I64, harvest: Harvest, first: I64
) -> tuple[TrackState, I64]:
    """Return the tracker with contested rows replaced, and rows whose track has its plot.

    Args:
        state: the tracker.
        group: the look.
        picture: its plots.
        gone: contested rows.
        harvest: what they became.
        first: (m,) undetected row that a new object at each plot grew out of, -1: none.
    """
    fact, count = harvest.fact, len(harvest.fact)
    new = np.flatnonzero(fact[:, SOURCE] < 0)
    bank, place = with_room(state, np.flatnonzero(~state.bank.live)[:count], count)
    state = state._replace(bank=bank)
    at = fact[new, BORN]
    starts = Starts(at, harvest.chance[new, 0], harvest.body, new, first[at])
    begin(state, group, picture, starts, bank, place[new])
    known = state.hypotheses
    ended = np.zeros(len(known.noise) + 1, bool)
    ended[bank.cluster[gone]] = True
    hyp = regroup(known, ended[:-1], harvest.hyp, place, bank.cluster)
    number, found = state.next_number + len(new), np.empty(count, bool)
    carry(
        bank, harvest.body, harvest.chance, fact, place, len(hyp.noise) - len(harvest.hyp.noise),
        number, picture, group.sensor, state.looked, state.site.judged, found,
    )  # fmt: skip
    bank.free(gone)
    number += int(fact[:, FRESH].max(initial=0))
    return state._replace(hypotheses=hyp, next_number=number), place[found]
