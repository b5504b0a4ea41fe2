"""Polar measurements: right signs, round trips with refraction, covariance as sampled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contract import Origin, Sensor, SensorKind
from tocsin.geo import (
    MEAN_RADIUS_M,
    Region,
    bending_rad,
    elevation_at_height,
    enu_to_polar,
    horizon_range_m,
    polar_covariance,
    polar_to_enu,
    sensor_polar,
    within_coverage,
)

DRAW = np.random.default_rng(8)
K = 4.0 / 3.0


def one(*values: float) -> tuple[np.ndarray, ...]:
    return tuple(np.array([float(value)]) for value in values)


@pytest.mark.parametrize(
    ("azimuth_deg", "elevation_deg", "expected"),
    [
        (0, 0, (0, 1000, 0)),
        (90, 0, (1000, 0, 0)),
        (180, 0, (0, -1000, 0)),
        (270, 0, (-1000, 0, 0)),
        (33, 90, (0, 0, 1000)),
        (45, 30, (612.3724356958, 612.3724356958, 500)),
    ],
)
def test_azimuth_is_clockwise_from_north_and_elevation_up(
    azimuth_deg: float, elevation_deg: float, expected: tuple[float, ...]
) -> None:
    angles = np.radians([azimuth_deg, elevation_deg])
    np.testing.assert_allclose(polar_to_enu(*one(1000, *angles))[0], expected, atol=1e-9)


@given(
    st.floats(1, 500_000),
    st.floats(0, 6.283),
    st.floats(-0.5, 1.4),
    st.sampled_from([1.0, 1.2, K, 2.0]),
)
def test_polar_round_trip(
    range_m: float, azimuth: float, elevation: float, earth_factor: float
) -> None:
    enu = polar_to_enu(*one(range_m, azimuth, elevation), earth_factor)
    back = enu_to_polar(enu, earth_factor)
    assert back[0][0] == pytest.approx(range_m, rel=1e-12)
    turn = (back[1][0] - azimuth + np.pi) % (2 * np.pi) - np.pi
    assert abs(turn) < 1e-9
    assert 0.0 <= back[1][0] < 2 * np.pi
    assert back[2][0] == pytest.approx(elevation, abs=1e-9)


def test_refraction_lowers_what_the_beam_meets() -> None:
    """At k = 4/3 a ray of 200 km that leaves level has bent down by a quarter of r / 2R."""
    assert bending_rad(np.array(200e3), K) == pytest.approx(0.25 * 200e3 / (2 * MEAN_RADIUS_M))
    assert bending_rad(np.array(200e3), 1.0) == 0.0
    straight, bent = (polar_to_enu(*one(200e3, 1.0, 0.01), k)[0] for k in (1.0, K))
    assert straight[2] - bent[2] == pytest.approx(785.0, abs=1.0)


def test_heights_on_the_effective_earth() -> None:
    """0.5 degrees, antenna at 10 m, 300 km: 7,921.7 m by the exact sphere at k = 4/3.

    The straight ray over a bent earth and the law of cosines on the enlarged one differ a little.
    """
    up = elevation_at_height(*one(300e3, 7_921.7), 10.0, K)
    assert np.degrees(up[0]) == pytest.approx(0.5, abs=0.01)
    level = elevation_at_height(*one(50e3, 1500.0), 100.0, 1.0)
    place = polar_to_enu(*one(50e3, 0.0, level[0]))[0]
    centre = np.array([0.0, 0.0, -(MEAN_RADIUS_M + 100.0)])
    assert np.linalg.norm(place - centre) - MEAN_RADIUS_M == pytest.approx(1500.0, abs=1e-3)
    assert elevation_at_height(*one(100.0, 9000.0), 0.0)[0] == pytest.approx(np.pi / 2)


@pytest.mark.parametrize(
    ("range_m", "azimuth", "elevation"), [(60e3, 0.7, 0.05), (150e3, 3.9, 0.3), (30e3, 5.5, 0.9)]
)
def test_covariance_is_that_of_samples(range_m: float, azimuth: float, elevation: float) -> None:
    std = (50.0, 0.0015, 0.003)
    count = 400_000
    drawn = [
        value + sigma * DRAW.normal(size=count)
        for value, sigma in zip((range_m, azimuth, elevation), std, strict=True)
    ]
    sampled = np.cov(polar_to_enu(*drawn).T)
    ours = polar_covariance(*one(range_m, azimuth, elevation), *one(*std))[0]
    np.testing.assert_array_equal(ours, ours.T)
    scale = np.sqrt(np.outer(np.diag(ours), np.diag(ours)))
    np.testing.assert_allclose(ours / scale, sampled / scale, atol=0.01)


def test_covariance_axes() -> None:
    """North of the sensor: range error is north, azimuth error east, elevation error up."""
    cov = polar_covariance(*one(10e3, 0.0, 0.0), *one(20.0, 0.002, 0.003))[0]
    np.testing.assert_allclose(cov, np.diag([20.0, 20.0, 30.0]) ** 2, atol=1e-9)


@pytest.mark.parametrize(("target_m", "seen_km"), [(30, 45), (50, 52), (100, 64), (300, 94)])
def test_horizon_of_a_mast(target_m: float, seen_km: float) -> None:
    """A 30 m mast at k = 4/3 sees targets at 30, 50, 100, 300 m to 45, 52, 64, 94 km."""
    assert horizon_range_m(30.0, target_m, K) / 1000 == pytest.approx(seen_km, abs=0.5)


def test_horizon_grows_with_refraction_and_not_below_the_sea() -> None:
    assert horizon_range_m(10.0, 0.0, 1.0) == pytest.approx(np.sqrt(2 * MEAN_RADIUS_M * 10.0))
    assert horizon_range_m(-5.0, -5.0, K) == 0.0
    ratio = horizon_range_m(30.0, 100.0, K) / horizon_range_m(30.0, 100.0, 1.0)
    assert ratio == pytest.approx(np.sqrt(K))


REGION = Region.at(Origin(-38.0, -20.0))
RADAR = Sensor("r", SensorKind.RADAR, -38.2, -20.3, 30.0, range_m=100e3, elevation_max_rad=0.5)


def test_sensor_polar_is_about_the_sensor() -> None:
    """Made with PROJ's geodesic: the azimuth of a far point is the geodesic's, nearly."""
    import pyproj

    geod = pyproj.Geod(ellps="WGS84")
    for azimuth_deg in (5.0, 123.0, 271.0):
        lon, lat, _ = geod.fwd(RADAR.longitude_deg, RADAR.latitude_deg, azimuth_deg, 60e3)
        place = REGION.from_geodetic(*one(lat, lon, 30.0))
        range_m, azimuth, elevation = sensor_polar(RADAR, REGION, place)
        assert range_m[0] == pytest.approx(60e3, abs=2.0)
        assert np.degrees(azimuth[0]) == pytest.approx(azimuth_deg, abs=1e-3)
        sink = -60e3 / (2 * MEAN_RADIUS_M) / K
        assert elevation[0] == pytest.approx(sink, rel=0.01)


def above(east_m: float, height_m: float) -> np.ndarray:
    """A region position at a height over the sea, east of the radar."""
    lon = RADAR.longitude_deg + east_m / (111_320.0 * np.cos(np.radians(RADAR.latitude_deg)))
    return REGION.from_geodetic(*one(RADAR.latitude_deg, lon, height_m))


@pytest.mark.parametrize(
    ("east_m", "height_m", "seen"),
    [
        (40e3, 100.0, True),
        (60e3, 100.0, True),
        (70e3, 100.0, False),  # below the horizon at 64 km
        (90e3, 300.0, True),
        (98e3, 300.0, False),  # below the horizon at 94 km
        (98e3, 5000.0, True),
        (101e3, 5000.0, False),  # beyond the instrumented range
        (2e3, 5000.0, False),  # in the cone of silence
    ],
)
def test_coverage_is_range_horizon_and_beam(east_m: float, height_m: float, seen: bool) -> None:
    assert within_coverage(RADAR, REGION, above(east_m, height_m)).tolist() == [seen]


def test_a_network_feed_covers_nothing_and_no_positions_are_fine() -> None:
    feed = Sensor("f", SensorKind.ADSB_RECEIVER)
    assert within_coverage(feed, REGION, above(1e3, 1e3)).tolist() == [False]
    assert within_coverage(RADAR, REGION, np.zeros((0, 3))).shape == (0,)
