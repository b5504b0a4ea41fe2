"""Which zones a raid truly affected, and when: the truth that public warnings are scored by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from tocsin.contract import F64, HAZARDS, EffectKind, Effects, Truth, Zone
from tocsin.simulate.scenario import Scenario
from tocsin.simulate.terrain import Ground, offset_m

ON_GROUND_M = 5.0
"""An object whose last row is no higher than this above the ground came down there."""


def effects(scenario: Scenario, truth: Truth, zones: Sequence[Zone] | None = None) -> Effects:
    """Return which zones were affected by which object, and when.

    A zone is affected by an object that comes down within it grown by the class's effect radius,
    or flies within it below the class's hazard height above the ground, at a row of the truth.

    Args:
        scenario: gives the ground.
        truth: rows of every object, any order.
        zones: public areas; None: the scenario's own.
    """
    place = scenario.file.place
    centre_deg = (place.latitude_deg, place.longitude_deg)
    zones = scenario.zones if zones is None else zones
    return effects_over(scenario.ground, truth, zones, centre_deg)


def effects_over(
    ground: Ground, truth: Truth, zones: Sequence[Zone], centre_deg: tuple[float, float]
) -> Effects:
    """Return which zones were affected by which object, and when, over any ground.

    Args:
        ground: heights, the sea where it knows none.
        truth: rows of every object, any order.
        zones: public areas.
        centre_deg: latitude and longitude about which the earth is taken as flat.
    """
    truth = truth.take(np.isin(truth.object_class, [int(kind) for kind in HAZARDS]))
    truth = truth.sorted_by("target_id", "measured_at_ns")
    if len(truth) == 0:
        return Effects.empty()
    centre = np.array(centre_deg[0]), np.array(centre_deg[1])
    point = np.stack(offset_m(*centre, truth.latitude_deg, truth.longitude_deg), axis=1)
    shapes = [shapely.transform(_shape(zone), lambda xy: _metres(centre, xy)) for zone in zones]
    above = truth.height_wgs84_m - ground.under_m(truth.latitude_deg, truth.longitude_deg)
    parts = [
        _impacts(truth, point, above, zones, shapes),
        _passes(truth, point, above, zones, shapes),
    ]
    return Effects.concat(parts).sorted_by("first_ns", "target_id", "zone_id", "kind")


def _shape(zone: Zone) -> shapely.Geometry:
    return shapely.MultiPolygon([shapely.Polygon(p[0], p[1:]) for p in zone.polygons])


def _metres(centre: tuple[np.ndarray, np.ndarray], lon_lat: F64) -> F64:
    return np.stack(offset_m(*centre, lon_lat[:, 1], lon_lat[:, 0]), axis=1)


def _per_row(truth: Truth, name: str) -> F64:
    table = {int(kind): float(getattr(hazard, name)) for kind, hazard in HAZARDS.items()}
    return np.array([table[int(kind)] for kind in truth.object_class])


def _impacts(
    truth: Truth, point: F64, above: F64, zones: Sequence[Zone], shapes: list[shapely.Geometry]
) -> Effects:
    last = np.append(truth.target_id[1:] != truth.target_id[:-1], True)
    down = np.flatnonzero(last & (above <= ON_GROUND_M))
    radius = _per_row(truth, "effect_radius_m")[down]
    where = np.asarray(shapely.points(point[down]))
    far = shapely.distance(np.array(shapes)[:, None], where[None, :])
    zone, hit = np.nonzero(far <= radius[None, :])
    return _table(truth, zones, EffectKind.IMPACT, zone, down[hit], down[hit])


def _passes(
    truth: Truth, point: F64, above: F64, zones: Sequence[Zone], shapes: list[shapely.Geometry]
) -> Effects:
    limit = _per_row(truth, "hazard_height_m")
    low = np.flatnonzero((above < limit) & (limit > 0.0))
    tree = shapely.STRtree(shapes)
    hit, zone = tree.query(shapely.points(point[low]), predicate="intersects")
    row = low[hit]
    order = np.lexsort((row, zone))  # rows are by object, then time
    zone, row = zone[order], row[order]
    new = np.ones(len(row), bool)
    new[1:] = (zone[1:] != zone[:-1]) | (truth.target_id[row[1:]] != truth.target_id[row[:-1]])
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(row)) - 1
    return _table(
        truth, zones, EffectKind.LOW_PASS, zone[first], row[first], row[last[: len(first)]]
    )


def _table(
    truth: Truth,
    zones: Sequence[Zone],
    kind: EffectKind,
    zone: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> Effects:
    ids = np.array([z.zone_id for z in zones], object)
    return Effects.build(
        len(zone),
        target_id=truth.target_id[first],
        zone_id=ids[zone],
        kind=int(kind),
        first_ns=truth.measured_at_ns[first],
        last_ns=truth.measured_at_ns[last],
    )
