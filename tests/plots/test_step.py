"""What is dropped, what is counted, what passes through."""

import csv
from dataclasses import replace

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plots.test_locate import REGION, SENSORS, T0_NS, reports
from tocsin.contract import (
    NS,
    Faults,
    Origin,
    Plots,
    ReportKind,
    Reports,
    Sensor,
    SensorKind,
    read_parquet,
    write_parquet,
)
from tocsin.geo import Region
from tocsin.plots import PlotsConfig, sensors_seen, start, step

CONFIG = PlotsConfig(REGION, SENSORS)


def run(*batches, now_ns=T0_NS + 60 * NS):
    state, outs = start(CONFIG), []
    for batch in batches:
        state, out = step(state, batch, now_ns)
        outs.append(out)
    return outs


def polar(count=1, **columns):
    defaults = {
        "range_m": np.linspace(30e3, 60e3, count),
        "azimuth_rad": np.linspace(0.2, 1.0, count),
        "elevation_rad": 0.1,
    }
    return reports("radar", count, **{**defaults, **columns})


@pytest.mark.parametrize(
    ("batch", "kind"),
    [
        (reports("stranger", range_m=[1e4], azimuth_rad=[0.1]), "unknown sensor"),
        (polar(range_m=[np.nan]), "no position"),
        (polar(range_m=[-5.0]), "impossible value"),
        (polar(range_m=[9e6]), "impossible value"),
        (polar(elevation_rad=[2.0]), "impossible value"),
        (polar(elevation_rad=[np.inf]), "impossible value"),
        (polar(azimuth_rad=[359.0]), "impossible value"),
        (polar(altitude_baro_m=[1e9]), "impossible value"),
        (reports("adsb", latitude_deg=[-164.0], longitude_deg=[3.0]), "impossible value"),
        (reports("adsb", latitude_deg=[12.0], longitude_deg=[181.0]), "impossible value"),
        (reports("adsb", latitude_deg=[12.0], longitude_deg=[np.nan]), "no position"),
        (
            reports("adsb", latitude_deg=[12.0], longitude_deg=[3.0], height_wgs84_m=[-9e3]),
            "impossible value",
        ),
        (polar(received_at_ns=[T0_NS - 6 * NS]), "impossible time"),
        (polar(received_at_ns=[T0_NS + 3601 * NS]), "impossible time"),
        (reports("adsb", range_m=[1e4], azimuth_rad=[0.1]), "sensor without position"),
    ],
)
def test_what_cannot_be_used_is_one_counted_fault(batch, kind):
    (out,) = run(batch)
    assert len(out.plots) == 0
    assert out.faults.kind.tolist() == [kind]
    assert out.faults.source_id.tolist() == batch.sensor_id.tolist()


def test_a_report_without_receive_time_is_judged_by_now():
    batch = polar(received_at_ns=[0])
    assert len(run(batch)[0].plots) == 1
    assert run(batch, now_ns=T0_NS + 7200 * NS)[0].faults.kind.tolist() == ["impossible time"]


def test_exact_copies_are_removed_within_and_across_batches():
    batch = polar(6)
    copy = batch.replace(received_at_ns=batch.received_at_ns + 300, sequence=np.arange(6) + 50)
    first, second = run(Reports.concat([batch, copy]), copy)
    assert len(first.plots) == 6
    assert first.faults.kind.tolist() == ["duplicate"] * 6
    assert len(second.plots) == 0
    assert second.faults.kind.tolist() == ["duplicate"] * 6


def test_the_same_place_at_another_time_or_by_another_sensor_is_no_copy():
    one = polar()
    later = polar(measured_at_ns=[T0_NS + 1])
    other = reports("flat", range_m=one.range_m, azimuth_rad=one.azimuth_rad, elevation_rad=0.1)
    outs = run(Reports.concat([one, later, other]))
    assert len(outs[0].plots) == 3


def sighting(at_s, sensor="people", **columns):
    return reports(
        sensor,
        measured_at_ns=[T0_NS + round(at_s * NS)],
        received_at_ns=[T0_NS + round(at_s * NS)],
        kind=int(ReportKind.SIGHTING),
        latitude_deg=[12.0 + at_s * 1e-4],
        longitude_deg=[34.0],
        **columns,
    )


def test_one_origin_counts_once_however_often_it_is_relayed():
    first, relay, later = run(
        sighting(0, origin_id=["farmer"]),
        sighting(30, origin_id=["farmer"], relayed_from=["radio"]),
        sighting(400, origin_id=["farmer"]),
        now_ns=T0_NS + 500 * NS,
    )
    assert len(first.plots) == len(later.plots) == 1
    assert len(relay.plots) == 0
    assert relay.faults.kind.tolist() == ["relayed"]


def test_a_relay_is_known_by_whom_it_was_relayed_from():
    first, relay = run(sighting(0), sighting(20, "flat", relayed_from=["people"]))
    assert len(first.plots) == 1
    assert relay.faults.kind.tolist() == ["relayed"]


def test_a_relay_that_comes_before_its_original_counts_it_once_in_any_order():
    own, relay = sighting(0), sighting(1, "flat", relayed_from=["people"])
    for batch in (Reports.concat([own, relay]), Reports.concat([relay, own])):
        (out,) = run(batch)
        assert len(out.plots) == 1
        assert out.faults.source_id.tolist() == ["flat"]
    named = sighting(0, origin_id=["farmer"])
    relayed = [
        sighting(9, origin_id=["farmer"], relayed_from=["radio"]),
        sighting(5, origin_id=["farmer"], relayed_from=["mayor"]),
    ]
    outs = run(*relayed, named)
    assert [len(out.plots) for out in outs] == [1, 0, 0]
    assert outs[2].faults.kind.tolist() == ["relayed"]


def test_what_a_relay_passed_on_is_known_even_where_it_was_not_counted():
    outs = run(
        sighting(0, origin_id=["farmer"]),
        sighting(3, "flat", origin_id=["farmer"], relayed_from=["people"]),
        sighting(5, "adsb", relayed_from=["flat"]),
    )
    assert [len(out.plots) for out in outs] == [1, 0, 0]


def test_a_relay_counts_nothing_wherever_it_says_it_was():
    far = sighting(9, origin_id=["farmer"], relayed_from=["radio"]).replace(latitude_deg=[13.0])
    outs = run(sighting(0, origin_id=["farmer"]), far)
    assert [len(out.plots) for out in outs] == [1, 0]


def test_a_relay_may_come_an_hour_late():
    now_ns = T0_NS + 3500 * NS
    own, relay = sighting(0, origin_id=["farmer"]), sighting(30, origin_id=["farmer"])
    own, relay = (
        each.replace(received_at_ns=[now_ns], relayed_from=[by])
        for each, by in ((own, None), (relay, "radio"))
    )
    newer = sighting(3400, origin_id=["sailor"])
    outs = run(own, newer, relay, now_ns=now_ns)
    assert [len(out.plots) for out in outs] == [1, 1, 0]


def test_an_observer_s_second_sighting_counts_where_it_is_of_another_place():
    def seen(at_s, north_deg):
        one = sighting(at_s, origin_id=["farmer"], horizontal_std_m=[1000.0])
        return one.replace(latitude_deg=[12.0 + north_deg])

    outs = run(seen(0, 0.0), seen(120, 0.3), seen(125, 0.01), seen(130, 0.31), seen(140, -0.3))
    assert [len(out.plots) for out in outs] == [1, 1, 0, 0, 1]


def test_an_observer_is_not_believed_without_end():
    batch = [
        sighting(k, origin_id=["farmer"], horizontal_std_m=[10.0]).replace(
            latitude_deg=[12 + k / 9]
        )
        for k in range(60)
    ]
    outs = run(*batch, now_ns=T0_NS + 70 * NS)
    assert sum(len(out.plots) for out in outs) == 16


def test_people_of_one_input_who_say_the_same_are_not_copies():
    one, other = sighting(0, origin_id=["farmer"]), sighting(0, origin_id=["sailor"])
    outs = run(one, other, one)
    assert [len(out.plots) for out in outs] == [1, 1, 0]


def test_a_copy_is_known_however_late_its_original_was():
    newest, late = polar(), polar(measured_at_ns=[T0_NS - 1200 * NS])
    outs = run(newest, late, late)
    assert [len(out.plots) for out in outs] == [1, 1, 0]
    assert outs[2].faults.kind.tolist() == ["duplicate"]


def test_copies_are_remembered_no_longer_than_the_window():
    state, _ = step(start(CONFIG), polar(), T0_NS)
    state, _ = step(state, Reports.empty(), T0_NS + 10 * NS)
    assert len(state.heard) == 1
    for later_s in (11, -11):
        assert len(step(state, Reports.empty(), T0_NS + later_s * NS)[0].heard) == 0


def test_two_observers_both_count():
    outs = run(sighting(0, origin_id=["farmer"]), sighting(5, origin_id=["sailor"]))
    assert [len(out.plots) for out in outs] == [1, 1]


def test_identities_and_external_tracks_pass_through_as_they_are():
    identity = reports("adsb", kind=int(ReportKind.IDENTITY), callsign=["AB1"], mode_s=[7])
    external = reports(
        "adsb", kind=int(ReportKind.EXTERNAL_TRACK), latitude_deg=[12.0], longitude_deg=[34.0]
    )
    (out,) = run(Reports.concat([identity, identity, external]))
    assert len(out.plots) == 0
    assert out.identities.callsign.tolist() == ["AB1", "AB1"]
    assert out.external.kind.tolist() == [ReportKind.EXTERNAL_TRACK]


def test_an_external_track_may_end_without_a_position():
    last = reports("adsb", kind=int(ReportKind.EXTERNAL_TRACK), track_number=[5], ended=True)
    (out,) = run(last.replace(track_number_valid=[True]))
    assert len(out.faults) == 0
    assert out.external.ended.tolist() == [True]
    (out,) = run(reports("adsb", kind=int(ReportKind.EXTERNAL_TRACK)))
    assert out.faults.kind.tolist() == ["no position"]


def test_silence_is_input():
    (out,) = run(Reports.empty())
    assert (len(out.plots), len(out.faults)) == (0, 0)


def test_sensors_seen_are_in_order_of_their_first_report():
    batch = Reports.concat([reports("b"), reports("a"), reports("b")])
    assert sensors_seen(batch) == ("b", "a")


def mixed(seed, people=False):
    rng = np.random.default_rng(seed)
    n = 30
    batch = reports(
        "radar",
        n,
        measured_at_ns=T0_NS + np.sort(rng.integers(0, 5 * NS, n)),
        range_m=rng.uniform(5e3, 2e5, n),
        azimuth_rad=rng.uniform(-4, 8, n),
        elevation_rad=np.where(rng.random(n) < 0.5, rng.uniform(0, 0.6, n), np.nan),
        altitude_baro_m=np.where(rng.random(n) < 0.5, rng.uniform(0, 9e3, n), np.nan),
    )
    names = rng.choice(["radar", "flat"], n)
    batch = batch.replace(sensor_id=names.astype(object), received_at_ns=batch.measured_at_ns)
    if not people:
        return batch
    said = reports(
        "people",
        n,
        measured_at_ns=T0_NS + rng.choice(60, n, replace=False) * NS,
        sequence=np.arange(n) + n,
        kind=int(ReportKind.SIGHTING),
        latitude_deg=12.0 + rng.integers(0, 3, n) * 0.1,
        longitude_deg=34.0,
        origin_id=rng.choice(["farmer", "sailor"], n).astype(object),
        relayed_from=rng.choice(np.array([None, "radio", "mayor"], object), n),
    )
    return Reports.concat([batch, said.replace(received_at_ns=said.measured_at_ns)])


def test_a_range_rate_brings_its_error_or_its_sensors_and_none_that_cannot_be():
    sensors = (replace(SENSORS[0], range_rate_std_mps=3.0), *SENSORS[1:])
    state = start(PlotsConfig(REGION, sensors))
    batch = polar(3, range_rate_mps=[-40.0, 7.0, 1e9], range_rate_std_mps=[np.nan, 1.5, 1.5])
    found = step(state, batch, T0_NS + NS)[1].plots
    np.testing.assert_array_equal(found.range_rate_mps, [-40.0, 7.0, np.nan])
    np.testing.assert_array_equal(found.range_rate_std_mps, [3.0, 1.5, 1.5])
    (plain,) = run(polar(1, range_rate_mps=[5.0]))
    assert np.isnan(plain.plots.range_rate_std_mps).all()


@given(st.integers(0, 2**32 - 1), st.integers(0, 30))
@settings(max_examples=30)
def test_splitting_and_permuting_change_nothing_and_covariances_are_positive(seed, cut):
    batch = mixed(seed)
    (whole,) = run(batch)
    order = np.random.default_rng(seed).permutation(len(batch))
    (shuffled,) = run(batch.take(order))
    parts = run(batch.take(slice(0, cut)), batch.take(slice(cut, None)))
    joined = Plots.concat([p.plots for p in parts])
    for other in (shuffled.plots, joined):
        for name in Plots.schema():
            a, b = getattr(whole.plots, name), getattr(other, name)
            np.testing.assert_array_equal(a, b)
    assert np.linalg.eigvalsh(whole.plots.position_cov_m2).min() > 0.0
    assert (whole.plots.false_density > 0.0).all()
    azimuth = whole.plots.azimuth_rad
    assert ((azimuth >= 0.0) & (azimuth < 2 * np.pi)).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_permuting_sightings_and_their_relays_changes_nothing(seed):
    batch = mixed(seed, people=True)
    (whole,) = run(batch)
    (shuffled,) = run(batch.take(np.random.default_rng(seed).permutation(len(batch))))
    for name in Plots.schema():
        np.testing.assert_array_equal(getattr(whole.plots, name), getattr(shuffled.plots, name))
    people = whole.plots.sensor == 3
    assert 2 <= people.sum() <= 6


finite_or_not = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(*[finite_or_not] * 9), min_size=1, max_size=8))
@settings(max_examples=100)
def test_no_report_whatever_raises_or_makes_a_plot_that_is_not_finite(rows):
    values = np.array(rows)
    batch = reports(
        "radar",
        len(rows),
        range_m=values[:, 0],
        azimuth_rad=values[:, 1],
        elevation_rad=values[:, 2],
        latitude_deg=values[:, 3],
        longitude_deg=values[:, 4],
        altitude_baro_m=values[:, 5],
        range_std_m=values[:, 6],
        velocity_east_mps=values[:, 7],
        velocity_north_mps=values[:, 8],
    )
    (out,) = run(batch)
    assert np.isfinite(out.plots.position_m).all()
    assert np.isfinite(out.plots.position_cov_m2).all()
    assert len(out.plots) + len(out.faults) == len(batch)


def test_plots_come_from_a_file_as_well(tmp_path):
    path = tmp_path / "plots.parquet"
    write_parquet(polar(5), path)
    (out,) = run(read_parquet(Reports, path))
    assert len(out.plots) == 5


def test_faults_are_a_table_even_when_there_are_none():
    assert isinstance(run(polar(2))[0].faults, Faults)


@pytest.mark.shared
def test_recorded_aircraft_states_become_plots_where_proj_puts_them(shared):
    with (shared / "trajectories" / "stonesoup_OpenSky_Plane_States.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["geoaltitude"]][:500]
    columns = {name: np.array([float(row[name]) for row in rows]) for name in ("lat", "lon")}
    height = np.array([float(row["geoaltitude"]) for row in rows])
    at_ns = np.array([int(float(row["lastposupdate"]) * 1000) * 1_000_000 for row in rows])
    origin = Origin(52.0, -2.0)
    config = PlotsConfig(Region.at(origin), (Sensor("sky", SensorKind.ADSB_RECEIVER),))
    batch = reports(
        "sky",
        len(rows),
        measured_at_ns=at_ns,
        received_at_ns=at_ns,
        kind=int(ReportKind.POSITION),
        latitude_deg=columns["lat"],
        longitude_deg=columns["lon"],
        height_wgs84_m=height,
        mode_s=[int(row["icao24"], 16) for row in rows],
        mode_s_valid=True,
    )
    _, out = step(start(config), batch, int(at_ns.max()))
    assert len(out.plots) + len(out.faults) == len(rows)
    assert set(out.faults.kind) <= {"duplicate"}
    kept = out.plots.sequence
    want = np.stack(
        pyproj.Transformer.from_pipeline(
            "+proj=pipeline +step +proj=cart +ellps=WGS84 "
            "+step +proj=topocentric +ellps=WGS84 +lat_0=52 +lon_0=-2 +h_0=0"
        ).transform(columns["lon"][kept], columns["lat"][kept], height[kept]),
        axis=1,
    )
    np.testing.assert_allclose(out.plots.position_m, want, atol=1e-5)
    assert (out.plots.mode_s == batch.mode_s[kept]).all()
