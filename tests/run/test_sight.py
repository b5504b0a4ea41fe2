"""What radars see and tell apart: by range, beam, horizon, terrain and resolution cells."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.evaluate.world import tracks_like, truth_of
from tests.support import ROOT
from tocsin.cli.console import Say
from tocsin.contract import (
    NS,
    InputError,
    ObjectClass,
    Origins,
    Reports,
    Truth,
    read_parquet,
    write_parquet,
)
from tocsin.geo import Terrain, within_coverage
from tocsin.geo.terrain_file import write_terrain
from tocsin.run.scoring import score_folder
from tocsin.run.sight import Sight
from tocsin.run.simulated import choose, simulate_to
from tocsin.run.site import Site, parse_site, read_site

SITE = """
[site]
latitude_deg = -38.0
longitude_deg = -20.0
[[sensor]]
sensor_id = "R1"
kind = "radar"
latitude_deg = -38.0
longitude_deg = -20.0
height_wgs84_m = 50.0
range_m = 100000.0
range_cell_m = 150.0
azimuth_cell_deg = 2.0
"""
SECOND = """
[[sensor]]
sensor_id = "R2"
kind = "radar"
latitude_deg = -38.0
longitude_deg = -19.0
height_wgs84_m = 50.0
range_m = 100000.0
range_cell_m = 150.0
azimuth_cell_deg = 2.0
"""


def site(text: str) -> Site:
    return parse_site(text, ROOT / "site.toml")


def apart(text: str, *pairs: tuple[tuple, tuple]) -> list[bool]:
    one, other = (np.array([pair[k] for pair in pairs], float) for k in (0, 1))
    return Sight.of(site(text)).resolution(one, other).tolist()


NORTH = (0.0, 30_000.0, 2_000.0)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ((0.0, 30_100.0, 2_000.0), False),
        ((0.0, 30_200.0, 2_000.0), True),
        ((900.0, 30_000.0, 2_000.0), False),
        ((1_200.0, 30_000.0, 2_000.0), True),
        ((0.0, 30_000.0, 3_500.0), False),  # 3 degrees higher, and it measures no height
        ((0.0, 101_000.0, 2_000.0), True),  # the other is out of its range
    ],
)
def test_cells_of_one_radar(other: tuple, expected: bool) -> None:
    assert apart(SITE, (NORTH, other)) == [expected]
    with_height = SITE + "elevation_cell_deg = 2.0\n"
    higher = other[2] > 3_000.0
    assert apart(with_height, (NORTH, other)) == [expected or higher]
    without_cells = SITE[: SITE.index("range_cell_m")]
    assert apart(without_cells, (NORTH, other)) == [True]


def test_a_second_radar_tells_apart_what_the_first_does_not() -> None:
    abreast = (NORTH, (900.0, 30_000.0, 2_000.0))
    assert apart(SITE, abreast) == [False]
    assert apart(SITE + SECOND, abreast) == [True]


def test_across_north_and_beyond_coverage() -> None:
    assert apart(SITE, ((-300.0, 30_000.0, 2_000.0), (300.0, 30_000.0, 2_000.0))) == [False]
    far = ((0.0, 150_000.0, 9_000.0), (0.0, 150_100.0, 9_000.0))
    assert apart(SITE, far) == [False]  # nobody sees it: nobody tells it apart
    seen = Sight.of(site(SITE)).coverage(np.array([NORTH, far[0]]))
    assert seen.tolist() == [True, False]


# -- over terrain -------------------------------------------------------------------------------

BEHIND, OVER, SOUTH, EAST = (
    (0.0, 40_000.0, 700.0),
    (0.0, 40_000.0, 3_000.0),
    (0.0, -40_000.0, 700.0),
    (40_000.0, 0.0, 700.0),
)


@pytest.fixture(scope="module")
def hilly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a site whose radar has a ridge of 600 m 20 km north of it, and nothing known east."""
    folder = tmp_path_factory.mktemp("hilly")
    height = np.zeros((600, 760), np.float32)
    height[345:349, 300:460] = 600.0  # 18 to 20 km north of the origin
    height[:, 460:] = np.nan  # from 29 km east on
    write_terrain(Terrain(-39.2, -21.52, 0.004, 0.004, height), folder / "terrain.tif")
    text = SITE.replace("[[sensor]]", 'terrain = "terrain.tif"\n[[sensor]]')
    (folder / "site.toml").write_text(text)
    return folder


def test_a_hill_hides_what_flies_low_behind_it(hilly: Path) -> None:
    places = np.array([BEHIND, OVER, SOUTH, EAST])
    over_terrain = Sight.of(read_site(hilly / "site.toml")).coverage(places)
    assert over_terrain.tolist() == [False, True, True, False]  # unknown ground is never visible
    assert Sight.of(site(SITE)).coverage(places).all()  # smooth earth


def test_what_a_hill_hides_is_told_apart_from_what_it_does_not(hilly: Path) -> None:
    """One resolution cell, but only the higher one is in sight: nobody can take it for two."""
    pair = (np.array([OVER]), np.array([BEHIND]))
    assert Sight.of(read_site(hilly / "site.toml")).resolution(*pair).tolist() == [True]
    assert Sight.of(site(SITE)).resolution(*pair).tolist() == [False]


@pytest.mark.parametrize(
    ("tracked", "completeness"), [((), 0.0), (("over",), 0.5), (("over", "south"), 1.0)]
)
def test_what_a_hill_hides_is_not_counted_as_missed(
    hilly: Path, tmp_path: Path, tracked: tuple[str, ...], completeness: float
) -> None:
    places = {"behind": BEHIND, "over": OVER, "south": SOUTH, "east": EAST}
    truth = truth_of({name: (*place, 0, 0) for name, place in places.items()}, range(30))
    write_parquet(truth, tmp_path / "truth.parquet")
    tracks = tracks_like(truth).take(np.isin(truth.target_id.astype(str), tracked))
    write_parquet(tracks, tmp_path / "tracks.parquet")
    for name in ("site.toml", "terrain.tif"):
        (tmp_path / name).write_bytes((hilly / name).read_bytes())
    scores = score_folder(tmp_path, tmp_path, None, None)["track_scores"]
    assert scores["covered_share"] == 0.5
    assert scores["completeness"] == completeness
    assert scores["never_confirmed"] == 2 - len(tracked)


def test_terrain_that_cannot_be_used_is_said(hilly: Path, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text((hilly / "site.toml").read_text())
    (tmp_path / "terrain.tif").write_text("no raster")
    with pytest.raises(InputError, match="cannot be read as terrain"):
        Sight.of(read_site(tmp_path / "site.toml"))


def test_what_simulated_radars_detect_among_hills_is_in_sight(tmp_path: Path) -> None:
    """The simulator hides by a mask of its own over ground of its own."""
    scenario = choose(ROOT / "scenarios/blind-behind-hills.toml")
    simulate_to(scenario, tmp_path, Say(as_json=True))
    sight = Sight.of(read_site(tmp_path / "site.toml"))
    truth = read_parquet(Truth, tmp_path / "truth/truth.parquet")
    reports = read_parquet(Reports, tmp_path / "plots.parquet")
    target_id = read_parquet(Origins, tmp_path / "truth/origins.parquet").target_id
    place = (truth.latitude_deg, truth.longitude_deg, truth.height_wgs84_m)
    position_m = sight.region.from_geodetic(*place)
    moments = zip((truth.measured_at_ns // NS).tolist(), truth.target_id.tolist(), strict=True)
    number = {moment: k for k, moment in enumerate(moments)}
    for radar in sight.radars:
        true = np.array([name is not None for name in target_id.tolist()])
        mine = np.flatnonzero((reports.sensor_id == radar.sensor_id) & true)
        at_s = (reports.measured_at_ns[mine] // NS).tolist()
        of = zip(at_s, target_id[mine].tolist(), strict=True)
        detected = [number[moment] for moment in of if moment in number]
        sees = sight.sees(radar, position_m)
        assert len(detected) > 100
        assert sees[detected].mean() > 0.99
        assert sees.mean() < 0.9 < within_coverage(radar, sight.region, position_m).mean()


# -- chance of a detection ----------------------------------------------------------------------


def test_the_chance_of_a_detection_is_the_radar_equation_s_where_it_is_known(hilly: Path) -> None:
    kinds = [ObjectClass.HELICOPTER, ObjectClass.ONE_WAY_DRONE, ObjectClass.UNKNOWN]
    codes = np.array(kinds, np.int8)
    law = replace(Sight.of(site(SITE)).radars[0], clear_range_m=50_000.0, range_m=200_000.0)
    rcs_m2 = np.sqrt([1.0 * 10.0, 0.01 * 0.3])  # of the class table
    clear_m = 50_000.0 * rcs_m2**0.25
    places = np.array([(0.0, r, 3_000.0) for r in (*clear_m, 60_000.0)])
    chance = Sight.of(site(SITE)).chance(law, places, codes)
    np.testing.assert_allclose(chance, 0.9, atol=0.02)  # the slant range is a little longer
    twice = places * [1.0, 2.0, 1.0]
    assert (Sight.of(site(SITE)).chance(law, twice, codes)[:2] < 0.35).all()
    assert Sight.of(site(SITE)).chance(law, twice, codes)[2] == law.detection_probability
    constant = Sight.of(site(SITE)).radars[0]
    assert set(Sight.of(site(SITE)).chance(constant, places[:2], codes[:2])) == {0.9}
    over_hills = Sight.of(read_site(hilly / "site.toml"))
    hidden = over_hills.chance(law, np.array([BEHIND, OVER]), codes[:2])
    assert hidden[0] == 0.0 < hidden[1]
