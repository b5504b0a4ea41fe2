"""The set of ballistic objects on an arc that it did not make, beside the set of what flies."""

from dataclasses import replace

import numpy as np
from scipy.integrate import solve_ivp

from tests.motion.tracks import pack, unpack
from tocsin.contract import ObjectClass
from tocsin.motion import SETS, kernels_imm
from tocsin.motion.ballistic import EARTH_RADIUS_M, GRAVITY_MPS2

PERIOD_S, STD_M, RUNS = 2.0, 100.0, 20


def _rate(_, state):
    r = np.sqrt((state[:3] ** 2).sum())
    air = 1.225 * np.exp(-(r - EARTH_RADIUS_M) / 7200.0)
    speed = np.sqrt((state[3:] ** 2).sum())
    gravity = -GRAVITY_MPS2 * (EARTH_RADIUS_M / r) ** 2 * state[:3] / r
    # Twice the drag that the filter assumes.
    return np.concatenate([state[3:], gravity - 0.5 * air * 4e-4 * speed * state[3:]])


def _arc():
    """Return (scans, 6) states from 60 km height down to about 4 km."""
    start = [-150e3, 20e3, EARTH_RADIUS_M + 60e3, 1400.0, -100.0, 300.0]
    at = np.arange(0.0, 150.0, PERIOD_S)
    arc = solve_ivp(_rate, (0.0, at[-1]), start, t_eval=at, rtol=1e-9).y.T
    arc[:, 2] -= EARTH_RADIUS_M
    return arc[arc[:, 2] > 4e3]


UNKNOWN, BALLISTIC = SETS[ObjectClass.UNKNOWN], SETS[ObjectClass.BALLISTIC]


def _followed(models, truth, seed):
    """Return errors and normalised squared errors of the filter's means."""
    count = len(models.models)
    models, rng = models.arrays(count), np.random.default_rng(seed)
    R = pack(np.eye(3) * STD_M**2)
    plots = truth[:, :3] + rng.normal(0.0, STD_M, (len(truth), 3))
    x, mode = np.zeros((count, 6)), models.share[:count].copy()
    x[:, :3] = plots[0]
    p = np.tile(pack(np.diag([STD_M**2] * 3 + [1000.0**2] * 3)), (count, 1))
    mean, wide, likely, off, nees = np.empty(6), np.empty(21), np.empty(count), [], []
    for now, z in zip(truth[1:], plots[1:], strict=True):
        kernels_imm.advance(*models, PERIOD_S, x, p, mode, mean, wide)
        kernels_imm.update(models.noise, z, R, 3, 0.0, x, p, mode, likely)
        kernels_imm.moments(x, p, mode, mean, wide)
        off.append(mean - now)
        nees.append(off[-1] @ np.linalg.solve(unpack(wide), off[-1]))
    return np.array(off)[5:], np.array(nees)[5:]


def _rms(runs):
    return np.sqrt(np.mean([(off[:, :3] ** 2).sum(axis=1).mean() for off, _ in runs]))


def test_what_falls_is_followed_better_by_models_that_fall():
    truth = _arc()
    assert len(truth) > 40
    falls, flies, either = (
        [_followed(models, truth, seed) for seed in range(RUNS)]
        for models in (BALLISTIC, replace(UNKNOWN, falling=None), UNKNOWN)
    )
    assert _rms(falls) < 0.5 * _rms(flies)
    assert _rms(falls) < 0.8 * STD_M * np.sqrt(3.0)
    nees = np.mean([value.mean() for _, value in falls])
    assert 3.0 < nees < 8.0
    # What has no class yet falls by the same models, because it is fast.
    assert abs(_rms(either) - _rms(falls)) < 0.02 * _rms(falls)


def test_the_models_tell_what_the_air_does_to_an_object():
    """High up drag tells nothing; low down a set is sure of it."""
    truth = _arc()
    models = BALLISTIC.arrays(3)
    x, p = np.tile(truth[0], (3, 1)), np.tile(pack(np.diag([1e4] * 3 + [1e3] * 3)), (3, 1))
    mode, mean, wide, likely = models.share.copy(), np.empty(6), np.empty(21), np.empty(3)
    shares = []
    for now in truth[1:]:
        kernels_imm.advance(*models, PERIOD_S, x, p, mode, mean, wide)
        kernels_imm.update(models.noise, now[:3], pack(np.eye(3) * 1e4), 3, 0.0, x, p, mode, likely)
        shares.append((now[2], mode[1]))
    high = [share for height, share in shares if height > 50e3]
    low = [share for height, share in shares if height < 10e3]
    assert max(high) < 0.6
    assert low[-1] > 0.9
