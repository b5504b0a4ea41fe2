"""Coverage maps: kernels and twins, exact rays, the beam, the horizon, and what is unknown."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from tests.geo.land import radar, terrain
from tests.geo.test_masking import exact_lowest_m, flat
from tocsin.contract import SensorKind
from tocsin.geo import horizon_range_m, mask
from tocsin.radar.coverage import (
    LOOKS,
    CoverageMap,
    Grid,
    Target,
    add_sensor,
    areas_m2,
    beam_heights,
    coverage_map,
    drawn_reference,
    grid_about,
    radars,
    reach_m,
)
from tocsin.radar.equation import scaled_range_m

GEOD = Geod(ellps="WGS84")
LAND = terrain(700, 0.3)
WIDE = replace(radar(LAND, range_m=30e3), elevation_min_rad=-1.5, elevation_max_rad=1.57)
ANY = Target(1.0, 0.9)


def pairs(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    return np.meshgrid(grid.latitude_deg, grid.longitude_deg, indexing="ij")


def away_m(grid: Grid) -> np.ndarray:
    latitude, longitude = (axis.ravel() for axis in pairs(grid))
    own = (np.full(latitude.size, 8.0), np.full(latitude.size, 46.5))
    return GEOD.inv(*own, longitude, latitude)[2].reshape(grid.rows, grid.columns)


@pytest.mark.parametrize("where", [(46.5, 8.0), (-46.5, 179.9), (2.0, -30.0)])
def test_the_map_equals_its_twin(where: tuple[float, float]) -> None:
    hills = lambda lat, lon: 300.0 + 250.0 * np.sin(90.0 * lat) * np.cos(70.0 * lon)  # noqa: E731 - one line of land
    sensor = replace(
        radar(mast_m=900.0, range_m=40e3), latitude_deg=where[0], longitude_deg=where[1]
    )
    grid, lowest = grid_about([sensor], ANY, 400.0), None
    lowest = np.full((grid.rows, grid.columns), np.inf, np.float32)
    add_sensor(lowest, grid, hills, sensor, 40e3, 400.0)
    seen = mask(hills, sensor, 400.0 / LOOKS, int(np.ceil(2.0 * np.pi * 40e3 / 400.0)))
    beam = beam_heights(sensor, 40e3, seen.step_m, seen.lowest_m.shape[1])
    expected = drawn_reference(grid, seen, beam)
    same = np.isposinf(lowest) == np.isposinf(expected)
    assert same.mean() > 0.9995  # but for cells on the rim, by rounding
    both = np.isfinite(lowest) & np.isfinite(expected)
    assert both.mean() > 0.6
    assert np.quantile(np.abs(lowest[both] - expected[both]), 0.999) < 0.05


def test_the_map_agrees_with_an_exact_ray_for_each_cell() -> None:
    hills = terrain(700, 0.3, height_m=100.0)
    sensor = replace(WIDE, height_wgs84_m=radar(hills).height_wgs84_m)
    seen = coverage_map(hills, [sensor], ANY, 90.0)
    pick = np.random.default_rng(9).integers(0, [seen.grid.rows, seen.grid.columns], (900, 2))
    latitude, longitude = seen.grid.latitude_deg[pick[:, 0]], seen.grid.longitude_deg[pick[:, 1]]
    own = (np.full(900, 8.0), np.full(900, 46.5))
    inside = GEOD.inv(*own, longitude, latitude)[2] < 29.5e3
    points = zip(latitude[inside], longitude[inside], strict=True)
    exact = np.array([exact_lowest_m(hills, sensor, point, 30.0) for point in points])
    row, column = pick[inside].T
    got, ground = seen.lowest_wgs84_m[row, column], seen.ground_m[row, column]
    wrong = [((got <= ground + h) != (exact <= ground + h)).mean() for h in (30, 100, 300, 1000)]
    # Some 700 cells: one that differs is 0.14 %; bench/coverage.py takes many more.
    assert np.mean(wrong) <= 0.003


def test_level_land_is_seen_to_the_horizon() -> None:
    sensor = replace(radar(mast_m=30.0, range_m=80e3), elevation_min_rad=-0.2)
    seen = coverage_map(flat, [sensor], ANY, 500.0)
    away = away_m(seen.grid)
    for height in (30.0, 100.0):
        horizon = float(horizon_range_m(30.0, height, sensor.earth_factor))
        visible = seen.lowest_wgs84_m <= height
        assert visible[(away < horizon - 600.0) & (away > 200.0)].all()
        assert not visible[away > horizon + 600.0].any()


def test_the_beam_bounds_what_is_seen() -> None:
    sensor = replace(radar(mast_m=30.0), elevation_min_rad=0.05, elevation_max_rad=0.4)
    seen = coverage_map(flat, [sensor], ANY, 250.0)
    away, lowest = away_m(seen.grid), seen.lowest_wgs84_m
    ring = (away > 19e3) & (away < 21e3)
    expected = 30.0 + np.tan(0.05) * away[ring] + away[ring] ** 2 / (2 * 4 / 3 * 6_371_008.8)
    np.testing.assert_allclose(lowest[ring], expected, rtol=0.005)
    blind = replace(sensor, elevation_min_rad=0.5, elevation_max_rad=0.4)
    assert np.isposinf(coverage_map(flat, [blind], ANY, 500.0).lowest_wgs84_m).all()


def test_reach_follows_the_fourth_root_and_the_instrument() -> None:
    sensor = replace(radar(range_m=150e3), clear_range_m=100e3)
    assert reach_m(sensor, Target(1.0, 0.9)) == pytest.approx(100e3)
    assert reach_m(sensor, Target(0.01, 0.9)) == pytest.approx(100e3 / 10**0.5)
    assert reach_m(sensor, Target(0.1, 0.8)) == pytest.approx(float(scaled_range_m(1e5, 0.1, 0.8)))
    assert reach_m(sensor, Target(100.0, 0.9)) == 150e3
    assert reach_m(replace(sensor, clear_range_m=np.nan), Target(1e-4, 0.9)) == 150e3
    seen = coverage_map(flat, [sensor], Target(0.01, 0.9), 500.0)
    assert away_m(seen.grid)[np.isfinite(seen.lowest_wgs84_m)].max() < 31_700.0


@settings(max_examples=8)
@given(st.integers(40, 600), st.integers(40, 600), st.integers(4, 60))
def test_missing_terrain_is_never_seen(row: int, column: int, size: int) -> None:
    height = LAND.height_wgs84_m.copy()
    height[row : row + size, column : column + size] = np.nan
    holed = coverage_map(replace(LAND, height_wgs84_m=height), [WIDE], ANY, 250.0)
    whole = coverage_map(LAND, [WIDE], ANY, 250.0)
    unknown = np.isnan(holed.lowest_wgs84_m)
    latitude, longitude = pairs(holed.grid)
    gone = np.isnan(replace(LAND, height_wgs84_m=height).height_m(latitude, longitude))
    inside = np.isfinite(whole.lowest_wgs84_m)
    assert unknown[gone & inside].all()
    np.testing.assert_array_equal(holed.lowest_wgs84_m[~unknown], whole.lowest_wgs84_m[~unknown])
    areas = areas_m2(holed, 5000.0)
    assert areas["unknown"] >= unknown.sum(axis=1) @ holed.grid.area_m2 * 0.999


def test_no_terrain_at_all_is_unknown_everywhere() -> None:
    nothing = coverage_map(lambda lat, _: np.full(np.shape(lat), np.nan), [WIDE], ANY, 500.0)
    reached = away_m(nothing.grid) < 29e3
    assert np.isnan(nothing.lowest_wgs84_m[reached]).all()
    assert areas_m2(nothing, 1e5)["seen"] == 0.0


def test_another_radar_only_ever_lowers_the_map() -> None:
    other = replace(WIDE, longitude_deg=8.25, range_m=20e3)
    one, two = (coverage_map(LAND, sensors, ANY, 250.0) for sensors in ([WIDE], [other]))
    both = np.full((one.grid.rows, one.grid.columns), np.inf, np.float32)
    for sensor in (WIDE, other):
        add_sensor(both, one.grid, LAND, sensor, sensor.range_m, 250.0)
    known = ~np.isnan(one.lowest_wgs84_m)
    assert (both[known] <= one.lowest_wgs84_m[known]).all()
    turned = np.full_like(both, np.inf)
    for sensor in (other, WIDE):
        add_sensor(turned, one.grid, LAND, sensor, sensor.range_m, 250.0)
    np.testing.assert_array_equal(both, turned)
    assert two.lowest_wgs84_m.size < one.lowest_wgs84_m.size


def test_a_radar_that_sees_clears_the_doubt_of_another() -> None:
    def half(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        return np.where(longitude < 7.9, np.nan, 0.0)

    east = replace(WIDE, longitude_deg=8.1, height_wgs84_m=3000.0, range_m=60e3)
    seen = coverage_map(half, [east], ANY, 500.0)
    assert np.isnan(seen.lowest_wgs84_m).any()
    # The other stands where the ground is known, too; beyond 7.9 E both are blind to the ground.
    again = coverage_map(flat, [east], ANY, 500.0)
    known = np.isfinite(seen.lowest_wgs84_m)
    np.testing.assert_allclose(seen.lowest_wgs84_m[known], again.lowest_wgs84_m[known], atol=0.5)


def test_areas_add_up() -> None:
    grid = Grid(46.0, 8.0, 0.01, 0.01, 3, 4)
    lowest = np.array([[10, 60, 200, np.inf], [np.nan] * 4, [20, 20, 20, 20]], np.float32)
    cell = grid.area_m2
    areas = areas_m2(CoverageMap(grid, lowest, np.zeros_like(lowest)), 50.0)
    assert areas["seen"] == pytest.approx(cell[0] + 4 * cell[2])
    assert areas["blind"] == pytest.approx(2 * cell[0])
    assert areas["unknown"] == pytest.approx(4 * cell[1])
    corners = GEOD.polygon_area_perimeter([8.0, 8.01, 8.01, 8.0], [46, 46, 46.01, 46.01])[0]
    assert cell[0] == pytest.approx(corners, rel=2e-4)


def test_only_radars_with_a_place_count() -> None:
    receiver = replace(WIDE, kind=SensorKind.ADSB_RECEIVER)
    nowhere = replace(WIDE, latitude_deg=np.nan)
    assert radars([receiver, nowhere, WIDE]) == (WIDE,)
