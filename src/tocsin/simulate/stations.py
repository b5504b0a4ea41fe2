"""Formations: a point is flown along the route, and each member keeps its station about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tocsin.contract import F64, I64, Bool
from tocsin.simulate.fleet import Fleet
from tocsin.simulate.motions import Column, Motion
from tocsin.simulate.terrain import moved, offset_m

CLOSING_S = 6.0
"""A member that is off its station comes back in about this time."""
AHEAD_S = 10.0
"""Members aim at where they should be this much later."""


def released(fleet: Fleet, now: Motion) -> Motion:
    """Return the objects with those members on their own way whose place to leave has come."""
    members = np.flatnonzero((now.leg == 0) & (fleet.lead[now.row] >= 0))
    if not len(members):
        return now
    there, place = _leads(fleet, now, members)
    row = now.row[members]
    free = ~there | (now.leg[place] >= fleet.leaves_leg[row])
    leg, state = now.leg.copy(), now.state.copy()
    leg[members[free]] = 1
    ones = np.ones(int(free.sum()), np.int64)
    state[members[free], Column.WAIT] = fleet.leg(row[free], ones)[:, 4]
    return replace(now, leg=leg, state=state)


def _leads(fleet: Fleet, now: Motion, members: I64) -> tuple[Bool, I64]:
    """Return whether the points of members' formations are in the air, and where in the table."""
    lead = fleet.lead[now.row[members]]
    place = np.minimum(np.searchsorted(now.row, lead), len(now) - 1)
    return now.row[place] == lead, place


def aims(fleet: Fleet, now: Motion, ghosts: I64, later: F64, members: I64, tick_s: float) -> F64:
    """Return (k, 5) where members of formations aim, for the steering.

    Args:
        fleet: all objects.
        now: objects at the start of the tick.
        ghosts: (g,) places of formations' points in `now`.
        later: (g, 10) their states at its end.
        members: (k,) places of members in `now`.
        tick_s: length of the tick.
    """
    place = np.searchsorted(now.row[ghosts], fleet.lead[now.row[members]])
    lead, before = later[place], now.state[ghosts[place]]
    course = lead[:, Column.COURSE]
    turn = (course - before[:, Column.COURSE]) / tick_s
    ahead = np.stack([np.sin(course), np.cos(course)], axis=1)
    right = np.stack([np.cos(course), -np.sin(course)], axis=1)
    x, y = fleet.station_m[now.row[members]].T[..., None]
    away = x * right + y * ahead
    # The wings of a turning formation fly their own circles.
    speed = lead[:, Column.SPEED, None] * ahead + turn[:, None] * (y * right - x * ahead)
    station = moved(lead[:, 0], lead[:, 1], away[:, 0], away[:, 1])
    own = now.state[members]
    error = np.stack(offset_m(own[:, 0], own[:, 1], *station), axis=1) - speed * tick_s
    wanted = speed + error / CLOSING_S
    out = np.zeros((len(members), 5))
    out[:, 0], out[:, 1] = moved(own[:, 0], own[:, 1], *(AHEAD_S * wanted).T)
    out[:, 2] = lead[:, Column.HEIGHT] + AHEAD_S * lead[:, Column.CLIMB]
    out[:, 3] = np.hypot(*wanted.T)
    return out
