"""Objects that follow a record: an arc computed beforehand, or a real flight.

Between two samples the way is the cubic that has both positions and both velocities (Hermite), in
earth-fixed coordinates, so that it is smooth everywhere and needs no map projection.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64, I64
from tocsin.geo import ecef_to_geodetic, enu_rotation


@dataclass(frozen=True, eq=False)
class Script:
    """Hold the samples of all scripted objects, one object after the other.

    Args:
        sample: (k, 7) seconds since the scenario's start, ECEF position and velocity.
        first: (n,) where an object's samples begin, for every row of the fleet.
        count: (n,) how many it has; 0: it is not scripted.
        order: (k,) rises throughout: objects one after the other, each by time.
        span_s: what `order` adds from one object to the next.
        start_s: what `order` takes off each time.
    """

    sample: F64
    first: I64
    count: I64
    order: F64
    span_s: float
    start_s: float

    def ends_s(self, row: I64) -> F64:
        """Return when the records of objects end."""
        return np.asarray(self.sample[self.first[row] + self.count[row] - 1, 0])


def scripted(records: list[F64 | None]) -> Script:
    """Return records, None for objects without one, as one table."""
    count = np.array([0 if r is None else len(r) for r in records], np.int64)
    given = [r for r in records if r is not None]
    sample = np.concatenate([np.zeros((0, 7)), *given])
    start = float(sample[:, 0].min(initial=0.0))
    span = float(sample[:, 0].max(initial=0.0)) - start + 1.0
    order = np.repeat(np.arange(len(records)), count) * span + sample[:, 0] - start
    return Script(sample, np.cumsum(count) - count, count, order, span, start)


def at(script: Script, row: I64, when_s: F64) -> F64:
    """Return (m, 6) ECEF positions and velocities at (m,) instants; outside: the nearest."""
    first, count = script.first[row], script.count[row]
    wanted = np.clip(when_s, script.sample[first, 0], script.ends_s(row))
    key = row * script.span_s + wanted - script.start_s
    k = np.searchsorted(script.order, key, side="right") - 1
    k = np.clip(k, first, first + count - 2)
    a, b = script.sample[k], script.sample[k + 1]
    h = (b[:, 0] - a[:, 0])[:, None]
    u = np.clip((wanted[:, None] - a[:, :1]) / h, 0.0, 1.0)
    return hermite(a[:, 1:], b[:, 1:], u, h)


def hermite(a: F64, b: F64, share: F64, step_s: F64) -> F64:
    """Return (m, 6) positions and velocities between two of them.

    Args:
        a: (m, 6) at the beginning.
        b: (m, 6) at the end.
        share: (m, 1) of the step that has passed.
        step_s: (m, 1) its length.
    """
    u, h = share, step_s
    p0, v0, p1, v1 = a[:, :3], a[:, 3:], b[:, :3], b[:, 3:]
    bend = u * u * (3.0 - 2.0 * u)
    place = p0 + bend * (p1 - p0) + h * u * (1.0 - u) * ((1.0 - u) * v0 - u * v1)
    slope = 6.0 * u * (1.0 - u) / h * (p1 - p0)
    speed = slope + (1.0 - u) * (1.0 - 3.0 * u) * v0 + u * (3.0 * u - 2.0) * v1
    return np.concatenate([place, speed], axis=1)


def local(ecef: F64) -> tuple[F64, F64]:
    """Return (m, 3) latitude, longitude and height, and (m, 3) velocity east, north and up."""
    latitude, longitude, height = ecef_to_geodetic(ecef[:, :3])
    velocity = (enu_rotation(latitude, longitude) @ ecef[:, 3:, None])[..., 0]
    return np.stack([latitude, longitude, height], axis=1), velocity
