"""Kernel of the association probabilities of one look; its twin is `reference.associate`.

Each track gives at most one plot and each plot belongs to at most one track, so the probability
of an assignment is the product of its edges' likelihood ratios. Tracks that share no plot fall
into separate clusters. A cluster of one track has a closed form; one that is small on one side is
summed exactly over subsets of that side; a larger one is solved by loopy belief propagation.

Source: J. L. Williams, IEEE Trans. AES 51 (2015) 1664-1687; J. L. Williams, R. Lau, IEEE Trans.
AES 50 (2014) 2942-2959 (belief propagation, equations 22-27).
"""

from __future__ import annotations

import numba as nb
import numpy as np

from tocsin.contract import F64, I64

_ROUNDS = 500
_CONVERGED = 1e-9


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _join(start: I64, edge_plot: I64, owner: I64, parent: I64) -> None:
    """Unite the tracks that share a plot; the smallest of a cluster becomes its root."""
    for i in range(parent.size):
        for e in range(start[i], start[i + 1]):
            j = edge_plot[e]
            if owner[j] < 0:
                owner[j] = i
                continue
            a, b = owner[j], i
            while parent[a] != a:
                parent[a] = parent[parent[a]]
                a = parent[a]
            while parent[b] != b:
                parent[b] = parent[parent[b]]
                b = parent[b]
            parent[max(a, b)] = min(a, b)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _chain(parent: I64, after: I64, last: I64) -> None:
    """Chain each cluster's tracks behind its root, in their order; -1 ends a chain."""
    for i in range(parent.size):
        root = i
        while parent[root] != root:
            root = parent[root]
        if root != i:
            after[last[root]] = i
            last[root] = i


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _alone(
    i: int,
    start: I64,
    edge_plot: I64,
    edge_ratio: F64,
    edge_weight: F64,
    none_weight: F64,
    free: F64,
) -> None:
    """Solve a cluster of one track in closed form."""
    total = 1.0
    for e in range(start[i], start[i + 1]):
        total += edge_ratio[e]
    none_weight[i] = 1.0 / total
    for e in range(start[i], start[i + 1]):
        edge_weight[e] = edge_ratio[e] / total
        free[edge_plot[e]] = 1.0 - edge_weight[e]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _forward(L: F64, before: F64) -> None:
    """Sum the assignments of the first items, by the subset of what they take."""
    items, bits = L.shape
    for s in range(before.shape[1]):
        before[0, s] = 0.0
    before[0, 0] = 1.0
    for t in range(items):
        top = 0.0
        for s in range(before.shape[1]):
            before[t + 1, s] = before[t, s]
        for s in range(before.shape[1]):
            v = before[t, s]
            if v == 0.0:
                continue
            for c in range(bits):
                if L[t, c] > 0.0 and not (s >> c) & 1:
                    before[t + 1, s | (1 << c)] += v * L[t, c]
        for s in range(before.shape[1]):
            top = max(top, before[t + 1, s])
        for s in range(before.shape[1]):
            before[t + 1, s] /= top


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _backward(L: F64, behind: F64) -> None:
    """Sum the assignments of the last items, by the subset of what is taken before them."""
    items, bits = L.shape
    for s in range(behind.shape[1]):
        behind[items, s] = 1.0
    for t in range(items - 1, -1, -1):
        top = 0.0
        for s in range(behind.shape[1]):
            v = behind[t + 1, s]
            for c in range(bits):
                if L[t, c] > 0.0 and not (s >> c) & 1:
                    v += L[t, c] * behind[t + 1, s | (1 << c)]
            behind[t, s] = v
            top = max(top, v)
        for s in range(behind.shape[1]):
            behind[t, s] /= top


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _marginals(L: F64) -> None:
    """Replace likelihood ratios by exact marginal probabilities, item by item.

    Items are assigned one by one; a column is given once, so what counts of the items before is
    the subset of columns that they took. Sums over subsets cost items * 2**columns * columns.
    """
    items, bits = L.shape
    before, behind = np.empty((items + 1, 1 << bits)), np.empty((items + 1, 1 << bits))
    _forward(L, before)
    _backward(L, behind)
    for t in range(items):
        total = 0.0
        for s in range(1 << bits):
            total += before[t, s] * behind[t + 1, s]
        for c in range(bits):
            share = 0.0
            if L[t, c] > 0.0:
                for s in range(1 << bits):
                    if not (s >> c) & 1:
                        share += before[t, s] * behind[t + 1, s | (1 << c)]
            L[t, c] *= share
            total += L[t, c]
        for c in range(bits):
            L[t, c] /= total


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _exact(
    head: int,
    tracks: int,
    used: int,
    after: I64,
    column: I64,
    start: I64,
    edge_plot: I64,
    edge_ratio: F64,
    edge_weight: F64,
    none_weight: F64,
    free: F64,
) -> None:
    """Solve a cluster by sums over the subsets of its smaller side."""
    flip = used > tracks
    L = np.empty((used, tracks)) if flip else np.empty((tracks, used))
    for t in range(L.shape[0]):
        for c in range(L.shape[1]):
            L[t, c] = 0.0
    t, i = 0, head
    while i >= 0:
        for e in range(start[i], start[i + 1]):
            c = column[edge_plot[e]]
            if flip:
                L[c, t] = edge_ratio[e]
            else:
                L[t, c] = edge_ratio[e]
        t += 1
        i = after[i]
    _marginals(L)
    t, i = 0, head
    while i >= 0:
        rest = 1.0
        for e in range(start[i], start[i + 1]):
            c = column[edge_plot[e]]
            edge_weight[e] = L[c, t] if flip else L[t, c]
            rest -= edge_weight[e]
            free[edge_plot[e]] -= edge_weight[e]
        none_weight[i] = max(rest, 0.0)
        t += 1
        i = after[i]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _exchange(
    head: int,
    after: I64,
    start: I64,
    edge_plot: I64,
    edge_ratio: F64,
    edge_weight: F64,
    incoming: F64,
    outgoing: F64,
) -> float:
    """Pass messages from tracks to plots and back once; return the largest relative change."""
    i = head
    while i >= 0:
        for e in range(start[i], start[i + 1]):
            incoming[edge_plot[e]] = 0.0
        i = after[i]
    i = head
    while i >= 0:
        total = 1.0
        for e in range(start[i], start[i + 1]):
            total += edge_ratio[e] * outgoing[e]
        for e in range(start[i], start[i + 1]):
            rest = max(total - edge_ratio[e] * outgoing[e], 1.0)
            edge_weight[e] = edge_ratio[e] / rest
            incoming[edge_plot[e]] += edge_weight[e]
        i = after[i]
    change, i = 0.0, head
    while i >= 0:
        for e in range(start[i], start[i + 1]):
            others = max(incoming[edge_plot[e]] - edge_weight[e], 0.0)
            v = 1.0 / (1.0 + others)
            change = max(change, abs(v - outgoing[e]) / (v + outgoing[e]))
            outgoing[e] = v
        i = after[i]
    return change


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _propagate(
    head: int,
    after: I64,
    start: I64,
    edge_plot: I64,
    edge_ratio: F64,
    edge_weight: F64,
    none_weight: F64,
    free: F64,
) -> None:
    """Solve a cluster by loopy belief propagation."""
    incoming, outgoing = np.empty(free.size), np.empty(edge_plot.size)
    for e in range(edge_plot.size):
        outgoing[e] = 1.0
    for _ in range(_ROUNDS):
        change = _exchange(
            head, after, start, edge_plot, edge_ratio, edge_weight, incoming, outgoing
        )
        if change < _CONVERGED:
            break
    i = head
    while i >= 0:
        total = 1.0
        for e in range(start[i], start[i + 1]):
            total += edge_ratio[e] * outgoing[e]
            free[edge_plot[e]] = 1.0 / (1.0 + incoming[edge_plot[e]])
        none_weight[i] = 1.0 / total
        for e in range(start[i], start[i + 1]):
            edge_weight[e] = edge_ratio[e] * outgoing[e] / total
        i = after[i]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def associate(
    start: I64,
    edge_plot: I64,
    edge_ratio: F64,
    plots: int,
    exact_limit: int,
    edge_weight: F64,
    none_weight: F64,
    free: F64,
) -> tuple[int, int]:
    """Turn likelihood ratios into marginal probabilities.

    Args:
        start: (k + 1,) first edge of each track.
        edge_plot: plot of each edge.
        edge_ratio: likelihood ratio of each edge to "this track gave no plot".
        plots: number of plots m.
        exact_limit: largest smaller side of a cluster that is summed exactly.
        edge_weight: out: probability that the track gave the plot.
        none_weight: (k,) out: probability that the track gave none.
        free: (m,) out: probability that the plot is no track's.

    Returns:
        Number of contested clusters, and of those left to belief propagation.
    """
    k = start.size - 1
    parent, after, last = np.empty(k, np.int64), np.empty(k, np.int64), np.empty(k, np.int64)
    owner, column = np.empty(plots, np.int64), np.empty(plots, np.int64)
    for i in range(k):
        parent[i] = last[i] = i
        after[i] = -1
    for j in range(plots):
        owner[j] = column[j] = -1
        free[j] = 1.0
    _join(start, edge_plot, owner, parent)
    _chain(parent, after, last)
    contested, large = 0, 0
    for head in range(k):
        if parent[head] != head:
            continue
        if after[head] < 0:
            _alone(head, start, edge_plot, edge_ratio, edge_weight, none_weight, free)
            continue
        contested += 1
        tracks, used, i = 0, 0, head
        while i >= 0:
            tracks += 1
            for e in range(start[i], start[i + 1]):
                if column[edge_plot[e]] < 0:
                    column[edge_plot[e]] = used
                    used += 1
            i = after[i]
        if min(tracks, used) <= exact_limit:
            _exact(
                head, tracks, used, after, column, start, edge_plot, edge_ratio, edge_weight,
                none_weight, free,
            )  # fmt: skip
        else:
            large += 1
            _propagate(head, after, start, edge_plot, edge_ratio, edge_weight, none_weight, free)
    for j in range(plots):
        free[j] = max(free[j], 0.0)
    return contested, large
