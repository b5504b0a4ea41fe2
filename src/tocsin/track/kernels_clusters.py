"""Kernels that divide a look's tracks into clusters and solve each.

A cluster is a set of tracks that contest plots, or did lately. One track alone has a closed form;
all others keep up to K global hypotheses (`kernels_hypotheses`).
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tocsin.contract import F64, I8, I64, Bool
from tocsin.motion.kernels_jit import lean
from tocsin.track.kernels_filter import clear, combine_row, pour, settle
from tocsin.track.kernels_hypotheses import match


@lean()
def _root(parent: I64, a: int) -> int:
    while parent[a] != a:
        parent[a] = parent[parent[a]]
        a = parent[a]
    return a


@nb.njit(cache=True, nogil=True, error_model="numpy")
def unite(
    start: I64, edge_plot: I64, keep: Bool, cluster: I64, near: I64, plots: int, parent: I64
) -> None:
    """Unite the rows that share a plot, an old cluster or a cell; the smallest becomes the root.

    Args:
        start: (k + 1,) first edge of each row.
        edge_plot: plot of each edge.
        keep: whether the edge counts.
        cluster: (k,) old cluster, -1 none.
        near: (n, 2) rows that may not be told apart.
        plots: number of plots.
        parent: (k,) out: the root of each row's cluster.
    """
    most = 0
    for i in range(parent.size):
        parent[i], most = i, max(most, cluster[i] + 1)
    owner, first = np.empty(plots, np.int64), np.empty(most, np.int64)
    for j in range(plots):
        owner[j] = -1
    for c in range(most):
        first[c] = -1
    for i in range(parent.size):
        c = cluster[i]
        if c >= 0:
            if first[c] < 0:
                first[c] = i
            else:
                a, b = _root(parent, first[c]), _root(parent, i)
                parent[max(a, b)] = min(a, b)
        for e in range(start[i], start[i + 1]):
            if not keep[e]:
                continue
            j = edge_plot[e]
            if owner[j] < 0:
                owner[j] = i
            else:
                a, b = _root(parent, owner[j]), _root(parent, i)
                parent[max(a, b)] = min(a, b)
    for e in range(near.shape[0]):
        a, b = _root(parent, near[e, 0]), _root(parent, near[e, 1])
        parent[max(a, b)] = min(a, b)
    for i in range(parent.size):
        parent[i] = _root(parent, i)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def chains(parent: I64, after: I64, count: I64) -> None:
    """Chain each cluster's rows behind its root, in order; -1 ends a chain.

    Args:
        parent: (k,) root of each row.
        after: (k,) out: next row of the cluster.
        count: (k,) out: rows of the cluster, at its root.
    """
    last = np.empty(parent.size, np.int64)
    for i in range(parent.size):
        after[i], count[i], last[i] = -1, 0, i
    for i in range(parent.size):
        root = parent[i]
        count[root] += 1
        if root != i:
            after[last[root]] = i
            last[root] = i


@lean()
def solve_alone(
    start: I64,
    edge_plot: I64,
    edge_ratio: F64,
    alone: I8,
    edge_weight: F64,
    none_weight: F64,
    free: F64,
) -> None:
    """Give the association probabilities of the rows that contest nothing: closed form.

    Args:
        start: (k + 1,) first edge of each row.
        edge_plot: plot of each edge.
        edge_ratio: likelihood ratio of each edge to "no plot".
        alone: (k,) 1: to be solved here.
        edge_weight: out: probability that the row gave the plot.
        none_weight: (k,) out: probability that it gave none.
        free: (m,) out: probability that the plot is nobody's; 0: others contest it.
    """
    for j in range(free.size):
        free[j] = 1.0
    for i in range(alone.size):
        none_weight[i] = 1.0
        if not alone[i]:
            for e in range(start[i], start[i + 1]):
                edge_weight[e] = free[edge_plot[e]] = 0.0
            continue
        total = 1.0
        for e in range(start[i], start[i + 1]):
            total += edge_ratio[e]
        none_weight[i] = 1.0 / total
        for e in range(start[i], start[i + 1]):
            edge_weight[e] = edge_ratio[e] / total
            free[edge_plot[e]] = 1.0 - edge_weight[e]


@lean()
def propagate(
    head: int,
    after: I64,
    start: I64,
    edge_plot: I64,
    edge_ratio: F64,
    keep: Bool,
    rounds: int,
    edge_weight: F64,
    incoming: F64,
) -> None:
    """Approximate the association probabilities of one cluster by loopy belief propagation.

    Args:
        head: root of the cluster.
        after: chain of its rows.
        start: (k + 1,) first edge of each row.
        edge_plot: plot of each edge.
        edge_ratio: likelihood ratio of each edge to "no plot".
        keep: whether the edge counts.
        rounds: exchanges of messages.
        edge_weight: out: probability of each of the cluster's edges.
        incoming: (m,) scratch.

    Source: J. L. Williams, R. Lau, IEEE Trans. AES 50 (2014) 2942-2959, equations 22-27.
    """
    i = head
    while i >= 0:
        for e in range(start[i], start[i + 1]):
            edge_weight[e] = 1.0
        i = after[i]
    for turn in range(rounds + 1):
        i = head
        while i >= 0:
            for e in range(start[i], start[i + 1]):
                incoming[edge_plot[e]] = 0.0
            i = after[i]
        i = head
        while i >= 0:
            total = 1.0
            for e in range(start[i], start[i + 1]):
                total += edge_ratio[e] * edge_weight[e] if keep[e] else 0.0
            for e in range(start[i], start[i + 1]):
                if not keep[e]:
                    edge_weight[e] = 0.0
                elif turn == rounds:
                    edge_weight[e] = edge_ratio[e] * edge_weight[e] / total
                else:
                    rest = max(total - edge_ratio[e] * edge_weight[e], 1.0)
                    edge_weight[e] = edge_ratio[e] / rest
                    incoming[edge_plot[e]] += edge_weight[e]
            i = after[i]
        if turn == rounds:
            break
        i = head
        while i >= 0:
            for e in range(start[i], start[i + 1]):
                if keep[e]:
                    others = max(incoming[edge_plot[e]] - edge_weight[e], 0.0)
                    edge_weight[e] = 1.0 / (1.0 + others)
            i = after[i]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def divide(
    start: I64,
    edge_plot: I64,
    edge_ratio: F64,
    cluster: I64,
    held: F64,
    near: I64,
    plots: int,
    limit: int,
    parent: I64,
    after: I64,
    count: I64,
    keep: Bool,
    alone: I8,
) -> int:
    """Find the clusters; cut the least probable pairs of those that are too large.

    There, a common cell does not hold rows together.

    Args:
        start: (k + 1,) first edge of each row.
        edge_plot: plot of each edge.
        edge_ratio: likelihood ratio of each edge to "no plot".
        cluster: (k,) old cluster, -1 none.
        held: (k,) weight of the hypotheses that hold each row.
        near: (n, 2) rows that may not be told apart; a pair that is cut becomes a row with itself.
        plots: number of plots.
        limit: most objects of a cluster.
        parent: (k,) out: root of each row.
        after: (k,) out: chain of each cluster.
        count: (k,) out: rows of each cluster, at its root.
        keep: (edges,) out: whether the pair stays.
        alone: (k,) out: 1: the row contests nothing, and did not.

    Returns:
        Number of clusters that were too large.
    """
    large, cut, weight, incoming = 0, 0.01, np.zeros(edge_plot.size), np.empty(plots)
    for e in range(edge_plot.size):
        keep[e] = True
    while True:
        unite(start, edge_plot, keep, cluster, near, plots, parent)
        chains(parent, after, count)
        for i in range(parent.size):
            alone[i] = count[parent[i]] == 1 and cluster[i] < 0
        if cut > 0.6:
            return large
        again = False
        for head in range(parent.size):
            if parent[head] != head or count[head] <= limit:
                continue
            i, objects = head, 0.0
            while i >= 0:
                objects += held[i]
                i = after[i]
            if objects <= limit:
                continue
            again = True
            large += cut == 0.01
            propagate(head, after, start, edge_plot, edge_ratio, keep, 20, weight, incoming)
            i = head
            while i >= 0:
                for e in range(start[i], start[i + 1]):
                    keep[e] = keep[e] and weight[e] > cut
                i = after[i]
            for e in range(near.shape[0]):
                if parent[near[e, 0]] == head:
                    near[e, 1] = near[e, 0]
        if not again:
            return large
        cut *= 2.0


@nb.njit(cache=True, nogil=True, error_model="numpy")
def share_out(
    rows: I64,
    start: I64,
    edge_plot: I64,
    edge_ratio: F64,
    cluster: I64,
    held: F64,
    near: I64,
    limit: int,
    parent: I64,
    after: I64,
    keep: Bool,
    alone: I8,
    edge_weight: F64,
    none_weight: F64,
    free: F64,
) -> tuple[int, int]:
    """Find the clusters of a look, and solve the rows that contest nothing.

    Args:
        rows: (k,) rows of the bank.
        start: see `divide`.
        edge_plot: likewise.
        edge_ratio: likewise.
        cluster: (n,) old cluster of each row of the bank, -1 none.
        held: (n,) weight of the hypotheses that hold each.
        near: see `divide`.
        limit: see `divide`.
        parent: likewise.
        after: likewise.
        keep: likewise.
        alone: likewise.
        edge_weight: see `solve_alone`; if pairs are cut, it must be done once more without them.
        none_weight: likewise.
        free: likewise.

    Returns:
        Number of clusters that were too large, and of rows that contest something.
    """
    k, contested = rows.size, 0
    old, weight, count = np.empty(k, np.int64), np.empty(k), np.empty(k, np.int64)
    for i in range(k):
        old[i], weight[i] = cluster[rows[i]], held[rows[i]]
    large = divide(
        start, edge_plot, edge_ratio, old, weight, near, free.size, limit, parent, after, count,
        keep, alone,
    )  # fmt: skip
    for i in range(k):
        contested += 1 - alone[i]
    solve_alone(start, edge_plot, edge_ratio, alone, edge_weight, none_weight, free)
    return large, contested


@lean()
def join_parents(
    units: int,
    unit: I64,
    hyp_start: I64,
    hyp_weight: F64,
    member_start: I64,
    member: I64,
    local: I64,
    hyp: I64,
    size: I64,
    weight: F64,
    old: I64,
    whole: I64,
    value: F64,
) -> int:
    """Join the hypotheses of a cluster's parts: the heaviest of their product.

    Args:
        units: number of parts.
        unit: (2, u) bank row of a track alone and 0, or the old cluster's number and 1.
        hyp_start: (clusters + 1,) first hypothesis of each old cluster.
        hyp_weight: weight of each hypothesis.
        member_start: (hypotheses + 1,) first member of each.
        member: bank row of each member.
        local: (bank,) number of each bank row within this cluster.
        hyp: (K, T) out: locals of each; the K heaviest are kept.
        size: (K,) out.
        weight: (K,) out: logarithms.
        old: (K, T) work space.
        whole: (2, K) likewise.
        value: (K,) likewise.

    Returns:
        Number of hypotheses.
    """
    count, sizes, pair = 1, whole[0], whole[1]
    size[0], weight[0] = 0, 0.0
    for u in range(units):
        if unit[1, u] == 0:
            for h in range(count):
                hyp[h, size[h]] = local[unit[0, u]]
                size[h] += 1
            continue
        first, last = hyp_start[unit[0, u]], hyp_start[unit[0, u] + 1]
        for h in range(count):
            sizes[h] = size[h]
            for t in range(size[h]):
                old[h, t] = hyp[h, t]
        count = _best_pairs(weight, count, hyp_weight, first, last, pair, value, size.size)
        for k in range(count):
            h, g = pair[k] // (last - first), first + pair[k] % (last - first)
            n = sizes[h]
            for t in range(n):
                hyp[k, t] = old[h, t]
            for e in range(member_start[g], member_start[g + 1]):
                hyp[k, n] = local[member[e]]
                n += 1
            size[k], weight[k] = n, value[k]
    return count


@lean()
def _best_pairs(
    weight: F64, count: int, second: F64, first: int, last: int, pair: I64, value: F64, most: int
) -> int:
    """Find the heaviest pairs of hypotheses of two clusters; of equal ones, the first.

    Args:
        weight: (count,) logarithms.
        count: hypotheses of the first.
        second: weights of the second, not logarithms.
        first: its first hypothesis.
        last: behind its last.
        pair: out: h * (last - first) + g - first of each.
        value: out: logarithm of its weight.
        most: how many are kept.

    Returns:
        How many.
    """
    kept = 0
    for h in range(count):
        for g in range(first, last):
            w = weight[h] + math.log(second[g])
            if kept == most and w <= value[kept - 1]:
                continue
            kept = min(kept + 1, most)
            k = kept - 1
            while k > 0 and value[k - 1] < w:
                value[k], pair[k] = value[k - 1], pair[k - 1]
                k -= 1
            value[k], pair[k] = w, h * (last - first) + g - first
    return kept


@lean()
def children(
    found: int,
    parent: I64,
    chosen: I64,
    log_weight: F64,
    hyp: I64,
    size: I64,
    locals_: int,
    plots: I64,
    many: int,
    missed: F64,
    newborn: F64,
    least: float,
    origin: I64,
    r: F64,
    lost: F64,
    hyp_out: I64,
    size_out: I64,
    weight_out: F64,
    name: I64,
    used: I64,
) -> int:
    """Name the locals of the children and list each child's members.

    Args:
        found: number of children.
        parent: (found,) parent of each.
        chosen: (found, T) choice of each member of the parent, see `options`.
        log_weight: (found,) of each child.
        hyp: (H, T) locals of the parents.
        size: (H,).
        locals_: number of parent locals.
        plots: the cluster's plots.
        many: how many.
        missed: (locals,) existence of each if it gave no plot.
        newborn: (m,) existence of a new object at each plot of the look.
        least: weaker locals are in no hypothesis.
        origin: (2, n) out: parent local of each local, -1: new; number of its plot, -1: none.
        r: out: its existence.
        lost: out: weight times existence of each where it was left out.
        hyp_out: (found, T) out.
        size_out: (found,) out.
        weight_out: (found,) out, not logarithms.
        name: (locals + 1, many + 2) work space.
        used: (many,) likewise.

    Returns:
        Number of locals.
    """
    count = 0
    for a in range(locals_ + 1):
        for j in range(many + 2):
            name[a, j] = -1
    for c in range(found):
        h, n = parent[c], 0
        weight_out[c] = math.exp(log_weight[c])
        for j in range(many):
            used[j] = 0
        for t in range(size[h] + many):
            new = t >= size[h]
            a, j = (locals_, t - size[h]) if new else (hyp[h, t], chosen[c, t])
            if new and (used[j] > 0 or newborn[plots[j]] <= 0.0):
                continue
            hidden = not new and j == 2 * many
            if hidden:
                j = -1
            elif j >= many:
                j -= many
            if not new and j >= 0:
                used[j] = 1
            column = many + 1 if hidden else j + 1
            k = name[a, column]
            if k < 0:
                k = count
                count += 1
                name[a, column] = k
                origin[0, k], origin[1, k], lost[k] = -1 if new else a, j, 0.0
                r[k] = newborn[plots[j]] if new else (1.0 if j >= 0 or hidden else missed[a])
            if r[k] < least:
                lost[k] += weight_out[c] * r[k]
            else:
                hyp_out[c, n] = k
                n += 1
        size_out[c] = n
    return count


@lean()
def merge_alike(
    hyp: I64,
    size: I64,
    weight: F64,
    count: int,
    near2: float,
    state: F64,
    cov: F64,
    mode: F64,
    mean: F64,
    total: F64,
    r: F64,
    lost: F64,
    origin: I64,
    used: int,
    room: int,
    cost: F64,
    whole: I64,
    real: F64,
) -> tuple[int, int]:
    """Merge hypotheses whose members are alike, pair by pair, into the heavier one; in place.

    Args:
        hyp: (H, T) heaviest first.
        size: (H,).
        weight: (H,).
        count: number of hypotheses.
        near2: see `match`.
        state: (n, M, 6) of locals; merged ones are appended.
        cov: (n, M, 21).
        mode: (n, M).
        mean: (n, 6) over the models.
        total: (n, 21) likewise.
        r: (n,).
        lost: (n,) see `children`; 0 for a merged local.
        origin: (2, n) likewise; that of the heaviest for a merged local.
        used: number of locals.
        room: most locals.
        cost: (T, T) work space.
        whole: (5, max(K, T + 1)) likewise.
        real: see `match`.

    Returns:
        Number of hypotheses left and of locals now.
    """
    alive, column = whole[3], whole[4]
    for a in range(count):
        alive[a] = 1
    for a in range(count):
        n = size[a]
        if alive[a] == 0 or n == 0 or used + n > room:
            continue
        begun, heavy = False, weight[a]
        for b in range(a + 1, count):
            if alive[b] == 0 or size[b] != n:
                continue
            if not match(hyp, n, a, b, mean, total, r, near2, column, cost, whole, real):
                continue
            if not begun:
                begun = True
                for t in range(n):
                    clear(state, cov, mode, used + t)
                    pour(state, cov, mode, hyp[a, t], weight[a] * r[hyp[a, t]], state, cov, mode,
                         used + t)  # fmt: skip
            for t in range(n):
                y = hyp[b, column[t]]
                pour(state, cov, mode, y, weight[b] * r[y], state, cov, mode, used + t)
            alive[b] = 0
            heavy += weight[b]
        if begun:
            for t in range(n):
                x = hyp[a, t]
                r[used + t] = settle(mode, used + t) / heavy
                origin[0, used + t], origin[1, used + t] = origin[0, x], origin[1, x]
                lost[used + t] = 0.0
                hyp[a, t] = used + t
                if mode.shape[1] > 1:
                    combine_row(state, cov, mode, used + t, mean, total)
            used, weight[a] = used + n, heavy
    left = 0
    for a in range(count):
        if alive[a] > 0:
            size[left], weight[left] = size[a], weight[a]
            for t in range(size[a]):
                hyp[left, t] = hyp[a, t]
            left += 1
    return left, used
