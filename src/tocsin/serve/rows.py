"""Rows of tables as JSON objects: ISO times, degrees, lower-case names, null for what is absent."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from tocsin.contract import (
    NS,
    Action,
    BiasComponent,
    Biases,
    Corroboration,
    Designation,
    NoticeKind,
    ObjectClass,
    Sensor,
    SensorHealth,
    SensorKind,
    SensorState,
    Stage,
    Tracks,
    TrackStatus,
    Warnings,
)

Row = dict[str, Any]
_BIAS_UNITS = {
    BiasComponent.RANGE: ("m", 1.0),
    BiasComponent.AZIMUTH: ("deg", math.degrees(1.0)),
    BiasComponent.ELEVATION: ("deg", math.degrees(1.0)),
    BiasComponent.TIME: ("s", 1.0),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(at_ns: int) -> str:
    """Return a time as ISO-8601 UTC with milliseconds, cut, never rounded up.

    >>> iso(1_500_000_000_250_999_999)
    '2017-07-14T02:40:00.250Z'
    """
    moment = _EPOCH + timedelta(milliseconds=at_ns // 1_000_000)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def iso_or_none(at_ns: int) -> str | None:
    """Return a time as `iso`, or None for 0, which means: none."""
    return iso(at_ns) if at_ns else None


def number(value: float, digits: int = 3) -> float | None:
    """Return a rounded number, or None for what JSON cannot hold."""
    return round(float(value), digits) if math.isfinite(value) else None


def dump(value: object) -> bytes:
    """Return compact JSON; NaN is refused, because JSON has none."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def lower(member: Any) -> str:
    """Return an enumeration member's name as files and JSON have it."""
    return str(member.name).lower()


def track_rows(tracks: Tracks) -> list[Row]:
    """Return one object per track."""
    return [track_row(tracks, k) for k in range(len(tracks))]


def track_row(tracks: Tracks, k: int) -> Row:
    """Return the object of one track."""
    east, north = float(tracks.velocity_east_mps[k]), float(tracks.velocity_north_mps[k])
    object_class = int(tracks.object_class[k])
    return {
        "track_id": tracks.track_id[k],
        "number": int(tracks.number[k]),
        "status": lower(TrackStatus(tracks.status[k])),
        "existence_probability": number(tracks.existence_probability[k], 4),
        "latitude_deg": number(tracks.latitude_deg[k], 6),
        "longitude_deg": number(tracks.longitude_deg[k], 6),
        "height_wgs84_m": number(tracks.height_wgs84_m[k], 1),
        "course_deg": number(math.degrees(math.atan2(east, north)) % 360.0, 2),
        "speed_mps": number(math.hypot(east, north), 2),
        "climb_mps": number(tracks.velocity_up_mps[k], 2),
        "object_class": lower(ObjectClass(object_class)),
        "class_probability": number(tracks.class_probability[k, object_class], 4),
        "mode_s": f"{tracks.mode_s[k]:06x}" if tracks.mode_s_valid[k] else None,
        "callsign": tracks.callsign[k] or None,
        "corroborated": lower(Corroboration(tracks.corroborated[k])),
        "designation": lower(Designation(tracks.designation[k])),
        "hazardous": bool(tracks.hazardous[k]),
        "sensors": list(tracks.sensor_ids[k]),
        "external": bool(tracks.status[k] == TrackStatus.EXTERNAL),
    }


def warning_row(warnings: Warnings, k: int, zone_names: Mapping[str, str]) -> Row:
    """Return the object of one warning decision."""
    zone_id = warnings.zone_id[k]
    return {
        "decided_at": iso(int(warnings.decided_at_ns[k])),
        "published_at": iso_or_none(int(warnings.published_at_ns[k])),
        "zone_id": zone_id,
        "zone_name": zone_names.get(zone_id, zone_id),
        "warning_id": warnings.warning_id[k],
        "action": lower(Action(warnings.action[k])),
        "stage": lower(Stage(warnings.stage[k])),
        "threat_class": lower(ObjectClass(warnings.threat_class[k])),
        "probability": number(warnings.probability[k], 4),
        "arrival_p10": iso_or_none(int(warnings.arrival_p10_ns[k])),
        "arrival_p50": iso_or_none(int(warnings.arrival_p50_ns[k])),
        "arrival_p90": iso_or_none(int(warnings.arrival_p90_ns[k])),
        "expires_at": iso_or_none(int(warnings.expires_at_ns[k])),
        "track_ids": list(warnings.track_ids[k]),
        "released_by": warnings.released_by[k],
        "cap_identifier": warnings.cap_identifier[k],
        "reason": warnings.reason[k],
    }


def notice_kind(code: int) -> str:
    """Return the name of a notice kind."""
    return lower(NoticeKind(code))


def sensor_rows(
    sensors: Sequence[Sensor],
    health: SensorHealth,
    faults: Mapping[str, Mapping[str, int]],
    biases: Biases,
) -> list[Row]:
    """Return one object per sensor of the site, then one per further sensor that was heard."""
    places = {sensor.sensor_id: sensor for sensor in sensors}
    heard = {sensor_id: k for k, sensor_id in enumerate(health.sensor_id)}
    order = [*places, *(sensor_id for sensor_id in heard if sensor_id not in places)]
    return [
        _place_row(i, places.get(i))
        | _health_row(health, heard.get(i))
        | _fault_row(faults.get(i))
        | {"biases": _bias_rows(biases.take(biases.sensor_id == i))}
        for i in order
    ]


def _place_row(sensor_id: str, sensor: Sensor | None) -> Row:
    place = sensor or Sensor(sensor_id, SensorKind.EXTERNAL)
    return {
        "sensor_id": sensor_id,
        "kind": lower(place.kind),
        "latitude_deg": number(place.latitude_deg, 6),
        "longitude_deg": number(place.longitude_deg, 6),
        "height_wgs84_m": number(place.height_wgs84_m, 1),
        "range_m": number(place.range_m, 1),
    }


def _health_row(health: SensorHealth, k: int | None) -> Row:
    if k is None:
        never = {"state": "never", "last_heard": None, "reports_per_s": 0.0}
        return never | {"plots_total": 0, "faults_total": 0, "bearings_total": 0}
    return {
        "kind": lower(SensorKind(health.kind[k])),
        "state": lower(SensorState(health.state[k])),
        "last_heard": iso_or_none(int(health.last_heard_ns[k])),
        "reports_per_s": number(health.reports_per_s[k], 2),
        "plots_total": int(health.reports_total[k]),
        "faults_total": int(health.faults_total[k]),
        "bearings_total": int(health.bearings_total[k]),
    }


def _fault_row(kinds: Mapping[str, int] | None) -> Row:
    return {"faults": dict(sorted((kinds or {}).items()))}


def _bias_rows(biases: Biases) -> list[Row]:
    return [_bias_row(row) for row in biases.rows()]


def _bias_row(row: Mapping[str, Any]) -> Row:
    component = BiasComponent(row["component"])
    unit, scale = _BIAS_UNITS[component]
    sizes = {name: number(scale * row[name], 4) for name in ("bias", "std", "applied")}
    return {
        "component": lower(component),
        "unit": unit,
        **sizes,
        "significant": bool(row["significant"]),
        "estimated_at": iso(row["estimated_at_ns"]),
    }


def seconds_between(later_ns: int, earlier_ns: int) -> float:
    """Return the seconds from one time to another."""
    return float(np.int64(later_ns) - np.int64(earlier_ns)) / NS
