"""Take the motion of targets out of their plots, so that only the sensors' biases are left.

Each segment (the plots of one target in a short time) gets a filter that knows nothing of biases,
and beside it the sensitivity V of its state to them. Its innovations are then white about a mean
that is linear in the biases. `reference.eliminate` does the same by one large least-squares problem
a segment, and is the oracle.

Source: B. Friedland, Treatment of bias in recursive filtering, IEEE Trans. AC 14 (1969) 359-367.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tocsin.contract import F64, I64

POSITION_VARIANCE_M2 = 1e10
VELOCITY_VARIANCE_M2PS2 = 9e4


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _advance(x: F64, P: F64, V: F64, dt: float, noise: F64) -> None:
    """Move one state, its covariance and its sensitivity dt seconds on."""
    for a in range(3):
        x[a] += dt * x[a + 3]
        for m in range(V.shape[1]):
            V[a, m] += dt * V[a + 3, m]
        for b in range(6):
            P[a, b] += dt * P[a + 3, b]
    for a in range(3):
        for b in range(6):
            P[b, a] += dt * P[b, a + 3]
        q = noise[a]
        P[a, a] += q * dt * dt * dt / 3.0
        P[a, a + 3] += q * dt * dt / 2.0
        P[a + 3, a] += q * dt * dt / 2.0
        P[a + 3, a + 3] += q * dt


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _whitened(cov: F64, d: int, out: F64) -> None:
    """Write the inverse of the lower Cholesky factor of the upper-left d x d block."""
    for a in range(d):
        for b in range(a + 1):
            total = cov[a, b]
            for k in range(b):
                total -= out[a, k] * out[b, k]
            out[a, b] = math.sqrt(total) if a == b else total / out[b, b]
    for a in range(d):
        out[a, a] = 1.0 / out[a, a]
        for b in range(a):
            total = 0.0
            for k in range(b, a):
                total += out[a, k] * out[k, b]
            out[a, b] = -total * out[a, a]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _measured(
    x: F64, P: F64, V: F64, h: F64, y: float, sens: F64, info: F64, score: F64, gain: F64
) -> float:
    """Use one whitened measurement; return its normalised squared innovation."""
    s2, nu, count = 1.0, y, V.shape[1]
    for a in range(6):
        gain[a] = P[a, 0] * h[0] + P[a, 1] * h[1] + P[a, 2] * h[2]
    for a in range(3):
        s2 += h[a] * gain[a]
        nu -= h[a] * x[a]
        for m in range(count):
            sens[m] -= h[a] * V[a, m]
    inverse = 1.0 / s2
    for m in range(count):
        share = sens[m] * inverse
        score[m] += share * nu
        for k in range(m, count):
            info[m, k] += share * sens[k]
    for a in range(6):
        share = gain[a] * inverse
        x[a] += share * nu
        for m in range(count):
            V[a, m] += share * sens[m]
        for b in range(6):
            P[a, b] -= share * gain[b]
    return nu * nu * inverse


@nb.njit(cache=True, nogil=True, error_model="numpy")
def eliminate(
    first: I64,
    at_s: F64,
    dims: I64,
    slot: I64,
    position_m: F64,
    cov_m2: F64,
    columns: F64,
    velocity_mps: F64,
    noise: F64,
    info: F64,
    score: F64,
    energy: F64,
) -> None:
    """Write what each segment says of the biases of its sensors, its own motion taken out.

    With b the biases in units of their own, the likelihood of a segment is
    exp(-(energy - 2 score' b + b' info b) / 2).

    Args:
        first: (g + 1,) where each segment's rows begin.
        at_s: (n,) times, increasing within a segment.
        dims: (n,) 2: no height was measured; 3.
        slot: (n,) number of the row's sensor within its segment.
        position_m: (n, 3) about a point near the segment's first.
        cov_m2: (n, 3, 3).
        columns: (n, 3, 4) derivatives of the position by the sensor's biases.
        velocity_mps: (n, 3) of the target, roughly.
        noise: (3,) densities of its acceleration.
        info: (g, 4 slots, 4 slots) zeros; upper triangles are written.
        score: (g, 4 slots) zeros.
        energy: (g,) zeros.
    """
    x, P, V = np.zeros(6), np.zeros((6, 6)), np.zeros((6, score.shape[1]))
    h, gain, sens, L = np.zeros(3), np.zeros(6), np.zeros(score.shape[1]), np.zeros((3, 3))
    for g in range(first.size - 1):
        begin = first[g]
        # Assigning to a slice would take far longer to compile than `fill`.
        P.fill(0.0)
        V.fill(0.0)
        for a in range(3):
            x[a], x[a + 3] = 0.0, velocity_mps[begin, a]
            P[a, a], P[a + 3, a + 3] = POSITION_VARIANCE_M2, VELOCITY_VARIANCE_M2PS2
        for j in range(begin, first[g + 1]):
            if j > begin:
                _advance(x, P, V, at_s[j] - at_s[j - 1], noise)
            _whitened(cov_m2[j], dims[j], L)
            for a in range(dims[j]):
                y = 0.0
                sens.fill(0.0)
                h.fill(0.0)
                for b in range(a + 1):
                    h[b] = L[a, b]
                    y += L[a, b] * position_m[j, b]
                    for k in range(4):
                        sens[4 * slot[j] + k] += L[a, b] * columns[j, b, k]
                energy[g] += _measured(x, P, V, h, y, sens, info[g], score[g], gain)
