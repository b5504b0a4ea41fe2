"""Kernels on the association hypotheses of one contested cluster.

A hypothesis is a list of local hypotheses (Bernoullis), one for each object that it believes in;
locals are shared between hypotheses. Lists are rows of (H, T) arrays with their lengths beside.

Source: Á. F. García-Fernández, J. L. Williams, K. Granström, L. Svensson, IEEE Trans. AES 54 (2018)
1883-1901 (Poisson multi-Bernoulli mixture); exact K-best children by branch and bound, and
factorisation by location: `docs/reference/tracking.md`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tocsin.contract import F64, I64
from tocsin.motion.kernels_jit import lean

if TYPE_CHECKING:
    from tocsin.track.kernels_cells import Crowd

_FAR, _NEVER = 1e9, -1e300
_EXISTENCE_SCALE = 25.0
"""Weight of a squared difference of existence probabilities beside a Mahalanobis distance."""


@lean()
def mahalanobis2(
    mean: F64, cov: F64, a: int, b: int, size: int, noise: F64, enough: float, real: F64
) -> float:
    """Return the squared distance of two rows' means in their mean covariance.

    It is summed up axis by axis; a sum beyond `enough` is returned as it is.

    Args:
        mean: (n, 6).
        cov: (n, 21) packed.
        a: row.
        b: row.
        size: 3: positions only; 6: velocities too.
        noise: (6,) packed covariance of positions, added to the mean covariance.
        enough: see above.
        real: (9, 6) work space.
    """
    factor, row, inverse, y, total = real[:6], real[6], real[7], real[8], 0.0
    for i in range(size):
        # Upper triangle by rows: c is row j, column i. The covariance is factor D factor^T.
        v, c = mean[a, i] - mean[b, i], i
        for j in range(i):
            w = 0.5 * (cov[a, c] + cov[b, c])
            if i < 3:
                w += noise[c - 3 * j]
            for k in range(j):
                w -= row[k] * factor[j, k]
            row[j], factor[i, j] = w, w * inverse[j]
            v -= factor[i, j] * y[j]
            c += 5 - j
        pivot = 0.5 * (cov[a, c] + cov[b, c])
        if i < 3:
            pivot += noise[c - 3 * i]
        for j in range(i):
            pivot -= row[j] * factor[i, j]
        inverse[i], y[i] = 1.0 / max(pivot, 1e-12), v
        total += v * v * inverse[i]
        if total > enough:
            break
    return total


@lean()
def assign(cost: F64, rows: int, columns: int, column: I64, whole: I64, real: F64) -> None:
    """Solve a small assignment: each row gets a column of its own at the least total cost.

    Args:
        cost: at least (rows, columns), rows <= columns.
        rows: number of rows.
        columns: number of columns.
        column: (rows,) out.
        whole: (3, columns + 1) work space.
        real: (3, columns + 1) likewise.

    Source: R. Jonker, A. Volgenant, Computing 38 (1987) 325-340 (shortest augmenting paths).
    """
    u, v, least = real[0], real[1], real[2]
    owner, way, used = whole[0], whole[1], whole[2]
    for j in range(columns + 1):
        u[j], v[j], owner[j] = 0.0, 0.0, 0
    for i in range(1, rows + 1):
        owner[0], j0 = i, 0
        for j in range(columns + 1):
            least[j], used[j] = 1e300, 0
        while True:
            used[j0] = 1
            i0, delta, j1 = owner[j0], 1e300, 0
            for j in range(1, columns + 1):
                if used[j]:
                    continue
                value = cost[i0 - 1, j - 1] - u[i0] - v[j]
                if value < least[j]:
                    least[j], way[j] = value, j0
                if least[j] < delta:
                    delta, j1 = least[j], j
            for j in range(columns + 1):
                if used[j]:
                    u[owner[j]] += delta
                    v[j] -= delta
                else:
                    least[j] -= delta
            j0 = j1
            if owner[j0] == 0:
                break
        while j0 != 0:
            j1 = way[j0]
            owner[j0] = owner[j1]
            j0 = j1
    for j in range(1, columns + 1):
        if owner[j] > 0:
            column[owner[j] - 1] = j - 1


@lean()
def _sink(heap: I64, weight: F64, size: int, place: int) -> None:
    """Restore the heap (least weight first) below a place."""
    slot = heap[place]
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and weight[heap[child + 1]] < weight[heap[child]]:
            child += 1
        if weight[heap[child]] >= weight[slot]:
            break
        heap[place] = heap[child]
        place = child
    heap[place] = slot


@lean()
def _raise(heap: I64, weight: F64, place: int) -> None:
    """Restore the heap above a place."""
    slot = heap[place]
    while place > 0 and weight[heap[(place - 1) // 2]] > weight[slot]:
        heap[place] = heap[(place - 1) // 2]
        place = (place - 1) // 2
    heap[place] = slot


@lean()
def options(
    count: int,
    start: I64,
    edge_plot: I64,
    edge_log: F64,
    plots: int,
    crowd: Crowd,
    begin: I64,
    plot: I64,
    gain: F64,
) -> None:
    """Sort each local's choices, "no plot" (-1, gain 0) among them, best first.

    A choice below P is a plot of its own; P and more a plot shared with others, the last that all
    of them gave none: its gain is the most that it can be.

    Args:
        count: L, number of locals.
        start: (L + 1,) first edge of each local.
        edge_plot: plot of each edge.
        edge_log: logarithm of each edge's likelihood ratio to "no plot".
        plots: P, number of plots.
        crowd: who may share them.
        begin: (L + 1,) out: first choice of each local.
        plot: (choices,) out; at most edges + L (2 + P) of them.
        gain: (choices,) out.
    """
    c, shared = 0, plots + 1 if crowd.lead.shape[0] > 0 else 0
    for a in range(count):
        begin[a], own = c, start[a + 1] - start[a]
        for e in range(own + 1 + shared):
            if e < own:
                j, value = edge_plot[start[a] + e], edge_log[start[a] + e]
            elif e == own:
                j, value = -1, 0.0
            else:
                j = e - own - 1
                if crowd.lead[a, j] <= _NEVER:
                    continue
                j, value = j + plots, max(crowd.lead[a, j], crowd.follow[a])
            k = c
            while k > begin[a] and gain[k - 1] < value:
                gain[k], plot[k] = gain[k - 1], plot[k - 1]
                k -= 1
            gain[k], plot[k] = value, j
            c += 1
    begin[count] = c


@lean()
def best_children(
    parents: int,
    hyp: I64,
    size: I64,
    weight: F64,
    missed_log: F64,
    begin: I64,
    plot: I64,
    gain: F64,
    plots: int,
    crowd: Crowd,
    cut: float,
    most_nodes: int,
    parent: I64,
    chosen: I64,
    out: F64,
    whole: I64,
    real: F64,
) -> tuple[int, bool]:
    """Find the K best assignments over all parent hypotheses, depth first with a bound.

    The bound of a branch is its sum so far and the best choice of each local that is left, plot
    conflicts ignored; it is cut when it falls below the K-th best found or `cut` below the best.

    Args:
        parents: number of parent hypotheses.
        hyp: (H, T) locals of each parent hypothesis, heaviest parent first.
        size: (H,) how many.
        weight: (H,) logarithm of each parent's weight.
        missed_log: (L,) logarithm of each local's probability to give no plot.
        begin: see `options`.
        plot: see `options`.
        gain: see `options`.
        plots: number of plots.
        crowd: who may share plots.
        cut: nats.
        most_nodes: most branches looked at.
        parent: (K,) out: parent of each child.
        chosen: (K, T) out: choice of each member of the parent, -1 none.
        out: (K,) out: normalised logarithm of the weights.
        whole: (4, max(K, T, plots) + 1) work space.
        real: (2, T + 1) likewise.

    Returns:
        Number of children, and whether the search was cut off.
    """
    K, found, nodes, best = out.size, 0, 0, -1e300
    # The member decided at each level, and the choice that it has; -1: none yet.
    active, at, heap, used = whole[0], whole[1], whole[2], whole[3]
    sums, rest = real[0], real[1]
    for j in range(plots + 1):
        used[j] = 0
    for h in range(parents):
        deep = _enter(hyp, size, weight, h, missed_log, begin, gain, active, at, sums, rest)
        level, lone = 0, 0
        while level >= 0 and (nodes <= most_nodes or found == 0):
            bound = best - cut
            if found == K:
                bound = max(bound, out[heap[0]])
            if level == deep:
                value = sums[deep]
                if value > bound and lone == 0:
                    slot = found if found < K else heap[0]
                    out[slot], parent[slot] = value, h
                    _note(hyp, size, h, plot, active, at, deep, chosen, slot)
                    found = _enlist(heap, out, found, K, slot)
                    best = max(best, value)
                level -= 1
                continue
            a = hyp[h, active[level]]
            o = at[level]
            if o >= begin[a]:
                lone += _mark(used, plot[o], plots, -1)
            nodes += 1
            o = max(o + 1, begin[a])
            while o < begin[a + 1] and _taken(used, plot[o], plots):
                o += 1
            # Choices are sorted: what follows one that is too bad is worse.
            if o == begin[a + 1] or sums[level] + gain[o] + rest[level + 1] <= bound:
                level -= 1
                continue
            more = gain[o]
            if plot[o] >= plots:
                more = _shares(hyp, h, active, at, level, plot, o, plots, used, crowd)
            at[level], sums[level + 1] = o, sums[level] + more
            lone += _mark(used, plot[o], plots, 1)
            level += 1
            at[level] = -1
        if level >= 0:
            break
    _normalise(out, found)
    return found, nodes > most_nodes


@lean()
def _taken(used: I64, choice: int, plots: int) -> bool:
    """Say whether others have a plot in a way that bars a choice."""
    if choice < 0:
        return False
    return bool(used[choice] != 0 if choice < plots else used[choice - plots] < 0)


@lean()
def _mark(used: I64, choice: int, plots: int, step: int) -> int:
    """Note a choice (step 1) or take it back (-1); return how many more plots have one sharer.

    Args:
        used: (plots + 1,) -1: a plot is somebody's own; else how many share it.
        choice: see `options`.
        plots: how many there are.
        step: see above.
    """
    if choice < 0:
        return 0
    if choice < plots:
        used[choice] = -1 if step > 0 else 0
        return 0
    before = used[choice - plots] == 1
    used[choice - plots] += step
    return int(used[choice - plots] == 1) - int(before)


@lean()
def _shares(
    hyp: I64,
    h: int,
    active: I64,
    at: I64,
    level: int,
    plot: I64,
    o: int,
    plots: int,
    used: I64,
    crowd: Crowd,
) -> float:
    """Return what a shared plot gains: the first that has it leads, the others follow it."""
    a, j = hyp[h, active[level]], plot[o] - plots
    if used[j] == 0:
        return float(crowd.lead[a, j])
    apart = 1.0
    for d in range(level):
        if plot[at[d]] == plot[o]:
            apart *= 1.0 - crowd.near[a, hyp[h, active[d]]]
    return float(crowd.follow[a] + math.log(1.0 - apart)) if apart < 1.0 else _NEVER


@lean()
def _enter(
    hyp: I64,
    size: I64,
    weight: F64,
    h: int,
    missed_log: F64,
    begin: I64,
    gain: F64,
    active: I64,
    at: I64,
    sums: F64,
    rest: F64,
) -> int:
    """Begin the search below a parent; return how many of its members have a choice."""
    base, deep = weight[h], 0
    for t in range(size[h]):
        a = hyp[h, t]
        base += missed_log[a]
        if begin[a + 1] - begin[a] > 1:
            active[deep] = t
            deep += 1
    rest[deep] = 0.0
    for d in range(deep - 1, -1, -1):
        rest[d] = rest[d + 1] + gain[begin[hyp[h, active[d]]]]
    sums[0], at[0] = base, -1
    return deep


@lean()
def _note(
    hyp: I64,
    size: I64,
    h: int,
    plot: I64,
    active: I64,
    at: I64,
    deep: int,
    chosen: I64,
    slot: int,
) -> None:
    """Write down the choices of a whole assignment."""
    for t in range(size[h]):
        chosen[slot, t] = -1
    for d in range(deep):
        chosen[slot, active[d]] = plot[at[d]]


@lean()
def _enlist(heap: I64, weight: F64, found: int, most: int, slot: int) -> int:
    """Take a slot into the heap; return how many it holds. A full heap has it at its top."""
    if found == most:
        _sink(heap, weight, found, 0)
        return found
    heap[found] = slot
    _raise(heap, weight, found)
    return found + 1


@lean()
def _normalise(log_weight: F64, count: int) -> None:
    top, total = -1e300, 0.0
    for k in range(count):
        top = max(top, log_weight[k])
    for k in range(count):
        total += math.exp(log_weight[k] - top)
    for k in range(count):
        log_weight[k] -= top + math.log(total)


@lean()
def _sort_members(hyp: I64, size: I64, h: int) -> int:
    """Sort one hypothesis's members; return a hash of them."""
    for a in range(1, size[h]):
        x, k = hyp[h, a], a
        while k > 0 and hyp[h, k - 1] > x:
            hyp[h, k] = hyp[h, k - 1]
            k -= 1
        hyp[h, k] = x
    key = np.int64(size[h])
    for a in range(size[h]):
        key = key * np.int64(1_000_003) ^ (hyp[h, a] + np.int64(0x9E3779B9))
    return int(key)


@lean()
def _same(hyp: I64, size: I64, a: int, b: int) -> bool:
    if size[a] != size[b]:
        return False
    differ = 0
    for k in range(size[a]):
        differ += hyp[a, k] != hyp[b, k]
    return differ == 0


@lean()
def _swap(hyp: I64, size: I64, weight: F64, a: int, b: int) -> None:
    for t in range(max(size[a], size[b])):
        hyp[a, t], hyp[b, t] = hyp[b, t], hyp[a, t]
    size[a], size[b] = size[b], size[a]
    weight[a], weight[b] = weight[b], weight[a]


@lean()
def tidy(hyp: I64, size: I64, weight: F64, count: int, least: float, key: I64) -> int:
    """Unite equal hypotheses, drop light ones, sort the heaviest first, normalise; in place.

    Args:
        hyp: (H, T); members of each become sorted.
        size: (H,).
        weight: (H,) not logarithms.
        count: how many hypotheses.
        least: lighter ones are dropped, but never all.
        key: (count,) work space.

    Returns:
        How many are left.
    """
    for h in range(count):
        key[h] = _sort_members(hyp, size, h)
        for g in range(h):
            if weight[g] > 0.0 and key[g] == key[h] and _same(hyp, size, g, h):
                weight[g] += weight[h]
                weight[h] = 0.0
                break
    for h in range(1, count):
        k = h
        while k > 0 and weight[k - 1] < weight[k]:
            _swap(hyp, size, weight, k - 1, k)
            k -= 1
    kept, total = 0, 0.0
    while kept < count and weight[kept] > 0.0 and (kept == 0 or weight[kept] >= least):
        total += weight[kept]
        kept += 1
    for k in range(kept):
        weight[k] /= total
    return kept


@lean()
def match(
    hyp: I64,
    size: int,
    a: int,
    b: int,
    mean: F64,
    cov: F64,
    r: F64,
    near2: float,
    column: I64,
    cost: F64,
    whole: I64,
    real: F64,
) -> bool:
    """Say whether two hypotheses of equal size are alike, and match their members.

    Args:
        hyp: (H, T).
        size: members of each of the two.
        a: hypothesis.
        b: hypothesis.
        mean: (n, 6) of locals, over their models.
        cov: (n, 21) likewise.
        r: (n,) existence.
        near2: largest squared distance of two members that are alike.
        column: (T,) out: member of b for each member of a.
        cost: (T, T) work space.
        whole: (3, T + 1) likewise.
        real: (13, max(T + 1, 6)) likewise.
    """
    exact, square = real[3], real[4:]
    for c in range(6):
        exact[c] = 0.0
    for i in range(size):
        x, found = hyp[a, i], False
        for j in range(size):
            found = found or hyp[b, j] == x
        for j in range(size):
            y = hyp[b, j]
            if not found and _close(mean, cov, x, y, near2):
                found = _apart2(mean, cov, r, x, y, near2, exact, square) <= near2
        if not found:
            return False
    for i in range(size):
        for j in range(size):
            x, y, cost[i, j] = hyp[a, i], hyp[b, j], _FAR
            if x == y:
                cost[i, j] = 0.0
            elif _close(mean, cov, x, y, near2):
                # A pair so far apart is in no assignment of pairs that are all alike.
                cost[i, j] = _apart2(mean, cov, r, x, y, size * near2, exact, square)
    assign(cost, size, size, column, whole, real)
    worst = 0.0
    for i in range(size):
        worst = max(worst, cost[i, column[i]])
    return worst <= near2


@lean(inline=True)
def _close(mean: F64, cov: F64, x: int, y: int, near2: float) -> bool:
    """Say whether two locals may be alike, by their east and north alone."""
    east, north = mean[x, 0] - mean[y, 0], mean[x, 1] - mean[y, 1]
    close = 2.0 * east * east <= near2 * (cov[x, 0] + cov[y, 0])
    return bool(close and 2.0 * north * north <= near2 * (cov[x, 6] + cov[y, 6]))


@lean(inline=True)
def _apart2(
    mean: F64, cov: F64, r: F64, x: int, y: int, enough: float, exact: F64, square: F64
) -> float:
    """Return the squared distance of two locals, existence included, see `mahalanobis2`."""
    differ = _EXISTENCE_SCALE * (r[x] - r[y]) ** 2
    if differ > enough:
        return _FAR
    return float(mahalanobis2(mean, cov, x, y, 6, exact, enough, square) + differ)
