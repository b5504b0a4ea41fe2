"""Zones and the districts above them: who is part of what, and how a district stands.

A zone's ``parent_id`` names the zone or the district that it is part of. A district that is no zone
of the site itself is published beside the zones, with the area and the people of its parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon, mapping

from tocsin.contract import Stage, Zone, zones_geojson

Row = dict[str, Any]


def lineage(zone_id: str, parents: Mapping[str, str | None]) -> list[str]:
    """Return a zone and all above it, the nearest first; a circle of parents is walked once.

    >>> lineage("quay", {"quay": "town", "town": "county", "county": None})
    ['quay', 'town', 'county']
    """
    line: list[str] = []
    name: str | None = zone_id
    while name is not None and name not in line:
        line.append(name)
        name = parents.get(name)
    return line


class Family:
    """Hold the tree of zones and districts.

    Args:
        zones: of the site, in its order.
    """

    def __init__(self, zones: Sequence[Zone]) -> None:
        """Build the tree; a circle of parents is cut where it closes."""
        known = {zone.zone_id: zone for zone in zones}
        self.parents = {z.zone_id: z.parent_id for z in zones if z.parent_id}
        self.children: dict[str, list[str]] = {}
        for zone_id, parent_id in self.parents.items():
            self.children.setdefault(parent_id, []).append(zone_id)
        self._people = {zone.zone_id: zone.population for zone in zones}
        added = [parent_id for parent_id in self.children if parent_id not in known]
        self.features = [_zone_feature(f) for f in zones_geojson(zones)["features"]]
        self.features += [self._district(parent_id, known) for parent_id in added]

    def _district(self, district_id: str, known: Mapping[str, Zone]) -> Row:
        """Return the feature of a district that is no zone."""
        parts = [known[i] for i in self.below(district_id) if i in known]
        shapes = [Polygon(p[0], p[1:]) for zone in parts for p in zone.polygons]
        whole = shapely.union_all(shapely.make_valid(shapes))
        shape = whole if whole.geom_type == "MultiPolygon" else _polygons(whole)
        properties = {
            "zone_id": district_id,
            "name": district_id,
            "parent_id": None,
            "population": sum(self._people[i] for i in self.leaves(district_id)),
            "time_to_shelter_s": None,
            "kind": "district",
        }
        return {"type": "Feature", "properties": properties, "geometry": mapping(shape)}

    def above(self, zone_id: str) -> list[str]:
        """Return a zone's parents, the nearest first."""
        return lineage(zone_id, self.parents)[1:]

    def below(self, zone_id: str) -> list[str]:
        """Return all that is part of a zone or district, itself left out."""
        found: dict[str, None] = {}
        todo = list(self.children.get(zone_id, ()))
        while todo:
            at = todo.pop()
            if at not in found and at != zone_id:
                found[at] = None
                todo += self.children.get(at, ())
        return list(found)

    def leaves(self, zone_id: str) -> list[str]:
        """Return the parts of a zone that have no parts; they have the people."""
        return [i for i in self.below(zone_id) if i not in self.children] or [zone_id]

    def inherited(self, zone_id: str, stages: Mapping[str, Stage]) -> tuple[Stage, float]:
        """Return the gravest stage of a zone, its parts and what it is part of; who is under it.

        Args:
            zone_id: of a zone or a district.
            stages: of zones that are warned themselves.

        Returns:
            The stage, and the share of the zone's people under it; 0 where all is quiet.
        """
        quiet = Stage.QUIET
        over = max((stages.get(i, quiet) for i in (zone_id, *self.above(zone_id))), default=quiet)
        parts = self.below(zone_id)
        gravest = max([over, *(stages.get(i, quiet) for i in parts)])
        if gravest == quiet:
            return quiet, 0.0
        if over == gravest or not parts:
            return gravest, 1.0
        leaves = self.leaves(zone_id)
        warned = [i for i in leaves if gravest in (stages.get(k) for k in (i, *self.above(i)))]
        total = sum(self._people[i] for i in leaves)
        # Where nobody is said to live, zones count alike.
        if not total:
            return gravest, len(warned) / len(leaves)
        return gravest, sum(self._people[i] for i in warned) / total


def _zone_feature(feature: Row) -> Row:
    return {**feature, "properties": {**feature["properties"], "kind": "zone"}}


def _polygons(shape: Any) -> MultiPolygon:
    """Return what covers ground in a shape."""
    parts = getattr(shape, "geoms", [shape])
    return MultiPolygon([part for part in parts if part.geom_type == "Polygon"])
