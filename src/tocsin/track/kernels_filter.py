"""Kernels that move and update states; each has its NumPy twin in `reference`.

Row i holds one Gaussian for each motion model m: a mean and a covariance, the packed upper triangle
by rows (21 values), the contract's order. A plot at its own time t_j updates a state at time t_i
through H = [I, (t_j - t_i) I]; the process noise of that short interval is added to the plot's
covariance.

Source: H. A. P. Blom, Y. Bar-Shalom, IEEE Trans. AC 33 (1988) 780-783 (interacting multiple
models); S. F. Schmidt, Advances in Control Systems 3 (1966) 293-340 (states that are only
considered).
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tocsin.contract import F64, I64
from tocsin.motion import Arrays, kernels_imm, kernels_models
from tocsin.motion.kernels_jit import lean

_LEAST_MODE = 1e-6
FREE_M2 = 1e10
"""Variance of what a range and an azimuth say along their arc: nothing."""
ARC_M = math.sqrt(2.0 * math.pi * FREE_M2)
"""What a density in space is multiplied by to be one of range and azimuth."""
BENDS = 2.0
"""The bend of an arc is the same in all plots of a radar: it counts as that of so many."""
_LOG_ARC_M = math.log(ARC_M)
_TWO_PI_2, _TWO_PI_3 = (2.0 * math.pi) ** 2, (2.0 * math.pi) ** 3


@lean(inline=True)
def hold(cov: F64, limit: F64) -> None:
    """Bound the uncertainty of height and climb: without a measured height it would only grow.

    Args:
        cov: (21,).
        limit: mean life (s), largest standard deviation of height and of climb.
    """
    height = limit[1] / math.sqrt(cov[11])
    if height < 1.0:
        for c in (2, 7, 12, 13, 14):
            cov[c] *= height
        cov[11] *= height * height
    climb = limit[2] / math.sqrt(cov[20])
    if climb < 1.0:
        for c in (5, 10, 14, 17, 19):
            cov[c] *= climb
        cov[20] *= climb * climb


@lean()
def advance(
    state: F64,
    cov: F64,
    mode: F64,
    i: int,
    dt: float,
    model: Arrays,
    limit: F64,
    mean: F64,
    total: F64,
) -> None:
    """Advance one row in place by `dt` seconds, not negative: mix its models, then move each.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        mode: (n, M) model probabilities; become those after the change.
        i: row.
        dt: seconds.
        model: the models.
        limit: see `hold`.
        mean: (6,) work space.
        total: (21,) likewise.
    """
    falling = kernels_imm.advance(
        model.kind, model.noise, model.extra, model.rate_ps, model.share, dt, state[i], cov[i],
        mode[i], mean, total,
    )  # fmt: skip
    if falling:
        return
    for m in range(mode.shape[1]):
        hold(cov[i, m], limit)


@lean(inline=True)
def bring_row(
    state: F64,
    cov: F64,
    mode: F64,
    i: int,
    dt: float,
    model: Arrays,
    limit: F64,
    mean: F64,
    total: F64,
) -> float:
    """Do what `advance` does, if `dt` is positive; return how probably it still exists.

    Constant velocity alone is most tracks' and has nothing to mix.
    """
    if dt <= 0.0:
        return 1.0
    if mode.shape[1] == 1 and model.kind[0] == kernels_imm.CV:
        x, P = state[i, 0], cov[i, 0]
        kernels_models.predict_cv(x, P, dt, model.noise[0], x, P)
        hold(P, limit)
    else:
        advance(state, cov, mode, i, dt, model, limit, mean, total)
    return math.exp(-dt / limit[0])


@lean()
def _predict_rows(
    state: F64,
    cov: F64,
    mode: F64,
    time_ns: I64,
    existence: F64,
    rows: I64,
    to_ns: I64,
    model: Arrays,
    limit: F64,
    mean: F64,
    total: F64,
) -> None:
    """Do what `predict` does."""
    for k in range(rows.size):
        i = rows[k]
        dt = (to_ns[k] - time_ns[i]) * 1e-9
        existence[i] *= bring_row(state, cov, mode, i, dt, model, limit, mean, total)
        time_ns[i] = max(time_ns[i], to_ns[k])


@nb.njit(cache=True, nogil=True, error_model="numpy")
def predict(
    state: F64,
    cov: F64,
    mode: F64,
    time_ns: I64,
    existence: F64,
    rows: I64,
    to_ns: I64,
    model: Arrays,
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
        model: the models.
        limit: mean life (s), largest standard deviation of height and of climb.
    """
    _predict_rows(
        state, cov, mode, time_ns, existence, rows, to_ns, model, limit, np.empty(6), np.empty(21)
    )


@lean()
def combine_row(state: F64, cov: F64, mode: F64, i: int, mean: F64, total: F64) -> None:
    """Fill in one row's mean and packed covariance over its models, see `combine`."""
    kernels_imm.moments(state[i], cov[i], mode[i], mean[i], total[i])


@lean(inline=True)
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


@lean()
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


@lean(inline=True)
def density(x: F64, P: F64, z: F64, R: F64, dt: float, d: int, noise: F64, gate: float) -> float:
    """Return the Gaussian density of a plot under one model of one row; 0 outside the gate.

    Args:
        x: (6,) state.
        P: (21,) its covariance.
        z: (3,) plot.
        R: (6,) its covariance, packed.
        dt: plot's time less the state's, s.
        d: dimension, 2 or 3.
        noise: (4,) of the model.
        gate: largest squared distance.
    """
    if d == 3:
        distance2, determinant = kernels_models.gate_position(x, P, z, R, dt, noise)
        scale = _TWO_PI_3 * determinant
    else:
        distance2, determinant = kernels_models.gate_plane(x, P, z, R, dt, noise)
        scale = _TWO_PI_2 * determinant
    return math.exp(-0.5 * distance2) / math.sqrt(scale) if distance2 <= gate else 0.0


@lean(inline=True)
def has_rate(rate: F64, j: int) -> bool:
    """Say whether a plot has a range rate."""
    return not math.isnan(rate[j, 0])


@lean(inline=True)
def on_arc(dimension: int, rate: F64, j: int) -> bool:
    """Say whether a plot is of a radar that knows range and azimuth, no height."""
    return dimension == 2 and not math.isnan(rate[j, 2])


@lean(inline=True)
def _variance(P: F64, x: float, y: float, z: float) -> float:
    """Return the variance of a place along a unit vector."""
    mixed = P[1] * x * y + P[2] * x * z + P[7] * y * z
    return float(P[0] * x * x + P[6] * y * y + P[11] * z * z + 2.0 * mixed)


@lean()
def place_on_arc(
    x: F64, P: F64, dt: float, plot_m: F64, j: int, rate: F64, sensor_m: F64, z: F64, R: F64
) -> float:
    """Write where on the arc of its range and azimuth a plot is, given what is known of the height.

    As a position of three dimensions it says nothing along the arc. What is unsure along the arc
    makes the expected range longer, by half its variance over the range, and less sure: second
    order terms of the range.

    Args:
        x: (6,) state.
        P: (21,) its covariance.
        dt: plot's time less the state's, s.
        plot_m: (p, 3).
        j: plot.
        rate: (p, 9) see `state.Picture`.
        sensor_m: (6,) likewise.
        z: (3,) out.
        R: (6,) out: its covariance, packed.

    Returns:
        The variance of the second-order term as a share of that of the range's innovation.
    """
    s, range_m, cx, cy, cz = sensor_m, rate[j, 2], rate[j, 6], rate[j, 7], rate[j, 8]
    ax, ay, az = x[0] + dt * x[3] - s[0], x[1] + dt * x[4] - s[1], x[2] + dt * x[5] - s[2]
    off = ax * cx + ay * cy + az * cz
    ax, ay, az = ax - off * cx, ay - off * cy, az - off * cz
    qx, qy, qz = plot_m[j, 0] - s[0], plot_m[j, 1] - s[1], plot_m[j, 2] - s[2]
    if ax * qx + ay * qy + az * qz <= 0.0:
        # Seen from the sensor the state lies behind: the plot is where it says itself.
        ax, ay, az = qx, qy, qz
    high, far2 = ax * s[3] + ay * s[4] + az * s[5], ax * ax + ay * ay + az * az
    side = rate[j, 4] * (far2 - high * high) + 1.0
    far = math.sqrt(far2) + 1e-9
    ax, ay, az = ax / far, ay / far, az / far
    vx, vy, vz = ay * cz - az * cy, az * cx - ax * cz, ax * cy - ay * cx
    longer = 0.5 * min(_variance(P, vx, vy, vz), rate[j, 5]) / range_m
    bend = 2.0 * longer * longer
    var, free = rate[j, 3] + BENDS * bend, FREE_M2
    z[0] = s[0] + ax * (range_m - longer)
    z[1] = s[1] + ay * (range_m - longer)
    z[2] = s[2] + az * (range_m - longer)
    R[0] = var * ax * ax + side * cx * cx + free * vx * vx
    R[1] = var * ax * ay + side * cx * cy + free * vx * vy
    R[2] = var * ax * az + side * cx * cz + free * vx * vz
    R[3] = var * ay * ay + side * cy * cy + free * vy * vy
    R[4] = var * ay * az + side * cy * cz + free * vy * vz
    R[5] = var * az * az + side * cz * cz + free * vz * vz
    return float(bend / (_variance(P, ax, ay, az) + var))


@lean(inline=True)
def _keep_height(x: F64, P: F64, bend: float, x_out: F64, P_out: F64) -> None:
    """Take back what a plot on an arc said of height and climb, where its bend says no less.

    Otherwise a radar alone would slowly grow sure of a height that it does not know. What is left
    is the update that only considers them (Schmidt 1966).
    """
    if P[11] - P_out[11] < bend * P[11]:
        x_out[2], x_out[5] = x[2], x[5]
        P_out[11], P_out[14], P_out[20] = P[11], P[14], P[20]


@lean()
def _correct_on_arc(
    state: F64,
    cov: F64,
    mode: F64,
    i: int,
    plot_m: F64,
    j: int,
    dt: float,
    rate: F64,
    sensor_m: F64,
    noise: F64,
    state_out: F64,
    cov_out: F64,
    mode_out: F64,
    o: int,
) -> float:
    """Do what `correct_row` does with a range and an azimuth."""
    top = -math.inf
    for m in range(mode.shape[1]):
        x, P, q, x_out, P_out = state[i, m], cov[i, m], noise[m], state_out[o, m], cov_out[o, m]
        # What is written last may hold what is read first.
        bend = place_on_arc(x, P, dt, plot_m, j, rate, sensor_m, x_out, P_out)
        like = kernels_models.update_position(x, P, x_out, P_out, dt, q, x_out, P_out)
        _keep_height(x, P, bend, x_out, P_out)
        if has_rate(rate, j):
            like += kernels_models.update_range_rate(
                x_out, P_out, sensor_m, rate[j, 0], rate[j, 1], dt, q, x_out, P_out
            )
        mode_out[o, m] = like + _LOG_ARC_M
        top = max(top, mode_out[o, m])
    return _weigh(mode, i, mode_out, o, top)


@lean()
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
    rate: F64,
    sensor_m: F64,
    noise: F64,
    state_out: F64,
    cov_out: F64,
    mode_out: F64,
    o: int,
) -> float:
    """Write row i, updated by plot j in each model, to row o of the results.

    A range rate is used after the position, so that its line of sight is as good as can be.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        mode: (n, M).
        i: row.
        plot_m: (p, 3).
        plot_cov: (p, 6) packed upper triangles.
        j: plot.
        dt: plot's time less the row's, s.
        d: dimension, 2 or 3.
        rate: (p, 9) see `state.Picture`.
        sensor_m: (6,) likewise.
        noise: (M, 4) of the models.
        state_out: (q, M, 6) out.
        cov_out: (q, M, 21) out.
        mode_out: (q, M) out.
        o: row of the result.

    Returns:
        Log density of all that was measured.
    """
    M, rated = mode.shape[1], has_rate(rate, j)
    if on_arc(d, rate, j):
        # A way of its own: most plots have a height, and their loop stays as short as it was.
        return _correct_on_arc(
            state, cov, mode, i, plot_m, j, dt, rate, sensor_m, noise, state_out, cov_out,
            mode_out, o,
        )  # fmt: skip
    top = -math.inf
    for m in range(M):
        x, P, z, R, q = state[i, m], cov[i, m], plot_m[j], plot_cov[j], noise[m]
        if d == 3:
            mode_out[o, m] = kernels_models.update_position(
                x, P, z, R, dt, q, state_out[o, m], cov_out[o, m]
            )
        else:
            mode_out[o, m] = kernels_models.update_plane(
                x, P, z, R, dt, q, state_out[o, m], cov_out[o, m]
            )
        if rated:
            x, P = state_out[o, m], cov_out[o, m]
            mode_out[o, m] += kernels_models.update_range_rate(
                x, P, sensor_m, rate[j, 0], rate[j, 1], dt, q, x, P
            )
        top = max(top, mode_out[o, m])
    return _weigh(mode, i, mode_out, o, top)


@lean(inline=True)
def _weigh(mode: F64, i: int, mode_out: F64, o: int, top: float) -> float:
    """Turn log densities by model, in place, into probabilities; return the log of their mean."""
    M, total = mode.shape[1], 0.0
    for m in range(M):
        mode_out[o, m] = mode[i, m] * math.exp(mode_out[o, m] - top)
        total += mode_out[o, m]
    for m in range(M):
        # A model that is all but ruled out must be able to come back.
        mode_out[o, m] = (mode_out[o, m] / total + _LEAST_MODE) / (1.0 + M * _LEAST_MODE)
    return math.log(total) + top


@lean()
def clear(mean: F64, total: F64, mass: F64, o: int) -> None:
    """Empty row o of a sum of Gaussians, see `pour`."""
    for m in range(mass.shape[1]):
        mass[o, m] = 0.0
        for a in range(6):
            mean[o, m, a] = 0.0
        for c in range(21):
            total[o, m, c] = 0.0


@lean()
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


@lean()
def settle(mass: F64, o: int) -> float:
    """Turn the weights of a sum's models into probabilities; return the whole weight."""
    whole = 0.0
    for m in range(mass.shape[1]):
        whole += mass[o, m]
    for m in range(mass.shape[1]):
        mass[o, m] = mass[o, m] / whole if whole > 0.0 else 1.0 / mass.shape[1]
    return whole


@lean(inline=True)
def blend(
    state: F64,
    cov: F64,
    mode: F64,
    i: int,
    weight: float,
    other: F64,
    other_cov: F64,
    other_mode: F64,
    o: int,
    other_weight: float,
) -> None:
    """Replace row i, in place, by the moments of its mixture with row o of others.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        mode: (n, M).
        i: row.
        weight: its weight.
        other: (q, M, 6).
        other_cov: (q, M, 21).
        other_mode: (q, M).
        o: row of the others.
        other_weight: its weight.
    """
    for m in range(mode.shape[1]):
        mine, both = weight * mode[i, m], weight * mode[i, m] + other_weight * other_mode[o, m]
        mode[i, m] = both / (weight + other_weight)
        if both <= 0.0:
            continue
        share, c = 1.0 - mine / both, 0
        for a in range(6):
            da = other[o, m, a] - state[i, m, a]
            for b in range(a, 6):
                db = other[o, m, b] - state[i, m, b]
                grown = other_cov[o, m, c] - cov[i, m, c] + (1.0 - share) * da * db
                cov[i, m, c] += share * grown
                c += 1
        for a in range(6):
            state[i, m, a] += share * (other[o, m, a] - state[i, m, a])
