"""The objects in the air at one instant, in columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from tocsin.contract import F64, I64, Bool


class Column(IntEnum):
    """Columns of an object's state."""

    LATITUDE = 0
    LONGITUDE = 1
    HEIGHT = 2
    COURSE = 3
    SPEED = 4
    CLIMB = 5
    UNREST = 6
    WAIT = 9


STATES = 10


@dataclass(frozen=True, eq=False)
class Motion:
    """Hold the objects in the air at one instant.

    Args:
        row: (m,) their rows in the fleet, rising.
        leg: (m,) the waypoint each is flying to; 0: it keeps its station in a formation;
            `LOST`: it falls.
        state: (m, 10) by `Column`: latitude and longitude in degrees, height in metres, course
            over ground in radians clockwise from true north, ground speed, climb, deviations of
            heading, speed and climb in units of their spread, seconds left to hover.
        ended: (m,) the object is gone after this instant.
    """

    row: I64
    leg: I64
    state: F64
    ended: Bool

    def __len__(self) -> int:
        """Return the number of objects in the air."""
        return len(self.row)

    def take(self, which: I64 | Bool) -> Motion:
        """Return some of the objects."""
        return Motion(self.row[which], self.leg[which], self.state[which], self.ended[which])

    @property
    def latitude_deg(self) -> F64:
        """Return (m,) latitudes."""
        return self.state[:, Column.LATITUDE]

    @property
    def longitude_deg(self) -> F64:
        """Return (m,) longitudes."""
        return self.state[:, Column.LONGITUDE]

    @property
    def height_m(self) -> F64:
        """Return (m,) heights above the ellipsoid."""
        return self.state[:, Column.HEIGHT]

    @property
    def course_rad(self) -> F64:
        """Return (m,) courses over ground."""
        return self.state[:, Column.COURSE]

    @property
    def speed_mps(self) -> F64:
        """Return (m,) ground speeds."""
        return self.state[:, Column.SPEED]

    @property
    def climb_mps(self) -> F64:
        """Return (m,) rates of climb."""
        return self.state[:, Column.CLIMB]

    @property
    def velocity_mps(self) -> F64:
        """Return (m, 3) velocities east, north and up at each position."""
        east = self.speed_mps * np.sin(self.course_rad)
        north = self.speed_mps * np.cos(self.course_rad)
        return np.stack([east, north, self.climb_mps], axis=1)


def joined(parts: list[Motion]) -> Motion:
    """Return the objects of all parts, by their rows in the fleet."""
    parts = [part for part in parts if len(part)] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    row = np.concatenate([part.row for part in parts])
    order = np.argsort(row, kind="stable")
    return Motion(
        row[order],
        np.concatenate([part.leg for part in parts])[order],
        np.concatenate([part.state for part in parts])[order],
        np.concatenate([part.ended for part in parts])[order],
    )
