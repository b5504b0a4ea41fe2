"""What live radars can see at a height, and where they are blind, as areas on the map.

Areas are polygons in degrees whose longitudes are unwrapped about the site's origin.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import mapping

from tocsin.contract import F64, Bool, Sensor, SensorHealth, SensorKind, SensorState, Zone
from tocsin.geo import Region, elevation_at_height, horizon_range_m, polar_to_enu
from tocsin.picture.config import PictureConfig
from tocsin.picture.terrain import sight

_AZIMUTHS = 180
_RANGES = 4001
_EMPTY_SITE_M = 150_000.0
_SLIVER_DEG2 = 1e-6
"""Some hundred metres each way: far below what an area's edges are good for."""
_BARELY = 0.1
"""Share of a zone that must be lost before it is named."""


def live_sensors(config: PictureConfig, health: SensorHealth) -> Bool:
    """Return (sensors,) which are heard: late ones still are, silent and unheard ones are not."""
    states = dict(zip(health.sensor_id, health.state.tolist(), strict=True))
    heard = (SensorState.OK, SensorState.LATE)
    return np.array([states.get(s.sensor_id) in heard for s in config.sensors], bool)


def coverage(
    config: PictureConfig, health: SensorHealth, zones: Sequence[Zone], height_m: float
) -> dict[str, Any]:
    """Return what each live radar sees at a height, and the one blind area, as GeoJSON.

    Blind is the service area less what live radars see; receivers and people count for nothing
    here, because what does not identify itself is invisible to them. Where terrain is missing on
    the way from a radar, and no other sees, that is unknown, never covered.

    Args:
        config: the site.
        health: which sensors are heard.
        zones: about which the service area lies where the site gives none.
        height_m: above the ellipsoid.
    """
    live = live_sensors(config, health)
    areas = radar_areas(config, live, height_m)
    features = [_feature("covered", height_m, sensor_id, area) for sensor_id, area, _ in areas]
    blind = service_area(config, zones).difference(shapely.union_all([a for _, a, _ in areas]))
    if config.masks:
        doubt = shapely.union_all([area for _, _, area in areas])
        features.append(_feature("unknown", height_m, None, blind.intersection(doubt)))
        blind = blind.difference(doubt)
    return {
        "type": "FeatureCollection",
        "features": [*features, _feature("blind", height_m, None, blind)],
    }


def radar_areas(config: PictureConfig, live: Bool, height_m: float) -> list[tuple[str, Any, Any]]:
    """Return sensor id, covered and unknown area of each live radar whose place is known."""
    radars = zip(config.sensors, live, strict=True)
    return [
        (sensor.sensor_id, *_over_terrain(config, sensor, height_m))
        for sensor, heard in radars
        if heard and sensor.kind == SensorKind.RADAR and np.isfinite(sensor.latitude_deg)
    ]


def _over_terrain(config: PictureConfig, sensor: Sensor, height_m: float) -> tuple[Any, Any]:
    """Return the area that a sensor covers, and where missing terrain leaves that unknown."""
    area = sensor_area(sensor, config.region, height_m)
    mask = config.masks.get(sensor.sensor_id)
    if mask is None:
        return area, shapely.Polygon()
    seen, doubt = sight(sensor, mask, height_m)
    turn = sensor.longitude_deg
    shift = float(_unwrapped(np.array([turn]), config.region)[0]) - turn
    near, unknown = (affinity.translate(part, shift) for part in (seen, doubt))
    return area.intersection(near), area.intersection(unknown)


def sensor_area(sensor: Sensor, region: Region, height_m: float) -> Any:
    """Return the area that a sensor sees at a height: a disc, less the cone it cannot look into.

    Args:
        sensor: its range, beam and horizon bound the area.
        region: about whose origin longitudes are unwrapped.
        height_m: above the ellipsoid.
    """
    span = visible_ranges(sensor, height_m)
    if span is None:
        return shapely.Polygon()
    near, far = span
    holes = [_ring(sensor, region, near, height_m)] if near > abs(_above(sensor, height_m)) else []
    return shapely.make_valid(shapely.Polygon(_ring(sensor, region, far, height_m), holes))


def visible_ranges(sensor: Sensor, height_m: float) -> tuple[float, float] | None:
    """Return the least and greatest slant range at which a height is in the beam, or None."""
    horizon = horizon_range_m(sensor.height_wgs84_m, height_m, sensor.earth_factor)
    nearest = max(abs(_above(sensor, height_m)), 1.0)
    furthest = min(sensor.range_m, float(horizon))
    if furthest <= nearest:
        return None
    ranges = np.linspace(nearest, furthest, _RANGES)
    # Bent rays seem to come from beyond the zenith; a beam that reaches it sees them.
    elevation = np.minimum(_elevation(sensor, ranges, height_m), np.pi / 2)
    seen = ranges[(elevation >= sensor.elevation_min_rad) & (elevation <= sensor.elevation_max_rad)]
    if len(seen) == 0:
        return None
    # Seen from the very top or bottom: there is no hole.
    near = 0.0 if seen[0] == ranges[0] else float(seen[0])
    return near, float(seen[-1])


def _above(sensor: Sensor, height_m: float) -> float:
    return height_m - sensor.height_wgs84_m


def _elevation(sensor: Sensor, range_m: F64, height_m: float) -> F64:
    height = np.full_like(range_m, height_m)
    return elevation_at_height(range_m, height, sensor.height_wgs84_m, sensor.earth_factor)


def _ring(sensor: Sensor, region: Region, range_m: float, height_m: float) -> F64:
    """Return (n, 2) longitudes and latitudes at a slant range and height around a sensor."""
    azimuth = np.linspace(0.0, 2.0 * np.pi, _AZIMUTHS, endpoint=False)
    ranges = np.full(_AZIMUTHS, range_m)
    elevation = _elevation(sensor, ranges, height_m)
    # A polygon's edges cut its corners; this puts the area, not the corners, right.
    ranges = ranges / np.sqrt(np.sinc(2.0 / _AZIMUTHS))
    enu = polar_to_enu(ranges, azimuth, elevation, sensor.earth_factor)
    place = (sensor.latitude_deg, sensor.longitude_deg, sensor.height_wgs84_m)
    own = region.from_geodetic(*(np.array([value]) for value in place))
    local = region.local_rotation(sensor.latitude_deg, sensor.longitude_deg)
    latitude, longitude, _ = region.to_geodetic(own + enu @ local)
    return np.stack([_unwrapped(longitude, region), latitude], axis=1)


def _unwrapped(longitude_deg: F64, region: Region) -> F64:
    origin = region.origin.longitude_deg
    unwrapped: F64 = origin + (longitude_deg - origin + 180.0) % 360.0 - 180.0
    return unwrapped


def service_area(config: PictureConfig, zones: Sequence[Zone]) -> Any:
    """Return what the site promises to watch: its own polygon, else a box around what it has."""
    if config.service_area is not None:
        outer, *holes = config.service_area
        return shapely.Polygon(outer, holes)
    points = [point for zone in zones for polygon in zone.polygons for point in polygon[0]]
    radars = config.of_kind(SensorKind.RADAR)
    points += [(s.longitude_deg, s.latitude_deg) for s in radars if np.isfinite(s.latitude_deg)]
    margin_m = config.service_margin_m
    if not points:
        origin = config.region.origin
        points, margin_m = [(origin.longitude_deg, origin.latitude_deg)], _EMPTY_SITE_M
    longitude, latitude = np.array(points, float).T
    longitude = _unwrapped(longitude, config.region)
    north = np.degrees(margin_m / 6_371_000.0)
    east = north / max(np.cos(np.radians(np.abs(latitude).max())), 0.01)
    return shapely.box(
        longitude.min() - east,
        max(latitude.min() - north, -90.0),
        longitude.max() + east,
        min(latitude.max() + north, 90.0),
    )


def _feature(kind: str, height_m: float, sensor_id: str | None, area: Any) -> dict[str, Any]:
    geometry: dict[str, Any] = mapping(shapely.set_precision(_polygons(area), 1e-6))
    if geometry["type"] == "Polygon":
        geometry = {"type": "MultiPolygon", "coordinates": [geometry["coordinates"]]}
    properties = {"kind": kind, "height_m": height_m, "sensor_id": sensor_id}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _polygons(area: Any) -> Any:
    """Return the polygons of an area: a difference leaves lines and slivers besides."""
    parts = shapely.get_parts(shapely.get_parts(area))
    return shapely.MultiPolygon([p for p in parts if p.area > _SLIVER_DEG2])


def blinded_zones(
    config: PictureConfig, live: Bool, sensor: int, zones: Sequence[Zone], height_m: float
) -> tuple[str, ...]:
    """Return ids of zones of which the loss of a sensor leaves a part that nobody else sees.

    Args:
        config: the site.
        live: (sensors,) which are heard; the lost one counts as not.
        sensor: index of the lost one.
        zones: of the site.
        height_m: at which it is judged.
    """
    others = live.copy()
    others[sensor] = False
    alone = np.zeros_like(live)
    alone[sensor] = True
    lost = shapely.union_all([area for _, area, _ in radar_areas(config, alone, height_m)])
    rest = shapely.union_all([area for _, area, _ in radar_areas(config, others, height_m)])
    gone = lost.difference(rest)
    shapes = [_shape(zone, config.region) for zone in zones]
    shares = [shape.intersection(gone).area / max(shape.area, 1e-12) for shape in shapes]
    return tuple(zone.zone_id for zone, s in zip(zones, shares, strict=True) if s > _BARELY)


def _shape(zone: Zone, region: Region) -> Any:
    rings = [[_shift(ring, region) for ring in polygon] for polygon in zone.polygons]
    return shapely.make_valid(shapely.MultiPolygon([(outer, holes) for outer, *holes in rings]))


def _shift(ring: Sequence[tuple[float, float]], region: Region) -> F64:
    points = np.array(ring, float)
    points[:, 0] = _unwrapped(points[:, 0], region)
    return points
