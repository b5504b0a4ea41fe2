"""The state of each zone: warnings that are open, proposals that await release, districts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tocsin.contract import ENDINGS, ObjectClass, Pending, Stage, Warnings, Zone
from tocsin.serve.districts import Family
from tocsin.serve.rows import Row, iso, iso_or_none, lower, number, warning_row

_ARRIVAL = ("arrival_p10", "arrival_p50", "arrival_p90")
_SHOWN = ("threat_class", "probability", *_ARRIVAL, "warning_id", "reason")


class ZoneBoard:
    """Hold which warnings are open per zone; a zone shows the gravest, then the soonest.

    A warning stays open until a row clears or cancels it: one that merely expired is never shown as
    quiet. A district has the stage that it inherits from its zones.
    """

    def __init__(self, zones: Sequence[Zone]) -> None:
        """Start with every zone quiet."""
        self._family = Family(zones)
        self.names = {zone.zone_id: zone.name for zone in zones}
        self._fixed: dict[str, Row] = {
            f["properties"]["zone_id"]: f["properties"] for f in self._family.features
        }
        self._open: dict[str, dict[str, Row]] = {}
        self._stages: dict[str, Stage] = {}
        self._pending: dict[str, Row] = {}
        self._told: dict[str, Row] = {}

    def fold(self, warnings: Warnings, pending: Pending | None = None) -> list[Row]:
        """Take in new rows, and all that is pending; return what is new of zones and districts.

        Args:
            warnings: new decisions.
            pending: all that awaits operators or was ordered by them; None: as before.
        """
        touched: dict[str, None] = {}
        for k in range(len(warnings)):
            row = warning_row(warnings, k, self.names)
            opened = self._open.setdefault(row["zone_id"], {})
            opened.pop(row["warning_id"], None)
            if warnings.action[k] not in ENDINGS and warnings.stage[k] != Stage.QUIET:
                opened[row["warning_id"]] = row
            self._stages[row["zone_id"]] = _stage(opened)
            touched[row["zone_id"]] = None
        if pending is not None:
            before, self._pending = self._pending, _pending_rows(pending)
            touched |= dict.fromkeys([*before, *self._pending])
        return [row for row in map(self.properties, self._concerned(touched)) if self._is_new(row)]

    def _concerned(self, touched: Iterable[str]) -> list[str]:
        """Return zones, what they are part of and their parts, as far as they are known here."""
        family = self._family
        found = {k: None for i in touched for k in (i, *family.above(i), *family.below(i))}
        return [zone_id for zone_id in found if zone_id in self._fixed]

    def _is_new(self, row: Row) -> bool:
        known = self._told.get(row["zone_id"])
        self._told[row["zone_id"]] = row
        return row != known

    def properties(self, zone_id: str) -> Row:
        """Return a zone's fixed and present properties."""
        opened = self._open.get(zone_id, {})
        shown = min(opened.values(), key=_rank) if opened else {}
        present: Row = {name: shown.get(name) for name in _SHOWN}
        stage, share = self._family.inherited(zone_id, self._stages)
        fixed = self._fixed[zone_id]
        own = lower(stage) if fixed["kind"] == "district" else shown.get("stage", "quiet")
        return {
            **fixed,
            "stage": own,
            **present,
            "inherited_stage": lower(stage),
            "inherited_share": round(share, 4),
            "expires_at": shown.get("expires_at"),
            "released_by": shown.get("released_by"),
            **self._pending.get(zone_id, _NOTHING),
        }

    def refusal(self, verb: str, warning_id: str) -> tuple[int, str] | None:
        """Return status and sentence of why an order would do nothing, or None where it works."""
        opened = any(warning_id in warnings for warnings in self._open.values())
        made = [p for p in (row["proposal"] for row in self._pending.values()) if p]
        awaits = any(proposal["warning_id"] == warning_id for proposal in made)
        if not (opened or awaits):
            return 404, f"no warning {warning_id[:80]!r} is in force, and none awaits release"
        if verb == "release" and not awaits:
            return 409, "nothing awaits release there; it may have gone out or lapsed"
        if verb in ("extend", "all-clear") and not opened:
            return 409, "nobody was warned yet; release it, or cancel it to decline"
        return None

    def geojson(self) -> dict[str, Any]:
        """Return all zones and districts with their present properties."""
        features = [
            {**feature, "properties": self.properties(feature["properties"]["zone_id"])}
            for feature in self._family.features
        ]
        return {"type": "FeatureCollection", "features": features}

    def by_stage(self) -> dict[str, int]:
        """Return how many zones are at each stage, districts left out."""
        counts = {stage.name.lower(): 0 for stage in Stage}
        for zone_id in self.names:
            counts[lower(self._stages.get(zone_id, Stage.QUIET))] += 1
        return counts


def _stage(opened: dict[str, Row]) -> Stage:
    return max((Stage[row["stage"].upper()] for row in opened.values()), default=Stage.QUIET)


def _rank(row: Row) -> tuple[int, str, str]:
    gravity = Stage[row["stage"].upper()]
    return (-gravity, row["arrival_p50"] or "9", row["warning_id"])


_NOTHING: Row = {"proposal": None, "held_until": None, "extended_until": None}


def _pending_rows(pending: Pending) -> dict[str, Row]:
    return {pending.zone_id[k]: _pending_row(pending, k) for k in range(len(pending))}


def _pending_row(pending: Pending, k: int) -> Row:
    return {
        "proposal": _proposal(pending, k) if pending.proposed_at_ns[k] else None,
        "held_until": iso_or_none(int(pending.held_until_ns[k])),
        "extended_until": iso_or_none(int(pending.extended_until_ns[k])),
    }


def _proposal(pending: Pending, k: int) -> Row:
    return {
        "warning_id": pending.warning_id[k],
        "stage": lower(Stage(pending.proposed_stage[k])),
        "proposed_at": iso(int(pending.proposed_at_ns[k])),
        "due_at": iso_or_none(int(pending.due_at_ns[k])),
        "threat_class": lower(ObjectClass(pending.threat_class[k])),
        "probability": number(pending.probability[k], 2),
        **{name: iso_or_none(int(getattr(pending, f"{name}_ns")[k])) for name in _ARRIVAL},
        "track_ids": list(pending.track_ids[k]),
        "reason": pending.reason[k],
    }
