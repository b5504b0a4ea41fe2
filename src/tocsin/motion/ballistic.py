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
EARTH_SPIN_RADPS = 7.292115e-5
HORIZON_S = 600.0
DECAY = 0.2
"""Share of its speed that an object may lose in one step of the integration."""
DRAG_AREA_M2PKG = 2e-4
"""Drag area over mass that the tracker's models of falling begin with (5 t per square metre)."""
DRAG_AREA_SPREAD = 0.5
"""Standard deviation of its logarithm."""
FORECAST_DRAG_AREA_M2PKG = 5e-5
"""Median drag area over mass that impacts are forecast with (20 t per square metre)."""
FORECAST_DRAG_AREA_SPREAD = 1.5
"""Standard deviation of its logarithm: from slender and dense to a tumbling tank."""


def impact(
    state: F64,
    drag_area_m2pkg: F64,
    horizon_s: float,
    earth_radius_m: float = EARTH_RADIUS_M,
    step_s: float = 1.0,
    latitude_deg: float | None = None,
) -> tuple[F64, F64, Bool]:
    """Return where and when falling objects reach height zero.

    Args:
        state: (n, 6) position and velocity: two plane axes and height, metres and m/s.
        drag_area_m2pkg: (n,) drag area over mass, Cd A / m; 0: no drag.
        horizon_s: how far ahead to look.
        earth_radius_m: infinity for a flat earth.
        step_s: longest step of the integration.
        latitude_deg: where the earth turns below; None: it stands still. Its turning moves an
            impact 300 km away by some 5 km.

    Returns:
        (n, 2) places, (n,) seconds from now, and (n,) whether it comes down by the horizon; place
        and time of one that does not are those at the horizon.
    """
    now = np.array(state, float)
    now[:, 2] = np.maximum(now[:, 2], 0.0)
    seconds = np.zeros(len(now))
    flying = seconds < horizon_s
    down = np.zeros(len(now), bool)
    earth = (earth_radius_m, *_spin(latitude_deg))
    while flying.any():
        rows = np.flatnonzero(flying)
        before, drag = now[rows], drag_area_m2pkg[rows]
        left_s = np.minimum(step_s, horizon_s - seconds[rows])
        # In the densest air the fastest lose half their speed within a second: shorter steps.
        length_s = np.minimum(left_s, DECAY / np.maximum(_slowing(before, drag), DECAY / step_s))
        after = _advanced(before, drag, earth, length_s[:, None])
        hits = (after[:, 2] <= 0.0) & (after[:, 5] < 0.0)
        part = np.where(hits, before[:, 2] / np.where(hits, before[:, 2] - after[:, 2], 1.0), 1.0)
        now[rows] = before + part[:, None] * (after - before)
        seconds[rows] += part * length_s
        down[rows] = hits
        flying[rows] = ~hits & (seconds[rows] < horizon_s - 1e-9)
    return now[:, :2], seconds, down


def _slowing(state: F64, drag_area_m2pkg: F64) -> F64:
    """Return (n,) the share of its speed that drag takes per second."""
    density = SEA_LEVEL_DENSITY_KGPM3 * np.exp(-np.maximum(state[:, 2], 0.0) / SCALE_HEIGHT_M)
    speed = np.sqrt((state[:, 3:] ** 2).sum(1))
    return np.asarray(0.5 * density * drag_area_m2pkg * speed)


Earth = tuple[float, float, float]
"""Radius, and twice the rate of turn towards north and up."""


def _spin(latitude_deg: float | None) -> tuple[float, float]:
    if latitude_deg is None:
        return 0.0, 0.0
    turn, latitude = 2.0 * EARTH_SPIN_RADPS, np.radians(latitude_deg)
    return float(turn * np.cos(latitude)), float(turn * np.sin(latitude))


def _advanced(state: F64, drag_area_m2pkg: F64, earth: Earth, step_s: F64) -> F64:
    """Return states one step later, by the classical Runge-Kutta rule."""
    first = _rate(state, drag_area_m2pkg, earth)
    second = _rate(state + 0.5 * step_s * first, drag_area_m2pkg, earth)
    third = _rate(state + 0.5 * step_s * second, drag_area_m2pkg, earth)
    fourth = _rate(state + step_s * third, drag_area_m2pkg, earth)
    return np.asarray(state + step_s / 6.0 * (first + 2.0 * (second + third) + fourth))


def _rate(state: F64, drag_area_m2pkg: F64, earth: Earth) -> F64:
    """Return the (n, 6) time derivative of (n, 6) states."""
    rate = np.empty_like(state)
    rate[:, :3] = state[:, 3:]
    rate[:, 3:] = -_slowing(state, drag_area_m2pkg)[:, None] * state[:, 3:]
    level2 = state[:, 3] ** 2 + state[:, 4] ** 2
    radius_m, north, up = earth
    fall = GRAVITY_MPS2 / (1.0 + state[:, 2] / radius_m) ** 2
    rate[:, 3] += up * state[:, 4] - north * state[:, 5]
    rate[:, 4] -= up * state[:, 3]
    rate[:, 5] += level2 / (radius_m + state[:, 2]) - fall + north * state[:, 3]
    return rate
