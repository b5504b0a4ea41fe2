"""The site that a live process would have for a scenario's sensors: no truth in it."""

from __future__ import annotations

import json
from dataclasses import fields
from math import degrees, isfinite
from pathlib import Path
from typing import Any

from tocsin.contract import InputError, Sensor, zones_geojson
from tocsin.simulate.scenario import Scenario


def site_toml(scenario: Scenario) -> str:
    """Return the text of a `site.toml`: name, origin, zones, map and sensors.

    Unknown values (a radar without elevation, a sensor without a place) are left out.
    """
    place = scenario.file.place
    lines = [
        "[site]",
        f"name = {json.dumps(place.name)}",
        f"latitude_deg = {place.latitude_deg!r}",
        f"longitude_deg = {place.longitude_deg!r}",
        'zones = "zones.geojson"',
        'place = "place.json"',
    ]
    for sensor in scenario.sensors:
        lines += ["", "[[sensor]]", *_sensor(sensor)]
    return "\n".join(lines) + "\n"


def place_json(scenario: Scenario) -> dict[str, Any]:
    """Return what maps show beside the zones: coastline and towns."""
    towns = [town.model_dump() for town in scenario.file.place.town]
    return {"coastline": scenario.coastline, "towns": towns}


def write_site(scenario: Scenario, folder: Path) -> Path:
    """Write `site.toml` and the files that it names into a folder; return its path.

    Raises:
        InputError: the folder cannot be written.
    """
    files = {
        "zones.geojson": json.dumps(zones_geojson(scenario.zones)),
        "place.json": json.dumps(place_json(scenario)),
        "site.toml": site_toml(scenario),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, "utf-8")
    except OSError as error:
        raise InputError(folder, f"cannot be written: {error}", "choose another folder") from error
    return folder / "site.toml"


def _sensor(sensor: Sensor) -> list[str]:
    lines = []
    for field in fields(sensor):
        value = getattr(sensor, field.name)
        if field.name == "sensor_id":
            lines.append(f"sensor_id = {json.dumps(value)}")
        elif field.name == "kind":
            lines.append(f'kind = "{value.name.lower()}"')
        elif not isfinite(value) or value == field.default:
            continue
        elif field.name.endswith("_rad"):
            lines.append(f"{field.name.removesuffix('_rad')}_deg = {round(degrees(value), 9)!r}")
        else:
            lines.append(f"{field.name} = {float(value)!r}")
    return lines
