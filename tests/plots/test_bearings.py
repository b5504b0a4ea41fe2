"""Bearings become plots with a direction and no place; what cannot be used is a fault."""

import numpy as np

from tocsin.contract import NS, Dimension, Origin, ReportKind, Reports, Sensor, SensorKind
from tocsin.geo import Region
from tocsin.plots import PlotsConfig, start, step

T0 = 1_900_000_000 * NS
SENSORS = (
    Sensor(
        "ears", SensorKind.ACOUSTIC, 10.0, -40.0, 20.0, range_m=8000.0, azimuth_std_rad=0.05,
        elevation_std_rad=0.08, false_plots_per_look=0.2, elevation_min_rad=0.0,
        elevation_max_rad=0.5,
    ),
    Sensor("lost", SensorKind.RF_DETECTOR),
    Sensor("radar", SensorKind.RADAR, 10.1, -40.0, 20.0),
)  # fmt: skip


def said(**columns):
    """Return what the plots room makes of bearings, one a second."""
    count = len(columns["azimuth_rad"])
    at = T0 + np.arange(count) * NS
    told = {"sensor_id": ["ears"] * count, "measured_at_ns": at, **columns}
    reports = Reports.build(count, received_at_ns=at, kind=int(ReportKind.BEARING), **told)
    config = PlotsConfig(Region.at(Origin(10.0, -40.0)), SENSORS)
    return step(start(config), reports, T0 + count * NS)[1]


def test_a_bearing_is_a_direction_and_no_place():
    out = said(azimuth_rad=[-0.5, 7.0], elevation_rad=[0.1, np.nan], azimuth_std_rad=[0.02, np.nan])
    plots = out.plots
    assert len(out.faults) == 0
    assert (plots.dimension == Dimension.BEARING).all()
    assert np.isnan(plots.position_m).all()
    assert np.isnan(plots.position_cov_m2).all()
    np.testing.assert_allclose(plots.azimuth_rad, [2 * np.pi - 0.5, 7.0 - 2 * np.pi])
    # What the report does not state is the site's.
    np.testing.assert_allclose(plots.azimuth_std_rad, [0.02, 0.05])
    np.testing.assert_array_equal(plots.elevation_rad, [0.1, np.nan])
    np.testing.assert_array_equal(plots.elevation_std_rad, [0.08, np.nan])


def test_false_bearings_are_spread_over_the_angles_that_are_measured():
    plots = said(azimuth_rad=[1.0, 2.0], elevation_rad=[0.1, np.nan]).plots
    np.testing.assert_allclose(plots.false_density, [0.2 / (2 * np.pi * 0.5), 0.2 / (2 * np.pi)])


def test_what_gives_no_direction_is_a_fault():
    out = said(
        azimuth_rad=[np.nan, 400.0, 1.0, 1.0],
        elevation_rad=[np.nan, np.nan, 3.0, np.nan],
        sensor_id=["ears", "ears", "ears", "lost"],
    )
    assert len(out.plots) == 0
    kinds = ["impossible value"] * 3 + ["sensor without position"]
    assert out.faults.kind.tolist() == kinds


def test_the_same_bearing_twice_counts_once():
    out = said(azimuth_rad=[1.0, 1.0], measured_at_ns=[T0, T0])
    assert len(out.plots) == 1
    assert out.faults.kind.tolist() == ["duplicate"]


def test_a_radars_bearing_is_no_plot():
    out = said(azimuth_rad=[1.0], sensor_id=["radar"])
    assert len(out.plots) == len(out.faults) == 0
