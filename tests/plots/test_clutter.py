"""Clutter maps: what is learned of false plots, from what, and how sure it is."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plots.scenes import ADSB, EAST, REGION, T0_NS, WEST
from tocsin.contract import NS, Associations, Looks, Plots, ReportKind, Reports
from tocsin.geo import polar_to_enu
from tocsin.plots import (
    ClutterConfig,
    PlotsConfig,
    PlotsState,
    reference,
    start,
    step,
    with_sensors,
)
from tocsin.plots.clutter import AZIMUTHS, BANDS, RANGES, lying, rates

RADAR = replace(WEST, range_m=100e3, false_plots_per_look=20.0)
FLAT = replace(RADAR, sensor_id="flat", elevation_std_rad=np.nan)
LONG = ClutterConfig(memory_s=1e9)
PERIOD_NS = round(RADAR.period_s * NS)
NOBODY = Associations.empty()


def site(*sensors, clutter: ClutterConfig = LONG) -> PlotsConfig:
    return PlotsConfig(REGION, sensors or (RADAR, FLAT), clutter=clutter)


def reports(at_ns, range_m, azimuth, elevation=np.nan, sensor: str = "west") -> Reports:
    count = len(range_m)
    return Reports.build(
        count,
        measured_at_ns=at_ns,
        received_at_ns=at_ns,
        sensor_id=[sensor] * count,
        sequence=np.arange(count),
        kind=int(ReportKind.PLOT),
        range_m=range_m,
        azimuth_rad=azimuth,
        elevation_rad=elevation,
    )


def whole_turn(end_ns: int, sensor: str = "west") -> Looks:
    return Looks.build(
        1,
        sensor_id=[sensor],
        start_ns=end_ns - PERIOD_NS,
        end_ns=end_ns,
        azimuth_from_rad=1.0,
        azimuth_to_rad=1.0 + 2.0 * np.pi,
    )


def noise(rng: np.random.Generator, count: int, near: bool = False) -> tuple:
    """Return ranges, azimuths, elevations: over all the radar sees, or in one cell near it."""
    low, high = RADAR.elevation_min_rad, RADAR.elevation_max_rad
    span = np.array([[0.0, 100e3], [0.0, 2.0 * np.pi], [low, high]])
    if near:
        span = np.array([[31.3e3, 32.8e3], [2.0, 2.05], [0.0, 0.012]])
    return tuple(rng.uniform(*limits, count) for limits in span)


def turns(state: PlotsState, count: int, rng: np.random.Generator, patch: float = 0.0):
    """Return the state after revolutions with noise as the site says, and more in one cell."""
    for k in range(1, count + 1):
        now_ns = T0_NS + k * PERIOD_NS
        parts = noise(rng, rng.poisson(20.0)), noise(rng, rng.poisson(patch), near=True)
        rows = [np.concatenate(pair) for pair in zip(*parts, strict=True)]
        heard = reports(now_ns - NS, *rows)
        state, out = step(state, heard, now_ns, NOBODY, whole_turn(now_ns))
    return state, out


def settled(state: PlotsState, now_ns: int) -> PlotsState:
    """Return the state once all that was heard by now counts."""
    window_ns = state.clutter.cells.window_ns
    for k in (1, 2):
        state, _ = step(state, Reports.empty(), now_ns + k * window_ns, NOBODY, Looks.empty())
    return state


# -- where plots lie ----------------------------------------------------------------------------


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_kernel_is_its_twin(seed: int) -> None:
    rng = np.random.default_rng(seed)
    state = start(site()).clutter
    told = state.settled
    counted = told._replace(
        plots=rng.poisson(0.5, told.plots.shape).astype(np.float32),
        looks=rng.uniform(0.0, 90.0, told.looks.shape).astype(np.float32),
    )
    state, count = replace(state, settled=counted), 300
    enu = polar_to_enu(rng.uniform(0, 130e3, count), rng.uniform(0, 7, count),
                       rng.uniform(-0.02, 0.7, count))  # fmt: skip
    position, full = enu + rng.normal(size=3) * 20e3, rng.random(count) < 0.5
    for k, radar in enumerate((RADAR, FLAT)):
        found = lying(state, position, full, np.full(count, k, np.int32), site())
        cell, factor = reference.look_up(state, position, full, radar, site())
        np.testing.assert_array_equal(found.cell, cell)
        np.testing.assert_allclose(found.factor, factor, rtol=1e-9)


def test_what_is_usual_is_what_the_site_says() -> None:
    """Over all cells it is the false plots of a look, and its density that of uniform ones."""
    known = start(site()).clutter.cells.usual
    assert known.shape == (2, BANDS)
    assert AZIMUTHS * RANGES * known[:, 0] == pytest.approx([20.0, 20.0])
    assert AZIMUTHS * RANGES * known[:, 1:].sum(axis=1) == pytest.approx([20.0, 20.0], rel=0.01)
    # The finest bands are two of the radar's deviations wide, of a beam of 0.72 rad.
    assert known[0, 1] / known[0, 0] == pytest.approx(max(2.0 * 0.004, 0.72 / 48.0) / 0.72)


def test_sensors_without_a_place_have_no_map() -> None:
    state = start(site(ADSB, RADAR))
    assert state.clutter.cells.which.tolist() == [-1, 0]
    at = np.full((2, 3), 30e3)
    found = lying(state.clutter, at, np.ones(2, bool), np.array([0, 1], np.int32), site())
    assert found.cell[0] == -1
    assert found.cell[1] >= 0
    assert found.factor.tolist() == [1.0, 1.0]


# -- what is learned ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_map_finds_the_truth_within_its_own_uncertainty(seed: int) -> None:
    """Rates drawn from what is believed before: their estimates are as far off as they say."""
    rng = np.random.default_rng(seed)
    state, looks = start(site(RADAR)), 200
    usual = state.clutter.cells.usual[0, 0]
    prior = LONG.prior_looks
    true = rng.gamma(prior * usual, 1.0 / prior, (AZIMUTHS, RANGES))
    busy = rng.integers(0, AZIMUTHS, 40), rng.integers(0, RANGES, 40)
    true[busy] = usual * rng.uniform(10.0, 50.0, 40)
    for k in range(1, looks + 1):
        now_ns = T0_NS + k * PERIOD_NS
        ray, ring = (np.repeat(i, c) for i, c in _cells(rng.poisson(true)))
        azimuth = (ray + rng.uniform(0.01, 0.99, len(ray))) / AZIMUTHS * 2.0 * np.pi
        range_m = (ring + rng.uniform(0.05, 0.95, len(ring))) / RANGES * 100e3
        far = range_m > 8e3  # the mean height of nearer plots may move them by a cell
        heard = reports(now_ns - NS, range_m[far], azimuth[far])
        state, _ = step(state, heard, now_ns, NOBODY, whole_turn(now_ns))
    state = settled(state, now_ns)
    assert state.clutter.settled.looks == pytest.approx(looks, rel=1e-3)
    rate, std = (part[0, 0, :, 6:] for part in rates(state.clutter, state.config))
    off = (rate - true[:, 6:]) / std
    rest = np.ones(true.shape, bool)
    rest[busy] = False
    assert np.sqrt(np.mean(off[rest[:, 6:]] ** 2)) == pytest.approx(1.0, abs=0.15)
    many = ~rest[:, 6:]
    assert np.median(np.abs(rate / true[:, 6:] - 1.0)[many]) < 0.35
    assert rates(start(site(RADAR)).clutter, site())[0][0, 0] == pytest.approx(usual)


def _cells(counts: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    ray, ring = np.nonzero(counts)
    return [(ray, counts[ray, ring]), (ring, counts[ray, ring])]


def test_plots_in_a_cluttered_cell_are_probably_false_and_elsewhere_less_so() -> None:
    rng = np.random.default_rng(5)
    state, _ = turns(start(site()), 150, rng, patch=0.5)
    there, empty = ([32e3], [2.02], [0.006]), ([70e3], [4.0], [0.1])
    found, now_ns = [], T0_NS + 151 * PERIOD_NS
    for rows in (there, empty):
        heard = reports(now_ns - PERIOD_NS, *map(np.array, rows))
        dense = step(state, heard, now_ns, NOBODY, Looks.empty())[1].plots.false_density[0]
        found.append(dense / step(start(site()), heard, now_ns)[1].plots.false_density[0])
    # Half a plot a look where 20 are uniform: so much more than is usual in such a cell.
    usual = start(site()).clutter.cells.usual[0, 3]
    assert found[0] == pytest.approx(0.5 / usual, rel=0.4)
    assert found[1] < 1.0


def test_empty_looks_lower_a_map() -> None:
    state, lowest = start(site()), []
    for k in range(1, 60):
        now_ns = T0_NS + k * PERIOD_NS
        state, _ = step(state, Reports.empty(), now_ns, NOBODY, whole_turn(now_ns))
        lowest.append(float(rates(state.clutter, state.config)[0][0].sum()))
    assert all(after <= before for before, after in pairwise(lowest))
    assert lowest[-1] < 0.5 * lowest[0]
    # Of the other radar nothing was heard: it may be off.
    assert rates(state.clutter, state.config)[0][1, 0].sum() == pytest.approx(20.0)


def test_what_is_given_to_confirmed_tracks_is_not_clutter() -> None:
    rng, rows = np.random.default_rng(6), NOBODY
    state = start(site(clutter=replace(LONG, window_s=16.0)))
    for k in range(1, 80):
        now_ns = T0_NS + k * PERIOD_NS
        heard = reports(now_ns - NS, *noise(rng, 5, near=True))
        state, out = step(state, heard, now_ns, rows, whole_turn(now_ns))
        rows = _given(out.plots.take(slice(0, 3)))
    state, _ = step(state, Reports.empty(), now_ns, rows, Looks.empty())
    state = settled(state, now_ns)
    assert state.clutter.settled.plots.sum() == pytest.approx(2 * 79, abs=3)
    assert state.clutter.settled.plots.min() == 0.0


def _given(plots: Plots) -> Associations:
    shared = {n: getattr(plots, n) for n in Associations.schema() if n in Plots.schema()}
    return Associations.build(len(plots), **shared, number=1, probability=1.0)


def test_without_the_trackers_word_nothing_is_learned() -> None:
    rng = np.random.default_rng(7)
    state = start(site())
    off = start(site(clutter=replace(LONG, enabled=False)))
    for k in range(1, 40):
        heard = reports(T0_NS + k * PERIOD_NS - NS, *noise(rng, 20))
        state, out = step(state, heard, T0_NS + k * PERIOD_NS)
        off, same = step(off, heard, T0_NS + k * PERIOD_NS, NOBODY)
        np.testing.assert_array_equal(out.plots.false_density, same.plots.false_density)
    assert state.clutter.since_ns == off.clutter.since_ns == 0


def test_what_was_seen_fades_to_what_the_site_says() -> None:
    rng = np.random.default_rng(8)
    state, _ = turns(start(site(clutter=ClutterConfig(memory_s=600.0))), 100, rng, patch=2.0)
    high = rates(state.clutter, state.config)[0][0].max()
    later_ns = T0_NS + 100 * PERIOD_NS + 3 * 3600 * NS
    state, _ = step(state, Reports.empty(), later_ns, NOBODY, Looks.empty())
    rate = rates(state.clutter, state.config)[0][0]
    assert high > 1.0
    np.testing.assert_allclose(rate, np.broadcast_to(
        state.clutter.cells.usual[0][:, None, None], rate.shape), atol=1e-3)  # fmt: skip


def test_a_radar_that_does_not_tell_what_it_sweeps_turns_while_it_is_heard() -> None:
    state, turn = start(site()), 1
    for turn in range(1, 61):
        heard = reports(T0_NS + turn * PERIOD_NS - NS, np.array([50e3]), np.array([1.0]))
        state, _ = step(state, heard, T0_NS + turn * PERIOD_NS, NOBODY, Looks.empty())
    state = settled(state, T0_NS + turn * PERIOD_NS)
    assert state.clutter.settled.looks[0] == pytest.approx(60.0, abs=9.0)
    assert state.clutter.settled.looks[1].max() == 0.0
    now_ns = T0_NS + turn * PERIOD_NS
    for _ in range(40):
        now_ns += state.clutter.cells.window_ns
        state, _ = step(state, Reports.empty(), now_ns, NOBODY, Looks.empty())
    # After five minutes of silence it may be off.
    assert state.clutter.settled.looks[0] == pytest.approx(60.0 + 300.0 / 4.0, abs=16.0)


def test_one_look_told_by_two_networks_counts_once_and_in_part() -> None:
    state, quarter = start(site()), np.pi / 2.0
    for k in range(1, 11):
        end_ns = T0_NS + k * PERIOD_NS
        mark = whole_turn(end_ns).replace(
            azimuth_from_rad=np.array([-quarter / 2.0]), azimuth_to_rad=np.array([quarter / 2.0])
        )
        state, _ = step(state, Reports.empty(), end_ns, NOBODY, Looks.concat([mark, mark]))
        state, _ = step(state, Reports.empty(), end_ns + 1, NOBODY, mark)
    looks = settled(state, end_ns).clutter.settled.looks[0]
    assert looks[:8] == pytest.approx(10.0)
    assert looks[-8:] == pytest.approx(10.0)
    assert looks[8:-8].max() == 0.0


# -- how it is computed -------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_order_and_batches_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    at_s, count = np.sort(rng.uniform(0.0, 200.0, 400)), 400
    rows = noise(rng, count)
    heard = reports(T0_NS + (at_s * NS).astype(np.int64), *rows)
    parts = np.sort(rng.uniform(0.0, 200.0, 30))
    one = _in_batches(heard, np.arange(1.0, 202.0))
    other = _in_batches(heard.take(rng.permutation(count)), np.append(parts, 201.0))
    for a, b in zip(one.clutter.settled, other.clutter.settled, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert one.clutter.settled.plots.sum() > 100.0


def _in_batches(heard: Reports, ends_s: np.ndarray) -> PlotsState:
    state, begin_ns = start(site()), 0
    for end_s in ends_s:
        end_ns = T0_NS + round(end_s * NS)
        mine = (heard.received_at_ns > begin_ns) & (heard.received_at_ns <= end_ns)
        swept = [whole_turn(T0_NS + k * PERIOD_NS) for k in range(1, 51)]
        marks = Looks.concat(swept)
        marks = marks.take((marks.end_ns > begin_ns) & (marks.end_ns <= end_ns))
        state, _ = step(state, heard.take(mine), end_ns, NOBODY, marks)
        begin_ns = end_ns
    return settled(state, begin_ns)


def test_a_state_stays_as_it_was() -> None:
    rng = np.random.default_rng(9)
    state, _ = turns(start(site()), 30, rng)
    before = [part.copy() for tally in _tallies(state) for part in tally]
    turns(state, 30, rng, patch=5.0)
    after = [part for tally in _tallies(state) for part in tally]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_stored_state_is_small_and_the_same() -> None:
    state, _ = turns(start(site()), 60, np.random.default_rng(11))
    again = pickle.loads(stored := pickle.dumps(state.clutter))
    for one, other in zip(_tallies(state), _tallies(replace(state, clutter=again)), strict=True):
        assert one.plots.dtype == other.plots.dtype
        np.testing.assert_array_equal(one.plots, other.plots)
        np.testing.assert_array_equal(one.looks, other.looks)
    assert len(stored) < state.clutter.settled.plots.nbytes / 10


def _tallies(state: PlotsState):
    return state.clutter.settled, state.clutter.settling, state.clutter.filling


def test_what_is_known_stays_when_a_sensor_is_added() -> None:
    state, _ = turns(start(site(RADAR)), 40, np.random.default_rng(10), patch=1.0)
    more = with_sensors(state, (RADAR, ADSB, EAST))
    assert more.clutter.cells.which.tolist() == [0, -1, 1]
    for one, other in zip(_tallies(state), _tallies(more), strict=True):
        np.testing.assert_array_equal(other.plots[:1], one.plots)
        assert other.plots.shape[0] == 2
        assert other.plots[1].max() == 0.0
    assert more.clutter.since_ns == state.clutter.since_ns


def test_the_cells_of_a_radar_hold_all_its_plots() -> None:
    """Beyond its range, below it and straight above it, plots count in the nearest cell."""
    state = start(site()).clutter
    own = REGION.from_geodetic(*(np.array([v]) for v in (12.0, 33.5, 200.0)))[0]
    up = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [0.0, 400.0, 0.0]])
    found = lying(state, own + 1e3 * up, np.ones(3, bool), np.zeros(3, np.int32), site())
    shape = state.settled.plots.shape
    place = np.array([np.unravel_index(cell, shape) for cell in found.cell])
    assert place[2, 3] == RANGES - 1
    assert (place >= 0).all()
    assert place[:, 1].tolist() == [BANDS - 1, 1, 2]
