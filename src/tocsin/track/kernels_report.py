"""Kernel that chooses what to report of contested clusters."""

from __future__ import annotations

import numba as nb
import numpy as np

from tocsin.contract import F64, I64
from tocsin.track.kernels_contest import Hypotheses
from tocsin.track.kernels_hypotheses import assign

_ROUNDS = 2
_LEADING = 0.95


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
                state[count] = mean[i]
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
    total, spread = np.zeros((k, 6)), np.zeros((k, 21))
    sure[:] = 0.0
    column = np.zeros(k, np.int64)
    for h in range(first, last):
        if mass >= _LEADING:
            break
        begin, n = hyp.member_start[h], hyp.member_start[h + 1] - hyp.member_start[h]
        cost = np.zeros((k, n + k))
        for t in range(n):
            i = hyp.member[begin + t]
            wide = cov[i, 0] + cov[i, 6]
            for a in range(k):
                east, north = state[a, 0] - mean[i, 0], state[a, 1] - mean[i, 1]
                cost[a, t] = existence[i] * min(east * east + north * north + wide - far2, 0.0)
        assign(cost, k, n + k, column)
        mass += hyp.weight[h]
        for a in range(k):
            if column[a] < n and cost[a, column[a]] < 0.0:
                i = hyp.member[begin + column[a]]
                w = hyp.weight[h] * existence[i]
                share = w / (sure[a] + w)
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
                sure[a] += w
    for a in range(k):
        if sure[a] > 0.0:
            state[a], state_cov[a] = total[a], spread[a]
            sure[a] = min(sure[a] / mass, 1.0)
