"""Positions and covariances against PROJ and against sampled measurements."""

import numpy as np
import pyproj
import pytest

from tocsin.contract import NS, Dimension, Origin, ReportKind, Reports, Sensor, SensorKind
from tocsin.geo import Region
from tocsin.plots import PlotsConfig, start, step

T0_NS = 1_900_000_000 * NS
REGION = Region.at(Origin(12.0, 34.0))
RADAR = Sensor(
    "radar",
    SensorKind.RADAR,
    12.4,
    33.7,
    350.0,
    range_m=200_000.0,
    range_std_m=40.0,
    azimuth_std_rad=0.001,
    elevation_std_rad=0.002,
    false_plots_per_look=20.0,
)
FLAT = Sensor("flat", SensorKind.RADAR, 12.4, 33.7, 350.0, range_m=200_000.0)
ADSB = Sensor("adsb", SensorKind.ADSB_RECEIVER, horizontal_std_m=25.0, vertical_std_m=40.0)
PEOPLE = Sensor("people", SensorKind.PEOPLE, horizontal_std_m=2500.0)
SENSORS = (RADAR, FLAT, ADSB, PEOPLE)
PIPELINE = pyproj.Transformer.from_pipeline(
    "+proj=pipeline +step +proj=cart +ellps=WGS84 "
    "+step +proj=topocentric +ellps=WGS84 +lat_0=12 +lon_0=34 +h_0=0"
)


def reports(sensor_id, count=1, **columns):
    at = T0_NS + np.arange(count)
    defaults = {"measured_at_ns": at, "received_at_ns": at, "sequence": np.arange(count)}
    return Reports.build(count, sensor_id=[sensor_id] * count, **{**defaults, **columns})


def located(table):
    _, out = step(start(PlotsConfig(REGION, SENSORS)), table, T0_NS + NS)
    assert len(out.faults) == 0
    return out.plots


def test_geographic_positions_agree_with_proj():
    rng = np.random.default_rng(1)
    latitude, longitude = 12 + rng.normal(0, 1.5, 50), 34 + rng.normal(0, 1.5, 50)
    height = rng.uniform(0, 12_000, 50)
    plots = located(
        reports(
            "adsb", 50, kind=int(ReportKind.POSITION), latitude_deg=latitude,
            longitude_deg=longitude, height_wgs84_m=height,
        )
    )  # fmt: skip
    want = np.stack(PIPELINE.transform(longitude, latitude, height), 1)
    np.testing.assert_allclose(plots.position_m, want, atol=1e-5)
    assert (plots.dimension == Dimension.FULL).all()
    # Local standard deviations, whichever way the local frame is turned.
    want_std = np.sort([25.0, 25.0, 40.0])
    got_std = np.sqrt(np.linalg.eigvalsh(plots.position_cov_m2))
    np.testing.assert_allclose(got_std, np.tile(want_std, (50, 1)), rtol=1e-9)


def test_polar_plots_land_on_a_target_that_proj_measures():
    """Topocentric coordinates by PROJ give range, azimuth, elevation; plots must lead back."""
    rng = np.random.default_rng(2)
    latitude, longitude = 12.4 + rng.normal(0, 0.6, 60), 33.7 + rng.normal(0, 0.6, 60)
    height = rng.uniform(500, 12_000, 60)
    about = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=cart +ellps=WGS84 "
        "+step +proj=topocentric +ellps=WGS84 +lat_0=12.4 +lon_0=33.7 +h_0=350"
    )
    east, north, up = about.transform(longitude, latitude, height)
    flat = np.hypot(east, north)
    slant = np.hypot(flat, up)
    # Skolnik's effective earth: the ray arrives steeper than the straight line.
    bent = np.arctan2(up, flat) + (1 - 3 / 4) * slant / (2 * 6_371_008.8)
    plots = located(
        reports(
            "radar", 60, range_m=slant, azimuth_rad=np.arctan2(east, north) % (2 * np.pi),
            elevation_rad=bent,
        )
    )  # fmt: skip
    want = np.stack(PIPELINE.transform(longitude, latitude, height), 1)
    np.testing.assert_allclose(plots.position_m, want, atol=0.05)


def test_polar_covariance_is_that_of_sampled_measurements():
    rng = np.random.default_rng(3)
    n = 40_000
    mean = located(reports("radar", range_m=[80e3], azimuth_rad=[1.1], elevation_rad=[0.09]))
    cloud = located(
        reports(
            "radar", n, range_m=80e3 + rng.normal(0, 40.0, n),
            azimuth_rad=1.1 + rng.normal(0, 0.001, n),
            elevation_rad=0.09 + rng.normal(0, 0.002, n),
        )
    )  # fmt: skip
    sampled = np.cov(cloud.position_m.T)
    claimed = mean.position_cov_m2[0]
    root = np.linalg.inv(np.linalg.cholesky(claimed))
    np.testing.assert_allclose(root @ sampled @ root.T, np.eye(3), atol=0.05)


def test_pressure_altitude_gives_height_to_a_radar_without_elevation():
    true_height = 7000.0
    latitude, longitude = 12.9, 33.2
    about = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=cart +ellps=WGS84 "
        "+step +proj=topocentric +ellps=WGS84 +lat_0=12.4 +lon_0=33.7 +h_0=350"
    )
    east, north, up = about.transform(longitude, latitude, true_height)
    plots = located(
        reports(
            "flat", range_m=[np.sqrt(east**2 + north**2 + up**2)],
            azimuth_rad=[np.arctan2(east, north) % (2 * np.pi)], altitude_baro_m=[true_height],
        )
    )  # fmt: skip
    assert plots.dimension[0] == Dimension.FULL
    want = np.array(PIPELINE.transform(longitude, latitude, true_height))
    assert np.linalg.norm(plots.position_m[0] - want) < 30.0
    assert 100.0 < np.sqrt(plots.position_cov_m2[0, 2, 2]) < 200.0


@pytest.mark.parametrize("range_m", [6e3, 20e3, 60e3, 180e3])
def test_a_plot_without_height_covers_all_heights_that_it_may_have(range_m):
    flat = located(reports("flat", range_m=[range_m], azimuth_rad=[0.6]))
    assert flat.dimension[0] == Dimension.HORIZONTAL
    cov = flat.position_cov_m2[0, :2, :2]
    for height in (400.0, 3000.0, 9000.0):
        if height > 0.6 * range_m:
            continue
        # The same plot with its height known must lie inside the gate of the one without.
        known = located(
            reports("flat", range_m=[range_m], azimuth_rad=[0.6], altitude_baro_m=[height])
        )
        apart = (known.position_m - flat.position_m)[0, :2]
        assert apart @ np.linalg.solve(cov, apart) < 13.8
    assert np.linalg.eigvalsh(flat.position_cov_m2[0]).min() > 0.0


def test_missing_height_makes_a_position_horizontal_and_pressure_altitude_lifts_it():
    columns = {"latitude_deg": [12.0, 12.0], "longitude_deg": [34.0, 34.0]}
    plots = located(
        reports("adsb", 2, **columns, altitude_baro_m=[np.nan, 3000.0], kind=int(ReportKind.PLOT))
    )
    assert plots.dimension.tolist() == [Dimension.HORIZONTAL, Dimension.FULL]
    assert plots.position_m[1, 2] == pytest.approx(3000.0)
    assert plots.position_cov_m2[1, 2, 2] == pytest.approx(150.0**2)


def test_reported_velocity_is_turned_into_the_region():
    plots = located(
        reports(
            "adsb", 3, kind=int(ReportKind.POSITION), latitude_deg=[12.0, 12.0, 40.0],
            longitude_deg=[34.0, 34.0, 34.0], height_wgs84_m=1000.0,
            velocity_east_mps=[100.0, np.nan, 0.0], velocity_north_mps=[20.0, 5.0, 50.0],
            velocity_up_mps=[np.nan, np.nan, 0.0],
        )
    )  # fmt: skip
    np.testing.assert_allclose(plots.velocity_mps[0], [100.0, 20.0, 0.0], atol=1e-9)
    assert np.isnan(plots.velocity_mps[1]).all()
    # 28 degrees further north along the meridian, north points that much down.
    turned = [0.0, 50.0 * np.cos(np.radians(28)), -50.0 * np.sin(np.radians(28))]
    np.testing.assert_allclose(plots.velocity_mps[2], turned, atol=1e-9)


def test_false_density_integrates_to_the_false_plots_of_a_look():
    """Sum density over a polar grid of the radar's volume: uniform in range and angles."""
    r = np.linspace(1000, 200_000, 200)[:, None, None]
    el = np.linspace(-0.02, 0.7, 60)[None, :, None]
    az = np.linspace(0, 2 * np.pi, 24, endpoint=False)[None, None, :]
    grid = [np.broadcast_to(v, (200, 60, 24)).ravel() for v in (r, az, el)]
    plots = located(
        reports("radar", 200 * 60 * 24, range_m=grid[0], azimuth_rad=grid[1], elevation_rad=grid[2])
    )
    # The density is that of straight geometry: the volume element too, bending left out.
    order = np.argsort(plots.sequence)
    cell = (199_000 / 199) * (0.72 / 59) * (2 * np.pi / 24)
    volume = grid[0] ** 2 * np.cos(grid[2]) * cell
    weights = np.ones((200, 60, 24))
    weights[[0, -1]] *= 0.5
    weights[:, [0, -1]] *= 0.5
    total = (plots.false_density[order] * volume * weights.ravel()).sum()
    assert total == pytest.approx(20.0 * 199 / 200, rel=0.01)


def test_grades_weigh_sightings():
    plots = located(
        reports(
            "people", 3, kind=int(ReportKind.SIGHTING), latitude_deg=[12.0, 12.1, 12.2],
            longitude_deg=[34.0] * 3, height_wgs84_m=[500.0] * 3, grade=["A1", "E4", None],
        )
    )  # fmt: skip
    assert (plots.dimension == Dimension.HORIZONTAL).all()
    assert plots.false_density[0] < plots.false_density[2] < plots.false_density[1]
    assert plots.position_cov_m2[0, 0, 0] == pytest.approx(2500.0**2, rel=1e-3)
