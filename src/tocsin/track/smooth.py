"""A recording seen from its end: each track once more, with what came after each instant.

Backwards over the output instants of a track, on the moments of all models together. A model's share
in the step between two instants is what the filter held of it at the later one, when it had seen
where the step led. Instants at which a track was not put out are bridged.

Source: H. E. Rauch, F. Tung, C. T. Striebel, AIAA Journal 3 (1965) 1445-1450.
"""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, I64, NS, U32, TrackUpdates
from tocsin.geo import pack_covariance, unpack_covariance
from tocsin.motion import ModelSet
from tocsin.motion.models import density, turn_transition, white_noise
from tocsin.track.state import TrackState


def modes(state: TrackState) -> tuple[U32, F64]:
    """Return (k,) numbers of the tracks, ascending, and (k, M) probabilities of their models."""
    bank = state.bank
    number, owner = np.unique(bank.number, return_inverse=True)
    weight = bank.weight * bank.existence
    share = np.zeros((len(number), bank.mode.shape[1]))
    np.add.at(share, owner, weight[:, None] * bank.mode)
    total = share.sum(axis=1, keepdims=True)
    return number, np.where(
        total > 0.0, share / np.maximum(total, 1e-300), state.site.rules.model.share
    )


def smooth(updates: TrackUpdates, mode: F64, models: ModelSet) -> TrackUpdates:
    """Return the updates with states and covariances that know what came later.

    Args:
        updates: n rows of a whole recording, as they were put out.
        mode: (n, M) probabilities of the models at each.
        models: of the tracker.
    """
    order = np.lexsort((updates.measured_at_ns, updates.number))
    number, at_ns = updates.number[order], updates.measured_at_ns[order]
    state, cov = updates.state[order].copy(), unpack_covariance(updates.state_cov[order])
    last = np.append(np.flatnonzero(np.diff(number.astype(np.int64))), len(number) - 1)
    length = np.diff(np.append(-1, last))
    # All tracks together, each one step back from its own end.
    for back in range(1, int(length.max(initial=1))):
        row = last[length > back] - back
        state[row], cov[row] = _step_back(
            state[row], cov[row], state[row + 1], cov[row + 1],
            (at_ns[row + 1] - at_ns[row]) / NS, mode[order][row + 1], models,
        )  # fmt: skip
    return _replaced(updates, order, state, cov)


def _replaced(updates: TrackUpdates, order: I64, state: F64, cov: F64) -> TrackUpdates:
    place = np.argsort(order)
    return updates.replace(state=state[place], state_cov=pack_covariance(cov)[place])


def _step_back(
    state: F64, cov: F64, later: F64, later_cov: F64, dt_s: F64, mode: F64, models: ModelSet
) -> tuple[F64, F64]:
    """Return (n, 6) states and (n, 6, 6) covariances corrected by smoothed ones `dt_s` later."""
    ahead, across = np.zeros_like(state), np.zeros_like(cov)
    spread = np.zeros_like(cov)
    moved = []
    for m, model in enumerate(models.models):
        F = turn_transition(dt_s, model.turn_radps)
        to = (F @ state[:, :, None])[:, :, 0]
        share = mode[:, m, None, None]
        back = np.swapaxes(F, 1, 2)
        spread += share * (F @ cov @ back + white_noise(density(state, model.noise), dt_s))
        across += share * (cov @ back)
        ahead += mode[:, m, None] * to
        moved.append(to)
    for m, to in enumerate(moved):
        apart = to - ahead
        spread += mode[:, m, None, None] * apart[:, :, None] * apart[:, None, :]
    gain = np.swapaxes(np.linalg.solve(spread, np.swapaxes(across, 1, 2)), 1, 2)
    smoothed = state + (gain @ (later - ahead)[:, :, None])[:, :, 0]
    less = cov + gain @ (later_cov - spread) @ np.swapaxes(gain, 1, 2)
    return smoothed, 0.5 * (less + np.swapaxes(less, 1, 2))
