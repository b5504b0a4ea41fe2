"""Kernels that put what became of contested clusters into the place of what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from tocsin.contract import F64, I8, I64, Bool
from tocsin.motion.kernels_jit import lean
from tocsin.track.kernels_contest import BORN, SOURCE, Hypotheses
from tocsin.track.kernels_rows import begin, carry
from tocsin.track.kernels_sweep import free_row

if TYPE_CHECKING:
    from tocsin.track.kernels_contest import Mixture
    from tocsin.track.state import Bank, Picture


@lean()
def _renumber(old: Hypotheses, gone: Bool, cluster: I64) -> tuple[int, int, int]:
    """Give the rows of clusters that stay their new numbers; count what stays.

    Returns:
        Clusters, hypotheses and members.
    """
    clusters, hyps, members = 0, 0, 0
    for c in range(gone.size):
        if gone[c]:
            continue
        first, last = old.member_start[old.start[c]], old.member_start[old.start[c + 1]]
        for e in range(first, last):
            cluster[old.member[e]] = clusters
        clusters += 1
        hyps += old.start[c + 1] - old.start[c]
        members += last - first
    return clusters, hyps, members


@lean()
def _append(
    from_: Hypotheses, c: int, place: I64, at: tuple[int, int, int], out: Hypotheses
) -> tuple[int, int, int]:
    """Write one cluster's hypotheses behind those written; return what is written by now.

    Args:
        from_: the hypotheses.
        c: which cluster.
        place: row of the bank of each member; empty: they are rows of the bank.
        at: clusters, hypotheses and members written before.
        out: where to.
    """
    clusters, hyps, members = at
    for x in range(6):
        out.noise[clusters, x] = from_.noise[c, x]
    for h in range(from_.start[c], from_.start[c + 1]):
        out.weight[hyps] = from_.weight[h]
        for e in range(from_.member_start[h], from_.member_start[h + 1]):
            m = from_.member[e]
            out.member[members] = place[m] if place.size else m
            members += 1
        hyps += 1
        out.member_start[hyps] = members
    clusters += 1
    out.start[clusters] = hyps
    return clusters, hyps, members


@nb.njit(cache=True, nogil=True, error_model="numpy")
def replace(
    bank: Bank,
    rows: I64,
    alone: I8,
    old: Hypotheses,
    body: Mixture,
    chance: F64,
    fact: I64,
    new: Hypotheses,
    place: I64,
    first: I64,
    plots: Picture,
    sensor: int,
    look: int,
    interval_s: float,
    next_number: int,
    rules: F64,
) -> tuple[Hypotheses, I64, int]:
    """Replace contested rows of the bank, in place, by what they became.

    Args:
        bank: the rows.
        rows: (k,) those of the look.
        alone: (k,) 0: contested: they go.
        old: hypotheses over rows of the bank; clusters of rows that go, go.
        body: see `kernels_contest.Yield`.
        chance: likewise.
        fact: likewise.
        new: hypotheses over what they became.
        place: (n,) free row of the bank for each that they became.
        first: (m,) undetected row that a new object at each plot grew out of, -1: none.
        plots: the look's plots.
        sensor: whose they are.
        look: number of the look.
        interval_s: the sensor's.
        next_number: of the first track that begins.
        rules: see `kernels_rows.judge`.

    Returns:
        The hypotheses over rows of the bank; new rows whose track took a plot; the next number.
    """
    n, begun = place.size, 0
    at, origin, body_at = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    there, sure, again = np.empty(n, np.int64), np.empty(n), np.empty(n, np.uint32)
    for k in range(n):
        if fact[k, SOURCE] < 0:
            at[begun], origin[begun] = fact[k, BORN], first[fact[k, BORN]]
            body_at[begun], there[begun], sure[begun] = k, place[k], chance[k, 0]
            begun += 1
    begin(
        bank, at[:begun], sure, body, body_at, origin, plots, sensor, look, interval_s, next_number,
        rules, there, again, np.empty((2, n), np.int64),
    )  # fmt: skip
    gone = np.zeros(old.noise.shape[0], np.bool_)
    for k in range(rows.size):
        if not alone[k] and bank.cluster[rows[k]] >= 0:
            gone[bank.cluster[rows[k]]] = True
    stay = _renumber(old, gone, bank.cluster)
    clusters, hyps = stay[0] + new.noise.shape[0], stay[1] + new.weight.size
    hyp = Hypotheses(
        np.zeros(clusters + 1, np.int64), np.empty(hyps), np.zeros(hyps + 1, np.int64),
        np.empty(stay[2] + new.member.size, np.int64), np.empty((clusters, 6)),
    )  # fmt: skip
    written = (0, 0, 0)
    for c in range(gone.size):
        if not gone[c]:
            written = _append(old, c, place[:0], written, hyp)
    for c in range(new.noise.shape[0]):
        written = _append(new, c, place, written, hyp)
    took = np.empty(n, np.bool_)
    fresh = carry(
        bank, body, chance, fact, place, stay[0], next_number + begun, plots, sensor, look, rules,
        took,
    )  # fmt: skip
    for k in range(rows.size):
        if not alone[k]:
            free_row(bank, rows[k])
    found, many = np.empty(n, np.int64), 0
    for k in range(n):
        if took[k]:
            found[many] = place[k]
            many += 1
    return hyp, found[:many], next_number + begun + fresh
