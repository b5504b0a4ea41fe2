"""Plain NumPy twin of the kernels that advance rows; part of `reference`."""

from __future__ import annotations

import math

import numpy as np

from tocsin.contract import F64, NS
from tocsin.geo import pack_covariance, unpack_covariance
from tocsin.motion import Model
from tocsin.motion.falling import predict_fall
from tocsin.motion.imm import Chain, falls, mix, moments
from tocsin.motion.kernels_imm import FALL_STEP_S
from tocsin.motion.models import predict_turn
from tocsin.track.state import Bank, TrackState


def bring(state: TrackState, bank: Bank, i: int, to_ns: int) -> None:
    """Advance a row in place to a time, if that is later; its existence decays with its life."""
    dt, models, limit = (to_ns - bank.time_ns[i]) / NS, state.config.models, state.site.rules.limit
    if dt <= 0.0:
        return
    body = bank.state[i : i + 1], unpack_covariance(bank.cov[i : i + 1]), bank.mode[i : i + 1]
    falling = models.falling is not None and bool(falls(*moments(*body)[:2])[0])
    if models.falling is not None and falling:
        models = models.falling
    count = bank.mode.shape[1]
    share = models.arrays(count).share[:count]
    x, P, mode = mix(*body, Chain(1.0 / models.memory_s, share), np.array([dt]))
    for m in range(count):
        model = models.models[m if m < len(models.models) else 0]
        later, wide = _moved(model, x[:, m], P[:, m], dt)
        wide = wide if falling else _held(wide, limit)
        bank.state[i, m], bank.cov[i, m] = later[0], pack_covariance(wide)[0]
    bank.mode[i], bank.time_ns[i] = mode[0], to_ns
    bank.existence[i] *= math.exp(-dt / limit[0])


def _moved(model: Model, x: F64, P: F64, dt: float) -> tuple[F64, F64]:
    if model.drag is None:
        return predict_turn(x, P, np.array([dt]), model.turn_radps, model.noise)
    parts = max(1, math.ceil(dt / FALL_STEP_S))
    for _ in range(parts):
        x, P = predict_fall(x, P, np.array([dt / parts]), model.drag)
    return x, P


def _held(P: F64, limit: F64) -> F64:
    """Return covariances whose height and climb are no more uncertain than the limits."""
    less = np.ones((len(P), 6))
    less[:, 2] = np.minimum(1.0, limit[1] / np.sqrt(P[:, 2, 2]))
    less[:, 5] = np.minimum(1.0, limit[2] / np.sqrt(P[:, 5, 5]))
    return P * less[:, :, None] * less[:, None, :]
