"""Plain NumPy twins of the kernels: slow, short, and the oracle of each kernel's test.

Each takes what its kernel takes and returns what the kernel writes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from tocsin.contract import F64, I64, NS, Bool, Sensor
from tocsin.geo import Region, sensor_polar, unpack_covariance, within_coverage
from tocsin.motion import Noise, transition
from tocsin.motion.imm import reweigh
from tocsin.motion.measure import RangeRate, update_position, update_range_rate

_EDGE_SIGMAS = 6.0
_LEAST_MODE = 1e-6


def update(
    state: F64,
    cov: F64,
    mode: F64,
    stays: float,
    plots: list[tuple[float, F64, F64, float]],
    noise: tuple[Noise, ...],
) -> tuple[F64, F64, F64, float]:
    """Return moments by model, model probabilities and existence of a row's association mixture.

    Args:
        state: (M, 6).
        cov: (M, 6, 6).
        mode: (M,).
        stays: probability that the row exists and gave no plot.
        plots: probability that it gave the plot, position (d,), covariance (d, d), and seconds from
            the row's time.
        noise: of each model.
    """
    parts = [(stays * mode, state, cov)]
    for weight, place, spread, dt in plots:
        each, each_cov, kept, _ = correct(state, cov, mode, (place, spread, dt), None, noise)
        parts.append((weight * kept, each, each_cov))
    mass = np.sum([w for w, _, _ in parts], axis=0)
    mean = np.sum([w[:, None] * x for w, x, _ in parts], axis=0) / mass[:, None]
    total = np.zeros_like(cov)
    for w, x, P in parts:
        apart = x - mean
        total += w[:, None, None] * (P + apart[:, :, None] * apart[:, None, :])
    whole = float(mass.sum())
    return mean, total / mass[:, None, None], mass / whole, min(whole, 1.0)


def correct(
    state: F64,
    cov: F64,
    mode: F64,
    plot: tuple[F64, F64, float],
    rate: RangeRate | None,
    noise: tuple[Noise, ...],
) -> tuple[F64, F64, F64, float]:
    """Return a row after one plot: states, covariances, model probabilities; log density.

    Args:
        state: (M, 6).
        cov: (M, 6, 6).
        mode: (M,).
        plot: position (d,), covariance (d, d), and seconds from the row's time.
        rate: one range rate; None: the plot has none.
        noise: of each model.
    """
    place, spread, dt = plot[0][None], plot[1][None], np.array([plot[2]])
    later, later_cov, log_likelihood = np.empty_like(state), np.empty_like(cov), np.zeros(len(mode))
    for m in range(len(mode)):
        done = update_position(state[m : m + 1], cov[m : m + 1], place, spread, dt, noise[m])
        log_likelihood[m] = done.log_likelihood[0]
        if rate is not None:
            done = update_range_rate(done.state, done.cov, rate, dt, noise[m])
            log_likelihood[m] += done.log_likelihood[0]
        later[m], later_cov[m] = done.state[0], done.cov[0]
    after, total = reweigh(mode[None], log_likelihood[None])
    kept = (after[0] + _LEAST_MODE) / (1.0 + len(mode) * _LEAST_MODE)
    return later, later_cov, kept, float(total[0])


def start(state: F64, cov: F64, rate: RangeRate, noise: Noise) -> tuple[F64, F64]:
    """Return a new object's (6,) state and (6, 6) covariance with its plot's range rate.

    Of all velocities that have it the likeliest; place and velocity are independent before.
    """
    sight = state[:3] - rate.sensor_m[0]
    sight = sight / np.linalg.norm(sight)
    gain = cov[3:, 3:] @ sight / (sight @ cov[3:, 3:] @ sight)
    moved = state.copy()
    moved[3:] += gain * (rate.rate_mps[0] - sight @ state[3:])
    done = update_range_rate(moved[None], cov[None], rate, np.zeros(1), noise)
    return moved, np.asarray(done.cov[0])


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
