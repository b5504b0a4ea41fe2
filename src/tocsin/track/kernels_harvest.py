"""Kernels that divide a solved cluster by location and write down what is left of it."""

from __future__ import annotations

import numba as nb
import numpy as np

from tocsin.contract import F64, I64
from tocsin.motion.kernels_jit import lean
from tocsin.track.kernels_filter import clear, pour, settle
from tocsin.track.kernels_hypotheses import mahalanobis2


@nb.njit(cache=True, nogil=True, error_model="numpy")
def components(
    used: I64, count: int, source: I64, mean: F64, cov: F64, noise: F64, near2: float, part: I64
) -> int:
    """Connect locals of one parent local, and those that are near one another.

    Args:
        used: (count,) locals.
        count: how many.
        source: (n,) parent local of each; -1: a new object's.
        mean: (n, 6).
        cov: (n, 21).
        noise: (6,) packed covariance of a plot, added to the locals' own.
        near2: squared distance of locals that are near.
        part: (n,) out: component of each local, numbered from 0.

    Returns:
        How many components there are.
    """
    root = np.empty(count, np.int64)
    for p in range(count):
        root[p] = p
    for p in range(count):
        a = used[p]
        for q in range(p):
            b = used[q]
            tied = source[a] >= 0 and source[a] == source[b]
            east = mean[a, 0] - mean[b, 0]
            if not tied and east * east < near2 * (0.5 * (cov[a, 0] + cov[b, 0]) + noise[0]):
                tied = mahalanobis2(mean, cov, a, b, 3, noise) < near2
            if tied and root[p] != root[q]:
                old, new = max(root[p], root[q]), min(root[p], root[q])
                for k in range(count):
                    if root[k] == old:
                        root[k] = new
    parts = 0
    for p in range(count):
        if root[p] == p:
            part[used[p]] = parts
            parts += 1
        else:
            part[used[p]] = part[used[root[p]]]
    return parts


@nb.njit(cache=True, nogil=True, error_model="numpy")
def owners(
    hyp: I64,
    size: I64,
    weight: F64,
    count: int,
    used: I64,
    many: int,
    label: I64,
    part: I64,
    parts: int,
    first: int,
    taken: I64,
) -> int:
    """Say whose each label is that several components hold: the heaviest hypothesis has it there.

    Args:
        hyp: (H, T) heaviest first.
        size: (H,).
        weight: (H,).
        count: number of hypotheses.
        used: locals in hypotheses.
        many: how many.
        label: (n,) track number of each local, -1: none yet.
        part: (n,) component of each.
        parts: number of components.
        first: new numbers given before.
        taken: (n,) out: 0: the label stays; else a new number for the local.

    Returns:
        New numbers given by now.
    """
    fresh, share = 0, np.empty(parts)
    for p in range(many):
        taken[used[p]] = 0
    for p in range(many):
        a = used[p]
        if label[a] < 0 or taken[a] != 0:
            continue
        mixed = False
        for q in range(many):
            mixed = mixed or (label[used[q]] == label[a] and part[used[q]] != part[a])
        if not mixed:
            continue
        owner = _owner(hyp, size, weight, count, label, label[a], part, share)
        for c in range(parts):
            fresh += c != owner and share[c] > 0.0
            for q in range(many):
                if label[used[q]] == label[a] and part[used[q]] == c:
                    taken[used[q]] = -1 if c == owner else first + fresh
    for p in range(many):
        taken[used[p]] = max(taken[used[p]], 0)
    return first + fresh


@lean()
def _owner(
    hyp: I64, size: I64, weight: F64, count: int, label: I64, one: int, part: I64, share: F64
) -> int:
    """Return the component that a label belongs to; fill in each one's share of it."""
    owner, best = -1, 0
    for c in range(share.size):
        share[c] = 0.0
    for h in range(count):
        for t in range(size[h]):
            k = hyp[h, t]
            if label[k] == one:
                share[part[k]] += weight[h]
                if h == 0:
                    owner = part[k]
    for c in range(share.size):
        best = c if share[c] > share[best] else best
    return owner if owner >= 0 else best


@nb.njit(cache=True, nogil=True, error_model="numpy")
def list_used(hyp: I64, size: I64, count: int, locals_: int, used: I64) -> int:
    """List the locals that hypotheses hold, ascending; return how many."""
    inside, many = np.zeros(locals_, np.bool_), 0
    for h in range(count):
        for t in range(size[h]):
            inside[hyp[h, t]] = True
    for k in range(locals_):
        if inside[k]:
            used[many] = k
            many += 1
    return many


@nb.njit(cache=True, nogil=True, error_model="numpy")
def collapse(
    hyp: I64,
    size: I64,
    weight: F64,
    count: int,
    part: I64,
    c: int,
    r: F64,
    taken: I64,
    state: F64,
    cov: F64,
    mode: F64,
    o: int,
) -> tuple[float, int]:
    """Pour a component with at most one member per hypothesis into row o.

    Args:
        hyp: (H, T) heaviest first.
        size: (H,).
        weight: (H,).
        count: number of hypotheses.
        part: (n,) component of each local.
        c: the component.
        r: (n,) existence of each local.
        taken: (n,) 0: the local keeps its number.
        state: (n, M, 6) of locals; row o is written.
        cov: (n, M, 21) likewise.
        mode: (n, M) likewise.
        o: behind all locals.

    Returns:
        Its existence, and the local that lends it number and plot.
    """
    clear(state, cov, mode, o)
    share, first = np.zeros(o), -1
    for h in range(count):
        for t in range(size[h]):
            k = hyp[h, t]
            if part[k] == c:
                share[k] += weight[h] * r[k]
                # The heaviest hypothesis names it; its own label before one that is taken.
                if first < 0 and h == 0:
                    first = k
    best = -1
    for k in range(o):
        if share[k] <= 0.0:
            continue
        pour(state, cov, mode, k, share[k], state, cov, mode, o)
        better = best < 0 or (taken[k] == 0) > (taken[best] == 0)
        if better or (share[k] > share[best] and (taken[k] == 0) == (taken[best] == 0)):
            best = k
    existence = settle(mode, o)
    return existence, (first if first >= 0 else best)


@lean()
def marginal(
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

    Members weaker than `least_r` are left out, and their weight is lost.
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


@lean()
def write_hypotheses(
    hyp: I64,
    size: I64,
    weight: F64,
    count: int,
    place: I64,
    filled: I64,
    start: I64,
    weight_out: F64,
    member_start: I64,
    member: I64,
) -> None:
    """Write a component's hypotheses; their members' places among the rows are known.

    Args:
        hyp: (H, T) locals.
        size: (H,).
        weight: (H,).
        count: number of hypotheses.
        place: (n,) row of each local.
        filled: rows, clusters, hypotheses, members and new numbers so far; raised.
        start: out, see `kernels_contest.Hypotheses`.
        weight_out: out, likewise.
        member_start: out, likewise.
        member: out, likewise.
    """
    hyps, members = filled[2], filled[3]
    for h in range(count):
        for t in range(size[h]):
            member[members] = place[hyp[h, t]]
            members += 1
        weight_out[hyps] = weight[h]
        hyps += 1
        member_start[hyps] = members
    filled[1] += 1
    filled[2], filled[3] = hyps, members
    start[filled[1]] = hyps
