"""The lowest height at which a site's radars see, on a map; missing terrain is unknown.

A cell says from which height on some radar sees: over the terrain in between, in its beam, in range
for the wanted probability of detection. It is NaN (unknown) where no radar is known to see at any
height and at least one might, and infinite where none sees at any height.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64, Origin, Sensor, SensorKind
from tocsin.geo import MEAN_RADIUS_M, Ground, Mask, Region, Terrain, mask
from tocsin.geo.kernels_masking import sample
from tocsin.geo.masking import MAX_RANGE_M
from tocsin.geo.terrain import F32
from tocsin.geo.wgs84 import ECCENTRICITY2, SEMI_MAJOR_M
from tocsin.radar.equation import scaled_range_m
from tocsin.radar.kernels_coverage import draw

_FAR_M = 1e7
"""Higher or lower than anything; finite, so that it can be interpolated."""
LOOKS = 2.0
"""Looks at the ground along a ray for each cell's length: ridges between two looks are missed."""


@dataclass(frozen=True)
class Target:
    """Say for what kind of target coverage is meant.

    Args:
        rcs_m2: mean radar cross-section; fluctuates from scan to scan (Swerling 1).
        wanted_pd: how often a look must detect it.
    """

    rcs_m2: float = 0.1
    wanted_pd: float = 0.8


@dataclass(frozen=True)
class Grid:
    """Place a map's cells; coordinates are of their centres.

    Args:
        south_deg: latitude of the first row.
        west_deg: longitude of the first column; longitudes east of it may exceed 180.
        step_latitude_deg: between rows.
        step_longitude_deg: between columns.
        rows: their number.
        columns: their number.
    """

    south_deg: float
    west_deg: float
    step_latitude_deg: float
    step_longitude_deg: float
    rows: int
    columns: int

    @property
    def latitude_deg(self) -> F64:
        """Return (rows,) latitudes."""
        return self.south_deg + self.step_latitude_deg * np.arange(self.rows, dtype=float)

    @property
    def longitude_deg(self) -> F64:
        """Return (columns,) longitudes."""
        return self.west_deg + self.step_longitude_deg * np.arange(self.columns, dtype=float)

    @property
    def area_m2(self) -> F64:
        """Return (rows,) areas of the cells of each row."""
        across, along = metres_per_degree(self.latitude_deg)
        return np.asarray(across * self.step_longitude_deg * along * self.step_latitude_deg)


@dataclass(frozen=True, eq=False)
class CoverageMap:
    """Hold the map.

    Args:
        grid: its cells.
        lowest_wgs84_m: (rows, columns) lowest height seen; NaN unknown, infinite: not at any.
        ground_m: (rows, columns) height of the ground; NaN unknown.
    """

    grid: Grid
    lowest_wgs84_m: F32
    ground_m: F32

    @property
    def above_ground_m(self) -> F32:
        """Return the lowest height seen above the ground."""
        return self.lowest_wgs84_m - self.ground_m


def reach_m(sensor: Sensor, target: Target) -> float:
    """Return the slant range to which a radar sees a target as often as wanted.

    Where its clear range is not known, that is its instrumented range.
    """
    limit = min(sensor.range_m, MAX_RANGE_M)
    if np.isnan(sensor.clear_range_m):
        return limit
    scaled = scaled_range_m(sensor.clear_range_m, target.rcs_m2, target.wanted_pd)
    return min(float(scaled), limit)


def radars(sensors: Sequence[Sensor]) -> tuple[Sensor, ...]:
    """Return those that are radars and whose place is known."""
    return tuple(s for s in sensors if s.kind == SensorKind.RADAR and np.isfinite(s.latitude_deg))


def grid_about(sensors: Sequence[Sensor], target: Target, step_m: float) -> Grid:
    """Return the grid of square cells that holds all that radars can reach.

    Args:
        sensors: radars, at least one.
        target: what they look for.
        step_m: edge of a cell at the middle latitude.
    """
    middle = sensors[0].longitude_deg
    boxes = []
    for sensor in sensors:
        reach = reach_m(sensor, target)
        east = (sensor.longitude_deg - middle + 180.0) % 360.0 - 180.0 + middle
        furthest = np.minimum(abs(sensor.latitude_deg) + reach / 111e3, 89.0)
        across, along = metres_per_degree(np.array([furthest, sensor.latitude_deg]))
        wide, tall = reach / across[0], reach / along[1]
        rows = np.clip(sensor.latitude_deg + np.array([-tall, tall]), -89.9, 89.9)
        boxes.append((rows[0], east - wide, rows[1], east + wide))
    low, high = np.min(np.array(boxes), axis=0), np.max(np.array(boxes), axis=0)
    south, west, north, east = float(low[0]), float(low[1]), float(high[2]), float(high[3])
    across, along = metres_per_degree(np.array([(south + north) / 2.0]))
    tall, wide = step_m / along[0], step_m / across[0]
    count = int((north - south) / tall) + 2, int((east - west) / wide) + 2
    return Grid(south, west, float(tall), float(wide), *count)


def coverage_map(
    ground: Terrain | Ground,
    sensors: Sequence[Sensor],
    target: Target,
    step_m: float = 90.0,
) -> CoverageMap:
    """Return the lowest height seen, cell by cell.

    Args:
        ground: terrain, or a function that gives its height.
        sensors: radars, at least one.
        target: what they look for.
        step_m: edge of a cell; the ground is looked at `LOOKS` times as often along a ray.
    """
    grid = grid_about(sensors, target, step_m)
    lowest = np.full((grid.rows, grid.columns), np.inf, np.float32)
    for sensor in sensors:
        add_sensor(lowest, grid, ground, sensor, reach_m(sensor, target), step_m)
    return CoverageMap(grid, lowest, ground_on(grid, ground))


def add_sensor(
    lowest: F32,
    grid: Grid,
    ground: Terrain | Ground,
    sensor: Sensor,
    reach: float,
    step_m: float,
) -> None:
    """Lower a map, in place, where a sensor sees lower than what is in it."""
    near = Sensor(**{**vars(sensor), "range_m": reach})
    rays = int(np.ceil(2.0 * np.pi * reach / step_m))
    seen = mask(ground, near, step_m / LOOKS, rays)
    beam = beam_heights(near, reach, seen.step_m, seen.lowest_m.shape[1]).astype(np.float32)
    rows, columns = _window(grid, sensor, reach)
    parallel, meridian, frame = _projection(grid, seen)
    draw(
        parallel[rows],
        meridian[columns],
        frame,
        seen.lowest_m,
        beam,
        lowest[rows, columns],
    )


def beam_heights(sensor: Sensor, reach: float, step_m: float, rings: int) -> F64:
    """Return (2, rings) lowest and highest heights in the beam and in range over rings.

    Ring i lies i + 1 steps away on the ground. Out of range the highest is far below the lowest.
    """
    radius = sensor.earth_factor * MEAN_RADIUS_M
    along = step_m * np.arange(1, rings + 1, dtype=float)
    low = _ray_height(sensor, sensor.elevation_min_rad, along / radius, radius)
    high = _ray_height(sensor, sensor.elevation_max_rad, along / radius, radius)
    # Slant range on the mean earth: law of cosines, solved for the far radius.
    angle = along / MEAN_RADIUS_M
    own = MEAN_RADIUS_M + sensor.height_wgs84_m
    left = reach**2 - (own * np.sin(angle)) ** 2
    top = own * np.cos(angle) + np.sqrt(np.maximum(left, 0.0)) - MEAN_RADIUS_M
    return np.stack([low, np.where(left >= 0.0, np.minimum(high, top), -_FAR_M)])


def _ray_height(sensor: Sensor, elevation_rad: float, angle: F64, radius: float) -> F64:
    """Return the height of a straight ray over the effective earth at angles at its centre."""
    own = radius + sensor.height_wgs84_m
    rising = np.cos(angle + elevation_rad)
    # A ray at or beyond the vertical never comes over these places.
    height = own * np.cos(elevation_rad) / np.maximum(rising, 1e-9) - radius
    return np.where(rising > 1e-9, np.clip(height, -_FAR_M, _FAR_M), _FAR_M)


def metres_per_degree(latitude_deg: F64) -> tuple[F64, F64]:
    """Return metres per degree of longitude and of latitude on the ellipsoid."""
    latitude = np.radians(latitude_deg)
    w2 = 1.0 - ECCENTRICITY2 * np.sin(latitude) ** 2
    across = SEMI_MAJOR_M / np.sqrt(w2)
    return np.radians(across * np.cos(latitude)), np.radians(across * (1.0 - ECCENTRICITY2) / w2)


def _window(grid: Grid, sensor: Sensor, reach: float) -> tuple[slice, slice]:
    """Return the rows and columns that a sensor can reach."""
    along = grid.latitude_deg - sensor.latitude_deg
    rows = np.flatnonzero(np.abs(along) * 110_500.0 <= reach)
    furthest = min(abs(sensor.latitude_deg) + reach / 110_500.0, 89.9)
    across = metres_per_degree(np.array(furthest))[0]
    turned = _turned(grid.longitude_deg - sensor.longitude_deg)
    columns = np.flatnonzero(np.abs(turned) * across <= reach)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _turned(angle_deg: F64) -> F64:
    """Return angles in [-180, 180)."""
    return np.asarray((angle_deg + 180.0) % 360.0 - 180.0)


def _projection(grid: Grid, seen: Mask) -> tuple[F32, F32, F32]:
    """Return parallels, meridians and frame as `draw` takes them."""
    own, latitude = np.radians(seen.latitude_deg), np.radians(grid.latitude_deg)
    turned = np.radians(_turned(grid.longitude_deg - seen.longitude_deg))
    radius, height = _meridian(latitude)
    own_radius, own_height = _meridian(own)
    north = (height - own_height) * np.cos(own) - (radius - own_radius) * np.sin(own)
    parallel = np.stack([radius, north], axis=1).astype(np.float32)
    less = -2.0 * np.sin(turned / 2.0) ** 2
    meridian = np.stack([np.sin(turned), less], axis=1).astype(np.float32)
    rays = len(seen.lowest_m) / (2.0 * np.pi)
    frame = np.array([np.sin(own), 1.0 / MEAN_RADIUS_M, rays, 1.0 / seen.step_m], np.float32)
    return parallel, meridian, frame


def _meridian(latitude_rad: F64 | float) -> tuple[F64, F64]:
    """Return distance from the earth's axis and from the plane of the equator."""
    sine = np.sin(latitude_rad)
    across = SEMI_MAJOR_M / np.sqrt(1.0 - ECCENTRICITY2 * sine**2)
    return np.asarray(across * np.cos(latitude_rad)), across * (1.0 - ECCENTRICITY2) * sine


def drawn_reference(grid: Grid, seen: Mask, beam: F64) -> F64:
    """Return (rows, columns) lowest heights at which one sensor sees: the twin of `draw`.

    Args:
        grid: the map's cells.
        seen: lowest visible heights over terrain.
        beam: (2, rings) lowest and highest heights in the beam and in range.
    """
    latitude, longitude = np.meshgrid(grid.latitude_deg, grid.longitude_deg, indexing="ij")
    frame = Region.at(Origin(seen.latitude_deg, seen.longitude_deg))
    enu = frame.from_geodetic(latitude, longitude, np.zeros_like(latitude))
    along = MEAN_RADIUS_M * np.arcsin(np.hypot(enu[..., 0], enu[..., 1]) / MEAN_RADIUS_M)
    rays, rings = seen.lowest_m.shape
    ray = np.mod(np.arctan2(enu[..., 0], enu[..., 1]), 2.0 * np.pi) * rays / (2.0 * np.pi)
    ring = along / seen.step_m - 1.0
    i, j = ray.astype(int) % rays, np.clip(ring, 0, rings - 2).astype(int)
    share, side = np.clip(ring, 0, rings - 2) - j, ray - np.floor(ray)
    inner = seen.lowest_m[i, j] * (1.0 - side) + seen.lowest_m[(i + 1) % rays, j] * side
    outer = seen.lowest_m[i, j + 1] * (1.0 - side) + seen.lowest_m[(i + 1) % rays, j + 1] * side
    low, high = (lane[j] * (1.0 - share) + lane[j + 1] * share for lane in beam)
    level = inner * (1.0 - share) + outer * share
    level = np.where(level < low, low, level)
    never = (low > high) | (level > high) | (ring > rings - 2)
    return np.where(never, np.inf, level)


def ground_on(grid: Grid, ground: Terrain | Ground) -> F32:
    """Return (rows, columns) heights of the ground at a grid's cells."""
    out: F32 = np.empty((grid.rows, grid.columns), np.float32)
    if isinstance(ground, Terrain):
        ends = grid.longitude_deg[[0, -1]] - [grid.step_longitude_deg, 0.0]
        row, column = ground.place(grid.latitude_deg[:, None], ends)
        sample(ground.height_wgs84_m, row + 0.0 * column, column + 0.0 * row, grid.columns, out)
        return out
    for k, latitude in enumerate(grid.latitude_deg):
        out[k] = ground(np.full(grid.columns, latitude), grid.longitude_deg)
    return out


def areas_m2(coverage: CoverageMap, above_ground_m: float) -> dict[str, float]:
    """Return the areas in which targets at a height above ground are seen, blind and unknown.

    Blind counts only where some radar sees at greater heights.
    """
    above = coverage.above_ground_m
    reached = ~np.isposinf(coverage.lowest_wgs84_m)
    unknown, seen = np.isnan(above) & reached, above <= above_ground_m
    blind = reached & ~unknown & ~seen
    cells = coverage.grid.area_m2
    parts = (("seen", seen), ("blind", blind), ("unknown", unknown))
    return {name: float(part.sum(axis=1) @ cells) for name, part in parts}
