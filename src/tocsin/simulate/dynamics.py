"""How true objects move: one tick for all of them at once.

Within a tick the acceleration is constant, so position and velocity at any instant between two
ticks follow from the two states. Nothing here knows how a tracker thinks objects move.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tocsin.contract import F64, I64
from tocsin.simulate import stations
from tocsin.simulate.draws import Purpose, normals
from tocsin.simulate.falling import LOST, dived, drifted, fallen
from tocsin.simulate.fleet import End, Fleet, Mode
from tocsin.simulate.kernels_motion import FOLLOWS, LAST, MEMBER, steer
from tocsin.simulate.motions import STATES, Column, Motion, joined
from tocsin.simulate.script import at, local
from tocsin.simulate.terrain import Ground, offset_m

CLEAR_M = 30.0
"""What does not follow the ground stays this far above it, as well as its climb allows."""

__all__ = ["Motion", "advanced", "joined", "launched"]


def launched(fleet: Fleet, ground: Ground, rows: I64) -> Motion:
    """Return objects at their first waypoint, on course to the second."""
    first, second = fleet.leg(rows, np.zeros_like(rows)), fleet.leg(rows, np.ones_like(rows))
    east, north = offset_m(first[:, 0], first[:, 1], second[:, 0], second[:, 1])
    given = fleet.course_rad[rows]
    above = ground.under_m(first[:, 0], first[:, 1]) * fleet.follows_ground[rows]
    state = np.zeros((len(rows), STATES))
    state[:, Column.LATITUDE], state[:, Column.LONGITUDE] = first[:, 0], first[:, 1]
    state[:, Column.HEIGHT] = first[:, 2] + above
    state[:, Column.COURSE] = np.where(np.isnan(given), np.arctan2(east, north), given)
    state[:, Column.SPEED] = first[:, 3] * (fleet.mode[rows] == Mode.STEERED)
    state[:, Column.WAIT] = second[:, 4]
    follows = fleet.mode[rows] == Mode.SCRIPTED
    state[follows] = _on_record(fleet, rows[follows], fleet.begins_s[rows[follows]])
    leg = (fleet.lead[rows] < 0).astype(np.int64)
    return Motion(rows, leg, state, np.zeros(len(rows), bool))


def advanced(fleet: Fleet, ground: Ground, motion: Motion, tick: int, tick_s: float) -> Motion:
    """Return the objects one tick later; those that ended before are gone."""
    now = motion.take(~motion.ended) if motion.ended.any() else motion
    if len(now) == 0:
        return now
    lost = fleet.lost_s[now.row] <= tick * tick_s
    if lost.any():
        now = replace(now, leg=np.where(lost, LOST, now.leg))
    mode = np.where(now.leg == LOST, Mode.FALLING, fleet.mode[now.row])
    if not mode.any():
        return _cruised(fleet, ground, now, tick, tick_s)
    part = {kind: now.take(mode == kind) for kind in Mode if (mode == kind).any()}
    later = []
    if Mode.STEERED in part:
        later.append(_cruised(fleet, ground, part[Mode.STEERED], tick, tick_s))
    if Mode.DRIFTING in part:
        later.append(drifted(fleet, part[Mode.DRIFTING], tick, tick_s))
    if Mode.SCRIPTED in part:
        later.append(_followed(fleet, part[Mode.SCRIPTED], tick, tick_s))
    if Mode.FALLING in part:
        later.append(fallen(fleet, ground, part[Mode.FALLING], tick_s))
    return joined(later)


def _followed(fleet: Fleet, now: Motion, tick: int, tick_s: float) -> Motion:
    """Return scripted objects one tick later; each ends with the last tick of its record."""
    when_s = (tick + 1) * tick_s
    state = _on_record(fleet, now.row, np.full(len(now), when_s))
    ended = fleet.script.ends_s(now.row) < when_s + tick_s - 1e-6
    return replace(now, state=state, ended=ended)


def _on_record(fleet: Fleet, row: I64, when_s: F64) -> F64:
    """Return the states of scripted objects at instants."""
    place, velocity = local(at(fleet.script, row, when_s))
    state = np.zeros((len(row), STATES))
    state[:, :3] = place
    state[:, Column.COURSE] = np.arctan2(velocity[:, 0], velocity[:, 1])
    state[:, Column.SPEED] = np.hypot(velocity[:, 0], velocity[:, 1])
    state[:, Column.CLIMB] = velocity[:, 2]
    return state


def _cruised(fleet: Fleet, ground: Ground, now: Motion, tick: int, tick_s: float) -> Motion:
    """Return steered objects one tick later."""
    now = stations.released(fleet, now) if fleet.ghost.any() else now
    row = now.row
    aim = fleet.leg(row, now.leg)
    last = (now.leg == fleet.way_count[row] - 1) & (now.leg > 0)
    member = (now.leg == 0) & (fleet.lead[row] >= 0)
    flags = FOLLOWS * fleet.follows_ground[row] + MEMBER * member + LAST * last
    fresh = normals(fleet.key[row], Purpose.GUSTS, tick)
    floor = _floors(fleet, ground, now, last)
    if member.any():
        ghosts = np.flatnonzero(fleet.ghost[row])
        ends = steer(
            now.state[ghosts], fresh[ghosts], aim[ghosts], floor[ghosts],
            flags[ghosts], row[ghosts], fleet.limits, tick_s,
        )[0]  # fmt: skip
        of = np.flatnonzero(member)
        aim[of] = stations.aims(fleet, now, ghosts, ends, of, tick_s)
    state, reached = steer(now.state, fresh, aim, floor, flags, row, fleet.limits, tick_s)
    _not_under(ground, state, floor)
    cruise = _onward(fleet, now, state, reached, last)
    return dived(fleet, ground, now, cruise, tick_s)


def _onward(fleet: Fleet, now: Motion, state: F64, reached: np.ndarray, last: np.ndarray) -> Motion:
    """Return the objects with those that reached a waypoint on their next leg, or gone."""
    end = fleet.end[now.row]
    gone = reached & last & ((end == End.LEAVE) | (end == End.LAND))
    next_ = np.flatnonzero(reached & ~last)
    leg = now.leg.copy()
    leg[next_] += 1
    if len(next_):
        state[next_, Column.WAIT] = fleet.leg(now.row[next_], leg[next_])[:, 4]
    return Motion(now.row, leg, state, gone)


def _floors(fleet: Fleet, ground: Ground, now: Motion, last: np.ndarray) -> F64:
    """Return (m, 2) the ground that heights are above, and the least height."""
    floor = np.zeros((len(now), 2))
    floor[:, 1] = -np.inf
    follows = fleet.follows_ground[now.row]
    lands = last & (fleet.end[now.row] == End.LAND)
    low = np.flatnonzero(follows | ((now.height_m < ground.highest_m + CLEAR_M) & ~lands))
    if len(low):
        ahead = ground.ahead_m(now.state[low])
        floor[low, 0] = np.where(follows[low], ahead, 0.0)
        floor[low, 1] = np.where(follows[low] | (ahead <= 0.0), -np.inf, ahead + CLEAR_M)
    return floor


def _not_under(ground: Ground, state: F64, floor: F64) -> None:
    """Lift what could not climb over the ground: it slides along it."""
    low = np.flatnonzero((floor[:, 0] > 0.0) | (floor[:, 1] > 0.0))
    if len(low):
        under = ground.under_m(state[low, Column.LATITUDE], state[low, Column.LONGITUDE])
        state[low, Column.HEIGHT] = np.maximum(state[low, Column.HEIGHT], under)
