"""The stage of each zone, folded from the rows of warning decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tocsin.contract import Action, Stage, Warnings, Zone, zones_geojson
from tocsin.serve.rows import Row, warning_row

_CLOSING = (Action.CLEAR, Action.CANCEL)
_ARRIVAL = ("arrival_p10", "arrival_p50", "arrival_p90")
_SHOWN = ("threat_class", "probability", *_ARRIVAL, "warning_id", "reason")


class ZoneBoard:
    """Hold which warnings are open per zone; a zone shows the gravest, then the soonest.

    A zone may be under several warnings at once, one per threat class. A warning stays open until
    a row clears or cancels it: one that merely expired is never shown as quiet.
    """

    def __init__(self, zones: Sequence[Zone]) -> None:
        """Start with every zone quiet."""
        self._features = zones_geojson(zones)["features"]
        self.names = {zone.zone_id: zone.name for zone in zones}
        self._fixed = {f["properties"]["zone_id"]: f["properties"] for f in self._features}
        self._open: dict[str, dict[str, Row]] = {}

    def fold(self, warnings: Warnings) -> list[Row]:
        """Take new rows in; return the properties of the zones that they concern, as they end."""
        touched: dict[str, None] = {}
        for k in range(len(warnings)):
            row = warning_row(warnings, k, self.names)
            opened = self._open.setdefault(row["zone_id"], {})
            opened.pop(row["warning_id"], None)
            if warnings.action[k] not in _CLOSING and warnings.stage[k] != Stage.QUIET:
                opened[row["warning_id"]] = row
            touched[row["zone_id"]] = None
        return [self.properties(zone_id) for zone_id in touched if zone_id in self._fixed]

    def properties(self, zone_id: str) -> Row:
        """Return a zone's fixed and present properties."""
        opened = list(self._open.get(zone_id, {}).values())
        shown = min(opened, key=_rank) if opened else {}
        present: Row = {name: shown.get(name) for name in _SHOWN}
        return {**self._fixed[zone_id], "stage": shown.get("stage", "quiet"), **present}

    def is_open(self, warning_id: str) -> bool:
        """Return whether a warning has been issued and neither cleared nor cancelled."""
        return any(warning_id in opened for opened in self._open.values())

    def geojson(self) -> dict[str, Any]:
        """Return all zones with their present properties."""
        features = [
            {**feature, "properties": self.properties(feature["properties"]["zone_id"])}
            for feature in self._features
        ]
        return {"type": "FeatureCollection", "features": features}

    def by_stage(self) -> dict[str, int]:
        """Return how many zones are at each stage."""
        counts = {stage.name.lower(): 0 for stage in Stage}
        for zone_id in self._fixed:
            counts[self.properties(zone_id)["stage"]] += 1
        return counts


def _rank(row: Row) -> tuple[int, str, str]:
    gravity = Stage[row["stage"].upper()]
    return (-gravity, row["arrival_p50"] or "9", row["warning_id"])
