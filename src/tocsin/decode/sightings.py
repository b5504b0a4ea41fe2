"""People's sightings as JSON lines: who saw or heard what, where from, how reliable.

One object per line; `docs/reference/formats.md` lists the fields. From the observer's place, a
bearing and a rough range comes the place of the object, with an error as wide as that guess is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import cos, hypot, radians, sin
from typing import Any

import numpy as np

from tocsin.contract import ObjectClass, ReportKind
from tocsin.decode import lines
from tocsin.decode.config import DecodeConfig
from tocsin.decode.out import Out, Row
from tocsin.geo import ecef_to_geodetic, enu_rotation, geodetic_to_ecef

_GRADE = re.compile(r"[A-F][1-6]")
_LONE = re.compile("[\ud800-\udfff]")  # half of a pair, which no file can hold
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_S = 9.0e9  # int64 nanoseconds end in the year 2262
_BEARING_STD_RAD = radians(10.0)
_RANGE_STD = 0.3
_HEIGHT_STD, _LEAST_HEIGHT_STD_M = 0.5, 100.0

# How far away a person notices such an object, and the spread of that: assumptions of this
# project, wide on purpose; a stated range replaces them.
_NOTICED_M: dict[str, tuple[float, float]] = {
    "unknown": (2500.0, 2000.0),
    "airliner": (8000.0, 5000.0),
    "light_aircraft": (3000.0, 1500.0),
    "helicopter": (3000.0, 1500.0),
    "bird": (200.0, 150.0),
    "balloon": (2000.0, 1500.0),
    "multirotor": (400.0, 250.0),
    "one_way_drone": (2000.0, 1200.0),
    "fast_low_flyer": (3000.0, 2000.0),
    "ballistic": (20_000.0, 15_000.0),
}
KINDS = tuple(member.name.lower() for member in ObjectClass)


@dataclass
class Sightings:
    """Hold an unfinished line."""

    lines: lines.Lines = field(default_factory=lines.Lines)


class _BadError(Exception):
    """Say what is wrong with a sighting."""


def start(_: DecodeConfig) -> Sightings:
    """Return the state before the first byte."""
    return Sightings()


def feed(state: Sightings, chunk: bytes, out: Out) -> None:
    """Decode one chunk of JSON lines."""
    _decode(lines.cut(state.lines, chunk, out), out)


def finish(state: Sightings, out: Out) -> None:
    """Decode the last line, which need not end."""
    _decode(lines.last(state.lines), out)


def _decode(found: list[tuple[int, bytes]], out: Out) -> None:
    out.count("sightings", len(found))
    for place, line in found:
        said = lines.json_object(line)
        if isinstance(said, str):
            out.fault("bad_line", said, place)
            continue
        try:
            out.report(_report(said))
        except _BadError as problem:
            out.fault("bad_sighting", str(problem), place)


def _report(said: dict[str, Any]) -> Row:
    observer = said.get("observer")
    if not isinstance(observer, dict):
        raise _BadError("observer: give latitude_deg and longitude_deg")
    here_deg = (
        _number(observer, "latitude_deg", -90.0, 90.0),
        _number(observer, "longitude_deg", -180.0, 180.0),
    )
    ground_m = _number(observer, "height_wgs84_m", -500.0, 9000.0, 0.0)
    row: Row = {
        "measured_at_ns": _observed_at_ns(said.get("observed_at")),
        "kind": ReportKind.SIGHTING,
        "grade": _text(said, "grade", _GRADE.fullmatch),
        "origin_id": _text(said, "origin_id"),
    }
    if said.get("relayed_from") is not None:
        row["relayed_from"] = _text(said, "relayed_from")
    kind = _text(said, "kind", _NOTICED_M.get)
    row |= _place(said, kind, here_deg, ground_m)
    if said.get("height_m") is not None:
        over = _number(said, "height_m", 0.0, 100_000.0)
        row["height_wgs84_m"] = ground_m + over
        row["vertical_std_m"] = max(_LEAST_HEIGHT_STD_M, _HEIGHT_STD * over)
    return row


def _place(said: dict[str, Any], kind: str, here_deg: tuple[float, float], ground_m: float) -> Row:
    """Return where the object was, with the error of that guess."""
    distance_m, spread_m = _NOTICED_M[kind]
    if said.get("range_m") is not None:
        distance_m = _number(said, "range_m", 0.0, 200_000.0)
        spread_m = max(_RANGE_STD * distance_m, 50.0)
    if said.get("bearing_deg") is None:  # somewhere about the observer
        error_m = hypot(distance_m, spread_m)
        there_deg = here_deg
    else:
        error_m = max(spread_m, distance_m * _BEARING_STD_RAD)
        bearing_rad = radians(_number(said, "bearing_deg", 0.0, 360.0))
        there_deg = _away(here_deg, ground_m, distance_m, bearing_rad)
    return {
        "latitude_deg": there_deg[0],
        "longitude_deg": there_deg[1],
        "horizontal_std_m": error_m,
    }


def _away(
    here_deg: tuple[float, float], ground_m: float, distance_m: float, bearing_rad: float
) -> tuple[float, float]:
    """Return the place so far away in a direction."""
    latitude_deg, longitude_deg = np.array(here_deg[:1]), np.array(here_deg[1:])
    offset_m = distance_m * np.array([sin(bearing_rad), cos(bearing_rad), 0.0])
    origin_m = geodetic_to_ecef(latitude_deg, longitude_deg, np.array([ground_m]))
    east_north_up = enu_rotation(latitude_deg, longitude_deg).reshape(3, 3)
    there = ecef_to_geodetic(origin_m + offset_m @ east_north_up)
    return float(there[0][0]), float(there[1][0])


def _observed_at_ns(value: Any) -> int:
    """Return an ISO 8601 time with its zone, or UTC seconds, as nanoseconds."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0.0 <= value < _LATEST_S:
        return round(value * 1e6) * 1000
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _BadError(
            "observed_at: give an ISO 8601 time with its zone, or UTC seconds"
        ) from None
    if instant.tzinfo is None:
        raise _BadError("observed_at: the time has no zone; write Z or +02:00 behind it")
    since = instant - _EPOCH
    if not 0.0 <= since.total_seconds() < _LATEST_S:
        raise _BadError("observed_at: give a time between 1970 and 2255")
    return since // timedelta(microseconds=1) * 1000


def _number(
    said: dict[str, Any], name: str, least: float, most: float, otherwise: float | None = None
) -> float:
    value = said.get(name, otherwise)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most:
        return float(value)
    raise _BadError(f"{name}: give a number from {least:g} to {most:g}")


def _text(said: dict[str, Any], name: str, check: Callable[[str], Any] | None = None) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value or len(value) > 200 or _LONE.search(value):
        raise _BadError(f"{name}: give a text")
    if check is not None and not check(value):
        allowed = "A1 to F6" if name == "grade" else ", ".join(KINDS)
        raise _BadError(f"{name}: {value!r} is not one of {allowed}")
    return value
