"""What a radar swept: inferred from coarse and late times, and never from impossible looks."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.track.scenes import REGION, T0_NS, TWO_PI, radar
from tocsin.contract import NS, Looks, Plots, TrackStatus
from tocsin.track import TrackConfig, credible, start, step, track_recording
from tocsin.track.manage import near_states

RADAR = radar(period_s=2.0, detection_probability=0.9, elevation_min_rad=-0.2)
CONFIG = TrackConfig(REGION, (RADAR,))
COUNT = 600


def turning(seconds, stamp_s=None, latency_s=0.0):
    """Return a turning radar's plots of many straight flights, at their beam's times."""
    rng = np.random.default_rng(61)
    bearing, range_m = rng.uniform(0.0, TWO_PI, COUNT), rng.uniform(10e3, 90e3, COUNT)
    begin = np.stack([range_m * np.sin(bearing), range_m * np.cos(bearing)], axis=1)
    velocity = rng.uniform(-100.0, 100.0, (COUNT, 2))
    height = rng.uniform(1000.0, 5000.0, (COUNT, 1))
    parts = []
    for turn in range(int(seconds / RADAR.period_s)):
        azimuth = bearing
        for _ in range(3):
            t = RADAR.period_s * (turn + azimuth / TWO_PI)
            place = begin + velocity * t[:, None]
            azimuth = np.arctan2(*place.T) % TWO_PI
        seen = rng.random(COUNT) < 0.9
        parts.append((t[seen], np.hstack([place, height])[seen], azimuth[seen]))
    t, place, azimuth = (np.concatenate(column) for column in zip(*parts, strict=True))
    t = t if stamp_s is None else np.floor(t / stamp_s) * stamp_s
    at = T0_NS + np.round(t * NS).astype(np.int64)
    return Plots.build(
        len(at),
        measured_at_ns=at,
        received_at_ns=at + round(latency_s * NS),
        sensor=0,
        sequence=np.arange(len(at)),
        kind=0,
        dimension=3,
        position_m=place + rng.normal(0.0, 30.0, place.shape),
        position_cov_m2=np.broadcast_to(np.eye(3) * 900.0, (len(at), 3, 3)),
        azimuth_rad=azimuth,
        false_density=1e-16,
    )


def shares(updates):
    """Return how much of all flights is confirmed, and coasting, at the last instant."""
    last = updates.take(updates.measured_at_ns == updates.measured_at_ns.max())
    kinds = (TrackStatus.CONFIRMED, TrackStatus.COASTING)
    return [int((last.status == kind).sum()) / COUNT for kind in kinds]


def test_a_radar_turns_though_many_plots_share_each_of_its_coarse_times():
    plots = turning(20.0, stamp_s=1 / 128)
    assert len(np.unique(plots.measured_at_ns)) * 2 < len(plots)
    state, updates = track_recording(plots, Looks.empty(), CONFIG)
    assert not state.rotations[0].snapshot
    assert shares(updates)[0] > 0.85


@pytest.mark.parametrize("latency_s", [0.0, 0.7, 1.5])
def test_a_radar_without_marks_may_be_slow_to_tell(latency_s):
    plots, state, updates = turning(24.0, latency_s=latency_s), start(CONFIG), None
    for second in range(1, 25):
        now_ns = T0_NS + second * NS
        came = (plots.received_at_ns <= now_ns) & (plots.received_at_ns > now_ns - NS)
        state, updates = step(state, plots.take(came), Looks.empty(), now_ns)
    confirmed, coasting = shares(updates)
    assert confirmed > 0.85
    assert coasting < 0.12
    assert state.counters.lookless == 0


def look(start_s, end_s):
    return Looks.build(
        1,
        sensor_id=["radar"],
        start_ns=T0_NS + round(start_s * NS),
        end_ns=T0_NS + round(end_s * NS),
        azimuth_from_rad=0.0,
        azimuth_to_rad=TWO_PI,
    )


@pytest.mark.parametrize(("start_s", "end_s"), [(7199.0, 7200.0), (3.0, 2.0), (-900.0, 3.0)])
def test_one_impossible_look_is_counted_and_blinds_nobody(start_s, end_s):
    state, _ = step(start(CONFIG), Plots.empty(), look(0.0, 2.0), T0_NS + 2 * NS)
    wrong = look(start_s, end_s)
    assert not credible(state, wrong, T0_NS + 3 * NS).any()
    state, _ = step(state, Plots.empty(), wrong, T0_NS + 3 * NS)
    assert state.counters.looks_refused == 1
    before = state.counters.looks
    state, _ = step(state, Plots.empty(), look(2.0, 4.0), T0_NS + 4 * NS)
    assert state.counters.looks > before


@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
@settings(max_examples=30)
def test_near_states_are_those_that_looking_at_all_finds(seed, count):
    rng = np.random.default_rng(seed)
    mean = rng.uniform(0.0, 5e3, (count, 6)) * [1.0, 1.0, 0.1, 0.1, 0.1, 0.02]
    variance = rng.choice([1.0, 50.0, 50.0, 400.0], (count, 6)) ** 2
    apart2 = (mean[:, None] - mean[None]) ** 2
    near = (apart2 <= 9.0 * (variance[:, None] + variance[None])).all(axis=2)
    want = {(i, j) for i, j in zip(*np.nonzero(near), strict=True) if i < j}
    got = [tuple(sorted(pair)) for pair in zip(*near_states(mean, variance, 9.0), strict=True)]
    assert len(got) == len(set(got))
    assert set(got) == want


def test_one_track_of_a_wide_spread_costs_its_own_search_only():
    mean = np.random.default_rng(62).uniform(-150e3, 150e3, (10_000, 6))
    variance = np.full((10_000, 6), 30.0**2)
    variance[0] = 1e8
    tracemalloc.start()
    try:
        near_states(mean, variance, 12.6)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
