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
    incoming, outgoing = np.empty(plots), np.empty(edge_plot.size)
    for i in range(k):
        parent[i] = last[i] = i
        after[i] = -1
    for j in range(plots):
        owner[j] = column[j] = -1
        free[j] = 1.0
    for e in range(edge_plot.size):
        outgoing[e] = 1.0
    for i in range(k):
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
            # The smallest index is the root: clusters come out in the order of their tracks.
            parent[max(a, b)] = min(a, b)
    for i in range(k):
        root = i
        while parent[root] != root:
            root = parent[root]
        if root != i:
            after[last[root]] = i
            last[root] = i
    contested, large = 0, 0
    for head in range(k):
        if parent[head] != head:
            continue
        if after[head] < 0:
            total = 1.0
            for e in range(start[head], start[head + 1]):
                total += edge_ratio[e]
            none_weight[head] = 1.0 / total
            for e in range(start[head], start[head + 1]):
                edge_weight[e] = edge_ratio[e] / total
                free[edge_plot[e]] = 1.0 - edge_weight[e]
            continue
        contested += 1
        tracks, used = 0, 0
        i = head
        while i >= 0:
            tracks += 1
            for e in range(start[i], start[i + 1]):
                if column[edge_plot[e]] < 0:
                    column[edge_plot[e]] = used
                    used += 1
            i = after[i]
        if min(tracks, used) <= exact_limit:
            # Items are assigned one by one; the other side is the subset of what is taken.
            items, bits = (tracks, used) if used <= tracks else (used, tracks)
            subsets = 1 << bits
            L, M = np.empty((items, bits)), np.empty((items, bits))
            before, behind = np.empty((items + 1, subsets)), np.empty((items + 1, subsets))
            for t in range(items):
                for c in range(bits):
                    L[t, c] = M[t, c] = 0.0
            for t in range(items + 1):
                for s in range(subsets):
                    before[t, s] = 0.0
                    behind[t, s] = 1.0
            before[0, 0] = 1.0
            t, i = 0, head
            while i >= 0:
                for e in range(start[i], start[i + 1]):
                    c = column[edge_plot[e]]
                    if used <= tracks:
                        L[t, c] = edge_ratio[e]
                    else:
                        L[c, t] = edge_ratio[e]
                t += 1
                i = after[i]
            for t in range(items):
                top = 0.0
                for s in range(subsets):
                    v = before[t, s]
                    if v == 0.0:
                        continue
                    before[t + 1, s] += v
                    for c in range(bits):
                        if L[t, c] > 0.0 and not (s >> c) & 1:
                            before[t + 1, s | (1 << c)] += v * L[t, c]
                for s in range(subsets):
                    top = max(top, before[t + 1, s])
                for s in range(subsets):
                    before[t + 1, s] /= top
            for t in range(items - 1, -1, -1):
                top = 0.0
                for s in range(subsets):
                    v = behind[t + 1, s]
                    for c in range(bits):
                        if L[t, c] > 0.0 and not (s >> c) & 1:
                            v += L[t, c] * behind[t + 1, s | (1 << c)]
                    behind[t, s] = v
                    top = max(top, v)
                for s in range(subsets):
                    behind[t, s] /= top
            for t in range(items):
                total = 0.0
                for s in range(subsets):
                    if before[t, s] == 0.0:
                        continue
                    total += before[t, s] * behind[t + 1, s]
                    for c in range(bits):
                        if L[t, c] > 0.0 and not (s >> c) & 1:
                            v = before[t, s] * L[t, c] * behind[t + 1, s | (1 << c)]
                            M[t, c] += v
                            total += v
                for c in range(bits):
                    M[t, c] /= total
            t, i = 0, head
            while i >= 0:
                none_weight[i] = 1.0
                for e in range(start[i], start[i + 1]):
                    j = edge_plot[e]
                    c = column[j]
                    edge_weight[e] = M[t, c] if used <= tracks else M[c, t]
                    none_weight[i] -= edge_weight[e]
                    free[j] -= edge_weight[e]
                none_weight[i] = max(none_weight[i], 0.0)
                t += 1
                i = after[i]
        else:
            large += 1
            for _ in range(_ROUNDS):
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
                change = 0.0
                i = head
                while i >= 0:
                    for e in range(start[i], start[i + 1]):
                        others = max(incoming[edge_plot[e]] - edge_weight[e], 0.0)
                        v = 1.0 / (1.0 + others)
                        change = max(change, abs(v - outgoing[e]) / (v + outgoing[e]))
                        outgoing[e] = v
                    i = after[i]
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
        i = head
        while i >= 0:
            for e in range(start[i], start[i + 1]):
                column[edge_plot[e]] = -1
                free[edge_plot[e]] = max(free[edge_plot[e]], 0.0)
            i = after[i]
    return contested, large
