"""Scenario files are checked key by key; the island is whole; a site file tells no truth."""

import shutil
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import shapely
import shapely.geometry
from pydantic import BaseModel

from tests.support import ROOT
from tocsin import simulate
from tocsin.contract import InputError, Sensor, SensorKind, read_zones
from tocsin.geo import Region
from tocsin.geo.terrain_file import read_terrain
from tocsin.simulate import schema

DEMO = simulate.demo_scenario()


@pytest.fixture(scope="module")
def scenario():
    return simulate.read_scenario(DEMO)


@pytest.fixture
def changed(tmp_path: Path):
    """Write the demo with one text replaced."""

    def write(old: str, new: str) -> Path:
        for name in ("island.geojson", "zones.geojson"):
            shutil.copy(DEMO.parent / name, tmp_path / name)
        text = DEMO.read_text("utf-8")
        assert text.count(old) >= 1
        path = tmp_path / "s.toml"
        path.write_text(text.replace(old, new, 1), "utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("old", "new", "key", "what"),
    [
        ("duration_s = 2040", "duration_s = -5", "duration_s", "greater than 0"),
        ("duration_s = 2040", 'duration_s = "long"', "duration_s", "number"),
        ("seed = 20310314", "sead = 20310314", "seed", "required"),
        ("interval_s = 420", "intervall_s = 420", "traffic.0.interval_s", "required"),
        ("start = 2031-03-14T19:40:00Z", "start = 2031-03-14T19:40:00", "top level", "UTC"),
        ("speed_mps = [215, 240]", "speed_mps = [215, 400]", "traffic.0", "255"),
        ("speed_mps = [46, 54]", "speed_mps = [54, 46]", "raid.0", "speed_mps"),
        ("height_m = [70, 120]", "height_m = [70, 900]", "raid.3", "height_m"),
        ('grade = "C2"', 'grade = "Z9"', "people.sighting.0.grade", "match"),
        ('zone = "VS-13"', 'zone = "VS-99"', "raid.0.target", "VS-99"),
        ('of = "wave-1"', 'of = "wave-9"', "people.sighting", "wave-9"),
        ('sensor = "radar-1"', 'sensor = "radar-9"', "fault.0", "radar-9"),
        ('at = "Tarren Strip"', 'at = "Nowhere"', "at", "Nowhere"),
        ('name = "flocks"', 'name = "gulls"', "name", "twice"),
        ("bearing_deg = 285, distance_m", "bearing_deg = 285, at = 'Hesk', distance_m",
         "traffic.0.waypoints.0", "give `at`"),
        ('zones = "zones.geojson"', 'zones = "none.geojson"', "none.geojson", "no such file"),
        ('coastline = "island.geojson"', 'coastline = "s.toml"', "s.toml", "no coastline"),
        ("[place]", "[place", "s.toml", "no TOML"),
    ],
)  # fmt: skip
def test_errors_name_the_file_the_key_and_the_fault(changed, old, new, key, what):
    with pytest.raises(InputError) as caught:
        simulate.read_scenario(changed(old, new))
    line = str(caught.value)
    assert "s.toml" in line or "geojson" in line
    assert key in line
    assert what in line
    assert "\n" not in line


def test_missing_and_binary_files_are_one_clear_line(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        simulate.read_scenario(tmp_path / "none.toml")
    (tmp_path / "b.toml").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match="no TOML"):
        simulate.read_scenario(tmp_path / "b.toml")


def test_unknown_sensor_cannot_be_removed(scenario):
    with pytest.raises(InputError, match="radar-1, radar-2, radar-3"):
        simulate.without_sensor(scenario, "radar-7")


def test_zones_tile_the_land_without_gaps_or_overlaps(scenario):
    shapes = [
        shapely.MultiPolygon([shapely.Polygon(p[0], p[1:]) for p in zone.polygons])
        for zone in scenario.zones
    ]
    land = shapely.geometry.shape(scenario.coastline)
    assert all(shape.is_valid for shape in shapes)
    assert land.is_valid
    total = sum(shape.area for shape in shapes)
    assert total == pytest.approx(land.area, rel=1e-9)
    assert shapely.union_all(shapes).symmetric_difference(land).area < 1e-12
    tree = shapely.STRtree(shapes)
    for a, b in tree.query(shapes, predicate="overlaps").T:
        assert shapes[a].intersection(shapes[b]).area < 1e-12
    assert min(shape.area for shape in shapes) > 0


def test_zones_are_peopled_and_grouped_as_a_real_island(scenario):
    zones = scenario.zones
    assert len(zones) == 60
    assert 1.1e6 < sum(zone.population for zone in zones) < 1.3e6
    assert all(60 <= zone.time_to_shelter_s <= 300 for zone in zones)
    assert all(5 <= count <= 7 for count in Counter(z.parent_id for z in zones).values())
    assert len({zone.name for zone in zones}) == 60
    towns = scenario.file.place.town
    assert len(towns) == 12
    land = shapely.geometry.shape(scenario.coastline)
    assert all(land.contains(shapely.Point(t.longitude_deg, t.latitude_deg)) for t in towns)
    west, south, east, north = land.bounds
    assert 100 < (east - west) * 94.8 < 140
    assert 65 < (north - south) * 110.9 < 95


def test_site_holds_the_sensors_and_no_truth(scenario, tmp_path):
    path = simulate.write_site(scenario, tmp_path / "site")
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "place.json",
        "site.toml",
        "terrain.tif",
        "zones.geojson",
    ]
    text = path.read_text("utf-8")
    site = tomllib.loads(text)
    assert [s["sensor_id"] for s in site["sensor"]] == [s.sensor_id for s in scenario.sensors]
    assert read_zones(path.parent / site["site"]["zones"]) == scenario.zones
    for word in ("raid", "wave", "seed", "rcs", "fault", "phase"):
        assert word not in text


def test_site_file_is_what_a_live_process_reads(scenario, tmp_path):
    from tocsin.run.site import read_site

    site = read_site(simulate.write_site(scenario, tmp_path))
    for section, sensor in zip(site.file.sensor, scenario.sensors, strict=True):
        live: Sensor = section.sensor()
        assert live.kind is SensorKind(sensor.kind)
        for name in ("latitude_deg", "range_m", "azimuth_std_rad", "elevation_std_rad", "period_s"):
            assert getattr(live, name) == pytest.approx(getattr(sensor, name), nan_ok=True)
    assert site.zones == scenario.zones
    assert site.terrain is not None
    ground = read_terrain(site.terrain)
    highest = max(scenario.file.place.hill, key=lambda hill: hill.height_m)
    there = np.array([highest.latitude_deg]), np.array([highest.longitude_deg])
    assert ground.height_m(*there) == pytest.approx(scenario.ground(*there), abs=5.0)
    reach = Region.at(site.origin).to_geodetic(np.array([[0.0, 80_000.0, 0.0]]))[:2]
    assert ground.height_m(*reach) == pytest.approx(0.0)


def test_every_key_of_the_schema_is_documented():
    page = (ROOT / "docs/reference/scenario.md").read_text("utf-8")
    models = [model for model in vars(schema).values() if isinstance(model, type)]
    keys = {
        key
        for model in models
        if issubclass(model, BaseModel)
        for key in getattr(model, "model_fields", {})
    }
    assert len(keys) > 50
    forms = ("`{}`", "[{}]", "[[{}]]", ".{}]]")
    missing = [k for k in sorted(keys) if not any(form.format(k) in page for form in forms)]
    assert missing == []
