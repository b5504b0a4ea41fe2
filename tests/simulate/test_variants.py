"""Terrain and new kinds of objects come through the mirror, and civil worlds hold no hazard."""

import shutil

import numpy as np
import pytest
import rasterio
from rasterio import Affine

from tests.simulate.worlds import ARCS
from tocsin import simulate
from tocsin.simulate.flight import plans_of, wind_table

DEMO = simulate.demo_scenario()
AIR = """
[[wind]]
height_m = 0
from_bearing_deg = 250
speed_mps = 10

[[swarm]]
name = "drones"
object_class = "one_way_drone"
count = 3
first_s = 0
spread_s = 9
speed_mps = [50, 55]
height_m = [300, 500]
width_m = 500
waypoints = [
  { bearing_deg = 270, distance_m = 30000, height_m = 300 },
  { bearing_deg = 90, distance_m = 30000, height_m = 300 },
]
"""


@pytest.fixture
def rough(tmp_path):
    """The demo on a raster that rises to the east."""
    heights = np.tile(np.arange(40, dtype=np.float32) * 10.0, (30, 1))
    profile = {"driver": "GTiff", "width": 40, "height": 30, "count": 1, "dtype": "float32",
               "crs": "EPSG:4326",
               "transform": Affine(0.04, 0.0, -21.2, 0.0, -0.04, -31.0)}  # fmt: skip
    with rasterio.open(tmp_path / "ground.tif", "w", **profile) as file:
        file.write(heights, 1)
    for name in ("island.geojson", "zones.geojson"):
        shutil.copy(DEMO.parent / name, tmp_path / name)
    line = 'zones = "zones.geojson"\n'
    path = tmp_path / "s.toml"
    text = DEMO.read_text("utf-8").replace(line, line + 'terrain = "ground.tif"\n')
    path.write_text(text, "utf-8")
    return path


def test_terrain_is_read_and_mirrored(rough):
    scenario = simulate.read_scenario(rough)
    centre = scenario.file.place.longitude_deg
    latitude, offset = np.full(5, -31.6), np.array([-0.5, -0.2, 0.0, 0.2, 0.5])
    here = scenario.ground(latitude, centre + offset)
    assert here[[0, -1]] == pytest.approx([70.0, 320.0])  # the raster; hills stand between
    assert scenario.terrain is not None
    assert (np.diff(scenario.terrain.height_m(latitude, centre + offset)) > 0.0).all()
    there = simulate.mirrored(scenario).ground(latitude, centre - offset)
    assert there == pytest.approx(here, abs=1e-3)
    assert np.isnan(scenario.ground(np.array([0.0]), np.array([0.0]))).all()


def test_wind_blows_the_other_way_in_the_mirror(write):
    scenario = write(AIR)
    there = simulate.mirrored(scenario)
    assert wind_table(there.file) == pytest.approx(wind_table(scenario.file) * [1.0, -1.0, 1.0])


def test_a_civil_world_has_no_drones_and_no_arcs(write):
    scenario = write(AIR + ARCS.format(distance=250000, more="apogee_m = 75000"))
    assert len(plans_of(scenario)) == 6
    assert len(plans_of(simulate.civil_only(scenario))) == 0
