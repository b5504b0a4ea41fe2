"""Flights with known association, for comparing sets of motion models without a tracker.

All are Cartesian truth about one radar at the origin, and converted plots with their covariances.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator, Philox

from bench._recorded import recorded
from bench._turns import STEP_S, flown
from tocsin.contract import F64, Bool
from tocsin.geo import polar_covariance, polar_to_enu


class Radar(NamedTuple):
    """Hold a radar's period, its standard deviations (range, azimuth, elevation), and scans."""

    period_s: float
    std: tuple[float, float, float]
    scans: int


class Flown(NamedTuple):
    """Hold flights and the plots of them.

    Args:
        period_s: between scans.
        truth: (scans, n, 6).
        plot_m: (scans, n, 3).
        plot_cov: (scans, n, 3, 3).
        seen: (scans, n) whether there is a plot.
    """

    period_s: float
    truth: F64
    plot_m: F64
    plot_cov: F64
    seen: Bool


class Style(NamedTuple):
    """Say how something flies: straight legs and turns of random length, or moves and stops.

    Args:
        speed_mps: least and greatest.
        across_mps2: least and greatest lateral acceleration of a turn.
        turn_s: mean length of a turn.
        leg_s: mean length of a straight leg.
        distance_m: least and greatest at the start.
        height_m: likewise.
        climb_mps: greatest vertical speed, in three of ten legs.
        stop_mps2: how fast it changes its speed to stop and go; 0: it never stops.
    """

    speed_mps: tuple[float, float]
    across_mps2: tuple[float, float]
    turn_s: float
    leg_s: float
    distance_m: tuple[float, float]
    height_m: tuple[float, float]
    climb_mps: float = 0.0
    stop_mps2: float = 0.0


LONG = (50.0, 0.0014, 0.004)
STYLES = {
    "straight, 100-250 m/s": (
        Style((100, 250), (0, 0), 1.0, 1e9, (2e4, 1e5), (3e3, 1.1e4)),
        Radar(4.0, LONG, 60),
    ),
    "drones, turns of 2-10 m/s2": (
        Style((35, 65), (2, 10), 8.0, 30.0, (3e3, 2e4), (100, 1500), climb_mps=3.0),
        Radar(2.0, (20.0, 0.005, 0.01), 100),
    ),
    "multirotors, hover and move": (
        Style((0, 15), (0.5, 3), 6.0, 12.0, (1e3, 6e3), (50, 300), 2.0, stop_mps2=3.0),
        Radar(2.0, (10.0, 0.008, 0.015), 100),
    ),
    "fast low flyers, turns to 2 g": (
        Style((180, 280), (5, 20), 10.0, 30.0, (1.5e4, 6e4), (100, 300)),
        Radar(4.0, LONG, 60),
    ),
}
FINE_S = 0.05


def random_flights(style: Style, radar: Radar, count: int, seed: int) -> F64:
    """Return (scans, count, 6) states of random flights."""
    rng = Generator(Philox([seed, 1]))
    bearing, course = rng.uniform(0.0, 2.0 * np.pi, (2, count))
    distance, height = rng.uniform(*style.distance_m, count), rng.uniform(*style.height_m, count)
    place = np.stack([distance * np.sin(bearing), distance * np.cos(bearing), height], axis=1)
    speed = rng.uniform(*style.speed_mps, count)
    aim, across, climb = speed.copy(), np.zeros(count), np.zeros(count)
    left = rng.exponential(style.leg_s, count)
    every, rows = round(radar.period_s / FINE_S), []
    for k in range(radar.scans * every):
        velocity = np.stack([speed * np.sin(course), speed * np.cos(course), climb], axis=1)
        if k % every == 0:
            rows.append(np.concatenate([place, velocity], axis=1))
        for i in np.flatnonzero(left <= 0.0):
            turning = across[i] == 0.0 and style.across_mps2[1] > 0.0
            side = rng.choice([-1.0, 1.0])
            across[i] = side * rng.uniform(*style.across_mps2) if turning else 0.0
            left[i] = rng.exponential(style.turn_s if turning else style.leg_s)
            rises = rng.random() < 0.3
            climb[i] = rng.uniform(-style.climb_mps, style.climb_mps) if rises else 0.0
            if style.stop_mps2:
                aim[i] = 0.0 if rng.random() < 0.4 else rng.uniform(*style.speed_mps)
        place = place + velocity * FINE_S
        course = course + across / np.maximum(speed, 3.0) * FINE_S
        change = style.stop_mps2 * FINE_S
        speed = speed + np.clip(aim - speed, -change, change)
        left -= FINE_S
    return np.array(rows)


def recorded_flights(radar: Radar, count: int) -> F64:
    """Return (scans, count, 6) states of recorded aircraft, at one height."""
    flights = recorded("trajectories/switzerland.json.gz", 60.0)
    moments = [flights.at(23_400.0 + radar.period_s * k) for k in range(radar.scans)]
    whole = moments[0][0]
    for who, _ in moments[1:]:
        whole = np.intersect1d(whole, who)
    truth = np.zeros((radar.scans, min(count, len(whole)), 6))
    truth[..., 2] = 9000.0
    for k, (who, state) in enumerate(moments):
        rows = np.searchsorted(who, whole[:count])
        truth[k][:, [0, 1, 3, 4]] = state[rows]
    return truth


def turning_aircraft(radar: Radar, count: int) -> F64:
    """Return (scans, count, 6) states of the six aircraft that turn with 2 to 7 g, repeated."""
    rows = np.round(np.arange(radar.scans) * radar.period_s / STEP_S).astype(int)
    return np.stack([flown(k % 6)[rows] for k in range(count)], axis=1)


def seen_by(truth: F64, radar: Radar, seed: int) -> Flown:
    """Return what a radar at the origin measures, with a detection probability of 0.9."""
    rng = Generator(Philox([seed, 2]))
    r = np.sqrt((truth[..., :3] ** 2).sum(axis=-1))
    exact = (r, np.arctan2(truth[..., 0], truth[..., 1]), np.arcsin(truth[..., 2] / r))
    measured = [
        (value + rng.normal(0.0, std, r.shape)).ravel()
        for value, std in zip(exact, radar.std, strict=True)
    ]
    spread = [np.full(r.size, std) for std in radar.std]
    cov = polar_covariance(*measured, *spread).reshape(*r.shape, 3, 3)
    place = polar_to_enu(*measured).reshape(*r.shape, 3)
    return Flown(radar.period_s, truth, place, cov, rng.random(r.shape) < 0.9)
