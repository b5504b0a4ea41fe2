"""A recording seen from its end: each track once more, with what came after each instant.

Backwards over the output instants of a track, on the moments of all models together. A model's
share in the step between two instants is what the filter held of it at the later one, when it had
seen where the step led. A step that no model explains is taken for a manoeuvre, and loosened.
Instants at which a track was not put out are bridged.

Source: H. E. Rauch, F. Tung, C. T. Striebel, AIAA Journal 3 (1965) 1445-1450.
"""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, I64, NS, U32, TrackUpdates
from tocsin.geo import pack_covariance, unpack_covariance
from tocsin.motion import Model, ModelSet
from tocsin.motion.falling import fall, fall_density
from tocsin.motion.imm import falls
from tocsin.motion.kernels_imm import FALL_STEP_S
from tocsin.motion.models import density, turn_transition, white_noise
from tocsin.track.state import TrackState

_EXPLAINED2 = 12.6
"""Squared distance of six degrees of freedom that one step in twenty exceeds."""


def modes(state: TrackState, number: U32) -> F64:
    """Return (n, M) probabilities of the models of the tracks with (n,) numbers.

    A track that is no more has those of a new one.
    """
    bank = state.bank
    share = state.site.rules.model.share[: bank.mode.shape[1]]
    known, owner = np.unique(bank.number, return_inverse=True)
    mode = np.zeros((len(known) + 1, len(share)))
    np.add.at(mode, owner, (bank.weight * bank.existence)[:, None] * bank.mode)
    total = mode.sum(axis=1, keepdims=True)
    mode = np.where(total > 0.0, mode / np.where(total > 0.0, total, 1.0), share)
    place = np.minimum(np.searchsorted(known, number), max(len(known) - 1, 0))
    there = known[place] == number if len(known) else np.zeros(len(number), bool)
    return np.asarray(mode[np.where(there, place, len(known))])


def smooth(
    updates: TrackUpdates, mode: F64, models: ModelSet, steps: int | None = None
) -> TrackUpdates:
    """Return the updates with states and covariances that know what came later.

    Args:
        updates: n rows of a whole recording, as they were put out.
        mode: (n, M) probabilities of the models at each.
        models: of the tracker.
        steps: instants that each one looks ahead; None: to the track's end.
    """
    order = np.lexsort((updates.measured_at_ns, updates.number))
    number, at_ns, mode = updates.number[order], updates.measured_at_ns[order], mode[order]
    state, cov = updates.state[order].copy(), unpack_covariance(updates.state_cov[order])
    if steps is None:
        last = np.flatnonzero(np.diff(number.astype(np.int64), append=-1))
        length = np.diff(last, prepend=-1)
        # All tracks together, each one step back from its own end.
        rounds = [last[length > k] - k for k in range(1, int(length.max(initial=1)))]
        for row in rounds:
            state[row], cov[row] = _pair(state, cov, state, cov, row, at_ns, mode, models)
        return _replaced(updates, order, state, cov)
    row = np.flatnonzero(number[1:] == number[:-1])
    seen, seen_cov = state.copy(), cov.copy()
    for _ in range(steps):
        after, after_cov = state.copy(), cov.copy()
        after[row], after_cov[row] = _pair(state, cov, seen, seen_cov, row, at_ns, mode, models)
        seen, seen_cov = after, after_cov
    return _replaced(updates, order, seen, seen_cov)


def _pair(
    state: F64, cov: F64, later: F64, later_cov: F64, row: I64, at_ns: I64, mode: F64,
    models: ModelSet,
) -> tuple[F64, F64]:  # fmt: skip
    """Return rows seen from the rows after them."""
    seen, seen_cov = state[row], cov[row]
    after, after_cov, dt_s = later[row + 1], later_cov[row + 1], (at_ns[row + 1] - at_ns[row]) / NS
    down = falls(seen, seen_cov) & (models.falling is not None)
    for part, own in ((~down, models), (down, models.falling)):
        if own is not None and part.any():
            seen[part], seen_cov[part] = _step_back(
                seen[part], seen_cov[part], after[part], after_cov[part], dt_s[part],
                _of_set(mode[row + 1][part], own), own,
            )  # fmt: skip
    return seen, seen_cov


def _of_set(mode: F64, models: ModelSet) -> F64:
    """Return probabilities of the models of a set: surplus ones are its first."""
    own = len(models.models)
    share = mode[:, :own].copy()
    share[:, 0] += mode[:, own:].sum(axis=1)
    return share


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
        to, F, Q = _moved(model, state, dt_s)
        share = mode[:, m, None, None]
        back = np.swapaxes(F, 1, 2)
        spread += share * (F @ cov @ back + Q)
        across += share * (cov @ back)
        ahead += mode[:, m, None] * to
        moved.append(to)
    for m, to in enumerate(moved):
        apart = to - ahead
        spread += mode[:, m, None, None] * apart[:, :, None] * apart[:, None, :]
    away = later - ahead
    distance2 = (away * np.linalg.solve(spread, away[:, :, None])[:, :, 0]).sum(axis=1)
    spread *= np.maximum(1.0, distance2 / _EXPLAINED2)[:, None, None]
    gain = np.swapaxes(np.linalg.solve(spread, np.swapaxes(across, 1, 2)), 1, 2)
    smoothed = state + (gain @ away[:, :, None])[:, :, 0]
    less = cov + gain @ (later_cov - spread) @ np.swapaxes(gain, 1, 2)
    return smoothed, 0.5 * (less + np.swapaxes(less, 1, 2))


def _moved(model: Model, state: F64, dt_s: F64) -> tuple[F64, F64, F64]:
    """Return states later, how they depend on those before, and what the noise adds."""
    if model.drag is None:
        F = turn_transition(dt_s, model.turn_radps)
        later = (F @ state[:, :, None])[:, :, 0]
        return later, F, white_noise(density(state, model.noise), dt_s)
    parts = max(1, int(np.ceil(dt_s.max() / FALL_STEP_S)))
    later, F = state, np.tile(np.eye(6), (len(state), 1, 1))
    for _ in range(parts):
        later, step = fall(later, dt_s / parts, model.drag)
        F = step @ F
    return later, F, white_noise(fall_density(state, model.drag), dt_s)
