"""Updates by what sensors measure, each plot at its own time.

A plot at t_j updates a state at t_i through H = [I, (t_j - t_i) I]; the process noise of that
interval is added to the plot's covariance.

Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
Navigation (2001), section 5.2; S. S. Blackman, R. Popoli, Design and Analysis of Modern Tracking
Systems (1999), section 3.6 (sequential processing of range rate).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tocsin.contract import F64
from tocsin.motion.models import Noise, density


class Updated(NamedTuple):
    """Hold updated states.

    Args:
        state: (n, 6).
        cov: (n, 6, 6).
        distance2: (n,) squared Mahalanobis distance of the plot.
        log_likelihood: (n,) log density of the plot.
    """

    state: F64
    cov: F64
    distance2: F64
    log_likelihood: F64


class RangeRate(NamedTuple):
    """Hold (n,) range rates, positive receding, with variances, and who measured them.

    Args:
        sensor_m: (n, 3) position of the sensor, region frame.
        rate_mps: (n,).
        rate_var_m2ps2: (n,).
    """

    sensor_m: F64
    rate_mps: F64
    rate_var_m2ps2: F64


def update_position(
    state: F64, cov: F64, plot_m: F64, plot_cov: F64, dt_s: F64, noise: Noise
) -> Updated:
    """Return states after a position.

    Args:
        state: (n, 6) position then velocity, region frame.
        cov: (n, 6, 6) their covariances.
        plot_m: (n, d) positions; d is 3, or 2 without height.
        plot_cov: (n, d, d) their covariances.
        dt_s: (n,) seconds from the state to the plot.
        noise: of the model.
    """
    d = plot_m.shape[1]
    H = np.zeros((len(state), d, 6))
    H[:, range(d), range(d)] = 1.0
    H[:, range(d), range(3, 3 + d)] = dt_s[:, None]
    late = np.abs(dt_s)[:, None, None] ** 3 / 3.0 * density(state, noise)[:, :d, :d]
    return _updated(state, cov, H, plot_m - (H @ state[:, :, None])[:, :, 0], plot_cov + late)


def update_range_rate(
    state: F64, cov: F64, measured: RangeRate, dt_s: F64, noise: Noise
) -> Updated:
    """Return states after a range rate, linearised about them.

    Args:
        state: (n, 6) position then velocity, region frame; the plot's position already used.
        cov: (n, 6, 6) their covariances.
        measured: what was measured.
        dt_s: (n,) seconds from the state to the plot.
        noise: of the model.
    """
    velocity = state[:, 3:]
    line = state[:, :3] + dt_s[:, None] * velocity - measured.sensor_m
    r = np.sqrt((line**2).sum(axis=1, keepdims=True))
    sight = line / r
    expected = (sight * velocity).sum(axis=1)
    swing = (velocity - expected[:, None] * sight) / r
    H = np.concatenate([swing, sight + dt_s[:, None] * swing], axis=1)[:, None, :]
    late = np.einsum("na,nab,nb->n", sight, density(state, noise), sight) * np.abs(dt_s)
    variance = (measured.rate_var_m2ps2 + late)[:, None, None]
    return _updated(state, cov, H, (measured.rate_mps - expected)[:, None], variance)


def _updated(state: F64, cov: F64, H: F64, innovation: F64, noise: F64) -> Updated:
    PH = cov @ np.swapaxes(H, 1, 2)
    S = H @ PH + noise
    K = np.swapaxes(np.linalg.solve(S, np.swapaxes(PH, 1, 2)), 1, 2)
    square = np.einsum("na,na->n", innovation, np.linalg.solve(S, innovation[:, :, None])[..., 0])
    later = state + (K @ innovation[:, :, None])[:, :, 0]
    density_ = -0.5 * (square + np.linalg.slogdet(2.0 * np.pi * S)[1])
    return Updated(later, cov - K @ np.swapaxes(PH, 1, 2), square, density_)
