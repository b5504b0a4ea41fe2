"""Zone maps are read, and each way to get one wrong says where it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from tocsin.contract import InputError, read_zones, zones_geojson

RING = [[0.0, 50.0], [0.1, 50.0], [0.1, 50.1], [0.0, 50.0]]


def feature(**changes: Any) -> dict[str, Any]:
    """A feature as a drawing program would write it: extra members, 3-D coordinates."""
    properties = {"zone_id": "z1", "name": "Aldwick", "population": 120, "time_to_shelter_s": 90}
    geometry = {"type": "Polygon", "coordinates": [[[*point, 3.5] for point in RING]]}
    whole = {"type": "Feature", "id": 7, "properties": properties, "geometry": geometry}
    for key, value in changes.items():
        place = whole if key in whole else properties
        place[key] = value
    return whole


def write(path: Path, *features: Any) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


def test_zones_by_another_program(tmp_path: Path) -> None:
    hole = [[0.02, 50.01], [0.03, 50.01], [0.03, 50.02], [0.02, 50.01]]
    multi = {"type": "MultiPolygon", "coordinates": [[RING, hole], [RING]]}
    two = feature(zone_id="z2", parent_id="d1", geometry=multi)
    zones = read_zones(write(tmp_path / "z.geojson", feature(), two))
    assert [zone.zone_id for zone in zones] == ["z1", "z2"]
    assert (zones[0].parent_id, zones[1].parent_id) == (None, "d1")
    assert zones[0].polygons == ((tuple(map(tuple, RING)),),)
    assert [len(polygon) for polygon in zones[1].polygons] == [2, 1]
    assert zones[0].time_to_shelter_s == 90.0


def test_zones_survive_geojson(tmp_path: Path) -> None:
    zones = read_zones(write(tmp_path / "a.geojson", feature(parent_id="d"), feature(zone_id="b")))
    path = tmp_path / "b.geojson"
    path.write_text(json.dumps(zones_geojson(zones)), "utf-8")
    assert read_zones(path) == zones


@pytest.mark.parametrize(
    "bad",
    [
        "text",
        {},
        feature(geometry=None),
        feature(geometry={"type": "Point", "coordinates": [0, 50]}),
        feature(geometry={"type": "Polygon", "coordinates": [RING[:-1]]}),
        feature(geometry={"type": "Polygon", "coordinates": [RING[:2]]}),
        feature(geometry={"type": "Polygon", "coordinates": [[[0, 130], *RING[1:-1], [0, 130]]]}),
        feature(geometry={"type": "Polygon", "coordinates": [[["east", 50]] * 4]}),
        feature(population="many"),
        feature(population=-1),
        feature(population=float("inf")),
        feature(time_to_shelter_s=None),
        feature(time_to_shelter_s=float("nan")),
        feature(time_to_shelter_s=-5.0),
        feature(geometry={"type": "Polygon", "coordinates": [[[float("nan"), 50.0]] * 4]}),
        feature(geometry={"type": "Polygon", "coordinates": [[[0.0, float("nan")], *RING[1:]]]}),
        feature(properties={"zone_id": "z1"}),
    ],
)
def test_what_is_no_zone_says_which_feature(tmp_path: Path, bad: Any) -> None:
    path = write(tmp_path / "z.geojson", feature(zone_id="z0"), bad)
    with pytest.raises(InputError, match=r"z\.geojson, feature 1: is no zone .*; give zone_id, "):
        read_zones(path)


def test_files_that_are_no_zone_map(tmp_path: Path) -> None:
    path = tmp_path / "z.geojson"
    with pytest.raises(InputError, match=r"z\.geojson: no such file; check the path"):
        read_zones(path)
    for content, what in (
        (b"", "is no JSON"),
        (b"\xff\xfe\x00", "is no JSON"),
        (b"[1]", "has no features; expected a GeoJSON FeatureCollection"),
        (b'{"features": 3}', "has no features"),
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=what):
            read_zones(path)
    with pytest.raises(InputError, match="zone_id 'z1' occurs twice; make ids unique"):
        read_zones(write(path, feature(), feature()))
