"""Cursor on Target: warnings as drawn areas and tracks as points, for TAK clients and servers.

A warning is one freeform shape (``u-d-f``) per polygon of its zone, stale when it expires; a later
message of the warning has the same uid and so takes its place. Its end is the shape once more,
stale at once and saying so, then a deletion (``t-x-d-d``) for those that know it. Holes of polygons
are warned with the zone, as in CAP. Types of tracks are the plain air types, with what is known of
them as the affiliation; nothing here says whom to engage.

Source: MITRE, Cursor-on-Target Message Router User's Guide (2009), event schema 2.0; types after
MIL-STD-2525 by the table that TAK clients share (CoTtypes.xml).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

from lxml import etree
from shapely.geometry import Polygon

from tocsin.contract import (
    ENDINGS,
    NS,
    Action,
    Designation,
    ObjectClass,
    Stage,
    Tracks,
    TrackStatus,
    Warnings,
    Zone,
)
from tocsin.serve.cap import clean
from tocsin.serve.rows import iso, warning_row

UNKNOWN = "9999999.0"
"""How CoT says that a height or an error is not known."""
_COLOURS = {Stage.ALERT: 0xFF4848, Stage.PRE_ALERT: 0xFFBA38, Stage.QUIET: 0x6FD6B1}
_TITLES = {Stage.ALERT: "ALERT", Stage.PRE_ALERT: "PRE-ALERT", Stage.QUIET: "ALL CLEAR"}
_AIR = {
    ObjectClass.AIRLINER: "A-C-F",
    ObjectClass.LIGHT_AIRCRAFT: "A-C-F",
    ObjectClass.HELICOPTER: "A-C-H",
    ObjectClass.BALLOON: "A-C-L",
    ObjectClass.MULTIROTOR: "A-M-F-Q",
    ObjectClass.ONE_WAY_DRONE: "A-M-F-Q",
}
_HEADER = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


class CotWriter:
    """Write warnings and tracks of one site as CoT events.

    Args:
        zones: with their polygons.
        site: its name, part of every uid of a track.
        status: of public messages; all but Actual stands in every title.
    """

    def __init__(self, zones: Sequence[Zone], site: str, status: str) -> None:
        """Take the zones."""
        self._zones = {zone.zone_id: zone for zone in zones}
        self._names = {zone.zone_id: zone.name for zone in zones}
        self._site, self._mark = site, "" if status == "Actual" else f"{status.upper()} "

    def warning(self, warnings: Warnings, row: int) -> bytes:
        """Return the events of a row's message, one to a line."""
        zone = self._zones[str(warnings.zone_id[row])]
        rings = [polygon[0] for polygon in zone.polygons]
        uids = [f"tocsin-{warnings.warning_id[row]}-{k + 1}" for k in range(len(rings))]
        events = [
            self._shape(warnings, row, uid, ring) for uid, ring in zip(uids, rings, strict=True)
        ]
        if warnings.action[row] in ENDINGS:
            at = iso(int(warnings.decided_at_ns[row]))
            events += [_deletion(uid, at) for uid in uids]
        return b"\n".join(events)

    def _shape(
        self, warnings: Warnings, row: int, uid: str, ring: Sequence[Sequence[float]]
    ) -> bytes:
        said = warning_row(warnings, row, self._names)
        over = warnings.action[row] in ENDINGS
        times = (said["decided_at"], said["decided_at"] if over else said["expires_at"])
        place = Polygon(ring).representative_point()
        event = _event(uid, "u-d-f", times, (place.y, place.x))
        detail = etree.SubElement(event, "detail")
        cancelled = warnings.action[row] == Action.CANCEL
        stage = Stage(warnings.stage[row])
        title = "CANCELLED" if cancelled else _TITLES[Stage.QUIET if over else stage]
        named = f"{self._mark}{title} {said['zone_name']}"
        etree.SubElement(detail, "contact", callsign=clean(named))
        for longitude_deg, latitude_deg in ring:
            etree.SubElement(detail, "link", point=f"{latitude_deg:.6f},{longitude_deg:.6f}")
        colour = _COLOURS[Stage.QUIET if over else stage]
        etree.SubElement(detail, "strokeColor", value=str(_argb(0xFF, colour)))
        etree.SubElement(detail, "fillColor", value=str(_argb(0x50, colour)))
        etree.SubElement(detail, "strokeWeight", value="3.0")
        etree.SubElement(detail, "labels_on", value="true")
        remarks = etree.SubElement(detail, "remarks")
        remarks.text = clean(f"{named}. {_remarks(said, over)}")
        return _written(event)

    def tracks(self, tracks: Tracks, now_ns: int, stale_s: float) -> list[bytes]:
        """Return one event per track that is not tentative, hazards first."""
        firm = [k for k in range(len(tracks)) if tracks.status[k] != TrackStatus.TENTATIVE]
        firm.sort(key=lambda k: not tracks.hazardous[k])
        stale = iso(now_ns + int(stale_s * NS))
        return [self._track(tracks, k, (iso(now_ns), stale)) for k in firm]

    def _track(self, tracks: Tracks, k: int, times: tuple[str, str]) -> bytes:
        # Thousands a second: written by hand, and every text that comes from outside is quoted.
        uid = quoteattr(clean(f"tocsin-{self._site}-{tracks.track_id[k]}"))
        east, north = float(tracks.velocity_east_mps[k]), float(tracks.velocity_north_mps[k])
        cov = tracks.state_cov_m_mps[k]
        across_m, up_m = _number(math.sqrt(max(cov[0], cov[6]))), _number(math.sqrt(cov[11]))
        name = quoteattr(clean(tracks.callsign[k] or tracks.track_id[k]))
        kind = ObjectClass(int(tracks.object_class[k])).name.lower()
        return (
            f'{_HEADER.decode()}<event version="2.0" uid={uid} type="{track_type(tracks, k)}" '
            f'how="m-f" time="{times[0]}" start="{times[0]}" stale="{times[1]}">'
            f'<point lat="{tracks.latitude_deg[k]:.6f}" lon="{tracks.longitude_deg[k]:.6f}" '
            f'hae="{_number(tracks.height_wgs84_m[k])}" ce="{across_m}" le="{up_m}"/><detail>'
            f"<contact callsign={name}/>"
            f'<track speed="{math.hypot(east, north):.1f}" '
            f'course="{math.degrees(math.atan2(east, north)) % 360.0:.1f}"/>'
            f"<remarks>{kind}</remarks></detail></event>"
        ).encode()


def track_type(tracks: Tracks, k: int) -> str:
    """Return a track's CoT type: neutral where known, suspect where hazardous, else unknown."""
    designation = Designation(int(tracks.designation[k]))
    affiliation = "u"
    if designation == Designation.KNOWN:
        affiliation = "n"
    elif tracks.hazardous[k] or designation == Designation.HAZARD:
        affiliation = "s"
    return f"a-{affiliation}-{_AIR.get(ObjectClass(int(tracks.object_class[k])), 'A')}"


def _remarks(said: Mapping[str, object], over: bool) -> str:
    if over:
        return f"{said['reason'] or ''} ({said['warning_id']})".strip()
    threat = str(said["threat_class"]).replace("_", " ")
    first, last = str(said["arrival_p10"] or "")[11:16], str(said["arrival_p90"] or "")[11:16]
    when = f" Arrival {first} to {last} UTC." if first and last else ""
    until = str(said["expires_at"])[11:16]
    why = f" {said['reason']}" if said["reason"] else ""
    return f"Threat: {threat}.{when}{why} Valid until {until} UTC, renewed before."


def _event(
    uid: str, kind: str, times: tuple[str, str], place_deg: tuple[float, float]
) -> etree._Element:
    event = etree.Element(
        "event",
        version="2.0",
        uid=clean(uid),
        type=kind,
        how="m-g",
        time=times[0],
        start=times[0],
        stale=times[1],
    )
    latitude_deg, longitude_deg = place_deg
    place = {"lat": f"{latitude_deg:.6f}", "lon": f"{longitude_deg:.6f}"}
    etree.SubElement(event, "point", {**place, "hae": UNKNOWN, "ce": UNKNOWN, "le": UNKNOWN})
    return event


def _deletion(uid: str, at: str) -> bytes:
    event = _event(f"{uid}-end", "t-x-d-d", (at, at), (0.0, 0.0))
    detail = etree.SubElement(event, "detail")
    etree.SubElement(detail, "link", uid=clean(uid), relation="none", type="none")
    etree.SubElement(detail, "__forcedelete")
    return _written(event)


def _written(event: etree._Element) -> bytes:
    return _HEADER + etree.tostring(event)


def _argb(alpha: int, colour: int) -> int:
    """Return a colour as the signed 32-bit integer that TAK clients read."""
    value = alpha << 24 | colour
    return value - (1 << 32) if value >= 1 << 31 else value


def _number(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else UNKNOWN
