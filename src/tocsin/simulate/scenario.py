"""Read scenario files, and change them: another seed, a mirrored world, fewer sensors."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import shapely
import shapely.geometry
from pydantic import ValidationError

from tocsin.contract import NS, InputError, Origin, Sensor, Zone, read_zones
from tocsin.geo import Region
from tocsin.simulate.schema import ScenarioFile
from tocsin.simulate.schema_base import named_places
from tocsin.simulate.schema_objects import Mover
from tocsin.simulate.sensors import check_faults, sensors_of, without
from tocsin.simulate.terrain import Ground, Raster


@dataclass(frozen=True, eq=False)
class Scenario:
    """Hold a checked scenario with its zones and its coast.

    Args:
        file: what the scenario file says.
        zones: public areas, in file order.
        coastline: GeoJSON geometry of the land, longitude and latitude in degrees.
        terrain: heights of the ground, None: sea level and the hills.
    """

    file: ScenarioFile
    zones: tuple[Zone, ...]
    coastline: dict[str, Any]
    terrain: Raster | None = None

    @property
    def start_ns(self) -> int:
        """Return when the scenario starts, ns UTC."""
        since = self.file.start - datetime(1970, 1, 1, tzinfo=UTC)
        return (since // timedelta(microseconds=1)) * 1000

    @property
    def tick_s(self) -> float:
        """Return the length of one step in seconds."""
        return self.file.tick_s

    @property
    def tick_ns(self) -> int:
        """Return the length of one step."""
        return round(self.file.tick_s * NS)

    @property
    def ticks(self) -> int:
        """Return the number of steps."""
        return int(self.file.duration_s / self.file.tick_s)

    @property
    def region(self) -> Region:
        """Return the region frame at the place's centre."""
        return Region.at(Origin(self.file.place.latitude_deg, self.file.place.longitude_deg))

    @property
    def ground(self) -> Ground:
        """Return the ground: hills on the terrain."""
        return Ground.of(self.file.place.hill, self.terrain)

    @property
    def sensors(self) -> tuple[Sensor, ...]:
        """Return the sensors as a live site would know them."""
        return sensors_of(self.file)


def demo_scenario() -> Path:
    """Return the path of the demo scenario that comes with the package."""
    return Path(__file__).parent / "scenarios" / "demo.toml"


def read_scenario(path: Path) -> Scenario:
    """Return the scenario in a file, with the zones and the coast that it names.

    Raises:
        InputError: the file, a key, the zones or the coast cannot be used.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(path, "cannot be read", "check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(path, f"is no TOML: {error}", "mend it there") from error
    file = _checked(path, raw)
    zones = read_zones(path.parent / file.place.zones)
    scenario = Scenario(file, zones, _coastline(path.parent / file.place.coastline))
    _check_names(path, scenario)
    return scenario


def _checked(where: object, raw: dict[str, Any]) -> ScenarioFile:
    try:
        return ScenarioFile.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "top level"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        what = f"{first['msg'].removeprefix('Value error, ')}{more}"
        raise InputError(f"{where}, {key}", what, "see docs/reference/scenario.md") from error


def _coastline(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8"))
        parts = [shapely.geometry.shape(f["geometry"]) for f in data["features"]]
        geometry = shapely.union_all(parts)
    except OSError as error:
        raise InputError(path, "cannot be read", "check the path") from error
    except (ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        mend = "give a FeatureCollection of polygons"
        raise InputError(path, f"is no coastline ({error!r})", mend) from error
    mapping: dict[str, Any] = shapely.geometry.mapping(geometry)
    return mapping


def _check_names(path: Path, scenario: Scenario) -> None:
    """Check that every name that a scenario uses is one that it declares, and only once."""
    file = scenario.file
    places = [p.name for p in named_places(file.place)]
    sensors = [sensor.sensor_id for sensor in scenario.sensors]
    movers: tuple[Mover, ...] = (*file.traffic, *file.birds, *file.raid)
    groups = [mover.name for mover in movers]
    for key, names in (("place", places), ("sensor_id", sensors), ("name", groups)):
        _once(f"{path}, {key}", names)
    zones = [zone.zone_id for zone in scenario.zones]
    for k, raid in enumerate(file.raid):
        _known(f"{path}, raid.{k}.target", [t.zone for t in raid.target], zones)
    check_faults(path, file)
    sightings = file.people.sighting if file.people else ()
    _known(f"{path}, people.sighting", [s.of for s in sightings], [r.name for r in file.raid])
    points = [s.where for s in sightings] + [birds.home for birds in file.birds]
    points += [point for traffic in file.traffic for point in traffic.waypoints]
    _known(f"{path}, at", [p.at for p in points if p.at is not None], places)


def _once(where: str, names: list[str]) -> None:
    repeated = [name for k, name in enumerate(names) if name in names[:k]]
    if repeated:
        raise InputError(where, f"{repeated[0]!r} occurs twice", "make names unique")


def _known(where: str, names: Iterable[str], known: list[str]) -> None:
    for name in names:
        if name not in known:
            listed = ", ".join(known[:12]) + (" ..." if len(known) > 12 else "")
            raise InputError(where, f"{name!r} is not declared", f"use one of: {listed or 'none'}")


def with_seed(scenario: Scenario, seed: int) -> Scenario:
    """Return the scenario with other chances."""
    return replace(scenario, file=scenario.file.model_copy(update={"seed": seed}))


def civil_only(scenario: Scenario) -> Scenario:
    """Return the scenario without raids, and so without sightings of them."""
    people = scenario.file.people
    quiet = people.model_copy(update={"sighting": ()}) if people else None
    update = {"raid": (), "people": quiet}
    return replace(scenario, file=scenario.file.model_copy(update=update))


def without_sensor(scenario: Scenario, sensor_id: str) -> Scenario:
    """Return the scenario without one sensor.

    Raises:
        InputError: the scenario has no such sensor.
    """
    file = scenario.file
    _known("sensor", [sensor_id], [sensor.sensor_id for sensor in scenario.sensors])
    return replace(scenario, file=without(file, sensor_id))


def mirrored(scenario: Scenario) -> Scenario:
    """Return the scenario with east and west exchanged about the place's centre."""
    centre = scenario.file.place.longitude_deg
    file = ScenarioFile.model_validate(_mirror_keys(scenario.file.model_dump(), centre))
    zones = tuple(
        replace(zone, polygons=_mirror_rings(zone.polygons, centre)) for zone in scenario.zones
    )
    coast = scenario.coastline
    turned = {**coast, "coordinates": _mirror_rings(coast["coordinates"], centre)}
    return Scenario(file, zones, turned)


def _mirror_keys(value: Any, centre: float) -> Any:
    """Return nested data with every longitude and bearing in it mirrored."""
    if isinstance(value, (list, tuple)):
        return [_mirror_keys(item, centre) for item in value]
    if not isinstance(value, dict):
        return value
    out = {key: _mirror_keys(item, centre) for key, item in value.items()}
    if out.get("longitude_deg") is not None:
        out["longitude_deg"] = 2.0 * centre - out["longitude_deg"]
    if out.get("bearing_deg") is not None:
        out["bearing_deg"] = -out["bearing_deg"]
    if "azimuth_from_deg" in out:
        sector = out["azimuth_from_deg"], out["azimuth_to_deg"]
        out["azimuth_to_deg"], out["azimuth_from_deg"] = (-azimuth_deg for azimuth_deg in sector)
    return out


def _mirror_rings(value: Any, centre: float) -> Any:
    """Return nested coordinates mirrored; a pair is (longitude, latitude)."""
    if isinstance(value[0], (int, float)):
        return (2.0 * centre - value[0], value[1])
    return tuple(_mirror_rings(item, centre) for item in value)
