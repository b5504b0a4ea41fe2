"""Raw Mode S messages to reports: parity, addresses that can be trusted, positions, identity.

Fields come from `rs1090`; parity, trust and positions are decided here. Every message whose address
can be trusted gives one report: a position, or an identity report with what else it said.

Source: ICAO Annex 10 volume IV, 3.1.2; RTCA DO-260B, 2.2.3 and appendix A.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import asin, cos, nan, radians, sin, sqrt
from typing import Any

import rs1090

from tocsin.contract import NS, ReportKind
from tocsin.decode import cpr
from tocsin.decode.accuracy import horizontal_std_m
from tocsin.decode.config import DecodeConfig
from tocsin.decode.out import Out, Row
from tocsin.decode.parity import remainders
from tocsin.geo import MEAN_RADIUS_M

FOOT_M = 0.3048
KNOT_MPS = 1852.0 / 3600.0

_LONG, _SHORT = 14, 7
_ADDRESS_PARITY = frozenset((0, 4, 5, 16, 20, 21))
# DF18 whose address is the aircraft's own: ADS-B without transponder, and its rebroadcast.
_OWN_ADDRESS = frozenset((0, 6))
_NEVER = -(10**18)
_TRUST_NS = 60 * NS
_PAIR_NS = 10 * NS
_LOCAL_NS = 600 * NS
_VELOCITY_NS = 10 * NS
_FORGET_NS = 900 * NS
_MOST_AIRCRAFT = 50_000
# Faster than any aircraft that squitters (Mach 3), and than anything that taxies.
_FASTEST_MPS = {False: 1000.0, True: 150.0}
_SLACK_M = 1500.0
_REJECTED_IN_A_ROW = 3
_BARO_STD_M, _GNSS_STD_M = 150.0, 25.0


@dataclass
class Aircraft:
    """Hold what one address said lately."""

    trusted_at_ns: int = 0
    codes: dict[tuple[bool, bool], tuple[cpr.Code, int]] = field(default_factory=dict)
    position_deg: tuple[float, float] | None = None
    position_at_ns: int = _NEVER
    rejected: int = 0
    velocity: Row = field(default_factory=dict)
    velocity_at_ns: int = _NEVER
    identity: Row = field(default_factory=dict)
    height_above_baro_m: float = 0.0
    height_at_ns: int = _NEVER
    nacp: int | None = None


@dataclass
class ModeS:
    """Hold the aircraft heard by one receiver."""

    config: DecodeConfig
    aircraft: dict[int, Aircraft] = field(default_factory=dict)
    swept_at_ns: int = 0


def length_of(first_octet: int) -> int:
    """Return the bytes of a message by its downlink format.

    >>> length_of(0x8D), length_of(0x5D)
    (14, 7)
    """
    return _LONG if first_octet & 0x80 else _SHORT


def decode_messages(
    state: ModeS, messages: Sequence[bytes], measured_at_ns: Sequence[int], out: Out
) -> None:
    """Decode messages in order.

    Args:
        state: the aircraft heard; changed in place.
        messages: raw messages; the downlink format decides the length, what follows is ignored.
        measured_at_ns: UTC of each.
        out: where reports, faults and counts go.
    """
    out.count("mode s messages", len(messages))
    whole = []
    for message, at_ns in zip(messages, measured_at_ns, strict=True):
        size = length_of(message[0]) if message else _SHORT
        if len(message) >= size:
            whole.append((message[:size], at_ns))
        else:
            out.fault("bad_length", f"{len(message)} bytes: {message.hex()}")
    bodies = [message for message, _ in whole]
    fields: list[Any] = rs1090.decode([body.hex() for body in bodies]) if bodies else []
    for (message, at_ns), left, said in zip(whole, remainders(bodies), fields, strict=True):
        address = _address(state, message, left, at_ns, out)
        if address is not None:
            _report(state, address, message, said, at_ns, out)
    if whole:
        _sweep(state, whole[-1][1], out)


def _address(state: ModeS, message: bytes, left: int, at_ns: int, out: Out) -> int | None:
    """Return the aircraft's address where it can be trusted."""
    df = message[0] >> 3
    if df in _ADDRESS_PARITY:
        known = state.aircraft.get(left)
        if known is not None and abs(at_ns - known.trusted_at_ns) <= _TRUST_NS:
            return left
        out.count("mode s messages of unknown address")
        return None
    if df not in (11, 17, 18) or (df == 18 and message[0] & 7 not in _OWN_ADDRESS):
        out.count(f"mode s messages not used, DF{df}")
        return None
    # A DF11 that answers an interrogator carries its code, 7 bits, over the parity.
    if left >= (0x80 if df == 11 else 1):
        out.fault("bad_parity", f"DF{df}, remainder {left:06x}: {message.hex()}")
        return None
    address = int.from_bytes(message[1:4], "big")
    state.aircraft.setdefault(address, Aircraft()).trusted_at_ns = at_ns
    return address


def _report(
    state: ModeS, address: int, message: bytes, said: dict[str, Any] | None, at_ns: int, out: Out
) -> None:
    if said is None:
        out.fault("undecodable", f"DF{message[0] >> 3}: {message.hex()}")
        return
    craft = state.aircraft[address]
    row: Row = {"measured_at_ns": at_ns, "kind": ReportKind.IDENTITY, "mode_s": address}
    bds = said.get("bds") if message[0] >> 3 in (17, 18) else None
    if bds == "09":
        row |= _velocity(craft, said, at_ns)
    elif bds == "65" and said.get("NACp") is not None:
        craft.nacp = said["NACp"]
    elif bds in ("05", "06"):
        row |= _position_report(state, craft, said, at_ns, out)
    elif said.get("altitude") is not None:
        row["altitude_baro_m"] = said["altitude"] * FOOT_M
    row |= _identity(craft, said, bds)
    out.report(row)


def _identity(craft: Aircraft, said: dict[str, Any], bds: str | None) -> Row:
    """Return call sign and Mode 3/A code, the latest known ones included."""
    if bds == "08" and said.get("callsign") and "#" not in said["callsign"]:
        craft.identity["callsign"] = said["callsign"].strip()
    if said.get("squawk") is not None:
        craft.identity["mode_3a"] = int(said["squawk"], 8)
    return craft.identity


def _velocity(craft: Aircraft, said: dict[str, Any], at_ns: int) -> Row:
    """Return the velocity over ground, where the message states one, and remember it."""
    if said.get("geo_minus_baro") is not None:
        craft.height_above_baro_m = said["geo_minus_baro"] * FOOT_M
        craft.height_at_ns = at_ns
    if said.get("groundspeed") is None or said.get("track") is None:
        return {}
    climb = said.get("vertical_rate")
    up = nan if climb is None else climb * FOOT_M / 60.0
    craft.velocity = _over_ground(said["groundspeed"], said["track"], up)
    craft.velocity_at_ns = at_ns
    return craft.velocity


def _over_ground(speed_kt: float, course_deg: float, up_mps: float) -> Row:
    speed, course = speed_kt * KNOT_MPS, radians(course_deg)
    return {
        "velocity_east_mps": speed * sin(course),
        "velocity_north_mps": speed * cos(course),
        "velocity_up_mps": up_mps,
    }


def _position_report(
    state: ModeS, craft: Aircraft, said: dict[str, Any], at_ns: int, out: Out
) -> Row:
    """Return what a position message adds to its report."""
    surface = said["bds"] == "06"
    row = _surface_motion(said) if surface else _heights(craft, said, at_ns)
    if not surface and abs(at_ns - craft.velocity_at_ns) <= _VELOCITY_NS:
        row |= craft.velocity
    code = cpr.Code(said["lat_cpr"], said["lon_cpr"], said["parity"] == "odd")
    place = _place(state, craft, code, surface, at_ns, out)
    if place is None:
        return row
    craft.position_deg, craft.position_at_ns, craft.rejected = place, at_ns, 0
    row["kind"] = ReportKind.POSITION
    row["latitude_deg"], row["longitude_deg"] = place
    row["horizontal_std_m"] = horizontal_std_m(said["NUCp"], craft.nacp)
    return row


def _surface_motion(said: dict[str, Any]) -> Row:
    if said.get("groundspeed") is None or said.get("track") is None:
        return {}
    return _over_ground(said["groundspeed"], said["track"], 0.0)


def _heights(craft: Aircraft, said: dict[str, Any], at_ns: int) -> Row:
    if said.get("altitude") is None:
        return {}
    stated_m = said["altitude"] * FOOT_M
    if said["source"] == "GNSS":
        return {"height_wgs84_m": stated_m, "vertical_std_m": _GNSS_STD_M}
    row: Row = {"altitude_baro_m": stated_m}
    if abs(at_ns - craft.height_at_ns) <= _TRUST_NS:
        height_m = stated_m + craft.height_above_baro_m
        return row | {"height_wgs84_m": height_m, "vertical_std_m": _GNSS_STD_M}
    return row | {"height_wgs84_m": stated_m, "vertical_std_m": _BARO_STD_M}


def _place(
    state: ModeS, craft: Aircraft, code: cpr.Code, surface: bool, at_ns: int, out: Out
) -> tuple[float, float] | None:
    """Return the position of one code: by the latest position, or by a pair of codes."""
    craft.codes[surface, code.odd] = code, at_ns
    if craft.position_deg is not None and abs(at_ns - craft.position_at_ns) <= _LOCAL_NS:
        place = cpr.decode_local(code, *craft.position_deg, surface)
        waited_s = abs(at_ns - craft.position_at_ns) / NS
        if _distance_m(place, craft.position_deg) <= _SLACK_M + _FASTEST_MPS[surface] * waited_s:
            return place
        out.fault("implausible_position", f"{place[0]:.4f}, {place[1]:.4f} is a leap")
        craft.rejected += 1
        if craft.rejected >= _REJECTED_IN_A_ROW:  # then the first position was the wrong one
            craft.position_deg, craft.rejected = None, 0
            craft.codes = {(surface, code.odd): (code, at_ns)}
        return None
    return _first_place(state, craft, code, surface, at_ns, out)


def _first_place(
    state: ModeS, craft: Aircraft, code: cpr.Code, surface: bool, at_ns: int, out: Out
) -> tuple[float, float] | None:
    receiver = state.config.receiver
    near = craft.position_deg
    if near is None and receiver is not None:
        near = receiver.latitude_deg, receiver.longitude_deg
    other = craft.codes.get((surface, not code.odd))
    if other is None or abs(at_ns - other[1]) > _PAIR_NS or (surface and near is None):
        return None
    even, odd = (other[0], code) if code.odd else (code, other[0])
    place = cpr.decode_global(even, odd, code.odd, near if surface else None)
    if place is None:
        return None
    if receiver is not None:
        away_m = _distance_m(place, (receiver.latitude_deg, receiver.longitude_deg))
        if away_m > state.config.receiver_range_m:
            out.fault("implausible_position", f"{away_m / 1000:.0f} km from the receiver")
            return None
    return place


def _distance_m(a_deg: tuple[float, float], b_deg: tuple[float, float]) -> float:
    """Return the great-circle distance on the mean sphere."""
    south, north = radians(a_deg[0]), radians(b_deg[0])
    half = sin((north - south) / 2.0) ** 2
    half += cos(south) * cos(north) * sin(radians(b_deg[1] - a_deg[1]) / 2.0) ** 2
    return 2.0 * MEAN_RADIUS_M * asin(min(1.0, sqrt(half)))


def _sweep(state: ModeS, at_ns: int, out: Out) -> None:
    """Forget aircraft not heard for long, and the longest unheard when there are too many."""
    crowded = len(state.aircraft) > _MOST_AIRCRAFT
    if not crowded and abs(at_ns - state.swept_at_ns) < _TRUST_NS:
        return
    state.swept_at_ns = at_ns
    late = {a: c for a, c in state.aircraft.items() if at_ns - c.trusted_at_ns <= _FORGET_NS}
    if len(late) > _MOST_AIRCRAFT:
        out.fault("overflow", f"{len(late)} addresses at once; half are forgotten")
        newest = sorted(late, key=lambda address: -late[address].trusted_at_ns)
        late = {address: late[address] for address in newest[: _MOST_AIRCRAFT // 2]}
    state.aircraft = late
