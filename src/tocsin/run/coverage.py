"""`tocsin coverage`: what a site's radars see over the land, as a picture and as files for maps."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from tocsin.contract import F64, InputError, Sensor
from tocsin.geo import Ground, Mask, Terrain
from tocsin.geo.terrain_file import read_terrain
from tocsin.radar.coverage import (
    CoverageMap,
    Target,
    areas_m2,
    coverage_map,
    grid_about,
    radars,
    reach_m,
)
from tocsin.run.coverage_files import write_geojson, write_geotiff
from tocsin.run.coverage_picture import Scene, draw
from tocsin.run.masks import bounds, terrain_masks
from tocsin.run.site import Site, read_site

MAX_CELLS = 150_000_000
HEIGHTS_M = (30.0, 100.0, 300.0, 1000.0, 3000.0)
PAGE_RAYS = 720


@dataclass(frozen=True)
class CoverageOptions:
    """Hold what `tocsin coverage` was asked.

    Args:
        target: what the radars look for.
        heights_m: above ground, ascending: bounds of the classes.
        step_m: edge of a cell, and between looks at the ground along a ray.
        earth_factor: effective-earth factor k for all radars; None: each its own.
        smooth_earth: take the ground as the sea, everywhere.
    """

    target: Target = field(default_factory=Target)
    heights_m: tuple[float, ...] = HEIGHTS_M
    step_m: float = 90.0
    earth_factor: float | None = None
    smooth_earth: bool = False


def cover(
    site_path: Path, out: Path, options: CoverageOptions, note: Callable[[str], None]
) -> dict[str, Any]:
    """Write the coverage of a site's radars; return what was written and how much is seen.

    Args:
        site_path: site.toml.
        out: folder.
        options: what was asked.
        note: tells the person what happens.

    Raises:
        InputError: no radar with a place, no terrain, a raster too large, or no place to write.
    """
    site = read_site(site_path)
    sensors = _radars(site_path, site, options)
    ground = _ground(site_path, site, sensors, options)
    _folder(out)
    note(f"looking over the land from {len(sensors)} radars ...")
    started = time.perf_counter()
    seen = coverage_map(ground, sensors, options.target, options.step_m)
    elapsed_s = time.perf_counter() - started
    files = {name: out / f"coverage.{name}" for name in ("png", "tif", "geojson")}
    write_geotiff(seen, files["tif"])
    write_geojson(seen, options.heights_m, files["geojson"])
    words = _words(site, sensors, options)
    draw(Scene(site.name, words, sensors, site.place, seen, options.heights_m), files["png"])
    return _result(sensors, options, seen, elapsed_s) | {k: str(v) for k, v in files.items()}


def _radars(site_path: Path, site: Site, options: CoverageOptions) -> tuple[Sensor, ...]:
    found = radars(site.sensors)
    if not found:
        mend = 'give a [[sensor]] of kind = "radar" with latitude_deg and longitude_deg'
        raise InputError(site_path, "has no radar whose place is known", mend)
    for sensor in found:
        if reach_m(sensor, options.target) == inf or np.isnan(sensor.height_wgs84_m):
            raise InputError(f"{site_path}, {sensor.sensor_id}", "has no range", "give range_m")
    if options.earth_factor is None:
        return found
    return tuple(replace(sensor, earth_factor=options.earth_factor) for sensor in found)


def _ground(
    site_path: Path, site: Site, sensors: Sequence[Sensor], options: CoverageOptions
) -> Terrain | Ground:
    grid = grid_about(sensors, options.target, options.step_m)
    if grid.rows * grid.columns > MAX_CELLS:
        mend = "give a larger --step"
        raise InputError("coverage", f"would have {grid.rows} x {grid.columns} cells", mend)
    if options.smooth_earth:
        return partial(_level, height_m=site.file.site.geoid_m)
    if site.terrain is None:
        mend = 'name terrain = "file.tif" under [site], or ask for --smooth-earth'
        raise InputError(site_path, "names no terrain", mend)
    return read_terrain(site.terrain, bounds(grid), site.file.site.geoid_m)


def _level(latitude_deg: F64, _: F64, height_m: float) -> F64:
    return np.full(np.shape(latitude_deg), height_m)


def site_masks(site: Site, rays: int = PAGE_RAYS) -> dict[str, Mask]:
    """Return the masks of a site's radars, by sensor id; none where it names no terrain.

    Args:
        site: its terrain and radars count.
        rays: of each mask; the default is coarse, for the page.

    Raises:
        InputError: the terrain cannot be read, or lies elsewhere.
    """
    section = site.file.site
    return terrain_masks(site.sensors, site.terrain, section.geoid_m, rays)


def _folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(out, f"cannot be written: {error}", "choose another folder") from error


def _words(site: Site, sensors: Sequence[Sensor], options: CoverageOptions) -> tuple[str, ...]:
    target = options.target
    factors = sorted({round(sensor.earth_factor, 4) for sensor in sensors})
    land = "smooth earth" if options.smooth_earth or not site.terrain else site.terrain.name
    clear = [sensor for sensor in sensors if np.isfinite(sensor.clear_range_m)]
    law = f"target {target.rcs_m2:g} sq m, Pd {target.wanted_pd:g}, Swerling 1"
    reach = law if clear else "instrumented range (no clear_range_m known)"
    effective = ", ".join(f"{factor:g}" for factor in factors)
    return (reach, f"effective earth k = {effective}", f"ground: {land}, {options.step_m:g} m")


def _result(
    sensors: Sequence[Sensor], options: CoverageOptions, seen: CoverageMap, elapsed_s: float
) -> dict[str, Any]:
    """Return the answer as data."""
    return {
        "cells": seen.grid.rows * seen.grid.columns,
        "step_m": options.step_m,
        "rcs_m2": options.target.rcs_m2,
        "wanted_pd": options.target.wanted_pd,
        "elapsed_s": round(elapsed_s, 3),
        "reach_m": {s.sensor_id: round(reach_m(s, options.target), 1) for s in sensors},
        "at_height": [_areas(seen, height) for height in options.heights_m],
    }


def _areas(seen: CoverageMap, above_ground_m: float) -> dict[str, float]:
    areas = areas_m2(seen, above_ground_m)
    rounded = {f"{name}_km2": round(value / 1e6, 1) for name, value in areas.items()}
    return {"above_ground_m": above_ground_m, **rounded}


def heights_of(values: Sequence[float] | None) -> tuple[float, ...]:
    """Return the bounds of the classes: those asked for, ascending, else the usual ones.

    Raises:
        InputError: a height at or below the ground, or too many.
    """
    heights = tuple(sorted(set(values or HEIGHTS_M)))
    if heights[0] <= 0.0 or len(heights) > 8:
        raise InputError("--at-height", "cannot be used", "give one to eight heights above 0")
    return heights
