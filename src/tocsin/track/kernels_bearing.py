"""Kernels for bearings: what a node should hear, and states updated by it.

A bearing is two angles, or one, about its node; it is predicted from a state, not turned into a
place. What comes as sound left its object before: the delay follows from the state in closed form.
The update is the iterated extended Kalman filter, because a place known along a line only is far
from linear in angles. Each kernel has its NumPy twin in `reference_bearing`.

Source: B. M. Bell, F. W. Cathey, IEEE Trans. AC 38 (1993) 294-297 (the iterated filter is a
Gauss-Newton method); B. Ristic, S. Arulampalam, N. Gordon, Beyond the Kalman Filter (2004), ch. 6.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from tocsin.contract import F64, I64, Bool
from tocsin.motion.kernels_jit import lean
from tocsin.track.kernels_filter import clear, copy_row, pour, settle
from tocsin.track.kernels_rows import judge

if TYPE_CHECKING:
    from tocsin.track.state import Bank

AZIMUTH, ELEVATION, AZIMUTH_VAR, ELEVATION_VAR, SLOWNESS, REACH = 12, 13, 14, 15, 16, 17
"""Columns of a bearing after its node's position (3) and rotation to its ENU by rows (9)."""
ITERATIONS = 4
LOOSE = 4.0
"""Before the iteration the gate is wider by this: the first linearisation may be off."""
_LEAST_FLAT2 = 1.0
_LEAST_MODE = 1e-6
_SLOWEST_SOUND = 0.05
_LOG_TWO_PI = math.log(2.0 * math.pi)


@lean()
def sight(x: F64, dt: float, heard: F64, angles: F64, slope: F64) -> float:
    """Predict what a node hears of a state; return seconds from the state to what is heard.

    Args:
        x: (6,) position then velocity.
        dt: seconds from the state to the bearing.
        heard: (18,) see above.
        angles: (2,) out: azimuth, elevation.
        slope: (2, 3) out: their derivatives by the position when what is heard was sent.

    Returns:
        NaN where the object is about as fast as sound: it is not heard as it comes.
    """
    k, px, py, pz = heard[SLOWNESS], 0.0, 0.0, 0.0
    vx, vy, vz = x[3], x[4], x[5]
    px = x[0] + dt * vx - heard[0]
    py = x[1] + dt * vy - heard[1]
    pz = x[2] + dt * vz - heard[2]
    delay = 0.0
    if k > 0.0:
        slack = 1.0 - k * k * (vx * vx + vy * vy + vz * vz)
        if slack < _SLOWEST_SOUND:
            return math.nan
        along = k * (px * vx + py * vy + pz * vz)
        far2 = px * px + py * py + pz * pz
        delay = k * (math.sqrt(along * along + slack * far2) - along) / slack
        px, py, pz = px - delay * vx, py - delay * vy, pz - delay * vz
    east = heard[3] * px + heard[4] * py + heard[5] * pz
    north = heard[6] * px + heard[7] * py + heard[8] * pz
    up = heard[9] * px + heard[10] * py + heard[11] * pz
    flat2 = max(east * east + north * north, _LEAST_FLAT2)
    flat, far2 = math.sqrt(flat2), flat2 + up * up
    angles[0], angles[1] = math.atan2(east, north), math.atan2(up, flat)
    a, b = north / flat2, -east / flat2
    c, d, e = -east * up / (flat * far2), -north * up / (flat * far2), flat / far2
    for axis in range(3):
        slope[0, axis] = a * heard[3 + axis] + b * heard[6 + axis]
        slope[1, axis] = c * heard[3 + axis] + d * heard[6 + axis] + e * heard[9 + axis]
    if k > 0.0:
        far = math.sqrt(far2)
        closing = k / (1.0 + k * (px * vx + py * vy + pz * vz) / far) / far
        for g in range(2):
            seen = closing * (slope[g, 0] * vx + slope[g, 1] * vy + slope[g, 2] * vz)
            slope[g, 0] -= seen * px
            slope[g, 1] -= seen * py
            slope[g, 2] -= seen * pz
    return float(dt - delay)


@lean()
def _wandered(x: F64, g: F64, dt: float, noise: F64) -> float:
    """Return the variance of an angle that an object's manoeuvres in `dt` seconds add."""
    along = g[0] * x[3] + g[1] * x[4]
    across = g[1] * x[3] - g[0] * x[4]
    level = noise[0] * (g[0] * g[0] + g[1] * g[1])
    level += noise[1] * across * across + noise[2] * along * along
    return float((level + noise[3] * g[2] * g[2]) * abs(dt) ** 3 / 3.0)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _linear(
    x: F64,
    base: F64,
    bearings: F64,
    which: I64,
    dt: F64,
    noise: F64,
    H: F64,
    innovation: F64,
    variance: F64,
) -> int:
    """Fill in the angles' linear model about `base`; return how many angles there are, 0: none.

    Args:
        x: (6,) the state before the update.
        base: (6,) where the angles are made linear.
        bearings: (m, 18).
        which: (b,) those that are used.
        dt: (b,) seconds from the state to each of these.
        noise: (4,) see `tocsin.motion.models.Noise`.
        H: (4, 6) out.
        innovation: (4,) out: from what `x` predicts in this linear model.
        variance: (4,) out: of each angle.
    """
    angles, slope, n = np.empty(2), np.empty((2, 3)), 0
    for b in range(which.size):
        heard = bearings[which[b]]
        since = sight(base, dt[b], heard, angles, slope)
        if math.isnan(since):
            return 0
        for g in range(2):
            if math.isnan(heard[AZIMUTH + g]):
                continue
            off = heard[AZIMUTH + g] - angles[g]
            # The innovation is the angle of the cross product over the scalar product: wrapped.
            innovation[n] = math.atan2(math.sin(off), math.cos(off))
            for axis in range(3):
                H[n, axis], H[n, axis + 3] = slope[g, axis], since * slope[g, axis]
            for c in range(6):
                innovation[n] -= H[n, c] * (x[c] - base[c])
            variance[n] = heard[AZIMUTH_VAR + g] + _wandered(base, slope[g], since, noise)
            n += 1
    return n


@nb.njit(cache=True, nogil=True, error_model="numpy")
def correct(
    x: F64,
    cov: F64,
    bearings: F64,
    which: I64,
    dt: F64,
    noise: F64,
    gates: F64,
    x_out: F64,
    cov_out: F64,
) -> float:
    """Update one Gaussian by bearings; return their log density, -inf outside the gate.

    Args:
        x: (6,).
        cov: (21,) packed.
        bearings: (m, 18).
        which: (b,) one or two of them.
        dt: (b,) seconds from the state to each of these.
        noise: (4,) see `tocsin.motion.models.Noise`.
        gates: (4,) largest squared distance by number of angles.
        x_out: (6,) out; not written outside the gate.
        cov_out: (21,) out; likewise.
    """
    H, P, PH = np.empty((4, 6)), np.empty((6, 6)), np.empty(6)
    innovation, variance, base, now = np.empty(4), np.empty(4), np.empty(6), np.empty(6)
    log_like = -math.inf
    for a in range(6):
        base[a] = x[a]
    for turn in range(ITERATIONS):
        n = _linear(x, base, bearings, which, dt, noise, H, innovation, variance)
        c = 0
        for a in range(6):
            now[a] = 0.0
            for b in range(a, 6):
                P[a, b] = P[b, a] = cov[c]
                c += 1
        distance2, log_det = 0.0, 0.0
        for g in range(n):
            S, off = variance[g], innovation[g]
            for a in range(6):
                PH[a] = 0.0
                for b in range(6):
                    PH[a] += P[a, b] * H[g, b]
                S += H[g, a] * PH[a]
                off -= H[g, a] * now[a]
            for a in range(6):
                now[a] += PH[a] * off / S
                for b in range(6):
                    P[a, b] -= PH[a] * PH[b] / S
            distance2 += off * off / S
            log_det += math.log(S)
        limit = gates[n - 1] if turn == ITERATIONS - 1 else LOOSE * gates[n - 1]
        if n == 0 or not distance2 <= limit:
            return -math.inf
        log_like = -0.5 * (distance2 + log_det + n * _LOG_TWO_PI)
        for a in range(6):
            base[a] = x[a] + now[a]
    c = 0
    for a in range(6):
        x_out[a] = base[a]
        for b in range(a, 6):
            cov_out[c] = P[a, b]
            c += 1
    return log_like


@nb.njit(cache=True, nogil=True, error_model="numpy")
def gate(
    state: F64,
    cov: F64,
    mode: F64,
    time_ns: I64,
    rows: I64,
    bearings: F64,
    at_ns: I64,
    noise: F64,
    gates: F64,
    start: I64,
    edge_bearing: I64,
    edge_density: F64,
    edge_state: F64,
    edge_cov: F64,
    edge_mode: F64,
) -> int:
    """Find the bearings in the gates of rows, and the rows after each; return how many pairs.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        mode: (n, M).
        time_ns: (n,).
        rows: (k,) rows that may be heard.
        bearings: (m, 18).
        at_ns: (m,) when each was measured.
        noise: (M, 4).
        gates: (4,) see `correct`.
        start: (k + 1,) out: first pair of each row.
        edge_bearing: (e,) out: bearing of each pair; pairs beyond its length are only counted.
        edge_density: (e,) out: density of the bearing, over the models.
        edge_state: (e + 1, M, 6) out: the row after the bearing; the last one is scratch.
        edge_cov: (e + 1, M, 21) out: likewise.
        edge_mode: (e + 1, M) out: likewise.
    """
    M, which, dt, found = mode.shape[1], np.empty(1, np.int64), np.empty(1), 0
    log_like = np.empty(M)
    for k in range(rows.size):
        i = rows[k]
        start[k] = min(found, edge_bearing.size)
        for j in range(at_ns.size):
            e, density, top = min(found, edge_bearing.size), 0.0, -math.inf
            which[0], dt[0] = j, (at_ns[j] - time_ns[i]) * 1e-9
            # What is outside of one model's gate, though not of all, moves that model not at all.
            copy_row(state, cov, mode, i, edge_state, edge_cov, edge_mode, e)
            for m in range(M):
                log_like[m] = correct(
                    state[i, m], cov[i, m], bearings, which, dt, noise[m], gates, edge_state[e, m],
                    edge_cov[e, m],
                )  # fmt: skip
                top = max(top, log_like[m])
            if top == -math.inf:
                continue
            for m in range(M):
                edge_mode[e, m] *= math.exp(log_like[m] - top)
                density += edge_mode[e, m]
            for m in range(M):
                # A model that is all but ruled out must be able to come back.
                edge_mode[e, m] = edge_mode[e, m] / density + _LEAST_MODE
                edge_mode[e, m] /= 1.0 + M * _LEAST_MODE
            if found < edge_bearing.size:
                edge_bearing[e], edge_density[e] = j, density * math.exp(top)
            found += 1
    start[rows.size] = min(found, edge_bearing.size)
    return found


@nb.njit(cache=True, nogil=True, error_model="numpy")
def update(
    state: F64,
    cov: F64,
    mode: F64,
    rows: I64,
    alone: Bool,
    stays: F64,
    start: I64,
    edge_weight: F64,
    edge_state: F64,
    edge_cov: F64,
    edge_mode: F64,
) -> None:
    """Replace rows in place by the moments of "no bearing" and each of their bearings.

    Args:
        state: (n, M, 6).
        cov: (n, M, 21).
        mode: (n, M).
        rows: (k,).
        alone: (k,) whether it is to be updated.
        stays: (k,) probability that the row exists and gave no bearing.
        start: (k + 1,) first pair of each row.
        edge_weight: probability that the row gave the bearing of each pair.
        edge_state: see `gate`.
        edge_cov: likewise.
        edge_mode: likewise.
    """
    M = mode.shape[1]
    sum_, sum_cov, sum_mode = np.empty((1, M, 6)), np.empty((1, M, 21)), np.empty((1, M))
    for k in range(rows.size):
        i = rows[k]
        if not alone[k] or start[k] == start[k + 1]:
            continue
        clear(sum_, sum_cov, sum_mode, 0)
        pour(state, cov, mode, i, stays[k], sum_, sum_cov, sum_mode, 0)
        for e in range(start[k], start[k + 1]):
            pour(edge_state, edge_cov, edge_mode, e, edge_weight[e], sum_, sum_cov, sum_mode, 0)
        if settle(sum_mode, 0) > 0.0:
            copy_row(sum_, sum_cov, sum_mode, 0, state, cov, mode, i)


@lean()
def judge_rows(bank: Bank, rows: I64, rules: F64) -> None:
    """Mark rows in place that contest nothing, see `kernels_rows.judge`."""
    for k in range(rows.size):
        judge(bank, rows[k], rules)


@lean()
def _crossing(one: F64, other: F64, least_sine: float, x: F64) -> bool:
    """Fill in where two bearings cross on the map; say whether they do, in reach of both."""
    ax, ay = math.sin(one[AZIMUTH]), math.cos(one[AZIMUTH])
    bx, by = math.sin(other[AZIMUTH]), math.cos(other[AZIMUTH])
    ax, ay = one[3] * ax + one[6] * ay, one[4] * ax + one[7] * ay
    bx, by = other[3] * bx + other[6] * by, other[4] * bx + other[7] * by
    cross, dx, dy = ax * by - ay * bx, other[0] - one[0], other[1] - one[1]
    if abs(cross) < least_sine:
        return False
    first, second = (dx * by - dy * bx) / cross, (dx * ay - dy * ax) / cross
    x[0], x[1] = one[0] + first * ax, one[1] + first * ay
    return bool(0.0 < first <= one[REACH] and 0.0 < second <= other[REACH])


@lean()
def _sent(x: F64, heard: F64, at_ns: int) -> int:
    """Return when what a node hears at a time was sent from a place."""
    far = math.sqrt((x[0] - heard[0]) ** 2 + (x[1] - heard[1]) ** 2)
    return int(at_ns - np.int64(1e9 * heard[SLOWNESS] * far))


@nb.njit(cache=True, nogil=True, error_model="numpy")
def triangulate(
    bearings: F64,
    at_ns: I64,
    pairs: I64,
    prior: F64,
    gates: F64,
    state: F64,
    cov: F64,
    sent_ns: I64,
    evidence: F64,
) -> None:
    """Say what an object would be that two nodes heard, and how probably they would.

    Args:
        bearings: (m, 18).
        at_ns: (m,).
        pairs: (p, 2) bearings of two nodes.
        prior: standard deviation of speed along each horizontal axis, of climb; mean and standard
            deviation of the height above the node, as parts of its reach; least sine of the angle
            at which bearings cross.
        gates: (4,) see `correct`.
        state: (p, 6) out.
        cov: (p, 21) out.
        sent_ns: (p,) out: time of the result: when the later of what is heard was sent.
        evidence: (p,) out: density of the two bearings, integrated over the map for one object per
            m2 there; 0: no object gives both.
    """
    x, P, dt, still = np.zeros(6), np.zeros(21), np.empty(2), np.zeros(4)
    for p in range(pairs.shape[0]):
        one, other = bearings[pairs[p, 0]], bearings[pairs[p, 1]]
        evidence[p] = 0.0
        if not _crossing(one, other, prior[4], x):
            continue
        # So wide on the map that it says nothing there; its own density is taken out again.
        reach = max(one[REACH], other[REACH])
        x[2] = 0.5 * (one[2] + other[2]) + prior[2] * min(one[REACH], other[REACH])
        P[0] = P[6] = reach**2
        P[11] = (prior[3] * min(one[REACH], other[REACH])) ** 2
        P[15] = P[18] = prior[0] ** 2
        P[20] = prior[1] ** 2
        first_ns, second_ns = _sent(x, one, at_ns[pairs[p, 0]]), _sent(x, other, at_ns[pairs[p, 1]])
        sent_ns[p] = max(first_ns, second_ns)
        for b in range(2):
            dt[b] = (at_ns[pairs[p, b]] - sent_ns[p]) * 1e-9
        log_like = correct(x, P, bearings, pairs[p], dt, still, gates, state[p], cov[p])
        evidence[p] = 2.0 * math.pi * reach**2 * math.exp(log_like)
