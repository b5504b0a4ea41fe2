"""What each class can do in cruise, and how restless it is.

Speeds, heights, climb, turn and radar cross-section are the test range's class table; dives and
crashes are not cruise. The restlessness is chosen so that tracks look like real ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64, I8, ObjectClass

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


def _deg(value: float) -> float:
    return float(np.radians(value))


LIMITS: dict[ObjectClass, Limits] = {
    ObjectClass.AIRLINER: Limits(
        (70, 255), (0, 12_500), 20, _deg(3), (10, 100), 1.0, 1.5, _deg(0.3), 60, 0.8, 0.2
    ),
    ObjectClass.LIGHT_AIRCRAFT: Limits(
        (30, 90), (0, 4_000), 8, _deg(6), (0.5, 5), 1.0, 1.5, _deg(3), 45, 1.0, 0.4
    ),
    ObjectClass.HELICOPTER: Limits(
        (0, 80), (0, 3_000), 10, _deg(15), (1, 10), 1.5, 2.0, _deg(4), 30, 1.0, 0.4
    ),
    ObjectClass.BIRD: Limits(
        (8, 25), (0, 3_000), 3, _deg(30), (0.001, 0.03), 1.0, 1.0, _deg(6), 25, 1.5, 0.5
    ),
    ObjectClass.ONE_WAY_DRONE: Limits(
        (35, 65), (50, 3_500), 5, _deg(10), (0.01, 0.3), 0.7, 1.0, _deg(6), 40, 1.0, 0.5
    ),
    ObjectClass.FAST_LOW_FLYER: Limits(
        (180, 280), (30, 300), 30, _deg(12), (0.01, 1), 5.0, 15.0, _deg(3), 20, 2.0, 0.5, 2.0
    ),
}
"""Classes that this version flies."""

FLOCK_RCS_M2 = (0.1, 1.0)


def by_class(name: str, object_class: I8) -> F64:
    """Return (n,) or (n, 2) one limit per object."""
    table = {int(k): np.asarray(getattr(limits, name), float) for k, limits in LIMITS.items()}
    return np.array([table[int(k)] for k in object_class]).reshape(
        (-1, *next(iter(table.values())).shape)
    )
