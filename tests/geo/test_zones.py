"""The zone raster against exact polygon tests, and its cost."""

from time import perf_counter

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from tocsin.contract import InputError, Origin, Zone
from tocsin.geo import Region, zone_index, zone_shapes

ORIGIN = Origin(45.0, -30.0)
REGION = Region.at(ORIGIN)


def zone(name: str, *rings_m: list[tuple[float, float]]) -> Zone:
    """Return a zone whose rings are given in region-plane metres."""
    rings = []
    for ring in rings_m:
        plane = np.array([*ring, ring[0]], float)
        latitude, longitude, _ = REGION.to_geodetic(np.c_[plane, np.zeros(len(plane))])
        rings.append(tuple(zip(longitude.tolist(), latitude.tolist(), strict=True)))
    return Zone(name, name.title(), None, 1000, 120.0, (tuple(rings),))


def box(name: str, x: float, y: float, w: float, h: float) -> Zone:
    return zone(name, [(x, y), (x + w, y), (x + w, y + h), (x, y + h)])


RING = zone(
    "ring",
    [(-9e3, -9e3), (9e3, -8e3), (8e3, 9e3), (-9e3, 8e3)],
    [(-3e3, -3e3), (-3e3, 3e3), (3e3, 3e3), (3e3, -3e3)],
)
ZONES = (
    RING,
    box("west", -20e3, -5e3, 8e3, 11e3),
    box("overlap", 2e3, 2e3, 9e3, 12e3),
    zone("thin", [(0, 20e3), (15e3, 21e3), (15e3, 21.6e3), (0, 20.6e3)]),
)


def sets_by_point(pairs, count):
    found = [[] for _ in range(count)]
    for point, number in zip(*pairs, strict=True):
        found[point].append(int(number))
    return found


@pytest.mark.parametrize("grow_m", [0.0, 700.0])
@given(x=st.floats(-26e3, 22e3), y=st.floats(-18e3, 26e3))
def test_agrees_with_exact_polygons_away_from_borders(grow_m, x, y):
    index = INDEXES[grow_m]
    shapes = SHAPES[grow_m]
    got = sets_by_point(index.lookup(np.array([[x, y]])), 1)[0]
    point = shapely.Point(x, y)
    for k, shape in enumerate(shapes):
        if shape.boundary.distance(point) > 0.5 * 2**0.5 * index.cell_m + 1.0:
            assert (k in got) == shape.contains(point)


INDEXES = {grow: zone_index(ZONES, REGION, grow) for grow in (0.0, 700.0)}
SHAPES = {grow: zone_shapes(ZONES, REGION, grow) for grow in (0.0, 700.0)}


@pytest.mark.parametrize("grow_m", [0.0, 700.0])
def test_every_cell_centre_is_exact(grow_m):
    index, shapes = INDEXES[grow_m], SHAPES[grow_m]
    rows, columns = index.cells.shape
    y, x = np.mgrid[0:rows, 0:columns]
    centres = index.low_m + (np.c_[x.ravel(), y.ravel()] + 0.5) * index.cell_m
    point, number = index.lookup(centres)
    raster = np.zeros((len(centres), len(shapes)), bool)
    raster[point, number] = True
    exact = np.stack([shapely.contains_xy(s, centres) for s in shapes], 1)
    assert np.array_equal(raster, exact)
    assert exact.sum(1).max() >= 2, "the case must hold overlapping zones"


def test_far_and_outside_points_are_in_no_zone():
    far = np.array([[1e9, 0.0], [-1e9, 1e9], [0.0, -1e7], [0.0, 0.0]])
    point, _ = INDEXES[0.0].lookup(far)
    assert len(point) == 0


def test_shapes_agree_with_pyproj():
    to_local = Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart "
        "+ellps=WGS84 +step +proj=topocentric +ellps=WGS84 +lon_0=-30 +lat_0=45 +h_0=0"
    )
    ring = np.array(RING.polygons[0][0])
    x, y, _ = to_local.transform(ring[:, 0], ring[:, 1], np.zeros(len(ring)))
    ours = shapely.get_coordinates(zone_shapes([RING], REGION)[0])[: len(ring)]
    assert np.abs(ours - np.c_[x, y]).max() < 1e-3


def test_centroids_and_bounds():
    index = INDEXES[0.0]
    assert index.centroid_m[1] == pytest.approx((-16e3, 500.0), abs=1.0)
    assert index.bounds_m[1] == pytest.approx((-20e3, -5e3, -12e3, 6e3), abs=1.0)


def test_no_zones_is_legal():
    index = zone_index((), REGION)
    assert index.lookup(np.zeros((3, 2)))[0].size == 0


def test_a_raster_too_large_is_refused():
    with pytest.raises(InputError, match="cells"):
        zone_index([box("a", 0, 0, 1e3, 1e3), box("b", 9e5, 9e5, 1e3, 1e3)], REGION, cell_m=10.0)


def test_cost_does_not_depend_on_the_number_of_zones():
    side, edge = 42, 7e3
    many = [
        box(f"z{i}-{j}", (i - side / 2) * edge, (j - side / 2) * edge, edge, edge)
        for i in range(side)
        for j in range(side)
    ]
    start = perf_counter()
    large = zone_index(many, REGION, 500.0)
    built_s = perf_counter() - start
    assert built_s < 8.0
    extent = side * edge / 2
    grid = np.linspace(-extent, extent, 1000)
    points = np.stack(np.meshgrid(grid, grid[::-1]), -1).reshape(-1, 2)

    def fastest_s(index):
        times = []
        for _ in range(3):
            begin = perf_counter()
            index.sets(points[:, 0], points[:, 1])
            times.append(perf_counter() - begin)
        return min(times)

    few_s, many_s = fastest_s(zone_index(many[::300], REGION, 500.0)), fastest_s(large)
    assert many_s < 0.5, f"1 M points took {many_s:.3f} s"
    assert many_s < 5.0 * few_s + 0.01


BOW = zone("bow", [(-9e3, -6e3), (9e3, 6e3), (9e3, -6e3), (-9e3, 6e3)])
PAIR = Zone(
    "pair",
    "Pair",
    None,
    1000,
    120.0,
    box("a", -9e3, -9e3, 12e3, 18e3).polygons + box("b", -3e3, -9e3, 12e3, 18e3).polygons,
)
LACED = zone(
    "laced", [(0, 0), (8e3, 0), (8e3, 8e3), (0, 8e3)], [(4e3, 4e3), (12e3, 4e3), (12e3, 6e3)]
)


@pytest.mark.parametrize("grow_m", [0.0, 500.0])
@pytest.mark.parametrize(
    ("odd", "inside_m"),
    [
        (BOW, [(-7e3, 0.0), (7e3, 0.0)]),
        (PAIR, [(-7e3, 0.0), (0.0, 0.0), (7e3, 0.0)]),
        (LACED, [(1e3, 1e3), (1e3, 7e3)]),
    ],
)
def test_borders_that_cross_lose_no_part_of_a_zone(grow_m, odd, inside_m):
    points = np.array(inside_m)
    shape = zone_shapes([odd], REGION, grow_m)[0]
    assert shape.is_valid
    assert shapely.contains_xy(shape, points).all()
    found = zone_index([odd], REGION, grow_m).lookup(points)
    assert sets_by_point(found, len(points)) == [[0]] * len(points)


def test_a_zone_without_area_is_refused():
    with pytest.raises(InputError, match="zone line: has no area; draw its border around it"):
        zone_index([zone("line", [(0, 0), (5e3, 0), (9e3, 0)])], REGION)
