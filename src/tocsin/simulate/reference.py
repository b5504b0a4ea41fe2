"""Plain NumPy twins of the kernels of motion: slow, short, and the oracles of their tests."""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, I64, Bool
from tocsin.simulate.kernels_ground import LOOK_AHEAD_S
from tocsin.simulate.kernels_motion import (
    ARRIVED_M,
    BRAKING_S,
    CLEARANCE_S,
    EARLY_TURN,
    FOLLOWS,
    GUST_S,
    LAST,
    MEMBER,
    STEADY_M,
    TURN_SHARE,
)
from tocsin.simulate.limits import Trait
from tocsin.simulate.motions import Column
from tocsin.simulate.terrain import Ground, metres_per_degree, moved, offset_m


def steer(
    state: F64,
    fresh: F64,
    aim: F64,
    floor_m: F64,
    flags: I64,
    row: I64,
    limits: F64,
    tick_s: float,
) -> tuple[F64, Bool]:
    """Return what the kernel writes: states one tick later, and who has reached its waypoint."""
    trait = limits[row].T
    _, _, _, course, speed, _, *_, wait = state.T
    unrest = _unrest(state[:, Column.UNREST : Column.WAIT], fresh, trait[Trait.WANDER_S], tick_s)
    east, north = offset_m(state[:, 0], state[:, 1], aim[:, 0], aim[:, 1])
    distance = np.hypot(east, north)
    bearing = np.arctan2(east, north)
    direct = ((flags & MEMBER) > 0) | (aim[:, 4] > 0.0)
    heading = _course(course, speed, unrest[:, 0], bearing, distance, trait, direct, tick_s)
    brakes = np.minimum(np.sqrt(trait[Trait.ACCELERATION] * distance), distance / BRAKING_S)
    brakes *= np.maximum(np.cos(bearing - course), 0.0)
    wanted = np.clip(
        aim[:, 3] + trait[Trait.GUST] * unrest[:, 1], trait[Trait.SLOWEST], trait[Trait.FASTEST]
    )
    wanted = np.where(aim[:, 4] > 0.0, np.minimum(wanted, brakes), wanted)
    quicker = trait[Trait.ACCELERATION] * tick_s
    pace = speed + np.clip(wanted - speed, -quicker, quicker)
    rise = _climb(state, unrest[:, 2], aim[:, 2], distance, floor_m, trait, flags, tick_s)
    out = _moved(state, heading, pace, rise, tick_s)
    out[:, Column.UNREST : Column.WAIT] = unrest
    early = EARLY_TURN * _radius(speed, trait) * ((flags & LAST) == 0)
    early = np.where(aim[:, 4] > 0.0, ARRIVED_M, early)
    there = (distance < pace * tick_s + early) & (trait[Trait.HOME] == 0.0)
    there &= (flags & MEMBER) == 0
    hovers = (aim[:, 4] > 0.0) & (there | (wait < aim[:, 4]))
    out[:, Column.WAIT] = np.where(hovers, wait - tick_s, wait)
    reached = np.where(aim[:, 4] > 0.0, hovers & (wait <= tick_s), there)
    return out, reached


def _unrest(before: F64, fresh: F64, wander_s: F64, tick_s: float) -> F64:
    """Return the next deviations: first-order Gauss-Markov, unit variance."""
    memory = np.full(before.shape, GUST_S)
    memory[:, 0] = wander_s
    keep = np.exp(-tick_s / memory)
    return np.asarray(keep * before + np.sqrt(1.0 - keep**2) * fresh[:, :3])


def _radius(speed_mps: F64, trait: F64) -> F64:
    return np.asarray(speed_mps / (TURN_SHARE * trait[Trait.TURN]))


def _course(
    course_rad: F64,
    speed_mps: F64,
    wander: F64,
    bearing_rad: F64,
    distance_m: F64,
    trait: F64,
    direct: Bool,
    tick_s: float,
) -> F64:
    """Return the next courses: towards the waypoint, wandering, turning within limits."""
    steady = np.clip(distance_m / STEADY_M, 0.0, 1.0)
    free = distance_m < trait[Trait.HOME]
    wanted = np.where(free, course_rad, bearing_rad) + trait[Trait.WANDER] * wander * steady
    error = np.mod(wanted - course_rad + np.pi, 2.0 * np.pi) - np.pi
    # A waypoint within the turning circle cannot be reached by turning: fly on until it can.
    within = distance_m < 2.0 * _radius(speed_mps, trait) * np.abs(np.sin(error))
    error = np.where(~free & within & ~direct, 0.0, error)
    most = TURN_SHARE * trait[Trait.TURN] * tick_s
    return np.asarray(course_rad + np.clip(error * min(tick_s / 3.0, 1.0), -most, most))


def _climb(
    state: F64,
    lift: F64,
    aim_m: F64,
    distance_m: F64,
    floor_m: F64,
    trait: F64,
    flags: I64,
    tick_s: float,
) -> F64:
    """Return the next rates of climb: a straight slope to the waypoint, or along the ground."""
    base, least = floor_m.T
    _, _, height_m, _, speed_mps, climb_mps, *_ = state.T
    left_s = np.maximum(distance_m / np.maximum(speed_mps, 1.0), 8.0)
    slope = (aim_m - height_m) / left_s + trait[Trait.LIFT] * lift
    along = (base + aim_m - height_m) / CLEARANCE_S
    wanted = np.where((flags & FOLLOWS) > 0, along, slope)
    most, heave = trait[Trait.CLIMB], trait[Trait.HEAVE]
    bottom, top = trait[Trait.LOWEST] + base, trait[Trait.HIGHEST] + base
    sink = levels_off(height_m - bottom, climb_mps, heave, tick_s)
    rise = levels_off(top - height_m, -climb_mps, heave, tick_s)
    wanted = np.maximum(np.minimum(np.clip(wanted, -most, most), rise), -sink)
    wanted = np.maximum(wanted, np.minimum((least - height_m) / CLEARANCE_S, most))
    return np.asarray(climb_mps + np.clip(wanted - climb_mps, -heave * tick_s, heave * tick_s))


def levels_off(room_m: F64, away_mps: F64, heave_mps2: F64, tick_s: float) -> F64:
    """Return how fast an object may approach a limit and still level off before it.

    Within this tick it comes nearer by the mean of its old and its new rate; from then on it
    brakes with all it has: ``room + (away - rate) t / 2 >= rate t / 2 + rate^2 / (2 heave)``.
    """
    left = np.maximum(room_m + 0.5 * away_mps * tick_s, 0.0)
    return np.asarray(heave_mps2 * (np.sqrt(tick_s**2 + 2.0 * left / heave_mps2) - tick_s))


def _moved(state: F64, course_rad: F64, speed_mps: F64, climb_mps: F64, tick_s: float) -> F64:
    """Return the states at the end of a tick of constant acceleration."""
    _, _, height, course, speed, climb, *_ = state.T
    half = tick_s / 2.0
    east = half * (speed * np.sin(course) + speed_mps * np.sin(course_rad))
    north = half * (speed * np.cos(course) + speed_mps * np.cos(course_rad))
    out = state.copy()
    out[:, 0], out[:, 1] = moved(state[:, 0], state[:, 1], east, north)
    out[:, Column.HEIGHT] = np.maximum(height + half * (climb + climb_mps), 0.0)
    out[:, Column.COURSE], out[:, Column.SPEED] = course_rad, speed_mps
    out[:, Column.CLIMB] = climb_mps
    return out


def ground_m(ground: Ground, latitude_deg: F64, longitude_deg: F64) -> F64:
    """Return (n,) heights of the ground above the ellipsoid, NaN where it is unknown."""
    latitude, longitude = latitude_deg[:, None], longitude_deg[:, None]
    phi, lam, top, radius, per_east, per_north = ground.hills.T
    away2 = ((longitude - lam) * per_east) ** 2 + ((latitude - phi) * per_north) ** 2
    height = np.asarray((top * np.clip(1.0 - away2 / radius**2, 0.0, None) ** 2).sum(axis=1))
    if ground.terrain is not None:
        height = height + ground.terrain.height_m(latitude_deg, longitude_deg)
    return height


def ahead_m(ground: Ground, state: F64) -> F64:
    """Return (n,) the highest ground within the next seconds; unknown ground counts as hills."""
    bare = Ground(ground.hills, None, 0.0)
    heights = []
    for seconds in LOOK_AHEAD_S:
        east, north = (state[:, 4] * turn(state[:, 3]) * seconds for turn in (np.sin, np.cos))
        wide, long = metres_per_degree(state[:, 0])
        point = state[:, 0] + north / long, state[:, 1] + east / wide
        known = ground_m(ground, *point)
        heights.append(np.where(np.isnan(known), ground_m(bare, *point), known))
    return np.asarray(np.max(heights, axis=0))
