"""Kernels that solve contested clusters: parents, children, merging, division by location.

`contest` is the driver. What it writes is a `Yield`: rows that replace those of the contested
clusters, and the hypotheses over them. Everything else works on plain arrays: tuples of arrays are
slow to compile, and so are array expressions.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from tocsin.contract import F64, I8, I64, U32, Bool
from tocsin.motion import Arrays
from tocsin.motion.kernels_jit import lean
from tocsin.track.kernels_cells import Cells, gather_crowd, room_for_cells
from tocsin.track.kernels_clusters import children, join_parents, merge_alike
from tocsin.track.kernels_filter import advance, combine_row, copy_row, correct_row
from tocsin.track.kernels_harvest import write
from tocsin.track.kernels_hypotheses import best_children, options, tidy

_LEAST = 1e-300
_SHARE = 0.1
"""A local weaker than this share of the recycling threshold is put into no hypothesis."""


class Mixture(NamedTuple):
    """Hold rows of Gaussians, one for each motion model.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        mode: (n, M).
    """

    state: F64
    cov: F64
    mode: F64


class Hypotheses(NamedTuple):
    """Hold the hypotheses of all clusters.

    Args:
        start: (clusters + 1,) first hypothesis of each cluster.
        weight: (hypotheses,) normalised in each cluster, heaviest first.
        member_start: (hypotheses + 1,) first member of each.
        member: row of each member.
        noise: (clusters, 6) packed covariance of the plots that it was last seen by.
    """

    start: I64
    weight: F64
    member_start: I64
    member: I64
    noise: F64


class Scan(NamedTuple):
    """Hold a look's plots and what may be new at each.

    Args:
        position_m: (m, 3).
        cov: (m, 6) packed.
        time_ns: (m,).
        dimension: (m,).
        newborn: (m,) existence of a new object at each plot that is no track's.
        born: (m, ...) its Gaussians, at the plot's time.
        rate: see `state.Picture`.
        sensor_m: likewise.
        rest: (m,) density of all that is no track's.
        false_rate_density: likewise.
        site: the radar, see `kernels_view.view`.
        cell: (3,) its cell, see `kernels_cells.cell_axes`; (0,): it tells all apart.
    """

    position_m: F64
    cov: F64
    time_ns: I64
    dimension: I8
    newborn: F64
    born: Mixture
    rate: F64
    sensor_m: F64
    rest: F64
    false_rate_density: float
    site: F64
    cell: F64


class Edges(NamedTuple):
    """Hold the rows of a look and their pairs with plots.

    Args:
        rows: (k,) bank rows.
        chances: (k, 4) see `kernels_sweep.sweep`.
        start: (k + 1,) first pair of each.
        plot: plot of each pair.
        ratio: likelihood ratio to "no plot".
    """

    rows: I64
    chances: F64
    start: I64
    plot: I64
    ratio: F64


class Rules(NamedTuple):
    """Hold the parameters of `TrackConfig` that these kernels need, see there."""

    model: Arrays
    limit: F64
    most_hypotheses: int
    cut: float
    least_weight: float
    most_nodes: int
    recycle: float
    merge2: float
    near2: float
    poisson_floor: float


class Yield(NamedTuple):
    """Hold what contested clusters became, and room for more.

    Args:
        body: (n, ...) Gaussians.
        chance: (n, 2) existence within its hypotheses, of a Poisson row its weight; and weight of
            the hypotheses that hold it.
        fact: (n, 7) columns `TIME` ... `FRESH`.
        hyp: hypotheses over the new rows.
    """

    body: Mixture
    chance: F64
    fact: I64
    hyp: Hypotheses


TIME, SOURCE, BORN, PLOT, POISSON, CLUSTER, FRESH = range(7)
"""Columns of a new row's facts: time in ns; bank row that it continues, -1 none; plot at which it
was born, -1: an older one; plot that it took, -1 none; 1: it went back to the undetected; new
cluster, -1: alone; 0: it keeps its number, k: the k-th new number."""

CLUSTERS, CUT_SHORT, BORN_ROWS = 1, 5, 6
"""Places in the counts of `contest`."""


@lean()
def _bring(
    state: F64, cov: F64, mode: F64, o: int, dt: float, model: Arrays, limit: F64, spare: F64
) -> float:
    """Advance a row by some seconds, if it is behind; return its chance to live on."""
    if dt <= 0.0:
        return 1.0
    advance(state, cov, mode, o, dt, model, limit, spare[:6], spare[6:])
    return math.exp(-dt / limit[0])


@lean()
def gather(
    chain: I64,
    size: int,
    rows: I64,
    start: I64,
    plot: I64,
    ratio: F64,
    cluster: I64,
    local: I64,
    column: I64,
    unit: I64,
    plots: I64,
    begin: I64,
    choice: I64,
    gain: F64,
) -> tuple[int, int]:
    """Give a cluster's rows and plots numbers from 0.

    Args:
        chain: places in `rows` of the cluster's rows.
        size: how many.
        rows: see `Edges`.
        start: see `Edges`.
        plot: see `Edges`.
        ratio: see `Edges`.
        cluster: (n,) old cluster of each bank row.
        local: (n,) out: number of each bank row.
        column: (m,) scratch, -1 everywhere.
        unit: (2, L) out: see `join_parents`.
        plots: out: the cluster's plots.
        begin: (L + 1,) out: first pair of each row.
        choice: out: number of each pair's plot.
        gain: out: logarithm of its ratio.

    Returns:
        Number of units and of plots.
    """
    units, used, e = 0, 0, 0
    begin[0] = 0
    for a in range(size):
        k = chain[a]
        row = rows[k]
        local[row] = a
        old = cluster[row] >= 0
        seen = False
        for u in range(units):
            seen = seen or (old and unit[1, u] == 1 and unit[0, u] == cluster[row])
        if not seen:
            unit[0, units], unit[1, units] = (cluster[row], 1) if old else (row, 0)
            units += 1
        for place in range(start[k], start[k + 1]):
            j = plot[place]
            if column[j] < 0:
                column[j] = used
                plots[used] = j
                used += 1
            choice[e], gain[e] = column[j], math.log(ratio[place])
            e += 1
        begin[a + 1] = e
    for p in range(used):
        column[plots[p]] = -1
    return units, used


@lean()
def mean_noise(
    plots: I64, count: int, cov: F64, dimension: I8, unit: I64, units: int, old: F64, noise: F64
) -> None:
    """Fill in the mean covariance of a cluster's plots; without any, that of those before."""
    for c in range(6):
        noise[c] = 0.0
    for u in range(units):
        if count == 0 and unit[1, u] == 1:
            for c in range(6):
                noise[c] = max(noise[c], old[unit[0, u], c])
    for p in range(count):
        for c in range(6):
            noise[c] += cov[plots[p], c] / count
    for p in range(count):
        if dimension[plots[p]] == 2:
            noise[5] = max(noise[5], 1e12)


@lean()
def _prepare(
    chain: I64,
    size: int,
    edges: Edges,
    bank: Mixture,
    time_ns: I64,
    existence: F64,
    to_ns: int,
    rules: Rules,
    base: Mixture,
    missed_log: F64,
    missed: F64,
    cells: Cells,
    spare: F64,
) -> None:
    """Bring a cluster's rows to one time; fill in probability and existence of a miss."""
    state, cov, mode = base
    for a in range(size):
        i, hit, miss = edges.rows[chain[a]], edges.chances[chain[a], 0], edges.chances[chain[a], 1]
        copy_row(bank.state, bank.cov, bank.mode, i, state, cov, mode, a)
        dt = (to_ns - time_ns[i]) * 1e-9
        alive = existence[i] * _bring(state, cov, mode, a, dt, rules.model, rules.limit, spare)
        missed_log[a] = math.log(1.0 - alive * miss)
        missed[a] = alive * (1.0 - miss) / (1.0 - alive * miss)
        if cells.crowd.follow.size > 0:
            combine_row(state, cov, mode, a, cells.mean, cells.total)
            cells.crowd.follow[a] = math.log(max(alive * hit, _LEAST)) - missed_log[a]


@lean()
def _latest(
    chain: I64, size: int, rows: I64, time_ns: I64, plots: I64, many: int, plot_ns: I64
) -> int:
    """Return the latest time of a cluster's rows and plots."""
    to_ns = 0
    for a in range(size):
        to_ns = max(to_ns, time_ns[rows[chain[a]]])
    for p in range(many):
        to_ns = max(to_ns, plot_ns[plots[p]])
    return to_ns


@lean()
def _fill(
    count: int,
    origin: I64,
    plots: I64,
    base: Mixture,
    scan: Scan,
    to_ns: int,
    rules: Rules,
    pool: Mixture,
    mean: F64,
    total: F64,
    spare: F64,
) -> None:
    """Fill in the Gaussians of the children's locals."""
    born, (state, cov, mode) = scan.born, pool
    for k in range(count):
        source = origin[0, k]
        j = plots[origin[1, k]] if origin[1, k] >= 0 else -1
        if source < 0:
            copy_row(born.state, born.cov, born.mode, j, state, cov, mode, k)
            dt = (to_ns - scan.time_ns[j]) * 1e-9
            _bring(state, cov, mode, k, dt, rules.model, rules.limit, spare)
        elif j < 0:
            copy_row(base.state, base.cov, base.mode, source, state, cov, mode, k)
        else:
            correct_row(
                base.state, base.cov, base.mode, source, scan.position_m, scan.cov, j,
                (scan.time_ns[j] - to_ns) * 1e-9, scan.dimension[j], scan.rate, scan.sensor_m,
                rules.model.noise, state, cov, mode, k,
            )  # fmt: skip
        if mode.shape[1] > 1:
            combine_row(state, cov, mode, k, mean, total)


@lean()
def _identify(
    count: int,
    origin: I64,
    plots: I64,
    chain: I64,
    rows: I64,
    number: U32,
    row: I64,
    plot: I64,
    label: I64,
) -> None:
    """Fill in each local's bank row, plot and track number; -1: none."""
    for k in range(count):
        source, p = origin[0, k], origin[1, k]
        row[k] = rows[chain[source]] if source >= 0 else -1
        label[k] = number[row[k]] if source >= 0 else -1
        plot[k] = plots[p] if p >= 0 else -1


class Desk(NamedTuple):
    """Hold the work space for one cluster at a time, of up to S rows, E pairs and P plots.

    Args:
        base: (S, ...) Gaussians of the cluster's rows, all at one time.
        pool: (R, ...) those of its locals.
        mean: (R, 6) of the locals, over their models; of one model, the same numbers as its own.
        total: (R, 21) likewise.
        lists: (4, K, T) members of hypotheses.
        hyps: (4, K) of hypotheses.
        weight: (4, K) likewise.
        label: (16, R) of rows, pairs, plots and locals.
        value: (6, R) likewise.
        name: (S + 1, P + 1) see `children`.
        cost: (T, T) see `match`.
        whole: (5, R) for the kernels that this one calls.
        real: (13, R) likewise.
        cells: for a radar with a cell, else empty.
    """

    base: Mixture
    pool: Mixture
    mean: F64
    total: F64
    lists: I64
    hyps: I64
    weight: F64
    label: I64
    value: F64
    name: I64
    cost: F64
    whole: I64
    real: F64
    cells: Cells


@lean()
def _solve(
    chain: I64,
    size: int,
    edges: Edges,
    bank: Mixture,
    time_ns: I64,
    existence: F64,
    number: U32,
    cluster: I64,
    hyp: Hypotheses,
    scan: Scan,
    rules: Rules,
    local: I64,
    column: I64,
    desk: Desk,
    out: Yield,
    filled: I64,
) -> bool:
    """Solve one cluster and write what it became; say whether there was room for it."""
    whole, real, base, pool = desk.whole, desk.real, desk.base, desk.pool
    parents, chosen, lists = desk.lists[0], desk.lists[1], desk.lists[2]
    sizes, parent, lengths = desk.hyps[0], desk.hyps[1], desk.hyps[2]
    weights, log_w, w = desk.weight[0], desk.weight[1], desk.weight[2]
    origin, who, unit, label = desk.label[:2], desk.label[2:5], desk.label[5:7], desk.label[7:]
    plots, begin, pair, where, choice = label[0], label[1], label[2], label[3], label[4]
    gain, value, missed_log = desk.value[0], desk.value[1], desk.value[2]
    missed, r, lost = desk.value[3], desk.value[4], desk.value[5]
    units, many = gather(
        chain, size, edges.rows, edges.start, edges.plot, edges.ratio, cluster, local, column, unit,
        plots, begin, pair, gain,
    )  # fmt: skip
    to_ns = _latest(chain, size, edges.rows, time_ns, plots, many, scan.time_ns)
    cells, crowd = desk.cells, desk.cells.crowd
    _prepare(
        chain, size, edges, bank, time_ns, existence, to_ns, rules, base, missed_log, missed,
        cells, real[0],
    )  # fmt: skip
    count = join_parents(
        units, unit, hyp.start, hyp.weight, hyp.member_start, hyp.member, local, parents, sizes,
        weights, desk.lists[3], whole, real[0],
    )  # fmt: skip
    if crowd.follow.size > 0:
        gather_crowd(
            size, count, parents, sizes, cells.mean, cells.total, missed, to_ns,
            plots, many, scan, base, rules.model.noise, crowd, pool, cells.spot,
        )  # fmt: skip
    options(size, begin, pair, gain, many, crowd, where, choice, value)
    found, short = best_children(
        count, parents, sizes, weights, missed_log, where, choice, value, many, crowd,
        rules.cut, rules.most_nodes, parent, chosen, log_w, whole, real,
    )  # fmt: skip
    locals_ = children(
        found, parent, chosen, log_w, parents, sizes, size, plots, many, missed, scan.newborn,
        _SHARE * rules.recycle, origin, r, lost, lists, lengths, w, desk.name, whole[0],
    )  # fmt: skip
    _fill(locals_, origin, plots, base, scan, to_ns, rules, pool, desk.mean, desk.total, real[0])
    count = tidy(lists, lengths, w, found, rules.least_weight, whole[0])
    count, locals_ = merge_alike(
        lists, lengths, w, count, rules.merge2, pool.state, pool.cov, pool.mode, desk.mean,
        desk.total, r, lost, origin, locals_, r.size - 1, desk.cost, whole, real,
    )  # fmt: skip
    count = tidy(lists, lengths, w, count, rules.least_weight, whole[0])
    noise = real[12]
    mean_noise(plots, many, scan.cov, scan.dimension, unit, units, hyp.noise, noise)
    _identify(locals_, origin, plots, chain, edges.rows, number, who[0], who[1], who[2])
    fits = write(
        lists, lengths, w, count, locals_, origin[0], who, r, lost, noise, to_ns, rules, desk, out,
        filled,
    )  # fmt: skip
    filled[CUT_SHORT] += fits and short
    return fits


@lean()
def _largest(
    alone: I8, parent: I64, after: I64, edges: Edges, cluster: I64, hyp: Hypotheses, met: Bool
) -> tuple[int, int, int, int]:
    """Return rows in clusters; and of the largest: its rows, pairs, and members of a parent."""
    rows, most, pairs, members = 0, 0, 0, 0
    for head in range(alone.size):
        if alone[head] or parent[head] != head:
            continue
        i, size, own, long = head, 0, 0, 0
        while i >= 0:
            size, own = size + 1, own + edges.start[i + 1] - edges.start[i]
            c = cluster[edges.rows[i]]
            if c < 0:
                long += 1
            elif not met[c]:
                met[c] = True
                long += _longest(hyp, c)
            i = after[i]
        rows += size
        most, pairs, members = max(most, size), max(pairs, own), max(members, long)
    return rows, most, pairs, members


@lean()
def _longest(hyp: Hypotheses, c: int) -> int:
    """Return how many members an old cluster's hypotheses have at most."""
    long = 0
    for h in range(hyp.start[c], hyp.start[c + 1]):
        long = max(long, hyp.member_start[h + 1] - hyp.member_start[h])
    return int(long)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def contest(
    room: int,
    alone: I8,
    parent: I64,
    after: I64,
    edges: Edges,
    bank: Mixture,
    time_ns: I64,
    existence: F64,
    number: U32,
    cluster: I64,
    hyp: Hypotheses,
    scan: Scan,
    rules: Rules,
) -> tuple[Yield, I64, bool]:
    """Solve the contested clusters of a look.

    Args:
        room: new rows that there is room for, for each row that is in a cluster.
        alone: (k,) 1: the row contests nothing.
        parent: (k,) one row of each row's cluster.
        after: (k,) the next row of the cluster, -1: none.
        edges: rows and pairs of the look.
        bank: all rows' Gaussians.
        time_ns: (n,) of the bank.
        existence: (n,) of the bank.
        number: (n,) of the bank.
        cluster: (n,) of the bank.
        hyp: hypotheses of the old clusters.
        scan: the plots.
        rules: parameters.

    Returns:
        What they become; how many rows, clusters, hypotheses, members, new numbers, searches that
        were cut off, and rows that were born; whether there was room for all.
    """
    many, M, K = scan.time_ns.size, bank.mode.shape[1], rules.most_hypotheses
    met = np.zeros(hyp.noise.shape[0], np.bool_)
    rows, S, E, T = _largest(alone, parent, after, edges, cluster, hyp, met)
    P = min(E, many)
    T += P
    apart = scan.cell.size == 0
    R = max(S + E + P + (K // 2) * T + 1, K + 1, 27) + (0 if apart else S * (P + 1))
    pool = Mixture(np.empty((R, M, 6)), np.empty((R, M, 21)), np.empty((R, M)))
    desk = Desk(
        Mixture(np.empty((S, M, 6)), np.empty((S, M, 21)), np.empty((S, M))), pool,
        pool.state.reshape(R, 6) if M == 1 else np.empty((R, 6)),
        pool.cov.reshape(R, 21) if M == 1 else np.empty((R, 21)), np.empty((4, K, T), np.int64),
        np.empty((4, K), np.int64), np.empty((4, K)), np.empty((16, R), np.int64),
        np.empty((6, R)), np.empty((S + 1, P + 2), np.int64), np.empty((T, T)),
        np.empty((5, R), np.int64), np.empty((13, R)), room_for_cells(0 if apart else S, P),
    )  # fmt: skip
    n = room * (rows + 4)
    out = Yield(
        Mixture(np.empty((n, M, 6)), np.empty((n, M, 21)), np.empty((n, M))), np.empty((n, 2)),
        np.empty((n, 7), np.int64),
        Hypotheses(
            np.empty(n + 1, np.int64), np.empty(n), np.empty(n + 1, np.int64),
            np.empty(4 * n, np.int64), np.empty((n, 6)),
        ),
    )  # fmt: skip
    out.hyp.start[0] = out.hyp.member_start[0] = 0
    filled, chain, fits = np.zeros(7, np.int64), np.empty(S, np.int64), True
    local, column = np.empty(time_ns.size, np.int64), np.empty(many, np.int64)
    for j in range(many):
        column[j] = -1
    for head in range(alone.size):
        if alone[head] or parent[head] != head:
            continue
        i, size = head, 0
        while i >= 0:
            chain[size] = i
            i, size = after[i], size + 1
        fits = fits and _solve(
            chain, size, edges, bank, time_ns, existence, number, cluster, hyp, scan, rules, local,
            column, desk, out, filled,
        )  # fmt: skip
    rows, clusters, hyps, members = filled[0], filled[1], filled[2], filled[3]
    for k in range(rows):
        filled[BORN_ROWS] += out.fact[k, SOURCE] < 0
    hyp = Hypotheses(
        out.hyp.start[: clusters + 1], out.hyp.weight[:hyps], out.hyp.member_start[: hyps + 1],
        out.hyp.member[:members], out.hyp.noise[:clusters],
    )  # fmt: skip
    body = Mixture(out.body.state[:rows], out.body.cov[:rows], out.body.mode[:rows])
    return Yield(body, out.chance[:rows], out.fact[:rows], hyp), filled, fits
