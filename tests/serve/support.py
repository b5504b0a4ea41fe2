"""A small site with a picture in it, and a checker of JSON schemas that shares no code with us."""

import asyncio
import re
from functools import partialmethod
from typing import Any

import httpx
import numpy as np

from tocsin.contract import (
    NS,
    Action,
    Corroboration,
    Faults,
    Forecasts,
    NoticeKind,
    Notices,
    ObjectClass,
    Origin,
    Pending,
    Sensor,
    SensorHealth,
    SensorKind,
    SensorState,
    Stage,
    Tracks,
    TrackStatus,
    Warnings,
    Zone,
)
from tocsin.serve import (
    Clock,
    Hub,
    OperatorRequest,
    ServeConfig,
    SiteInfo,
    Snapshot,
    Town,
    create_app,
)

NOW_NS = 1_936_000_000 * NS + 250_000_000
BASE = "http://127.0.0.1:8080"
TOKEN = "a-token-that-is-long-enough"
SQUARE = (((((-30.1, 49.9), (-29.9, 49.9), (-29.9, 50.1), (-30.1, 49.9)),)),)
ZONES = (
    Zone("z1", "Port Harrow", None, 12_000, 90.0, SQUARE),
    Zone("z2", "Mill Green", "z1", 800, 120.0, SQUARE),
)
SENSORS = (
    Sensor("north", SensorKind.RADAR, 50.2, -30.0, 120.0, 150_000.0),
    Sensor("ears", SensorKind.ADSB_RECEIVER, 50.0, -30.0, 20.0),
)


def coverage(health: SensorHealth, height_m: float) -> dict[str, Any]:
    """Say that everything is blind, without computing anything."""
    properties = {"kind": "blind", "height_m": height_m, "sensor_id": None}
    geometry = {"type": "MultiPolygon", "coordinates": []}
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return {"type": "FeatureCollection", "features": [feature]}


def site() -> SiteInfo:
    """Return a fictional site."""
    towns = (Town("Port Harrow", 50.0, -30.0, 12_000),)
    coast = {"type": "Polygon", "coordinates": [[[-31, 49], [-29, 49], [-29, 51], [-31, 49]]]}
    origin = Origin(50.0, -30.0)
    return SiteInfo("Isle", "demo", "Exercise", origin, coast, towns, ZONES, SENSORS, coverage, "1")


def tracks(count: int = 3) -> Tracks:
    """Return tracks: the first an unidentified drone, the second an airliner, others external."""
    k = np.arange(count)
    probability = np.zeros((count, len(ObjectClass)))
    probability[:, ObjectClass.AIRLINER] = 1.0
    probability[:1] = 0.0
    probability[:1, ObjectClass.ONE_WAY_DRONE], probability[:1, ObjectClass.BIRD] = 0.87, 0.13
    status = np.where(k < 2, TrackStatus.CONFIRMED, TrackStatus.EXTERNAL)
    cov = np.zeros((count, 21))
    cov[:, [0, 6]] = 30.0**2, 40.0**2
    return Tracks.build(
        count,
        measured_at_ns=NOW_NS,
        emitted_at_ns=NOW_NS,
        track_id=[f"T{n:05d}" for n in k + 1],
        number=k + 1,
        status=status,
        existence_probability=0.998,
        latitude_deg=50.0 + 0.001 * k,
        longitude_deg=-30.0 - 0.001 * k,
        height_wgs84_m=np.where(k == 0, 900.0, 10_000.0),
        velocity_east_mps=np.where(k == 0, 30.0, -200.0),
        velocity_north_mps=np.where(k == 0, 40.0, 0.0),
        velocity_up_mps=np.where(k == 0, -3.0, 0.0),
        state_cov_m_mps=cov,
        class_probability=probability,
        object_class=probability.argmax(axis=1),
        corroborated=np.where(k == 1, Corroboration.UNCORROBORATED, 0),
        hazardous=k == 0,
        mode_s=np.where(k == 1, 0x393322, 0),
        mode_s_valid=k == 1,
        callsign=["ISL12" if n == 1 else None for n in k],
        sensor_count=1,
        sensor_ids=[("ears",) if n == 1 else ("north",) for n in k],
        first_at_ns=NOW_NS - 60 * NS,
        last_plot_at_ns=NOW_NS - 2 * NS,
    )


def warning(
    zone_id: str, warning_id: str, action: Action, stage: Stage, arrival_s: int = 300
) -> Warnings:
    """Return one decision."""
    return Warnings.build(
        1,
        decided_at_ns=NOW_NS,
        zone_id=zone_id,
        warning_id=warning_id,
        action=action,
        stage=stage,
        threat_class=ObjectClass.ONE_WAY_DRONE,
        probability=0.62,
        arrival_p10_ns=NOW_NS + (arrival_s - 60) * NS,
        arrival_p50_ns=NOW_NS + arrival_s * NS,
        arrival_p90_ns=0,
        expires_at_ns=NOW_NS + 900 * NS,
        track_ids=[("T00001",)],
        released_by="automatic",
        cap_identifier=f"isle-{warning_id}-{action.name.lower()}",
        reason="One drone heads for it.",
    )


def pending(proposed: Stage = Stage.ALERT, warning_id: str = "w2", **more: Any) -> Pending:
    """Return a proposal for zone z2; arguments replace columns."""
    columns: dict[str, Any] = {
        "zone_id": "z2",
        "warning_id": warning_id,
        "stage": Stage.QUIET,
        "proposed_stage": proposed,
        "proposed_at_ns": NOW_NS,
        "due_at_ns": NOW_NS + 60 * NS,
        "held_until_ns": 0,
        "extended_until_ns": 0,
        "threat_class": ObjectClass.ONE_WAY_DRONE,
        "probability": 0.62,
        "arrival_p10_ns": NOW_NS + 240 * NS,
        "arrival_p50_ns": NOW_NS + 300 * NS,
        "arrival_p90_ns": 0,
        "track_ids": [("T00001",)],
        "reason": "1 one-way drone",
    }
    return Pending.build(1, **(columns | more))


def notice(notice_id: str, kind: NoticeKind, at_ns: int = NOW_NS) -> Notices:
    """Return one notice about the radar."""
    return Notices.build(
        1,
        decided_at_ns=at_ns,
        notice_id=notice_id,
        kind=kind,
        sensor_id="north",
        zone_ids=[("z1",)],
        text="Radar north is silent.",
    )


def health(*states: SensorState) -> SensorHealth:
    """Return the health of the two sensors."""
    return SensorHealth.build(
        2,
        measured_at_ns=NOW_NS,
        sensor_id=["north", "ears"],
        kind=[SensorKind.RADAR, SensorKind.ADSB_RECEIVER],
        state=states or (SensorState.OK, SensorState.NEVER),
        last_heard_ns=[NOW_NS, 0],
        reports_per_s=[12.5, 0.0],
        reports_total=[750, 0],
        faults_total=[1, 0],
    )


def snapshot(**more: Any) -> Snapshot:
    """Return a whole tick; arguments replace its parts."""
    forecasts = Forecasts.build(
        1,
        made_at_ns=NOW_NS,
        zone_id="z1",
        threat_class=ObjectClass.ONE_WAY_DRONE,
        probability=0.62,
        arrival_p10_ns=NOW_NS + 240 * NS,
        arrival_p50_ns=NOW_NS + 300 * NS,
        arrival_p90_ns=NOW_NS + 400 * NS,
        track_ids=[("T00001",)],
    )
    faults = Faults.build(
        1, received_at_ns=NOW_NS, source_id="north", kind="bad_length", detail="", offset_bytes=0
    )
    parts: dict[str, Any] = {
        "clock": Clock(NOW_NS, 1.0, False, True),
        "tracks": tracks(),
        "health": health(),
        "forecasts": forecasts,
        "faults": faults,
        "plots": 40,
        "tick_s": 0.004,
    }
    return Snapshot(**(parts | more))


def busy_hub(asked: list[OperatorRequest] | None = None) -> Hub:
    """Return a hub that holds one of everything and keeps what operators ask."""
    kept = [] if asked is None else asked

    async def act(request: OperatorRequest) -> None:
        kept.append(request)

    hub = Hub(site(), act)
    opened = warning("z1", "w1", Action.ISSUE, Stage.ALERT)
    lost = notice("sensor-north-1", NoticeKind.SENSOR_LOST)
    documents = {"isle-w1-issue": b"<alert/>"}
    feed = b"<feed/>"
    hub.publish(
        snapshot(warnings=opened, notices=lost, documents=documents, feed=feed, pending=pending())
    )
    return hub


class Client:
    """Ask an application without a socket, as its config's host and port."""

    def __init__(self, hub: Hub, config: ServeConfig | None = None, base: str = BASE) -> None:
        self._transport = httpx.ASGITransport(
            create_app(hub, config or ServeConfig(token=TOKEN)), raise_app_exceptions=False
        )
        self._base = base

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Return the answer to one request."""

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url=self._base) as client:
                return await client.request(method, path, **more)

        return asyncio.run(ask())

    get = partialmethod(request, "GET")
    post = partialmethod(request, "POST")


_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


def breaches(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$") -> list[str]:
    """Return where a JSON value breaks a schema, of the keywords that our description uses."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return breaches(value, root["components"]["schemas"][name], root, at)
    if "oneOf" in schema:
        tries = [breaches(value, one, root, at) for one in schema["oneOf"]]
        return [] if [] in tries else [f"{at}: {tries}"]
    if "const" in schema:
        return [] if value == schema["const"] else [f"{at}: {value!r} is not {schema['const']!r}"]
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    numeric_bool = isinstance(value, bool) and "boolean" not in names
    if names and (numeric_bool or not any(isinstance(value, _TYPES[n]) for n in names)):
        return [f"{at}: {value!r} is not {names}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} not in {schema['enum']}")
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{at}: {value!r} does not match")
    if isinstance(value, str) and schema.get("format") == "date-time":
        moment = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
        found += [] if re.match(moment, value) else [f"{at}: {value!r} is no time"]
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum", -1e300), schema.get("maximum", 1e300)
        found += [] if low <= value <= high else [f"{at}: {value} out of range"]
    if isinstance(value, list):
        for k, item in enumerate(value):
            found += breaches(item, schema.get("items", {}), root, f"{at}[{k}]")
    if isinstance(value, dict):
        found += _object_breaches(value, schema, root, at)
    return found


def _object_breaches(
    value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], at: str
) -> list[str]:
    known = schema.get("properties", {})
    found = [f"{at}: no {name!r}" for name in schema.get("required", []) if name not in value]
    more = schema.get("additionalProperties", True)
    for name, item in value.items():
        if name in known:
            found += breaches(item, known[name], root, f"{at}.{name}")
        elif more is False:
            found.append(f"{at}: {name!r} is not described")
        elif isinstance(more, dict):
            found += breaches(item, more, root, f"{at}.{name}")
    return found
