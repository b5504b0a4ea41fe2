"""Read scenario files with all that they name."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import shapely
import shapely.geometry
from pydantic import ValidationError

from tocsin.contract import NS, InputError, Origin, Sensor, Zone, read_zones
from tocsin.geo import Region
from tocsin.geo.terrain import Terrain
from tocsin.geo.terrain_file import read_terrain
from tocsin.simulate.names import check_names, once
from tocsin.simulate.recorded import Recording, read_recording
from tocsin.simulate.schema import ScenarioFile
from tocsin.simulate.sensors import check_faults, sensors_of
from tocsin.simulate.terrain import Ground


@dataclass(frozen=True, eq=False)
class Scenario:
    """Hold a checked scenario with its zones and its coast.

    Args:
        file: what the scenario file says.
        zones: public areas, in file order.
        coastline: GeoJSON geometry of the land, longitude and latitude in degrees.
        terrain: heights of the ground, None: sea level and the hills.
        recordings: what the file's `recorded` tables name, read.
    """

    file: ScenarioFile
    zones: tuple[Zone, ...]
    coastline: dict[str, Any]
    terrain: Terrain | None = None
    recordings: tuple[Recording, ...] = ()

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


PLACES = {"vessarin": demo_scenario()}
"""Places that a scenario may name instead of describing one: that of the demo."""


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
    folder = _place(path, raw)
    file = _checked(path, raw)
    zones = read_zones(folder / file.place.zones)
    coast = _coastline(folder / file.place.coastline)
    terrain = read_terrain(folder / file.place.terrain) if file.place.terrain else None
    check_names(path, file, zones)
    once(f"{path}, sensor_id", [sensor.sensor_id for sensor in sensors_of(file)])
    check_faults(path, file)
    recordings = tuple(read_recording(path.parent, table) for table in file.recorded)
    return Scenario(file, zones, coast, terrain, recordings)


def _place(path: Path, raw: dict[str, Any]) -> Path:
    """Put a place that comes with the package where the file names it; return its folder."""
    name = raw.get("place")
    if not isinstance(name, str):
        return path.parent
    if name not in PLACES:
        what = f"{name!r} is no place that comes with the package"
        raise InputError(f"{path}, place", what, f"use {', '.join(PLACES)}, or write [place]")
    raw["place"] = tomllib.loads(PLACES[name].read_text("utf-8"))["place"]
    return PLACES[name].parent


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
