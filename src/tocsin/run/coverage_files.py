"""Coverage for other programs: GeoTIFF and GeoJSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tocsin.contract import InputError
from tocsin.radar.coverage import CoverageMap, Grid

NOT_SEEN_M = 1e6
"""Written where no radar sees at any height: higher than anything flies."""
UNKNOWN, UNSEEN = 254, 255
_POLYGON_CELLS = 900
_LEAST_CELLS = 6


def classes_of(seen: CoverageMap, heights_m: tuple[float, ...]) -> Any:
    """Return (rows, columns) uint8 of classes by lowest visible height above ground.

    Class i is seen from at most height i on; the class after the last height is seen only from
    greater ones; then UNSEEN (at no height: out of range) and UNKNOWN.
    """
    above = seen.above_ground_m
    out = np.searchsorted(np.array(heights_m), above.reshape(-1)).astype(np.uint8)
    out = out.reshape(above.shape)
    out[np.isinf(above)] = UNSEEN
    out[np.isnan(above)] = UNKNOWN
    out[np.isposinf(seen.lowest_wgs84_m)] = UNSEEN  # out of range over unknown ground, too
    return out


def write_geotiff(seen: CoverageMap, path: Path) -> None:
    """Write both heights as float32 in EPSG:4326, from the north; NaN is UNKNOWN.

    Band 1 is the lowest visible height above the ellipsoid, band 2 above ground; `NOT_SEEN_M`
    stands where no radar sees at any height.

    Raises:
        InputError: the file cannot be written.
    """
    import rasterio
    from rasterio.errors import RasterioError

    bands = (seen.lowest_wgs84_m, seen.above_ground_m)
    names = ("lowest visible height above WGS-84 ellipsoid", "lowest visible height above ground")
    profile = {
        "driver": "GTiff",
        "count": 2,
        "dtype": "float32",
        "height": seen.grid.rows,
        "width": seen.grid.columns,
        "crs": "EPSG:4326",
        "transform": _transform(seen.grid),
        "nodata": np.nan,
        "compress": "deflate",
        "predictor": 3,
        "zlevel": 1,
        "tiled": True,
    }
    try:
        with rasterio.open(path, "w", **profile) as raster:
            raster.update_tags(not_seen_m=NOT_SEEN_M, unknown="NaN", units="m")
            for k, (band, name) in enumerate(zip(bands, names, strict=True), start=1):
                never = np.isposinf(seen.lowest_wgs84_m)
                raster.write(np.where(never, np.float32(NOT_SEEN_M), band)[::-1], k)
                raster.set_band_description(k, name)
    except (RasterioError, OSError) as error:
        raise InputError(path, f"cannot be written: {error}", "choose another folder") from error


def _transform(grid: Grid, every: int = 1) -> Any:
    """Return the place of the raster's cells, north up; `every` cells are one."""
    from rasterio import Affine

    north = grid.south_deg + (grid.rows - 0.5) * grid.step_latitude_deg
    west = grid.west_deg - 0.5 * grid.step_longitude_deg
    wide, tall = grid.step_longitude_deg * every, grid.step_latitude_deg * every
    return Affine(wide, 0.0, west, 0.0, -tall, north)


def write_geojson(seen: CoverageMap, heights_m: tuple[float, ...], path: Path) -> None:
    """Write one MultiPolygon for each class of heights, and one for UNKNOWN.

    The map is coarsened for it to at most 900 cells a side, and specks are dropped; the GeoTIFF is
    exact.

    Raises:
        InputError: the file cannot be written.
    """
    from rasterio.features import shapes, sieve

    every = max(-(-max(seen.grid.rows, seen.grid.columns) // _POLYGON_CELLS), 1)
    # Rows from the north; from its last row on, so that the coarse raster begins at its edge.
    coarse = np.ascontiguousarray(classes_of(seen, heights_m)[::-1][::every, ::every])
    coarse = sieve(coarse, _LEAST_CELLS)
    parts: dict[int, list[Any]] = {}
    for geometry, value in shapes(coarse, transform=_transform(seen.grid, every)):
        parts.setdefault(int(value), []).append(_rounded(geometry["coordinates"]))
    kinds = [*range(len(heights_m) + 1), UNKNOWN]
    features = [_feature(kind, heights_m, parts.get(kind, [])) for kind in kinds]
    document = {"type": "FeatureCollection", "features": features}
    try:
        path.write_text(json.dumps(document), "utf-8")
    except OSError as error:
        raise InputError(path, f"cannot be written: {error}", "choose another folder") from error


def _rounded(rings: Any) -> list[list[list[float]]]:
    return [[[round(x, 5), round(y, 5)] for x, y in ring] for ring in rings]


def _feature(kind: int, heights_m: tuple[float, ...], polygons: list[Any]) -> dict[str, Any]:
    bounds = (0.0, *heights_m, None)
    if kind == UNKNOWN:
        properties: dict[str, Any] = {"kind": "unknown"}
    else:
        low, high = bounds[kind], bounds[kind + 1]
        properties = {"kind": "blind_below", "from_m": low, "to_m": high}
    geometry = {"type": "MultiPolygon", "coordinates": polygons}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
