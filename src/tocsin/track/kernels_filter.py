"""Kernels that move and update states; each has its NumPy twin in `reference`.

Row i holds one Gaussian for each motion model m: a mean and a covariance, the packed upper triangle
by rows (21 values), the contract's order. A plot at its own time t_j updates a state at time t_i
through H = [I, (t_j - t_i) I]; the process noise of that short interval is added to the plot's
covariance.

Source: H. A. P. Blom, Y. Bar-Shalom, IEEE Trans. AC 33 (1988) 780-783 (interacting multiple
models).
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tocsin.contract import F64, I8, I64

_IX = np.zeros((6, 6), np.int64)
_IX[np.triu_indices(6)] = np.arange(21)
_IX = np.maximum(_IX, _IX.T)
_TWO_PI = 2.0 * math.pi
_LEAST_MODE = 1e-6


@nb.njit(cache=True, nogil=True, error_model="numpy")
def drift(state: F64, cov: F64, i: int, m: int, dt: float, model: F64, limit: F64) -> None:
    """Advance one Gaussian in place by constant velocity.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        i: row.
        m: model.
        dt: seconds, not negative.
        model: (M, 3) horizontal and vertical noise density, mean stay in the model (s).
        limit: mean life (s), largest standard deviation of height and of climb.
    """
    for a in range(3):
        state[i, m, a] += dt * state[i, m, a + 3]
        for b in range(a, 3):
            cross = cov[i, m, _IX[a, b + 3]] + cov[i, m, _IX[b, a + 3]]
            cov[i, m, _IX[a, b]] += dt * (cross + dt * cov[i, m, _IX[a + 3, b + 3]])
    for a in range(3):
        for b in range(3):
            cov[i, m, _IX[a, b + 3]] += dt * cov[i, m, _IX[a + 3, b + 3]]
        q = model[m, 1] if a == 2 else model[m, 0]
        cov[i, m, _IX[a, a]] += q * dt * dt * dt / 3.0
        cov[i, m, _IX[a, a + 3]] += q * dt * dt / 2.0
        cov[i, m, _IX[a + 3, a + 3]] += q * dt
    for a in (2, 5):
        # Without a measured height its uncertainty would grow without bound.
        scale = (limit[1] if a == 2 else limit[2]) / math.sqrt(cov[i, m, _IX[a, a]])
        if scale < 1.0:
            for b in range(6):
                cov[i, m, _IX[a, b]] *= scale
            cov[i, m, _IX[a, a]] *= scale


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _add_moment(
    state: F64, cov: F64, i: int, m: int, w: float, mean: F64, total: F64, o: int
) -> None:
    """Add a weighted Gaussian's second moment about the mean in row o to the total there."""
    c = 0
    for a in range(6):
        da = state[i, m, a] - mean[o, a]
        for b in range(a, 6):
            total[o, c] += w * (cov[i, m, c] + da * (state[i, m, b] - mean[o, b]))
            c += 1


@nb.njit(cache=True, nogil=True, error_model="numpy")
def mix(state: F64, cov: F64, mode: F64, i: int, dt: float, model: F64) -> None:
    """Mix the models' Gaussians of one row in place, as the chance to change model in `dt` asks.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        mode: (n, M) model probabilities; become those after the change.
        i: row.
        dt: seconds.
        model: as in `drift`.
    """
    M = mode.shape[1]
    mean, total = np.empty((M, 6)), np.zeros((M, 21))
    weight, after = np.empty((M, M)), np.zeros(M)
    for m in range(M):
        stay = math.exp(-dt / model[m, 2])
        for n in range(M):
            weight[m, n] = mode[i, m] * (stay if m == n else (1.0 - stay) / (M - 1))
            after[n] += weight[m, n]
    for n in range(M):
        for a in range(6):
            mean[n, a] = 0.0
            for m in range(M):
                mean[n, a] += weight[m, n] * state[i, m, a]
            mean[n, a] /= after[n]
        for m in range(M):
            _add_moment(state, cov, i, m, weight[m, n] / after[n], mean, total, n)
    for n in range(M):
        mode[i, n] = after[n]
        for a in range(6):
            state[i, n, a] = mean[n, a]
        for c in range(21):
            cov[i, n, c] = total[n, c]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def advance(state: F64, cov: F64, mode: F64, i: int, dt: float, model: F64, limit: F64) -> None:
    """Advance one row in place by `dt` seconds: mix its models, then move each."""
    if mode.shape[1] > 1:
        mix(state, cov, mode, i, dt, model)
    for m in range(mode.shape[1]):
        drift(state, cov, i, m, dt, model, limit)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def predict(
    state: F64,
    cov: F64,
    mode: F64,
    time_ns: I64,
    existence: F64,
    rows: I64,
    to_ns: I64,
    model: F64,
    limit: F64,
) -> None:
    """Advance the chosen rows in place to their own times; earlier times change nothing.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        mode: (n, M) model probabilities.
        time_ns: (n,) time of each state.
        existence: (n,) probabilities; they decay with the mean life.
        rows: (k,) rows to advance.
        to_ns: (k,) their new times.
        model: as in `drift`.
        limit: as in `drift`.
    """
    for k in range(rows.size):
        i = rows[k]
        dt = (to_ns[k] - time_ns[i]) * 1e-9
        if dt <= 0.0:
            continue
        time_ns[i] = to_ns[k]
        existence[i] *= math.exp(-dt / limit[0])
        advance(state, cov, mode, i, dt, model, limit)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def combine_row(state: F64, cov: F64, mode: F64, i: int, mean: F64, total: F64) -> None:
    """Fill in one row's mean and packed covariance over its models, see `combine`."""
    M = mode.shape[1]
    for a in range(6):
        mean[i, a] = state[i, 0, a] if M == 1 else 0.0
    for c in range(21):
        total[i, c] = cov[i, 0, c] if M == 1 else 0.0
    if M == 1:
        return
    for m in range(M):
        for a in range(6):
            mean[i, a] += mode[i, m] * state[i, m, a]
    for m in range(M):
        _add_moment(state, cov, i, m, mode[i, m], mean, total, i)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def combine(state: F64, cov: F64, mode: F64, mean: F64, total: F64) -> None:
    """Fill in each row's mean and packed covariance over its models.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        mode: (n, M).
        mean: (n, 6) out.
        total: (n, 21) out.
    """
    for i in range(mode.shape[0]):
        combine_row(state, cov, mode, i, mean, total)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def density(
    state: F64,
    cov: F64,
    i: int,
    m: int,
    plot_m: F64,
    plot_cov: F64,
    j: int,
    dt: float,
    d: int,
    model: F64,
    gate: float,
) -> float:
    """Return the Gaussian density of a plot under one model of one row; 0 outside the gate.

    S = H P H' + R + the noise of the interval is factored as L D L'.
    """
    cube = abs(dt * dt * dt) / 3.0
    h = cov[i, m, 0] + dt * (2.0 * cov[i, m, 3] + dt * cov[i, m, 15])
    s00 = h + plot_cov[j, 0] + cube * model[m, 0]
    v0 = plot_m[j, 0] - state[i, m, 0] - dt * state[i, m, 3]
    if v0 * v0 > gate * s00:
        return 0.0
    h = cov[i, m, 1] + dt * (cov[i, m, 4] + cov[i, m, 8] + dt * cov[i, m, 16])
    s01 = h + plot_cov[j, 1]
    h = cov[i, m, 6] + dt * (2.0 * cov[i, m, 9] + dt * cov[i, m, 18])
    d1 = h + plot_cov[j, 3] + cube * model[m, 0] - s01 * s01 / s00
    v1 = plot_m[j, 1] - state[i, m, 1] - dt * state[i, m, 4] - s01 / s00 * v0
    distance2 = v0 * v0 / s00 + v1 * v1 / d1
    volume = _TWO_PI * math.sqrt(s00 * d1)
    if d == 3:
        h = cov[i, m, 2] + dt * (cov[i, m, 5] + cov[i, m, 12] + dt * cov[i, m, 17])
        s02 = h + plot_cov[j, 2]
        h = cov[i, m, 7] + dt * (cov[i, m, 10] + cov[i, m, 13] + dt * cov[i, m, 19])
        l20 = s02 / s00
        l21 = (h + plot_cov[j, 4] - l20 * s01) / d1
        h = cov[i, m, 11] + dt * (2.0 * cov[i, m, 14] + dt * cov[i, m, 20])
        d2 = h + plot_cov[j, 5] + cube * model[m, 1] - l20 * s02 - l21 * l21 * d1
        v2 = plot_m[j, 2] - state[i, m, 2] - dt * state[i, m, 5] - l20 * v0 - l21 * v1
        distance2 += v2 * v2 / d2
        volume *= math.sqrt(_TWO_PI * d2)
    if distance2 > gate:
        return 0.0
    return math.exp(-0.5 * distance2) / volume


@nb.njit(cache=True, nogil=True, error_model="numpy")
def correct(
    state: F64,
    cov: F64,
    i: int,
    m: int,
    plot_m: F64,
    plot_cov: F64,
    j: int,
    dt: float,
    d: int,
    model: F64,
    state_out: F64,
    cov_out: F64,
    o: int,
) -> float:
    """Write one model's Gaussian of row i, updated by plot j, to row o; return the plot's density.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        i: row.
        m: model.
        plot_m: (p, 3).
        plot_cov: (p, 6) packed upper triangles.
        j: plot.
        dt: plot's time less the row's, s.
        d: dimension, 2 or 3.
        model: as in `drift`.
        state_out: (q, M, 6) out; may be `state`.
        cov_out: (q, M, 21) out; may be `cov`.
        o: row of the result.
    """
    PH, K, nu = np.empty((6, 3)), np.empty((6, 3)), np.empty(3)
    cube = abs(dt * dt * dt) / 3.0
    for a in range(6):
        for b in range(3):
            h = cov[i, m, _IX[a, b]] + dt * cov[i, m, _IX[a, b + 3]]
            PH[a, b] = h if b < d else 0.0
    s00 = PH[0, 0] + dt * PH[3, 0] + plot_cov[j, 0] + cube * model[m, 0]
    s01 = PH[0, 1] + dt * PH[3, 1] + plot_cov[j, 1]
    l10 = s01 / s00
    d1 = PH[1, 1] + dt * PH[4, 1] + plot_cov[j, 3] + cube * model[m, 0] - l10 * s01
    for a in range(3):
        nu[a] = plot_m[j, a] - state[i, m, a] - dt * state[i, m, a + 3]
    v1 = nu[1] - l10 * nu[0]
    distance2 = nu[0] * nu[0] / s00 + v1 * v1 / d1
    volume = _TWO_PI * math.sqrt(s00 * d1)
    # The third row of S is that of the identity where there is no height.
    l20, l21, d2 = 0.0, 0.0, 1.0
    if d == 3:
        s02 = PH[0, 2] + dt * PH[3, 2] + plot_cov[j, 2]
        s12 = PH[1, 2] + dt * PH[4, 2] + plot_cov[j, 4]
        l20 = s02 / s00
        l21 = (s12 - l20 * s01) / d1
        s22 = PH[2, 2] + dt * PH[5, 2] + plot_cov[j, 5] + cube * model[m, 1]
        d2 = s22 - l20 * s02 - l21 * l21 * d1
        v2 = nu[2] - l20 * nu[0] - l21 * v1
        distance2 += v2 * v2 / d2
        volume *= math.sqrt(_TWO_PI * d2)
    else:
        nu[2] = 0.0
    for a in range(6):
        y1 = PH[a, 1] - l10 * PH[a, 0]
        x2 = (PH[a, 2] - l20 * PH[a, 0] - l21 * y1) / d2
        x1 = y1 / d1 - l21 * x2
        K[a, 0], K[a, 1], K[a, 2] = PH[a, 0] / s00 - l10 * x1 - l20 * x2, x1, x2
    c = 0
    for a in range(6):
        gained = K[a, 0] * nu[0] + K[a, 1] * nu[1] + K[a, 2] * nu[2]
        state_out[o, m, a] = state[i, m, a] + gained
        for b in range(a, 6):
            less = K[a, 0] * PH[b, 0] + K[a, 1] * PH[b, 1] + K[a, 2] * PH[b, 2]
            cov_out[o, m, c] = cov[i, m, c] - less
            c += 1
    return math.exp(-0.5 * distance2) / volume


@nb.njit(cache=True, nogil=True, error_model="numpy")
def correct_row(
    state: F64,
    cov: F64,
    mode: F64,
    i: int,
    plot_m: F64,
    plot_cov: F64,
    j: int,
    dt: float,
    d: int,
    model: F64,
    state_out: F64,
    cov_out: F64,
    mode_out: F64,
    o: int,
) -> None:
    """Write row i, updated by plot j in each model, to row o; arguments as in `correct`."""
    M, total = mode.shape[1], 0.0
    for m in range(M):
        like = correct(state, cov, i, m, plot_m, plot_cov, j, dt, d, model, state_out, cov_out, o)
        mode_out[o, m] = max(mode[i, m] * like, 0.0)
        total += mode_out[o, m]
    for m in range(M):
        share = mode_out[o, m] / total if total > 0.0 else mode[i, m]
        mode_out[o, m] = max(share, _LEAST_MODE) / (1.0 + (M - 1) * _LEAST_MODE) if M > 1 else 1.0


@nb.njit(cache=True, nogil=True, error_model="numpy")
def copy_row(
    state: F64, cov: F64, mode: F64, i: int, state_out: F64, cov_out: F64, mode_out: F64, o: int
) -> None:
    """Copy row i to row o of another mixture."""
    for m in range(mode.shape[1]):
        mode_out[o, m] = mode[i, m]
        for a in range(6):
            state_out[o, m, a] = state[i, m, a]
        for c in range(21):
            cov_out[o, m, c] = cov[i, m, c]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def clear(mean: F64, total: F64, mass: F64, o: int) -> None:
    """Empty row o of a sum of Gaussians, see `pour`."""
    for m in range(mass.shape[1]):
        mass[o, m] = 0.0
        for a in range(6):
            mean[o, m, a] = 0.0
        for c in range(21):
            total[o, m, c] = 0.0


@nb.njit(cache=True, nogil=True, error_model="numpy")
def pour(
    state: F64, cov: F64, mode: F64, i: int, w: float, mean: F64, total: F64, mass: F64, o: int
) -> None:
    """Add row i with weight w to the sum in row o, model by model.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        mode: (n, M).
        i: row.
        w: its weight.
        mean: (q, M, 6) the sum's mean.
        total: (q, M, 21) the sum's covariance.
        mass: (q, M) the sum's weight.
        o: row of the sum.
    """
    for m in range(mode.shape[1]):
        add = w * mode[i, m]
        if add <= 0.0:
            continue
        whole = mass[o, m] + add
        share = add / whole
        c = 0
        for a in range(6):
            da = state[i, m, a] - mean[o, m, a]
            for b in range(a, 6):
                db = state[i, m, b] - mean[o, m, b]
                # The mean of the sum is moved below, once its covariance is done.
                grown = cov[i, m, c] - total[o, m, c] + (1.0 - share) * da * db
                total[o, m, c] += share * grown
                c += 1
        for a in range(6):
            mean[o, m, a] += share * (state[i, m, a] - mean[o, m, a])
        mass[o, m] = whole


@nb.njit(cache=True, nogil=True, error_model="numpy")
def settle(mass: F64, o: int) -> float:
    """Turn the weights of a sum's models into probabilities; return the whole weight."""
    whole = 0.0
    for m in range(mass.shape[1]):
        whole += mass[o, m]
    for m in range(mass.shape[1]):
        mass[o, m] = mass[o, m] / whole if whole > 0.0 else 1.0 / mass.shape[1]
    return whole


@nb.njit(cache=True, nogil=True, error_model="numpy")
def update(
    state: F64,
    cov: F64,
    mode: F64,
    time_ns: I64,
    existence: F64,
    rows: I64,
    missed: F64,
    start: I64,
    edge_plot: I64,
    edge_weight: F64,
    none_weight: F64,
    alone: I8,
    plot_m: F64,
    plot_cov: F64,
    plot_ns: I64,
    plot_dimension: I8,
    model: F64,
) -> None:
    """Replace rows in place by the moments of their association mixtures.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        mode: (n, M).
        time_ns: (n,).
        existence: (n,); becomes the posterior probability.
        rows: (k,) the rows of this look.
        missed: (k,) existence of each if it gave no plot.
        start: (k + 1,) first edge of each.
        edge_plot: plot of each edge.
        edge_weight: probability that the row gave that plot.
        none_weight: (k,) probability that it gave none.
        alone: (k,) 1: to be updated here.
        plot_m: (m, 3).
        plot_cov: (m, 6) packed upper triangle.
        plot_ns: (m,).
        plot_dimension: (m,) 2 or 3.
        model: as in `drift`.
    """
    M = mode.shape[1]
    one, one_cov, one_mode = np.empty((1, M, 6)), np.empty((1, M, 21)), np.empty((1, M))
    sum_, sum_cov, sum_mode = np.empty((1, M, 6)), np.empty((1, M, 21)), np.empty((1, M))
    for k in range(rows.size):
        if not alone[k]:
            continue
        i, mass = rows[k], none_weight[k] * missed[k]
        if start[k] == start[k + 1]:
            existence[i] = min(mass, 1.0)
            continue
        clear(sum_, sum_cov, sum_mode, 0)
        pour(state, cov, mode, i, mass, sum_, sum_cov, sum_mode, 0)
        for e in range(start[k], start[k + 1]):
            j, w = edge_plot[e], edge_weight[e]
            dt = (plot_ns[j] - time_ns[i]) * 1e-9
            correct_row(
                state, cov, mode, i, plot_m, plot_cov, j, dt, plot_dimension[j], model, one,
                one_cov, one_mode, 0,
            )  # fmt: skip
            pour(one, one_cov, one_mode, 0, w, sum_, sum_cov, sum_mode, 0)
            mass += w
        existence[i] = min(mass, 1.0)
        if settle(sum_mode, 0) <= 0.0:
            continue
        copy_row(sum_, sum_cov, sum_mode, 0, state, cov, mode, i)
