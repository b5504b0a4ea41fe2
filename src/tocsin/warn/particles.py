"""The fixed set of points that stands for chance, and the paths it draws.

Every track uses the same points, so a forecast is a function of the tracks alone. A class's paths
are drawn once, for an object at the origin that flies with unit velocity; a track turns, stretches
and moves them. Source: I. M. Sobol (1967); S. Joe, F. Y. Kuo, SIAM J. Sci. Comput. 30 (2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from tocsin.contract import F64
from tocsin.motion.classes import Course

F32 = NDArray[np.float32]

STATE, HEIGHT, CLIMB, SPEED, DIVE, IMPACT, TURN_AT, TURN_BY, WANDER = 0, 4, 5, 6, 7, 8, 9, 10, 11
"""Columns of the point set: horizontal state (4), then one each; the wander's modes come last."""
_MODES = 3
DIMENSIONS = WANDER + _MODES


@cache
def points(count: int) -> F64:
    """Return (count, DIMENSIONS) low-discrepancy points strictly within the unit cube."""
    from scipy.stats import qmc  # a second to import, wanted only at the start

    sobol: Any = qmc.Sobol(DIMENSIONS, scramble=False).random(count)
    return np.asarray(sobol, float) + 0.5 / count


@cache
def normals(count: int) -> F64:
    """Return the points as independent standard normal deviates."""
    return np.asarray(ndtri(points(count)), float)


def instants_s(horizon_s: float, steps: int) -> F64:
    """Return (steps + 1,) instants from zero to the horizon, denser at the beginning."""
    return horizon_s * (np.arange(steps + 1) / steps) ** 1.5


@dataclass(frozen=True, eq=False)
class Paths:
    """Hold a class's paths for unit velocity along the first axis.

    Args:
        seconds: (s,) instants.
        along_s: (particles, s) way along the first axis, in seconds of flight.
        across_s: (particles, s) likewise to the left.
        climb_s: (s,) seconds for which a climb has worked by each instant.
    """

    seconds: F64
    along_s: F32
    across_s: F32
    climb_s: F64


def draw_paths(course: Course, count: int, steps: int) -> Paths:
    """Return the paths of a class: a wandering heading and, for some, one planned turn."""
    seconds = instants_s(course.horizon_s, steps)
    gap = np.diff(seconds)
    heading = _heading(course, count, 0.5 * (seconds[1:] + seconds[:-1]))
    stretch = np.exp(course.speed_spread * normals(count)[:, SPEED, None])
    along, across = np.zeros((2, count, steps + 1))
    np.cumsum(np.cos(heading) * gap * stretch, axis=1, out=along[:, 1:])
    np.cumsum(np.sin(heading) * gap * stretch, axis=1, out=across[:, 1:])
    climb = course.climb_time_s * (1.0 - np.exp(-seconds / course.climb_time_s))
    return Paths(seconds, along.astype(np.float32), across.astype(np.float32), climb)


def _heading(course: Course, count: int, seconds: F64) -> F64:
    """Return (count, s) deviations of the heading: a random walk by its first modes, and turns.

    Source: Karhunen-Loeve expansion of Brownian motion; three modes carry 93 % of its variance.
    """
    uniform, normal = points(count), normals(count)
    rate = (np.arange(_MODES) + 0.5) * np.pi / course.horizon_s
    modes = np.sin(np.outer(rate, seconds)) * (np.sqrt(2.0 / course.horizon_s) / rate)[:, None]
    wander = course.heading_noise_radpsqs * normal[:, WANDER:] @ modes
    turn_at = uniform[:, TURN_AT, None] / course.turn_probability * course.horizon_s
    return np.asarray(
        wander + (seconds >= turn_at) * course.turn_std_rad * normal[:, TURN_BY, None]
    )
