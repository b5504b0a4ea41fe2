"""What each class of object can do, and how its course wanders when it is forecast.

The limits are those that the scenario language enforces in cruise. How the courses of drones and
fast low flyers end was weighed by hand on seeds 1000 and 1001 of `tocsin bench reliability --seeds
2`; `docs/reference/warning.md` has what other seeds say. A drone's urge is kept above what fits an
island full of zones best: it is what is believed of one that heads for the only town around.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, radians
from types import MappingProxyType

from tocsin.contract import ObjectClass


@dataclass(frozen=True)
class ClassLimits:
    """Bound what an object of a class does in cruise.

    Args:
        speed_mps: least and greatest speed.
        height_m: least and greatest height above the ellipsoid.
        climb_mps: greatest rate of climb or planned descent.
        turn_radps: greatest rate of turn.
    """

    speed_mps: tuple[float, float]
    height_m: tuple[float, float]
    climb_mps: float
    turn_radps: float


LIMITS: Mapping[ObjectClass, ClassLimits] = MappingProxyType(
    {
        ObjectClass.UNKNOWN: ClassLimits((0.0, 3000.0), (0.0, 300_000.0), inf, inf),
        ObjectClass.AIRLINER: ClassLimits((70.0, 255.0), (0.0, 12_500.0), 20.0, radians(3.0)),
        ObjectClass.LIGHT_AIRCRAFT: ClassLimits((30.0, 90.0), (0.0, 4000.0), 8.0, radians(6.0)),
        ObjectClass.HELICOPTER: ClassLimits((0.0, 80.0), (0.0, 3000.0), 10.0, radians(15.0)),
        ObjectClass.BIRD: ClassLimits((8.0, 25.0), (0.0, 3000.0), 3.0, inf),
        ObjectClass.BALLOON: ClassLimits((0.0, 40.0), (0.0, 35_000.0), 6.0, inf),
        ObjectClass.MULTIROTOR: ClassLimits((0.0, 25.0), (0.0, 500.0), 8.0, inf),
        ObjectClass.ONE_WAY_DRONE: ClassLimits((35.0, 65.0), (50.0, 3500.0), 5.0, radians(10.0)),
        # 2 g at 230 m/s.
        ObjectClass.FAST_LOW_FLYER: ClassLimits((180.0, 280.0), (30.0, 300.0), 30.0, 0.085),
        ObjectClass.BALLISTIC: ClassLimits((500.0, 3000.0), (0.0, 300_000.0), inf, 0.0),
    }
)
"""Limits by class."""


@dataclass(frozen=True)
class Course:
    """Say how an object of a hazardous class goes on from where it is.

    Args:
        horizon_s: how far ahead a forecast looks.
        heading_noise_radpsqs: random walk of the heading, radians per root second.
        turn_probability: chance of one planned change of course within the horizon.
        turn_std_rad: its size.
        speed_spread: relative standard deviation of the speed held from now on.
        climb_std_mps: spread of the vertical speed in cruise.
        climb_time_s: how long a climb or descent in cruise is kept up.
        impact_time_s: mean flying time over zones until it comes down.
        impact_urge: it comes down on the zones that lie ahead with probability 1 - exp(-urge) at
            least, however little of its way leads over them.
        dive_probability: chance, before its vertical speed is looked at, that it dives already.
        dive_mps: mean and standard deviation of the vertical speed in a dive.
        follows_ground: whether it keeps its height above the ground rather than above the sea.
    """

    horizon_s: float
    heading_noise_radpsqs: float
    turn_probability: float
    turn_std_rad: float
    speed_spread: float
    climb_std_mps: float
    climb_time_s: float
    impact_time_s: float
    impact_urge: float
    dive_probability: float
    dive_mps: tuple[float, float]
    follows_ground: bool = False


_DRONE = Course(900.0, 0.015, 0.3, 0.7, 0.05, 2.5, 20.0, 400.0, 0.8, 0.02, (-25.0, 12.0))

COURSES: Mapping[ObjectClass, Course] = MappingProxyType(
    {
        ObjectClass.ONE_WAY_DRONE: _DRONE,
        ObjectClass.FAST_LOW_FLYER: Course(
            300.0,
            0.01,
            0.3,
            0.6,
            0.05,
            5.0,
            5.0,
            150.0,
            1.0,
            0.02,
            (-60.0, 30.0),
            follows_ground=True,
        ),
        # Whatever it is, it may turn more, change its speed and come down anywhere.
        ObjectClass.UNKNOWN: Course(
            600.0, 0.03, 0.5, 1.2, 0.15, 5.0, 20.0, 300.0, 1.0, 0.02, (-30.0, 20.0)
        ),
    }
)
"""Courses of the classes that fly; ballistic objects fall as `tocsin.motion.ballistic` says."""
