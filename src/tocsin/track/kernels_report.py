"""Kernels that put out the tracks at one instant, and choose what to report of contested ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from tocsin.contract import F64, I8, I64, U64
from tocsin.motion.kernels_jit import lean
from tocsin.track.kernels_contest import Hypotheses
from tocsin.track.kernels_hypotheses import assign
from tocsin.track.kernels_sweep import over, patience_s

if TYPE_CHECKING:
    from tocsin.track.state import Bank

_ROUNDS = 2
_LEADING = 0.95
TENTATIVE, CONFIRMED, COASTING = 0, 1, 2


@lean()
def shown(bank: Bank, at_ns: int, after: int, least: float, ends: F64, rows: I64) -> int:
    """List the tracks that contest nothing and are to be put out; return how many.

    Args:
        bank: the rows.
        at_ns: the instant.
        after: only tracks that a later look concerned.
        least: existence of a tentative track.
        ends: see `kernels_sweep.over`.
        rows: (n,) out.
    """
    count = 0
    for i in range(bank.existence.size):
        r = bank.existence[i]
        if r <= 0.0 or bank.poisson[i] or bank.cluster[i] >= 0:
            continue
        if bank.looked[i] <= after or (not bank.confirmed[i] and r < least):
            continue
        silent_ns = at_ns - bank.last_plot_at_ns[i]
        if not over(r, False, silent_ns, patience_s(bank, i, at_ns), ends):
            rows[count] = i
            count += 1
    return count


@lean(inline=True)
def _status(
    bank: Bank, i: int, at_ns: int, lately_ns: int, patience_ns: I64
) -> tuple[int, np.uint64]:
    """Return a track's status and the bits of the sensors that contributed lately.

    A confirmed track coasts once its quickest sensor's plot is overdue.
    """
    bits, overdue = np.uint64(0), True
    for s in range(patience_ns.size):
        heard_ns = bank.heard_ns[i, s]
        if heard_ns > 0 and at_ns - heard_ns <= lately_ns:
            bits |= np.uint64(1) << np.uint64(s)
    quickest_ns = np.int64(0)
    for s in range(patience_ns.size):
        if bits >> np.uint64(s) & np.uint64(1):
            if quickest_ns == 0 or patience_ns[s] < quickest_ns:
                quickest_ns = patience_ns[s]
            overdue = at_ns - bank.last_plot_at_ns[i] > quickest_ns
    if not bank.confirmed[i]:
        return TENTATIVE, bits
    return (COASTING if overdue else CONFIRMED), bits


@lean()
def describe(
    bank: Bank,
    rows: I64,
    at_ns: int,
    lately_ns: int,
    patience_ns: I64,
    mode: F64,
    mode_out: F64,
    status: I8,
    bits: U64,
) -> None:
    """Fill in what is told of the chosen rows beside their states.

    Args:
        bank: the rows.
        rows: (k,) those wanted.
        at_ns: the instant.
        lately_ns: how long a sensor counts as contributing after its plot.
        patience_ns: (sensors,) silence after which a plot is overdue.
        mode: (k, M) their model probabilities then.
        mode_out: (k, MODE_COUNT) out: the same, NaN beyond the models there are.
        status: (k,) out: `TENTATIVE`, `CONFIRMED` or `COASTING`.
        bits: (k,) out: bit s: sensor s contributed lately.
    """
    for k in range(rows.size):
        for m in range(mode_out.shape[1]):
            mode_out[k, m] = mode[k, m] if m < mode.shape[1] else math.nan
        status[k], bits[k] = _status(bank, rows[k], at_ns, lately_ns, patience_ns)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def report(
    mean: F64,
    cov: F64,
    existence: F64,
    hyp: Hypotheses,
    least: float,
    cut2: float,
    row: I64,
    sure: F64,
    state: F64,
    state_cov: F64,
) -> int:
    """Fill in the objects to report: those of the heaviest hypothesis, each where all have it.

    Objects of the heaviest hypothesis whose existence exceeds `least` are matched with those of
    each other leading hypothesis at the least expected squared distance, cut off; each becomes the
    mean of what it is matched with, twice. This lowers the expected GOSPA, as set means do.

    Args:
        mean: (n, 6) rows of the bank at the instant, over their models.
        cov: (n, 21) packed.
        existence: (n,).
        hyp: hypotheses of the clusters.
        least: existence above which an object is reported.
        cut2: cut-off, as a multiple of the plots' horizontal variance.
        row: (n,) out: row of the heaviest hypothesis that names each object.
        sure: (n,) out: existence over the hypotheses.
        state: (n, 6) out.
        state_cov: (n, 21) out.

    Returns:
        Number of objects.

    Source: J. L. Williams, IEEE Trans. AES 51 (2015) 1664-1687, section V (set means); the rule
    and its measured gain: `docs/reference/tracking.md`.
    """
    count = 0
    for c in range(hyp.start.size - 1):
        first, last = hyp.start[c], hyp.start[c + 1]
        begin, k = count, 0
        if first == last:
            continue
        for e in range(hyp.member_start[first], hyp.member_start[first + 1]):
            i = hyp.member[e]
            if existence[i] > least:
                row[count] = i
                state[count], state_cov[count] = mean[i], cov[i]
                sure[count] = min(existence[i], 1.0)
                count += 1
        k = count - begin
        if k == 0:
            continue
        far2 = cut2 * (hyp.noise[c, 0] + hyp.noise[c, 3])
        for _ in range(_ROUNDS):
            _refine(
                mean, cov, existence, hyp, first, last, far2, state[begin:count],
                sure[begin:count], state_cov[begin:count],
            )  # fmt: skip
    return count


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _refine(
    mean: F64,
    cov: F64,
    existence: F64,
    hyp: Hypotheses,
    first: int,
    last: int,
    far2: float,
    state: F64,
    sure: F64,
    state_cov: F64,
) -> None:
    """Move each object to the mean of its matches in the leading hypotheses."""
    k, mass = state.shape[0], 0.0
    total, spread, share_of = np.zeros((k, 6)), np.zeros((k, 21)), np.zeros(k)
    column = np.zeros(k, np.int64)
    for h in range(first, last):
        if mass >= _LEADING:
            break
        begin, n = hyp.member_start[h], hyp.member_start[h + 1] - hyp.member_start[h]
        cost = np.zeros((k, n + k))
        whole, real = np.empty((3, n + k + 1), np.int64), np.empty((3, n + k + 1))
        for t in range(n):
            i = hyp.member[begin + t]
            wide = cov[i, 0] + cov[i, 6]
            for a in range(k):
                east, north = state[a, 0] - mean[i, 0], state[a, 1] - mean[i, 1]
                cost[a, t] = existence[i] * min(east * east + north * north + wide - far2, 0.0)
        assign(cost, k, n + k, column, whole, real)
        mass += hyp.weight[h]
        for a in range(k):
            if column[a] < n and cost[a, column[a]] < 0.0:
                i = hyp.member[begin + column[a]]
                w = hyp.weight[h] * existence[i]
                share = w / (share_of[a] + w)
                c = 0
                for x in range(6):
                    dx = mean[i, x] - total[a, x]
                    for y in range(x, 6):
                        dy = mean[i, y] - total[a, y]
                        grown = cov[i, c] - spread[a, c] + (1.0 - share) * dx * dy
                        spread[a, c] += share * grown
                        c += 1
                for x in range(6):
                    total[a, x] += share * (mean[i, x] - total[a, x])
                share_of[a] += w
    for a in range(k):
        # One that is too uncertain to be matched stays as its hypothesis has it.
        if share_of[a] > 0.0:
            state[a], state_cov[a] = total[a], spread[a]
            sure[a] = min(share_of[a] / mass, 1.0)
