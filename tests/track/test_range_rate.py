"""Range rates: kernels against their twins, and what they are worth in a scene."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.track.scenes import REGION, T0_NS, TWO_PI, Line, at_instants, radar, sweep
from tocsin.contract import NS, Plots
from tocsin.geo import pack_covariance, unpack_covariance
from tocsin.motion import SETS, Model, ModelSet, Noise
from tocsin.motion.measure import RangeRate
from tocsin.track import TrackConfig, reference, start, track_plots
from tocsin.track.kernels_filter import correct_row
from tocsin.track.kernels_gate import pair_up
from tocsin.track.kernels_rows import new_objects
from tocsin.track.state import Bank
from tocsin.track.step import Group, _picture

SENSOR_M, STD_MPS, SPAN_MPS = np.array([0.0, 0.0, 50.0]), 2.0, 300.0
NOISES = (Noise(0.3, 0.0, 0.0, 0.01), Noise(8.0, 0.01, 0.002, 1.0))
MODELS = ModelSet(15.0, (Model(0.8, NOISES[0]), Model(0.2, NOISES[1], 0.1)))
EMPTY = np.zeros(0, np.int64)
seeds = st.integers(0, 2**32 - 1)


def plots(rng, n, **columns):
    """Return n plots of one moment about a place, with range rates."""
    root = rng.normal(size=(n, 3, 3)) * 80.0
    usual = {
        "measured_at_ns": T0_NS + rng.integers(0, NS, n),
        "dimension": 3,
        "position_m": rng.normal(size=(n, 3)) * [500, 500, 200] + [3e4, 2e4, 4e3],
        "position_cov_m2": root @ root.transpose(0, 2, 1) + 100.0 * np.eye(3),
        "false_density": 1e-13,
        "range_rate_mps": rng.normal(size=n) * 60.0,
        "range_rate_std_mps": STD_MPS,
    }
    return Plots.build(n, **{**usual, **columns})


def scene(rng, n, **columns):
    """Return a tracker with one row, and the kernels' picture of n plots."""
    state = start(TrackConfig(REGION, (radar(),), models=MODELS))
    bank = Bank.empty(1, 1, 2)
    bank.state[:] = rng.normal(size=(1, 2, 6)) * [300, 300, 90, 90, 90, 9] + [
        3e4,
        2e4,
        4e3,
        0,
        0,
        0,
    ]
    root = rng.normal(size=(1, 2, 6, 6)) * np.array([200, 200, 150, 30, 30, 5])[:, None]
    bank.cov[:] = pack_covariance(root @ root.swapaxes(-1, -2))
    bank.mode[:], bank.existence[:], bank.time_ns[:] = [0.7, 0.3], 0.8, T0_NS
    group = Group(T0_NS + NS, 0, None, plots(rng, n, **columns))
    return state, bank, group, _picture(state, group, 1e-14)


def by_hand(bank, group, j):
    """Return what the twin makes of row 0 and a plot."""
    own, dt = group.plots, (group.plots.measured_at_ns[j] - T0_NS) / NS
    rate = RangeRate(SENSOR_M[None], own.range_rate_mps[j : j + 1], np.array([STD_MPS**2]))
    plot = (own.position_m[j], own.position_cov_m2[j], dt)
    cov = unpack_covariance(bank.cov[0])
    return reference.correct(bank.state[0], cov, bank.mode[0], plot, rate, NOISES)


@given(seeds)
@settings(max_examples=30)
def test_a_row_corrected_by_place_and_rate_is_its_twin(seed):
    state, bank, group, picture = scene(np.random.default_rng(seed), 1)
    one, cov, mode = np.empty((1, 2, 6)), np.empty((1, 2, 21)), np.empty((1, 2))
    dt = (picture.time_ns[0] - T0_NS) * 1e-9
    got = correct_row(
        bank.state, bank.cov, bank.mode, 0, picture.position_m, picture.cov, 0, dt, 3,
        picture.rate, picture.sensor_m, state.site.rules.model.noise, one, cov, mode, 0,
    )  # fmt: skip
    want = by_hand(bank, group, 0)
    np.testing.assert_allclose(one[0], want[0], rtol=1e-6, atol=1e-4)
    np.testing.assert_allclose(unpack_covariance(cov[0]), want[1], rtol=1e-6, atol=1e-2)
    np.testing.assert_allclose(mode[0], want[2], rtol=1e-6)
    assert got == pytest.approx(want[3], rel=1e-6)


@given(seeds)
@settings(max_examples=30)
def test_a_ratio_is_that_of_place_and_rate_to_a_false_plots(seed):
    state, bank, group, picture = scene(np.random.default_rng(seed), 6)
    found = pair_up(
        bank, np.array([0]), np.array([[0.9, 0.9, 0.0, 0.0]]), EMPTY, np.empty((0, 4)), picture,
        state.site.rules.model, np.array([1e4, 1e4]), 1e4, 0.0, np.zeros(3), 1000,
    )  # fmt: skip
    rest = 1e-13 + picture.birth
    for j, ratio in zip(found[1], found[2], strict=True):
        dense = np.exp(by_hand(bank, group, j)[3]) * state.config.false_rate_span_mps
        assert ratio == pytest.approx(0.9 * 0.8 / (1 - 0.8 * 0.9) * dense / rest[j], rel=1e-5)


@given(seeds)
@settings(max_examples=30)
def test_a_new_object_has_its_plots_rate(seed):
    state, bank, group, picture = scene(np.random.default_rng(seed), 3)
    bank.existence[:] = 0.0
    got, cov, _ = new_objects(
        bank, EMPTY, np.zeros(1, np.int64), EMPTY, np.zeros(0), picture,
        group.plots.velocity_mps, np.ones(3, bool), state.site.spread, state.site.rules.model,
    )  # fmt: skip
    own, config = group.plots, state.config
    for j in range(3):
        rate = RangeRate(SENSOR_M[None], own.range_rate_mps[j : j + 1], np.array([STD_MPS**2]))
        blank, wide = np.concatenate([own.position_m[j], np.zeros(3)]), np.zeros((6, 6))
        wide[:3, :3] = own.position_cov_m2[j]
        spread = [config.speed_std_mps, config.speed_std_mps, config.climb_std_mps]
        wide[3:, 3:] = np.diag(np.square(spread))
        want, want_cov = reference.start(blank, wide, rate, NOISES[0])
        np.testing.assert_allclose(got[j, 0], want, rtol=1e-9, atol=1e-6)
        np.testing.assert_allclose(unpack_covariance(cov[j, 0]), want_cov, rtol=1e-6, atol=1e-3)
        sight = (want[:3] - SENSOR_M) / np.linalg.norm(want[:3] - SENSOR_M)
        assert sight @ got[j, 0, 3:] == pytest.approx(rate.rate_mps[0])


@pytest.mark.parametrize(
    ("columns", "used"),
    [
        ({}, True),
        ({"range_rate_std_mps": np.nan}, False),
        ({"range_rate_mps": np.nan}, False),
        ({"position_cov_m2": 4e8 * np.eye(3)[None]}, False),
        ({"dimension": 2}, True),
        ({"dimension": 2, "position_m": np.array([[6e3, 0.0, 3e3]])}, False),
    ],
)
def test_a_rate_is_used_where_its_error_and_its_line_of_sight_are_known(columns, used):
    picture = scene(np.random.default_rng(1), 1, **columns)[3]
    assert np.isfinite(picture.rate).all() == used


def rated(rng, scan, targets):
    """Return plots with range rates: of targets the true ones and noise, of others any."""
    t, n = (scan.plots.measured_at_ns - T0_NS) / NS, len(scan.plots)
    rate = rng.uniform(-SPAN_MPS, SPAN_MPS, n)
    for k, target in enumerate(targets):
        mine = np.flatnonzero(scan.origin == k)
        line = target.at(t[mine]) - SENSOR_M
        along = (line @ np.array(target.velocity)) / np.linalg.norm(line, axis=1)
        rate[mine] = along + rng.normal(size=len(mine)) * STD_MPS
    return scan.plots.replace(range_rate_mps=rate, range_rate_std_mps=np.full(n, STD_MPS))


def traffic(rng, n):
    """Return targets that fly straight anywhere, at any speed from a drone's to an airliner's."""
    azimuth, course = rng.uniform(0, TWO_PI, (2, n))
    r, speed, height = rng.uniform(2e4, 8e4, n), rng.uniform(30, 250, n), rng.uniform(3e3, 9e3, n)
    place = np.stack([r * np.sin(azimuth), r * np.cos(azimuth), height], axis=1)
    velocity = np.stack([speed * np.sin(course), speed * np.cos(course), 0 * speed], axis=1)
    return [Line(tuple(p), tuple(v)) for p, v in zip(place, velocity, strict=True)]


def judged(updates, targets, times):
    """Return squared errors of velocity, NEES, and how many rows are likely but no target's."""
    wrong, nees, stray = [], [], 0
    for t, rows in at_instants(updates):
        if round(t) not in times:
            continue
        likely = rows.take(rows.existence_probability > 0.5)
        truth = np.array([np.concatenate([x.at(t)[0], x.velocity]) for x in targets])
        apart = np.linalg.norm(likely.state[:, None, :2] - truth[None, :, :2], axis=2)
        stray += int((apart.min(axis=1, initial=np.inf) > 1500.0).sum())
        for k in np.flatnonzero(apart.min(axis=0, initial=np.inf) < 1500.0):
            j = apart[:, k].argmin()
            e, cov = likely.state[j] - truth[k], unpack_covariance(likely.state_cov[j])
            wrong.append(e[3:5] @ e[3:5])
            nees.append(e @ np.linalg.solve(cov, e))
    return np.array(wrong), np.array(nees), stray


def test_with_rates_velocity_is_known_sooner_and_fewer_false_tracks_start():
    """Half the error of velocity after three plots, a third of the false starts, no false hope."""
    sensors = (radar(false_plots_per_look=2000.0, elevation_min_rad=0.03, elevation_max_rad=0.6),)
    wrong, nees, stray = {0: [], 1: []}, [], {0: 0, 1: 0}
    for seed in range(2):
        rng = np.random.default_rng(seed)
        targets = traffic(rng, 20)
        scan = sweep(rng, targets, sensors, 0, 20.0)
        for have, own in enumerate((scan.plots, rated(rng, scan, targets))):
            updates = track_plots(own, scan.looks, TrackConfig(REGION, sensors))
            off, distance2, more = judged(updates, targets, (12, 16))
            wrong[have].append(off)
            stray[have] += more
            if have:
                nees.append(distance2)
    rms = {have: np.sqrt(np.concatenate(wrong[have]).mean()) for have in (0, 1)}
    assert rms[1] < 0.6 * rms[0]
    assert stray[0] > 20
    assert stray[1] < 0.4 * stray[0]
    assert 2.0 < np.concatenate(nees).mean() < 6.5


def test_rates_that_cannot_be_used_change_nothing():
    rng, sensors = np.random.default_rng(3), (radar(false_plots_per_look=50.0),)
    targets = traffic(rng, 5)
    scan = sweep(rng, targets, sensors, 0, 20.0)
    config = TrackConfig(REGION, sensors, models=SETS[0])
    plain = track_plots(scan.plots, scan.looks, config)
    useless = rated(rng, scan, targets).replace(range_rate_std_mps=np.full(len(scan.plots), np.nan))
    same = track_plots(useless, scan.looks, config)
    assert (plain.state == same.state).all()
    assert (plain.existence_probability == same.existence_probability).all()
