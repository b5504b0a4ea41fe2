"""Errors of position and velocity over matched pairs, and whether covariances say them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tocsin.contract import F64, I8, Bool
from tocsin.evaluate.assignment import Index
from tocsin.evaluate.consistency import chi2_band, mahalanobis
from tocsin.evaluate.scene import Scene
from tocsin.evaluate.summary import by_class, rms, share
from tocsin.geo import ecef_to_geodetic, enu_rotation, unpack_covariance

AXES = ("east", "north", "up", "velocity_east", "velocity_north", "velocity_up")
USED = {2: (0, 1, 3, 4), 3: (0, 1, 2, 3, 4, 5)}


@dataclass(frozen=True, eq=False)
class Errors:
    """Hold the errors of all matched pairs.

    Args:
        row: (n,) true moment.
        track_row: (n,) track moment.
        instant: (n,) number of the instant.
        kind: (n,) class of the target.
        position_m: (n,) how far apart.
        velocity_mps: (n,) length of the velocity difference.
        height_m: (n,) difference of heights.
        nees: (n,) normalised error squared; NaN: no usable covariance.
        by_axis: (n, axes) error squared over its variance.
    """

    row: Index
    track_row: Index
    instant: Index
    kind: I8
    position_m: F64
    velocity_mps: F64
    height_m: F64
    nees: F64
    by_axis: F64

    def take(self, rows: Bool) -> Errors:
        """Return some of the pairs."""
        return Errors(*(column[rows] for column in vars(self).values()))


def errors(world: Scene) -> Errors:
    """Return the errors of all matched pairs."""
    true, seen, dimension = world.true, world.seen, world.config.dimension
    row = np.flatnonzero(world.matched)
    other = world.matches.track_row[row]
    source = seen.row[other]
    axes = enu_rotation(world.tracks.latitude_deg[source], world.tracks.longitude_deg[source])
    apart = np.einsum("nij,nj->ni", axes, true.ecef_m[row] - seen.ecef_m[other])
    velocity = true.velocity_mps[row] - seen.velocity_mps[other]
    used = USED[dimension]
    error = np.concatenate([apart, velocity], axis=1)[:, used]
    packed = world.tracks.state_cov_m_mps[source]
    cov = _propagated(unpack_covariance(packed), seen.age_s[other])[:, used][:, :, used]
    variance = np.einsum("nii->ni", cov)
    return Errors(
        row,
        other,
        true.instant[row],
        world.kind[row],
        np.linalg.norm(true.place_m[row] - seen.place_m[other], axis=1),
        np.linalg.norm(velocity[:, :dimension], axis=1),
        _height(true.ecef_m[row]) - _height(seen.ecef_m[other]),
        mahalanobis(error, cov),
        error**2 / np.where(variance > 0.0, variance, np.nan),
    )


def accuracy(pairs: Errors) -> dict[str, Any]:
    """Return root mean square errors, of all and by class."""
    return {
        "position_rmse_m": rms(pairs.position_m),
        "position_rmse_by_class_m": by_class(pairs.kind, pairs.position_m, rms),
        "velocity_rmse_mps": rms(pairs.velocity_mps),
        "velocity_rmse_by_class_mps": by_class(pairs.kind, pairs.velocity_mps, rms),
        "height_rmse_m": rms(pairs.height_m),
    }


def consistency(world: Scene, pairs: Errors) -> dict[str, Any]:
    """Return the normalised errors squared and the bounds that a consistent tracker keeps."""
    used = USED[world.config.dimension]
    fit = np.isfinite(pairs.nees)
    nees = pairs.nees[fit]
    targets = len(np.unique(world.true.who[pairs.row[fit]]))
    low, high = chi2_band(1, len(used))
    bounds = [float(bound) if targets else None for bound in chi2_band(targets, len(used))]
    by_axis = pairs.by_axis[fit]
    return {
        "nees_mean": share(nees),
        "nees_mean_low": bounds[0],
        "nees_mean_high": bounds[1],
        "nees_targets": targets,
        "nees_dimension": len(used),
        "nees_share_in_95": share((nees >= low) & (nees <= high)),
        "nees_by_axis": {AXES[axis]: share(by_axis[:, k]) for k, axis in enumerate(used)},
        "unusable_covariances": int(np.sum(~fit)),
    }


def _propagated(cov: F64, age_s: F64) -> F64:
    """Return covariances moved on at constant velocity: P + t (A + A') + t^2 V, by blocks."""
    t = age_s[:, None, None]
    moved = cov.copy()
    place, cross, velocity = cov[:, :3, :3], cov[:, :3, 3:], cov[:, 3:, 3:]
    moved[:, :3, :3] = place + t * (cross + np.swapaxes(cross, 1, 2)) + t**2 * velocity
    moved[:, :3, 3:] = cross + t * velocity
    moved[:, 3:, :3] = np.swapaxes(moved[:, :3, 3:], 1, 2)
    return moved


def _height(ecef_m: F64) -> F64:
    return ecef_to_geodetic(ecef_m)[2]
