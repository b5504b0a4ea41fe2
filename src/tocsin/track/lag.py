"""The fixed lag: each output instant a second time, smoothed by what came until the next one.

Source: H. E. Rauch, F. Tung, C. T. Striebel, AIAA Journal 3 (1965) 1445-1450 (one step backwards).
"""

from __future__ import annotations

import numpy as np

from tocsin.contract import F64, NS
from tocsin.geo import pack_covariance, unpack_covariance
from tocsin.motion import CvNoise, process_noise, transition
from tocsin.track.seen import moments
from tocsin.track.state import Bank, TrackState


def smoothed(state: TrackState, bank: Bank, at_ns: int) -> tuple[F64, F64]:
    """Return (n, 6) means and (n, 21) covariances at each row's past instant, seen from `at_ns`.

    Args:
        state: the tracker.
        bank: rows at `at_ns`.
        at_ns: the present instant.
    """
    mean, cov = moments(bank.body)
    before, spread = bank.past_state[:, 0], unpack_covariance(bank.past_cov[:, 0])
    dt = (at_ns - bank.past_ns) / NS
    F = transition(dt)
    back = np.swapaxes(F, 1, 2)
    Q = sum(
        bank.mode[:, m, None, None]
        * process_noise(dt, CvNoise(*state.site.rules.model.noise[m, [0, 3]]))
        for m in range(bank.mode.shape[1])
    )
    ahead = F @ spread @ back + Q
    gain = np.swapaxes(np.linalg.solve(ahead, F @ spread), 1, 2)
    moved = (F @ before[:, :, None])[:, :, 0]
    state_ = before + (gain @ (mean - moved)[:, :, None])[:, :, 0]
    less = gain @ (unpack_covariance(cov) - ahead) @ np.swapaxes(gain, 1, 2)
    return state_, pack_covariance(spread + less)


def with_past(state: TrackState, bank: Bank, at_ns: int) -> TrackState:
    """Return the state that remembers this output instant.

    Args:
        state: the tracker.
        bank: all its rows, predicted to `at_ns`.
        at_ns: the instant.
    """
    mean, cov = moments(bank.body)
    past = state.bank._replace(
        past_state=mean[:, None].copy(),
        past_cov=cov[:, None].copy(),
        past_ns=np.full(bank.size, at_ns),
    )
    return state._replace(bank=past, moved=state.moved + 1)
