"""The objects in the air over one tick, as sensors need them: positions at any instant in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, NS, Sensor
from tocsin.geo import Region, enu_rotation, enu_to_polar, horizon_range_m
from tocsin.simulate.draws import words
from tocsin.simulate.dynamics import Motion
from tocsin.simulate.fleet import Fleet


@dataclass(frozen=True, eq=False)
class Sky:
    """Hold m objects over one tick; `row` leads to the fleet.

    Args:
        start_ns: first instant of the tick.
        tick_s: its length.
        from_m: (m, 3) region positions at its start.
        to_m: (m, 3) at its end.
        from_mps: (m, 3) region velocities at its start.
        to_mps: (m, 3) at its end.
        from_height_m: (m,) heights above the ellipsoid at its start.
        to_height_m: (m,) at its end.
    """

    fleet: Fleet
    row: NDArray[np.int64]
    tick: int
    start_ns: int
    tick_s: float
    from_m: F64
    to_m: F64
    from_mps: F64
    to_mps: F64
    from_height_m: F64
    to_height_m: F64

    def position_m(self, which: NDArray[np.int64], after_s: F64) -> F64:
        """Return (k, 3) region positions of some objects at instants of the tick."""
        share = (after_s / self.tick_s)[:, None]
        change = self.to_mps[which] - self.from_mps[which]
        bow = 0.5 * self.tick_s * change * share * (share - 1.0)
        return self.from_m[which] * (1.0 - share) + self.to_m[which] * share + bow

    def velocity_mps(self, which: NDArray[np.int64], after_s: F64) -> F64:
        """Return (k, 3) region velocities of some objects at instants of the tick."""
        share = (after_s / self.tick_s)[:, None]
        return self.from_mps[which] * (1.0 - share) + self.to_mps[which] * share

    def height_m(self, which: NDArray[np.int64], after_s: F64) -> F64:
        """Return (k,) heights above the ellipsoid at instants of the tick."""
        share = after_s / self.tick_s
        return self.from_height_m[which] * (1.0 - share) + self.to_height_m[which] * share

    def instant_ns(self, after_s: F64) -> NDArray[np.int64]:
        """Return instants of the tick as ns UTC."""
        return self.start_ns + np.rint(after_s * NS).astype(np.int64)


def sky(
    fleet: Fleet, region: Region, before: Motion, after: Motion, tick: int, at: tuple[int, float]
) -> Sky:
    """Return the objects that fly through a tick, given those at its start and its end.

    Args:
        fleet: all objects.
        region: region frame.
        before: objects at the start; those that had ended are left out.
        after: the same objects at the end.
        tick: number of the tick.
        at: its first instant in ns UTC, and its length in seconds.
    """
    start = before.take(~before.ended)
    from_m, from_mps = _in_region(region, start)
    to_m, to_mps = _in_region(region, after)
    return Sky(
        fleet, after.row, tick, *at, from_m, to_m, from_mps, to_mps, start.height_m, after.height_m
    )


def _in_region(region: Region, motion: Motion) -> tuple[F64, F64]:
    position = region.from_geodetic(motion.latitude_deg, motion.longitude_deg, motion.height_m)
    to_ecef = np.swapaxes(enu_rotation(motion.latitude_deg, motion.longitude_deg), -1, -2)
    velocity = (to_ecef @ motion.velocity_mps[..., None])[..., 0] @ region.rotation.T
    return position, velocity


@dataclass(frozen=True, eq=False)
class Site:
    """Hold a sensor's place in the region frame.

    Args:
        sensor: what it is.
        position_m: (3,) region position of the antenna.
        rotation: (3, 3) region axes to the sensor's east, north, up.
        word: stands for the sensor in draws.
    """

    sensor: Sensor
    position_m: F64
    rotation: F64
    word: int

    @classmethod
    def of(cls, sensor: Sensor, region: Region) -> Site:
        """Return where a sensor stands."""
        place = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
        position = region.from_geodetic(*(np.array([value]) for value in place))[0]
        rotation = region.local_rotation(sensor.latitude_deg, sensor.longitude_deg)
        return cls(sensor, position, rotation, int(words("sensor", sensor.sensor_id)[0]))

    def polar(self, position_m: F64) -> tuple[F64, F64, F64]:
        """Return range, azimuth and apparent elevation of (k, 3) region positions."""
        enu = (position_m - self.position_m) @ self.rotation.T
        return enu_to_polar(enu, self.sensor.earth_factor)

    def sees(self, range_m: F64, height_m: F64) -> NDArray[np.bool_]:
        """Return (k,) whether points are within range and above the horizon."""
        sensor = self.sensor
        horizon = horizon_range_m(sensor.height_wgs84_m, height_m, sensor.earth_factor)
        return np.asarray(range_m <= np.minimum(sensor.range_m, horizon))
