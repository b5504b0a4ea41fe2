"""Compact position reporting of ADS-B: latitude and longitude in 17 bits each.

Source: RTCA DO-260B, 2.2.3.2.3.7 and appendix A.1.7. Angles are in degrees.
"""

from __future__ import annotations

from math import acos, cos, floor, pi, radians
from typing import NamedTuple

_ZONES = 15
_SCALE = 1 << 17


class Code(NamedTuple):
    """Hold one encoded position: 17 bits each way, and which of the two grids."""

    latitude_bits: int
    longitude_bits: int
    odd: bool


def longitude_zones(latitude_deg: float) -> int:
    """Return the number of longitude zones at a latitude (NL).

    >>> longitude_zones(0.0), longitude_zones(52.0), longitude_zones(-87.5)
    (59, 36, 1)
    """
    size = abs(latitude_deg)
    if size >= 87.0:
        return 2 if size == 87.0 else 1
    if size == 0.0:
        return 59
    ratio = (1.0 - cos(pi / (2.0 * _ZONES))) / cos(radians(size)) ** 2
    return floor(2.0 * pi / acos(1.0 - ratio))


def encode(latitude_deg: float, longitude_deg: float, odd: bool, surface: bool = False) -> Code:
    """Return a position in one of the two grids."""
    span = 90.0 if surface else 360.0
    height = span / (4 * _ZONES - odd)
    row = floor(_SCALE * (latitude_deg % height) / height + 0.5)
    seen = height * (row / _SCALE + floor(latitude_deg / height))
    width = span / max(longitude_zones(seen) - odd, 1)
    column = floor(_SCALE * (longitude_deg % width) / width + 0.5)
    return Code(row % _SCALE, column % _SCALE, odd)


def decode_local(
    code: Code, latitude_deg: float, longitude_deg: float, surface: bool
) -> tuple[float, float]:
    """Return the decoded position that is nearest to a reference.

    Right within 333 km of the reference in the air and 83 km on the surface.
    """
    span = 90.0 if surface else 360.0
    latitude = _nearest(code.latitude_bits, span / (4 * _ZONES - code.odd), latitude_deg)
    width = span / max(longitude_zones(latitude) - code.odd, 1)
    return latitude, _wrap(_nearest(code.longitude_bits, width, longitude_deg))


def _nearest(code: int, zone_deg: float, reference_deg: float) -> float:
    fraction = code / _SCALE
    zone = floor(reference_deg / zone_deg - fraction + 0.5)
    return zone_deg * (zone + fraction)


def decode_global(
    even: Code, odd: Code, newest_odd: bool, near_deg: tuple[float, float] | None = None
) -> tuple[float, float] | None:
    """Return the position of the newest of an even and an odd code, or None where they disagree.

    Args:
        even: code in the even grid.
        odd: code in the odd grid.
        newest_odd: whether the odd one is the newest.
        near_deg: for surface codes: (latitude_deg, longitude_deg) within 45 degrees.
    """
    span = 360.0 if near_deg is None else 90.0
    row = floor((59 * even.latitude_bits - 60 * odd.latitude_bits) / _SCALE + 0.5)
    latitudes = []
    for code, zones in ((even, 60), (odd, 59)):
        latitude = span / zones * (row % zones + code.latitude_bits / _SCALE)
        latitudes.append(_settle(latitude, span, 0.0 if near_deg is None else near_deg[0]))
    if any(abs(latitude) > 90.0 for latitude in latitudes):
        return None
    zones = longitude_zones(latitudes[0])
    if zones != longitude_zones(latitudes[1]):
        return None
    code, latitude = (odd, latitudes[1]) if newest_odd else (even, latitudes[0])
    count = max(zones - newest_odd, 1)
    column = floor((even.longitude_bits * (zones - 1) - odd.longitude_bits * zones) / _SCALE + 0.5)
    longitude = span / count * (column % count + code.longitude_bits / _SCALE)
    return latitude, _wrap(_settle(longitude, span, 0.0 if near_deg is None else near_deg[1]))


def _settle(angle_deg: float, span_deg: float, near_deg: float) -> float:
    """Return the angle, modulo the span, that is nearest to another."""
    return near_deg + (angle_deg - near_deg + span_deg / 2.0) % span_deg - span_deg / 2.0


def _wrap(longitude_deg: float) -> float:
    return (longitude_deg + 180.0) % 360.0 - 180.0
