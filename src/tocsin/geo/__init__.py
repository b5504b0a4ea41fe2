"""WGS-84, the region frame, polar measurements, horizons, terrain and zones."""

from tocsin.geo.horizon import (
    earth_factor,
    el2height,
    ground_range_m,
    horizon_range_m,
    sensor_polar,
    within_beam,
    within_coverage,
)
from tocsin.geo.masking import Mask, mask, within_sight
from tocsin.geo.polar import (
    bending_rad,
    elevation_at_height,
    enu_to_polar,
    polar_covariance,
    polar_to_enu,
)
from tocsin.geo.region import (
    Region,
    pack_covariance,
    rotate_covariance,
    rotate_state_covariance,
    unpack_covariance,
)
from tocsin.geo.terrain import Ground, Terrain
from tocsin.geo.wgs84 import (
    MEAN_RADIUS_M,
    ecef_to_geodetic,
    enu_rotation,
    geodetic_to_ecef,
)
from tocsin.geo.zones import CELL_M, ZoneIndex, zone_index, zone_shapes

__all__ = [
    "CELL_M",
    "MEAN_RADIUS_M",
    "Ground",
    "Mask",
    "Region",
    "Terrain",
    "ZoneIndex",
    "bending_rad",
    "earth_factor",
    "ecef_to_geodetic",
    "el2height",
    "elevation_at_height",
    "enu_rotation",
    "enu_to_polar",
    "geodetic_to_ecef",
    "ground_range_m",
    "horizon_range_m",
    "mask",
    "pack_covariance",
    "polar_covariance",
    "polar_to_enu",
    "rotate_covariance",
    "rotate_state_covariance",
    "sensor_polar",
    "unpack_covariance",
    "within_beam",
    "within_coverage",
    "within_sight",
    "zone_index",
    "zone_shapes",
]
