"""What is not cruise: the last dive, the fall of what is lost, and balloons in the wind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tocsin.contract import F64
from tocsin.simulate.draws import Purpose, normals
from tocsin.simulate.fleet import End, Fleet
from tocsin.simulate.kernels_motion import GUST_S
from tocsin.simulate.limits import GRAVITY_MPS2, Trait
from tocsin.simulate.motions import Column, Motion
from tocsin.simulate.terrain import Ground, moved, offset_m

LOST = -1
"""The leg of an object that falls."""
DIVE_RAD = {True: np.radians(15.0), False: np.radians(35.0)}
DIVE_SPEED = 1.15
SLOWED_S = 8.0
"""What falls loses its ground speed in about this time."""


def dived(fleet: Fleet, ground: Ground, now: Motion, cruise: Motion, tick_s: float) -> Motion:
    """Return the objects with those that dive put on a straight line into their target point."""
    last = (now.leg > 0) & (now.leg == fleet.way_count[now.row] - 1)
    aims = np.flatnonzero(last & (fleet.end[now.row] == End.IMPACT))
    if not len(aims):
        return cruise
    own = now.take(aims)
    way = fleet.leg(own.row, own.leg)
    floor = ground.under_m(way[:, 0], way[:, 1])
    above = np.maximum(own.height_m - floor, 0.0)
    east, north = offset_m(own.latitude_deg, own.longitude_deg, way[:, 0], way[:, 1])
    distance = np.hypot(east, north)
    steep = np.where(fleet.follows_ground[own.row], DIVE_RAD[True], DIVE_RAD[False])
    dives = distance <= above / np.tan(steep) + own.speed_mps * tick_s
    if not dives.any():
        return cruise
    left_s = np.maximum(np.hypot(distance, above) / (DIVE_SPEED * way[:, 3]), 1e-9)
    hits = left_s <= 1.5 * tick_s
    left_s = np.where(hits, tick_s, left_s)
    part = np.minimum(tick_s / left_s, 1.0)
    latitude, longitude = moved(own.latitude_deg, own.longitude_deg, part * east, part * north)
    drop = own.height_m - floor
    put = cruise.state[aims]
    put[:, Column.LATITUDE] = np.where(hits, way[:, 0], latitude)
    put[:, Column.LONGITUDE] = np.where(hits, way[:, 1], longitude)
    put[:, Column.HEIGHT] = np.where(hits, floor, own.height_m - part * drop)
    put[:, Column.COURSE] = np.arctan2(east, north)
    put[:, Column.SPEED], put[:, Column.CLIMB] = distance / left_s, -drop / left_s
    state, leg, ended = cruise.state.copy(), cruise.leg.copy(), cruise.ended.copy()
    state[aims[dives]] = put[dives]
    leg[aims[dives]] = own.leg[dives]
    ended[aims] |= dives & hits
    return Motion(now.row, leg, state, ended)


def fallen(fleet: Fleet, ground: Ground, now: Motion, tick_s: float) -> Motion:
    """Return lost objects one tick later: slower over ground, faster down, until they are there."""
    speed = now.speed_mps * np.exp(-tick_s / SLOWED_S)
    most = fleet.trait(now.row, Trait.FALL)
    climb = np.maximum(now.climb_mps - GRAVITY_MPS2 * tick_s, np.minimum(-most, now.climb_mps))
    state = _carried(now, now.course_rad, speed, climb, tick_s)
    floor = ground.under_m(state[:, Column.LATITUDE], state[:, Column.LONGITUDE])
    down = state[:, Column.HEIGHT] <= floor
    state[:, Column.HEIGHT] = np.maximum(state[:, Column.HEIGHT], floor)
    return replace(now, state=state, ended=now.ended | down)


def drifted(fleet: Fleet, now: Motion, tick: int, tick_s: float) -> Motion:
    """Return balloons one tick later: they go where the wind goes, and rise to their height."""
    keep = np.exp(-tick_s / GUST_S)
    fresh = normals(fleet.key[now.row], Purpose.GUSTS, tick)[:, :3]
    unrest = keep * now.state[:, Column.UNREST : Column.WAIT] + np.sqrt(1.0 - keep**2) * fresh
    aim = fleet.leg(now.row, now.leg)
    gust = fleet.trait(now.row, Trait.GUST)[:, None] * unrest[:, :2]
    wind = wind_mps(fleet.wind, now.height_m) + gust
    speed = np.minimum(np.hypot(*wind.T), fleet.trait(now.row, Trait.FASTEST))
    heave = fleet.trait(now.row, Trait.HEAVE)
    lift = fleet.trait(now.row, Trait.LIFT) * unrest[:, 2]
    room = aim[:, 2] - now.height_m
    wanted = np.where(room > 0.0, np.minimum(aim[:, 3] + lift, np.sqrt(heave * np.abs(room))), 0.0)
    wanted += np.where(room <= 0.0, np.maximum(room / 20.0, -1.0), 0.0)
    most = fleet.trait(now.row, Trait.CLIMB)
    change = np.clip(np.clip(wanted, -most, most) - now.climb_mps, -heave * tick_s, heave * tick_s)
    state = _carried(now, np.arctan2(*wind.T), speed, now.climb_mps + change, tick_s)
    state[:, Column.UNREST : Column.WAIT] = unrest
    state[:, Column.HEIGHT] = np.clip(
        state[:, Column.HEIGHT], 0.0, fleet.trait(now.row, Trait.HIGHEST)
    )
    burst = (fleet.end[now.row] == End.FALL) & (room < 10.0)
    return replace(now, state=state, leg=np.where(burst, LOST, now.leg))


def wind_mps(wind: F64, height_m: F64) -> F64:
    """Return (m, 2) where the air goes, east and north, between and beyond the given heights."""
    east = np.interp(height_m, wind[:, 0], wind[:, 1])
    return np.stack([east, np.interp(height_m, wind[:, 0], wind[:, 2])], axis=1)


def _carried(now: Motion, course_rad: F64, speed_mps: F64, climb_mps: F64, tick_s: float) -> F64:
    """Return states after a tick of constant acceleration."""
    state = now.state.copy()
    state[:, Column.COURSE], state[:, Column.SPEED] = course_rad, speed_mps
    state[:, Column.CLIMB] = climb_mps
    later = replace(now, state=state)
    step = (now.velocity_mps + later.velocity_mps) * (tick_s / 2.0)
    state[:, 0], state[:, 1] = moved(now.latitude_deg, now.longitude_deg, step[:, 0], step[:, 1])
    state[:, Column.HEIGHT] = now.height_m + step[:, 2]
    return state
