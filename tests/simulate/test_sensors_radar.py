"""Radars meet what their beam meets, see as often as theory says, and err as they state."""

import numpy as np
import pytest
from scipy import stats

from tests.simulate.made import FLAT, at_polar, fleet_of, hill, radar_of, sky_of, unit_of
from tocsin.contract import NS
from tocsin.radar.detection import detection_probability
from tocsin.simulate import radar, radar_twin
from tocsin.simulate.kernels_sensors import crowded, measured, merge, spread_order
from tocsin.simulate.radar_beam import looks, sweeps
from tocsin.simulate.terrain import Ground

RNG = np.random.default_rng(11)
HILLS = Ground.of((hill(), hill(-0.2, 0.1, 600.0, 12_000.0), hill(0.0, 0.3, 1200.0, 9_000.0)))
SCANS = {
    "rotating": {},
    "fast": {"period_s": 0.37, "phase_deg": 77.0},
    "to and fro": {
        "scan": "sector", "azimuth_from_deg": 300.0, "azimuth_to_deg": 80.0, "period_s": 0.8
    },
    "flyback": {
        "scan": "sector", "azimuth_from_deg": 20.0, "azimuth_to_deg": 170.0, "flyback": True,
        "period_s": 1.7,
    },
    "staring": {
        "scan": "staring", "azimuth_from_deg": -60.0, "azimuth_to_deg": 60.0, "period_s": 0.3
    },
}  # fmt: skip


def _anywhere(count, fast=1.0):
    position = at_polar(
        RNG.uniform(1e3, 190e3, count),
        RNG.uniform(0.0, 2.0 * np.pi, count),
        RNG.uniform(30.0, 9e3, count),
    )
    return position, fast * RNG.normal(0.0, 150.0, (count, 3))


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("ground", [FLAT, HILLS], ids=["flat", "hills"])
def test_the_kernel_meets_what_its_plain_twin_meets(scan, ground):
    unit = unit_of(radar_of(**SCANS[scan]), ground)
    position, velocity = _anywhere(80)
    pull = RNG.normal(0.0, 15.0, (80, 3))
    total = 0
    for tick in range(4):
        air = sky_of(position + tick * velocity, velocity, tick, pull_mps2=pull)
        swept = sweeps(unit.radar, air.begin_s, air.tick_s)
        which, _, rows = radar.met(unit, air, swept)
        expected, there = radar_twin.meet(unit, air, swept)
        order = np.lexsort((rows[:, 0], which))
        assert which[order].tolist() == expected.tolist()
        assert rows[order] == pytest.approx(there, rel=1e-8, abs=1e-7)
        total += len(which)
    assert total > 10


def test_nothing_is_met_twice_or_missed_from_tick_to_tick():
    unit = unit_of(range_m=200e3, period_s=3.3)
    azimuth = RNG.uniform(0.0, 2.0 * np.pi, 400)
    position = at_polar(RNG.uniform(30e3, 150e3, 400), azimuth, RNG.uniform(3e3, 9e3, 400))
    velocity = RNG.normal(0.0, 250.0, (400, 3)) * [1.0, 1.0, 0.0]
    times = [[] for _ in range(400)]
    for tick in range(20):
        air = sky_of(position + tick * velocity, velocity, tick)
        swept = sweeps(unit.radar, air.begin_s, 1.0)
        which, encounter, rows = radar.met(unit, air, swept)
        assert (encounter == 0).all()
        for k, after_s in zip(which, rows[:, 0], strict=True):
            times[k].append(tick + after_s)
    assert min(len(t) for t in times) >= 6
    assert max(abs(np.concatenate([np.diff(t) for t in times]) - 3.3)) < 0.2


@pytest.mark.parametrize("scan", SCANS)
def test_looks_are_the_sweeps_without_gap_or_overlap(scan):
    unit = unit_of(radar_of(**SCANS[scan]))
    tables = []
    for tick in range(10):
        air = sky_of(np.zeros((0, 3)), tick=tick)
        tables.append(looks(unit.radar, air, sweeps(unit.radar, air.begin_s, 1.0)))
    start = np.concatenate([t.start_ns for t in tables])
    end = np.concatenate([t.end_ns for t in tables])
    if scan == "staring":
        assert (start == end).all()
        assert np.diff(start) == pytest.approx(0.3 * NS, abs=2)
    else:
        assert abs(start[1:] - end[:-1]).max() <= 1
    wide = np.concatenate([t.azimuth_to_rad - t.azimuth_from_rad for t in tables])
    begin = np.concatenate([t.azimuth_from_rad for t in tables])
    assert ((wide > 0.0) & (wide <= 2.0 * np.pi + 1e-9)).all()
    low, width = np.radians(unit.radar.azimuth_from_deg), np.radians(unit.radar.width_deg)
    inside = np.mod(begin - low + 1e-9, 2.0 * np.pi)
    assert (inside + wide <= width + 1e-6).all() or unit.radar.scan == "rotating"
    if scan != "staring":
        expected = width * 10.0 / unit.radar.period_s
        assert wide.sum() == pytest.approx(expected, rel=1e-9)


def _detections(unit, count, range_m, looks_=1):
    fleet = fleet_of(count, name="echo")
    position = at_polar(range_m, RNG.uniform(0.0, 2.0 * np.pi, count), 6000.0)
    hits = 0
    for tick in range(looks_):
        air = sky_of(position, 0.0, tick, tick_s=4.0, fleet=fleet)
        swept = sweeps(unit.radar, air.begin_s, 4.0)
        which, _, rows = radar.met(unit, air, swept)
        assert len(which) == count
        hits += len(radar.plots(unit, air, swept, 1).source)
    return hits, rows[:, 5]


@pytest.mark.parametrize("pulses", [1, 8, 60])
@pytest.mark.parametrize("swerling", range(5))
def test_objects_are_detected_as_often_as_theory_says(swerling, pulses):
    unit = unit_of(swerling=swerling, pulses=pulses, clear_range_m=120e3)
    for range_m in (100e3, 130e3, 150e3):
        hits, snr = _detections(unit, 1500, range_m, 2)
        chance = detection_probability(snr, pulses, 1e-6, swerling).mean()
        spread = np.sqrt(3000 * chance * (1.0 - chance))
        assert abs(hits - 3000 * chance) < 4.0 * spread + 1e-9


def test_one_square_metre_at_the_clear_range_is_seen_nine_times_in_ten():
    budget = {"power_w": 30e3, "gain_db": 34, "frequency_hz": 2.8e9, "bandwidth_hz": 1e6}
    equation = {**budget, "compression": 50, "rain_mm_per_h": 4}
    for swerling, pulses in ((0, 4), (3, 12)):
        unit = unit_of(clear_range_m=None, equation=equation, swerling=swerling, pulses=pulses)
        clear_m = unit.site.sensor.clear_range_m
        assert 20e3 < clear_m < 190e3
        hits, _ = _detections(unit, 3000, clear_m)
        assert abs(hits - 2700) < 4.0 * np.sqrt(3000 * 0.09) + 30  # the range is along the ground


@pytest.mark.parametrize("noise", ["stated", "by_snr"])
def test_errors_have_the_stated_covariance(noise):
    unit = unit_of(noise=noise, clear_range_m=150e3)
    count = 4000
    position, velocity = _anywhere(count)
    air = sky_of(position, velocity, tick_s=4.0, fleet=fleet_of(count, 5.0))
    swept = sweeps(unit.radar, 0.0, 4.0)
    which, _, rows = radar.met(unit, air, swept)
    true = {int(air.row[k]): row for k, row in zip(which, rows, strict=True)}
    whole = radar.plots(unit, air, swept, 1)
    once = np.bincount(which, minlength=count) == 1  # what flies against the beam is met again
    out = whole.take(np.flatnonzero(once[whole.source]))
    plots, true = out.reports, np.array([true[k] for k in out.source])
    assert len(plots) > 1500
    off = np.stack(
        [
            (plots.range_m - true[:, 1]) / plots.range_std_m,
            np.angle(np.exp(1j * (plots.azimuth_rad - true[:, 2]))) / plots.azimuth_std_rad,
            (plots.elevation_rad - true[:, 3]) / plots.elevation_std_rad,
            (plots.range_rate_mps - true[:, 4]) / plots.range_rate_std_mps,
        ]
    )
    _standard(off)
    spread = plots.range_std_m.std()
    assert (spread > 1.0) == (noise == "by_snr")


def _standard(off):
    """Squared errors are chi-square, their covariance is one, their mean is nothing."""
    kinds, count = off.shape
    low, high = stats.chi2.ppf([1e-4, 1.0 - 1e-4], kinds * count)
    assert low < (off**2).sum() < high
    assert abs(np.cov(off) - np.eye(kinds)).max() < 5.0 * np.sqrt(2.0 / count)
    assert abs(off.mean(axis=1)).max() < 4.0 / np.sqrt(count)


def test_false_plots_are_poisson_over_a_million_cells():
    cells, chance, scans = 1_000_000, 2e-5, 250
    unit = unit_of(false_plots_per_look=cells * chance, period_s=2.0)
    counts, where = [], []
    for tick in range(scans):
        air = sky_of(np.zeros((0, 3)), tick=tick, tick_s=2.0)
        plots = radar.plots(unit, air, sweeps(unit.radar, air.begin_s, 2.0), 3).reports
        counts.append(len(plots))
        where.append(np.stack([plots.range_m, plots.azimuth_rad], axis=1))
    mean = cells * chance
    assert abs(np.mean(counts) - mean) < 3.0 * np.sqrt(mean / scans)
    assert abs(np.var(counts) / mean - 1.0) < 3.0 * np.sqrt(2.0 / scans)
    where = np.concatenate(where)
    cell = 8 * (where[:, 0] - 1e3) // 199e3 * 8 + 8 * where[:, 1] // (2.0 * np.pi)
    seen = np.bincount(cell.astype(int), minlength=64)
    assert len(seen) == 64
    assert stats.chisquare(seen).pvalue > 1e-4


def test_clutter_stays_in_its_disc_and_its_points_come_back():
    patch = {
        "latitude_deg": 0.3, "longitude_deg": 0.3, "radius_m": 4000.0, "plots_per_look": 3.0,
        "points": 20, "point_probability": 0.5,
    }  # fmt: skip
    unit = unit_of(clutter=(patch,), range_std_m=1.0, azimuth_std_deg=0.001, period_s=4.0)
    rows = []
    for tick in range(160):
        air = sky_of(np.zeros((0, 3)), tick=tick)
        rows.append(radar.plots(unit, air, sweeps(unit.radar, air.begin_s, 1.0), 3).reports)
    range_m = np.concatenate([r.range_m for r in rows])
    azimuth = np.concatenate([r.azimuth_rad for r in rows])
    centre, *_ = unit.patches[0].centre_m[None]
    expected = 40 * (3.0 + 20 * 0.5)
    assert abs(len(range_m) - expected) < 4.0 * np.sqrt(expected)
    flat = np.stack([range_m * np.sin(azimuth), range_m * np.cos(azimuth)], axis=1)
    away = np.linalg.norm(flat - centre[:2], axis=1)
    assert away.max() < 4000.0 + 60.0
    place = np.round(flat / 10.0).astype(int)
    _, times = np.unique(place, axis=0, return_counts=True)
    assert np.count_nonzero(times >= 8) >= 15


def test_nothing_behind_a_hill_is_seen_and_what_is_above_it_is():
    """Line of sight by its own geometry: the straight ray over an earth of 4/3 the radius."""
    ground = Ground.of((hill(),))
    unit = unit_of(ground=ground, clear_range_m=900e3)
    count = 4000
    away, azimuth = RNG.uniform(12e3, 90e3, count), RNG.uniform(-0.6, 0.6, count)
    height = RNG.uniform(50.0, 5000.0, count)
    share = np.linspace(0.002, 0.998, 500)
    along = away[:, None] * share
    latitude = np.degrees(along * np.cos(azimuth)[:, None] / 6_371_008.8)
    longitude = np.degrees(along * np.sin(azimuth)[:, None] / 6_371_008.8)
    drop = along * (away[:, None] - along) / (2.0 * 4.0 / 3.0 * 6_371_008.8)
    ray = 100.0 + (height[:, None] - 100.0) * share - drop
    room = (ray - ground(latitude, longitude)).min(axis=1)
    air = sky_of(at_polar(away, azimuth, height), tick_s=4.0, fleet=fleet_of(count, 1e4))
    seen = np.zeros(count, bool)
    seen[radar.plots(unit, air, sweeps(unit.radar, 0.0, 4.0), 1).source] = True
    assert np.count_nonzero(room < -25.0) > 500
    assert not seen[room < -25.0].any()
    assert np.count_nonzero(room > 25.0) > 500
    assert seen[room > 25.0].mean() > 0.99


def test_the_kernel_merges_as_its_plain_twin():
    rows = RNG.uniform(0.0, 1.0, (600, 6)) * [4.0, 8e3, 2.0 * np.pi, 0.3, 50.0, 30.0]
    for cell in ([300.0, 0.2, np.inf, 2.0], [900.0, 0.5, 0.05, 0.5]):
        rows = rows[np.argsort(rows[:, 1])]
        group, merged = np.empty(600, np.int64), np.empty((600, 6))
        merge(rows, np.argsort(-rows[:, 5]), np.array(cell), group, merged)
        expected, there = radar_twin.merge(rows, np.array(cell))
        assert group.tolist() == expected.tolist()
        own = group == np.arange(600)
        assert 100 < own.sum() < 590
        assert merged[own] == pytest.approx(there[own])
        assert merged[own, 5].sum() == pytest.approx(rows[:, 5].sum())
        near = np.empty(600, bool)
        crowded(rows, np.array(cell), near)
        off = np.abs(rows[:, None] - rows)
        off[..., 2] = np.minimum(off[..., 2], 2.0 * np.pi - off[..., 2])
        both = (off[..., [1, 2, 3, 0]] < cell).all(axis=2) & ~np.eye(600, dtype=bool)
        assert near.tolist() == both.any(axis=1).tolist()
        few = np.flatnonzero(near)
        again, less = np.empty_like(group), np.empty_like(merged)
        merge(rows, few[np.argsort(-rows[few, 5])], np.array(cell), again, less)
        assert again.tolist() == group.tolist()
        assert less[own].tolist() == merged[own].tolist()


def test_numbers_are_put_in_order_or_given_back():
    for count in (0, 1, 2, 500):
        values = RNG.uniform(-3.0, 9.0, count)
        order = np.empty(count, np.int64)
        assert spread_order(values, order)
        assert order.tolist() == np.argsort(values).tolist()
    order = np.empty(200, np.int64)
    assert not spread_order(np.repeat(RNG.uniform(0.0, 1.0, 100), 2), order)
    assert not spread_order(np.append(RNG.uniform(0.0, 1e-3, 199), 9.0), order)


def test_the_kernel_measures_as_plain_numpy_does():
    rows = RNG.uniform(0.0, 2.0 * np.pi, (300, 6))
    of, noise = np.flatnonzero(RNG.random(300) < 0.7), RNG.normal(size=(300, 4))
    noise, factor = noise[: len(of)], RNG.uniform(0.25, 4.0, len(of))
    std, false = np.array([50.0, 0.8, np.nan, 3.0]), RNG.uniform(0.0, 6.0, (40, 5))
    order = RNG.permutation(len(of) + 40)
    out = np.empty((5, len(order)))
    measured(rows, of, noise, factor, std, false, order, out)
    seen = rows[of, :5]
    seen[:, 1:] += std * factor[:, None] * noise
    seen[:, 2] = np.mod(seen[:, 2], 2.0 * np.pi)
    false[:, 1:] += 0.0 * std
    expected = np.concatenate([seen, false])[order].T
    assert out.tobytes() == np.ascontiguousarray(expected).tobytes()


def test_two_in_one_cell_are_one_plot_between_them():
    cell = {"range_cell_m": 200.0, "azimuth_cell_deg": 1.5}
    small = {"range_std_m": 0.01, "azimuth_std_deg": 1e-5, "clear_range_m": 900e3}
    unit = unit_of(**cell, **small)
    azimuth = np.radians([40.0, 40.9, 42.0, 40.0])
    position = at_polar(np.array([60e3, 60_050.0, 60e3, 60_500.0]), azimuth, 4000.0)
    fleet = fleet_of(4, 4.0)
    fleet.rcs_m2[1] = 12.0
    air = sky_of(position, tick_s=4.0, fleet=fleet)
    swept = sweeps(unit.radar, 0.0, 4.0)
    _, _, rows = radar.met(unit, air, swept)
    out = radar.plots(unit, air, swept, 1)
    # The second is the strongest of its cell: it takes the first and the third.
    assert sorted(out.source.tolist()) == [1, 3]
    assert out.others is not None
    one = int(np.flatnonzero(out.source == 1)[0])
    assert sorted(out.others[one]) == [0, 2]
    weight = rows[:3, 5] / rows[:3, 5].sum()
    assert out.reports.azimuth_rad[one] == pytest.approx(weight @ rows[:3, 2], abs=1e-5)
    assert out.reports.range_m[one] == pytest.approx(weight @ rows[:3, 1], abs=0.2)
    alone = radar.plots(unit_of(**small), air, swept, 1)
    assert sorted(alone.source.tolist()) == [0, 1, 2, 3]
    assert alone.others is None
