"""Kernels that move and update states; each has its NumPy twin in `reference`.

A covariance is a packed upper triangle by rows, 21 values, the contract's order. A plot at its own
time t_j updates a state at time t_i through H = [I, (t_j - t_i) I]; the process noise of that
short interval is added to the plot's covariance.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tocsin.contract import F64, I8, I64

_IX = np.zeros((6, 6), np.int64)
_IX[np.triu_indices(6)] = np.arange(21)
_IX = np.maximum(_IX, _IX.T)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def predict(
    state: F64,
    cov: F64,
    time_ns: I64,
    existence: F64,
    rows: I64,
    to_ns: I64,
    model: F64,
) -> None:
    """Advance the chosen tracks in place to their own times; earlier times change nothing.

    Args:
        state: (n, 6).
        cov: (n, 21).
        time_ns: (n,) time of each state.
        existence: (n,) probabilities; they decay with the mean life.
        rows: (k,) tracks to advance.
        to_ns: (k,) their new times.
        model: horizontal and vertical noise density, mean life in s, largest height and climb
            standard deviation, widest gate.
    """
    for k in range(rows.size):
        i = rows[k]
        dt = (to_ns[k] - time_ns[i]) * 1e-9
        if dt <= 0.0:
            continue
        time_ns[i] = to_ns[k]
        existence[i] *= math.exp(-dt / model[2])
        for a in range(3):
            state[i, a] += dt * state[i, a + 3]
            for b in range(a, 3):
                cross = cov[i, _IX[a, b + 3]] + cov[i, _IX[b, a + 3]]
                cov[i, _IX[a, b]] += dt * (cross + dt * cov[i, _IX[a + 3, b + 3]])
        for a in range(3):
            for b in range(3):
                cov[i, _IX[a, b + 3]] += dt * cov[i, _IX[a + 3, b + 3]]
            q = model[1] if a == 2 else model[0]
            cov[i, _IX[a, a]] += q * dt * dt * dt / 3.0
            cov[i, _IX[a, a + 3]] += q * dt * dt / 2.0
            cov[i, _IX[a + 3, a + 3]] += q * dt
        for a in (2, 5):
            # Without a measured height its uncertainty would grow without bound.
            limit = model[3] if a == 2 else model[4]
            scale = limit / math.sqrt(cov[i, _IX[a, a]])
            if scale < 1.0:
                for b in range(6):
                    cov[i, _IX[a, b]] *= scale
                cov[i, _IX[a, a]] *= scale


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _gain(
    P: F64, R: F64, scale: float, dt: float, d: int, model: F64, PH: F64, S: F64, K: F64
) -> None:
    """Fill in PH = scale P H' and the gain K = PH S^-1 of one plot; H = [I, dt I], d rows.

    Columns that the plot has no dimension for are 0.
    """
    cube = abs(dt) ** 3 / 3.0
    for a in range(6):
        for b in range(3):
            PH[a, b] = scale * (P[a, b] + dt * P[a, b + 3]) if b < d else 0.0
    c = 0
    for a in range(3):
        for b in range(a, 3):
            S[a, b] = PH[a, b] + dt * PH[a + 3, b] + R[c]
            c += 1
        S[a, a] += cube * (model[1] if a == 2 else model[0])
    # S = L D L'; the third row is that of the identity where there is no height.
    l10 = S[0, 1] / S[0, 0]
    d1 = S[1, 1] - l10 * S[0, 1]
    l20, l21, d2 = 0.0, 0.0, 1.0
    if d == 3:
        l20 = S[0, 2] / S[0, 0]
        l21 = (S[1, 2] - l20 * S[0, 1]) / d1
        d2 = S[2, 2] - l20 * S[0, 2] - l21 * l21 * d1
    for a in range(6):
        y1 = PH[a, 1] - l10 * PH[a, 0]
        x2 = (PH[a, 2] - l20 * PH[a, 0] - l21 * y1) / d2
        x1 = y1 / d1 - l21 * x2
        K[a, 0], K[a, 1], K[a, 2] = PH[a, 0] / S[0, 0] - l10 * x1 - l20 * x2, x1, x2


@nb.njit(cache=True, nogil=True, error_model="numpy")
def update(
    state: F64,
    cov: F64,
    time_ns: I64,
    existence: F64,
    rows: I64,
    missed: F64,
    start: I64,
    edge_plot: I64,
    edge_scale: F64,
    edge_weight: F64,
    none_weight: F64,
    plot_m: F64,
    plot_cov: F64,
    plot_ns: I64,
    plot_dimension: I8,
    model: F64,
) -> None:
    """Replace tracks in place by the moments of their association mixtures.

    Args:
        state: (n, 6).
        cov: (n, 21).
        time_ns: (n,).
        existence: (n,); becomes the posterior probability.
        rows: (k,) the tracks of this look.
        missed: (k,) existence of each if it gave no plot.
        start: (k + 1,) first edge of each track.
        edge_plot: plot of each edge.
        edge_scale: factor on the track's covariance, 1 unless the gate was widened.
        edge_weight: probability that the track gave that plot.
        none_weight: (k,) probability that it gave none.
        plot_m: (m, 3).
        plot_cov: (m, 6) packed upper triangle.
        plot_ns: (m,).
        plot_dimension: (m,) 2 or 3.
        model: as in `predict`.
    """
    P, total = np.empty((6, 6)), np.empty((6, 6))
    PH, K, S = np.empty((6, 3)), np.empty((6, 3)), np.empty((3, 3))
    nu, delta, mean = np.empty(3), np.empty(6), np.empty(6)
    for k in range(rows.size):
        i, mass = rows[k], none_weight[k] * missed[k]
        existence[i] = min(mass, 1.0)
        if start[k] == start[k + 1]:
            continue
        for a in range(6):
            mean[a] = 0.0
            for b in range(6):
                P[a, b] = cov[i, _IX[a, b]]
                total[a, b] = mass * P[a, b]
        for e in range(start[k], start[k + 1]):
            j, w, scale = edge_plot[e], edge_weight[e], edge_scale[e]
            dt = (plot_ns[j] - time_ns[i]) * 1e-9
            _gain(P, plot_cov[j], scale, dt, plot_dimension[j], model, PH, S, K)
            for a in range(3):
                nu[a] = plot_m[j, a] - state[i, a] - dt * state[i, a + 3]
            for a in range(6):
                delta[a] = K[a, 0] * nu[0] + K[a, 1] * nu[1] + K[a, 2] * nu[2]
                mean[a] += w * delta[a]
            for a in range(6):
                for b in range(a, 6):
                    less = K[a, 0] * PH[b, 0] + K[a, 1] * PH[b, 1] + K[a, 2] * PH[b, 2]
                    total[a, b] += w * (scale * P[a, b] - less + delta[a] * delta[b])
            mass += w
        existence[i] = min(mass, 1.0)
        if mass <= 0.0:
            continue
        for a in range(6):
            mean[a] /= mass
            state[i, a] += mean[a]
        for a in range(6):
            for b in range(a, 6):
                cov[i, _IX[a, b]] = total[a, b] / mass - mean[a] * mean[b]
