"""Kernels that put out the tracks at one instant, and choose what to report of contested ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from tocsin.contract import F64, I8, I64, MODE_COUNT, U64
from tocsin.motion import Arrays
from tocsin.motion.kernels_imm import moments
from tocsin.motion.kernels_jit import lean
from tocsin.track.kernels_contest import Hypotheses
from tocsin.track.kernels_filter import bring_row, copy_row
from tocsin.track.kernels_hypotheses import assign
from tocsin.track.kernels_sweep import over, patience_s

if TYPE_CHECKING:
    from tocsin.track.state import Bank

_ROUNDS = 2
_LEADING = 0.95
TENTATIVE, CONFIRMED, COASTING = 0, 1, 2
FIRM_PLOTS, HOLD = range(2)
"""Columns of what a confirmed track must be to stay so, see `present`."""
NEVER_NS = np.iinfo(np.int64).max
"""Silence of what does not sweep: it passes nobody twice."""


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
    bank: Bank,
    i: int,
    sure: float,
    at_ns: int,
    lately_ns: int,
    patience_ns: I64,
    twice_ns: I64,
    firm: F64,
) -> tuple[int, np.uint64]:
    """Return a track's status and the bits of the sensors that contributed lately.

    A confirmed track coasts once its quickest sensor's plot is overdue. With few plots it is
    tentative again if it is not sure, or if the quickest radar that knows it has passed it twice;
    silence says nothing of what a source that does not sweep has told of too.
    """
    bits, outside, silent_ns = np.uint64(0), False, at_ns - bank.last_plot_at_ns[i]
    quickest_ns = passed_ns = NEVER_NS
    for s in range(patience_ns.size):
        heard_ns = bank.heard_ns[i, s]
        if heard_ns > 0 and at_ns - heard_ns <= lately_ns:
            bits |= np.uint64(1) << np.uint64(s)
            quickest_ns = min(quickest_ns, patience_ns[s])
            passed_ns = min(passed_ns, twice_ns[s])
            outside = outside or twice_ns[s] == NEVER_NS
    known = bits > np.uint64(0)
    missed = not outside and (not known or silent_ns >= passed_ns)
    doubted = bank.plots[i] < firm[FIRM_PLOTS] and (sure < firm[HOLD] or missed)
    if not bank.confirmed[i] or doubted:
        return TENTATIVE, bits
    return (CONFIRMED if known and silent_ns <= quickest_ns else COASTING), bits


@lean()
def _present_rows(
    bank: Bank,
    rows: I64,
    at_ns: int,
    lately_ns: int,
    patience_ns: I64,
    twice_ns: I64,
    firm: F64,
    model: Arrays,
    limit: F64,
    mean: F64,
    cov: F64,
    mode: F64,
    sure: F64,
    status: I8,
    bits: U64,
    one: F64,
    one_cov: F64,
    one_mode: F64,
) -> None:
    """Do what `present` does, in its results."""
    M = bank.mode.shape[1]
    for k in range(rows.size):
        i = rows[k]
        copy_row(bank.state, bank.cov, bank.mode, i, one, one_cov, one_mode, 0)
        stay = bring_row(
            one, one_cov, one_mode, 0, (at_ns - bank.time_ns[i]) * 1e-9, model, limit, mean[k],
            cov[k],
        )  # fmt: skip
        if math.isnan(sure[k]):
            sure[k] = stay * bank.existence[i]
        moments(one[0], one_cov[0], one_mode[0], mean[k], cov[k])
        for m in range(mode.shape[1]):
            mode[k, m] = one_mode[0, m] if m < M else math.nan
        status[k], bits[k] = _status(
            bank, i, sure[k], at_ns, lately_ns, patience_ns, twice_ns, firm
        )


@nb.njit(cache=True, nogil=True, error_model="numpy")
def present(
    bank: Bank,
    rows: I64,
    sure: F64,
    at_ns: int,
    lately_ns: int,
    patience_ns: I64,
    twice_ns: I64,
    firm: F64,
    model: Arrays,
    limit: F64,
) -> tuple[F64, F64, F64, I8, U64]:
    """Return the chosen rows as they are at an instant, and what is told of them.

    Args:
        bank: the rows.
        rows: (k,) those wanted.
        sure: (k,) existence; NaN: out, the row's own at the instant.
        at_ns: the instant.
        lately_ns: how long a sensor counts as contributing after its plot.
        patience_ns: (sensors,) silence after which a plot is overdue.
        twice_ns: (sensors,) silence after which a radar has passed twice; `NEVER_NS` for what
            does not sweep.
        firm: plots from which on a confirmed track stays so, least existence of others.
        model: the models.
        limit: see `kernels_filter.predict`.

    Returns:
        Means (k, 6), packed covariances (k, 21), model probabilities (k, MODE_COUNT), NaN beyond
        the models there are; `TENTATIVE`, `CONFIRMED` or `COASTING`; bit s: sensor s contributed
        lately.

    Source: S. Blackman, R. Popoli, Design and Analysis of Modern Tracking Systems (1999), chapter
    6: a test stays open in both directions until it has seen enough.
    """
    k, M = rows.size, bank.mode.shape[1]
    mean, cov, mode = np.empty((k, 6)), np.empty((k, 21)), np.empty((k, MODE_COUNT))
    status, bits = np.empty(k, np.int8), np.empty(k, np.uint64)
    _present_rows(
        bank, rows, at_ns, lately_ns, patience_ns, twice_ns, firm, model, limit, mean, cov, mode,
        sure, status, bits, np.empty((1, M, 6)), np.empty((1, M, 21)), np.empty((1, M)),
    )  # fmt: skip
    return mean, cov, mode, status, bits


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
