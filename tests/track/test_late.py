"""Plots that come late: the tracks are those of plots that come in time, and work is bounded."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.track.scenes import REGION, T0_NS, Line, listener, positions, radar, sweep
from tocsin.contract import NS, Dimension, Looks, Plots, TrackUpdates
from tocsin.track import TrackConfig, start, step

SENSORS = (radar("one"), radar("two", east_m=15e3, period_s=3.1), listener())
TARGETS = [
    Line((-20e3, 10e3, 3000), (120, 30, 0)),
    Line((15e3, -12e3, 2000), (-60, 90, 2)),
    Line((16e3, -12e3, 2200), (-60, 95, 0)),
    Line((2e3, 22e3, 2600), (100, -95, 0), first_s=11.0),
]
DURATION_S = 30
CONFIG = TrackConfig(REGION, SENSORS)


def scene():
    rng = np.random.default_rng(71)
    scans = [sweep(rng, TARGETS, SENSORS, k, DURATION_S, sectors=8) for k in (0, 1)]
    heard, _ = positions(rng, TARGETS[1:], 2, DURATION_S, period_s=2.0, addresses=[11, 12, 13])
    return Plots.concat([*(s.plots for s in scans), heard]), Looks.concat([s.looks for s in scans])


PLOTS, LOOKS = scene()
END_NS = T0_NS + (DURATION_S + 11) * NS


def arriving(delay_s, cuts_s, config=CONFIG):
    """Track the scene with each plot so much late, in batches that end at the given seconds."""
    came_ns = PLOTS.measured_at_ns + np.round(np.asarray(delay_s) * NS).astype(np.int64)
    state, before_ns, blocks = start(config), 0, []
    for now_ns in [*(T0_NS + round(c * NS) for c in sorted(cuts_s)), END_NS]:
        fresh = (came_ns > before_ns) & (came_ns <= now_ns)
        swept = (LOOKS.end_ns > before_ns) & (LOOKS.end_ns <= now_ns)
        state, updates = step(state, PLOTS.take(fresh), LOOKS.take(swept), now_ns)
        blocks.append(updates)
        before_ns = now_ns
    return state, TrackUpdates.concat(blocks)


IN_TIME, IN_TIME_UPDATES = arriving(np.zeros(len(PLOTS)), range(1, DURATION_S))


def last(updates):
    return updates.take(updates.measured_at_ns == updates.measured_at_ns.max())


def assert_same_tracks(updates, wanted):
    """Compare the last instant, whatever the tracks are numbered."""
    got, want = last(updates), last(wanted)
    assert len(got) == len(want) >= len(TARGETS) - 1
    got = got.take(np.lexsort(got.state[:, :2].round(1).T))
    want = want.take(np.lexsort(want.state[:, :2].round(1).T))
    for name in ("state", "state_cov", "existence_probability"):
        np.testing.assert_allclose(getattr(got, name), getattr(want, name), rtol=1e-6, atol=1e-6)
    for name in ("measured_at_ns", "status", "first_at_ns", "last_plot_at_ns", "mode_s"):
        assert (getattr(got, name) == getattr(want, name)).all(), name


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["one sensor", "each plot"]),
    st.lists(st.floats(0.5, DURATION_S + 10.0), min_size=3, max_size=15),
)
@settings(max_examples=8, deadline=None)
def test_any_order_of_arrival_gives_the_tracks_of_plots_in_time(seed, who, cuts):
    rng = np.random.default_rng(seed)
    delay = rng.uniform(0.0, 9.9, len(PLOTS))
    if who == "one sensor":
        delay = np.where(PLOTS.sensor == rng.integers(3), 9.9, 0.0)
    state, updates = arriving(delay, cuts)
    assert state.counters.late == 0
    assert state.counters.unordered == 0
    assert_same_tracks(updates, IN_TIME_UPDATES)


def test_numbers_that_were_put_out_stay():
    """A second sensor, always late, changes tracks that began meanwhile, not their numbers."""
    delay = np.where(PLOTS.sensor == 2, 9.0, 0.0)
    state, updates = arriving(delay, range(1, DURATION_S + 10))
    assert state.counters.redone > 0
    sure = updates.take(updates.status > 0)
    seconds = (sure.measured_at_ns - T0_NS) // NS
    held = [set(sure.number[seconds == s].tolist()) for s in range(25, DURATION_S)]
    assert len(held[0]) >= len(TARGETS)
    assert all(now == held[0] for now in held)


def whole_turn(rng, sensor, at_ns):
    """Return plots of the first targets at one instant, and the look that saw them."""
    place = np.concatenate([target.at((at_ns - T0_NS) / NS) for target in TARGETS[:3]])
    plots = Plots.build(
        3,
        measured_at_ns=at_ns,
        received_at_ns=at_ns,
        sensor=sensor,
        sequence=np.arange(3),
        dimension=int(Dimension.FULL),
        position_m=place + rng.normal(size=(3, 3)) * 20.0,
        position_cov_m2=np.broadcast_to(np.eye(3) * 400.0, (3, 3, 3)),
        false_density=1e-17,
    )
    looks = Looks.build(
        1,
        sensor_id=[SENSORS[sensor].sensor_id],
        start_ns=[at_ns],
        end_ns=[at_ns],
        azimuth_from_rad=[0.0],
        azimuth_to_rad=[2.0 * np.pi],
    )
    return plots, looks


def test_looks_of_one_instant_each_put_out_the_tracks_that_both_together_do():
    config = dataclasses.replace(CONFIG, sensors=SENSORS[:2], output_period_s=None)
    together, apart = start(config), start(config)
    rng = np.random.default_rng(5)
    for seconds in range(0, 20, 4):
        at_ns = T0_NS + seconds * NS
        turns = [whole_turn(rng, sensor, at_ns) for sensor in (0, 1)]
        plots, looks = Plots.concat([p for p, _ in turns]), Looks.concat([n for _, n in turns])
        together, wanted = step(together, plots, looks, at_ns)
        for plots, looks in turns:
            apart, updates = step(apart, plots, looks, at_ns)
            assert len(updates) >= 3
        assert_same_tracks(updates, wanted)


def test_beyond_the_window_plots_are_dropped_and_counted():
    delay = np.where(PLOTS.sensor == 2, 10.9, 0.0)
    state, _ = arriving(delay, range(1, DURATION_S + 11))
    assert state.counters.late > 0.5 * (PLOTS.sensor == 2).sum()


@pytest.mark.parametrize("limit", [{"max_kept": 0}, {"most_redone": 0}])
def test_without_room_to_go_back_late_plots_are_used_and_counted(limit):
    delay = np.where(PLOTS.sensor == 2, 3.0, 0.0)
    config = dataclasses.replace(CONFIG, **limit)
    state, updates = arriving(delay, range(1, DURATION_S + 10), config)
    assert state.counters.unordered > 0
    assert state.counters.redone == 0
    assert len(last(updates)) >= len(TARGETS)


def test_what_is_kept_is_bounded():
    delay = np.where(PLOTS.sensor == 2, 9.0, 0.0)
    state, _ = arriving(delay, np.arange(0.25, DURATION_S, 0.25))
    assert 2 <= len(state.past.marks) <= 16
    oldest_ns = state.past.marks[0].now_ns
    assert all(group.at_ns > oldest_ns for group in state.past.groups)
    assert state.past.now_ns - oldest_ns < 60 * NS


def test_a_sensor_that_is_always_late_costs_no_more_as_time_goes_on():
    delay = np.where(PLOTS.sensor == 2, 9.9, 0.0)
    state, redone = start(CONFIG), [0]
    came_ns = PLOTS.measured_at_ns + np.round(delay * NS).astype(np.int64)
    for second in range(1, DURATION_S + 1):
        now_ns, before_ns = T0_NS + second * NS, T0_NS + (second - 1) * NS
        fresh = (came_ns > before_ns) & (came_ns <= now_ns)
        swept = (LOOKS.end_ns > before_ns) & (LOOKS.end_ns <= now_ns)
        state, _ = step(state, PLOTS.take(fresh), LOOKS.take(swept), now_ns)
        redone.append(state.counters.redone)
    plots_ps = len(PLOTS) / DURATION_S
    assert np.diff(redone)[20:].max() < 18.0 * plots_ps
