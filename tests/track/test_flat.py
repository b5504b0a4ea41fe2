"""Radars that know range and azimuth but no height: what a slant range says of the ground below."""

import numpy as np
import pytest

from tests.track.scenes import REGION, T0_NS, Line, listener, positions, radar, sweep
from tocsin import plots as plots_room
from tocsin.contract import NS, Looks, Plots, ReportKind, Reports, SensorKind, TrackStatus
from tocsin.geo import unpack_covariance
from tocsin.track import TrackConfig, track_plots

LAST_S = 100


def flat_radar(name, east_m=0.0, north_m=0.0, **options):
    """Return a radar that measures no height."""
    own = {"elevation_std_rad": np.nan, "elevation_max_rad": 0.9, "false_plots_per_look": 1.0}
    return radar(name, east_m, north_m, range_m=100e3, **own, **options)


def located(sensors, plots):
    """Return true plots of radars as a site locates them."""
    plots = plots.sorted_by("measured_at_ns", "sensor")
    reports = Reports.build(
        len(plots),
        measured_at_ns=plots.measured_at_ns,
        received_at_ns=plots.measured_at_ns,
        sensor_id=[sensors[k].sensor_id for k in plots.sensor],
        sequence=np.arange(len(plots)),
        kind=int(ReportKind.PLOT),
        range_m=plots.range_m,
        azimuth_rad=plots.azimuth_rad,
    )
    state = plots_room.start(plots_room.PlotsConfig(REGION, sensors))
    return plots_room.step(state, reports, int(plots.measured_at_ns.max()) + NS)[1].plots


def seen(sensors, target, seed, addresses=None):
    """Return the tracks of one target that radars see, and perhaps a receiver that is last."""
    rng = np.random.default_rng(seed)
    radars = [k for k, sensor in enumerate(sensors) if sensor.kind == SensorKind.RADAR]
    scans = [sweep(rng, [target], sensors, k, LAST_S) for k in radars]
    plots = located(sensors, Plots.concat([scan.plots for scan in scans]))
    if addresses is not None:
        heard = positions(rng, [target], len(radars), LAST_S, 4.0, 100.0, addresses)[0]
        plots = Plots.concat([plots, heard]).sorted_by("measured_at_ns", "sensor")
    looks = Looks.concat([scan.looks for scan in scans]).sorted_by("end_ns")
    return track_plots(plots, looks, TrackConfig(REGION, sensors))


def errors(updates, target):
    """Return errors (n, 3) and normalised squared horizontal errors of sure tracks near the end."""
    late = updates.measured_at_ns > T0_NS + LAST_S // 2 * NS
    rows = updates.take((updates.status != TrackStatus.TENTATIVE) & late)
    off = rows.state[:, :3] - target.at((rows.measured_at_ns - T0_NS) / NS)
    near = np.hypot(off[:, 0], off[:, 1]) < 8000.0
    off, cov = off[near], unpack_covariance(rows.state_cov[near])[:, :2, :2]
    return off, (off[:, :2] * np.linalg.solve(cov, off[:, :2, None])[:, :, 0]).sum(axis=1)


@pytest.mark.parametrize(
    ("target", "most"),
    [(Line((-6e3, 4e3, 300.0), (60, 0, 0)), 10.0), (Line((-15e3, 14e3, 7e3), (200, 0, 0)), 10.0)],
)
def test_one_radar_knows_how_little_it_knows_of_the_ground_below(target, most):
    """The height that it assumes is as wrong in every plot: many do not make it surer."""
    sensors = (flat_radar("one"),)
    found = [errors(seen(sensors, target, seed), target) for seed in range(3)]
    nees = np.concatenate([each[1] for each in found])
    assert len(nees) > 100
    assert nees.mean() < most


@pytest.mark.parametrize("height_m", [300.0, 5000.0, 9000.0])
def test_several_radars_find_the_height_from_their_ranges(height_m):
    sensors = (flat_radar("one"), flat_radar("two", 25e3, 5e3), flat_radar("three", 8e3, 30e3))
    target = Line((-6e3, 12e3, height_m), (100, 0, 0))
    off, nees = (
        np.concatenate(part)
        for part in zip(*(errors(seen(sensors, target, s), target) for s in range(2)), strict=True)
    )
    assert np.sqrt((off[:, 2] ** 2).mean()) < 500.0
    assert np.sqrt((off[:, :2] ** 2).sum(axis=1).mean()) < 80.0
    assert nees.mean() < 4.0


def test_a_height_that_another_source_knows_places_the_plots_of_a_radar_without():
    """By what is assumed of heights they would lie a kilometre too far."""
    target, sensors = Line((-9e3, 14e3, 9000.0), (150, 0, 0)), (flat_radar("one"), listener())
    found = [errors(seen(sensors, target, seed, [0xABC]), target) for seed in range(3)]
    off, nees = (np.concatenate(part) for part in zip(*found, strict=True))
    assert np.sqrt((off[:, :2] ** 2).sum(axis=1).mean()) < 60.0
    assert nees.mean() < 3.0
