"""Measure coverage maps: time for one site, and disagreement with an exact ray for each cell.

python bench/coverage.py [range in km] [step in m] [cells compared]

One radar on a 30 m mast amid fractal land, three kinds of it. Time is that of `add_sensor` (terrain
in memory to lowest visible height in every cell), on one core: the best of five, and as CPU time.
A cell is compared by its own geodesic ray, looked at every quarter step; it disagrees at a height
above ground where one sees a target there and the other does not.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from time import perf_counter, process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, Sensor, SensorKind
from tocsin.geo import MEAN_RADIUS_M, Terrain
from tocsin.geo.masking import along_rays, horizon_reference, mask, ring_table
from tocsin.radar.coverage import LOOKS, Grid, Target, add_sensor, grid_about, ground_on

HEIGHTS_M = (30.0, 100.0, 300.0, 1000.0, 3000.0)
LANDS = {"plain": 30.0, "hills": 150.0, "mountains": 500.0}
ANY = Target(rcs_m2=1e6)
POINTS = 4000


def fractal() -> NDArray[np.float32]:
    """Return land whose spectrum falls as that of real land; a fixed seed."""
    noise = np.fft.rfft2(np.random.default_rng(3).normal(size=(POINTS, POINTS)))
    wave = np.hypot(np.fft.fftfreq(POINTS)[:, None], np.fft.rfftfreq(POINTS)[None])
    wave[0, 0] = 1.0
    land = np.fft.irfft2(noise * wave**-1.75, s=(POINTS, POINTS))
    return np.asarray((land - land.mean()) / land.std(), np.float32)


def site(land: NDArray[np.float32], height_m: float, range_m: float) -> tuple[Terrain, Sensor]:
    """Return terrain of about one point per 90 m and a radar on it."""
    half = 1.04 * range_m / 111e3
    step = 2.0 * half / (POINTS - 1)
    height = np.maximum(height_m * (0.75 + land), 0.0)
    ground = Terrain(46.5 - half, 8.0 - 1.5 * half, step, 1.5 * step, height)
    own = float(ground.height_m(np.array([46.5]), np.array([8.0]))[0])
    sensor = Sensor("r", SensorKind.RADAR, 46.5, 8.0, own + 30.0, range_m=range_m)
    return ground, replace(sensor, elevation_min_rad=-1.5, elevation_max_rad=1.57)


def timed(ground: Terrain, sensor: Sensor, step_m: float) -> tuple[Grid, Any, dict[str, float]]:
    """Return the map and how long it took."""
    grid = grid_about([sensor], ANY, step_m)
    lowest = np.empty((grid.rows, grid.columns), np.float32)
    wall, cpu, masks = [], [], []
    for _ in range(6):  # the first compiles
        lowest[:] = np.inf
        before, busy = perf_counter(), process_time()
        add_sensor(lowest, grid, ground, sensor, sensor.range_m, step_m)
        wall.append(perf_counter() - before)
        cpu.append(process_time() - busy)
        before = perf_counter()
        mask(ground, sensor, step_m / LOOKS, int(np.ceil(2.0 * np.pi * sensor.range_m / step_m)))
        masks.append(perf_counter() - before)
    times = {"best_s": min(wall[1:]), "best_cpu_s": min(cpu[1:]), "of_it_mask_s": min(masks[1:])}
    return grid, lowest, {name: round(value, 3) for name, value in times.items()}


def exact_m(ground: Terrain, sensor: Sensor, azimuth_rad: float, along_m: float, n: int) -> float:
    """Return the lowest visible height at the end of a ray looked at n times."""
    where = along_m * np.arange(1, n + 1) / n
    height = ground.height_m(*along_rays(sensor, np.full(n, azimuth_rad), where))
    curvature = 1.0 / (sensor.earth_factor * MEAN_RADIUS_M)
    ring = ring_table(sensor, along_m / n, n)
    return float(horizon_reference(ring, height[None], curvature)[0, -1])


def polar(sensor: Sensor, latitude: F64, longitude: F64) -> tuple[F64, F64]:
    """Return geodesic azimuth and distance of points."""
    from pyproj import Geod

    own = np.full(len(latitude), sensor.longitude_deg), np.full(len(latitude), sensor.latitude_deg)
    azimuth, _, along = Geod(ellps="WGS84").inv(*own, longitude, latitude)
    return np.radians(azimuth), along


def disagreement(
    ground: Terrain, sensor: Sensor, step_m: float, grid: Grid, lowest: Any, cells: int
) -> dict[str, Any]:
    """Return the share of cells that differ at each height, in per cent."""
    pick = np.random.default_rng(0).integers(0, [grid.rows, grid.columns], (cells, 2))
    azimuth, along = polar(sensor, grid.latitude_deg[pick[:, 0]], grid.longitude_deg[pick[:, 1]])
    inside = (along < sensor.range_m - 2.0 * step_m) & (along > step_m)
    row, column = pick[inside].T
    got, level = lowest[row, column], ground_on(grid, ground)[row, column]
    rays = zip(azimuth[inside], along[inside], strict=True)
    exact = np.array([exact_m(ground, sensor, a, d, int(d / (step_m / 4.0)) + 1) for a, d in rays])
    wrong = {
        f"{height:g} m": float(np.mean((got <= level + height) != (exact <= level + height)))
        for height in HEIGHTS_M
    }
    return {
        "cells": int(inside.sum()),
        "differ_percent": {name: round(100.0 * share, 3) for name, share in wrong.items()},
        "mean_percent": round(100.0 * float(np.mean(list(wrong.values()))), 3),
        "worst_percent": round(100.0 * max(wrong.values()), 3),
        "seen_percent_at_1000_m": round(100.0 * float(np.mean(exact <= level + 1000.0)), 1),
        "median_difference_m": round(float(np.median(np.abs(got - exact))), 2),
    }


def main() -> None:
    """Print what was measured as one JSON document."""
    given = [float(value) for value in sys.argv[1:]]
    range_km, step_m, cells = (*given, *(150.0, 90.0, 3000.0)[len(given) :])
    land, results = fractal(), {}
    for name, height_m in LANDS.items():
        ground, sensor = site(land, height_m, range_km * 1000.0)
        grid, lowest, times = timed(ground, sensor, step_m)
        slope = np.abs(np.diff(ground.height_wgs84_m, axis=0)).mean()
        facts = {"mean_step_between_points_m": round(float(slope), 2), **times}
        against = disagreement(ground, sensor, step_m, grid, lowest, int(cells))
        results[name] = {**facts, "against_exact_rays": against}
    size = {"range_km": range_km, "step_m": step_m, "map_cells": grid.rows * grid.columns}
    print(json.dumps({**size, **results}, indent=1))


if __name__ == "__main__":
    main()
