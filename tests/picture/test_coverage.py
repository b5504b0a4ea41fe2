"""Coverage polygons against another geodesy, the point-wise rule, and set algebra."""

import json
from dataclasses import replace

import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry import shape

from tests.picture.support import CONFIG, NORTH, REGION, SENSORS, T0, ZONES
from tocsin.contract import NS, Origin, Sensor, SensorHealth, SensorKind, SensorState
from tocsin.geo import Region, within_coverage
from tocsin.picture import PictureConfig, coverage
from tocsin.picture.coverage import sensor_area

GEOD = Geod(ellps="WGS84")


def health(config: PictureConfig, *states: SensorState) -> SensorHealth:
    """Return the health of a site's sensors."""
    return SensorHealth.build(
        len(config.sensors),
        measured_at_ns=T0,
        sensor_id=[sensor.sensor_id for sensor in config.sensors],
        kind=[sensor.kind for sensor in config.sensors],
        state=list(states),
        last_heard_ns=T0 - NS,
        reports_per_s=1.0,
        reports_total=1,
        faults_total=0,
    )


OK = (SensorState.OK,) * 3


@pytest.mark.parametrize("height_m", [50.0, 300.0, 3000.0, 10_000.0])
def test_the_outer_ring_is_a_geodesic_circle(height_m: float) -> None:
    outer = np.array(sensor_area(NORTH, REGION, height_m).exterior.coords)
    count = len(outer)
    place = (np.full(count, NORTH.longitude_deg), np.full(count, NORTH.latitude_deg))
    gone = GEOD.inv(*place, *outer.T)[2]
    effective = 4 / 3 * 6_371_008.8
    horizon = np.sqrt(2 * effective * 100.0) + np.sqrt(2 * effective * height_m)
    slant = min(150_000.0, horizon)
    # Ground range under a slant range, law of cosines on the sphere; corners lie 0.01 % outside.
    near, far = 6_371_008.8 + 100.0, 6_371_008.8 + height_m
    angle = np.arccos((near**2 + far**2 - slant**2) / (2 * near * far))
    assert gone == pytest.approx(angle * 6_371_008.8, rel=0.004)
    # The polygon's area is the circle's.
    area = abs(GEOD.polygon_area_perimeter(*outer.T)[0])
    assert area == pytest.approx(np.pi * np.mean(gone) ** 2, rel=0.003)


@pytest.mark.parametrize("height_m", [300.0, 9000.0])
def test_polygons_agree_with_the_rule_for_points(height_m: float) -> None:
    rng = np.random.default_rng(5)  # a fixed seed, for test points only
    longitude = -30.0 + rng.uniform(-3.0, 3.0, 4000)
    latitude = 50.1 + rng.uniform(-1.8, 1.8, 4000)
    position = REGION.from_geodetic(latitude, longitude, np.full(4000, height_m))
    by_rule = within_coverage(NORTH, REGION, position)
    area = sensor_area(NORTH, REGION, height_m)
    by_area = shapely.contains_xy(area, longitude, latitude)
    assert 500 < by_rule.sum() < 3500
    # Points right at the edge may differ: half a per cent of the radius.
    assert np.mean(by_rule != by_area) < 0.01
    edge = shapely.distance(shapely.points(longitude, latitude), area.boundary)
    assert edge[by_rule != by_area].max(initial=0.0) < 0.02


def test_a_radar_does_not_see_straight_up() -> None:
    area = sensor_area(NORTH, REGION, 10_000.0)
    assert len(area.interiors) == 1
    hole = np.array(area.interiors[0].coords)
    count = len(hole)
    gone = GEOD.inv(np.full(count, -30.0), np.full(count, 50.1), *hole.T)[2]
    # Beam up to 0.7 rad: 9,900 m / tan 0.7, give or take the earth's curve.
    assert gone == pytest.approx(9900.0 / np.tan(0.7), rel=0.01)
    wide = replace(NORTH, elevation_max_rad=np.pi / 2)
    assert len(sensor_area(wide, REGION, 10_000.0).interiors) == 0


def test_a_high_radar_with_a_level_beam_sees_nothing_below() -> None:
    high = replace(NORTH, height_wgs84_m=2000.0, elevation_min_rad=0.05)
    assert sensor_area(high, REGION, 100.0).is_empty


def test_there_is_one_blind_area_and_it_is_what_is_not_covered() -> None:
    found = coverage(CONFIG, health(CONFIG, *OK), ZONES, 300.0)
    kinds = [feature["properties"]["kind"] for feature in found["features"]]
    assert kinds == ["covered", "blind"]
    assert all(f["geometry"]["type"] == "MultiPolygon" for f in found["features"])
    seen, blind = (shape(feature["geometry"]) for feature in found["features"])
    assert seen.is_valid
    assert blind.is_valid
    assert seen.intersection(blind).area < 1e-6
    assert blind.contains(shapely.Point(-30.0, 57.0))
    assert seen.contains(shapely.Point(-30.0, 50.0))
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(found))


def test_a_silent_radar_leaves_everything_blind_and_a_late_one_nothing() -> None:
    late = (SensorState.LATE, *OK[1:])
    fine = coverage(CONFIG, health(CONFIG, *OK), ZONES, 300.0)
    assert coverage(CONFIG, health(CONFIG, *late), ZONES, 300.0) == fine
    for state in (SensorState.SILENT, SensorState.NEVER):
        found = coverage(CONFIG, health(CONFIG, state, *OK[1:]), ZONES, 300.0)
        (blind,) = found["features"]
        assert shape(blind["geometry"]).contains(shapely.Point(-30.0, 50.0))
    never_any = coverage(CONFIG, SensorHealth.empty(), ZONES, 300.0)
    assert len(never_any["features"]) == 1


def test_receivers_and_radars_without_a_place_cover_nothing() -> None:
    sensors = (Sensor("somewhere", SensorKind.RADAR), *SENSORS[1:])
    config = PictureConfig(REGION, sensors, ZONES)
    found = coverage(config, health(config, *OK), ZONES, 300.0)
    assert [f["properties"]["kind"] for f in found["features"]] == ["blind"]


def test_a_sites_own_service_area_is_kept_to() -> None:
    own = (((-30.2, 50.0), (-29.8, 50.0), (-29.8, 50.3), (-30.2, 50.3), (-30.2, 50.0)),)
    config = PictureConfig(REGION, SENSORS, ZONES, service_area=own)
    blind = coverage(config, health(config, *OK), ZONES, 300.0)["features"][-1]
    assert shape(blind["geometry"]).area < 1e-3
    dark = coverage(config, SensorHealth.empty(), ZONES, 300.0)["features"][-1]
    assert shape(dark["geometry"]).area == pytest.approx(0.4 * 0.3)


def test_an_empty_site_is_all_blind() -> None:
    config = PictureConfig(REGION, ())
    (blind,) = coverage(config, SensorHealth.empty(), (), 300.0)["features"]
    west, south, east, north = shape(blind["geometry"]).bounds
    assert GEOD.inv(-30.0, south, -30.0, north)[2] == pytest.approx(300_000.0, rel=0.01)
    assert GEOD.inv(west, 50.0, east, 50.0)[2] == pytest.approx(300_000.0, rel=0.01)


def test_coverage_crosses_the_date_line_in_one_piece() -> None:
    region = Region.at(Origin(-20.0, 179.8))
    radar = Sensor("east", SensorKind.RADAR, -20.0, -179.9, 100.0, 150_000.0)
    config = PictureConfig(region, (radar,))
    found = coverage(config, health(config, SensorState.OK), (), 3000.0)
    west, _, east, _ = shape(found["features"][0]["geometry"]).bounds
    assert 178.0 < west < 180.1 < east < 182.0
