"""Plain NumPy twins of the kernels: slow, short, and the oracle of each kernel's test.

Each takes what its kernel takes and returns what the kernel writes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from tocsin.contract import F64, I64, NS, Bool, Sensor
from tocsin.geo import Region, pack_covariance, sensor_polar, unpack_covariance, within_coverage
from tocsin.motion import CvNoise, transition
from tocsin.motion import predict as advance
from tocsin.track.state import Picture

_EDGE_SIGMAS = 6.0


def predict(
    state: F64, cov: F64, time_ns: I64, existence: F64, to_ns: I64, model: F64
) -> tuple[F64, F64, F64]:
    """Return states, packed covariances and existence at the later times."""
    dt = np.maximum((to_ns - time_ns) / NS, 0.0)
    later, full = advance(state, unpack_covariance(cov), dt, CvNoise(model[0], model[1]))
    for axis, limit in ((2, model[3]), (5, model[4])):
        scale = np.minimum(limit / np.sqrt(full[:, axis, axis]), 1.0)
        scale = np.where(dt > 0.0, scale, 1.0)
        full[:, axis, :] *= scale[:, None]
        full[:, :, axis] *= scale[:, None]
    return later, pack_covariance(full), existence * np.exp(-dt / model[2])


def innovation(
    state: F64, cov: F64, time_ns: int, picture: Picture, j: int, scale: float, model: F64
) -> tuple[F64, F64, F64]:
    """Return innovation, its covariance and the measurement matrix of one track and plot."""
    d = int(picture.dimension[j])
    dt = (picture.time_ns[j] - time_ns) / NS
    H = transition(np.array([dt]))[0][:d]
    upper = np.zeros((3, 3))
    upper[np.triu_indices(3)] = picture.cov[j]
    R = upper + np.triu(upper, 1).T
    R += np.diag([model[0], model[0], model[1]]) * abs(dt) ** 3 / 3.0
    S = scale * H @ cov @ H.T + R[:d, :d]
    return picture.position_m[j, :d] - H @ state, S, H


def update(
    state: F64,
    cov: F64,
    time_ns: int,
    missed: float,
    none: float,
    edges: list[tuple[int, float, float]],
    picture: Picture,
    model: F64,
) -> tuple[F64, F64, float]:
    """Return the moments and the existence of one track's association mixture.

    Args:
        state: (6,).
        cov: (6, 6).
        time_ns: time of the state.
        missed: existence if it gave no plot.
        none: probability that it gave none.
        edges: plot, probability and covariance factor of each pair.
        picture: the group's plots.
        model: see `kernels_filter.predict`.
    """
    parts = [(none * missed, state, cov)]
    for j, weight, scale in edges:
        nu, S, H = innovation(state, cov, time_ns, picture, j, scale, model)
        K = scale * cov @ H.T @ np.linalg.inv(S)
        parts.append((weight, state + K @ nu, scale * cov - K @ S @ K.T))
    mass = sum(w for w, _, _ in parts)
    mean = sum((w * m for w, m, _ in parts), np.zeros(6)) / mass
    total = sum((w * (P + np.outer(m - mean, m - mean)) for w, m, P in parts), np.zeros((6, 6)))
    return mean, total / mass, min(mass, 1.0)


def view(
    state: F64, cov: F64, time_ns: I64, sensor: Sensor, region: Region, sector: F64
) -> tuple[Bool, F64, I64]:
    """Return which tracks a sector may have seen, how probably, and when.

    Args:
        state: (n, 6).
        cov: (n, 21).
        time_ns: (n,).
        sensor: the radar.
        region: the frame.
        sector: azimuth from, width, start and end time in ns.
    """
    first_rad, width, start_ns, end_ns = sector[0], sector[1], int(sector[2]), int(sector[3])
    dt = (start_ns + (end_ns - start_ns) // 2 - time_ns) / NS
    F = transition(dt)
    position = (F @ state[:, :, None])[:, :3, 0]
    spread = (F @ unpack_covariance(cov) @ np.swapaxes(F, -1, -2))[:, :3, :3]
    azimuth = sensor_polar(sensor, region, position)[1]
    inside = np.mod(azimuth - first_rad - width / 2.0 + np.pi, 2.0 * np.pi) - np.pi + width / 2.0
    back = region.local_rotation(sensor.latitude_deg, sensor.longitude_deg)
    place = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
    own = region.from_geodetic(*(np.array([value]) for value in place))[0]
    local = (position - own) @ back.T
    flat = np.hypot(local[:, 0], local[:, 1])
    aside = np.stack([np.cos(azimuth), -np.sin(azimuth), 0.0 * azimuth], axis=-1) @ back
    aside[:, 2] = 0.0
    across = np.sqrt(np.einsum("ni,nij,nj->n", aside, spread, aside))
    margin = _EDGE_SIGMAS * np.hypot(across, sensor.azimuth_std_rad * flat)
    low, high = inside * flat, (width - inside) * flat
    whole = width >= 2.0 * np.pi - 1e-9
    near = whole | ((low > -margin) & (high > -margin))
    erf = np.vectorize(math.erf)
    part = 0.5 * (erf(low / across / math.sqrt(2.0)) + erf(high / across / math.sqrt(2.0)))
    part = np.ones_like(part) if whole else np.clip(part, 0.0, 1.0)
    chance = np.where(near & within_coverage(sensor, region, position), part, 0.0)
    passed = np.clip(inside / width, 0.0, 1.0)
    return near, chance, start_ns + (passed * (end_ns - start_ns)).astype(np.int64)


def associate(ratio: F64) -> F64:
    """Return (k, m + 1) marginal probabilities by enumeration; the last column is "no plot".

    Args:
        ratio: (k, m) likelihood ratios, 0 outside the gates.
    """
    k, m = ratio.shape
    weight = np.zeros((k, m + 1))
    for choice in _assignments(ratio > 0.0):
        product = math.prod(ratio[i, j] for i, j in enumerate(choice) if j < m)
        weight[np.arange(k), choice] += product
    sums: F64 = weight / weight.sum(axis=1, keepdims=True)
    return sums


def _assignments(allowed: Bool) -> Iterator[tuple[int, ...]]:
    k, m = allowed.shape
    options = [[*np.flatnonzero(allowed[i]).tolist(), m] for i in range(k)]
    for choice in itertools.product(*options):
        used = [j for j in choice if j < m]
        if len(set(used)) == len(used):
            yield choice


def propagate(ratio: F64, rounds: int = 500) -> F64:
    """Return (k, m + 1) marginals by loopy belief propagation; as `associate` otherwise.

    Source: Williams and Lau (2014), equations 22-27.
    """
    outgoing = np.ones_like(ratio)
    for _ in range(rounds):
        product = ratio * outgoing
        incoming = ratio / (1.0 + product.sum(axis=1, keepdims=True) - product)
        outgoing = 1.0 / (1.0 + incoming.sum(axis=0, keepdims=True) - incoming)
    belief = np.column_stack([ratio * outgoing, np.ones(len(ratio))])
    sums: F64 = belief / belief.sum(axis=1, keepdims=True)
    return sums
