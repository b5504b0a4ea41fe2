"""What recipients of warnings get to read: a message as CAP, JSON or CoT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tocsin.contract import Warnings, Zone
from tocsin.run.site import Site
from tocsin.serve.cot import CotWriter
from tocsin.serve.rows import dump, warning_row


class Bodies:
    """Make the bodies of messages.

    Args:
        site: its name and status are in them.
        former: zones that it had: their warnings may still have to end.
    """

    def __init__(self, site: Site, former: Sequence[Zone] = ()) -> None:
        """Take the names."""
        self._zones = {zone.zone_id: zone for zone in (*former, *site.zones)}
        self._names = {name: zone.name for name, zone in self._zones.items()}
        zones, status = tuple(self._zones.values()), site.file.site.status
        self._cot = CotWriter(zones, site.name, status)
        self._said = {"site": site.name, "status": site.file.site.status}

    def __call__(
        self, warnings: Warnings, row: int, form: str, documents: Mapping[str, bytes]
    ) -> bytes:
        """Return the body of a row's message.

        Args:
            warnings: rows.
            row: which of them.
            form: cap, json or cot.
            documents: CAP messages by identifier.
        """
        if form == "cap":
            return documents[str(warnings.cap_identifier[row])]
        if form == "cot":
            return self._cot.warning(warnings, row)
        return dump({**self._said, **warning_row(warnings, row, self._names)})
