"""One filter step of unpowered flight under gravity and drag: an extended Kalman filter.

The region frame is rigid, so gravity points at the earth's centre, below the frame's origin, and
level flight bends by itself; air thins out with the height above the sphere. The earth's rotation
is left to the noise: at 3,000 m/s it bends the path by 0.4 m/s².

Source: X. R. Li, V. P. Jilkov, Survey of Maneuvering Target Tracking, Part II: Motion Models of
Ballistic and Space Targets, IEEE Trans. AES 46 (2010) 96-119, section III.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64
from tocsin.motion.ballistic import (
    EARTH_RADIUS_M,
    GRAVITY_MPS2,
    SCALE_HEIGHT_M,
    SEA_LEVEL_DENSITY_KGPM3,
)
from tocsin.motion.models import white_noise


@dataclass(frozen=True)
class Drag:
    """Say what is assumed of an object that falls.

    Args:
        drag_area_m2pkg: drag area over mass, Cd A / m.
        drag_share2_s: relative variance of it, times the seconds that an error of it lasts.
        noise_m2ps3: spectral density of each acceleration besides.
    """

    drag_area_m2pkg: float
    drag_share2_s: float
    noise_m2ps3: float


def predict_fall(state: F64, cov: F64, dt_s: F64, drag: Drag) -> tuple[F64, F64]:
    """Return states and covariances (n,) seconds later, by one step each of a few seconds at most.

    Args:
        state: (n, 6) position then velocity, region frame.
        cov: (n, 6, 6) their covariances.
        dt_s: (n,) seconds.
        drag: what is assumed of the object.
    """
    later, F = fall(state, dt_s, drag)
    return later, F @ cov @ np.swapaxes(F, -1, -2) + white_noise(fall_density(state, drag), dt_s)


def fall(state: F64, dt_s: F64, drag: Drag) -> tuple[F64, F64]:
    """Return states (n,) seconds later and (n, 6, 6) how they depend on those before, in one step.

    Args:
        state: (n, 6) position then velocity, region frame.
        dt_s: (n,) seconds.
        drag: what is assumed of the object.
    """
    t = dt_s[:, None]
    first = _rate(state, drag)
    middle = state + 0.5 * t * first
    second = _rate(middle, drag)
    third = _rate(state + 0.5 * t * second, drag)
    fourth = _rate(state + t * third, drag)
    later = state + t / 6.0 * (first + 2.0 * (second + third) + fourth)
    A = _jacobian(middle, drag) * t[:, :, None]
    return later, np.eye(6) + A + A @ A / 2.0


def _from_centre(state: F64) -> tuple[F64, F64]:
    place = state[:, :3] + np.array([0.0, 0.0, EARTH_RADIUS_M])
    return place, np.sqrt((place**2).sum(axis=1, keepdims=True))


def _slowing(state: F64, drag: Drag) -> F64:
    """Return (n, 1) the share of its speed that drag takes per second."""
    height = np.maximum(_from_centre(state)[1] - EARTH_RADIUS_M, 0.0)
    air = SEA_LEVEL_DENSITY_KGPM3 * np.exp(-height / SCALE_HEIGHT_M)
    speed = np.sqrt((state[:, 3:] ** 2).sum(axis=1, keepdims=True))
    return np.asarray(0.5 * air * drag.drag_area_m2pkg * speed)


def _pull(radius: F64) -> F64:
    """Return gravity over radius, 1/s2."""
    return np.asarray(GRAVITY_MPS2 * EARTH_RADIUS_M**2 / radius**3)


def _rate(state: F64, drag: Drag) -> F64:
    place, radius = _from_centre(state)
    fall = -_pull(radius) * place - _slowing(state, drag) * state[:, 3:]
    return np.concatenate([state[:, 3:], fall], axis=1)


def _jacobian(state: F64, drag: Drag) -> F64:
    place, radius = _from_centre(state)
    up, pull = (place / radius)[:, :, None], _pull(radius)[:, :, None]
    slow, velocity = _slowing(state, drag)[:, :, None], state[:, 3:, None]
    course = velocity / (np.sqrt((velocity**2).sum(axis=1, keepdims=True)) + 1e-9)
    A = np.zeros((len(state), 6, 6))
    A[:, :3, 3:] = np.eye(3)
    A[:, 3:, :3] = pull * (3.0 * up * np.swapaxes(up, 1, 2) - np.eye(3))
    A[:, 3:, :3] += slow / SCALE_HEIGHT_M * velocity * np.swapaxes(up, 1, 2)
    A[:, 3:, 3:] = -slow * (np.eye(3) + course * np.swapaxes(course, 1, 2))
    return A


def fall_density(state: F64, drag: Drag) -> F64:
    """Return (n, 3, 3) spectral densities of the acceleration of (n, 6) states that fall."""
    # An error of the drag lasts; as white noise it counts with the time that it lasts.
    wrong = _slowing(state, drag)[:, :, None] * state[:, 3:, None]
    wide = drag.drag_share2_s * wrong * np.swapaxes(wrong, 1, 2)
    return np.asarray(wide + drag.noise_m2ps3 * np.eye(3))
