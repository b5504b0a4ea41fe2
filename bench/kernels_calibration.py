"""The calibration kernel: a fixed loop whose time says how fast this machine is now."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tocsin.contract import F64


@nb.njit(cache=True, error_model="numpy")
def filters(state: F64, rounds: int) -> float:
    """Run scalar Kalman filters of position and velocity, one after the other; return a checksum.

    Args:
        state: (n, 5) position, velocity and their packed covariance; changed in place.
        rounds: updates of each filter.
    """
    total = 0.0
    for r in range(rounds):
        z = math.sin(float(r))
        for i in range(state.shape[0]):
            x, v, p, c, s = state[i, 0], state[i, 1], state[i, 2], state[i, 3], state[i, 4]
            x += v
            p += 2.0 * c + s + 1.0 / 3.0
            c += s + 0.5
            s += 1.0
            gain = 1.0 / (p + 4.0)
            off = z - x
            state[i, 0] = x + p * gain * off
            state[i, 1] = v + c * gain * off
            state[i, 2] = p - p * p * gain
            state[i, 3] = c - p * c * gain
            state[i, 4] = s - c * c * gain
        total += state[r % state.shape[0], 0]
    return total


def filters_twin(state: F64, rounds: int) -> float:
    """Do the same in NumPy; see `filters`."""
    total = 0.0
    for r in range(rounds):
        z = math.sin(float(r))
        x, v, p, c, s = state.T.copy()
        x, p, c, s = x + v, p + 2.0 * c + s + 1.0 / 3.0, c + s + 0.5, s + 1.0
        gain, off = 1.0 / (p + 4.0), z - x
        later = [x + p * gain * off, v + c * gain * off]
        later += [p - p * p * gain, c - p * c * gain, s - c * c * gain]
        state[:] = np.stack(later, axis=1)
        total += float(state[r % len(state), 0])
    return total
