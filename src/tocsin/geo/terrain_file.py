"""Terrain out of files: GeoTIFF in any coordinate system, SRTM's .hgt, and what else GDAL reads."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tocsin.contract import InputError
from tocsin.geo.terrain import Terrain

MAX_POINTS = 400_000_000
LEAST_M, MOST_M = -500.0, 9000.0
"""No land lies lower or higher: such heights are faults of the file, and unknown."""
Bounds = tuple[float, float, float, float]


def read_terrain(path: Path, bounds_deg: Bounds | None = None, geoid_m: float = 0.0) -> Terrain:
    """Return the terrain in a file; points without data, or with impossible ones, are unknown.

    Args:
        path: raster of heights above sea level in metres, in its first band.
        bounds_deg: south, west, north and east of what is needed; without: all of it.
        geoid_m: sea level above the ellipsoid, added to every height.

    Raises:
        InputError: no such file, no raster, not georeferenced, too large, or none of it is
            within the bounds.
    """
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError
    from rasterio.vrt import WarpedVRT
    from rasterio.warp import Resampling

    if not path.is_file():
        raise InputError(path, "no such file", "check the path of the terrain")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # said below, as an error
            raster = rasterio.open(path)
        with raster:
            _need_georeference(path, raster)
            if _is_plain(raster):
                return _read(path, raster, bounds_deg, geoid_m)
            warp = {"crs": "EPSG:4326", "resampling": Resampling.bilinear, "tolerance": 0.0}
            with WarpedVRT(raster, dtype="float32", nodata=np.nan, **warp) as turned:
                return _read(path, turned, bounds_deg, geoid_m)
    except InputError:
        raise
    except (RasterioError, OSError, ValueError) as error:
        raise InputError(path, f"cannot be read as terrain: {error}", "give a GeoTIFF") from error


def _need_georeference(path: Path, raster: Any) -> None:
    if raster.crs is None or raster.transform.is_identity:
        mend = "give it a coordinate system (gdal_translate -a_srs -a_ullr)"
        raise InputError(path, "is not georeferenced", mend)


def _is_plain(raster: Any) -> bool:
    """Tell whether rows are parallels and columns meridians, north up."""
    t = raster.transform
    return bool(raster.crs.is_geographic and t.b == 0.0 and t.d == 0.0 and t.a > 0.0 > t.e)


def _read(path: Path, raster: Any, bounds_deg: Bounds | None, geoid_m: float) -> Terrain:
    step_east, step_south, window = raster.transform.a, -raster.transform.e, None
    west, north = raster.bounds.left, raster.bounds.top
    if bounds_deg is not None:
        window = _window(path, raster, bounds_deg)
        west += window.col_off * step_east
        north -= window.row_off * step_south
    rows, columns = (window.height, window.width) if window else raster.shape
    if rows < 2 or columns < 2 or rows * columns > MAX_POINTS:
        mend = f"cut or coarsen it: at least 2 x 2 points, at most {MAX_POINTS}"
        raise InputError(path, f"has {rows} x {columns} points where it is needed", mend)
    band = raster.read(1, window=window, masked=True).astype(np.float32)
    height = np.ma.filled(band, np.nan)[::-1].copy()
    height[~((height >= LEAST_M) & (height <= MOST_M))] = np.nan
    height += np.float32(geoid_m)
    south = north - (rows - 0.5) * step_south
    return Terrain(south, west + 0.5 * step_east, step_south, step_east, height)


def _window(path: Path, raster: Any, bounds_deg: Bounds) -> Any:
    """Return the part of a raster within bounds, two points more on each side."""
    from rasterio.windows import Window

    south, west, north, east = bounds_deg
    t, edges = raster.transform, raster.bounds
    # The same place may be written a turn further east or west.
    turns = 360.0 * np.round((0.5 * (edges.left + edges.right) - 0.5 * (west + east)) / 360.0)
    first_row, last_row = (edges.top - north) / -t.e - 2.0, (edges.top - south) / -t.e + 2.0
    first = (west + turns - edges.left) / t.a - 2.0
    last = (east + turns - edges.left) / t.a + 2.0
    rows = np.clip([np.floor(first_row), np.ceil(last_row)], 0, raster.height).astype(int)
    columns = np.clip([np.floor(first), np.ceil(last)], 0, raster.width).astype(int)
    if rows[1] - rows[0] < 2 or columns[1] - columns[0] < 2:
        have = f"{edges.bottom:.3f}..{edges.top:.3f}, {edges.left:.3f}..{edges.right:.3f}"
        mend = f"it covers latitudes and longitudes {have}: give terrain about the sensors"
        raise InputError(path, "covers nothing of what is needed", mend)
    return Window(int(columns[0]), int(rows[0]), int(np.diff(columns)[0]), int(np.diff(rows)[0]))


def write_terrain(terrain: Terrain, path: Path) -> None:
    """Write terrain as a GeoTIFF: float32 metres in EPSG:4326 from the north, NaN where unknown.

    Raises:
        OSError: the file cannot be written.
    """
    import rasterio
    from rasterio.errors import RasterioError

    height = terrain.height_wgs84_m
    rows, columns = height.shape
    east, north = terrain.step_longitude_deg, terrain.step_latitude_deg
    west_edge = terrain.west_deg - 0.5 * east
    north_edge = terrain.south_deg + (rows - 0.5) * north
    shape = {"height": rows, "width": columns, "count": 1, "dtype": "float32"}
    place = {
        "crs": "EPSG:4326",
        "transform": rasterio.Affine(east, 0.0, west_edge, 0.0, -north, north_edge),
        "nodata": np.nan,
    }
    packing = {"compress": "deflate", "predictor": 3, "tiled": True}
    try:
        with rasterio.open(path, "w", driver="GTiff", **shape, **place, **packing) as out:
            out.write(height[::-1].astype(np.float32), 1)
    except RasterioError as error:
        raise OSError(str(error)) from error
