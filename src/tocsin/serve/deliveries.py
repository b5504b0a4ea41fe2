"""Who was told what when, as clients see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tocsin.contract import Action, Deliveries, DeliveryStatus, Stage
from tocsin.serve.rows import Row, iso, iso_or_none, lower


class Told(Protocol):
    """Tell operators how the delivery of warnings goes."""

    async def newest(self, limit: int, undelivered: bool) -> Deliveries:
        """Return the newest rows of the ledger, newest first."""

    def counts(self) -> Mapping[tuple[str, DeliveryStatus], int]:
        """Return how many messages each recipient has had of each status."""

    def undelivered(self) -> list[Row]:
        """Return, of each recipient that lacks messages, how many and why."""


def delivery_rows(deliveries: Deliveries) -> list[Row]:
    """Return one object per message and recipient."""
    return [_delivery_row(row) for row in deliveries.rows()]


def _delivery_row(row: Mapping[str, Any]) -> Row:
    return {
        "recipient": row["recipient"],
        "cap_identifier": row["cap_identifier"],
        "warning_id": row["warning_id"],
        "zone_id": row["zone_id"],
        "action": lower(Action(row["action"])),
        "stage": lower(Stage(row["stage"])),
        "status": lower(DeliveryStatus(row["status"])),
        "attempts": row["attempts"],
        "decided_at": iso(row["decided_at_ns"]),
        "queued_at": iso(row["queued_at_ns"]),
        "sent_at": iso_or_none(row["sent_at_ns"]),
        "acknowledged_at": iso_or_none(row["acknowledged_at_ns"]),
        "last_error": row["last_error"],
    }
