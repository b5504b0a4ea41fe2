"""Encode ADS-B extended squitters: position, velocity, identification.

Source: RTCA DO-260B, 2.2.3.2 (formats), table 2-11 (type codes); ICAO Annex 10 volume IV, table 3-8
(characters).
"""

from __future__ import annotations

from tocsin.decode import cpr
from tocsin.decode.mode_s import FOOT_M, KNOT_MPS
from tocsin.decode.parity import with_parity

_CHARACTERS = "?ABCDEFGHIJKLMNOPQRSTUVWXYZ????? ???????????????0123456789??????"


def encode_position(
    mode_s: int,
    latitude_deg: float,
    longitude_deg: float,
    altitude_baro_m: float,
    odd: bool,
    type_code: int = 11,
) -> bytes:
    """Return a DF17 airborne position; altitude in steps of 25 ft, clipped to what 12 bits hold.

    Args:
        mode_s: 24-bit address.
        latitude_deg: WGS-84 latitude.
        longitude_deg: WGS-84 longitude.
        altitude_baro_m: pressure altitude.
        odd: which of the two grids; send them in turn.
        type_code: 9 to 18: how good the position is (9: 3 m, 10: 10 m, 11: 93 m, at 95 %).

    >>> encode_position(0x40621D, 52.2572, 3.91937, 38000 * 0.3048, odd=False).hex()
    '8d40621d58c382d690c8ac2863a7'
    """
    steps = min(max(round((altitude_baro_m / FOOT_M + 1000.0) / 25.0), 0), 0x7FF)
    altitude = (steps & 0x7F0) << 1 | 0x10 | steps & 0x00F
    code = cpr.encode(latitude_deg, longitude_deg, odd)
    fields = (
        type_code << 51
        | altitude << 36
        | odd << 34
        | code.latitude_bits << 17
        | code.longitude_bits
    )
    return _squitter(mode_s, fields)


def encode_velocity(
    mode_s: int,
    east_mps: float,
    north_mps: float,
    up_mps: float,
    height_above_baro_m: float | None = None,
) -> bytes:
    """Return a DF17 velocity over ground: steps of 1 kt (4 kt above 1,022 kt) and 64 ft/min.

    Args:
        mode_s: 24-bit address.
        east_mps: velocity towards east.
        north_mps: velocity towards north.
        up_mps: climb.
        height_above_baro_m: WGS-84 height minus pressure altitude, None where not known.
    """
    fast = max(abs(east_mps), abs(north_mps)) > 1022.0 * KNOT_MPS
    unit = 4.0 * KNOT_MPS if fast else KNOT_MPS
    fields = 19 << 51 | (2 if fast else 1) << 48
    fields |= _signed(east_mps, unit, 10) << 32 | _signed(north_mps, unit, 10) << 21
    fields |= _signed(up_mps, 64.0 * FOOT_M / 60.0, 9) << 10
    if height_above_baro_m is not None:
        fields |= _signed(height_above_baro_m, 25.0 * FOOT_M, 7)
    return _squitter(mode_s, fields)


def encode_identification(mode_s: int, callsign: str, category: int = 0) -> bytes:
    """Return a DF17 identification: eight letters, digits or blanks; others become blanks."""
    fields = 4 << 51 | category << 48
    for place, letter in enumerate(callsign.upper()[:8].ljust(8)):
        code = _CHARACTERS.find(letter) if letter != "?" else -1
        fields |= (code if code > 0 else 0x20) << (42 - 6 * place)
    return _squitter(mode_s, fields)


def _signed(value: float, unit: float, bits: int) -> int:
    """Return a sign bit and the magnitude plus one (0 means: not known)."""
    size = min(round(abs(value) / unit) + 1, (1 << bits) - 1)
    return (value < 0.0) << bits | size


def _squitter(mode_s: int, fields: int) -> bytes:
    return with_parity(b"\x8d" + mode_s.to_bytes(3, "big") + fields.to_bytes(7, "big"))
