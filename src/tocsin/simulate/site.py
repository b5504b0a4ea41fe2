"""The site that a live process would have for a scenario's sensors: no truth in it."""

from __future__ import annotations

import json
from dataclasses import fields
from math import degrees, isfinite
from pathlib import Path
from typing import Any

import numpy as np

from tocsin.contract import InputError, Sensor, SensorKind, zones_geojson
from tocsin.geo.terrain import Terrain
from tocsin.geo.terrain_file import write_terrain
from tocsin.simulate.scenario import Scenario
from tocsin.simulate.terrain import metres_per_degree

TERRAIN = "terrain.tif"
SURVEY_M = 300.0


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
    if _has_ground(scenario):
        lines.append(f'terrain = "{TERRAIN}"')
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
        if _has_ground(scenario):
            write_terrain(_surveyed(scenario), folder / TERRAIN)
    except OSError as error:
        raise InputError(folder, f"cannot be written: {error}", "choose another folder") from error
    return folder / "site.toml"


def _has_ground(scenario: Scenario) -> bool:
    """Tell whether the place is more than sea, and a radar looks over it."""
    place = scenario.file.place
    return bool(place.hill or place.terrain) and len(_radars(scenario)) > 0


def _radars(scenario: Scenario) -> list[Sensor]:
    return [s for s in scenario.sensors if s.kind is SensorKind.RADAR]


def _surveyed(scenario: Scenario) -> Terrain:
    """Return the ground as far as any radar reaches, as a survey would have it."""
    radars = _radars(scenario)
    latitude = np.array([s.latitude_deg for s in radars])
    longitude = np.array([s.longitude_deg for s in radars])
    east, north = metres_per_degree(latitude)
    reach = np.array([s.range_m for s in radars])
    south, top = (latitude - reach / north).min(), (latitude + reach / north).max()
    west, right = (longitude - reach / east).min(), (longitude + reach / east).max()
    step_east = SURVEY_M / float(east.min())
    step_north = SURVEY_M / float(north.min())
    rows = int((top - south) / step_north) + 3
    columns = int((right - west) / step_east) + 3
    south, west = float(south) - step_north, float(west) - step_east
    latitudes = np.asarray(south + step_north * np.arange(rows), np.float64)
    longitudes = np.asarray(west + step_east * np.arange(columns), np.float64)
    height = scenario.ground(latitudes[:, None], longitudes[None, :])
    return Terrain(south, west, step_north, step_east, height.astype(np.float32))


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
