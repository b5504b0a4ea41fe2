"""Images of a track in radars that measure no height.

Such a radar knows only the slant range, so something that flies high over it appears up to
kilometres beside where others place it, and may be tracked a second time: at the speed of an
airliner, without an identity, perhaps low. An image is what its original is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, Bool, Sensor, SensorKind, TrackUpdates
from tocsin.geo import Region, unpack_covariance
from tocsin.picture.config import PictureConfig

_KNOWN_HEIGHT_M, _VAGUE_HEIGHT_M = 500.0, 1500.0
_SLACK_M, _SLACK_MPS = 200.0, 30.0
_SIGMAS = 3.0


def originals(updates: TrackUpdates, config: PictureConfig) -> NDArray[np.intp]:
    """Return (n,) the row of which each row is an image; its own row where it is none.

    Args:
        updates: n tracks of one instant.
        config: the site; radars with `elevation_std_rad` NaN measure no height.
    """
    rows = np.arange(len(updates))
    cov = unpack_covariance(updates.state_cov)
    height_std = np.sqrt(np.maximum(cov[:, 2, 2], 0.0))
    known = np.flatnonzero(height_std < _KNOWN_HEIGHT_M)
    for s, sensor in enumerate(config.sensors[:64]):
        flat = sensor.kind == SensorKind.RADAR and np.isnan(sensor.elevation_std_rad)
        if not flat or np.isnan(sensor.latitude_deg):
            continue
        alone = updates.sensor_bits == np.uint64(1 << s)
        vague = np.flatnonzero(alone & (height_std > _VAGUE_HEIGHT_M))
        if len(vague) and len(known):
            match = _matches(updates.state, cov, vague, known, sensor, config.region)
            rows[vague] = np.where(match.any(axis=1), known[match.argmax(axis=1)], vague)
    return rows


def _matches(
    state: F64,
    cov: F64,
    vague: NDArray[np.intp],
    known: NDArray[np.intp],
    sensor: Sensor,
    region: Region,
) -> Bool:
    """Return (vague, known) whether one can be the other's image in a sensor."""
    ground, azimuth, slant = _about(state[:, :3], sensor, region)
    spread = np.sqrt(np.maximum(cov[:, 0, 0] + cov[:, 1, 1], 0.0))
    across_std = sensor.azimuth_std_rad * ground[vague]
    slack = _SIGMAS * (spread[vague] + across_std)[:, None] + _SIGMAS * spread[known] + _SLACK_M
    # Whatever height the image was given: it lies between the original's place and its slant range.
    beyond = ground[vague][:, None] - slant[known]
    short = ground[known] - ground[vague][:, None]
    turned = np.abs((azimuth[vague][:, None] - azimuth[known] + np.pi) % (2 * np.pi) - np.pi)
    across = np.sin(np.minimum(turned, np.pi / 2)) * ground[vague][:, None]
    placed = (beyond < slack) & (short < slack) & (across < slack)
    # Low or far objects are seen where they are.
    placed &= slant[known] - ground[known] > _SLACK_M
    return placed & _alike(state, cov, vague, known)


def _about(position_m: F64, sensor: Sensor, region: Region) -> tuple[F64, F64, F64]:
    """Return (n,) ground range, azimuth and slant range about a sensor."""
    place = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
    own = region.from_geodetic(*(np.array([value]) for value in place))[0]
    rotation = region.local_rotation(sensor.latitude_deg, sensor.longitude_deg)
    east, north, up = ((position_m - own) @ rotation.T).T
    ground = np.hypot(east, north)
    return ground, np.arctan2(east, north), np.hypot(ground, up)


def _alike(state: F64, cov: F64, vague: NDArray[np.intp], known: NDArray[np.intp]) -> Bool:
    """Return (vague, known) whether both move alike in the plane."""
    apart = np.linalg.norm(state[vague][:, None, 3:5] - state[known][:, 3:5], axis=2)
    spread = np.sqrt(np.maximum(cov[:, 3, 3] + cov[:, 4, 4], 0.0))
    close: Bool = apart < _SLACK_MPS + _SIGMAS * (spread[vague][:, None] + spread[known])
    return close
