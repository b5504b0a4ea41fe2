"""Each track's uncertain state as particles of the region plane, height kept apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, eq=False)
class Cloud:
    """Hold the particles of (n,) tracks.

    Args:
        position_m: (n, particles, 2).
        velocity_mps: (n, particles, 2).
        height_m: (n, particles) above the ground.
        climb_mps: (n, particles).
        diving: (n, particles) whether it is on its way down.
    """

    position_m: F64
    velocity_mps: F64
    height_m: F64
    climb_mps: F64
    diving: Bool


def square_root(cov: F64) -> F64:
    """Return the symmetric square roots of (n, d, d) covariances, made non-negative."""
    value, vector = np.linalg.eigh(cov)
    scaled = vector * np.sqrt(np.maximum(value, 0.0))[:, None, :]
    return np.asarray(scaled @ np.swapaxes(vector, -1, -2))


def draw_cloud(
    states: States, course: Course, limits: ClassLimits, count: int, ground_m: float
) -> Cloud:
    """Return particles of states that belong to one class that flies."""
    normal = normals(count)
    plane = [0, 1, 3, 4]
    root = square_root(states.cov[:, plane][:, :, plane])
    drawn = states.mean[:, None, plane] + np.einsum("nij,pj->npi", root, normal[:, STATE:4])
    height = states.mean[:, 2, None] + np.sqrt(states.cov[:, 2, 2, None]) * normal[:, HEIGHT]
    low, high = limits.height_m
    climb, diving = _climb(states, course, count)
    # A dive leaves the heights of cruise, and an aircraft on a hill is below its class's least.
    least = np.where(diving, 0.0, np.minimum(low, states.mean[:, 2, None] - ground_m))
    height = np.clip(height - ground_m, np.maximum(least, 0.0), high)
    velocity = _within(drawn[:, :, 2:], limits.speed_mps)
    return Cloud(drawn[:, :, :2], velocity, height, climb, diving)


def _within(velocity: F64, speed_mps: tuple[float, float]) -> F64:
    """Return velocities whose speed is at most a fifth outside the limits."""
    speed = np.maximum(np.sqrt((velocity**2).sum(-1, keepdims=True)), 1e-6)
    wanted = np.clip(speed, 0.8 * speed_mps[0], 1.2 * speed_mps[1])
    return np.asarray(velocity * (wanted / speed))


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
