"""Nodes take bearings as well as they say, sound comes late, and false claims have no origin."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tests.simulate.made import FLAT, REGION, at_polar, fleet_of, hill, sky_of
from tocsin import simulate
from tocsin.contract import NS, ObjectClass, ReportKind
from tocsin.simulate import bearings
from tocsin.simulate.schema_sensors import BearingNode, Spoof
from tocsin.simulate.sensors import sensors_of
from tocsin.simulate.sky import Site
from tocsin.simulate.terrain import Ground

RNG = np.random.default_rng(21)


def _node(kind, ground=FLAT, **changes):
    keys = {
        "sensor_id": "n", "latitude_deg": 0.0, "longitude_deg": 0.0, "height_m": 20.0,
        "range_m": 20e3, "azimuth_std_deg": 3.0, "elevation_std_deg": 4.0,
        "detection_probability": 1.0,
    }  # fmt: skip
    node = BearingNode(**{**keys, **changes})
    file = simulate.read_scenario(simulate.demo_scenario()).file
    alone = {"radar": (), "adsb_receiver": (), "people": None}
    sensor = sensors_of(file.model_copy(update={**alone, kind: (node,)}))[0]
    return node, Site.of(sensor, REGION, ground)


@pytest.mark.parametrize("kind", ["rf_node", "acoustic_node"])
def test_bearings_scatter_as_they_say(kind):
    node, site = _node(kind, class_range_m={"multirotor": 9e3})
    count = 3000
    azimuth = RNG.uniform(0.0, 2.0 * np.pi, count)
    air = sky_of(
        at_polar(2000.0, azimuth, 800.0), fleet=fleet_of(count, kind=ObjectClass.MULTIROTOR)
    )
    out = bearings.heard(node, site, air, 1)
    said, who = out.reports, out.source
    assert (said.kind == int(ReportKind.BEARING)).all()
    assert np.isnan(said.range_m).all()
    assert len(who) > 0.99 * count
    true = site.polar(air.position_m(who, np.zeros(len(who))))
    off = np.stack(
        [
            np.angle(np.exp(1j * (said.azimuth_rad - true[1]))) / said.azimuth_std_rad,
            (said.elevation_rad - true[2]) / said.elevation_std_rad,
        ]
    )
    low, high = stats.chi2.ppf([1e-4, 1.0 - 1e-4], off.size)
    assert low < (off**2).sum() < high
    assert abs(np.cov(off) - np.eye(2)).max() < 5.0 * np.sqrt(2.0 / len(who))
    assert abs(off.mean(axis=1)).max() < 4.0 / np.sqrt(len(who))


def test_sound_is_measured_when_it_arrives_and_points_to_where_it_came_from():
    node, site = _node("acoustic_node", azimuth_std_deg=0.001, class_range_m={"helicopter": 9e3})
    place = at_polar(np.full(50, 3403.0), np.linspace(0.0, 6.0, 50), 20.0)
    fleet = fleet_of(50, kind=ObjectClass.HELICOPTER)
    air = sky_of(place, [80.0, 0.0, 0.0], fleet=fleet)
    out = bearings.heard(node, site, air, 1)
    late_s = (out.reports.measured_at_ns - air.start_ns) / NS
    range_m, true, _ = site.polar(place[out.source])
    assert late_s == pytest.approx(range_m / 340.3, abs=1e-6)
    assert (out.reports.received_at_ns == out.reports.measured_at_ns).all()
    assert np.angle(np.exp(1j * (out.reports.azimuth_rad - true))) == pytest.approx(0.0, abs=1e-4)


def test_hearing_falls_with_range_by_class_and_behind_hills():
    count = 3000
    turn = RNG.uniform(0.0, 2.0 * np.pi, count)
    node, site = _node("rf_node", class_range_m={"multirotor": 5e3})

    def heard(range_m, kind, ground=FLAT):
        _, here = _node("rf_node", ground) if ground is not FLAT else (None, site)
        air = sky_of(at_polar(range_m, turn, 300.0), fleet=fleet_of(count, kind=kind))
        return len(bearings.heard(node, here, air, 1).source)

    half = heard(5e3, ObjectClass.MULTIROTOR)
    assert abs(half - count / 2) < 4.0 * np.sqrt(count / 4)
    assert heard(1e3, ObjectClass.MULTIROTOR) > 0.99 * count
    assert heard(11e3, ObjectClass.MULTIROTOR) == 0
    assert heard(1e3, ObjectClass.BIRD) == 0
    around = Ground.of(tuple(hill(lat, 0.0, 2000.0, 7_000.0) for lat in (0.08, -0.08)))
    assert 0 < heard(15e3, ObjectClass.AIRLINER, around) < heard(15e3, ObjectClass.AIRLINER)


def test_false_bearings_are_poisson():
    node, site = _node("rf_node", false_bearings_per_look=3.0, period_s=0.5)
    out = [
        bearings.heard(node, site, sky_of(np.zeros((0, 3)), tick=tick), 1) for tick in range(200)
    ]
    counts = np.array([len(echoes.source) for echoes in out])
    assert abs(counts.mean() - 6.0) < 3.0 * np.sqrt(6.0 / 200)
    assert all((echoes.source == -1).all() for echoes in out)


def test_ghosts_and_shifted_claims_have_no_origin(collect):
    scenario = simulate.civil_only(simulate.read_scenario(simulate.demo_scenario()))
    ghost = Spoof(
        name="ghost", from_s=3.0, duration_s=900.0, callsign="GHO1", speed_mps=200.0,
        waypoints=(
            {"bearing_deg": 0.0, "distance_m": 60e3, "height_m": 5000.0},
            {"bearing_deg": 180.0, "distance_m": 60e3, "height_m": 5000.0},
        ),
    )  # fmt: skip
    beside = Spoof(
        name="aside", from_s=0.0, duration_s=900.0, of="airway-east", bearing_deg=90.0,
        offset_m=4000.0, height_offset_m=300.0,
    )  # fmt: skip
    false = scenario.file.model_copy(update={"spoof": (ghost, beside)})
    honest = collect(scenario, 12)
    run = collect(replace(scenario, file=false), 12)
    assert run.truth.target_id.tolist() == honest.truth.target_id.tolist()
    heard = run.reports.take(run.reports.sensor_id == "adsb-1")
    names = run.origins.target_id[run.reports.sensor_id == "adsb-1"]
    told = heard.kind == int(ReportKind.POSITION)
    known = set(honest.reports.mode_s[honest.reports.mode_s_valid].tolist())
    unreal = ~np.isin(heard.mode_s, list(known))
    assert np.count_nonzero(unreal & told) >= 12
    assert all(name is None for name in names[unreal])
    first = heard.take(np.flatnonzero(unreal & told))
    at_s = (first.measured_at_ns - scenario.start_ns) / NS
    assert at_s.min() >= 3.0
    place = scenario.region.from_geodetic(
        first.latitude_deg, first.longitude_deg, first.height_wgs84_m
    )
    assert place[:, 1] == pytest.approx(60e3 - 200.0 * (at_s - 3.0), abs=250.0)
    assert first.velocity_north_mps == pytest.approx(-200.0, abs=2.0)
    mine = honest.reports.take(honest.reports.sensor_id == "adsb-1")
    moved = (heard.mode_s_valid & told & ~unreal) & np.array([name is None for name in names])
    assert moved.any()
    same = dict(zip(zip(mine.mode_s, mine.measured_at_ns, strict=True), mine.longitude_deg,
                    strict=True))  # fmt: skip
    east_m = [
        (heard.longitude_deg[k] - same[heard.mode_s[k], heard.measured_at_ns[k]]) * 111_320.0
        * np.cos(np.radians(heard.latitude_deg[k]))
        for k in np.flatnonzero(moved)
    ]  # fmt: skip
    assert np.array(east_m) == pytest.approx(4000.0, rel=0.01)
    radar = run.reports.take(run.reports.sensor_id == "radar-1")
    assert len(radar) == np.count_nonzero(honest.reports.sensor_id == "radar-1")
