"""Each track's uncertain state as particles of the region plane, height kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from tocsin.contract import F64, Bool, Tracks
from tocsin.geo import Region, unpack_covariance
from tocsin.motion.classes import ClassLimits, Course
from tocsin.warn.particles import CLIMB, DIVE, HEIGHT, STATE, normals, points


@dataclass(frozen=True, eq=False)
class States:
    """Hold (n,) track states at the instant of the forecast.

    Args:
        mean: (n, 6) plane position and height, then plane velocity and climb.
        cov: (n, 6, 6).
    """

    mean: F64
    cov: F64

    def take(self, rows: NDArray[np.intp]) -> States:
        """Return some rows."""
        return States(self.mean[rows], self.cov[rows])


def plane_states(tracks: Tracks, region: Region, now_ns: int) -> States:
    """Return tracks in the region plane, carried to now by constant velocity."""
    place = (tracks.latitude_deg, tracks.longitude_deg, tracks.height_wgs84_m)
    position = region.from_geodetic(*place)
    position[:, 2] = tracks.height_wgs84_m
    velocity = (tracks.velocity_east_mps, tracks.velocity_north_mps, tracks.velocity_up_mps)
    mean = np.concatenate([position, np.stack(velocity, -1)], axis=1)
    turn = np.zeros((len(tracks), 6, 6))
    to_region = np.swapaxes(region.local_rotation(*place[:2]), -1, -2)
    turn[:, :2, :2] = turn[:, 3:5, 3:5] = to_region[:, :2, :2]
    turn[:, 2, 2] = turn[:, 5, 5] = 1.0
    mean[:, 3:] = (turn[:, 3:, 3:] @ mean[:, 3:, None])[:, :, 0]
    cov = turn @ unpack_covariance(tracks.state_cov_m_mps) @ np.swapaxes(turn, -1, -2)
    age_s = np.maximum(now_ns - tracks.measured_at_ns, 0) * 1e-9
    later = np.broadcast_to(np.eye(6), cov.shape).copy()
    later[:, [0, 1, 2], [3, 4, 5]] = age_s[:, None]
    return States((later @ mean[:, :, None])[:, :, 0], later @ cov @ np.swapaxes(later, -1, -2))


def usable(states: States) -> Bool:
    """Return (n,) whether a state is complete."""
    return np.asarray(np.isfinite(states.mean).all(1) & np.isfinite(states.cov).all((1, 2)))


class Flock(NamedTuple):
    """Hold (n,) tracks of one class, their heights already drawn.

    Args:
        mean: (n, 4) plane velocity, then position.
        root: (n, 4, 4) lower triangular roots of its covariance.
        height: (n, particles) above the ellipsoid.
        climb: (n, particles) vertical speed.
        diving: (n, particles) whether it is on its way down.
        under: (n,) height of the ground below.
        weight: (n,) probability that it exists and is of the class.
    """

    mean: F64
    root: F64
    height: F64
    climb: F64
    diving: Bool
    under: F64
    weight: F64


def lower_root(cov: F64) -> F64:
    """Return lower triangular roots of (n, d, d) covariances; what is not positive counts as 0."""
    size = cov.shape[-1]
    root = np.zeros_like(cov)
    for j in range(size):
        left = cov[:, j, j] - (root[:, j, :j] ** 2).sum(-1)
        root[:, j, j] = np.sqrt(np.maximum(left, 0.0))
        scale = np.where(left > 1e-12, 1.0 / np.maximum(root[:, j, j], 1e-6), 0.0)
        for i in range(j + 1, size):
            rest = cov[:, i, j] - (root[:, i, :j] * root[:, j, :j]).sum(-1)
            root[:, i, j] = rest * scale
    return root


def draw_flock(
    states: States, course: Course, limits: ClassLimits, count: int, under: F64, weight: F64
) -> Flock:
    """Return tracks that belong to one class that flies, ready to be drawn and walked.

    Args:
        states: of (n,) tracks.
        course: how the class goes on.
        limits: what the class does in cruise.
        count: particles.
        under: (n,) height of the ground below each track.
        weight: (n,) probability that each exists and is of the class.
    """
    plane = [3, 4, 0, 1]
    climb, diving = _climb(states, course, count)
    height = _heights(states, limits, count, under)
    std = np.sqrt(states.cov[:, 2, 2, None])
    steep = np.maximum(states.mean[:, 2, None] + std * normals(count)[:, HEIGHT], under[:, None])
    root = lower_root(states.cov[:, plane][:, :, plane])
    height = np.where(diving, steep, height)
    return Flock(states.mean[:, plane], root, height, climb, diving, under, weight)


def _heights(states: States, limits: ClassLimits, count: int, under: F64) -> F64:
    """Return (n, particles) heights in cruise: what was measured, within what the class flies.

    An aircraft over a hill may be below its class's least height, and is then taken as it is.
    """
    mean, std = states.mean[:, 2], np.sqrt(np.maximum(states.cov[:, 2, 2], 1e-6))
    least, most = limits.height_m
    low = np.maximum(np.minimum(least, mean - under), 0.0) + under
    high = np.maximum(most + under, low + 1.0)
    below, above = ndtr((low - mean) / std), ndtr((high - mean) / std)
    part = below[:, None] + (above - below)[:, None] * points(count)[:, HEIGHT]
    drawn = mean[:, None] + std[:, None] * ndtri(np.clip(part, 1e-12, 1.0 - 1e-12))
    return np.clip(drawn, low[:, None], high[:, None])


def draw_plane(flock: Flock, limits: ClassLimits, count: int) -> tuple[F64, F64]:
    """Return (n, particles, 2) positions and velocities of the plane; the kernel's twin."""
    drawn = flock.mean[:, None] + np.einsum("nij,pj->npi", flock.root, normals(count)[:, STATE:4])
    return drawn[:, :, 2:], _within(drawn[:, :, :2], speed_bounds_mps(limits))


def speed_bounds_mps(limits: ClassLimits) -> tuple[float, float]:
    """Return the speeds that particles may have: a fifth beyond those of cruise."""
    low, high = limits.speed_mps
    return 0.8 * low, 1.2 * high


def _within(velocity: F64, speed_mps: tuple[float, float]) -> F64:
    speed = np.maximum(np.sqrt((velocity**2).sum(-1, keepdims=True)), 1e-6)
    return np.asarray(velocity * (np.clip(speed, *speed_mps) / speed))


def _climb(states: States, course: Course, count: int) -> tuple[F64, Bool]:
    """Return vertical speeds, and which particles dive: cruise and dive as two hypotheses.

    A vertical speed that was hardly measured says nothing, and the prior stays.
    """
    mean, variance = states.mean[:, 5, None], np.maximum(states.cov[:, 5, 5, None], 1e-6)
    cruise = _fuse(mean, variance, 0.0, course.climb_std_mps)
    dive = _fuse(mean, variance, *course.dive_mps)
    odds = course.dive_probability / (1.0 - course.dive_probability)
    log_odds = np.log(odds) + dive[2] - cruise[2]
    chance = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -50.0, 50.0)))
    diving = points(count)[:, DIVE] < chance
    normal = normals(count)[:, CLIMB]
    falling = np.minimum(dive[0] + dive[1] * normal, -1.0)
    return np.where(diving, falling, cruise[0] + cruise[1] * normal), diving


def _fuse(mean: F64, variance: F64, prior: float, prior_std: float) -> tuple[F64, F64, F64]:
    """Return mean, standard deviation and log likelihood of a measurement under a prior."""
    total = variance + prior_std**2
    gain = prior_std**2 / total
    log_likelihood = -0.5 * ((mean - prior) ** 2 / total + np.log(total))
    return prior + gain * (mean - prior), np.sqrt(gain * variance), log_likelihood
