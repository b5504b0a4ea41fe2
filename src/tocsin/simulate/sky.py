"""The objects in the air over one tick, as sensors need them: positions at any instant in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, NS, Bool, Sensor
from tocsin.geo import Region, enu_to_polar
from tocsin.geo.masking import Mask, mask
from tocsin.simulate.draws import words
from tocsin.simulate.dynamics import Motion
from tocsin.simulate.fleet import Fleet
from tocsin.simulate.kernels_sensors import in_region, visible
from tocsin.simulate.terrain import Ground

F32 = NDArray[np.float32]
LEAST_RANGE_M = 1000.0
MASK_STEP_M = 300.0
MASK_RINGS = 1200
MASK_RAYS = 720


@dataclass(frozen=True, eq=False)
class Sky:
    """Hold m objects over one tick; `row` leads to the fleet.

    Args:
        start_ns: first instant of the tick.
        tick_s: its length.
        path: (m, 14) region positions at its start and its end, region velocities at its start
            and its end, heights above the ellipsoid at its start and its end.
    """

    fleet: Fleet
    row: NDArray[np.int64]
    tick: int
    start_ns: int
    tick_s: float
    path: F64

    @property
    def from_m(self) -> F64:
        """Return (m, 3) region positions at the start of the tick."""
        return self.path[:, :3]

    @property
    def to_m(self) -> F64:
        """Return (m, 3) region positions at its end."""
        return self.path[:, 3:6]

    @property
    def from_mps(self) -> F64:
        """Return (m, 3) region velocities at its start."""
        return self.path[:, 6:9]

    @property
    def to_mps(self) -> F64:
        """Return (m, 3) region velocities at its end."""
        return self.path[:, 9:12]

    @property
    def to_height_m(self) -> F64:
        """Return (m,) heights above the ellipsoid at its end."""
        return self.path[:, 13]

    @property
    def begin_s(self) -> float:
        """Return when the tick begins, seconds since the scenario's start."""
        return self.tick * self.tick_s

    def position_m(self, which: NDArray[np.int64], after_s: F64) -> F64:
        """Return (k, 3) region positions of some objects at instants of the tick."""
        share = (after_s / self.tick_s)[:, None]
        change = self.to_mps[which] - self.from_mps[which]
        bow = 0.5 * self.tick_s * change * share * (share - 1.0)
        return np.asarray(self.from_m[which] * (1.0 - share) + self.to_m[which] * share + bow)

    def velocity_mps(self, which: NDArray[np.int64], after_s: F64) -> F64:
        """Return (k, 3) region velocities of some objects at instants of the tick."""
        share = (after_s / self.tick_s)[:, None]
        return np.asarray(self.from_mps[which] * (1.0 - share) + self.to_mps[which] * share)

    def height_m(self, which: NDArray[np.int64], after_s: F64) -> F64:
        """Return (k,) heights above the ellipsoid at instants of the tick."""
        share, path = after_s / self.tick_s, self.path[which]
        return np.asarray(path[:, 12] * (1.0 - share) + path[:, 13] * share)

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
    path = np.empty((len(after), 14))
    before = before.take(~before.ended) if before.ended.any() else before
    for first, motion in enumerate((before, after)):
        place = (motion.latitude_deg, motion.longitude_deg, motion.height_m)
        in_region(*place, motion.velocity_mps, region.rotation, region.ecef_m, first, path)
    return Sky(fleet, after.row, tick, *at, path)


@dataclass(frozen=True, eq=False)
class Site:
    """Hold a sensor's place in the region frame, and what hides things from it.

    Args:
        sensor: what it is.
        position_m: (3,) region position of the antenna.
        rotation: (3, 3) region axes to the sensor's east, north, up.
        word: stands for the sensor in draws.
        lowest_m: (azimuths, rings) lowest visible heights; (0, 0): a smooth earth.
        lowest_step_m: distance between its rings.
    """

    sensor: Sensor
    position_m: F64
    rotation: F64
    word: int
    lowest_m: F32
    lowest_step_m: float

    @classmethod
    def of(cls, sensor: Sensor, region: Region, ground: Ground | None = None) -> Site:
        """Return where a sensor stands, on ground that may hide things from it."""
        place = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
        position = region.from_geodetic(*(np.array([value]) for value in place))[0]
        rotation = region.local_rotation(sensor.latitude_deg, sensor.longitude_deg)
        word = int(words("sensor", sensor.sensor_id)[0])
        hidden = _mask(sensor, ground)
        lowest = np.zeros((0, 0), np.float32) if hidden is None else hidden.lowest_m
        step_m = 1.0 if hidden is None else hidden.step_m
        return cls(sensor, position, rotation, word, lowest, step_m)

    @property
    def place(self) -> F64:
        """Return the (18,) numbers that kernels take for the sensor."""
        s = self.sensor
        limits = (LEAST_RANGE_M, s.range_m, s.elevation_min_rad, s.elevation_max_rad)
        rest = (s.height_wgs84_m, s.earth_factor, *limits)
        return np.concatenate([self.position_m, self.rotation.reshape(9), rest])

    def polar(self, position_m: F64) -> tuple[F64, F64, F64]:
        """Return range, azimuth and apparent elevation of (k, 3) region positions."""
        enu = (position_m - self.position_m) @ self.rotation.T
        return enu_to_polar(enu, self.sensor.earth_factor)

    def sees(self, position_m: F64, height_m: F64) -> Bool:
        """Return (k,) whether points are within range and above the horizon, terrain included.

        Args:
            position_m: (k, 3) region positions.
            height_m: (k,) above the ellipsoid.
        """
        enu = np.ascontiguousarray((position_m - self.position_m) @ self.rotation.T)
        out = np.empty(len(enu), bool)
        visible(enu, height_m, self.place, self.lowest_m, self.lowest_step_m, out)
        return out


def _mask(sensor: Sensor, ground: Ground | None) -> Mask | None:
    """Return what the ground hides; None where it is flat."""
    if ground is None or (not len(ground.hills) and ground.terrain is None):
        return None
    if ground.terrain is not None:
        return _masked(sensor, ground)
    return _of_hills(sensor, tuple(map(tuple, ground.hills.tolist())))


@lru_cache(maxsize=64)
def _of_hills(sensor: Sensor, hills: tuple[tuple[float, ...], ...]) -> Mask:
    """Return a mask that many runs of one scenario share."""
    return _masked(sensor, Ground(np.array(hills), None, 0.0))


def _masked(sensor: Sensor, ground: Ground) -> Mask:
    """Return the mask over ground that, where it is unknown, is the sea for all that flies."""
    step_m = max(MASK_STEP_M, sensor.range_m / MASK_RINGS)
    return mask(ground.under_m, sensor, step_m, MASK_RAYS)
