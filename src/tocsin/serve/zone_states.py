"""The present state of each zone, for those who want to know it and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.contract import Warnings, Zone
from tocsin.serve.rows import Row, dump, iso, iso_or_none
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
        self._said = {"site": site, "status": status}
        self._since: dict[str, str] = {}
        self._stage: dict[str, str] = {}
        self._until: dict[str, str | None] = {}
        self.zone_ids = tuple(self._board.names)

    def fold(self, warnings: Warnings) -> list[str]:
        """Take rows in, in order; return the zones whose state they change."""
        changed: dict[str, None] = {}
        for k in range(len(warnings)):
            row = warnings.take(slice(k, k + 1))
            self._until[str(row.warning_id[0])] = iso_or_none(int(row.expires_at_ns[0]))
            for properties in self._board.fold(row):
                if properties["kind"] != "zone":
                    continue
                zone_id, stage = str(properties["zone_id"]), str(properties["stage"])
                changed[zone_id] = None
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
            "until": self._until.get(str(properties["warning_id"])),
        }

    def document(self, zone_id: str) -> bytes:
        """Return a zone's state as JSON."""
        return dump(self.state(zone_id))
