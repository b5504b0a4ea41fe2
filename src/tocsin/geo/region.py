"""Region frame: one rigid east-north-up frame for a whole site."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.contract import F64, Origin
from tocsin.geo.wgs84 import ecef_to_geodetic, enu_rotation, geodetic_to_ecef

_UPPER = np.triu_indices(6)


@dataclass(frozen=True, eq=False)
class Region:
    """Hold the rotation and translation between ECEF and the region frame.

    Args:
        origin: where the frame's origin touches the earth.
        ecef_m: (3,) the origin in ECEF.
        rotation: (3, 3) ECEF to region axes.
    """

    origin: Origin
    ecef_m: F64
    rotation: F64

    @classmethod
    def at(cls, origin: Origin) -> Region:
        """Return the region frame at an origin."""
        place = (origin.latitude_deg, origin.longitude_deg, origin.height_wgs84_m)
        ecef = geodetic_to_ecef(*(np.array([value]) for value in place))[0]
        return cls(origin, ecef, enu_rotation(origin.latitude_deg, origin.longitude_deg))

    def from_geodetic(self, latitude_deg: F64, longitude_deg: F64, height_wgs84_m: F64) -> F64:
        """Return (n, 3) region positions in metres of WGS-84 points."""
        ecef = geodetic_to_ecef(latitude_deg, longitude_deg, height_wgs84_m)
        return (ecef - self.ecef_m) @ self.rotation.T

    def to_geodetic(self, position_m: F64) -> tuple[F64, F64, F64]:
        """Return latitude and longitude in degrees and height in metres of (n, 3) positions."""
        return ecef_to_geodetic(position_m @ self.rotation + self.ecef_m)

    def local_rotation(self, latitude_deg: float | F64, longitude_deg: float | F64) -> F64:
        """Return rotations from region axes to local ENU axes at WGS-84 points.

        Returns:
            (3, 3) for scalars, (n, 3, 3) for arrays; their transposes lead back.
        """
        return enu_rotation(latitude_deg, longitude_deg) @ self.rotation.T


def rotate_covariance(cov: F64, rotation: F64) -> F64:
    """Return R C R' for (n, 3, 3) covariances and (3, 3) or (n, 3, 3) rotations."""
    return rotation @ cov @ np.swapaxes(rotation, -1, -2)


def unpack_covariance(packed: F64) -> F64:
    """Return (n, 6, 6) symmetric matrices from (n, 21) upper triangles by rows."""
    full = np.zeros((*packed.shape[:-1], 6, 6))
    full[..., _UPPER[0], _UPPER[1]] = packed
    full[..., _UPPER[1], _UPPER[0]] = packed
    return full


def pack_covariance(full: F64) -> F64:
    """Return (n, 21) upper triangles by rows of (n, 6, 6) symmetric matrices."""
    return full[..., _UPPER[0], _UPPER[1]]


def rotate_state_covariance(packed: F64, rotation: F64) -> F64:
    """Return packed (n, 21) position-velocity covariances in rotated axes.

    Args:
        packed: (n, 21) upper triangles by rows.
        rotation: (3, 3) or (n, 3, 3), applied to position and velocity alike.
    """
    both = np.zeros((*rotation.shape[:-2], 6, 6))
    both[..., :3, :3] = rotation
    both[..., 3:, 3:] = rotation
    return pack_covariance(both @ unpack_covariance(packed) @ np.swapaxes(both, -1, -2))
