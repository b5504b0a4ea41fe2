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

from tocsin.contract import F64, I8, I64, U32
from tocsin.motion import Arrays
from tocsin.motion.kernels_jit import lean
from tocsin.track.kernels_clusters import children, join_parents, merge_alike
from tocsin.track.kernels_filter import advance, combine_row, copy_row, correct_row
from tocsin.track.kernels_harvest import (
    collapse,
    components,
    list_used,
    marginal,
    owners,
    write_hypotheses,
)
from tocsin.track.kernels_hypotheses import best_children, options, tidy

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
    """

    position_m: F64
    cov: F64
    time_ns: I64
    dimension: I8
    newborn: F64
    born: Mixture
    rate: F64
    sensor_m: F64


class Edges(NamedTuple):
    """Hold the rows of a look and their pairs with plots.

    Args:
        rows: (k,) bank rows.
        miss: (k,) probability that this look detects each, for the chance of a miss.
        start: (k + 1,) first pair of each.
        plot: plot of each pair.
        ratio: likelihood ratio to "no plot".
    """

    rows: I64
    miss: F64
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
    first: int,
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
        chain: places in `rows` of all clusters' rows, cluster by cluster.
        first: the cluster's first.
        size: how many.
        rows: see `Edges`.
        start: see `Edges`.
        plot: see `Edges`.
        ratio: see `Edges`.
        cluster: (n,) old cluster of each bank row.
        local: (n,) out: number of each bank row.
        column: (m,) scratch, -1 everywhere.
        unit: (L, 2) out: see `join_parents`.
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
        k = chain[first + a]
        row = rows[k]
        local[row] = a
        old = cluster[row] >= 0
        seen = False
        for u in range(units):
            seen = seen or (old and unit[u, 1] == 1 and unit[u, 0] == cluster[row])
        if not seen:
            unit[units, 0], unit[units, 1] = (cluster[row], 1) if old else (row, 0)
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
        for p in range(count):
            noise[c] += cov[plots[p], c] / count
        for u in range(units):
            if count == 0 and unit[u, 1] == 1:
                noise[c] = max(noise[c], old[unit[u, 0], c])
    for p in range(count):
        if dimension[plots[p]] == 2:
            noise[5] = max(noise[5], 1e12)


@lean()
def _prepare(
    chain: I64,
    first: int,
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
    spare: F64,
) -> None:
    """Bring a cluster's rows to one time; fill in probability and existence of a miss."""
    state, cov, mode = base
    for a in range(size):
        i, miss = edges.rows[chain[first + a]], edges.miss[chain[first + a]]
        copy_row(bank.state, bank.cov, bank.mode, i, state, cov, mode, a)
        dt = (to_ns - time_ns[i]) * 1e-9
        alive = existence[i] * _bring(state, cov, mode, a, dt, rules.model, rules.limit, spare)
        missed_log[a] = math.log(1.0 - alive * miss)
        missed[a] = alive * (1.0 - miss) / (1.0 - alive * miss)


@lean()
def _latest(
    chain: I64, first: int, size: int, rows: I64, time_ns: I64, plots: I64, many: int, plot_ns: I64
) -> int:
    """Return the latest time of a cluster's rows and plots."""
    to_ns = 0
    for a in range(first, first + size):
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
        combine_row(state, cov, mode, k, mean, total)


@lean()
def _identify(
    count: int,
    origin: I64,
    plots: I64,
    chain: I64,
    first: int,
    rows: I64,
    number: U32,
    row: I64,
    plot: I64,
    label: I64,
) -> None:
    """Fill in each local's bank row, plot and track number; -1: none."""
    for k in range(count):
        source, p = origin[0, k], origin[1, k]
        row[k] = rows[chain[first + source]] if source >= 0 else -1
        label[k] = number[row[k]] if source >= 0 else -1
        plot[k] = plots[p] if p >= 0 else -1


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _solve(
    chain: I64,
    first: int,
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
    out: Yield,
    filled: I64,
) -> bool:
    """Solve one cluster and write what it became; say whether there was room for it."""
    K, M, most = rules.most_hypotheses, bank.mode.shape[1], 0
    for a in range(first, first + size):
        most += edges.start[chain[a] + 1] - edges.start[chain[a]]
    unit, plots = np.empty((size, 2), np.int64), np.empty(most, np.int64)
    begin, pair, gain = np.empty(size + 1, np.int64), np.empty(most, np.int64), np.empty(most)
    units, many = gather(
        chain, first, size, edges.rows, edges.start, edges.plot, edges.ratio, cluster, local,
        column, unit, plots, begin, pair, gain,
    )  # fmt: skip
    to_ns = _latest(chain, first, size, edges.rows, time_ns, plots, many, scan.time_ns)
    base = Mixture(np.empty((size, M, 6)), np.empty((size, M, 21)), np.empty((size, M)))
    missed_log, missed, spare = np.empty(size), np.empty(size), np.empty(27)
    _prepare(
        chain, first, size, edges, bank, time_ns, existence, to_ns, rules, base, missed_log, missed,
        spare,
    )  # fmt: skip
    T, room = size + many, size + most + many + K * (size + many) + 1
    parents, sizes, weights = np.empty((K, T), np.int64), np.empty(K, np.int64), np.empty(K)
    count = join_parents(
        units, unit, hyp.start, hyp.weight, hyp.member_start, hyp.member, local, parents, sizes,
        weights,
    )  # fmt: skip
    where, choice = np.empty(size + 1, np.int64), np.empty(most + size, np.int64)
    value, r, lost = np.empty(most + size), np.empty(room), np.empty(room)
    options(size, begin, pair, gain, where, choice, value)
    parent, chosen, log_w = np.empty(K, np.int64), np.empty((K, T), np.int64), np.empty(K)
    found, short = best_children(
        count, parents, sizes, weights, missed_log, where, choice, value, many, rules.cut,
        rules.most_nodes, parent, chosen, log_w,
    )  # fmt: skip
    origin, who = np.empty((2, room), np.int64), np.empty((3, room), np.int64)
    lists, lengths, w = np.empty((K, T), np.int64), np.empty(K, np.int64), np.empty(K)
    locals_ = children(
        found, parent, chosen, log_w, parents, sizes, size, plots, many, missed, scan.newborn,
        _SHARE * rules.recycle, origin, r, lost, lists, lengths, w,
    )  # fmt: skip
    pool = Mixture(np.empty((room, M, 6)), np.empty((room, M, 21)), np.empty((room, M)))
    mean, total, noise = np.empty((room, 6)), np.empty((room, 21)), np.empty(6)
    _fill(locals_, origin, plots, base, scan, to_ns, rules, pool, mean, total, spare)
    count, locals_ = merge_alike(
        lists, lengths, w, tidy(lists, lengths, w, found, rules.least_weight), rules.merge2,
        pool.state, pool.cov, pool.mode, mean, total, r, lost, origin, locals_, room - 1,
    )  # fmt: skip
    count = tidy(lists, lengths, w, count, rules.least_weight)
    mean_noise(plots, many, scan.cov, scan.dimension, unit, units, hyp.noise, noise)
    _identify(locals_, origin, plots, chain, first, edges.rows, number, who[0], who[1], who[2])
    fits = _write(
        lists, lengths, w, count, locals_, origin[0], who, r, lost, pool, mean, total, noise,
        to_ns, rules, out, filled,
    )  # fmt: skip
    filled[5] += fits and short
    return fits


@lean()
def _fits(out: Yield, filled: I64, rows: int, clusters: int, hyps: int, members: int) -> bool:
    """Say whether there is room for so many more."""
    return bool(
        filled[0] + rows <= out.fact.shape[0]
        and filled[1] + clusters < out.hyp.start.size
        and filled[2] + hyps < out.hyp.member_start.size
        and filled[3] + members <= out.hyp.member.size
    )


@lean()
def _put(
    pool: Mixture,
    k: int,
    r: float,
    row: int,
    plot: int,
    to_ns: int,
    fresh: int,
    cluster: int,
    out: Yield,
    n: int,
) -> None:
    """Write one row; the weight of the hypotheses that hold it is left to the caller."""
    copy_row(pool.state, pool.cov, pool.mode, k, out.body.state, out.body.cov, out.body.mode, n)
    out.chance[n, 0], out.chance[n, 1] = r, 1.0
    out.fact[n, 0], out.fact[n, 1], out.fact[n, 2] = to_ns, row, -1 if row >= 0 else plot
    out.fact[n, 3], out.fact[n, 4], out.fact[n, 5], out.fact[n, 6] = plot, 0, cluster, fresh


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _write(
    lists: I64,
    lengths: I64,
    w: F64,
    count: int,
    locals_: int,
    source: I64,
    who: I64,
    r: F64,
    lost: F64,
    pool: Mixture,
    mean: F64,
    total: F64,
    noise: F64,
    to_ns: int,
    rules: Rules,
    out: Yield,
    filled: I64,
) -> bool:
    """Divide a solved cluster by location and write what is left of it, if there is room."""
    row, plot, label = who[0], who[1], who[2]
    used, part = np.empty(locals_, np.int64), np.empty(locals_, np.int64)
    fresh, place = np.zeros(locals_, np.int64), np.empty(locals_, np.int64)
    many = list_used(lists, lengths, count, locals_, used)
    parts = components(used, many, source, mean, total, noise, rules.near2, part)
    if not _fits(out, filled, parts + locals_, parts, count * parts, count * lists.shape[1]):
        return False
    filled[4] = owners(lists, lengths, w, count, used, many, label, part, parts, filled[4], fresh)
    sub, sub_size, sub_w = (
        np.empty(lists.shape, np.int64), np.empty(lengths.size, np.int64), np.empty(w.size),
    )  # fmt: skip
    for c in range(parts):
        most = marginal(lists, lengths, w, count, part, c, 0.0, r, lost, sub, sub_size, sub_w)
        if most <= 1:
            sure, k = collapse(
                lists, lengths, w, count, part, c, r, fresh, pool.state, pool.cov, pool.mode,
                locals_,
            )  # fmt: skip
            n = filled[0]
            _put(pool, locals_, min(sure, 1.0), row[k], plot[k], to_ns, fresh[k], -1, out, n)
            out.fact[n, 4] = sure < rules.recycle
            filled[0] += sure >= rules.poisson_floor
            continue
        marginal(lists, lengths, w, count, part, c, rules.recycle, r, lost, sub, sub_size, sub_w)
        left = tidy(sub, sub_size, sub_w, count, rules.least_weight)
        begun = filled[0]
        _write_rows(
            sub, sub_size, sub_w, left, place, row, plot, fresh, r, pool, to_ns, out, filled
        )
        if filled[0] > begun:
            for x in range(6):
                out.hyp.noise[filled[1], x] = noise[x]
            write_hypotheses(
                sub, sub_size, sub_w, left, place, filled, out.hyp.start, out.hyp.weight,
                out.hyp.member_start, out.hyp.member,
            )  # fmt: skip
    for k in range(locals_):
        if lost[k] >= rules.poisson_floor:
            _put(pool, k, lost[k], row[k], plot[k], to_ns, 0, -1, out, filled[0])
            out.fact[filled[0], 4] = 1
            filled[0] += 1
    return True


@lean()
def _write_rows(
    hyp: I64,
    size: I64,
    weight: F64,
    count: int,
    place: I64,
    row: I64,
    plot: I64,
    fresh: I64,
    r: F64,
    pool: Mixture,
    to_ns: int,
    out: Yield,
    filled: I64,
) -> None:
    """Write the locals that a component's hypotheses hold, and note their places."""
    for k in range(place.size):
        place[k] = -1
    for h in range(count):
        for t in range(size[h]):
            k = hyp[h, t]
            if place[k] < 0:
                place[k] = filled[0]
                filled[0] += 1
                _put(pool, k, r[k], row[k], plot[k], to_ns, fresh[k], filled[1], out, place[k])
                out.chance[place[k], 1] = 0.0
            out.chance[place[k], 1] += weight[h]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def contest(
    done: int,
    chain: I64,
    begin: I64,
    edges: Edges,
    bank: Mixture,
    time_ns: I64,
    existence: F64,
    number: U32,
    cluster: I64,
    hyp: Hypotheses,
    scan: Scan,
    rules: Rules,
    out: Yield,
    filled: I64,
) -> int:
    """Solve the contested clusters of a look, as many as there is room for.

    Args:
        done: clusters solved before.
        chain: places in `edges` of the clusters' rows, cluster by cluster.
        begin: (clusters + 1,) first place of each.
        edges: rows and pairs of the look.
        bank: all rows' Gaussians.
        time_ns: (n,) of the bank.
        existence: (n,) of the bank.
        number: (n,) of the bank.
        cluster: (n,) of the bank.
        hyp: hypotheses of the old clusters.
        scan: the plots.
        rules: parameters.
        out: what they become.
        filled: (6,) its rows, clusters, hypotheses, members and new numbers, and searches that
            were cut off, so far; raised.

    Returns:
        Number of clusters solved by now; fewer than there are: more room is needed.
    """
    local = np.empty(time_ns.size, np.int64)
    column = np.empty(scan.time_ns.size, np.int64)
    for j in range(column.size):
        column[j] = -1
    for c in range(done, begin.size - 1):
        if not _solve(
            chain, begin[c], begin[c + 1] - begin[c], edges, bank, time_ns, existence, number,
            cluster, hyp, scan, rules, local, column, out, filled,
        ):  # fmt: skip
            return c
    return begin.size - 1
