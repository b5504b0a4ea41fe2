"""Random tracks and plots for the tests of filters, and packing of covariances."""

import numpy as np

UPPER = np.triu_indices(6)


def pack(cov):
    """Return packed upper triangles by rows."""
    upper = np.triu_indices(cov.shape[-1])
    return np.ascontiguousarray(cov[..., upper[0], upper[1]])


def unpack(packed):
    """Return (..., 6, 6) matrices of packed upper triangles."""
    out = np.zeros((*packed.shape[:-1], 6, 6))
    out[..., UPPER[0], UPPER[1]] = packed
    out[..., UPPER[1], UPPER[0]] = packed
    return out


def spread(rng, shape, size, scale):
    """Return random covariances, well conditioned in units of ``scale``."""
    A = rng.normal(size=(*shape, size, size))
    unit = A @ np.swapaxes(A, -1, -2) / size + 0.3 * np.eye(size)
    return unit * np.outer(scale, scale)


def tracks(rng, *shape):
    """Return states and covariances: tens of kilometres, hundreds of m/s."""
    scale = np.array([3e4, 3e4, 3e3, 150.0, 150.0, 10.0])
    cov = spread(rng, shape, 6, [200.0, 150.0, 100.0, 20.0, 25.0, 5.0])
    return rng.normal(size=(*shape, 6)) * scale, cov


def plots(rng, state, dt_s, d=3):
    """Return plots near where the states are (n,) seconds later, and their covariances."""
    cov = spread(rng, (len(state),), d, [100.0, 120.0, 150.0][:d])
    place = state[:, :d] + dt_s[:, None] * state[:, 3 : 3 + d]
    return place + rng.normal(size=(len(state), d)) * 200.0, cov
