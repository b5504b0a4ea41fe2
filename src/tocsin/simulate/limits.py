"""What each class can do in cruise, and how restless it is.

Speeds, heights, climb, turn and radar cross-section are the test range's class table; dives, falls
and crashes are not cruise. The restlessness is chosen so that tracks look like real ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from tocsin.contract import F64, ObjectClass

GRAVITY_MPS2 = 9.80665


@dataclass(frozen=True)
class Limits:
    """Bound one class; see `LIMITS`.

    Args:
        speed_mps: least and greatest ground speed.
        height_m: least and greatest height, above ground for a terrain follower.
        climb_mps: greatest rate of climb and of descent.
        turn_radps: greatest rate of turn; ``turn_g`` bounds it where that is less.
        turn_g: greatest lateral acceleration in g.
        rcs_m2: least and greatest radar cross-section.
        acceleration_mps2: greatest change of speed.
        heave_mps2: greatest change of climb.
        wander_rad: standard deviation of the heading about the way.
        wander_s: how long such a deviation lasts.
        gust_mps: standard deviation of the speed about its set value.
        lift_mps: standard deviation of the climb about its set value.
        weakest_climb_mps: each object's own greatest climb lies between this and `climb_mps`.
        fall_mps: how fast a lost one comes down in the end.
    """

    speed_mps: tuple[float, float]
    height_m: tuple[float, float]
    climb_mps: float
    turn_radps: float
    rcs_m2: tuple[float, float]
    acceleration_mps2: float
    heave_mps2: float
    wander_rad: float
    wander_s: float
    gust_mps: float
    lift_mps: float
    turn_g: float = np.inf
    weakest_climb_mps: float = np.inf
    fall_mps: float = 60.0


def _deg(value: float) -> float:
    return float(np.radians(value))


LIMITS: dict[ObjectClass, Limits] = {
    ObjectClass.AIRLINER: Limits(
        (70, 255), (0, 12_500), 20, _deg(3), (10, 100), 1.0, 1.5, _deg(0.3), 60, 0.8, 0.2,
        fall_mps=120,
    ),
    ObjectClass.LIGHT_AIRCRAFT: Limits(
        (30, 90), (0, 4_000), 8, _deg(6), (0.5, 5), 1.0, 1.5, _deg(3), 45, 1.0, 0.4
    ),
    ObjectClass.HELICOPTER: Limits(
        (0, 80), (0, 3_000), 10, _deg(15), (1, 10), 1.5, 2.0, _deg(4), 30, 1.0, 0.4
    ),
    ObjectClass.BIRD: Limits(
        (8, 25), (0, 3_000), 3, _deg(30), (0.001, 0.03), 1.0, 1.0, _deg(6), 25, 1.5, 0.5,
        fall_mps=12,
    ),
    ObjectClass.BALLOON: Limits(
        (0, 40), (0, 35_000), 6, _deg(180), (0.001, 1), 0.5, 0.5, 0.0, 60, 0.7, 0.3, fall_mps=8
    ),
    ObjectClass.MULTIROTOR: Limits(
        (0, 25), (0, 500), 8, _deg(40), (0.005, 0.15), 3.0, 3.0, _deg(4), 15, 0.5, 0.3, fall_mps=18
    ),
    ObjectClass.ONE_WAY_DRONE: Limits(
        (35, 65), (50, 3_500), 5, _deg(10), (0.01, 0.3), 0.7, 1.0, _deg(6), 40, 1.0, 0.5,
        weakest_climb_mps=2,
    ),
    ObjectClass.FAST_LOW_FLYER: Limits(
        (180, 280), (30, 300), 30, _deg(12), (0.01, 1), 5.0, 15.0, _deg(3), 20, 2.0, 0.5, 2.0
    ),
    ObjectClass.BALLISTIC: Limits(
        (500, 3_000), (0, np.inf), np.inf, np.inf, (0.05, 1), np.inf, np.inf, 0.0, 60, 0.0, 0.0,
        fall_mps=250,
    ),
}  # fmt: skip
"""All classes. A bird's and a multirotor's turns are free in the table; these are what they use.
A ballistic object follows its arc, and only its speed at the start and its cross-section count."""

FLOCK_RCS_M2 = (0.1, 1.0)


class Trait(IntEnum):
    """Columns of one object's limits."""

    SLOWEST = 0
    FASTEST = 1
    LOWEST = 2
    HIGHEST = 3
    CLIMB = 4
    TURN = 5
    ACCELERATION = 6
    HEAVE = 7
    WANDER = 8
    WANDER_S = 9
    GUST = 10
    LIFT = 11
    HOME = 12
    FALL = 13


def traits(kind: ObjectClass, luck: float, home_m: float) -> F64:
    """Return one object's limits by `Trait`.

    Args:
        kind: its class.
        luck: number in (0, 1) that decides what differs within the class.
        home_m: within this of its last waypoint it flies as it likes.
    """
    limit = LIMITS[kind]
    weakest = min(limit.weakest_climb_mps, limit.climb_mps)
    climb = weakest + luck * (limit.climb_mps - weakest) if limit.climb_mps < np.inf else np.inf
    lateral = limit.turn_g * GRAVITY_MPS2 / max(limit.speed_mps[1], 1.0)
    out = [*limit.speed_mps, *limit.height_m, climb, min(limit.turn_radps, lateral)]
    out += [limit.acceleration_mps2, limit.heave_mps2, limit.wander_rad, limit.wander_s]
    return np.array([*out, limit.gust_mps, limit.lift_mps, home_m, limit.fall_mps])
