"""An Atom feed of the CAP messages of a site.

Source: RFC 4287; OASIS, CAP feeds 1.0 (2013).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from tocsin.contract import NS, Warnings, Zone
from tocsin.serve.cap import (
    CapConfig,
    clean,
    message_kind,
    new_root,
    xml_bytes,
)
from tocsin.serve.wording import message_texts

ATOM = "http://www.w3.org/2005/Atom"


def atom_feed(
    warnings: Warnings, zones: Sequence[Zone], config: CapConfig, limit: int = 200
) -> bytes:
    """Return an Atom feed of the latest messages, newest first.

    Args:
        warnings: rows in the order in which they were decided.
        zones: for their names.
        config: who speaks, and where messages are served.
        limit: most entries.
    """
    names = {zone.zone_id: zone.name for zone in zones}
    rows = range(len(warnings) - 1, max(len(warnings) - 1 - limit, -1), -1)
    newest = int(warnings.decided_at_ns[-1]) if len(warnings) else 0
    feed = new_root(ATOM, "feed")
    _atom(feed, "id", _urn(config.sender, "feed"))
    _atom(feed, "title", f"{config.sender_name}: public warnings ({config.status})")
    _atom(feed, "updated", _rfc3339(newest))
    _atom(etree.SubElement(feed, f"{{{ATOM}}}author"), "name", config.sender_name)
    self_link = etree.SubElement(feed, f"{{{ATOM}}}link", rel="self")
    self_link.set("href", f"{config.web}/feeds/cap.atom")
    for row in rows:
        zone_id = warnings.zone_id[row]
        feed.append(_entry(warnings, row, names.get(zone_id, zone_id), config))
    return xml_bytes(feed)


def _entry(warnings: Warnings, row: int, zone_name: str, config: CapConfig) -> Any:
    identifier, kind = str(warnings.cap_identifier[row]), message_kind(warnings, row)
    texts = message_texts(config.languages[0])
    mark = f"{texts['exercise']}: " if config.status != "Actual" else ""
    entry = etree.Element(f"{{{ATOM}}}entry")
    _atom(entry, "id", _urn(config.sender, identifier))
    _atom(entry, "title", f"{mark}{texts[kind.text]['event']}: {zone_name}")
    _atom(entry, "updated", _rfc3339(int(warnings.decided_at_ns[row])))
    link = etree.SubElement(entry, f"{{{ATOM}}}link", rel="alternate")
    link.set("href", f"{config.web}/cap/{identifier}.xml")
    link.set("type", "application/cap+xml")
    _atom(entry, "summary", warnings.reason[row] or "")
    return entry


def _atom(parent: Any, name: str, text: object) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}{name}").text = clean(text)


def _urn(sender: str, name: str) -> str:
    """Return an id that is the same whenever and wherever the entry is written."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"cap:{sender},{name}").urn


def _rfc3339(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns // NS, UTC):%Y-%m-%dT%H:%M:%S}Z"
