"""What a site is made of: sensors and zones, as core rooms see them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan
from pathlib import Path
from typing import Any, TypeVar

from tocsin.contract.enums import SensorKind
from tocsin.contract.errors import InputError

N = TypeVar("N", int, float)
Ring = tuple[tuple[float, float], ...]
"""Closed ring of (longitude_deg, latitude_deg)."""
Polygon = tuple[Ring, ...]
"""Outer ring, then holes."""


@dataclass(frozen=True)
class Origin:
    """Place the region frame at a point of the WGS-84 ellipsoid."""

    latitude_deg: float
    longitude_deg: float
    height_wgs84_m: float = 0.0


@dataclass(frozen=True)
class Sensor:
    """Describe one sensor: where it is, what it can see, how well.

    Args:
        sensor_id: name, as in reports.
        kind: what it is.
        latitude_deg: WGS-84; NaN where unknown (a network feed).
        longitude_deg: WGS-84.
        height_wgs84_m: of the antenna.
        range_m: instrumented range.
        period_s: revolution time of a radar; longest normal silence of an event-driven source.
        detection_probability: per look, within coverage.
        false_plots_per_look: expected per revolution, uniform in range, azimuth and elevation.
        range_std_m: standard deviation where the report gives none.
        azimuth_std_rad: likewise.
        elevation_std_rad: likewise; NaN: the radar measures no elevation.
        horizontal_std_m: for geographic reports that give none.
        vertical_std_m: likewise.
        elevation_min_rad: lower edge of the beam.
        elevation_max_rad: upper edge of the beam.
        earth_factor: effective-earth factor k of its horizon.
        clear_range_m: where a target of 1 m2 is detected nine times in ten; NaN: not known.
        range_cell_m: two targets within all its cells give one plot; NaN: it tells all apart.
        azimuth_cell_rad: likewise.
        elevation_cell_rad: likewise; NaN: however far apart in elevation.
    """

    sensor_id: str
    kind: SensorKind
    latitude_deg: float = nan
    longitude_deg: float = nan
    height_wgs84_m: float = 0.0
    range_m: float = inf
    period_s: float = 10.0
    detection_probability: float = 0.9
    false_plots_per_look: float = 1.0
    range_std_m: float = 50.0
    azimuth_std_rad: float = 0.0015
    elevation_std_rad: float = nan
    range_rate_std_mps: float = nan
    horizontal_std_m: float = 30.0
    vertical_std_m: float = 30.0
    elevation_min_rad: float = -0.02
    elevation_max_rad: float = 0.7
    earth_factor: float = 4.0 / 3.0
    clear_range_m: float = nan
    range_cell_m: float = nan
    azimuth_cell_rad: float = nan
    elevation_cell_rad: float = nan


@dataclass(frozen=True)
class Zone:
    """Describe one public area that can be warned."""

    zone_id: str
    name: str
    parent_id: str | None
    population: int
    time_to_shelter_s: float
    polygons: tuple[Polygon, ...]


def read_zones(path: Path) -> tuple[Zone, ...]:
    """Return the zones of a `zones.geojson`, in file order.

    Raises:
        InputError: no such file, no GeoJSON, or a feature that is no usable zone.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise InputError(path, "no such file", "check the path") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(path, f"is no JSON: {error}", "expected zones as GeoJSON") from error
    return parse_zones(data, path)


def parse_zones(data: object, where: object) -> tuple[Zone, ...]:
    """Return the zones of a GeoJSON FeatureCollection, in its order.

    Args:
        data: the parsed JSON.
        where: name of the file for errors.

    Raises:
        InputError: no FeatureCollection, or a feature that is no usable zone.
    """
    features = data.get("features") if isinstance(data, dict) else None
    if not isinstance(features, list):
        raise InputError(where, "has no features", "expected a GeoJSON FeatureCollection")
    zones = tuple(_zone(f"{where}, feature {k}", f) for k, f in enumerate(features))
    ids = [zone.zone_id for zone in zones]
    repeated = [i for k, i in enumerate(ids) if i in ids[:k]]
    if repeated:
        raise InputError(where, f"zone_id {repeated[0]!r} occurs twice", "make ids unique")
    return zones


def _zone(where: str, feature: Any) -> Zone:
    try:
        properties, geometry = feature["properties"], feature["geometry"]
        kind, coordinates = geometry["type"], geometry["coordinates"]
        parts = {"Polygon": [coordinates], "MultiPolygon": coordinates}[kind]
        return Zone(
            str(properties["zone_id"]),
            str(properties["name"]),
            properties.get("parent_id"),
            _at_least_0(int(properties["population"])),
            _at_least_0(float(properties["time_to_shelter_s"])),
            tuple(_polygon(part) for part in parts),
        )
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        mend = "give zone_id, name, population, time_to_shelter_s and a Polygon or MultiPolygon"
        raise InputError(where, f"is no zone ({error!r})", mend) from error


def _at_least_0(value: N) -> N:
    if not 0 <= value < inf:
        raise ValueError(f"{value} is no number from 0")
    return value


def _polygon(rings: Any) -> Polygon:
    polygon = tuple(tuple((float(x), float(y)) for x, y, *_ in ring) for ring in rings)
    for ring in polygon:
        if len(ring) < 4 or ring[0] != ring[-1]:
            raise ValueError("a ring is not closed")
        if not all(abs(y) <= 90.0 and abs(x) <= 360.0 for x, y in ring):  # NaN is neither
            raise ValueError("a coordinate is out of range")
    return polygon


def zones_geojson(zones: Sequence[Zone]) -> dict[str, Any]:
    """Return zones as a GeoJSON FeatureCollection."""
    return {"type": "FeatureCollection", "features": [_feature(zone) for zone in zones]}


def _feature(zone: Zone) -> dict[str, Any]:
    names = ("zone_id", "name", "parent_id", "population", "time_to_shelter_s")
    geometry = {"type": "MultiPolygon", "coordinates": zone.polygons}
    properties = {name: getattr(zone, name) for name in names}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
