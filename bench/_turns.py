"""Six aircraft after the classic benchmark of manoeuvring targets, written as legs.

Source: W. D. Blair, G. A. Watson, T. Kirubarajan, Y. Bar-Shalom, IEEE Trans. AES 34 (1998)
1097-1114, the description of the target trajectories: kind of aircraft, speeds, heights, the
accelerations of the turns and the straight legs of 30 s or 60 s between them. The paper's data
files are not used. Reconstructed, because a description in words does not fix them: where each
begins and on which course, the side of each turn, the angle of a turn where none is stated, how
fast speed and height change, and the end at 160 s.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from tocsin.contract import F64, I64

G_MPS2 = 9.80665
STEP_S = 0.05
LAST_S = 160.0


class Leg(NamedTuple):
    """Hold one leg.

    Args:
        turn_rad: change of course, positive to the right; 0: straight on.
        load_g: lateral acceleration of the turn.
        lasts_s: of a straight leg; a turn lasts as long as its angle takes.
        thrust_mps2: change of speed per second, until `to_mps` is reached.
        to_mps: speed to change to; 0: none.
        climb_mps: vertical speed, until `to_m` is reached.
        to_m: height to change to; 0: none.
    """

    turn_rad: float = 0.0
    load_g: float = 0.0
    lasts_s: float = LAST_S
    thrust_mps2: float = 0.0
    to_mps: float = 0.0
    climb_mps: float = 0.0
    to_m: float = 0.0


class Aircraft(NamedTuple):
    """Hold one aircraft: east, north, height, course and speed at the start, then its legs."""

    kind: str
    east_m: float
    north_m: float
    height_m: float
    course_rad: float
    speed_mps: float
    legs: tuple[Leg, ...]


def _turn(degrees: float, load_g: float) -> Leg:
    return Leg(float(np.radians(degrees)), load_g)


AIRCRAFT = (
    Aircraft(
        "large cargo aircraft",
        70_000.0,
        25_000.0,
        1_260.0,
        -1.6,
        290.0,
        (Leg(lasts_s=60.0), _turn(90.0, 2.0), Leg(lasts_s=30.0), _turn(-90.0, 3.0), Leg()),
    ),
    Aircraft(
        "small business jet",
        -45_000.0,
        40_000.0,
        4_570.0,
        1.2,
        305.0,
        (
            Leg(lasts_s=30.0),
            _turn(90.0, 2.5),
            Leg(lasts_s=60.0, climb_mps=-40.0, to_m=3_100.0),
            _turn(-90.0, 4.0),
            Leg(),
        ),
    ),
    Aircraft(
        "medium bomber, fast",
        65_000.0,
        -35_000.0,
        3_000.0,
        -1.1,
        457.0,
        (
            Leg(lasts_s=30.0),
            _turn(-45.0, 4.0),
            Leg(lasts_s=30.0),
            Leg(float(np.radians(90.0)), 4.0, thrust_mps2=-10.0, to_mps=274.0),
            Leg(thrust_mps2=-10.0, to_mps=274.0),
        ),
    ),
    Aircraft(
        "medium bomber, climbing",
        -30_000.0,
        -30_000.0,
        2_290.0,
        0.4,
        251.0,
        (
            Leg(lasts_s=30.0),
            _turn(45.0, 4.0),
            Leg(lasts_s=30.0),
            Leg(float(np.radians(90.0)), 6.0, thrust_mps2=8.0, to_mps=320.0),
            Leg(lasts_s=30.0),
            Leg(climb_mps=60.0, to_m=4_570.0),
        ),
    ),
    Aircraft(
        "fighter, climbing",
        50_000.0,
        55_000.0,
        1_500.0,
        -2.4,
        426.0,
        (
            Leg(lasts_s=30.0),
            _turn(-75.0, 5.0),
            Leg(lasts_s=20.0),
            _turn(120.0, 7.0),
            Leg(lasts_s=30.0),
            Leg(float(np.radians(-90.0)), 6.0, climb_mps=80.0, to_m=4_450.0),
            Leg(lasts_s=30.0, climb_mps=80.0, to_m=4_450.0),
            Leg(thrust_mps2=-10.0, to_mps=300.0),
        ),
    ),
    Aircraft(
        "fighter, diving",
        15_000.0,
        -60_000.0,
        1_550.0,
        -0.3,
        426.0,
        (
            Leg(lasts_s=30.0),
            _turn(80.0, 7.0),
            Leg(lasts_s=30.0),
            Leg(
                float(np.radians(-100.0)),
                6.0,
                thrust_mps2=-10.0,
                to_mps=350.0,
                climb_mps=-50.0,
                to_m=790.0,
            ),
            Leg(lasts_s=30.0, climb_mps=-50.0, to_m=790.0),
            Leg(float(np.radians(90.0)), 6.0, thrust_mps2=10.0, to_mps=426.0),
            Leg(lasts_s=15.0, thrust_mps2=10.0, to_mps=426.0),
            _turn(-90.0, 7.0),
            Leg(),
        ),
    ),
)


@cache
def flown(number: int) -> F64:
    """Return (n, 6) positions and velocities of one aircraft every STEP_S seconds.

    A turn holds its lateral acceleration: its rate is acceleration over speed.
    """
    own = AIRCRAFT[number]
    east, north, height = own.east_m, own.north_m, own.height_m
    course, speed = own.course_rad, own.speed_mps
    rows, leg, left = [], 0, _left(own.legs[0])
    for _ in range(round(LAST_S / STEP_S) + 1):
        now = own.legs[leg]
        climb = _climb(now, height)
        rows.append((east, north, height, speed * np.sin(course), speed * np.cos(course), climb))
        rate = np.sign(now.turn_rad) * now.load_g * G_MPS2 / speed
        # The arc's chord lies half the step's turn off the course.
        along = course + rate * STEP_S / 2.0
        east += speed * STEP_S * np.sin(along)
        north += speed * STEP_S * np.cos(along)
        height += climb * STEP_S
        course += rate * STEP_S
        speed += _thrust(now, speed) * STEP_S
        left -= abs(rate) * STEP_S if now.turn_rad else STEP_S
        if left <= 0.0 and leg + 1 < len(own.legs):
            leg += 1
            left = _left(own.legs[leg])
    return np.array(rows)


def _left(leg: Leg) -> float:
    return abs(leg.turn_rad) if leg.turn_rad else leg.lasts_s


def _climb(leg: Leg, height: float) -> float:
    return leg.climb_mps if (leg.to_m - height) * leg.climb_mps > 0.0 else 0.0


def _thrust(leg: Leg, speed: float) -> float:
    return leg.thrust_mps2 if (leg.to_mps - speed) * leg.thrust_mps2 > 0.0 else 0.0


def six_aircraft(at_s: float) -> tuple[I64, F64]:
    """Return who flies at an instant (until LAST_S), and (n, 6) positions and velocities."""
    row = round(at_s / STEP_S)
    state = [flown(k)[row] for k in range(len(AIRCRAFT)) if at_s <= LAST_S]
    return np.arange(len(state)), np.array(state).reshape(-1, 6)
