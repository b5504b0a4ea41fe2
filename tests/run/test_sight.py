"""What radars see and tell apart: by cells of range and azimuth about each of them."""

import numpy as np
import pytest

from tests.support import ROOT
from tocsin.run.sight import radar_coverage, radar_resolution
from tocsin.run.site import Site, parse_site

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
    return radar_resolution(site(text))(one, other).tolist()


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
    seen = radar_coverage(site(SITE))(np.array([NORTH, far[0]]))
    assert seen.tolist() == [True, False]
