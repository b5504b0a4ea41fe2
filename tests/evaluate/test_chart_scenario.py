"""The picture of a scenario shows what is in it, where it is, and stays small."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from tocsin.contract import NS, ObjectClass, Sensor, SensorKind, Truth
from tocsin.evaluate import Setting, chart_scenario

SVG = "{http://www.w3.org/2000/svg}"
LAND = {
    "type": "Polygon",
    "coordinates": [[(10.0, 50.0), (11.0, 50.0), (11.0, 51.0), (10.0, 51.0), (10.0, 50.0)]],
}


def truth(objects: int, instants: int = 60, kind: ObjectClass = ObjectClass.ONE_WAY_DRONE) -> Truth:
    at = np.tile(np.arange(instants), objects)
    who = np.repeat(np.arange(objects), instants)
    return Truth.build(
        len(at),
        measured_at_ns=(1_000 + at) * NS,
        target_id=np.array([f"drone-{k}" for k in who], object),
        object_class=int(kind),
        latitude_deg=50.2 + who / objects * 0.5,
        longitude_deg=10.0 + at / instants,
        height_wgs84_m=300.0,
        velocity_east_mps=50.0,
        velocity_north_mps=0.0,
        velocity_up_mps=0.0,
    )


def paths(root: ET.Element, stroke: str) -> list[str]:
    return [p.get("d", "") for p in root.iter(f"{SVG}path") if p.get("stroke") == stroke]


def test_every_path_of_a_class_is_drawn_in_its_look() -> None:
    setting = Setting(
        "two", LAND, [{"name": "Ax & By", "latitude_deg": 50.5, "longitude_deg": 10.5}]
    )
    tables = [truth(2), truth(1, kind=ObjectClass.FAST_LOW_FLYER)]
    tables[1] = tables[1].replace(target_id=np.full(60, "fast", object))
    root = ET.fromstring(chart_scenario(setting, Truth.concat(tables)))
    dark, red = paths(root, "#16202b"), paths(root, "#b3301f")
    assert dark[0].count("M") == 2
    assert red[0].count("M") == 1
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert {"Ax & By", "2 one way drone", "1 fast low flyer"} <= set(words)


def test_east_is_right_and_north_is_up() -> None:
    root = ET.fromstring(chart_scenario(Setting("t", LAND), truth(2)))
    way = paths(root, "#16202b")[0].split("M")[1:]
    first, second = (np.array(re.findall(r"[-\d.]+", part), float).reshape(-1, 2) for part in way)
    assert (np.diff(first[:, 0]) > 0).all()
    assert np.ptp(first[:, 1]) < 0.2
    assert second[0, 1] < first[0, 1] - 50  # the second flies further north


def test_sensors_stand_where_they_are() -> None:
    radar = Sensor("r", SensorKind.RADAR, 50.5, 10.5, range_m=20_000.0)
    nowhere = Sensor("feed", SensorKind.EXTERNAL)
    root = ET.fromstring(chart_scenario(Setting("t", LAND, sensors=(radar, nowhere)), truth(1)))
    reach = next(c for c in root.iter(f"{SVG}circle") if c.get("class") == "reach")
    assert float(reach.get("cx", "0")) == pytest.approx(480.0, abs=1.0)
    marks = [p for p in root.iter(f"{SVG}path") if p.get("class") == "mark"]
    assert len(marks) == 2  # itself, and its key
    # One degree of latitude on this map is 640 px over 1.6 degrees.
    assert float(reach.get("r", "0")) == pytest.approx(20_000 / 111_195 * 640 / 1.6, rel=0.01)


def test_thousands_of_paths_stay_small_and_nothing_is_no_error() -> None:
    assert len(chart_scenario(Setting("many", LAND), truth(6_000, 20))) < 700_000
    ET.fromstring(chart_scenario(Setting("none"), Truth.empty()))
