"""A zone is affected by what comes down near it or flies low over it, and by nothing else."""

import numpy as np
import pyproj
import pytest

from tocsin import simulate
from tocsin.contract import HAZARDS, NS, EffectKind, ObjectClass, Truth, Zone

GEOD = pyproj.Geod(ellps="WGS84")
WEST, EAST, SOUTH, NORTH = -20.60, -20.50, -31.98, -31.92


@pytest.fixture(scope="module")
def scenario():
    return simulate.read_scenario(simulate.demo_scenario())


@pytest.fixture
def zone():
    ring = ((WEST, SOUTH), (EAST, SOUTH), (EAST, NORTH), (WEST, NORTH), (WEST, SOUTH))
    return Zone("Z", "Square", None, 1000, 60.0, ((ring,),))


def _track(kind, points, name="a") -> Truth:
    latitude, longitude, height = np.array(points, float).T
    return Truth.build(
        len(points),
        measured_at_ns=np.arange(len(points)) * NS,
        target_id=name,
        object_class=int(kind),
        latitude_deg=latitude,
        longitude_deg=longitude,
        height_wgs84_m=height,
    )


@pytest.mark.parametrize("kind", [ObjectClass.ONE_WAY_DRONE, ObjectClass.FAST_LOW_FLYER])
@pytest.mark.parametrize(("beyond", "affected"), [(-5.0, True), (5.0, False)])
def test_an_impact_counts_within_the_effect_radius(scenario, zone, kind, beyond, affected):
    """The distance from the zone's edge is laid off by pyproj."""
    middle = (SOUTH + NORTH) / 2
    away = HAZARDS[kind].effect_radius_m + beyond
    longitude, latitude, _ = GEOD.fwd(EAST, middle, 90.0, away)
    track = _track(kind, [(latitude, longitude + 0.1, 900), (latitude, longitude, 0)])
    found = simulate.effects(scenario, track, [zone])
    assert len(found) == affected
    if affected:
        assert found.kind[0] == EffectKind.IMPACT
        assert found.first_ns[0] == found.last_ns[0] == NS


def test_low_passes_last_from_the_first_to_the_last_low_row(scenario, zone):
    heights = [400, 140, 60, 149, 160, 400]
    points = [(-31.95, WEST + 0.01 + 0.01 * k, h) for k, h in enumerate(heights)]
    found = simulate.effects(scenario, _track(ObjectClass.ONE_WAY_DRONE, points), [zone])
    assert found.rows() == [
        {"target_id": "a", "zone_id": "Z", "kind": EffectKind.LOW_PASS,
         "first_ns": NS, "last_ns": 3 * NS}
    ]  # fmt: skip


def test_low_outside_high_inside_and_harmless_classes_do_not_count(scenario, zone):
    outside = _track(ObjectClass.ONE_WAY_DRONE, [(-31.95, EAST + 0.02, 50)] * 3)
    high = _track(ObjectClass.ONE_WAY_DRONE, [(-31.95, WEST + 0.02, 151)] * 3)
    airliner = _track(ObjectClass.AIRLINER, [(-31.95, WEST + 0.02, 50), (-31.95, WEST, 0)])
    for track in (outside, high, airliner, Truth.empty()):
        assert len(simulate.effects(scenario, track, [zone])) == 0


def test_order_of_rows_does_not_matter(demo):
    rng = np.random.default_rng(1)
    shuffled = demo.truth.take(rng.permutation(len(demo.truth)))
    one = simulate.effects(demo.scenario, demo.truth)
    other = simulate.effects(demo.scenario, shuffled, demo.scenario.zones)
    assert one.rows() == other.rows()
    assert len(one) > 100


def test_every_impact_is_where_its_object_ends(demo):
    found = simulate.effects(demo.scenario, demo.truth)
    impacts = found.take(found.kind == int(EffectKind.IMPACT))
    last = {}
    for name, at in zip(demo.truth.target_id, demo.truth.measured_at_ns, strict=True):
        last[name] = max(at, last.get(name, 0))
    assert all(
        last[name] == at for name, at in zip(impacts.target_id, impacts.first_ns, strict=True)
    )


def test_low_is_low_above_the_ground_not_above_the_sea(scenario):
    hill = max(scenario.file.place.hill, key=lambda h: h.height_m)
    place = (hill.latitude_deg, hill.longitude_deg)
    low = _track(ObjectClass.ONE_WAY_DRONE, [(*place, hill.height_m + 100)] * 2, "low")
    high = _track(ObjectClass.ONE_WAY_DRONE, [(*place, hill.height_m + 200)] * 2, "high")
    found = simulate.effects(scenario, Truth.concat([low, high]))
    assert [(row["target_id"], row["kind"]) for row in found.rows()] == [
        ("low", EffectKind.LOW_PASS)
    ]
