"""Faults do what they say, to the sensor they name and to no other; nothing in a report tells."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tocsin import simulate
from tocsin.contract import NS, InputError, Looks, ReportKind, Reports, to_ipc
from tocsin.simulate.faults import Moment, failed, failed_looks
from tocsin.simulate.radar import Echoes
from tocsin.simulate.schema_sensors import Fault

COUNT = 4000
MOMENT = Moment(70, 70.0, 1070 * NS, 1071 * NS, 3)
TICKS = 24
RNG = np.random.default_rng(5)


def _echoes(count=COUNT):
    reports = Reports.build(
        count,
        measured_at_ns=1070 * NS + np.sort(RNG.integers(0, NS, count)),
        sensor_id="r",
        kind=int(ReportKind.PLOT),
        range_m=RNG.uniform(5e3, 150e3, count),
        azimuth_rad=RNG.uniform(0.0, 2.0 * np.pi, count),
        elevation_rad=RNG.uniform(0.0, 0.5, count),
        range_std_m=50.0,
    )
    return Echoes(reports, np.arange(count))


def _after(echoes, **keys):
    return failed(echoes, Fault(sensor="r", from_s=20.0, **keys), 0, MOMENT)


def test_biases_are_what_they_say_and_the_stated_deviations_stay():
    echoes = _echoes()
    out = _after(
        echoes, range_offset_m=120.0, range_scale=0.01, azimuth_offset_deg=2.0,
        elevation_offset_deg=-0.5,
    ).reports  # fmt: skip
    true = echoes.reports
    assert out.range_m == pytest.approx(1.01 * true.range_m + 120.0)
    turn = np.angle(np.exp(1j * (out.azimuth_rad - true.azimuth_rad)))
    assert np.degrees(turn) == pytest.approx(2.0)
    assert np.degrees(out.elevation_rad - true.elevation_rad) == pytest.approx(-0.5)
    assert ((out.azimuth_rad >= 0.0) & (out.azimuth_rad < 2.0 * np.pi)).all()
    for name in ("measured_at_ns", "range_std_m", "received_at_ns", "kind", "snr_db"):
        assert np.array_equal(getattr(out, name), getattr(true, name), equal_nan=True)


def test_a_clock_is_ahead_drifts_and_jitters():
    echoes = _echoes()
    true_ns = echoes.reports.measured_at_ns
    drift = (_after(echoes, time_offset_s=0.5, time_drift_ppm=200.0).reports.measured_at_ns) - (
        true_ns
    )
    expected = 0.5 + 200e-6 * (50.0 + (true_ns - 1070 * NS) / NS)
    assert drift / NS == pytest.approx(expected, abs=2e-9)
    jitter = (_after(echoes, time_jitter_s=0.2).reports.measured_at_ns - true_ns) / NS / 0.2
    assert abs(jitter.mean()) < 4.0 / np.sqrt(COUNT)
    low, high = stats.chi2.ppf([1e-4, 1.0 - 1e-4], COUNT)
    assert low < (jitter**2).sum() < high


def test_delays_are_exponential_beyond_the_fixed_one():
    echoes = _echoes()
    more = _after(echoes, delay_s=3.0, delay_jitter_s=0.5).reports.received_at_ns
    extra = (more - MOMENT.end_ns) / NS - 3.0
    assert extra.min() >= 0.0
    assert stats.kstest(extra / 0.5, "expon").pvalue > 1e-4
    late = _after(echoes, reorder_share=0.25, reorder_s=4.0).reports.received_at_ns
    share = np.mean(late == MOMENT.end_ns + 4 * NS)
    assert abs(share - 0.25) < 4.0 * np.sqrt(0.25 * 0.75 / COUNT)
    assert set((late - MOMENT.end_ns).tolist()) == {0, 4 * NS}


def test_reports_are_lost_and_doubled_as_often_as_it_says():
    out = _after(_echoes(), lost_share=0.2, duplicate_share=0.3)
    who, times = np.unique(out.source, return_counts=True)
    assert abs(len(who) - 0.8 * COUNT) < 4.0 * np.sqrt(COUNT * 0.16)
    assert set(times.tolist()) == {1, 2}
    share = np.mean(times == 2)
    assert abs(share - 0.3) < 4.0 * np.sqrt(0.21 / len(who))
    first = out.reports.take(np.flatnonzero(out.source == who[times == 2][0]))
    assert first.range_m[0] == first.range_m[1]


def test_sector_marks_are_as_wrong_and_as_late_as_the_plots():
    table = Looks.build(
        1,
        sensor_id="r",
        start_ns=1070 * NS,
        end_ns=1071 * NS,
        azimuth_from_rad=[6.0],
        azimuth_to_rad=[7.5],
    )
    fault = Fault(sensor="r", from_s=70.0, azimuth_offset_deg=30.0, time_offset_s=0.25, delay_s=2.0)
    arrives_ns, wrong = failed_looks(MOMENT.end_ns, table, fault, MOMENT)
    assert arrives_ns == MOMENT.end_ns + 2 * NS
    assert wrong.azimuth_from_rad == pytest.approx(6.0 + np.pi / 6.0 - 2.0 * np.pi)
    assert wrong.azimuth_to_rad - wrong.azimuth_from_rad == pytest.approx(1.5)
    assert (wrong.start_ns - table.start_ns).tolist() == [NS // 4]


def _with(*faults):
    scenario = simulate.civil_only(simulate.read_scenario(simulate.demo_scenario()))
    return replace(scenario, file=scenario.file.model_copy(update={"fault": faults}))


@pytest.fixture(scope="module")
def well(collect):
    return collect(_with(), TICKS)


@pytest.fixture(scope="module")
def ill(collect):
    sick = [
        Fault(sensor="radar-1", range_offset_m=500.0, time_offset_s=-0.4, time_jitter_s=0.05),
        Fault(sensor="radar-2", from_s=10.0, frozen=True),
        Fault(sensor="radar-3", delay_s=1.5, delay_jitter_s=2.0, lost_share=0.1),
        Fault(sensor="adsb-2", from_s=5.0, duration_s=10.0, outage=True),
    ]
    return collect(_with(*sick), TICKS)


def _of(run, name):
    return run.reports.take(run.reports.sensor_id == name)


def _hash(table):
    return hashlib.sha256(to_ipc(table)).hexdigest()


def test_other_sensors_and_the_truth_do_not_notice(well, ill):
    assert _hash(ill.truth) == _hash(well.truth)
    assert _hash(_of(ill, "adsb-1")) == _hash(_of(well, "adsb-1"))
    for name in ("radar-1", "radar-2", "radar-3", "adsb-2"):
        assert _hash(_of(ill, name)) != _hash(_of(well, name))


def test_the_same_faults_give_the_same_bytes(ill, collect):
    again = collect(ill.scenario, 12)
    parts = Reports.concat([step.reports for step in ill.steps[:12]])
    assert _hash(again.reports) == _hash(parts)


def test_an_outage_takes_its_reports_and_gives_them_back(well, ill):
    start_ns = well.scenario.start_ns
    at_s = (_of(ill, "adsb-2").measured_at_ns - start_ns) / NS
    assert not ((at_s >= 5.0) & (at_s < 15.0)).any()
    assert (at_s > 15.0).any()


def test_a_frozen_radar_says_its_last_turn_again_about_nothing(well, ill):
    start_ns = well.scenario.start_ns
    own = ill.reports.sensor_id == "radar-2"
    plots, names = _of(ill, "radar-2"), ill.origins.target_id[own]
    at_s = (plots.measured_at_ns - start_ns) / NS
    last, later = (at_s >= 5.0) & (at_s < 10.0), (at_s >= 10.0) & (at_s < 15.0)
    assert np.count_nonzero(last) == np.count_nonzero(later) > 20
    assert plots.range_m[later] == pytest.approx(plots.range_m[last])
    assert at_s[later] == pytest.approx(at_s[last] + 5.0)
    assert all(name is None for name in names[at_s >= 10.0])
    looks = ill.looks.take(ill.looks.sensor_id == "radar-2")
    assert len(looks) == TICKS


def test_late_reports_arrive_out_of_order_and_are_numbered_by_arrival(ill):
    plots = _of(ill, "radar-3")
    assert ((plots.received_at_ns - plots.measured_at_ns) / NS).min() >= 1.5
    assert sorted(plots.sequence.tolist()) == list(range(len(plots)))
    by_number = plots.take(np.argsort(plots.sequence))
    assert (np.diff(by_number.received_at_ns) >= 0).all()
    assert (np.diff(by_number.measured_at_ns) < 0).any()
    for step in ill.steps:
        assert (step.reports.received_at_ns <= step.now_ns).all()
        assert (np.diff(step.reports.measured_at_ns) >= 0).all()


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ('sensor = "radar-9"\noutage = true', "radar-9"),
        ('sensor = "adsb-1"\nrange_offset_m = 5', "does not measure"),
        ('sensor = "radar-3"\nelevation_offset_deg = 1', "does not measure"),
        ('sensor = "radar-3"\nfrom_s = 1', "nothing that is wrong"),
        ('sensor = "radar-3"\nlost_share = 2', "fault.1.lost_share"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(tmp_path, fault, what):
    demo = simulate.demo_scenario()
    for name in ("island.geojson", "zones.geojson"):
        (tmp_path / name).write_bytes((demo.parent / name).read_bytes())
    path = tmp_path / "s.toml"
    path.write_text(f"{demo.read_text('utf-8')}\n[[fault]]\n{fault}\n", "utf-8")
    with pytest.raises(InputError) as caught:
        simulate.read_scenario(path)
    assert what in str(caught.value)
