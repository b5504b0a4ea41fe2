"""Masks: flat land gives the horizon, walls their shadow, holes UNKNOWN, and rays the same."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from tests.geo.land import radar, terrain
from tocsin.contract import F64, Sensor
from tocsin.geo import MEAN_RADIUS_M, Terrain, el2height, horizon_range_m, mask
from tocsin.geo.kernels_masking import horizon
from tocsin.geo.masking import along_rays, horizon_reference, ring_table

LAND = terrain(240)
SENSOR = radar(LAND, range_m=25e3)
GEOD = Geod(ellps="WGS84")


def flat(latitude_deg: F64, _: F64) -> F64:
    return np.zeros(np.shape(latitude_deg))


def exact_lowest_m(land: Terrain, sensor: Sensor, point: tuple[float, float], fine_m: float) -> F64:
    """Return the lowest visible height at one point by angles along a ray of its own."""
    azimuth, _, along = GEOD.inv(sensor.longitude_deg, sensor.latitude_deg, point[1], point[0])
    rings = int(along / fine_m) + 1
    where = along * np.arange(1, rings + 1) / rings
    latitude, longitude = along_rays(sensor, np.radians(azimuth), where)
    radius = sensor.earth_factor * MEAN_RADIUS_M
    theta, up = where / radius, radius + land.height_m(latitude, longitude)
    own = radius + sensor.height_wgs84_m
    angle = np.arctan2(up * np.cos(theta) - own, up * np.sin(theta)).max()
    return own * np.cos(angle) / np.cos(angle + theta[-1]) - radius


@pytest.mark.parametrize("k", [1.0, 4 / 3, 2.0])
def test_level_land_gives_the_horizon_formula(k: float) -> None:
    sensor = replace(radar(mast_m=30.0, range_m=120e3), earth_factor=k)
    seen = mask(flat, sensor, step_m=500.0, azimuths=8)
    for target in (30.0, 50.0, 100.0, 300.0):
        ranges = np.arange(1, 240) * 500.0
        far = ranges[seen.lowest_visible_m(ranges, np.full(239, 1.0)) <= target].max()
        assert far == pytest.approx(float(horizon_range_m(30.0, target, k)), abs=750.0)


def test_points_on_rays_are_geodesic_endpoints() -> None:
    azimuth = np.linspace(0.0, 6.2, 40)
    latitude, longitude = along_rays(SENSOR, azimuth, np.full(40, 150e3))
    expected = GEOD.fwd(
        np.full(40, 8.0), np.full(40, 46.5), np.degrees(azimuth), np.full(40, 150e3)
    )
    np.testing.assert_allclose(longitude, expected[0], atol=3e-6)
    np.testing.assert_allclose(latitude, expected[1], atol=3e-6)


def test_a_wall_hides_what_is_below_the_ray_over_it() -> None:
    def wall(latitude_deg: F64, longitude_deg: F64) -> F64:
        away = GEOD.inv(
            np.full(latitude_deg.size, 8.0),
            np.full(latitude_deg.size, 46.5),
            longitude_deg.ravel(),
            latitude_deg.ravel(),
        )[2].reshape(latitude_deg.shape)
        return np.where(np.abs(away - 10_000.0) < 60.0, 500.0, 0.0)

    sensor = radar(mast_m=30.0, range_m=60e3)
    seen = mask(wall, sensor, step_m=100.0, azimuths=4)
    radius = 4 / 3 * MEAN_RADIUS_M
    low, theta = radius + 30.0, 9_960.0 / radius
    over = np.arctan2((radius + 500.0) * np.cos(theta) - low, (radius + 500.0) * np.sin(theta))
    far = 50_000.0 / np.cos(over)
    expected = float(el2height(over, 30.0, far))
    assert seen.lowest_visible_m(np.array(50e3), np.array(0.0)) == pytest.approx(expected, rel=0.01)
    assert float(seen.lowest_visible_m(np.array(9e3), np.array(0.0))) == pytest.approx(0.0, abs=0.1)


def test_the_kernel_equals_its_twin() -> None:
    ground = np.random.default_rng(2).uniform(0.0, 3000.0, (40, 300))
    ground[7, 120], ground[9, 0] = np.nan, np.nan
    ring = ring_table(replace(SENSOR, height_wgs84_m=1200.0), 250.0, 300)
    curvature = 1.0 / (4 / 3 * MEAN_RADIUS_M)
    got = ground.astype(np.float32)
    horizon(ring.astype(np.float32), got, curvature)
    np.testing.assert_allclose(
        got, horizon_reference(ring, ground, curvature), rtol=1e-6, atol=0.02
    )
    assert np.isnan(got[7, 120:]).all()
    assert np.isfinite(got[7, :120]).all()


def test_a_mask_agrees_with_rays_of_their_own() -> None:
    seen = mask(LAND, SENSOR, step_m=50.0)
    draw = np.random.default_rng(6)
    azimuth, along = draw.uniform(0.0, 6.28, 150), draw.uniform(2e3, 24e3, 150)
    latitude, longitude = along_rays(SENSOR, azimuth, along)
    got = seen.lowest_visible_m(along, azimuth)
    points = zip(latitude, longitude, strict=True)
    exact = np.array([exact_lowest_m(LAND, SENSOR, point, 25.0) for point in points])
    for height in (300.0, 600.0, 1000.0, 2000.0):
        assert ((got <= height) != (exact <= height)).mean() <= 0.02
    assert np.median(np.abs(got - exact)) < 3.0


def test_a_function_gives_the_same_mask_as_the_terrain() -> None:
    one = mask(LAND, SENSOR, step_m=200.0, azimuths=60)
    other = mask(LAND.height_m, SENSOR, step_m=200.0, azimuths=60)
    np.testing.assert_allclose(one.lowest_m, other.lowest_m, atol=2.0)
    assert np.median(np.abs(one.lowest_m - other.lowest_m)) < 0.02


@settings(max_examples=15)
@given(st.integers(0, 239), st.integers(0, 239), st.floats(1.0, 3000.0))
def test_higher_land_never_lets_more_be_seen(row: int, column: int, more_m: float) -> None:
    before = mask(LAND, SENSOR, step_m=250.0, azimuths=90)
    height = LAND.height_wgs84_m.copy()
    height[max(row - 3, 0) : row + 3, max(column - 3, 0) : column + 3] += np.float32(more_m)
    after = mask(replace(LAND, height_wgs84_m=height), SENSOR, step_m=250.0, azimuths=90)
    assert (after.lowest_m >= before.lowest_m - 1e-2).all()


@settings(max_examples=15)
@given(st.integers(0, 239), st.integers(0, 239))
def test_what_is_behind_a_gap_is_unknown_and_never_visible(row: int, column: int) -> None:
    before = mask(LAND, SENSOR, step_m=250.0, azimuths=90)
    height = LAND.height_wgs84_m.copy()
    height[max(row - 4, 0) : row + 4, max(column - 4, 0) : column + 4] = np.nan
    after = mask(replace(LAND, height_wgs84_m=height), SENSOR, step_m=250.0, azimuths=90)
    unknown = np.isnan(after.lowest_m)
    # Once unknown, unknown to the end of the ray; elsewhere nothing has changed.
    assert (unknown == np.logical_or.accumulate(unknown, axis=1)).all()
    np.testing.assert_array_equal(after.lowest_m[~unknown], before.lowest_m[~unknown])
    ray, ring = np.nonzero(unknown)
    if len(ray):
        azimuth, along = ray * (2 * np.pi / 90), (ring + 1) * 250.0
        assert np.isnan(after.lowest_visible_m(along, azimuth)).all()
        assert not (after.lowest_visible_m(along, azimuth) <= 1e9).any()


def test_beyond_the_last_ring_nothing_is_visible() -> None:
    seen = mask(flat, radar(range_m=10e3), step_m=100.0, azimuths=12)
    assert np.isposinf(seen.lowest_visible_m(np.array([10_200.0]), np.array([0.3])))[0]
    assert not seen.visible(np.array([11_500.0]), np.array([0.3]), np.array([5000.0]))[0]
    assert seen.visible(np.array([9_000.0]), np.array([-0.3]), np.array([500.0]))[0]
