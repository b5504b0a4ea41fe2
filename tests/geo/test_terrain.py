"""Terrain: bilinear as scipy's, unknown stays unknown, files in several systems, and bad files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from rasterio import Affine
from scipy.interpolate import RegularGridInterpolator

from tests.geo.land import fractal, terrain
from tocsin.contract import InputError
from tocsin.geo import Terrain
from tocsin.geo.kernels_masking import sample
from tocsin.geo.terrain_file import read_terrain, write_terrain

DRAW = np.random.default_rng(4)


def write(path: Path, height: np.ndarray, **more: Any) -> Path:
    """Write a raster whose first row is in the north."""
    usual = {
        "driver": "GTiff",
        "crs": "EPSG:4326",
        "transform": Affine(0.01, 0.0, 8.0, 0.0, -0.02, 47.0),
    }
    shape = {"height": height.shape[0], "width": height.shape[1], "dtype": str(height.dtype)}
    with rasterio.open(path, "w", **{**usual, **shape, "count": 1, **more}) as raster:
        raster.write(height, 1)
    return path


def test_heights_are_bilinear() -> None:
    land = terrain(80)
    south, west, north, east = land.bounds_deg
    latitude, longitude = DRAW.uniform(south, north, 500), DRAW.uniform(west, east, 500)
    axes = (np.linspace(south, north, 80), np.linspace(west, east, 80))
    oracle = RegularGridInterpolator(axes, land.height_wgs84_m.astype(float))
    expected = oracle(np.stack([latitude, longitude], axis=1))
    np.testing.assert_allclose(land.height_m(latitude, longitude), expected, atol=1e-3)
    np.testing.assert_allclose(land.height_m(latitude, longitude - 360.0), expected, atol=1e-3)


def test_outside_and_beside_a_gap_is_unknown() -> None:
    height = np.ones((4, 5), np.float32)
    height[2, 2] = np.nan
    land = Terrain(10.0, 20.0, 1.0, 1.0, height)
    latitude = np.array([9.99, 13.01, 11.5, 11.5, 12.0, 13.0, 10.0])
    longitude = np.array([22.0, 22.0, 19.99, 24.01, 22.0, 24.0, 20.0])
    unknown = np.isnan(land.height_m(latitude, longitude))
    np.testing.assert_array_equal(unknown, [True, True, True, True, True, False, False])
    assert np.isnan(land.height_m(np.array([11.5]), np.array([21.5])))[0]


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_the_sampling_kernel_equals_its_twin(shift: float) -> None:
    land = terrain(120)
    land.height_wgs84_m[50:53, 70:72] = np.nan
    ends = DRAW.uniform(-5.0 - shift, 124.0 + shift, (2, 60, 2))
    out = np.empty((60, 64), np.float32)
    sample(land.height_wgs84_m, ends[0], ends[1], 64, out)
    along = np.arange(1, 65) / 64.0
    row, column = (e[:, :1] + (e[:, 1:] - e[:, :1]) * along for e in ends)
    latitude = land.south_deg + row * land.step_latitude_deg
    longitude = land.west_deg + column * land.step_longitude_deg
    expected = land.height_m(latitude, longitude)
    assert np.isnan(out).any()
    differ = np.isnan(out) != np.isnan(expected)
    assert differ.mean() < 1e-3  # points on the very rim, by rounding
    np.testing.assert_allclose(out[~differ], expected[~differ], atol=0.01)


def test_a_file_is_read_with_its_gaps(tmp_path: Path) -> None:
    height = fractal(40, 300.0)[:30].copy()
    height[3, 4], height[5, 6] = -9999.0, 30_000.0
    land = read_terrain(write(tmp_path / "a.tif", height, nodata=-9999.0), geoid_m=48.0)
    rows, columns = np.mgrid[0:30, 0:40]
    got = land.height_m(46.99 - 0.02 * rows, 8.005 + 0.01 * columns)
    assert np.isnan(got[[3, 5], [4, 6]]).all()
    assert np.isnan(got[1:-1, 1:-1]).sum() <= 2 * 9
    known = np.isfinite(got)
    np.testing.assert_allclose(got[known], height[known] + 48.0, atol=0.02)


def test_only_what_is_needed_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", fractal(100, 300.0))
    whole, part = read_terrain(path), read_terrain(path, (46.0, 8.2, 46.3, 8.4))
    assert part.height_wgs84_m.size < whole.height_wgs84_m.size / 10
    latitude, longitude = DRAW.uniform(46.0, 46.3, 50), DRAW.uniform(8.2, 8.4, 50)
    expected = whole.height_m(latitude, longitude)
    np.testing.assert_allclose(part.height_m(latitude, longitude), expected, atol=1e-2)
    turned = read_terrain(path, (46.0, 368.2, 46.3, 368.4))
    np.testing.assert_allclose(turned.height_m(latitude, longitude), expected, atol=1e-2)


def test_a_file_in_metres_is_turned_to_degrees(tmp_path: Path) -> None:
    # A plane that rises with the northing: bilinear in any system, so exact through the warp.
    northing = 5_200_000.0 - 500.0 * (np.arange(200) + 0.5)
    height = np.repeat(((northing - 5_100_000.0) / 100.0)[:, None], 200, axis=1)
    place = Affine(500.0, 0.0, 430_000.0, 0.0, -500.0, 5_200_000.0)
    path = write(tmp_path / "utm.tif", height.astype(np.float32), crs="EPSG:32632", transform=place)
    land = read_terrain(path)
    east, north = DRAW.uniform(450e3, 510e3, 100), DRAW.uniform(5120e3, 5180e3, 100)
    turn = Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True)
    longitude, latitude = turn.transform(east, north)
    got = land.height_m(np.array(latitude), np.array(longitude))
    np.testing.assert_allclose(got, (north - 5_100_000.0) / 100.0, atol=0.6)


def test_an_srtm_tile_is_read(tmp_path: Path) -> None:
    height = np.full((1201, 1201), 100, ">i2")
    height[0, 0], height[600, 600] = 700, -32768
    (tmp_path / "N46E008.hgt").write_bytes(height.tobytes())
    land = read_terrain(tmp_path / "N46E008.hgt")
    got = land.height_m(np.array([47.0, 46.2, 46.5]), np.array([8.0, 8.7, 8.5]))
    np.testing.assert_allclose(got[:2], [700.0, 100.0], atol=1.0)
    assert np.isnan(got[2])


def test_bad_files_are_refused_in_words(tmp_path: Path) -> None:
    plain = fractal(20, 100.0)
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        write(tmp_path / "bare.tif", plain, crs=None, transform=Affine.identity())
    far = write(tmp_path / "far.tif", plain)
    one = write(tmp_path / "one.tif", plain[:1])
    cut = write(tmp_path / "cut.tif", fractal(300, 100.0))
    cut.write_bytes(cut.read_bytes()[:5000])
    for path, bounds, words in (
        (tmp_path / "none.tif", None, "no such file"),
        (tmp_path / "text.tif", None, "cannot be read"),
        (tmp_path / "bare.tif", None, "not georeferenced"),
        (far, (10.0, 20.0, 11.0, 21.0), "covers nothing"),
        (one, None, "1 x 20 points"),
        (cut, None, "cannot be read"),
    ):
        with pytest.raises(InputError, match=words) as caught:
            read_terrain(path, bounds)
        assert path.name in str(caught.value)


def test_terrain_comes_back_from_its_own_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    height = rng.uniform(0, 900, (40, 60)).astype(np.float32)
    height[5, 7] = np.nan
    first = Terrain(-31.0, 12.0, 0.003, 0.004, height)
    write_terrain(first, tmp_path / "t.tif")
    again = read_terrain(tmp_path / "t.tif")
    np.testing.assert_array_equal(again.height_wgs84_m, height)
    place = (again.south_deg, again.west_deg, again.step_latitude_deg, again.step_longitude_deg)
    np.testing.assert_allclose(place, (-31.0, 12.0, 0.003, 0.004), rtol=0, atol=1e-9)
