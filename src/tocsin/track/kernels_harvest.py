"""Kernels that divide a solved cluster by location and write down what is left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.contract import F64, I64
from tocsin.motion.kernels_jit import lean
from tocsin.track.kernels_filter import clear, copy_row, pour, settle
from tocsin.track.kernels_hypotheses import mahalanobis2, tidy

if TYPE_CHECKING:
    from tocsin.track.kernels_contest import Desk, Mixture, Rules, Yield


@lean()
def components(
    used: I64,
    count: int,
    source: I64,
    mean: F64,
    cov: F64,
    noise: F64,
    near2: float,
    part: I64,
    root: I64,
    square: F64,
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
        root: (count,) work space.
        square: (9, 6) likewise.

    Returns:
        How many components there are.
    """
    for p in range(count):
        root[p] = p
    for p in range(count):
        a = used[p]
        for q in range(p):
            b = used[q]
            # Those that others connect already, most of a cluster, need no distance.
            if root[p] == root[q]:
                continue
            tied = source[a] >= 0 and source[a] == source[b]
            east = mean[a, 0] - mean[b, 0]
            if not tied and east * east < near2 * (0.5 * (cov[a, 0] + cov[b, 0]) + noise[0]):
                tied = mahalanobis2(mean, cov, a, b, 3, noise, near2, square) < near2
            if tied:
                old, new = max(root[p], root[q]), min(root[p], root[q])
                for k in range(p + 1):
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


@lean()
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
    share: F64,
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
        share: (parts,) work space.

    Returns:
        New numbers given by now.
    """
    fresh = 0
    for p in range(many):
        taken[used[p]] = 0
    if parts == 1:
        return first
    for p in range(many):
        a = used[p]
        if label[a] < 0 or taken[a] != 0:
            continue
        mixed = False
        for q in range(many):
            mixed = mixed or (label[used[q]] == label[a] and part[used[q]] != part[a])
        if not mixed:
            continue
        owner = _owner(hyp, size, weight, count, label, label[a], part, parts, share)
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
    hyp: I64,
    size: I64,
    weight: F64,
    count: int,
    label: I64,
    one: int,
    part: I64,
    parts: int,
    share: F64,
) -> int:
    """Return the component that a label belongs to; fill in each one's share of it."""
    owner, best = -1, 0
    for c in range(parts):
        share[c] = 0.0
    for h in range(count):
        for t in range(size[h]):
            k = hyp[h, t]
            if label[k] == one:
                share[part[k]] += weight[h]
                if h == 0:
                    owner = part[k]
    for c in range(parts):
        best = c if share[c] > share[best] else best
    return owner if owner >= 0 else best


@lean()
def list_used(hyp: I64, size: I64, count: int, locals_: int, used: I64, inside: I64) -> int:
    """List the locals that hypotheses hold, ascending; return how many."""
    many = 0
    for k in range(locals_):
        inside[k] = 0
    for h in range(count):
        for t in range(size[h]):
            inside[hyp[h, t]] = 1
    for k in range(locals_):
        if inside[k] > 0:
            used[many] = k
            many += 1
    return many


@lean()
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
    share: F64,
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
        share: (o,) work space.

    Returns:
        Its existence, and the local that lends it number and plot.
    """
    clear(state, cov, mode, o)
    first = -1
    for k in range(o):
        share[k] = 0.0
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


@lean()
def write(
    lists: I64,
    lengths: I64,
    w: F64,
    count: int,
    locals_: int,
    source: I64,
    who: I64,
    r: F64,
    lost: F64,
    noise: F64,
    to_ns: int,
    rules: Rules,
    desk: Desk,
    out: Yield,
    filled: I64,
) -> bool:
    """Divide a solved cluster by location and write what is left of it, if there is room."""
    row, plot, label, pool, share = who[0], who[1], who[2], desk.pool, desk.real[0]
    used, part, fresh, place = desk.label[12], desk.label[13], desk.label[14], desk.label[15]
    sub, sub_size, sub_w, key = desk.lists[3], desk.hyps[3], desk.weight[3], desk.whole[0]
    many = list_used(lists, lengths, count, locals_, used, key)
    parts = components(
        used, many, source, desk.mean, desk.total, noise, rules.near2, part, key, desk.real[:9]
    )
    if not _fits(out, filled, parts + locals_, parts, count * parts, count * lists.shape[1]):
        return False
    filled[4] = owners(
        lists, lengths, w, count, used, many, label, part, parts, filled[4], fresh, share
    )
    for c in range(parts):
        most = marginal(lists, lengths, w, count, part, c, 0.0, r, lost, sub, sub_size, sub_w)
        if most <= 1:
            sure, k = collapse(
                lists, lengths, w, count, part, c, r, fresh, pool.state, pool.cov, pool.mode,
                locals_, share,
            )  # fmt: skip
            n = filled[0]
            _put(pool, locals_, min(sure, 1.0), row[k], plot[k], to_ns, fresh[k], -1, out, n)
            out.fact[n, 4] = sure < rules.recycle
            filled[0] += sure >= rules.poisson_floor
            continue
        marginal(lists, lengths, w, count, part, c, rules.recycle, r, lost, sub, sub_size, sub_w)
        left = tidy(sub, sub_size, sub_w, count, rules.least_weight, key)
        begun = filled[0]
        _write_rows(
            sub, sub_size, sub_w, left, locals_, place, row, plot, fresh, r, pool, to_ns, out,
            filled,
        )  # fmt: skip
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
    locals_: int,
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
    for k in range(locals_):
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
