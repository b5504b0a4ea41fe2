"""The present state of each zone, for those who want to know it and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.contract import Warnings, Zone
from tocsin.serve.districts import lineage
from tocsin.serve.rows import Row, dump, iso
from tocsin.serve.zones import ZoneBoard

_SAID = (
    "zone_id",
    "name",
    "parent_id",
    "stage",
    "threat_class",
    "probability",
    "arrival_p10",
    "arrival_p50",
    "arrival_p90",
    "warning_id",
)


class ZoneStates:
    """Fold warnings into one small object per zone: stage, class, since when, until when."""

    def __init__(self, zones: Sequence[Zone], site: str, status: str) -> None:
        """Start with every zone quiet, since nobody knows when."""
        self._board = ZoneBoard(zones)
        self._parents = {zone.zone_id: zone.parent_id for zone in zones}
        self._said = {"site": site, "status": status}
        self._since: dict[str, str] = {}
        self._stage: dict[str, str] = {}
        features = self._board.geojson()["features"]
        self.zone_ids = tuple(str(one["properties"]["zone_id"]) for one in features)

    def fold(self, warnings: Warnings) -> list[str]:
        """Take rows in, in order; return the zones whose state they change."""
        changed: dict[str, None] = {}
        for k in range(len(warnings)):
            row = warnings.take(slice(k, k + 1))
            told = {str(properties["zone_id"]) for properties in self._board.fold(row)}
            # A zone that is merely renewed is told too, with those above it.
            line = lineage(str(row.zone_id[0]), self._parents)
            for zone_id in sorted(told.union(line).intersection(self.zone_ids)):
                changed[zone_id] = None
                stage = str(self._board.properties(zone_id)["stage"])
                if stage != self._stage.get(zone_id, "quiet"):
                    self._since[zone_id] = iso(int(row.decided_at_ns[0]))
                self._stage[zone_id] = stage
        return list(changed)

    def state(self, zone_id: str) -> Row:
        """Return a zone's state; `until` is when what was said of it expires unless renewed."""
        properties = self._board.properties(zone_id)
        return {
            **self._said,
            **{name: properties[name] for name in _SAID},
            "since": self._since.get(zone_id),
            "until": properties["expires_at"],
        }

    def document(self, zone_id: str) -> bytes:
        """Return a zone's state as JSON."""
        return dump(self.state(zone_id))
