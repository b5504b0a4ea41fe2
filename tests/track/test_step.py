"""Time, order and limits: what a step may and may not depend on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.track.scenes import (
    REGION,
    T0_NS,
    Line,
    at_instants,
    held,
    listener,
    positions,
    radar,
    sweep,
)
from tocsin.contract import (
    MODE_COUNT,
    NS,
    Dimension,
    Looks,
    ObjectClass,
    Plots,
    Sensor,
    SensorKind,
    TrackStatus,
    TrackUpdates,
)
from tocsin.geo import unpack_covariance
from tocsin.motion import MOST_MODELS, SETS, Model, ModelSet, Noise
from tocsin.track import (
    TrackConfig,
    finish,
    kept,
    start,
    step,
    summary,
    track_plots,
    track_recording,
    warm_up,
)
from tocsin.track import kernels_gate as gate_
from tocsin.track import kernels_report as report_
from tocsin.track import kernels_rows as rows_
from tocsin.track import kernels_sweep as sweep_
from tocsin.track.kernels_clusters import share_out
from tocsin.track.kernels_contest import contest
from tocsin.track.kernels_filter import predict
from tocsin.track.kernels_regroup import replace
from tocsin.track.manage import unite
from tocsin.track.output import put_out
from tocsin.track.state import Bank, Group, Sector, named, names_of
from tocsin.track.step import look

SENSORS = (radar("one"), radar("two", east_m=15e3, period_s=3.1), listener())
TARGETS = [
    Line((-20e3, 10e3, 3000), (120, 30, 0)),
    Line((15e3, -12e3, 2000), (-60, 90, 2)),
    Line((16e3, -12e3, 2200), (-60, 95, 0)),
]
DURATION_S = 40


def scene():
    rng = np.random.default_rng(30)
    scans = [sweep(rng, TARGETS, SENSORS, k, DURATION_S, sectors=12) for k in (0, 1)]
    heard, _ = positions(rng, TARGETS[:2], 2, DURATION_S, addresses=[11, 12])
    plots = Plots.concat([*(s.plots for s in scans), heard])
    return plots, Looks.concat([s.looks for s in scans])


PLOTS, LOOKS = scene()
CONFIG = TrackConfig(REGION, SENSORS)
MODELS = len(CONFIG.models.models)


def in_batches(cuts_s, order=None):
    """Track the scene in batches that end at the given seconds."""
    plots = PLOTS if order is None else PLOTS.take(order)
    state, blocks, before = start(CONFIG), [], -1
    for cut in [*sorted(cuts_s), DURATION_S]:
        now = T0_NS + round(cut * NS)
        fresh = (plots.measured_at_ns <= now) & (plots.measured_at_ns > before)
        swept = (LOOKS.end_ns <= now) & (LOOKS.end_ns > before)
        state, block = step(state, plots.take(fresh), LOOKS.take(swept), now)
        blocks.append(block)
        before = now
    return TrackUpdates.concat(blocks)


WHOLE = in_batches([])


def assert_same(got, want):
    assert len(got) == len(want)
    for name in TrackUpdates.schema():
        a, b = getattr(got, name), getattr(want, name)
        if a.dtype.kind == "f":
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
        else:
            assert (a == b).all(), name


@given(st.lists(st.floats(0.1, DURATION_S - 0.1), max_size=12))
@settings(max_examples=12)
def test_splitting_batches_changes_nothing(cuts):
    assert_same(in_batches(cuts), WHOLE)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=6)
def test_permuting_rows_changes_nothing(seed):
    order = np.random.default_rng(seed).permutation(len(PLOTS))
    assert_same(in_batches([7.3, 20.0], order), WHOLE)


def test_the_scene_holds_tracks_of_all_targets_in_order():
    assert len(WHOLE) > 100
    numbers, stray = held(WHOLE, TARGETS, 20, 38, near_m=400.0)
    assert (numbers > 0).mean() > 0.95
    assert stray == 0
    keys = list(zip(WHOLE.measured_at_ns.tolist(), WHOLE.number.tolist(), strict=True))
    assert keys == sorted(set(keys))
    assert (WHOLE.measured_at_ns % NS == 0).all()


def test_covariances_are_symmetric_and_positive():
    full = unpack_covariance(WHOLE.state_cov)
    std = np.sqrt(np.einsum("nii->ni", full))
    shape = full / (std[:, :, None] * std[:, None, :])
    assert np.linalg.eigvalsh(shape).min() > 1e-9
    assert np.isfinite(WHOLE.state).all()
    assert (WHOLE.existence_probability <= 1.0).all()
    assert (WHOLE.existence_probability >= 0.0).all()


def test_a_step_uses_its_state_up_and_what_was_kept_is_there_to_come_back_to():
    middle_ns, end_ns = T0_NS + 20 * NS, T0_NS + DURATION_S * NS
    early, swept = PLOTS.measured_at_ns <= middle_ns, LOOKS.end_ns <= middle_ns
    state, _ = step(start(CONFIG), PLOTS.take(early), LOOKS.take(swept), middle_ns)
    then = kept(state)
    before = then.bank.copy()
    later = (PLOTS.take(~early), LOOKS.take(~swept), end_ns)
    first = step(state, *later)[1]
    assert len(first) > 0
    for column, was in zip(then.bank, before, strict=True):
        np.testing.assert_array_equal(column, was)
    assert_same(step(kept(then), *later)[1], first)
    assert_same(step(then, *later)[1], first)
    assert not np.array_equal(then.bank.plots, before.plots)


def test_numbers_are_never_used_again():
    rng = np.random.default_rng(31)
    sensors = (radar(false_plots_per_look=8.0),)
    targets = [Line((9e3, 9e3, 1e3), (50, 0, 0), k * 60.0, k * 60.0 + 35.0) for k in range(4)]
    scan = sweep(rng, targets, sensors, 0, 240, pd=1.0)
    updates = track_plots(scan.plots, scan.looks, TrackConfig(REGION, sensors))
    sure = updates.take(updates.status > 0)
    assert len(np.unique(sure.number)) == 4
    for number in np.unique(updates.number):
        own = updates.take(updates.number == number)
        assert len(np.unique(own.first_at_ns)) == 1
        assert (np.diff(own.measured_at_ns) == NS).all() or number not in sure.number


def test_silence_is_input():
    state = start(CONFIG)
    for second in range(3):
        state, out = step(state, Plots.empty(), Looks.empty(), T0_NS + second * NS)
        assert len(out) == 0
    assert track_recording(Plots.empty(), Looks.empty(), CONFIG)[1].number.tolist() == []


@pytest.mark.parametrize("spread", [True, False])
def test_looks_are_inferred_from_turning_plots_and_from_snapshots(spread):
    rng = np.random.default_rng(32)
    sensors = (radar(false_plots_per_look=2.0),)
    target = Line((-20e3, 30e3, 3000), (100, 10, 0), last_s=120.0)
    scan = sweep(rng, [target], sensors, 0, 200, pd=0.9)
    plots = scan.plots
    if not spread:
        turn = (plots.measured_at_ns - T0_NS) // (4 * NS)
        plots = plots.replace(measured_at_ns=T0_NS + turn * 4 * NS)
    state, updates = track_recording(plots, Looks.empty(), TrackConfig(REGION, sensors))
    assert state.inferred_looks == ("radar",)
    assert summary(state)["inferred_looks"] == ["radar"]
    assert state.rotations[0].snapshot != spread
    numbers, _ = held(updates, [target], 24, 119, near_m=2500.0)
    assert len(np.unique(numbers)) == 1
    sure = updates.take(updates.status > 0)
    # Its misses count: it ends long before mere silence would end it.
    assert 120 < (sure.measured_at_ns.max() - T0_NS) / NS < 147


def test_a_wrong_period_only_bends_the_inferred_phase():
    rng = np.random.default_rng(33)
    truth = (radar(false_plots_per_look=6.0, period_s=4.0),)
    targets = [Line((-20e3, 30e3, 3000), (100, 10, 0)), Line((20e3, 3e3, 3000), (10, 90, 0))]
    scan = sweep(rng, targets, truth, 0, 200)
    told = (radar(false_plots_per_look=6.0, period_s=4.03),)
    _, updates = track_recording(scan.plots, Looks.empty(), TrackConfig(REGION, told))
    numbers, _ = held(updates, targets, 24, 190)
    assert [len(np.unique(numbers[:, k])) for k in (0, 1)] == [1, 1]


def test_without_an_output_period_each_plot_time_is_an_instant():
    rng = np.random.default_rng(34)
    sensors = (radar(false_plots_per_look=1.0),)
    scan = sweep(rng, TARGETS[:1], sensors, 0, 60, pd=1.0)
    turn = (scan.plots.measured_at_ns - T0_NS) // (4 * NS)
    plots = scan.plots.replace(measured_at_ns=T0_NS + turn * 4 * NS)
    config = TrackConfig(REGION, sensors, output_period_s=None)
    updates = track_plots(plots, Looks.empty(), config)
    instants = np.unique(updates.measured_at_ns)
    assert set(instants) <= set(plots.measured_at_ns)
    assert len(instants) >= 14


@pytest.mark.parametrize("after_ns", [0, 1])
def test_a_recording_of_one_instant_gives_its_tracks(after_ns):
    sensors = (radar(false_plots_per_look=1.0),)
    scan = sweep(np.random.default_rng(35), TARGETS, sensors, 0, 4, pd=1.0)
    plots = scan.plots.replace(measured_at_ns=[T0_NS + after_ns] * len(scan.plots))
    updates = track_plots(plots, Looks.empty(), TrackConfig(REGION, sensors, output_period_s=None))
    assert len(updates) >= len(TARGETS)


def test_a_plot_that_no_look_contains_is_used_without_counting_misses():
    rng = np.random.default_rng(35)
    sensors = (radar(false_plots_per_look=0.5),)
    scan = sweep(rng, TARGETS[:1], sensors, 0, 60, pd=1.0)
    only_first = scan.looks.take(scan.looks.start_ns < T0_NS + 8 * NS)
    state, updates = track_recording(scan.plots, only_first, TrackConfig(REGION, sensors))
    assert state.counters.lookless > 5
    sure = updates.take(updates.status > 0)
    assert len(np.unique(sure.number)) == 1


def test_plots_that_come_too_late_are_dropped_and_counted():
    state, _ = step(start(CONFIG), PLOTS, LOOKS, T0_NS + DURATION_S * NS)
    old = PLOTS.take(PLOTS.measured_at_ns < T0_NS + 2 * NS)
    again, _ = step(state, old, Looks.empty(), T0_NS + DURATION_S * NS)
    assert again.counters.late == len(old)
    assert len(again.waiting) == len(state.waiting)


def test_a_plot_that_comes_a_little_late_still_counts():
    rng = np.random.default_rng(36)
    sensors = (listener("quick"), listener("slow"))
    quick, _ = positions(rng, TARGETS[:1], 0, 30, addresses=[5], std_m=100.0)
    slow, _ = positions(rng, TARGETS[:1], 1, 30, addresses=[5], std_m=5.0)
    state = start(TrackConfig(REGION, sensors))
    for second in range(31):
        now = T0_NS + second * NS
        new = (quick.measured_at_ns <= now) & (quick.measured_at_ns > now - NS)
        old = (slow.measured_at_ns <= now - 2 * NS) & (slow.measured_at_ns > now - 3 * NS)
        batch = Plots.concat([quick.take(new), slow.take(old)])
        state, out = step(state, batch, Looks.empty(), now)
    assert state.counters.late == 0
    assert len(out) == 1
    assert np.linalg.norm(out.state[0, :3] - TARGETS[0].at(30.0)[0]) < 25.0
    assert np.sqrt(out.state_cov[0, 0]) < 30.0


def test_people_may_be_slow_and_their_sightings_do_not_stay_for_ever():
    people = Sensor("people", SensorKind.PEOPLE, period_s=3600.0)
    sensors = (listener("quick"), people)
    rng = np.random.default_rng(40)
    heard, _ = positions(rng, TARGETS[:1], 0, 400, addresses=[5])
    seen = PLOTS.take(slice(0, 1)).replace(
        measured_at_ns=[T0_NS + 20 * NS],
        sensor=[1],
        dimension=[int(Dimension.HORIZONTAL)],
        position_m=[[50e3, 50e3, 1000]],
        position_cov_m2=[np.diag([2e3, 2e3, 3e3]) ** 2],
        false_density=[1e-12],
        mode_s_valid=[False],
    )
    state = start(TrackConfig(REGION, sensors))
    early = heard.take(heard.measured_at_ns <= T0_NS + 60 * NS)
    state, _ = step(state, early, Looks.empty(), T0_NS + 60 * NS)
    state, out = step(state, seen, Looks.empty(), T0_NS + 61 * NS)
    assert state.counters.late == 0
    assert sorted(out.status.tolist()) == [TrackStatus.TENTATIVE, TrackStatus.CONFIRMED]
    rest = heard.take(heard.measured_at_ns > T0_NS + 60 * NS)
    state, out = step(state, rest, Looks.empty(), T0_NS + 400 * NS)
    last = out.take(out.measured_at_ns == T0_NS + 400 * NS)
    assert last.status.tolist() == [TrackStatus.CONFIRMED]
    tentative = out.measured_at_ns[out.status == TrackStatus.TENTATIVE]
    assert 300 < (tentative.max() - T0_NS) / NS < 330


def test_a_copy_of_a_look_counts_no_miss_twice():
    doubled = Looks.concat([LOOKS, LOOKS]).sorted_by("end_ns")
    once = step(start(CONFIG), PLOTS, LOOKS, T0_NS + DURATION_S * NS)[1]
    assert_same(step(start(CONFIG), PLOTS, doubled, T0_NS + DURATION_S * NS)[1], once)


@pytest.mark.parametrize(
    ("limit", "counter"),
    [
        ({"max_tracks": 2}, "tracks_overflow"),
        ({"max_edges": 1}, "edges_overflow"),
        ({"max_waiting": 20}, "waiting_overflow"),
    ],
)
def test_every_capacity_has_a_visible_overflow(limit, counter):
    config = TrackConfig(REGION, SENSORS, **limit)
    state, _ = step(start(config), PLOTS, LOOKS, T0_NS + DURATION_S * NS)
    assert getattr(state.counters, counter) > 0
    assert state.bank.live.sum() <= config.max_tracks


def test_plots_without_height_make_a_track_that_another_sensor_lifts():
    rng = np.random.default_rng(37)
    sensors = (radar("flat", false_plots_per_look=0.5), radar("tall", north_m=9e3))
    scans = [sweep(rng, TARGETS[:1], sensors, 0, 120, pd=1.0)]
    scans.append(sweep(rng, TARGETS[:1], sensors, 1, 120, pd=1.0, start_s=60.0))
    flat = scans[0].plots
    flat = flat.replace(
        dimension=np.full(len(flat), Dimension.HORIZONTAL, np.int8),
        range_m=np.full(len(flat), np.nan),
        position_m=flat.position_m * [1, 1, 0] + [0, 0, 5000.0],
        false_density=flat.false_density * 1e4,
    )
    plots = Plots.concat([flat, scans[1].plots])
    looks = Looks.concat([s.looks for s in scans])
    updates = track_plots(plots, looks, TrackConfig(REGION, sensors))
    by_time = dict(at_instants(updates))
    alone, both = (by_time[t].take(by_time[t].status > 0) for t in (50.0, 110.0))
    assert np.sqrt(alone.state_cov[0, 11]) > 2000.0
    assert np.sqrt(alone.state_cov[0, 0]) < 300.0
    assert both.number.tolist() == alone.number.tolist()
    assert abs(both.state[0, 2] - 3000.0) < 400.0


def pair_of_tracks(apart_m=20.0, addresses=(-1, 7), heard=((0, 100), (97, 0))):
    """Return a tracker with two confirmed tracks of one place; `heard` in s by two radars."""
    state = start(TrackConfig(REGION, SENSORS[:2]))
    bank = Bank.empty(2, 2, MODELS)
    states = [[0, 0, 3000, 90, 20, 0], [apart_m, apart_m, 3000, 88, 21, 0]]
    bank.state[:] = np.array(states)[:, None]
    bank.cov[:, :, [0, 6, 11]] = 60.0**2
    bank.cov[:, :, [15, 18, 20]] = 8.0**2
    bank.time_ns[:] = T0_NS + 100 * NS
    bank.existence[:] = (0.9, 0.99)
    bank.address[:] = addresses
    bank.number[:] = (4, 9)
    bank.plots[:] = (30, 12)
    bank.confirmed[:] = True
    bank.callsign[:] = named(np.array([None, "CIVIL 1"], object))
    bank.heard_ns[:] = np.where(np.array(heard) > 0, T0_NS + np.array(heard) * NS, 0)
    bank.last_plot_at_ns[:] = bank.heard_ns.max(axis=1)
    return state._replace(bank=bank)


def united(state):
    for _ in range(3):
        assert state.bank.size == 2
        state = unite(state, T0_NS + 100 * NS)
    return state


def test_two_tracks_of_one_object_become_the_older_one_with_both_their_knowledge():
    state = united(pair_of_tracks())
    bank = state.bank.take(state.bank.live)
    assert bank.number.tolist() == [4]
    assert bank.address.tolist() == [7]
    assert names_of(bank.callsign).tolist() == ["CIVIL 1"]
    assert bank.existence.tolist() == [0.99]
    assert (bank.heard_ns > 0).all()
    assert state.counters.merged == 1


@pytest.mark.parametrize(
    "other",
    [
        {"addresses": (8, 7)},
        {"apart_m": 600.0},
        {"heard": ((99, 0), (100, 0))},
    ],
    ids=["other address", "another place", "two plots in one look"],
)
def test_two_objects_stay_two_tracks(other):
    state = united(pair_of_tracks(**other))
    assert state.bank.number.tolist() == [4, 9]
    assert state.counters.merged == 0


def on_the_edge(rest_s=0.0, shift_m=0.0):
    """Return a track on the edge of two neighbouring sectors, and those sectors' groups."""
    sensors = (radar(detection_probability=0.9),)
    state = start(TrackConfig(REGION, sensors, life_s=1e12, first_pm3=4e-16))
    bank = Bank.empty(1, 1, MODELS)
    bank.state[:] = [20e3, 20e3, 3000, 0, 0, 0]
    bank.cov[:, :, [0, 6, 11]] = 200.0**2
    bank.cov[:, :, [15, 18, 20]] = 1.0
    bank.time_ns[:] = bank.last_plot_at_ns[:] = T0_NS
    bank.existence[:], bank.number[:], bank.plots[:] = 0.9, 5, 9
    bank.confirmed[:] = True
    bank.heard_ns[:] = T0_NS
    half = NS // 4
    marks = (T0_NS + half, T0_NS + 2 * half, T0_NS + 2 * half + round(rest_s * NS))
    before = Sector(0, marks[1], marks[0], marks[1], 0.3, np.pi / 4 - 0.3)
    after = Sector(0, marks[2] + half, marks[2], marks[2] + half, np.pi / 4, 0.4)
    plot = PLOTS.take(slice(0, 1)).replace(
        measured_at_ns=[marks[1] - 1],
        sensor=[0],
        dimension=[int(Dimension.FULL)],
        position_m=[[20e3 + shift_m, 20e3, 3000]],
        position_cov_m2=[np.eye(3) * 100.0**2],
        false_density=[1e-15],
        mode_s_valid=[False],
    )
    return state._replace(bank=bank), before, after, plot


def missed_in(state, sector):
    return look(state, Group(sector.known_ns, 0, sector, Plots.empty()))[0]


def test_missing_on_both_sides_of_an_edge_is_one_miss():
    state, before, after, _ = on_the_edge()
    both = missed_in(missed_in(state, before), after)
    one_miss = 0.9 * 0.1 / (1 - 0.9 * 0.9)
    assert both.bank.existence[0] == pytest.approx(one_miss, rel=1e-3)
    # A revolution later it is another look, and another miss.
    state, before, after, _ = on_the_edge(rest_s=4.0)
    apart = missed_in(missed_in(state, before), after)
    assert apart.bank.existence[0] > 1.1 * one_miss


def test_a_track_found_before_the_edge_cannot_be_missed_behind_it():
    state, before, after, plot = on_the_edge()
    found = look(state, Group(before.known_ns, 0, before, plot))[0]
    existence = found.bank.existence[0]
    assert existence > 0.999
    assert missed_in(kept(found), after).bank.existence[0] == pytest.approx(existence, rel=1e-9)
    forgotten = found._replace(edges=state.edges)
    assert missed_in(forgotten, after).bank.existence[0] < existence


def test_a_plot_split_over_an_edge_starts_no_second_track():
    state, before, after, plot = on_the_edge()
    found = look(state, Group(before.known_ns, 0, before, plot))[0]
    again = plot.replace(measured_at_ns=[after.start_ns + 1])
    split = look(found, Group(after.known_ns, 0, after, again))[0]
    assert split.bank.existence[split.bank.number != 5].max(initial=0.0) < 0.01


def test_finish_uses_what_still_waits():
    rng = np.random.default_rng(39)
    sensors = (radar(false_plots_per_look=1.0),)
    scan = sweep(rng, TARGETS[:1], sensors, 0, 20, pd=1.0)
    state, _ = step(
        start(TrackConfig(REGION, sensors)), scan.plots, scan.looks.take(slice(0, 40)), T0_NS
    )
    state, (out, _, _) = finish(state)
    assert len(state.waiting) == 0
    assert (out.measured_at_ns >= T0_NS).all()


@pytest.mark.parametrize("kind", [ObjectClass.UNKNOWN, ObjectClass.BALLISTIC])
def test_each_model_of_the_set_has_its_probability_and_no_other(kind):
    updates = track_plots(PLOTS, LOOKS, TrackConfig(REGION, SENSORS, models=SETS[kind]))
    count = len(SETS[kind].models)
    assert (updates.status == TrackStatus.CONFIRMED).any()
    assert updates.mode_probability.shape[1] == MODE_COUNT == MOST_MODELS
    np.testing.assert_allclose(updates.mode_probability[:, :count].sum(axis=1), 1.0)
    assert np.isnan(updates.mode_probability[:, count:]).all()


def test_mode_probabilities_are_those_of_the_tracks_own_rows():
    state = pair_of_tracks(apart_m=9e3)
    state.bank.mode[:] = [[0.7, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.7]]
    _, now = put_out(state, T0_NS + 100 * NS)
    assert now.updates.number.tolist() == [4, 9]
    np.testing.assert_allclose(now.updates.mode_probability, state.bank.mode, atol=1e-9)


def test_more_models_than_modes_are_refused():
    quiet = Model(0.2, Noise(0.1, 0.0, 0.0, 0.1))
    with pytest.raises(ValueError, match="5 models; a set may have 4"):
        start(TrackConfig(REGION, SENSORS, models=ModelSet(10.0, (quiet,) * 5)))


def test_more_sensors_than_bits_are_refused():
    with pytest.raises(ValueError, match="64"):
        start(TrackConfig(REGION, tuple(listener(str(k)) for k in range(65))))


def test_live_use_compiles_nothing_that_the_warm_up_did_not():
    """A kernel called with other array types or layouts would stop a live run for seconds."""
    warm_up()
    kernels = (
        sweep_.sweep, sweep_.hear, sweep_.end, gate_.take_up, gate_.pair_up, share_out, contest,
        rows_.new_objects, rows_.begin, replace, rows_.update, report_.shown, report_.present,
        report_.report, predict,
    )  # fmt: skip
    before = [len(kernel.signatures) for kernel in kernels]
    state, _ = track_recording(PLOTS, LOOKS, CONFIG)
    frozen = PLOTS.take(slice(0, 1))
    frozen.position_cov_m2.flags.writeable = False
    step(state, frozen, Looks.empty(), T0_NS + 99 * NS)
    assert min(before) > 0
    assert [len(kernel.signatures) for kernel in kernels] == before
