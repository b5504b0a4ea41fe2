"""How true objects move: one tick for all of them at once.

Within a tick the acceleration is constant, so position and velocity at any instant between two
ticks follow from the two states. Nothing here knows how a tracker thinks objects move.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, Bool
from tocsin.simulate.draws import Purpose, normals
from tocsin.simulate.fleet import End, Fleet
from tocsin.simulate.terrain import Ground, moved, offset_m

TURN_SHARE = 0.6
"""Share of a class's greatest turn that it uses."""
EARLY_TURN = 0.8
"""A waypoint but the last counts as reached within this share of the turning radius."""
LOOK_AHEAD_S = (0.0, 2.0, 4.0, 7.0)
CLEARANCE_S = 3.0
DIVE_RAD = {True: np.radians(15.0), False: np.radians(35.0)}
DIVE_SPEED = 1.15
GUST_S = 15.0
STEADY_M = 4000.0
"""Nearer than this to a waypoint the wandering fades."""


@dataclass(frozen=True, eq=False)
class Motion:
    """Hold the objects in the air at one instant, in columns.

    Args:
        row: (m,) their rows in the fleet.
        leg: (m,) the waypoint each is flying to.
        course_rad: (m,) of the ground track, clockwise from true north.
        speed_mps: (m,) over ground.
        unrest: (m, 3) deviations of heading, speed and climb in units of their spread.
        ended: (m,) the object is gone after this instant.
    """

    row: NDArray[np.int64]
    leg: NDArray[np.int64]
    latitude_deg: F64
    longitude_deg: F64
    height_m: F64
    course_rad: F64
    speed_mps: F64
    climb_mps: F64
    unrest: F64
    ended: Bool

    def __len__(self) -> int:
        """Return the number of objects in the air."""
        return len(self.row)

    def take(self, which: NDArray[np.int64] | Bool) -> Motion:
        """Return some of the objects."""
        return Motion(**{f.name: getattr(self, f.name)[which] for f in fields(self)})

    @property
    def velocity_mps(self) -> F64:
        """Return (m, 3) velocities east, north and up at each position."""
        east = self.speed_mps * np.sin(self.course_rad)
        north = self.speed_mps * np.cos(self.course_rad)
        return np.stack([east, north, self.climb_mps], axis=1)


def joined(parts: list[Motion]) -> Motion:
    """Return the objects of all parts, by their rows in the fleet."""
    whole = Motion(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Motion)}
    )
    return whole.take(np.argsort(whole.row, kind="stable"))


def launched(fleet: Fleet, ground: Ground, rows: NDArray[np.int64]) -> Motion:
    """Return objects at their first waypoint, on course to the second."""
    first, second = fleet.way[rows, 0], fleet.way[rows, 1]
    east, north = offset_m(first[:, 0], first[:, 1], second[:, 0], second[:, 1])
    given = fleet.course_rad[rows]
    above = ground.under_m(first[:, 0], first[:, 1]) * fleet.follows_ground[rows]
    count = len(rows)
    return Motion(
        row=rows,
        leg=np.ones(count, np.int64),
        latitude_deg=first[:, 0],
        longitude_deg=first[:, 1],
        height_m=first[:, 2] + above,
        course_rad=np.where(np.isnan(given), np.arctan2(east, north), given),
        speed_mps=first[:, 3],
        climb_mps=np.zeros(count),
        unrest=np.zeros((count, 3)),
        ended=np.zeros(count, bool),
    )


def advanced(fleet: Fleet, ground: Ground, motion: Motion, tick: int, tick_s: float) -> Motion:
    """Return the objects one tick later; those that ended before are gone."""
    now = motion.take(~motion.ended)
    if len(now) == 0:
        return now
    unrest = _unrest(fleet, now, tick, tick_s)
    way = fleet.way[now.row, now.leg]
    east, north = offset_m(now.latitude_deg, now.longitude_deg, way[:, 0], way[:, 1])
    distance = np.hypot(east, north)
    cruise = _steered(fleet, ground, now, unrest, way, (east, north, distance), tick_s)
    last = now.leg == fleet.way_count[now.row] - 1
    impact = last & (fleet.end[now.row] == End.IMPACT)
    return _dived(fleet, ground, now, cruise, impact, (east, north, distance), tick_s)


def _unrest(fleet: Fleet, now: Motion, tick: int, tick_s: float) -> F64:
    """Return the next deviations: first-order Gauss-Markov, unit variance."""
    memory = np.full((len(now), 3), GUST_S)
    memory[:, 0] = fleet.wander_s[now.row]
    keep = np.exp(-tick_s / memory)
    fresh = normals(fleet.key[now.row], Purpose.GUSTS, tick)[:, :3]
    return np.asarray(keep * now.unrest + np.sqrt(1.0 - keep**2) * fresh)


def _steered(
    fleet: Fleet,
    ground: Ground,
    now: Motion,
    unrest: F64,
    way: F64,
    aim: tuple[F64, F64, F64],
    tick_s: float,
) -> Motion:
    """Return the objects after one tick of cruise towards their waypoints."""
    east, north, distance = aim
    row = now.row
    course = _course(fleet, now, unrest[:, 0], np.arctan2(east, north), distance, tick_s)
    low, high = fleet.speed_limit_mps[row].T
    wanted = np.clip(way[:, 3] + fleet.gust_mps[row] * unrest[:, 1], low, high)
    quicker = fleet.acceleration_mps2[row] * tick_s
    speed = now.speed_mps + np.clip(wanted - now.speed_mps, -quicker, quicker)
    climb = _climb(fleet, ground, now, unrest[:, 2], way[:, 2], distance, tick_s)
    flown = _moved(now, course, speed, climb, tick_s)
    early = EARLY_TURN * _turn_radius(fleet, now) * (now.leg < fleet.way_count[row] - 1)
    reach = speed * tick_s + early
    there = (distance < reach) & (fleet.home_m[row] == 0.0)
    final = there & (now.leg == fleet.way_count[row] - 1)
    gone = final & ((fleet.end[row] == End.LEAVE) | (fleet.end[row] == End.LAND))
    return replace(flown, leg=now.leg + (there & ~final), unrest=unrest, ended=gone)


def _turn_radius(fleet: Fleet, now: Motion) -> F64:
    return np.asarray(now.speed_mps / (TURN_SHARE * fleet.turn_limit_radps[now.row]))


def _course(
    fleet: Fleet, now: Motion, wander: F64, bearing_rad: F64, distance_m: F64, tick_s: float
) -> F64:
    """Return the next courses: towards the waypoint, wandering, turning within limits."""
    row = now.row
    steady = np.clip(distance_m / STEADY_M, 0.0, 1.0)
    free = distance_m < fleet.home_m[row]
    wanted = np.where(free, now.course_rad, bearing_rad) + fleet.wander_rad[row] * wander * steady
    error = np.mod(wanted - now.course_rad + np.pi, 2.0 * np.pi) - np.pi
    # A waypoint within the turning circle cannot be reached by turning: fly on until it can.
    circle_m = 2.0 * _turn_radius(fleet, now) * np.abs(np.sin(error))
    error = np.where(~free & (distance_m < circle_m), 0.0, error)
    most = TURN_SHARE * fleet.turn_limit_radps[row] * tick_s
    turn = np.clip(error * np.minimum(tick_s / 3.0, 1.0), -most, most)
    return np.asarray(now.course_rad + turn)


def _climb(
    fleet: Fleet,
    ground: Ground,
    now: Motion,
    lift: F64,
    height_m: F64,
    distance_m: F64,
    tick_s: float,
) -> F64:
    """Return the next rates of climb: a straight slope to the waypoint, or along the ground."""
    row = now.row
    left_s = np.maximum(distance_m / np.maximum(now.speed_mps, 1.0), 8.0)
    wanted = (height_m - now.height_m) / left_s + fleet.lift_mps[row] * lift
    base = np.zeros(len(row))
    low = fleet.follows_ground[row]
    if low.any():
        base[low] = _ground_ahead(ground, now.take(low))
        wanted[low] = (base[low] + height_m[low] - now.height_m[low]) / CLEARANCE_S
    most, heave = fleet.climb_limit_mps[row], fleet.heave_mps2[row]
    floor, ceiling = fleet.height_limit_m[row].T + base
    sink = _levels_off(now.height_m - floor, now.climb_mps, heave, tick_s)
    rise = _levels_off(ceiling - now.height_m, -now.climb_mps, heave, tick_s)
    wanted = np.maximum(np.minimum(np.clip(wanted, -most, most), rise), -sink)
    change = wanted - now.climb_mps
    return np.asarray(now.climb_mps + np.clip(change, -heave * tick_s, heave * tick_s))


def _levels_off(room_m: F64, away_mps: F64, heave_mps2: F64, tick_s: float) -> F64:
    """Return how fast an object may approach a limit and still level off before it.

    Within this tick it comes nearer by the mean of its old and its new rate; from then on it
    brakes with all it has: ``room + (away - rate) t / 2 >= rate t / 2 + rate^2 / (2 heave)``.
    """
    left = np.maximum(room_m + 0.5 * away_mps * tick_s, 0.0)
    return np.asarray(heave_mps2 * (np.sqrt(tick_s**2 + 2.0 * left / heave_mps2) - tick_s))


def _ground_ahead(ground: Ground, now: Motion) -> F64:
    """Return the highest ground within the next seconds of flight."""
    heights = []
    for seconds in LOOK_AHEAD_S:
        ahead = now.velocity_mps * seconds
        point = moved(now.latitude_deg, now.longitude_deg, ahead[:, 0], ahead[:, 1])
        heights.append(ground.under_m(*point))
    return np.asarray(np.max(heights, axis=0))


def _moved(now: Motion, course_rad: F64, speed_mps: F64, climb_mps: F64, tick_s: float) -> Motion:
    """Return the objects at the end of a tick of constant acceleration."""
    later = replace(now, course_rad=course_rad, speed_mps=speed_mps, climb_mps=climb_mps)
    step = (now.velocity_mps + later.velocity_mps) * (tick_s / 2.0)
    latitude, longitude = moved(now.latitude_deg, now.longitude_deg, step[:, 0], step[:, 1])
    height = np.maximum(now.height_m + step[:, 2], 0.0)
    return replace(later, latitude_deg=latitude, longitude_deg=longitude, height_m=height)


def _dived(
    fleet: Fleet,
    ground: Ground,
    now: Motion,
    cruise: Motion,
    impact: Bool,
    aim: tuple[F64, F64, F64],
    tick_s: float,
) -> Motion:
    """Return the objects with those that dive put on a straight line into their target point."""
    way = fleet.way[now.row, now.leg]
    floor = ground.under_m(way[:, 0], way[:, 1])
    above = np.maximum(now.height_m - floor, 0.0)
    east, north, distance = aim
    steep = np.where(fleet.follows_ground[now.row], DIVE_RAD[True], DIVE_RAD[False])
    dives = impact & (distance <= above / np.tan(steep) + now.speed_mps * tick_s)
    if not dives.any():
        return cruise
    speed = DIVE_SPEED * way[:, 3]
    left_s = np.maximum(np.hypot(distance, above) / speed, 1e-9)
    hits = dives & (left_s <= 1.5 * tick_s)
    left_s = np.where(hits, tick_s, left_s)
    part = np.minimum(tick_s / left_s, 1.0)
    latitude, longitude = moved(now.latitude_deg, now.longitude_deg, part * east, part * north)
    height = now.height_m - part * (now.height_m - floor)

    def put(new: F64, old: F64) -> F64:
        return np.where(dives, new, old)

    return replace(
        cruise,
        latitude_deg=put(np.where(hits, way[:, 0], latitude), cruise.latitude_deg),
        longitude_deg=put(np.where(hits, way[:, 1], longitude), cruise.longitude_deg),
        height_m=put(np.where(hits, floor, height), cruise.height_m),
        course_rad=put(np.arctan2(east, north), cruise.course_rad),
        speed_mps=put(distance / left_s, cruise.speed_mps),
        climb_mps=put(-(now.height_m - floor) / left_s, cruise.climb_mps),
        leg=np.where(dives, now.leg, cruise.leg),
        ended=cruise.ended | hits,
    )
