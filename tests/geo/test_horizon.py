"""Rays over the effective earth against published heights and ranges and exact geometry."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contract import Origin, Sensor, SensorKind
from tocsin.geo import (
    MEAN_RADIUS_M,
    Region,
    earth_factor,
    el2height,
    elevation_at_height,
    ground_range_m,
    horizon_range_m,
    sensor_polar,
)

HALF = np.radians(0.5)


def test_a_ray_reaches_the_published_heights() -> None:
    # 0.5 degrees from 10 m over 300 km: 7932.5 m where N falls by 39 per km (k = 1.3306).
    assert earth_factor(-39.0) == pytest.approx(1.3306, abs=5e-5)
    assert float(el2height(HALF, 10.0, 300e3, earth_factor(-39.0))) == pytest.approx(
        7932.5, abs=0.05
    )
    assert float(el2height(HALF, 10.0, 300e3, 4 / 3)) == pytest.approx(7921.7, abs=0.05)
    assert float(el2height(HALF, 10.0, 300e3, 1.3306)) == pytest.approx(7932.5, abs=0.1)


@pytest.mark.parametrize(("target_m", "seen_km"), [(30, 45), (50, 52), (100, 64), (300, 94)])
def test_a_mast_of_30_m_sees_as_far_as_published(target_m: float, seen_km: float) -> None:
    assert round(float(horizon_range_m(30.0, target_m, 4 / 3)) / 1000) == seen_km


@given(st.floats(0.0, 500.0), st.floats(0.0, 12e3), st.floats(0.8, 3.0))
def test_the_horizon_is_where_the_grazing_ray_is(sensor: float, target: float, k: float) -> None:
    # The ray that grazes the sphere leaves the antenna by acos(kR / (kR + h)) below level.
    radius = k * MEAN_RADIUS_M
    dip = -np.arccos(radius / (radius + sensor))
    # (R + h)^2 - R^2, without the loss of digits for a hair's height.
    slant = np.sqrt(sensor * (2.0 * radius + sensor)) + np.sqrt(target * (2.0 * radius + target))
    assert float(el2height(dip, sensor, slant, k)) == pytest.approx(target, abs=1e-3)
    assert float(horizon_range_m(sensor, target, k)) == pytest.approx(slant, rel=2e-3, abs=1e-6)


@given(st.floats(-0.02, 0.6), st.floats(0.0, 3000.0), st.floats(1e3, 3e5))
def test_height_and_elevation_are_inverse_within_the_effective_earth(
    elevation: float, antenna: float, range_m: float
) -> None:
    # `elevation_at_height` bends linearly over the true earth: the same to first order.
    height = el2height(elevation, antenna, range_m, 4 / 3)
    back = elevation_at_height(np.array(range_m), np.array(height), antenna, 4 / 3)
    assert float(back) == pytest.approx(elevation, abs=3e-3 * (0.02 + abs(elevation)))


def test_ground_range_is_the_geodesic_below() -> None:
    sensor = Sensor("r", SensorKind.RADAR, 46.5, 8.0, 900.0)
    region = Region.at(Origin(46.5, 8.0))
    latitude, longitude = np.array([46.9, 47.5, 46.5]), np.array([8.1, 7.0, 9.9])
    height = np.array([12e3, 300.0, 4000.0])
    slant = sensor_polar(sensor, region, region.from_geodetic(latitude, longitude, height))[0]
    geod = pytest.importorskip("pyproj").Geod(ellps="WGS84")
    start = (np.full(3, 8.0), np.full(3, 46.5))
    expected = geod.inv(*start, longitude, latitude)[2]
    np.testing.assert_allclose(ground_range_m(slant, height, 900.0), expected, rtol=3e-4)
