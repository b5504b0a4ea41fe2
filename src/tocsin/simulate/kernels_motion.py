"""The kernel that steers all objects through one tick; its NumPy twin is `reference.steer`."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tocsin.contract import F64, I64, Bool
from tocsin.geo.wgs84 import ECCENTRICITY2, SEMI_MAJOR_M

TURN_SHARE = 0.6
"""Share of a class's greatest turn that it uses."""
EARLY_TURN = 0.8
"""A waypoint but the last counts as reached within this share of the turning radius."""
CLEARANCE_S = 3.0
GUST_S = 15.0
BRAKING_S = 4.0
"""A hovering object comes to rest in about this time, and turns where it stands."""
ARRIVED_M = 5.0
"""Nearer than this to where it is to hover, its time there runs."""
STEADY_M = 4000.0
"""Nearer than this to a waypoint the wandering fades."""
FOLLOWS, MEMBER, LAST = 1, 2, 4
"""Flags: heights are above the ground; it keeps station; this is its last waypoint."""
_RADIAN = math.pi / 180.0
_TURN = 2.0 * math.pi


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def per_degree(latitude_deg: float) -> tuple[float, float]:
    """Return metres per degree of longitude and of latitude."""
    sine = math.sin(latitude_deg * _RADIAN)
    w2 = 1.0 - ECCENTRICITY2 * sine * sine
    vertical = SEMI_MAJOR_M / math.sqrt(w2)
    east = vertical * math.sqrt(1.0 - sine * sine) * _RADIAN
    return east, vertical * (1.0 - ECCENTRICITY2) / w2 * _RADIAN


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _clip(value: float, most: float) -> float:
    return min(max(value, -most), most)


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _levels_off(room_m: float, away_mps: float, heave_mps2: float, tick_s: float) -> float:
    left = max(room_m + 0.5 * away_mps * tick_s, 0.0)
    rate: float = heave_mps2 * (math.sqrt(tick_s * tick_s + 2.0 * left / heave_mps2) - tick_s)
    return rate


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _turned(
    course_rad: float,
    wander: float,
    bearing_rad: float,
    away_m: float,
    radius_m: float,
    t: F64,
    direct: bool,
) -> float:
    """Return how far the course is off the wanted one."""
    steady = min(away_m / STEADY_M, 1.0)
    free = away_m < t[12]
    wanted = (course_rad if free else bearing_rad) + t[8] * wander * steady
    error: float = (wanted - course_rad + math.pi) % _TURN - math.pi
    if not free and not direct and away_m < 2.0 * radius_m * abs(math.sin(error)):
        return 0.0
    return error


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _risen(
    s: F64, lift: float, aim_m: float, away: float, floor: F64, follows: bool, t: F64, tick_s: float
) -> float:
    """Return the next rate of climb."""
    height, climb, base = s[2], s[5], floor[0]
    if follows:
        wanted = (base + aim_m - height) / CLEARANCE_S
    else:
        wanted = (aim_m - height) / max(away / max(s[4], 1.0), 8.0) + t[11] * lift
    sink = _levels_off(height - (t[2] + base), climb, t[7], tick_s)
    rise = _levels_off(t[3] + base - height, -climb, t[7], tick_s)
    wanted = max(min(_clip(wanted, t[4]), rise), -sink)
    wanted = max(wanted, min((floor[1] - height) / CLEARANCE_S, t[4]))
    rate: float = climb + _clip(wanted - climb, t[7] * tick_s)
    return rate


@nb.njit(cache=True, nogil=True, error_model="numpy")
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
    """Return states one tick later, and who has reached its waypoint.

    Args:
        state: (m, 10) by `Column`.
        fresh: (m, 3) or more columns of standard normal numbers.
        aim: (m, 5) latitude, longitude, height and speed to fly to, seconds to hover there.
        floor_m: (m, 2) ground that heights are above; least height, minus infinity for none.
        flags: (m,) sums of `FOLLOWS`, `MEMBER` and `LAST`.
        row: (m,) rows in `limits`.
        limits: (n, 14) by `Trait`.
        tick_s: length of the tick.
    """
    out, reached = np.empty_like(state), np.zeros(row.size, np.bool_)
    calm = math.exp(-tick_s / GUST_S)
    stir = math.sqrt(1.0 - calm * calm)
    for i in range(row.size):
        s, t, o = state[i], limits[row[i]], out[i]
        keep = math.exp(-tick_s / t[9])
        o[6] = keep * s[6] + math.sqrt(1.0 - keep * keep) * fresh[i, 0]
        o[7] = calm * s[7] + stir * fresh[i, 1]
        o[8] = calm * s[8] + stir * fresh[i, 2]
        member, hover = flags[i] & MEMBER > 0, aim[i, 4]
        per_east, per_north = per_degree((s[0] + aim[i, 0]) / 2.0)
        east, north = (aim[i, 1] - s[1]) * per_east, (aim[i, 0] - s[0]) * per_north
        away = math.sqrt(east * east + north * north)
        radius = s[4] / (TURN_SHARE * t[5])
        bearing = math.atan2(east, north)
        direct = member or hover > 0.0
        error = _turned(s[3], o[6], bearing, away, radius, t, direct)
        o[3] = s[3] + _clip(error * min(tick_s / 3.0, 1.0), TURN_SHARE * t[5] * tick_s)
        wanted = min(max(aim[i, 3] + t[10] * o[7], t[0]), t[1])
        if hover > 0.0:
            slow = min(math.sqrt(t[6] * away), away / BRAKING_S)
            wanted = min(wanted, slow * max(math.cos(bearing - s[3]), 0.0))
        o[4] = s[4] + _clip(wanted - s[4], t[6] * tick_s)
        follows = flags[i] & FOLLOWS > 0
        o[5] = _risen(s, o[8], aim[i, 2], away, floor_m[i], follows, t, tick_s)
        half = tick_s / 2.0
        east = half * (s[4] * math.sin(s[3]) + o[4] * math.sin(o[3]))
        north = half * (s[4] * math.cos(s[3]) + o[4] * math.cos(o[3]))
        per_east, per_north = per_degree(s[0] + north / per_degree(s[0])[1] / 2.0)
        o[0], o[1] = s[0] + north / per_north, s[1] + east / per_east
        o[2] = max(s[2] + half * (s[5] + o[5]), 0.0)
        early = EARLY_TURN * radius if flags[i] & LAST == 0 else 0.0
        if hover > 0.0:
            early = ARRIVED_M
        there = away < o[4] * tick_s + early and t[12] == 0.0 and not member
        o[9] = s[9]
        if hover > 0.0:
            waits = there or s[9] < hover
            reached[i] = waits and s[9] <= tick_s
            o[9] = s[9] - tick_s if waits else s[9]
        else:
            reached[i] = there
    return out, reached
