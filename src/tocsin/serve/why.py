"""One track in plain words: what it is taken for, who sees it, whom it threatens."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tocsin.contract import (
    Corroboration,
    Designated,
    Designation,
    Forecasts,
    ObjectClass,
    SensorKind,
    Tracks,
    TrackStatus,
)
from tocsin.serve.rows import Row, iso_or_none, lower, number, seconds_between, track_row
from tocsin.serve.snapshot import SiteInfo

_KINDS = {
    SensorKind.RADAR: "radar",
    SensorKind.ADSB_RECEIVER: "ADS-B receiver",
    SensorKind.PEOPLE: "people",
    SensorKind.EXTERNAL: "another tracker",
    SensorKind.RF_DETECTOR: "RF detector",
    SensorKind.ACOUSTIC: "acoustic detector",
}
_CORROBORATED = {
    Corroboration.CONFIRMED: "A radar confirms the position that it reports itself.",
    Corroboration.UNCORROBORATED: "Only its own transponder reports it, although a radar that "
    "works should see it: do not rely on what it says.",
}
_DESIGNATED = {
    Designation.KNOWN: "known; it raises no warning",
    Designation.UNKNOWN: "unknown",
    Designation.HAZARD: "a hazard",
}


def track_detail(
    tracks: Tracks,
    k: int,
    forecasts: Forecasts,
    designated: Designated,
    site: SiteInfo,
    now_ns: int,
) -> Row:
    """Return a track's row with the reasons behind it."""
    zones = _threatened(forecasts, tracks.track_id[k], site)
    return track_row(tracks, k) | {
        "why": list(_sentences(tracks, k, zones, designated, site, now_ns)),
        "class_probabilities": _class_probabilities(tracks, k),
        "zones": zones,
        "position_std_m": number(_position_std_m(tracks, k), 1),
        "first_seen": iso_or_none(int(tracks.first_at_ns[k])),
        "last_plot": iso_or_none(int(tracks.last_plot_at_ns[k])),
    }


def _class_probabilities(tracks: Tracks, k: int) -> dict[str, float | None]:
    return {lower(c): number(tracks.class_probability[k, c], 4) for c in ObjectClass}


def _position_std_m(tracks: Tracks, k: int) -> float:
    """Return the root mean square of the two horizontal standard deviations."""
    packed = tracks.state_cov_m_mps[k]
    return math.sqrt(max(0.0, (packed[0] + packed[6]) / 2.0))


def _threatened(forecasts: Forecasts, track_id: str, site: SiteInfo) -> list[Row]:
    names = {zone.zone_id: zone.name for zone in site.zones}
    rows = [
        {
            "zone_id": forecasts.zone_id[k],
            "name": names.get(forecasts.zone_id[k], forecasts.zone_id[k]),
            "probability": number(forecasts.probability[k], 4),
            "arrival_p50": iso_or_none(int(forecasts.arrival_p50_ns[k])),
        }
        for k in range(len(forecasts))
        if track_id in forecasts.track_ids[k]
    ]
    return sorted(rows, key=lambda row: (-(row["probability"] or 0.0), row["zone_id"]))


def _sentences(
    tracks: Tracks,
    k: int,
    zones: Sequence[Row],
    designated: Designated,
    site: SiteInfo,
    now_ns: int,
) -> Iterator[str]:
    yield _motion(tracks, k)
    yield _class_guess(tracks, k)
    yield _sensors(tracks, k, site)
    yield _identity(tracks, k)
    if said := _CORROBORATED.get(Corroboration(tracks.corroborated[k])):
        yield said
    yield from _declared(designated, tracks.track_id[k])
    yield _existence(tracks, k, now_ns)
    yield from _threats(zones)


def _motion(tracks: Tracks, k: int) -> str:
    row = track_row(tracks, k)
    climb_mps = row["climb_mps"] or 0.0
    level = "in level flight"
    if abs(climb_mps) >= 1.0:
        level = f"{'climbing' if climb_mps > 0 else 'descending'} at {abs(climb_mps):.0f} m/s"
    speed, course = row["speed_mps"] or 0.0, row["course_deg"] or 0.0
    height = row["height_wgs84_m"]
    where = "at a height that is not known" if height is None else f"at {height:.0f} m"
    return f"It moves at {speed:.0f} m/s towards {course:03.0f}° {where}, {level}."


def _class_guess(tracks: Tracks, k: int) -> str:
    probabilities = np.nan_to_num(tracks.class_probability[k])
    first, second = np.argsort(-probabilities, kind="stable")[:2]
    if probabilities[first] <= 0.0:
        return "What it is cannot be told."
    said = f"So it is taken for {_article(first)} ({probabilities[first]:.0%})"
    if probabilities[second] >= 0.05:
        said += f", or else {_article(second)} ({probabilities[second]:.0%})"
    return said + "."


def _article(object_class: int) -> str:
    if object_class == ObjectClass.UNKNOWN:
        return "something unknown"
    if object_class == ObjectClass.BALLISTIC:
        return "a ballistic object"
    name = lower(ObjectClass(object_class)).replace("_", " ").replace("one way", "one-way")
    vowel = name[0] in "aeiou" and not name.startswith("one")
    return f"{'an' if vowel else 'a'} {name}"


def _sensors(tracks: Tracks, k: int, site: SiteInfo) -> str:
    kinds = {sensor.sensor_id: sensor.kind for sensor in site.sensors}
    if tracks.status[k] == TrackStatus.EXTERNAL:
        names = " and ".join(tracks.sensor_ids[k])
        return f"It is another tracker's ({names}) and is shown as that tracker states it."
    seen = [f"{i} ({_KINDS[kinds[i]]})" if i in kinds else i for i in tracks.sensor_ids[k]]
    if not seen:
        return "No sensor has seen it lately."
    return f"It is seen by {', '.join(seen)}."


def _identity(tracks: Tracks, k: int) -> str:
    callsign = tracks.callsign[k]
    if tracks.mode_s_valid[k]:
        named = f" as {callsign}" if callsign else ""
        return f"It identifies itself{named} with the address {tracks.mode_s[k]:06x}."
    return "It does not identify itself by transponder."


def _declared(designated: Designated, track_id: str) -> Iterator[str]:
    """Yield who declared a track to be what, when and why."""
    for row in designated.take(designated.track_id == track_id).rows():
        at = _clock(iso_or_none(row["designated_at_ns"]))
        why = f" ({row['reason']})" if row["reason"] else ""
        what = _DESIGNATED[Designation(row["designation"])]
        yield f"{row['author']} declared it {what}, at {at}{why}."


def _existence(tracks: Tracks, k: int, now_ns: int) -> str:
    age_s = max(0.0, seconds_between(now_ns, int(tracks.last_plot_at_ns[k])))
    if tracks.status[k] == TrackStatus.EXTERNAL:
        return f"Its latest report is {age_s:.0f} s old."
    said = f"It exists with a probability of {tracks.existence_probability[k]:.1%}"
    if tracks.status[k] == TrackStatus.COASTING:
        return f"{said}; nothing has been seen of it for {age_s:.0f} s, so it is extrapolated."
    return f"{said}; its latest plot is {age_s:.0f} s old."


def _threats(zones: Sequence[Row]) -> Iterator[str]:
    for zone in zones[:3]:
        expected = f", expected at {_clock(zone['arrival_p50'])}" if zone["arrival_p50"] else ""
        yield f"It may reach {zone['name']} ({zone['probability']:.0%}){expected}."
    if len(zones) > 3:
        yield f"It may also reach {len(zones) - 3} further zones."


def _clock(moment: Any) -> str:
    return f"{str(moment)[11:19]} UTC"
