"""Other versions of a scenario: another seed, a mirrored world, fewer sensors, no raids."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tocsin.contract import HAZARDS, InputError
from tocsin.geo.terrain import Terrain
from tocsin.simulate.names import known
from tocsin.simulate.scenario import Scenario
from tocsin.simulate.schema import ScenarioFile
from tocsin.simulate.sensors import without


def with_seed(scenario: Scenario, seed: int) -> Scenario:
    """Return the scenario with other chances."""
    return replace(scenario, file=scenario.file.model_copy(update={"seed": seed}))


def civil_only(scenario: Scenario) -> Scenario:
    """Return the scenario without all that can hurt people below, and without sightings."""
    file, people = scenario.file, scenario.file.people
    quiet = people.model_copy(update={"sighting": ()}) if people else None
    kept = tuple(
        recording
        for recording in scenario.recordings
        if not np.isin(recording.kind, [int(kind) for kind in HAZARDS]).any()
    )
    update = {
        "raid": (),
        "ballistic": (),
        "swarm": tuple(swarm for swarm in file.swarm if not swarm.hazardous),
        "formation": tuple(group for group in file.formation if not group.hazardous),
        "recorded": tuple(recording.table for recording in kept),
        "people": quiet,
    }
    return replace(scenario, file=file.model_copy(update=update), recordings=kept)


def without_sensor(scenario: Scenario, sensor_id: str) -> Scenario:
    """Return the scenario without one sensor.

    Raises:
        InputError: the scenario has no such sensor.
    """
    file = scenario.file
    known("sensor", [sensor_id], [sensor.sensor_id for sensor in scenario.sensors])
    return replace(scenario, file=without(file, sensor_id))


def mirrored(scenario: Scenario) -> Scenario:
    """Return the scenario with east and west exchanged about the place's centre.

    Raises:
        InputError: the scenario follows recordings.
    """
    if scenario.recordings:
        raise InputError("mirrored", "a recording is not mirrored", "leave [[recorded]] out")
    centre = scenario.file.place.longitude_deg
    file = ScenarioFile.model_validate(_mirror_keys(scenario.file.model_dump(), centre))
    zones = tuple(
        replace(zone, polygons=_mirror_rings(zone.polygons, centre)) for zone in scenario.zones
    )
    coast = scenario.coastline
    turned = {**coast, "coordinates": _mirror_rings(coast["coordinates"], centre)}
    return Scenario(file, zones, turned, _mirror_terrain(scenario.terrain, centre))


def _mirror_terrain(terrain: Terrain | None, centre: float) -> Terrain | None:
    if terrain is None:
        return None
    west = 2.0 * centre - terrain.bounds_deg[3]
    heights = np.ascontiguousarray(terrain.height_wgs84_m[:, ::-1])
    return replace(terrain, west_deg=west, height_wgs84_m=heights)


def _mirror_keys(value: Any, centre: float) -> Any:
    """Return nested data with every longitude and bearing in it mirrored."""
    if isinstance(value, (list, tuple)):
        return [_mirror_keys(item, centre) for item in value]
    if not isinstance(value, dict):
        return value
    out = {key: _mirror_keys(item, centre) for key, item in value.items()}
    if out.get("longitude_deg") is not None:
        out["longitude_deg"] = 2.0 * centre - out["longitude_deg"]
    for key in ("bearing_deg", "inbound_bearing_deg", "from_bearing_deg"):
        if out.get(key) is not None:
            out[key] = -out[key]
    if "side" in out:
        out["side"] = "left" if out["side"] == "right" else "right"
    if "azimuth_from_deg" in out:
        sector = out["azimuth_from_deg"], out["azimuth_to_deg"]
        out["azimuth_to_deg"], out["azimuth_from_deg"] = (-azimuth_deg for azimuth_deg in sector)
    return out


def _mirror_rings(value: Any, centre: float) -> Any:
    """Return nested coordinates mirrored; a pair is (longitude, latitude)."""
    if isinstance(value[0], (int, float)):
        return (2.0 * centre - value[0], value[1])
    return tuple(_mirror_rings(item, centre) for item in value)
