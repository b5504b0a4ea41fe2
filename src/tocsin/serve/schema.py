"""JSON schemas of what the interface sends and takes (JSON Schema 2020-12, as OpenAPI 3.1 has)."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from tocsin.contract import (
    Action,
    BiasComponent,
    Corroboration,
    DeliveryStatus,
    Designation,
    NoticeKind,
    ObjectClass,
    SensorKind,
    SensorState,
    Stage,
    TrackStatus,
)

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
PROBABILITY: Schema = {"type": "number", "minimum": 0, "maximum": 1}
MOMENT: Schema = {"type": "string", "format": "date-time"}
TEXTS: Schema = {"type": "array", "items": TEXT}
COUNTS: Schema = {"type": "object", "additionalProperties": COUNT}
REASON: Schema = {"type": "string", "maxLength": 500}
GEOMETRY: Schema = {"type": "object", "required": ["type"]}


def record(**properties: Schema) -> Schema:
    """Return an object of which every property is always there and no other ever is."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def wish(*, needed: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """Return what a request's body may hold, and which of it must be there."""
    more: Schema = {"required": list(needed)} if needed else {}
    return {
        "type": "object",
        "properties": properties,
        **more,
        "additionalProperties": False,
    }


def or_null(schema: Schema) -> Schema:
    """Return a schema that also takes null."""
    if "enum" in schema:
        return {**schema, "type": ["string", "null"], "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


def rows(schema: Schema) -> Schema:
    """Return an array of a schema."""
    return {"type": "array", "items": schema}


def name_of(enum: type[IntEnum]) -> Schema:
    """Return the lower-case names of an enumeration."""
    return {"type": "string", "enum": [member.name.lower() for member in enum]}


def reference(name: str) -> Schema:
    """Return a reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def features(properties: Schema) -> Schema:
    """Return a GeoJSON FeatureCollection whose features have these properties."""
    kind = {"const": "Feature"}
    feature = record(type=kind, properties=properties, geometry=GEOMETRY)
    return record(type={"const": "FeatureCollection"}, features=rows(feature))


_ROLE: Schema = {"type": "string", "enum": ["viewer", "operator", "supervisor"]}
_PLACE = {
    "latitude_deg": {"type": "number", "minimum": -90, "maximum": 90},
    "longitude_deg": {"type": "number", "minimum": -540, "maximum": 540},
}
_TOWN = record(name=TEXT, **_PLACE, population=COUNT)
_TRACK: dict[str, Schema] = {
    "track_id": TEXT,
    "number": COUNT,
    "status": name_of(TrackStatus),
    "existence_probability": or_null(PROBABILITY),
    **_PLACE,
    "height_wgs84_m": or_null(NUMBER),
    "course_deg": or_null(NUMBER),
    "speed_mps": or_null(NUMBER),
    "climb_mps": or_null(NUMBER),
    "object_class": name_of(ObjectClass),
    "class_probability": or_null(PROBABILITY),
    "mode_s": or_null({"type": "string", "pattern": "^[0-9a-f]{6}$"}),
    "callsign": or_null(TEXT),
    "corroborated": name_of(Corroboration),
    "designation": name_of(Designation),
    "hazardous": FLAG,
    "sensors": TEXTS,
    "external": FLAG,
}
_THREATENED = record(
    zone_id=TEXT, name=TEXT, probability=or_null(PROBABILITY), arrival_p50=or_null(MOMENT)
)
_FORECAST: dict[str, Schema] = {
    "threat_class": or_null(name_of(ObjectClass)),
    "probability": or_null(PROBABILITY),
    "arrival_p10": or_null(MOMENT),
    "arrival_p50": or_null(MOMENT),
    "arrival_p90": or_null(MOMENT),
}

SCHEMAS: dict[str, Schema] = {
    "Error": record(error=TEXT, status={"type": "integer", "minimum": 400, "maximum": 599}),
    "Site": record(
        name=TEXT,
        mode={"type": "string", "enum": ["live", "demo", "replay"]},
        status={"type": "string", "enum": ["Exercise", "Test", "Actual"]},
        origin=record(**_PLACE),
        place=record(coastline=or_null(GEOMETRY), towns=rows(_TOWN)),
        clock=record(controllable=FLAG),
        version=TEXT,
    ),
    "Proposal": record(
        warning_id=TEXT,
        stage=name_of(Stage),
        proposed_at=MOMENT,
        due_at=or_null(MOMENT),
        **_FORECAST,
        track_ids=TEXTS,
        reason=TEXT,
    ),
    "ZoneState": record(
        zone_id=TEXT,
        name=TEXT,
        parent_id=or_null(TEXT),
        population=COUNT,
        time_to_shelter_s=or_null(NUMBER),
        kind={"type": "string", "enum": ["zone", "district"]},
        stage=name_of(Stage),
        **_FORECAST,
        warning_id=or_null(TEXT),
        reason=or_null(TEXT),
        inherited_stage=name_of(Stage),
        inherited_share=PROBABILITY,
        expires_at=or_null(MOMENT),
        released_by=or_null(TEXT),
        proposal={"oneOf": [reference("Proposal"), {"type": "null"}]},
        held_until=or_null(MOMENT),
        extended_until=or_null(MOMENT),
    ),
    "Zones": features(reference("ZoneState")),
    "Track": record(**_TRACK),
    "Tracks": record(at=MOMENT, tracks=rows(reference("Track"))),
    "TrackDetail": record(
        **_TRACK,
        why=TEXTS,
        class_probabilities={"type": "object", "additionalProperties": or_null(PROBABILITY)},
        zones=rows(_THREATENED),
        position_std_m=or_null(NUMBER),
        first_seen=or_null(MOMENT),
        last_plot=or_null(MOMENT),
    ),
    "Warning": record(
        decided_at=MOMENT,
        published_at=or_null(MOMENT),
        zone_id=TEXT,
        zone_name=TEXT,
        warning_id=TEXT,
        action=name_of(Action),
        stage=name_of(Stage),
        **_FORECAST,
        expires_at=or_null(MOMENT),
        track_ids=TEXTS,
        released_by=or_null(TEXT),
        cap_identifier=or_null(TEXT),
        reason=or_null(TEXT),
    ),
    "Warnings": record(warnings=rows(reference("Warning"))),
    "Notice": record(
        at=MOMENT,
        notice_id=TEXT,
        kind=name_of(NoticeKind),
        sensor_id=or_null(TEXT),
        zone_ids=TEXTS,
        text=TEXT,
        ended_at=or_null(MOMENT),
    ),
    "Notices": record(notices=rows(reference("Notice"))),
    "Delivery": record(
        recipient=TEXT,
        cap_identifier=TEXT,
        warning_id=TEXT,
        zone_id=TEXT,
        action=name_of(Action),
        stage=name_of(Stage),
        status=name_of(DeliveryStatus),
        attempts=COUNT,
        decided_at=MOMENT,
        queued_at=MOMENT,
        sent_at=or_null(MOMENT),
        acknowledged_at=or_null(MOMENT),
        last_error=or_null(TEXT),
    ),
    "Deliveries": record(deliveries=rows(reference("Delivery"))),
    "Sensor": record(
        sensor_id=TEXT,
        kind=name_of(SensorKind),
        latitude_deg=or_null(NUMBER),
        longitude_deg=or_null(NUMBER),
        height_wgs84_m=or_null(NUMBER),
        range_m=or_null(NUMBER),
        state=name_of(SensorState),
        last_heard=or_null(MOMENT),
        reports_per_s=or_null(NUMBER),
        plots_total=COUNT,
        faults_total=COUNT,
        bearings_total=COUNT,
        faults=COUNTS,
        biases=rows(
            record(
                component=name_of(BiasComponent),
                unit=TEXT,
                bias=NUMBER,
                std=NUMBER,
                applied=NUMBER,
                significant=FLAG,
                estimated_at=MOMENT,
            )
        ),
    ),
    "Sensors": record(sensors=rows(reference("Sensor"))),
    "Coverage": features(
        record(
            kind={"type": "string", "enum": ["covered", "blind", "unknown"]},
            height_m=NUMBER,
            sensor_id=or_null(TEXT),
        )
    ),
    "Clock": record(
        now=MOMENT,
        speed={"type": "number", "minimum": 0, "maximum": 1000},
        paused=FLAG,
        controllable=FLAG,
        mode=TEXT,
    ),
    "ClockWish": wish(
        speed={"type": "number", "minimum": 0, "maximum": 1000}, paused=FLAG, author=TEXT
    ),
    "Access": record(role=or_null(_ROLE), name=or_null(TEXT)),
    "DesignationWish": wish(
        designation=name_of(Designation), reason=REASON, author=TEXT, needed=("designation",)
    ),
    "OrderWish": wish(reason=REASON, author=TEXT, needed=("reason",)),
    "ReleaseWish": wish(reason=REASON, author=TEXT),
    "TimedOrderWish": wish(
        reason=REASON,
        author=TEXT,
        duration_s={"type": "number", "minimum": 0, "maximum": 86_400},
        until=TEXT,
        needed=("reason",),
    ),
    "Accepted": record(accepted=FLAG),
    "Summary": record(
        plots=COUNT,
        tracks_confirmed=COUNT,
        warnings_by_action=COUNTS,
        zones_by_stage=COUNTS,
        plots_per_s=NUMBER,
        undelivered=rows(
            record(
                recipient=TEXT,
                unreachable=FLAG,
                waiting=COUNT,
                refused=COUNT,
                gave_up=COUNT,
                last_error=or_null(TEXT),
            )
        ),
    ),
    "Health": record(status={"const": "ok"}, now=MOMENT),
}
