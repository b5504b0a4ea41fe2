"""Unpowered flight under gravity and drag down to the ground.

Positions are over a flat plane with the height kept apart; the earth's curve enters as the
centrifugal term of level flight. Good to a few hundred metres over 300 km, far less than what a
track's velocity leaves open.

Source: U.S. Standard Atmosphere 1976 (sea-level density), exponential fit with the scale height of
its lowest 30 km; R. R. Bate, D. D. Mueller, J. E. White, Fundamentals of Astrodynamics (1971).
"""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, Bool

GRAVITY_MPS2 = 9.80665
SEA_LEVEL_DENSITY_KGPM3 = 1.225
SCALE_HEIGHT_M = 7200.0
EARTH_RADIUS_M = 6_371_008.8
HORIZON_S = 600.0
DRAG_AREA_M2PKG = 2e-4
"""Median drag area over mass of an unknown ballistic object (5 t per square metre)."""
DRAG_AREA_SPREAD = 0.5
"""Standard deviation of its logarithm."""


def impact(
    state: F64,
    drag_area_m2pkg: F64,
    horizon_s: float,
    earth_radius_m: float = EARTH_RADIUS_M,
    step_s: float = 1.0,
) -> tuple[F64, F64, Bool]:
    """Return where and when falling objects reach height zero.

    Args:
        state: (n, 6) position and velocity: two plane axes and height, metres and m/s.
        drag_area_m2pkg: (n,) drag area over mass, Cd A / m; 0: no drag.
        horizon_s: how far ahead to look.
        earth_radius_m: infinity for a flat earth.
        step_s: step of the midpoint rule.

    Returns:
        (n, 2) places, (n,) seconds from now, and (n,) whether it comes down by the horizon; place
        and time of one that does not are those at the horizon.
    """
    now = np.array(state, float)
    now[:, 2] = np.maximum(now[:, 2], 0.0)
    seconds = np.zeros(len(now))
    flying = np.ones(len(now), bool)
    for _ in range(int(np.ceil(horizon_s / step_s))):
        rows = np.flatnonzero(flying)
        if len(rows) == 0:
            break
        before, drag = now[rows], drag_area_m2pkg[rows]
        middle = before + 0.5 * step_s * _rate(before, drag, earth_radius_m)
        after = before + step_s * _rate(middle, drag, earth_radius_m)
        down = (after[:, 2] <= 0.0) & (after[:, 5] < 0.0)
        part = np.where(down, before[:, 2] / np.where(down, before[:, 2] - after[:, 2], 1.0), 1.0)
        now[rows] = before + part[:, None] * (after - before)
        seconds[rows] += part * step_s
        flying[rows[down]] = False
    return now[:, :2], seconds, ~flying


def _rate(state: F64, drag_area_m2pkg: F64, earth_radius_m: float) -> F64:
    """Return the (n, 6) time derivative of (n, 6) states."""
    height, velocity = state[:, 2], state[:, 3:]
    density = SEA_LEVEL_DENSITY_KGPM3 * np.exp(-np.maximum(height, 0.0) / SCALE_HEIGHT_M)
    speed = np.sqrt((velocity**2).sum(1))
    rate = np.empty_like(state)
    rate[:, :3] = velocity
    rate[:, 3:] = velocity * (-0.5 * density * drag_area_m2pkg * speed)[:, None]
    level2 = velocity[:, 0] ** 2 + velocity[:, 1] ** 2
    radius = earth_radius_m + height
    fall = GRAVITY_MPS2 / (1.0 + height / earth_radius_m) ** 2
    rate[:, 5] += level2 / radius - fall
    return rate
