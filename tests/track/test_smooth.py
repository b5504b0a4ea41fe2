"""Tracks seen from their end: nearer the truth, as sure as they say, under the same numbers."""

import numpy as np
import pytest

from tests.track.scenes import REGION, T0_NS, Line, radar, sweep
from tocsin.contract import NS, TrackUpdates
from tocsin.geo import pack_covariance, unpack_covariance
from tocsin.motion import Model, ModelSet, Noise
from tocsin.track import TrackConfig, modes, smooth, start, step

SENSORS = (radar("one"), radar("two", east_m=15e3, period_s=3.1))
TARGETS = [Line((-20e3 + 9e3 * k, 10e3 - 7e3 * k, 3000), (120 - 60 * k, 90, 0)) for k in range(4)]
CONFIG = TrackConfig(REGION, SENSORS)


def tracked(seed):
    rng = np.random.default_rng(seed)
    scans = [sweep(rng, TARGETS, SENSORS, k, 60) for k in (0, 1)]
    state, blocks, mode = start(CONFIG), [], []
    for second in range(1, 61):
        now_ns, before_ns = T0_NS + second * NS, T0_NS + (second - 1) * NS
        for scan in scans:
            plots, looks = scan.plots, scan.looks
            fresh = (plots.measured_at_ns > before_ns) & (plots.measured_at_ns <= now_ns)
            swept = (looks.end_ns > before_ns) & (looks.end_ns <= now_ns)
            state, updates = step(state, plots.take(fresh), looks.take(swept), now_ns)
            blocks.append(updates)
            mode.append(modes(state, updates.number))
    return TrackUpdates.concat(blocks), np.concatenate(mode)


def errors(updates):
    """Return squared position errors and NEES of confirmed tracks between 10 s and 60 s."""
    at_s = (updates.measured_at_ns - T0_NS) / NS
    rows = updates.take((updates.status > 0) & (at_s >= 10.0))
    at_s = (rows.measured_at_ns - T0_NS) / NS
    truth = np.stack([target.at(at_s) for target in TARGETS], axis=1)
    off = rows.state[:, None, :3] - truth
    nearest = np.linalg.norm(off, axis=2).argmin(axis=1)
    off = off[np.arange(len(off)), nearest]
    cov = unpack_covariance(rows.state_cov)[:, :3, :3]
    nees = (off * np.linalg.solve(cov, off[:, :, None])[:, :, 0]).sum(axis=1)
    near = np.linalg.norm(off, axis=1) < 2000.0
    return (off[near] ** 2).sum(axis=1), nees[near]


def test_straight_flight_is_known_better_from_its_end():
    runs = [tracked(seed) for seed in range(3)]
    filtered = [errors(updates) for updates, _ in runs]
    smoothed = [errors(smooth(*run, CONFIG.models)) for run in runs]
    one_later = [errors(smooth(*run, CONFIG.models, 1)) for run in runs]
    rms = [
        np.sqrt(np.concatenate([e[0] for e in x]).mean()) for x in (filtered, one_later, smoothed)
    ]
    assert rms[2] < 0.75 * rms[0]
    assert rms[2] < rms[1] < rms[0]
    assert np.concatenate([e[1] for e in smoothed]).mean() < 4.5


def test_numbers_times_and_the_last_instant_stay():
    updates, mode = tracked(5)
    better = smooth(updates, mode, CONFIG.models)
    assert (better.number == updates.number).all()
    assert (better.measured_at_ns == updates.measured_at_ns).all()
    last = updates.measured_at_ns == updates.measured_at_ns.max()
    np.testing.assert_array_equal(better.state[last], updates.state[last])
    assert np.linalg.eigvalsh(unpack_covariance(better.state_cov)).min() > 0.0


def test_with_one_model_it_is_the_textbooks_smoother():
    """Compare with all the data at once: the least-squares estimate of a whole flight."""
    models = ModelSet(15.0, (Model(1.0, Noise(2.0, 0.0, 0.0, 2.0)),))
    rng, steps, dt = np.random.default_rng(3), 6, 2.0
    F = np.eye(6) + dt * np.eye(6, k=3)
    Q = 2.0 * np.kron([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]], np.eye(3))
    H, R = np.eye(3, 6), 400.0 * np.eye(3)
    plots = rng.normal(size=(steps, 3)) * 20.0
    x, P = np.zeros(6), np.diag([1e4] * 3 + [1e3] * 3)
    information, vector = np.zeros((6 * steps, 6 * steps)), np.zeros(6 * steps)
    information[:6, :6] += np.linalg.inv(P)
    means, covs = [], []
    for k in range(steps):
        if k:
            x, P = F @ x, F @ P @ F.T + Q
            both = np.hstack([-F, np.eye(6)])
            part = slice(6 * (k - 1), 6 * (k + 1))
            information[part, part] += both.T @ np.linalg.inv(Q) @ both
        own = slice(6 * k, 6 * (k + 1))
        information[own, own] += H.T @ np.linalg.inv(R) @ H
        vector[own] += H.T @ np.linalg.inv(R) @ plots[k]
        K = P @ H.T @ np.linalg.inv(H @ P @ H.T + R)
        x, P = x + K @ (plots[k] - H @ x), P - K @ H @ P
        means.append(x)
        covs.append(P)
    updates = TrackUpdates.build(
        steps,
        measured_at_ns=T0_NS + (np.arange(steps) * dt * NS).astype(np.int64),
        number=1,
        state=np.array(means),
        state_cov=pack_covariance(np.array(covs)),
    )
    better = smooth(updates, np.ones((steps, 1)), models)
    whole = np.linalg.inv(information)
    np.testing.assert_allclose(better.state.ravel(), whole @ vector, rtol=1e-6, atol=1e-6)
    blocks = [whole[6 * k : 6 * k + 6, 6 * k : 6 * k + 6] for k in range(steps)]
    assert unpack_covariance(better.state_cov) == pytest.approx(
        np.array(blocks), rel=1e-6, abs=1e-6
    )
