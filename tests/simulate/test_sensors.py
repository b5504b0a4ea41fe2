"""Sensors report what is there, as well as they say and no better, when their beam is there."""

import numpy as np
import pyproj
import pytest

from tocsin.contract import HAZARDS, NS, Origin, ReportKind, Sensor, SensorKind, Truth
from tocsin.geo import Region, bending_rad
from tocsin.simulate.sky import LEAST_RANGE_M, Site
from tocsin.simulate.step import start

ECEF = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)


def _ecef(latitude, longitude, height):
    return np.stack(ECEF.transform(longitude, latitude, height), axis=-1)


def _enu_axes(latitude, longitude):
    lat, lon = np.radians(latitude), np.radians(longitude)
    east = np.stack([-np.sin(lon), np.cos(lon), 0 * lon], axis=-1)
    up = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    return np.stack([east, np.cross(up, east), up], axis=-2)


def _true_ecef(truth: Truth, target_id, at_ns, start_ns):
    """Where objects truly were between two rows: position at both, velocity at both."""
    index = {
        (name, int(t)): k
        for k, (name, t) in enumerate(zip(truth.target_id, truth.measured_at_ns, strict=True))
    }
    floor = start_ns + (at_ns - start_ns) // NS * NS
    pairs = [
        (index.get((n, int(t))), index.get((n, int(t) + NS)))
        for n, t in zip(target_id, floor, strict=True)
    ]
    known = np.array([a is not None and b is not None for a, b in pairs])
    a, b = np.array([pair for pair, ok in zip(pairs, known, strict=True) if ok]).T
    share = ((at_ns - floor)[known] / NS)[:, None]
    place = _ecef(truth.latitude_deg, truth.longitude_deg, truth.height_wgs84_m)
    enu = np.stack(
        [truth.velocity_east_mps, truth.velocity_north_mps, truth.velocity_up_mps], axis=-1
    )
    velocity = np.einsum("nij,ni->nj", _enu_axes(truth.latitude_deg, truth.longitude_deg), enu)
    bow = 0.5 * (velocity[b] - velocity[a]) * share * (share - 1.0)
    speed = velocity[a] * (1.0 - share) + velocity[b] * share
    return known, place[a] * (1.0 - share) + place[b] * share + bow, speed


def _residuals(demo, sensor):
    """Measured minus true range, azimuth, elevation and range rate of a radar, by pyproj."""
    echo = (demo.reports.sensor_id == sensor.sensor_id) & (demo.origins.target_id != None)  # noqa: E711
    rows = np.flatnonzero(echo)[::9]
    plots = demo.reports.take(rows)
    names = demo.origins.target_id[rows]
    start_ns = demo.scenario.start_ns
    known, place, speed = _true_ecef(demo.truth, names, plots.measured_at_ns, start_ns)
    plots = plots.take(known)
    where = (sensor.latitude_deg, sensor.longitude_deg)
    mast = _ecef(*where, sensor.height_wgs84_m)
    axes = _enu_axes(np.array(where[0]), np.array(where[1]))
    sight = (place - mast) @ axes.T
    range_m = np.linalg.norm(sight, axis=1)
    azimuth = np.arctan2(sight[:, 0], sight[:, 1])
    elevation = np.arcsin(sight[:, 2] / range_m) + bending_rad(range_m, 4.0 / 3.0)
    rate = ((place - mast) * speed).sum(axis=1) / range_m
    turn = np.angle(np.exp(1j * (plots.azimuth_rad - azimuth)))
    return plots, np.stack(
        [
            (plots.range_m - range_m) / plots.range_std_m,
            turn / plots.azimuth_std_rad,
            (plots.elevation_rad - elevation) / plots.elevation_std_rad,
            (plots.range_rate_mps - rate) / plots.range_rate_std_mps,
        ]
    )


@pytest.mark.parametrize("name", ["radar-1", "radar-2", "radar-3"])
def test_plots_scatter_about_the_truth_as_they_say(demo, name):
    sensor = next(s for s in demo.scenario.sensors if s.sensor_id == name)
    plots, residual = _residuals(demo, sensor)
    assert len(plots) > 1500
    measured = ~np.isnan(residual).all(axis=1)
    assert measured.tolist() == [True, True, name != "radar-3", name == "radar-2"]
    for values in residual[measured]:
        assert abs(values.mean()) < 4.0 / np.sqrt(len(values))
        assert abs(values.var() - 1.0) < 5.0 * np.sqrt(2.0 / len(values))


def test_plots_come_when_the_beam_is_there(demo):
    for radar in demo.scenario.file.radar:
        plots = demo.reports.take(demo.reports.sensor_id == radar.sensor_id)
        since_s = (plots.measured_at_ns - demo.scenario.start_ns) / NS
        beam = np.radians(radar.phase_deg) + 2.0 * np.pi * since_s / radar.period_s
        off = np.angle(np.exp(1j * (plots.azimuth_rad - beam)))
        assert abs(off).max() < 6.0 * np.radians(radar.azimuth_std_deg)


def test_looks_join_without_gaps_except_in_the_outage(demo):
    outage = demo.scenario.file.fault[0]
    for radar in demo.scenario.file.radar:
        looks = demo.looks.take(demo.looks.sensor_id == radar.sensor_id)
        gap = looks.start_ns[1:] - looks.end_ns[:-1]
        silent = radar.sensor_id == outage.sensor
        assert np.count_nonzero(gap) == silent
        assert gap.sum() == silent * outage.duration_s * NS
        joined = gap == 0
        turn = looks.azimuth_from_rad[1:] - looks.azimuth_to_rad[:-1]
        assert abs(np.angle(np.exp(1j * turn[joined]))).max() < 1e-6
        swept = looks.azimuth_to_rad - looks.azimuth_from_rad
        assert swept == pytest.approx(2.0 * np.pi / radar.period_s)
        plots = demo.reports.take(demo.reports.sensor_id == radar.sensor_id)
        in_look = np.searchsorted(looks.start_ns, plots.measured_at_ns, side="right") - 1
        assert (plots.measured_at_ns <= looks.end_ns[in_look]).all()


def test_false_plots_are_as_many_and_as_spread_as_stated(demo):
    for radar in demo.scenario.file.radar:
        own = demo.reports.sensor_id == radar.sensor_id
        false = demo.reports.take(own & (demo.origins.target_id == None))  # noqa: E711
        looks = (demo.looks.sensor_id == radar.sensor_id).sum() / radar.period_s
        expected = radar.false_plots_per_look * looks
        assert abs(len(false) - expected) < 4.0 * np.sqrt(expected)
        share = (false.range_m - LEAST_RANGE_M) / (radar.range_m - LEAST_RANGE_M)
        assert abs(share.mean() - 0.5) < 4.0 / np.sqrt(12.0 * len(false))
        assert abs(np.exp(1j * false.azimuth_rad).mean()) < 4.0 / np.sqrt(len(false))
        assert np.isnan(false.elevation_rad).all() == (radar.elevation_std_deg is None)


@pytest.mark.parametrize(("height_m", "seen_km"), [(30, 45), (50, 52), (100, 64), (300, 94)])
def test_horizon_agrees_with_published_ranges(height_m, seen_km):
    """Mast of 30 m, k = 4/3: smooth-earth radar horizon tables."""
    region = Region.at(Origin(0.0, 0.0))
    site = Site.of(Sensor("r", SensorKind.RADAR, 0.0, 0.0, 30.0, range_m=500e3), region)
    height = np.full(2, float(height_m))
    east_deg = np.degrees(np.array([seen_km - 0.6, seen_km + 0.6]) * 1e3 / 6_378_137.0)
    point = region.from_geodetic(np.zeros(2), east_deg, height)
    assert site.sees(point, height).tolist() == [True, False]


def test_detection_falls_with_range_as_the_radar_equation_says(demo):
    """Swerling 1: pfa ** (1 / (1 + snr)), compared with the demo's own hits on raiders."""
    stage, _ = start(demo.scenario)
    objects = stage.fleet
    rcs = dict(zip(objects.target_id, objects.rcs_m2, strict=True))
    radar = next(r for r in demo.scenario.file.radar if r.sensor_id == "radar-3")
    sensor = next(s for s in demo.scenario.sensors if s.sensor_id == "radar-3")
    truth = demo.truth.take(
        (demo.truth.object_class == 7) & ((demo.truth.measured_at_ns // NS) % 6 == 0)
    )
    place = _ecef(truth.latitude_deg, truth.longitude_deg, truth.height_wgs84_m)
    mast = _ecef(sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
    range_m = np.linalg.norm(place - mast, axis=1)
    snr_at_clear = np.log(1e-6) / np.log(0.9) - 1.0
    sigma = np.array([rcs[name] for name in truth.target_id])
    snr = snr_at_clear * sigma * (radar.clear_range_m / range_m) ** 4
    expected = 1e-6 ** (1.0 / (1.0 + snr))
    own = (demo.reports.sensor_id == "radar-3") & (demo.origins.target_id != None)  # noqa: E711
    site, region = stage.sensors.sites["radar-3"], demo.scenario.region
    where = (truth.latitude_deg, truth.longitude_deg, truth.height_wgs84_m)
    expected *= site.sees(region.from_geodetic(*where), truth.height_wgs84_m)
    hits = sum(name.startswith("wave") for name in demo.origins.target_id[own])
    assert (expected[expected > 0.0] < 0.4).any()
    assert expected.max() > 0.95
    assert hits == pytest.approx(expected.sum(), rel=0.03)


def test_only_civil_aircraft_are_heard_and_both_receivers_hear_one_message(demo):
    reports = demo.reports
    adsb = np.isin(reports.kind, [int(ReportKind.POSITION), int(ReportKind.IDENTITY)])
    kinds = dict(zip(demo.truth.target_id, demo.truth.object_class, strict=True))
    heard = {int(kinds[name]) for name in np.unique(demo.origins.target_id[adsb].astype(str))}
    assert heard == {1, 2, 3}
    assert not heard & {int(kind) for kind in HAZARDS}
    assert reports.mode_s_valid[adsb].all()
    position = reports.take(reports.kind == int(ReportKind.POSITION))
    first = position.take(position.sensor_id == "adsb-1")
    second = position.take(position.sensor_id == "adsb-2")
    one = dict(
        zip(zip(first.mode_s, first.measured_at_ns, strict=True), first.latitude_deg, strict=True)
    )
    two = zip(
        zip(second.mode_s, second.measured_at_ns, strict=True), second.latitude_deg, strict=True
    )
    common = [(one[key], latitude) for key, latitude in two if key in one]
    assert len(common) > 0.5 * len(first)
    assert all(a == b for a, b in common)


def test_transponders_send_twice_a_second_and_their_name_every_five(demo):
    reports = demo.reports.take(demo.reports.sensor_id == "adsb-1")
    one = reports.take(reports.mode_s == reports.mode_s[0])
    slots = np.diff(one.measured_at_ns[one.kind == int(ReportKind.POSITION)]) / (NS / 2)
    assert slots == pytest.approx(np.rint(slots), abs=1e-6)
    assert 1.0 <= np.median(slots) < 1.5
    names = np.diff(one.measured_at_ns[one.kind == int(ReportKind.IDENTITY)]) / (5 * NS)
    assert names == pytest.approx(np.rint(names), abs=1e-6)


def test_claimed_positions_scatter_as_stated(demo):
    position = np.flatnonzero(demo.reports.kind == int(ReportKind.POSITION))[::40]
    reports = demo.reports.take(position)
    names = demo.origins.target_id[position]
    known, place, _ = _true_ecef(demo.truth, names, reports.measured_at_ns, demo.scenario.start_ns)
    reports = reports.take(known)
    said = _ecef(reports.latitude_deg, reports.longitude_deg, reports.height_wgs84_m)
    axes = _enu_axes(reports.latitude_deg, reports.longitude_deg)
    error = np.einsum("nij,nj->ni", axes, said - place)
    ratio = error[:, :2] / reports.horizontal_std_m[:, None]
    assert abs(ratio.mean(axis=0)).max() < 0.1
    assert ratio.var(axis=0) == pytest.approx(1.0, abs=0.1)
    assert abs(reports.altitude_baro_m - reports.height_wgs84_m).max() <= 25 * 0.3048 / 2 + 1e-6


def test_sightings_are_late_rough_and_relayed_under_one_origin(demo):
    told = demo.reports.take(demo.reports.kind == int(ReportKind.SIGHTING))
    assert len(told) == 6
    assert (told.received_at_ns - told.measured_at_ns >= 20 * NS).all()
    assert (np.diff(told.received_at_ns) >= 0).all()
    keeper = told.take(told.origin_id == "keeper-of-ondry-light")
    assert keeper.relayed_from.tolist() == [None, "coast radio", "harbour office"]
    assert (np.diff(keeper.received_at_ns) / NS).tolist() == [40.0, 35.0]
    assert keeper.grade.tolist() == ["B2", "C3", "D3"]
    assert len(set(keeper.measured_at_ns)) == len(set(keeper.latitude_deg)) == 1
    names = demo.origins.target_id[demo.reports.kind == int(ReportKind.SIGHTING)]
    known, place, _ = _true_ecef(
        demo.truth, names, told.measured_at_ns - NS, demo.scenario.start_ns
    )
    assert known.all()
    said = _ecef(told.latitude_deg, told.longitude_deg, told.height_wgs84_m)
    assert (np.linalg.norm(said - place, axis=1) < 5.0 * told.horizontal_std_m).all()
