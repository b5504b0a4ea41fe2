"""`tocsin coverage`: its files read by others, its words on bad input, and the page's areas."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image
from rasterio import Affine
from shapely.geometry import shape

from tests.geo.land import fractal
from tests.support import tocsin
from tocsin import picture
from tocsin.contract import InputError, SensorHealth, SensorState
from tocsin.geo import Region
from tocsin.radar.coverage import Target
from tocsin.run.coverage import CoverageOptions, cover, heights_of, site_masks
from tocsin.run.coverage_files import NOT_SEEN_M
from tocsin.run.site import read_site

SITE = """
[site]
name = "Test Hills"
latitude_deg = 46.5
longitude_deg = 8.0
terrain = "terrain.tif"
place = "place.json"

[[sensor]]
sensor_id = "hill"
kind = "radar"
latitude_deg = 46.5
longitude_deg = 8.0
height_wgs84_m = 900.0
range_m = 40000.0
"""
PLACE = {
    "coastline": {
        "type": "Polygon",
        "coordinates": [[[7.8, 46.3], [8.2, 46.3], [8.0, 46.6], [7.8, 46.3]]],
    },
    "towns": [{"name": "Here", "latitude_deg": 46.4, "longitude_deg": 8.1, "population": 5}],
}
OPTIONS = CoverageOptions(step_m=400.0, heights_m=(100.0, 1000.0))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a site with hills and a hole in their terrain."""
    made = tmp_path_factory.mktemp("site")
    height = fractal(400, 300.0)
    height[120:200, 40:140] = -9999.0
    place = Affine(1.2 / 400, 0.0, 7.4, 0.0, -0.84 / 400, 46.92)
    profile = {"driver": "GTiff", "crs": "EPSG:4326", "transform": place, "nodata": -9999.0}
    with rasterio.open(
        made / "terrain.tif", "w", height=400, width=400, count=1, dtype="float32", **profile
    ) as raster:
        raster.write(height, 1)
    (made / "site.toml").write_text(SITE)
    (made / "place.json").write_text(json.dumps(PLACE))
    return made


@pytest.fixture(scope="module")
def made(folder: Path) -> dict[str, object]:
    """Give what the command says of it."""
    return cover(folder / "site.toml", folder / "out", OPTIONS, lambda text: None)


def test_the_three_files_agree(made: dict[str, object]) -> None:
    with rasterio.open(str(made["tif"])) as raster:
        assert raster.crs == "EPSG:4326"
        assert np.isnan(raster.nodata)
        lowest, above = raster.read()
        place = raster.transform
    assert np.isnan(above).any()
    assert (lowest == NOT_SEEN_M).any()
    features = json.loads(Path(str(made["geojson"])).read_text())["features"]
    names = [f["properties"].get("from_m", f["properties"]["kind"]) for f in features]
    assert names == [0.0, 100.0, 1000.0, "unknown"]
    row, column = np.mgrid[3 : above.shape[0] : 7, 3 : above.shape[1] : 7].reshape(2, -1)
    x, y = place.c + (column + 0.5) * place.a, place.f + (row + 0.5) * place.e
    value, total = above[row, column], 0
    wanted = (value <= 100, (value > 100) & (value <= 1000), (value > 1000) & (value < 1e5))
    for feature, inside in zip(features, (*wanted, np.isnan(value)), strict=True):
        area = shapely.make_valid(shape(feature["geometry"]))
        total += (shapely.contains_xy(area, x, y) != inside).sum()
    assert total <= 0.03 * value.size  # specks are dropped from polygons


def test_the_picture_is_one(made: dict[str, object]) -> None:
    with Image.open(str(made["png"])) as image:
        assert image.size[0] > 1000
        assert len(image.convert("RGB").getcolors(1 << 24) or ()) > 100
        grey = np.asarray(image.convert("L"))
    assert grey.std() > 20.0


def test_areas_shrink_with_height_and_add_up(made: dict[str, object]) -> None:
    low, high = made["at_height"]  # type: ignore[misc]  # of a document
    assert low["seen_km2"] < high["seen_km2"]
    assert low["unknown_km2"] == high["unknown_km2"] > 0.0
    assert sum(v for k, v in low.items() if k != "above_ground_m") == pytest.approx(
        sum(v for k, v in high.items() if k != "above_ground_m"), abs=0.3
    )
    assert sum(v for k, v in low.items() if k != "above_ground_m") == pytest.approx(
        np.pi * 40**2, rel=0.03
    )


def test_smooth_earth_is_asked_for_not_assumed(folder: Path, tmp_path: Path) -> None:
    bare = folder / "bare.toml"
    bare.write_text(SITE.replace('terrain = "terrain.tif"', ""))
    with pytest.raises(InputError, match="--smooth-earth"):
        cover(bare, tmp_path, OPTIONS, lambda text: None)
    level = CoverageOptions(Target(1.0, 0.9), (100.0,), 400.0, 1.0, True)
    result = cover(bare, tmp_path / "level", level, lambda text: None)
    assert result["at_height"][0]["unknown_km2"] == 0.0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('kind = "radar"', 'kind = "adsb_receiver"', "has no radar"),
        ('"terrain.tif"', '"none.tif"', "none.tif: no such file"),
        ('"terrain.tif"', '"place.json"', "place.json: cannot be read as terrain"),
        (
            "latitude_deg = 46.5\nlongitude_deg = 8.0\nh",
            "latitude_deg = 10.0\nlongitude_deg = 8.0\nh",
            "covers nothing",
        ),
        ("range_m = 40000.0", "range_m = -1.0", "range_m"),
    ],
)
def test_bad_sites_end_in_one_line(folder: Path, old: str, new: str, words: str) -> None:
    (folder / "bad.toml").write_text(SITE.replace(old, new))
    with pytest.raises(InputError, match=words):
        cover(folder / "bad.toml", folder / "bad", OPTIONS, lambda text: None)


def test_the_command_speaks_json(folder: Path, tmp_path: Path) -> None:
    usual = ("coverage", folder / "site.toml", "--step", "800", "--at-height", "200", "-o")
    said = tocsin(*usual, tmp_path / "a", "--json")
    assert said.returncode == 0, said.stderr
    assert [row["above_ground_m"] for row in json.loads(said.stdout)["at_height"]] == [200.0]


def test_a_folder_that_cannot_be_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        cover(folder / "site.toml", tmp_path / "file" / "below", OPTIONS, lambda text: None)


def test_heights_are_sorted_and_checked() -> None:
    assert heights_of([300.0, 100.0, 300.0]) == (100.0, 300.0)
    for wrong in ([0.0], [-5.0, 100.0], [float(k) for k in range(1, 11)]):
        with pytest.raises(InputError, match="at-height"):
            heights_of(wrong)


def test_the_page_marks_what_is_unknown_and_never_covers_it(folder: Path) -> None:
    site = read_site(folder / "site.toml")
    config = picture.PictureConfig(
        Region.at(site.origin),
        tuple(section.sensor() for section in site.file.sensor),
        masks=site_masks(site),
    )
    health = SensorHealth.build(
        1, measured_at_ns=0, sensor_id=["hill"], kind=[0], state=[SensorState.OK], last_heard_ns=0
    )
    smooth = picture.coverage(
        picture.PictureConfig(config.region, config.sensors), health, (), 1500.0
    )
    over = picture.coverage(config, health, (), 1500.0)
    area = {f["properties"]["kind"]: shape(f["geometry"]) for f in over["features"]}
    assert set(area) == {"covered", "blind", "unknown"}
    assert area["unknown"].area > 0.01
    assert area["covered"].intersection(area["unknown"]).area < 1e-4
    assert area["blind"].intersection(area["unknown"]).area < 1e-4
    assert area["covered"].area < shape(smooth["features"][0]["geometry"]).area
    masks = config.masks["hill"]
    draw = np.random.default_rng(1)
    azimuth, along = draw.uniform(0.0, 6.28, 400), draw.uniform(1e3, 38e3, 400)
    sure = masks.lowest_visible_m(along, azimuth) <= 1500.0
    place = Region.at(site.origin).to_geodetic(
        np.stack([along * np.sin(azimuth), along * np.cos(azimuth), 0 * along], axis=1)
    )
    drawn = shapely.contains_xy(area["covered"], place[1], place[0])
    assert (drawn != sure).mean() < 0.06  # pieces of 500 m
