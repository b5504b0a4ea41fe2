"""Plain NumPy twins of the kernels for bearings: slow, short, and the oracle of each one's test.

Each takes what its kernel takes, covariances unpacked, and returns what the kernel writes. The
delay of sound is found by running after it, slopes by central differences: nothing is derived as
in the kernels.
"""

from __future__ import annotations

import math

import numpy as np

from tocsin.contract import F64
from tocsin.motion import Noise
from tocsin.motion.models import density
from tocsin.track.kernels_bearing import (
    AZIMUTH,
    AZIMUTH_VAR,
    ITERATIONS,
    LOOSE,
    REACH,
    SLOWNESS,
)

_STEP_M = 0.05


def sight(x: F64, dt: float, heard: F64) -> tuple[F64, F64, float]:
    """Return the two angles, their (2, 3) slopes by position, and seconds to what is heard."""
    since = _emitted(x, dt, heard)
    slopes = []
    for axis in range(3):
        moved = x.copy()
        moved[axis] += _STEP_M
        high = _angles(moved, _emitted(moved, dt, heard), heard)
        moved[axis] -= 2.0 * _STEP_M
        low = _angles(moved, _emitted(moved, dt, heard), heard)
        slopes.append(_wrapped(high - low) / (2.0 * _STEP_M))
    return _angles(x, since, heard), np.stack(slopes, axis=1), since


def _emitted(x: F64, dt: float, heard: F64) -> float:
    """Return when what is heard was sent: a fixed point, as the object is slower than sound."""
    delay = 0.0
    for _ in range(200):
        away = x[:3] + (dt - delay) * x[3:] - heard[:3]
        delay = heard[SLOWNESS] * float(np.linalg.norm(away))
    return dt - delay


def _angles(x: F64, since: float, heard: F64) -> F64:
    east, north, up = heard[3:12].reshape(3, 3) @ (x[:3] + since * x[3:] - heard[:3])
    return np.array([math.atan2(east, north), math.atan2(up, math.hypot(east, north))])


def _wrapped(angle: F64) -> F64:
    return np.mod(angle + np.pi, 2.0 * np.pi) - np.pi


def correct(
    x: F64, cov: F64, bearings: F64, dt: F64, noise: Noise, gates: F64
) -> tuple[F64, F64, float]:
    """Return state, covariance and log density after one or two bearings; -inf outside the gate.

    Args:
        x: (6,).
        cov: (6, 6).
        bearings: (b, 18).
        dt: (b,) seconds from the state to each.
        noise: of the motion in between.
        gates: (4,) largest squared distance by number of angles.
    """
    base, after, log_like = x, cov, -math.inf
    for turn in range(ITERATIONS):
        H, innovation, R = _linear(x, base, bearings, dt, noise)
        S = H @ cov @ H.T + R
        distance2 = float(innovation @ np.linalg.solve(S, innovation))
        if distance2 > gates[len(R) - 1] * (1.0 if turn == ITERATIONS - 1 else LOOSE):
            return x, cov, -math.inf
        log_like = -0.5 * (distance2 + float(np.linalg.slogdet(2.0 * np.pi * S)[1]))
        gain = np.linalg.solve(S, H @ cov).T
        base, after = x + gain @ innovation, cov - gain @ S @ gain.T
    return base, after, log_like


def _linear(x: F64, base: F64, bearings: F64, dt: F64, noise: Noise) -> tuple[F64, F64, F64]:
    """Return H, innovation and R of all angles in the linear model about `base`."""
    D = density(base[None], noise)[0]
    rows, off, variance = [], [], []
    for heard, seconds in zip(bearings, dt, strict=True):
        angles, slope, since = sight(base, float(seconds), heard)
        for g in np.flatnonzero(np.isfinite(heard[AZIMUTH : AZIMUTH + 2])):
            row = np.concatenate([slope[g], since * slope[g]])
            wandered = slope[g] @ D @ slope[g] * abs(since) ** 3 / 3.0
            rows.append(row)
            off.append(float(_wrapped(heard[AZIMUTH + g] - angles[g])) - row @ (x - base))
            variance.append(heard[AZIMUTH_VAR + g] + wandered)
    return np.array(rows), np.array(off), np.diag(variance)


def update(
    state: F64,
    cov: F64,
    mode: F64,
    stays: float,
    heard: list[tuple[float, F64, float]],
    noise: tuple[Noise, ...],
    gates: F64,
) -> tuple[F64, F64, F64]:
    """Return moments by model and model probabilities of "no bearing" and each bearing.

    Args:
        state: (M, 6).
        cov: (M, 6, 6).
        mode: (M,).
        stays: probability that the row exists and gave no bearing.
        heard: probability that it gave the bearing, the bearing (18,), and seconds to it.
        noise: of each model.
        gates: see `correct`.
    """
    parts, least = [(stays * mode, state, cov)], 1e-6
    for weight, said, dt in heard:
        each = [
            correct(state[m], cov[m], said[None], np.array([dt]), noise[m], gates)
            for m in range(len(mode))
        ]
        later = mode * np.exp(np.array([e[2] for e in each]) - max(e[2] for e in each))
        later = (later / later.sum() + least) / (1.0 + len(mode) * least)
        moved = np.array([e[0] for e in each]), np.array([e[1] for e in each])
        parts.append((weight * later, *moved))
    mass = np.sum([w for w, _, _ in parts], axis=0)
    mean = np.sum([w[:, None] * x for w, x, _ in parts], axis=0) / mass[:, None]
    total = np.zeros_like(cov)
    for w, x, P in parts:
        apart = x - mean
        total += w[:, None, None] * (P + apart[:, :, None] * apart[:, None, :])
    return mean, total / mass[:, None, None], mass / mass.sum()


def triangulate(
    one: F64, other: F64, at_s: F64, prior: F64, gates: F64
) -> tuple[F64, F64, float, float]:
    """Return state, covariance, time (s) and evidence of one object that gave both bearings.

    Args:
        one: (18,).
        other: (18,).
        at_s: (2,) when each was measured.
        prior: see `kernels_bearing.triangulate`.
        gates: see `correct`.
    """
    nothing = np.zeros(6), np.zeros((6, 6)), 0.0, 0.0
    away = np.stack([_away(one), _away(other)], axis=1)
    if abs(np.linalg.det(away)) < prior[4]:
        return nothing
    along = np.linalg.solve(away * [1.0, -1.0], (other - one)[:2])
    if (along <= 0.0).any() or along[0] > one[REACH] or along[1] > other[REACH]:
        return nothing
    reach, least = max(one[REACH], other[REACH]), min(one[REACH], other[REACH])
    x = np.array([*(one[:2] + along[0] * away[:, 0]), 0.0, 0.0, 0.0, 0.0])
    x[2] = 0.5 * (one[2] + other[2]) + prior[2] * least
    spread = [reach, reach, prior[3] * least, prior[0], prior[0], prior[1]]
    still = Noise(0.0, 0.0, 0.0, 0.0)
    both = np.stack([one, other])
    sent_s = float((at_s - both[:, SLOWNESS] * along).max())
    prior_cov = np.diag(np.square(spread))
    state, cov, log_like = correct(x, prior_cov, both, at_s - sent_s, still, gates)
    return state, cov, sent_s, 2.0 * math.pi * reach**2 * math.exp(log_like)


def _away(heard: F64) -> F64:
    """Return the direction of a bearing on the map of the region."""
    level = np.array([math.sin(heard[AZIMUTH]), math.cos(heard[AZIMUTH]), 0.0])
    return np.asarray((heard[3:12].reshape(3, 3).T @ level)[:2])
