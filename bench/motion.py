"""How much interacting models gain over one model, with known association.

    tocsin bench motion

The single model is an extended Kalman filter (constant velocity, converted plots) at the noise
that is best on other seeds; one noise for all axes, and again with a vertical noise of its own.
Bounds of the normalised errors hold 95 % of one scan's means over all flights.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import chi2

from bench._flights import (
    LONG,
    STYLES,
    Flown,
    Radar,
    Style,
    random_flights,
    recorded_flights,
    seen_by,
    turning_aircraft,
)
from tocsin.contract import F64, I64, InputError, ObjectClass
from tocsin.motion.imm import mix, moments, reweigh
from tocsin.motion.measure import update_position
from tocsin.motion.models import Noise, predict_turn
from tocsin.motion.sets import AGILE, SETS, Model, ModelSet

SKIPPED = 5
TRAIN, TEST = 1, 2
FIRST_STD = np.array([250.0, 250.0, 50.0])


class Score(NamedTuple):
    """Hold root mean square errors, and squared normalised errors per dimension."""

    position_m: float
    velocity_mps: float
    nees3: float
    nees6: float


def single(horizontal_m2ps3: float, vertical_m2ps3: float) -> ModelSet:
    """Return a set of one constant-velocity model."""
    noise = Noise(horizontal_m2ps3, 0.0, 0.0, vertical_m2ps3)
    return ModelSet(1.0, (Model(1.0, noise),))


def filtered(flown: Flown, models: ModelSet) -> tuple[F64, F64]:
    """Return (scans, n, 6) estimates, NaN before the first plot, and their covariances."""
    scans, n = flown.seen.shape
    chain, count = models.chain(), len(models.models)
    state, cov = np.zeros((n, count, 6)), np.tile(np.eye(6), (n, count, 1, 1))
    mode, begun = np.tile(chain.share, (n, 1)), np.zeros(n, bool)
    means, covs = np.full((scans, n, 6), np.nan), np.zeros((scans, n, 6, 6))
    dt = np.full(n, flown.period_s)
    for k in range(scans):
        state, cov, mode = mix(state, cov, mode, chain, dt)
        for m, model in enumerate(models.models):
            ahead = predict_turn(state[:, m], cov[:, m], dt, model.turn_radps, model.noise)
            state[:, m], cov[:, m] = ahead
        first, again = (
            flown.seen[k] & ~begun,
            np.flatnonzero(flown.seen[k] & begun).astype(np.int64),
        )
        mode[first] = chain.share
        state[first], cov[first] = 0.0, np.diag([0, 0, 0, *FIRST_STD**2])
        state[first, :, :3] = flown.plot_m[k, first, None]
        cov[first, :, :3, :3] = flown.plot_cov[k, first, None]
        mode[again] = _updated(flown, k, again, models, state, cov, mode)
        begun |= first
        mean, covs[k] = moments(state, cov, mode)
        means[k, begun] = mean[begun]
    return means, covs


def _updated(
    flown: Flown, k: int, rows: I64, models: ModelSet, state: F64, cov: F64, mode: F64
) -> F64:
    likely = np.zeros((len(rows), len(models.models)))
    z, R, now = flown.plot_m[k, rows], flown.plot_cov[k, rows], np.zeros(len(rows))
    for m, model in enumerate(models.models):
        done = update_position(state[rows, m], cov[rows, m], z, R, now, model.noise)
        state[rows, m], cov[rows, m], likely[:, m] = done.state, done.cov, done.log_likelihood
    return reweigh(mode[rows], likely)[0]


def score(flown: Flown, models: ModelSet) -> Score:
    """Return the errors over all flights, from the sixth scan on."""
    mean, cov = filtered(flown, models)
    off = (mean - flown.truth)[SKIPPED:]
    known = np.isfinite(off[..., 0])
    off, wide = off[known], cov[SKIPPED:][known]
    rms = [float(np.sqrt((part**2).sum(axis=1).mean())) for part in (off[:, :3], off[:, 3:])]
    nees = [
        float(np.einsum("na,na->n", off[:, :d], _solved(wide[:, :d, :d], off[:, :d])).mean())
        for d in (3, 6)
    ]
    return Score(*rms, *nees)


def _solved(S: F64, v: F64) -> F64:
    return np.asarray(np.linalg.solve(S, v[..., None])[..., 0])


def best_single(flown: Flown) -> tuple[ModelSet, ModelSet]:
    """Return the best single models: one noise for all axes, and a vertical one of its own."""
    grid = np.geomspace(0.003, 3000.0, 13)
    one = min((single(q, q) for q in grid), key=lambda s: score(flown, s).position_m)
    q = one.models[0].noise.floor_m2ps3
    wider = [single(q * a, q * b) for a in (0.5, 1, 2, 4, 8, 16) for b in (1, 0.1, 0.01, 1e-3)]
    return one, min(wider, key=lambda s: score(flown, s).position_m)


def cases() -> Iterator[tuple[str, Callable[[int], Flown], ModelSet]]:
    """Yield each case's name, its flights by seed, and the set of its class."""
    near, far = Radar(2.0, (30.0, 0.002, 0.002), 81), Radar(5.0, LONG, 80)
    yield "aircraft, turns of 2-7 g", lambda s: seen_by(turning_aircraft(near, 120), near, s), AGILE
    kinds = ("AIRLINER", "ONE_WAY_DRONE", "MULTIROTOR", "FAST_LOW_FLYER")
    for (name, (style, radar)), kind in zip(STYLES.items(), kinds, strict=True):
        yield name, partial(_random, style, radar), SETS[ObjectClass[kind]]
    yield (
        "recorded flights",
        lambda s: seen_by(recorded_flights(far, 60), far, s),
        SETS[ObjectClass.AIRLINER],
    )


def _random(style: Style, radar: Radar, seed: int) -> Flown:
    return seen_by(random_flights(style, radar, 60, seed), radar, seed)


def rows(name: str, made: Callable[[int], Flown], own: ModelSet) -> Iterator[dict[str, Any]]:
    """Yield what each set of models achieves on one case; ratios below 1 are gains."""
    train, test = made(TRAIN), made(TEST)
    ones = [score(test, models) for models in best_single(train)]
    n = test.seen.shape[1]
    bounds = [chi2.ppf([0.025, 0.975], d * n) / n for d in (3, 6)]
    sets = {"own": own, "unknown": SETS[ObjectClass.UNKNOWN], "one_model_10_2": single(10.0, 2.0)}
    for title, models in sets.items():
        got = score(test, models)
        yield {
            "case": name,
            "models": title,
            "best_single_position_rmse_m": ones[0].position_m,
            "ratio_position": got.position_m / ones[0].position_m,
            "ratio_position_two_noises": got.position_m / ones[1].position_m,
            "ratio_velocity": got.velocity_mps / ones[0].velocity_mps,
            "nees_position": got.nees3,
            "nees_position_bounds": [round(float(b), 2) for b in bounds[0]],
            "nees_state": got.nees6,
            "nees_state_bounds": [round(float(b), 2) for b in bounds[1]],
        }


def main() -> None:
    """Print the rows of all cases as JSON."""
    done: list[dict[str, Any]] = []
    for name, made, own in cases():
        try:
            done += rows(name, made, own)
            print(name, file=sys.stderr)
        except InputError as missing:
            print(f"{name}: {missing}", file=sys.stderr)
    print(json.dumps({"rows": done}, indent=1))


if __name__ == "__main__":
    main()
