"""Public messages of a run: warning rows to CAP documents and the feed of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from tocsin.contract import Warnings, Zone
from tocsin.run.site import Site
from tocsin.serve.atom import atom_feed
from tocsin.serve.cap import CapConfig, cap_xml

FEED_ROWS = 200


class Messages:
    """Make the CAP messages of a run, each with the references that it needs.

    Args:
        site: its zones, name and status are in the messages.
        former: zones that it had: their warnings are in its record, and may still have to end.
    """

    def __init__(self, site: Site, former: Sequence[Zone] = ()) -> None:
        """Start without any open warning."""
        self._zones = {zone.zone_id: zone for zone in (*former, *site.zones)}
        section = site.file.site
        self._config = CapConfig(
            sender=section.sender or CapConfig.sender,
            sender_name=site.name,
            status=section.status,
            languages=site.file.cap.languages,
            time_zone=site.file.cap.time_zone,
            sign=site.signer.sign if site.signer else None,
        )
        self._chains: dict[str, Warnings] = {}
        self._latest: deque[Warnings] = deque(maxlen=FEED_ROWS)

    def add(self, warnings: Warnings) -> tuple[dict[str, bytes], bytes | None]:
        """Return the new messages by identifier, and the feed where it changed.

        Args:
            warnings: rows in the order in which they were decided.
        """
        documents = {}
        for row in range(len(warnings)):
            chain = self._extend(warnings.take(slice(row, row + 1)))
            zone = self._zones[warnings.zone_id[row]]
            documents[str(warnings.cap_identifier[row])] = cap_xml(chain, zone, self._config)
        if not documents:
            return {}, None
        feed = atom_feed(
            Warnings.concat(list(self._latest)), list(self._zones.values()), self._config
        )
        return documents, feed

    def _extend(self, row: Warnings) -> Warnings:
        """Return a warning's rows with a new one; a finished warning is forgotten."""
        name = str(row.warning_id[0])
        known = self._chains.get(name)
        chain = row if known is None else Warnings.concat([known, row])
        self._latest.append(row)
        if row.stage[0] == 0:
            self._chains.pop(name, None)
        else:
            self._chains[name] = chain
        return chain
