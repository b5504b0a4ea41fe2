"""The binary WebSocket frame of tracks: a 32-byte header, then 24 bytes per track in columns."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, Corroboration, Origin, Tracks

MAGIC = 0x4E534354
VERSION = 1
KIND_TRACKS = 1
_HEADER = struct.Struct("<IHHqIIQ")


def encode_tracks(tracks: Tracks, origin: Origin, at_ns: int) -> bytes:
    """Return one frame that lists all live tracks.

    Args:
        tracks: n rows at one instant.
        origin: of the site; positions are offsets from it.
        at_ns: time of the picture.
    """
    header = _HEADER.pack(MAGIC, VERSION, KIND_TRACKS, at_ns, len(tracks), 0, 0)
    return b"".join((header, *(column.tobytes() for column in _columns(tracks, origin))))


def _columns(tracks: Tracks, origin: Origin) -> tuple[NDArray[np.generic], ...]:
    east, north = tracks.velocity_east_mps, tracks.velocity_north_mps
    course_deg = np.degrees(np.arctan2(east, north)) % 360.0
    offset_deg = (tracks.longitude_deg - origin.longitude_deg + 180.0) % 360.0 - 180.0
    return (
        tracks.number.astype("<u4"),
        offset_deg.astype("<f4"),
        (tracks.latitude_deg - origin.latitude_deg).astype("<f4"),
        _u16(tracks.height_wgs84_m + 1000.0),
        # 359.996 degrees rounds to north, not to a 36,000th hundredth.
        (_u16(course_deg * 100.0) % 36_000).astype("<u2"),
        _u16(np.hypot(east, north) * 10.0),
        np.zeros(len(tracks), "<u2"),
        tracks.object_class.astype("u1"),
        flags(tracks),
        np.clip(np.rint(np.nan_to_num(tracks.existence_probability) * 255), 0, 255).astype("u1"),
        np.clip(tracks.sensor_count, 0, 255).astype("u1"),
    )


def flags(tracks: Tracks) -> NDArray[np.uint8]:
    """Return (n,) status in bits 0-1, then identity, hazardous and uncorroborated."""
    uncorroborated = tracks.corroborated == Corroboration.UNCORROBORATED
    bits: NDArray[np.uint8] = tracks.status.astype("u1") & np.uint8(3)
    bits |= tracks.mode_s_valid.astype("u1") << 2
    bits |= tracks.hazardous.astype("u1") << 3
    bits |= uncorroborated.astype("u1") << 4
    return bits


def _u16(values: F64) -> NDArray[np.uint16]:
    return np.clip(np.rint(np.nan_to_num(values)), 0, 65_535).astype("<u2")
