"""Bearings start and move tracks, tell ghosts from objects, and are as sure as they say."""

import pickle

import numpy as np
import pytest
from scipy.special import chdtri
from scipy.stats import chi2

from tests.track.bearing_scenes import STD_RAD, bearings, config, field, heard, node
from tests.track.scenes import T0_NS, Line, at_instants, radar, sweep
from tocsin.contract import NS, Looks, Plots, SensorKind, TrackStatus, TrackUpdates
from tocsin.geo import pack_covariance, unpack_covariance
from tocsin.track import finish, start, step, track_plots, warm_up
from tocsin.track.kernels_bearing import correct, gate, judge_rows, triangulate, update
from tocsin.track.kernels_clusters import propagate
from tocsin.track.kernels_filter import predict
from tocsin.track.kernels_sweep import end

SLOW = Line((-5000.0, 900.0, 220.0), (32.0, 8.0, 0.0))
OTHER = Line((3500.0, 4200.0, 150.0), (-12.0, -30.0, 0.0))


def tracked(plots, sensors, looks=None, **options):
    """Return the confirmed tracks of a recording."""
    updates = track_plots(plots, looks or Looks.empty(), config(sensors, **options))
    return updates.take(updates.status != TrackStatus.TENTATIVE)


def off_m(updates, target, from_s):
    """Return how far on the map each update from a time on is from a target."""
    later = updates.take(updates.measured_at_ns >= T0_NS + round(from_s * NS))
    true = target.at((later.measured_at_ns - T0_NS) / NS)
    return np.hypot(*(later.state[:, :2] - true[:, :2]).T)


def numbers(updates, from_s):
    """Return the track numbers put out from a time on."""
    return set(updates.number[updates.measured_at_ns >= T0_NS + round(from_s * NS)].tolist())


@pytest.mark.parametrize("kind", [SensorKind.RF_DETECTOR, SensorKind.ACOUSTIC])
def test_two_objects_over_a_field_of_nodes_are_two_tracks(kind):
    sensors = field(kind=kind)
    plots, _ = heard(np.random.default_rng(1), [SLOW, OTHER], sensors, 90.0)
    found = tracked(plots, sensors)
    assert len(numbers(found, 60.0)) == 2
    near = np.minimum(off_m(found, SLOW, 60.0), off_m(found, OTHER, 60.0))
    # Sound is up to 20 s late: taken as it comes, the tracks would trail by half a kilometre.
    assert np.sqrt((near**2).mean()) < 150.0


def test_false_bearings_alone_confirm_nothing():
    sensors = field(false_plots_per_look=0.1)
    plots, _ = heard(np.random.default_rng(2), [], sensors, 600.0)
    assert len(plots) > 500
    assert len(tracked(plots, sensors)) == 0


def test_crossings_that_no_third_node_hears_are_not_confirmed():
    """Two nodes see four crossings of two objects; a third tells which two are none."""
    sensors = [node("a", -3000.0, -2500.0), node("b", 3000.0, -2500.0), node("c", 0.0, 4000.0)]
    still = [
        Line((-900.0, 700.0, 200.0), (3.0, 0.0, 0.0)),
        Line((900.0, 700.0, 200.0), (-3.0, 0, 0)),
    ]
    plots, _ = heard(np.random.default_rng(3), still, sensors, 60.0, false=0.02)
    found = tracked(plots, sensors)
    for _t, rows in at_instants(found.take(found.measured_at_ns >= T0_NS + 20 * NS)):
        apart = [np.hypot(*(rows.state[:, :2] - line.at(_t)[0, :2]).T) for line in still]
        assert (np.min(apart, axis=0) < 400.0).all()
        assert [int((one < 400.0).sum()) for one in apart] == [1, 1]


def test_one_node_starts_no_track_and_keeps_a_bounded_memory():
    sensors = [node("a", 0.0, 0.0), node("far", 60_000.0, 0.0)]
    plots, _ = heard(np.random.default_rng(4), [SLOW], sensors[:1], 60.0, false=2.0)
    state = start(config(sensors, max_bearings=5))
    for second in range(0, 61, 2):
        now_ns = T0_NS + second * NS
        fresh = (plots.measured_at_ns > now_ns - 2 * NS) & (plots.measured_at_ns <= now_ns)
        state, updates = step(state, plots.take(fresh), Looks.empty(), now_ns)
        assert len(updates) == 0
        assert len(state.heard.at_ns) <= 5
    assert state.counters.bearings == len(plots)
    assert state.counters.crossed == 0
    assert state.counters.bearings_overflow > 0


@pytest.mark.parametrize("spread_m", [60.0, 600.0])
def test_states_are_as_sure_as_they_say(spread_m):
    """NEES of all six components after bearings of three nodes, from tight and wide priors."""
    rng = np.random.default_rng(5)
    sensors = [node("a", 0.0, 0.0), node("b", 4000.0, 0.0), node("c", 0.0, 5000.0)]
    place = start(config(sensors)).site.place[:, :12]
    x0 = np.array([2000.0, 2500.0, 300.0, 20.0, -15.0, 0.0])
    P0 = np.diag(np.square([spread_m, spread_m, 100.0, 15.0, 15.0, 2.0]))
    gates = np.array([chdtri(n, 1e-6) for n in range(1, 5)])
    total, runs = 0.0, 400
    for _ in range(runs):
        truth, x, cov = rng.multivariate_normal(x0, P0), x0.copy(), pack_covariance(P0[None])[0]
        for turn in range(9):
            t, k = turn * 0.7, turn % 3
            row = np.zeros(18)
            row[:12], row[14:16], row[17] = place[k], STD_RAD**2, 8000.0
            local = row[3:12].reshape(3, 3) @ (truth[:3] + t * truth[3:] - row[:3])
            row[12] = np.arctan2(local[0], local[1]) + STD_RAD * rng.normal()
            row[13] = np.arctan2(local[2], np.hypot(*local[:2])) + STD_RAD * rng.normal()
            out, after = x.copy(), cov.copy()
            told = row[None], np.array([0]), np.array([t]), np.zeros(4), gates
            assert correct(x, cov, *told, out, after) > -np.inf
            x, cov = out, after
        apart = truth - x
        total += apart @ np.linalg.solve(unpack_covariance(cov[None])[0], apart)
    low, high = chi2.ppf([0.001, 0.999], 6 * runs) / runs
    assert low < total / runs < high


def test_a_turned_scene_has_the_same_tracks_turned():
    def turned(place, angle_rad):
        c, s = np.cos(angle_rad), np.sin(angle_rad)
        return (c * place[0] - s * place[1], s * place[0] + c * place[1], *place[2:])

    found = []
    for angle in (0.0, 1.1):
        places = [(-3000.0, -2000.0), (2500.0, -1500.0), (500.0, 3500.0), (-3500.0, 2500.0)]
        sensors = [node(f"n{k}", *turned(p, angle)) for k, p in enumerate(places)]
        lines = [Line(turned(t.position, angle), turned(t.velocity, angle)) for t in (SLOW, OTHER)]
        plots, _ = heard(np.random.default_rng(6), lines, sensors, 40.0, false=0.0)
        found.append(track_plots(plots, Looks.empty(), config(sensors)))
    assert len(found[0]) == len(found[1]) > 20
    back = np.array([turned(row, -1.1) for row in found[1].state[:, :3]])
    np.testing.assert_allclose(back, found[0].state[:, :3], atol=2.0)
    np.testing.assert_allclose(
        found[1].existence_probability, found[0].existence_probability, atol=1e-3
    )


def batched(plots, state, cuts):
    """Return all updates of plots given in batches that end at the cuts."""
    blocks, last = [], T0_NS - NS
    for cut in cuts:
        batch = plots.take((plots.measured_at_ns > last) & (plots.measured_at_ns <= cut))
        state, block = step(state, batch.take(np.arange(len(batch))[::-1]), Looks.empty(), cut)
        blocks.append(block)
        last = cut
    state, rest = finish(state)
    return TrackUpdates.concat([*blocks, rest.updates])


def test_batches_and_their_order_change_nothing():
    sensors = field()
    plots, _ = heard(np.random.default_rng(7), [SLOW, OTHER], sensors, 30.0)
    whole = batched(plots, start(config(sensors)), [T0_NS + 31 * NS])
    ends = [T0_NS + round(t * NS) for t in (0.3, 1.7, 2.0, 9.1, 9.15, 20.0, 31.0)]
    parts = batched(plots, start(config(sensors)), ends)
    assert len(whole) > 30
    for name, column in whole.columns().items():
        assert np.array_equal(column, getattr(parts, name), equal_nan=column.dtype.kind == "f")


def test_a_state_that_is_stored_goes_on_as_it_was():
    sensors = field()
    plots, _ = heard(np.random.default_rng(8), [SLOW], sensors, 30.0, false=0.5)
    early, late = (plots.take(part) for part in _halves(plots, T0_NS + 2 * NS))
    state, _ = step(start(config(sensors)), early, Looks.empty(), T0_NS + 2 * NS)
    assert len(state.heard.at_ns) > 0
    again = pickle.loads(pickle.dumps(state))
    ends = [step(each, late, Looks.empty(), T0_NS + 30 * NS)[1] for each in (state, again)]
    assert len(ends[0]) > 0
    assert np.array_equal(ends[0].state, ends[1].state)


def test_bearings_that_come_late_give_the_tracks_of_those_in_time():
    sensors = field()
    plots, _ = heard(np.random.default_rng(12), [SLOW, OTHER], sensors, 25.0)
    ends, redone = [], []
    for delay_s in (0, 4):
        came_ns = plots.measured_at_ns + (plots.sensor % 3 == 0) * delay_s * NS
        state, blocks = start(config(sensors)), []
        for now_ns in T0_NS + np.arange(1, 31) * NS:
            fresh = (came_ns > now_ns - NS) & (came_ns <= now_ns)
            state, block = step(state, plots.take(fresh), Looks.empty(), int(now_ns))
            blocks.append(block)
        updates = TrackUpdates.concat(blocks)
        last = updates.take(updates.measured_at_ns == updates.measured_at_ns.max())
        ends.append(last.take(np.argsort(last.state[:, 0])))
        redone.append(state.counters.redone)
    assert redone[1] > redone[0] == 0
    assert len(ends[0]) == len(ends[1]) >= 2
    for name in ("state", "state_cov", "existence_probability"):
        np.testing.assert_allclose(*(getattr(end, name) for end in ends), rtol=1e-6, atol=1e-6)


def _halves(plots, at_ns):
    return plots.measured_at_ns <= at_ns, plots.measured_at_ns > at_ns


def test_bearings_sharpen_what_a_far_radar_sees():
    far = radar(azimuth_std_rad=0.008, north_m=-60_000.0, false_plots_per_look=1.0)
    sensors = (far, *field())
    rng = np.random.default_rng(9)
    scan = sweep(rng, [SLOW, OTHER], sensors, 0, 120.0)
    plots, _ = heard(rng, [SLOW, OTHER], sensors[1:], 120.0)
    alone = tracked(scan.plots, sensors, scan.looks)
    moved = plots.replace(sensor=plots.sensor + 1)
    both = tracked(Plots.concat([scan.plots, moved]), sensors, scan.looks)
    errors = [np.minimum(off_m(t, SLOW, 40.0), off_m(t, OTHER, 40.0)) for t in (alone, both)]
    assert len(numbers(both, 40.0)) == 2
    assert np.sqrt((errors[1] ** 2).mean()) < 0.6 * np.sqrt((errors[0] ** 2).mean())


def test_silence_of_nodes_costs_a_radars_track_nothing():
    sensors = (radar(false_plots_per_look=0.1), node("a", 0.0, 0.0), node("b", 3000.0, 0.0))
    scan = sweep(np.random.default_rng(10), [SLOW], sensors, 0, 60.0, pd=1.0)
    rows = [(t + 0.3, 1.0 + t % 2, 4.4, np.nan, -1) for t in range(60)]
    false = bearings(sensors, np.array(rows))
    alone = tracked(scan.plots, sensors, scan.looks)
    both = tracked(Plots.concat([scan.plots, false]), sensors, scan.looks)
    for found in (alone, both):
        assert len(numbers(found, 20.0)) == 1
    assert both.existence_probability.min() > alone.existence_probability.min() - 0.01


def test_live_use_compiles_nothing_that_the_warm_up_did_not():
    warm_up(bearings=True)
    kernels = (correct, gate, judge_rows, update, triangulate, predict, propagate, end)
    before = [len(kernel.signatures) for kernel in kernels]
    sensors = field()
    plots, _ = heard(np.random.default_rng(11), [SLOW, OTHER], sensors, 5.0)
    state, _ = step(start(config(sensors)), plots, Looks.empty(), T0_NS + 6 * NS)
    assert state.counters.crossed > 0
    assert [len(kernel.signatures) for kernel in kernels] == before
