"""The set of ballistic objects on an arc that it did not make, beside the set of what flies."""

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


def _followed(kind, truth, seed):
    """Return errors and normalised squared errors of the filter's means."""
    models, rng = SETS[kind].arrays(len(SETS[kind].models)), np.random.default_rng(seed)
    R, count = pack(np.eye(3) * STD_M**2), len(models.kind)
    plots = truth[:, :3] + rng.normal(0.0, STD_M, (len(truth), 3))
    x, mode = np.zeros((count, 6)), models.share.copy()
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


def test_what_falls_is_followed_better_by_models_that_fall():
    truth = _arc()
    assert len(truth) > 40
    runs = {
        kind: [_followed(kind, truth, seed) for seed in range(RUNS)]
        for kind in (ObjectClass.BALLISTIC, ObjectClass.UNKNOWN)
    }
    rms = {
        kind: np.sqrt(np.mean([(off[:, :3] ** 2).sum(axis=1).mean() for off, _ in done]))
        for kind, done in runs.items()
    }
    assert rms[ObjectClass.BALLISTIC] < 0.5 * rms[ObjectClass.UNKNOWN]
    assert rms[ObjectClass.BALLISTIC] < 0.8 * STD_M * np.sqrt(3.0)
    nees = np.mean([value.mean() for _, value in runs[ObjectClass.BALLISTIC]])
    assert 3.0 < nees < 8.0
