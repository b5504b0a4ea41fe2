"""Kernels that solve contested clusters: parents, children, merging, division by location.

`contest` is the driver. What it writes is a `Harvest`: rows that replace those of the contested
clusters, and the hypotheses over them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from tocsin.contract import F64, I8, I64, Bool
from tocsin.motion import Arrays
from tocsin.track.kernels_clusters import children, join_parents, merge_alike
from tocsin.track.kernels_filter import advance, clear, combine, correct_row, pour, settle
from tocsin.track.kernels_hypotheses import best_children, components, options, tidy

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
    """

    position_m: F64
    cov: F64
    time_ns: I64
    dimension: I8
    newborn: F64
    born: Mixture


class Edges(NamedTuple):
    """Hold the rows of a look and their pairs with plots.

    Args:
        rows: (k,) bank rows.
        miss: (k,) probability that this look detects each, for the chance of a miss.
        start: (k + 1,) first pair of each.
        plot: plot of each pair.
        ratio: likelihood ratio to "no plot".
        keep: whether the pair stays.
    """

    rows: I64
    miss: F64
    start: I64
    plot: I64
    ratio: F64
    keep: Bool


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


@nb.njit(cache=True, nogil=True, error_model="numpy")
def mixture(rows: int, models: int) -> Mixture:
    """Return unfilled rows."""
    return Mixture(
        np.empty((rows, models, 6)), np.empty((rows, models, 21)), np.empty((rows, models))
    )


@nb.njit(cache=True, nogil=True, error_model="numpy")
def copy_row(source: Mixture, i: int, target: Mixture, o: int) -> None:
    """Copy row i of one mixture to row o of another."""
    for m in range(source.mode.shape[1]):
        target.mode[o, m] = source.mode[i, m]
        for a in range(6):
            target.state[o, m, a] = source.state[i, m, a]
        for c in range(21):
            target.cov[o, m, c] = source.cov[i, m, c]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _bring(body: Mixture, o: int, dt: float, rules: Rules) -> float:
    """Advance a row by some seconds, if it is behind; return its chance to live on."""
    if dt <= 0.0:
        return 1.0
    mean, total = np.empty(6), np.empty(21)
    advance(body.state, body.cov, body.mode, o, dt, rules.model, rules.limit, mean, total)
    return math.exp(-dt / rules.limit[0])


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _gather(
    chain: I64, edges: Edges, cluster: I64, local: I64, column: I64
) -> tuple[I64, I64, I64, I64, I64, F64]:
    """Give a cluster's rows and plots numbers from 0.

    Returns:
        Units and their kinds (see `join_parents`), plots, and by local: first edge; by edge: plot
        and logarithm of the ratio.
    """
    size, many = chain.size, 0
    for k in chain:
        many += edges.start[k + 1] - edges.start[k]
    units, kind = np.empty(size, np.int64), np.empty(size, np.int64)
    plots, start = np.empty(many, np.int64), np.zeros(size + 1, np.int64)
    plot, gain = np.empty(many, np.int64), np.empty(many)
    count, used, e_ = 0, 0, 0
    for a in range(size):
        k = chain[a]
        row = edges.rows[k]
        local[row] = a
        seen = False
        for u in range(count):
            seen = seen or (kind[u] == 1 and cluster[row] >= 0 and units[u] == cluster[row])
        if not seen:
            kind[count] = 1 if cluster[row] >= 0 else 0
            units[count] = cluster[row] if cluster[row] >= 0 else row
            count += 1
        for e in range(edges.start[k], edges.start[k + 1]):
            if not edges.keep[e]:
                continue
            j = edges.plot[e]
            if column[j] < 0:
                column[j] = used
                plots[used] = j
                used += 1
            plot[e_], gain[e_] = column[j], math.log(edges.ratio[e])
            e_ += 1
        start[a + 1] = e_
    for p in range(used):
        column[plots[p]] = -1
    return units[:count], kind[:count], plots[:used], start, plot[:e_], gain[:e_]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _noise(plots: I64, scan: Scan, units: I64, kind: I64, hyp: Hypotheses) -> F64:
    """Return the mean covariance of a cluster's plots; without any, that of those before."""
    noise = np.zeros(6)
    for j in plots:
        noise += scan.cov[j] / plots.size
        if scan.dimension[j] == 2:
            noise[5] = max(noise[5], 1e12)
    if plots.size == 0:
        for u in range(units.size):
            if kind[u] == 1:
                noise = np.maximum(noise, hyp.noise[units[u]])
    return noise


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _fill(
    count: int,
    source: I64,
    plot: I64,
    plots: I64,
    base: Mixture,
    scan: Scan,
    to_ns: int,
    rules: Rules,
    pool: Mixture,
) -> None:
    """Fill in the Gaussians of the children's locals."""
    for k in range(count):
        j = plots[plot[k]] if plot[k] >= 0 else -1
        if source[k] < 0:
            copy_row(scan.born, j, pool, k)
            _bring(pool, k, (to_ns - scan.time_ns[j]) * 1e-9, rules)
        elif j < 0:
            copy_row(base, source[k], pool, k)
        else:
            correct_row(
                base.state, base.cov, base.mode, source[k], scan.position_m, scan.cov, j,
                (scan.time_ns[j] - to_ns) * 1e-9, scan.dimension[j], rules.model,
                pool.state, pool.cov, pool.mode, k,
            )  # fmt: skip


@nb.njit(cache=True, nogil=True, error_model="numpy")
def owners(
    hyp: I64, size: I64, weight: F64, count: int, used: I64, label: I64, part: I64, parts: int
) -> I64:
    """Return (n,) 0: the local's label belongs to its component; else a new number for it.

    A label that several components hold stays where the heaviest hypothesis has it.
    """
    taken, fresh = np.zeros(label.size, np.int64), 0
    share = np.zeros(parts)
    for p in range(used.size):
        a = used[p]
        if label[a] < 0 or taken[a] != 0:
            continue
        owner, mixed = -1, False
        for q in range(used.size):
            mixed = mixed or (label[used[q]] == label[a] and part[used[q]] != part[a])
        if not mixed:
            continue
        share[:] = 0.0
        for h in range(count):
            for t in range(size[h]):
                if label[hyp[h, t]] == label[a]:
                    share[part[hyp[h, t]]] += weight[h]
                    if h == 0:
                        owner = part[hyp[h, t]]
        if owner < 0:
            owner = int(np.argmax(share))
        for c in range(parts):
            if c != owner and share[c] > 0.0:
                fresh += 1
                for q in range(used.size):
                    if label[used[q]] == label[a] and part[used[q]] == c:
                        taken[used[q]] = fresh
        for q in range(used.size):
            if label[used[q]] == label[a] and part[used[q]] == owner:
                taken[used[q]] = -1
    for k in range(taken.size):
        taken[k] = max(taken[k], 0)
    return taken


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _room(old: Harvest, rows: int, clusters: int, hyps: int, members: int) -> Harvest:
    """Return the harvest with room for more rows, clusters, hypotheses and members."""
    body = mixture(rows, old.body.mode.shape[1])
    n = old.r.size
    body.state[:n], body.cov[:n], body.mode[:n] = old.body.state, old.body.cov, old.body.mode
    whole = np.zeros((7, rows), np.int64)
    part = np.zeros((2, rows))
    part[0, :n], part[1, :n] = old.r, old.weight
    whole[0, :n], whole[1, :n], whole[2, :n] = old.time_ns, old.source, old.born
    whole[3, :n], whole[4, :n], whole[5, :n] = old.plot, old.cluster, old.fresh
    poisson = np.zeros(rows, np.bool_)
    poisson[:n] = old.poisson
    h = old.hyp
    clusters = max(clusters, h.noise.shape[0])
    start, weight = np.zeros(clusters + 1, np.int64), np.zeros(hyps)
    member_start, member = np.zeros(hyps + 1, np.int64), np.zeros(members, np.int64)
    noise = np.zeros((clusters, 6))
    start[: h.start.size], weight[: h.weight.size] = h.start, h.weight
    member_start[: h.member_start.size], member[: h.member.size] = h.member_start, h.member
    noise[: h.noise.shape[0]] = h.noise
    return Harvest(
        body, whole[0], part[0], part[1], whole[1], whole[2], whole[3], poisson, whole[4],
        whole[5], Hypotheses(start, weight, member_start, member, noise),
    )  # fmt: skip


@nb.njit(cache=True, nogil=True, error_model="numpy")
def empty_harvest(models: int) -> Harvest:
    """Return a harvest of nothing."""
    none, real = np.zeros(0, np.int64), np.zeros(0)
    nobody = Hypotheses(
        np.zeros(1, np.int64), np.zeros(0), np.zeros(1, np.int64), none, np.zeros((0, 6))
    )
    return Harvest(
        mixture(0, models), none, real, real, none, none, none, np.zeros(0, np.bool_), none, none,
        nobody,
    )  # fmt: skip


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _put(
    out: Harvest,
    n: int,
    body: Mixture,
    k: int,
    r: float,
    weight: float,
    to_ns: int,
    row: int,
    born: int,
    plot: int,
    cluster: int,
    fresh: int,
) -> None:
    """Write one row of the harvest; without a cluster and below certainty it may be Poisson."""
    copy_row(body, k, out.body, n)
    out.time_ns[n], out.r[n], out.weight[n] = to_ns, r, weight
    out.source[n], out.born[n], out.plot[n] = row, born, plot
    out.cluster[n], out.fresh[n] = cluster, fresh


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _collapse(
    hyp: I64,
    size: I64,
    weight: F64,
    count: int,
    part: I64,
    c: int,
    r: F64,
    taken: I64,
    pool: Mixture,
    o: int,
) -> tuple[float, int]:
    """Pour a component with at most one member per hypothesis into row o of the pool.

    Returns:
        Its existence, and the local that lends it number and plot.
    """
    clear(pool.state, pool.cov, pool.mode, o)
    share, first = np.zeros(r.size), -1
    for h in range(count):
        for t in range(size[h]):
            k = hyp[h, t]
            if part[k] == c:
                share[k] += weight[h] * r[k]
                # The heaviest hypothesis names it; its own label before one that is taken.
                if first < 0 and h == 0:
                    first = k
    best = -1
    for k in range(share.size):
        if share[k] <= 0.0:
            continue
        pour(pool.state, pool.cov, pool.mode, k, share[k], pool.state, pool.cov, pool.mode, o)
        better = best < 0 or (taken[k] == 0) > (taken[best] == 0)
        if better or (share[k] > share[best] and (taken[k] == 0) == (taken[best] == 0)):
            best = k
    existence = settle(pool.mode, o)
    return existence, (first if first >= 0 else best)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _marginal(
    hyp: I64,
    size: I64,
    weight: F64,
    count: int,
    part: I64,
    c: int,
    least_r: float,
    r: F64,
    lost: F64,
    hyp_out: I64,
    size_out: I64,
    weight_out: F64,
) -> int:
    """Write one component's hypotheses; return the largest number of members.

    With `least_r` above 0, members weaker than it are left out, and their weight is lost.
    """
    most = 0
    for h in range(count):
        n = 0
        for t in range(size[h]):
            k = hyp[h, t]
            if part[k] != c:
                continue
            if r[k] < least_r:
                lost[k] += weight[h] * r[k]
                continue
            hyp_out[h, n] = k
            n += 1
        size_out[h], weight_out[h] = n, weight[h]
        most = max(most, n)
    return most


@nb.njit(cache=True, nogil=True, error_model="numpy")
def solve(
    chain: I64,
    edges: Edges,
    bank: Mixture,
    time_ns: I64,
    existence: F64,
    number: I64,
    cluster: I64,
    hyp: Hypotheses,
    scan: Scan,
    rules: Rules,
    local: I64,
    column: I64,
    out: Harvest,
    filled: I64,
) -> tuple[Harvest, bool]:
    """Solve one cluster and add what it became to the harvest.

    Args:
        chain: (L,) its rows, as places in `edges`.
        edges: rows and pairs of the look.
        bank: all rows' Gaussians.
        time_ns: (n,) of the bank.
        existence: (n,) of the bank.
        number: (n,) of the bank.
        cluster: (n,) of the bank.
        hyp: hypotheses of the old clusters.
        scan: the plots.
        rules: parameters.
        local: (n,) scratch.
        column: (m,) scratch, -1 everywhere.
        out: the harvest.
        filled: (5,) its rows, clusters, hypotheses, members and fresh numbers so far; raised.

    Returns:
        The harvest, larger if it had to grow, and whether the search was cut off.
    """
    L, M, K = chain.size, bank.mode.shape[1], rules.most_hypotheses
    units, kind, plots, start, plot, gain = _gather(chain, edges, cluster, local, column)
    to_ns = 0
    for k in chain:
        to_ns = max(to_ns, time_ns[edges.rows[k]])
    for j in plots:
        to_ns = max(to_ns, scan.time_ns[j])
    base, missed, missed_log = mixture(L, M), np.empty(L), np.empty(L)
    for a in range(L):
        i, miss = edges.rows[chain[a]], edges.miss[chain[a]]
        copy_row(bank, i, base, a)
        alive = existence[i] * _bring(base, a, (to_ns - time_ns[i]) * 1e-9, rules)
        missed_log[a] = math.log(1.0 - alive * miss)
        missed[a] = alive * (1.0 - miss) / (1.0 - alive * miss)
    T = L + plots.size
    parents, sizes, weights = np.empty((K, T), np.int64), np.empty(K, np.int64), np.empty(K)
    count = join_parents(
        units, kind, hyp.start, hyp.weight, hyp.member_start, hyp.member, local, K, parents,
        sizes, weights,
    )  # fmt: skip
    begin, choice = np.empty(L + 1, np.int64), np.empty(plot.size + L, np.int64)
    value = np.empty(plot.size + L)
    options(start, plot, gain, begin, choice, value)
    parent, chosen, log_w = np.empty(K, np.int64), np.empty((K, T), np.int64), np.empty(K)
    found, short = best_children(
        parents, sizes[:count], weights, missed_log, begin, choice, value, plots.size, rules.cut,
        rules.most_nodes, parent, chosen, log_w,
    )  # fmt: skip
    room = plot.size + L + plots.size + K * T + 1
    source, taken_plot = np.empty(room, np.int64), np.empty(room, np.int64)
    r, lost = np.zeros(room), np.zeros(room)
    lists, lengths, w = np.empty((K, T), np.int64), np.empty(K, np.int64), np.empty(K)
    locals_ = children(
        found, parent, chosen, log_w, parents, sizes, L, plots.size, missed,
        scan.newborn[plots], _SHARE * rules.recycle, source, taken_plot, r, lost, lists, lengths,
        w,
    )  # fmt: skip
    pool = mixture(room, M)
    _fill(locals_, source, taken_plot, plots, base, scan, to_ns, rules, pool)
    mean, total = np.empty((room, 6)), np.empty((room, 21))
    rows = slice(0, locals_)
    combine(pool.state[rows], pool.cov[rows], pool.mode[rows], mean[rows], total[rows])
    count = tidy(lists, lengths, w, found, rules.least_weight)
    count, locals_ = merge_alike(
        lists, lengths, w, count, rules.merge2, pool.state, pool.cov, pool.mode, mean, total, r,
        source, taken_plot, locals_, room - 1,
    )  # fmt: skip
    count = tidy(lists, lengths, w, count, rules.least_weight)
    label = np.full(room, -1)
    for k in range(locals_):
        row = edges.rows[chain[source[k]]] if source[k] >= 0 else -1
        label[k] = number[row] if row >= 0 else -1
    out = _emit(
        lists, lengths, w, count, locals_, source, taken_plot, plots, label, r, lost, pool, mean,
        total, _noise(plots, scan, units, kind, hyp), chain, edges, to_ns, rules, out, filled,
    )  # fmt: skip
    return out, short


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _emit(
    lists: I64,
    lengths: I64,
    w: F64,
    count: int,
    locals_: int,
    source: I64,
    taken_plot: I64,
    plots: I64,
    label: I64,
    r: F64,
    lost: F64,
    pool: Mixture,
    mean: F64,
    total: F64,
    noise: F64,
    chain: I64,
    edges: Edges,
    to_ns: int,
    rules: Rules,
    out: Harvest,
    filled: I64,
) -> Harvest:
    """Divide a solved cluster by location and write what is left of it."""
    used, many = np.empty(locals_, np.int64), 0
    inside = np.zeros(locals_, np.bool_)
    for h in range(count):
        for t in range(lengths[h]):
            inside[lists[h, t]] = True
    for k in range(locals_):
        if inside[k]:
            used[many] = k
            many += 1
    used, part = used[:many], np.full(label.size, -1)
    parts = components(used, many, source, mean, total, noise, rules.near2, part)
    fresh = owners(lists, lengths, w, count, used, label, part, parts)
    for k in range(fresh.size):
        fresh[k] += filled[4] if fresh[k] > 0 else 0
    n, clusters, hyps, members = filled[0], filled[1], filled[2], filled[3]
    more_h, more_m = count * (parts + 1), count * lists.shape[1]
    if (
        n + parts + locals_ > out.r.size
        or clusters + parts >= out.hyp.noise.shape[0]
        or hyps + more_h >= out.hyp.weight.size
        or members + more_m > out.hyp.member.size
    ):
        out = _room(
            out, out.r.size + 2 * (n + parts + locals_), 2 * (clusters + parts) + 1,
            out.hyp.weight.size + 2 * (hyps + more_h) + 1,
            out.hyp.member.size + 2 * (members + more_m),
        )  # fmt: skip
    sub, sub_size, sub_w = np.empty_like(lists), np.empty_like(lengths), np.empty_like(w)
    spare = label.size - 1
    for c in range(parts):
        most = _marginal(lists, lengths, w, count, part, c, 0.0, r, lost, sub, sub_size, sub_w)
        if most <= 1:
            sure, k = _collapse(lists, lengths, w, count, part, c, r, fresh, pool, spare)
            row = edges.rows[chain[source[k]]] if source[k] >= 0 else -1
            j = plots[taken_plot[k]] if taken_plot[k] >= 0 else -1
            _put(out, n, pool, spare, min(sure, 1.0), 1.0, to_ns, row, -1 if row >= 0 else j, j,
                 -1, fresh[k])  # fmt: skip
            out.poisson[n] = sure < rules.recycle
            n += sure >= rules.poisson_floor
            continue
        _marginal(lists, lengths, w, count, part, c, rules.recycle, r, lost, sub, sub_size, sub_w)
        left = tidy(sub, sub_size, sub_w, count, rules.least_weight)
        place = np.full(locals_, -1)
        for h in range(left):
            for t in range(sub_size[h]):
                k = sub[h, t]
                if place[k] < 0:
                    place[k] = n
                    row = edges.rows[chain[source[k]]] if source[k] >= 0 else -1
                    j = plots[taken_plot[k]] if taken_plot[k] >= 0 else -1
                    _put(out, n, pool, k, r[k], 0.0, to_ns, row, -1 if row >= 0 else j, j,
                         clusters, fresh[k])  # fmt: skip
                    out.poisson[n] = False
                    n += 1
                out.weight[place[k]] += sub_w[h]
                out.hyp.member[members] = place[k]
                members += 1
            out.hyp.weight[hyps] = sub_w[h]
            hyps += 1
            out.hyp.member_start[hyps] = members
        if n > 0 and place.max() >= 0:
            out.hyp.noise[clusters] = noise
            clusters += 1
            out.hyp.start[clusters] = hyps
        else:
            hyps = out.hyp.start[clusters]
            members = out.hyp.member_start[hyps]
    for k in range(locals_):
        if lost[k] >= rules.poisson_floor:
            row = edges.rows[chain[source[k]]] if source[k] >= 0 else -1
            j = plots[taken_plot[k]] if taken_plot[k] >= 0 else -1
            _put(out, n, pool, k, lost[k], 1.0, to_ns, row, -1 if row >= 0 else j, j, -1, 0)
            out.poisson[n] = True
            n += 1
    filled[0], filled[1], filled[2], filled[3] = n, clusters, hyps, members
    filled[4] = max(filled[4], fresh.max())
    return out


@nb.njit(cache=True, nogil=True, error_model="numpy")
def contest(
    parent: I64,
    after: I64,
    count: I64,
    alone: I8,
    edges: Edges,
    bank: Mixture,
    time_ns: I64,
    existence: F64,
    number: I64,
    cluster: I64,
    hyp: Hypotheses,
    scan: Scan,
    rules: Rules,
) -> tuple[Harvest, int, int]:
    """Solve every contested cluster of a look.

    Args:
        parent: (k,) root of each row's cluster.
        after: (k,) chain of each cluster.
        count: (k,) rows of each cluster, at its root.
        alone: (k,) 1: not contested.
        edges: see `solve`.
        bank: see `solve`.
        time_ns: see `solve`.
        existence: see `solve`.
        number: see `solve`.
        cluster: see `solve`.
        hyp: see `solve`.
        scan: see `solve`.
        rules: see `solve`.

    Returns:
        What the clusters became, how many there were, and how many searches were cut off.
    """
    out, filled = empty_harvest(bank.mode.shape[1]), np.zeros(5, np.int64)
    local = np.empty(time_ns.size, np.int64)
    column = np.full(scan.time_ns.size, -1)
    contested, short = 0, 0
    for head in range(parent.size):
        if parent[head] != head or alone[head]:
            continue
        contested += 1
        chain, i = np.empty(count[head], np.int64), head
        for a in range(chain.size):
            chain[a] = i
            i = after[i]
        out, cut = solve(
            chain, edges, bank, time_ns, existence, number, cluster, hyp, scan, rules, local,
            column, out, filled,
        )  # fmt: skip
        short += cut
    n, clusters, hyps, members = filled[0], filled[1], filled[2], filled[3]
    body = Mixture(out.body.state[:n], out.body.cov[:n], out.body.mode[:n])
    known = Hypotheses(
        out.hyp.start[: clusters + 1], out.hyp.weight[:hyps], out.hyp.member_start[: hyps + 1],
        out.hyp.member[:members], out.hyp.noise[:clusters],
    )  # fmt: skip
    found = Harvest(
        body, out.time_ns[:n], out.r[:n], out.weight[:n], out.source[:n], out.born[:n],
        out.plot[:n], out.poisson[:n], out.cluster[:n], out.fresh[:n], known,
    )  # fmt: skip
    return found, contested, short
