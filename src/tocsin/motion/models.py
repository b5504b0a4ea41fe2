"""Straight flight and level turns with noise that may grow with speed; six states each.

A coordinated turn here has a given rate: a set of models holds one to the left and one to the
right. Noise is white acceleration. Part of it may grow with the square of the speed, because what
is unknown of a turn is its rate: slow drones and fast aircraft then share one set of parameters.

Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and
Navigation (2001), sections 6.2.2 and 11.7.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64


@dataclass(frozen=True)
class Noise:
    """Say how strongly the velocity wanders: spectral densities of the acceleration.

    Args:
        floor_m2ps3: of each horizontal acceleration, whatever the speed.
        across_ps: times the squared horizontal speed: of the acceleration across the course.
        along_ps: likewise along the course.
        vertical_m2ps3: of the vertical acceleration.
    """

    floor_m2ps3: float
    across_ps: float
    along_ps: float
    vertical_m2ps3: float

    def array(self) -> F64:
        """Return the (4,) figures as the kernels want them."""
        return np.array([self.floor_m2ps3, self.across_ps, self.along_ps, self.vertical_m2ps3])


def density(state: F64, noise: Noise) -> F64:
    """Return (n, 3, 3) spectral densities of the acceleration of (n, 6) states."""
    along = state[:, 3:5]
    across = np.stack([-state[:, 4], state[:, 3]], axis=1)
    D = np.zeros((len(state), 3, 3))
    D[:, :2, :2] = noise.floor_m2ps3 * np.eye(2)
    D[:, :2, :2] += noise.across_ps * across[:, :, None] * across[:, None, :]
    D[:, :2, :2] += noise.along_ps * along[:, :, None] * along[:, None, :]
    D[:, 2, 2] = noise.vertical_m2ps3
    return D


def white_noise(density_m2ps3: F64, dt_s: F64) -> F64:
    """Return (n, 6, 6) covariances that (n, 3, 3) densities add in (n,) seconds."""
    t = dt_s[:, None, None]
    Q = np.empty((len(dt_s), 6, 6))
    Q[:, :3, :3] = density_m2ps3 * t**3 / 3.0
    Q[:, :3, 3:] = Q[:, 3:, :3] = density_m2ps3 * t**2 / 2.0
    Q[:, 3:, 3:] = density_m2ps3 * t
    return Q


def turn_transition(dt_s: F64, turn_radps: float) -> F64:
    """Return (n, 6, 6) matrices of a level turn; never more than half a turn in one step.

    Args:
        dt_s: (n,) seconds.
        turn_radps: rate of turn, positive to the right; 0: straight on.
    """
    angle = np.clip(turn_radps * dt_s, -np.pi, np.pi)
    half = angle / 2.0
    forward = dt_s * np.sinc(angle / np.pi)
    aside = dt_s * np.sin(half) * np.sinc(half / np.pi)
    F = np.zeros((len(dt_s), 6, 6))
    F[:] = np.eye(6)
    F[:, 0, 3] = F[:, 1, 4] = forward
    F[:, 0, 4], F[:, 1, 3] = aside, -aside
    F[:, 3, 3] = F[:, 4, 4] = np.cos(angle)
    F[:, 3, 4], F[:, 4, 3] = np.sin(angle), -np.sin(angle)
    F[:, 2, 5] = dt_s
    return F


def predict_turn(
    state: F64, cov: F64, dt_s: F64, turn_radps: float, noise: Noise
) -> tuple[F64, F64]:
    """Return states and covariances (n,) seconds later; a rate of 0 is constant velocity.

    Args:
        state: (n, 6) position then velocity, region frame.
        cov: (n, 6, 6) their covariances.
        dt_s: (n,) seconds, not negative.
        turn_radps: rate of turn, positive to the right.
        noise: of the acceleration.
    """
    F = turn_transition(dt_s, turn_radps)
    Q = white_noise(density(state, noise), dt_s)
    later = (F @ state[:, :, None])[:, :, 0]
    return later, F @ cov @ np.swapaxes(F, -1, -2) + Q
