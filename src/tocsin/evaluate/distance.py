"""How far a tracker's errors are from the possible: from the oracle's, and from the bound."""

from __future__ import annotations

from typing import Any

import numpy as np

from tocsin.contract import F64
from tocsin.evaluate.assignment import Index
from tocsin.evaluate.errors import errors
from tocsin.evaluate.expected import Bound
from tocsin.evaluate.scene import Scene
from tocsin.evaluate.summary import ratio, rms
from tocsin.geo import unpack_covariance


def distance(world: Scene, oracle: Scene, expected: Bound | None = None) -> dict[str, Any]:
    """Return errors beside the oracle's and the bound's, where both know the object.

    Only true moments that the tracker and the oracle are both matched to are compared: an oracle
    that knows an object from its first plot on is not blamed for what nobody else tries.

    Args:
        world: the tracker's scene.
        oracle: the oracle's scene, of the same truth and settings.
        expected: the bound of what the site gives on the average, at the same true moments.
    """
    ours, its = errors(world), errors(oracle)
    _, mine, other = np.intersect1d(ours.row, its.row, assume_unique=True, return_indices=True)
    position, velocity = rms(ours.position_m[mine]), rms(ours.velocity_mps[mine])
    best_position, best_velocity = rms(its.position_m[other]), rms(its.velocity_mps[other])
    bound_m, bound_mps = _stated(oracle, oracle.seen.row[its.track_row[other]])
    row = ours.row[mine]
    average = [None, None] if expected is None else [rms(_known(std[row])) for std in expected]
    return {
        "pairs": len(mine),
        "position_rmse_m": position,
        "oracle_position_rmse_m": best_position,
        "bound_position_rmse_m": rms(bound_m),
        "expected_bound_position_rmse_m": average[0],
        "position_ratio": ratio(position or 0.0, best_position or 0.0),
        "velocity_rmse_mps": velocity,
        "oracle_velocity_rmse_mps": best_velocity,
        "bound_velocity_rmse_mps": rms(bound_mps),
        "expected_bound_velocity_rmse_mps": average[1],
        "velocity_ratio": ratio(velocity or 0.0, best_velocity or 0.0),
    }


def _known(values: F64) -> F64:
    return values[np.isfinite(values)]


def _stated(oracle: Scene, row: Index) -> tuple[F64, F64]:
    """Return (n,) errors of position and velocity that the oracle's covariances state."""
    d = oracle.config.dimension
    cov = unpack_covariance(oracle.tracks.state_cov_m_mps[row])
    variance = np.einsum("nii->ni", cov)
    return np.sqrt(variance[:, :d].sum(axis=1)), np.sqrt(variance[:, 3 : 3 + d].sum(axis=1))
