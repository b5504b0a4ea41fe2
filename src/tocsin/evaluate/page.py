"""The report: one page that needs nothing else, to read, to print, to send."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from tocsin.contract import NS, Effects, Tracks, Truth, Warnings, Zone
from tocsin.evaluate.chart_map import chart_map
from tocsin.evaluate.style import STYLE
from tocsin.evaluate.svg import Line, bar_rows, clock, line_chart
from tocsin.evaluate.warning import ZoneRecord, zone_records

ROWS = 40
Scores = Mapping[str, Any]

TRACK_TILES = (
    ("gospa_m", "GOSPA", "m", 0),
    ("completeness", "completeness", "%", 1),
    ("position_rmse_m", "position error", "m", 0),
    ("false_tracks_per_h", "false tracks per hour", "", 2),
    ("identity_switches_per_flight_h", "identity switches per flight hour", "", 2),
    ("time_to_confirm_p50_s", "time to confirm, median", "s", 0),
)
WARNING_TILES = (
    ("pod_usable_lead", "warned in time to shelter", "%", 1),
    ("lead_p50_s", "lead, median", "s", 0),
    ("false_area_ratio", "false area", "%", 1),
    ("alarm_person_h", "person-hours in alarm", "", 0),
    ("whole_region_person_h", "if the whole region were alarmed", "", 0),
    ("csi", "critical success index", "", 3),
)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Hold the tables that the pictures are drawn from."""

    truth: Truth = field(default_factory=Truth.empty)
    tracks: Tracks = field(default_factory=Tracks.empty)
    effects: Effects = field(default_factory=Effects.empty)
    warnings: Warnings = field(default_factory=Warnings.empty)
    zones: Sequence[Zone] = ()


def report_page(
    title: str,
    evidence: Evidence,
    track_scores: Scores | None = None,
    warning_scores: Scores | None = None,
) -> str:
    """Return the report as one HTML page, without any address to fetch from.

    Args:
        title: name of the scenario or recording.
        evidence: tables for the pictures.
        track_scores: what `score_tracks` returned.
        warning_scores: what `score_warnings` returned.
    """
    records: list[ZoneRecord] = []
    if warning_scores is not None:
        span = (int(warning_scores["start_ns"]), int(warning_scores["end_ns"]))
        records = zone_records(evidence.effects, evidence.warnings, evidence.zones, span, {})
    parts = [
        f"<h1>{escape(title)}</h1>",
        _tiles("Tracks", TRACK_TILES, track_scores),
        _tiles("Warnings", WARNING_TILES, warning_scores),
        _figure("Zones, true paths and tracks", _map_key(), _map(records, evidence)),
        *_track_parts(track_scores),
        *_warning_parts(warning_scores, records),
        _everything(track_scores, warning_scores),
    ]
    body = "\n".join(part for part in parts if part)
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def _map(records: Sequence[ZoneRecord], evidence: Evidence) -> str:
    shown = records or zone_records(Effects.empty(), Warnings.empty(), evidence.zones, (0, 1), {})
    return chart_map(shown, evidence.truth, evidence.tracks)


def _tiles(heading: str, tiles: Sequence[tuple[str, str, str, int]], scores: Scores | None) -> str:
    if scores is None:
        return ""
    cells = [
        f"<div><b>{_number(scores.get(key), unit, digits)}</b><span>{label}</span></div>"
        for key, label, unit, digits in tiles
    ]
    return f'<h2>{heading}</h2><section class="tiles">{"".join(cells)}</section>'


def _number(value: float | None, unit: str, digits: int) -> str:
    if value is None:
        return "–"
    if unit == "%":
        return f"{value * 100.0:.{digits}f} %"
    return f"{value:,.{digits}f} {unit}".strip()


def _track_parts(scores: Scores | None) -> list[str]:
    if scores is None or not scores["series"]["at_ns"]:
        return []
    series = scores["series"]
    start = series["at_ns"][0]
    x_s = [(at - start) / NS for at in series["at_ns"]]
    error = [
        Line("GOSPA", series["gospa_m"], "strong"),
        Line("missed", series["missed_m"], "dashed"),
        Line("false", series["false_m"], "dotted"),
        Line("localisation", series["localisation_m"], "thin"),
    ]
    count = [
        Line("true objects", series["targets"], "wide"),
        Line("tracks", series["tracks"], "strong"),
    ]
    worst = ", ".join(clock((at - start) / NS) for at in sorted(scores["worst_instants_ns"]))
    return [
        _figure("GOSPA and its parts", "hours:minutes from the start", line_chart(x_s, error, "m")),
        f"<p>The ten worst instants: {worst}.</p>",
        _figure("How many", "true objects and confirmed tracks", line_chart(x_s, count, "", 180)),
        _class_table(scores),
    ]


def _class_table(scores: Scores) -> str:
    columns = (
        ("completeness", scores["completeness_by_class"], "%", 1),
        ("position error", scores["position_rmse_by_class_m"], "m", 0),
        ("velocity error", scores["velocity_rmse_by_class_mps"], "m/s", 1),
    )
    head = "".join(f"<th>{name}</th>" for name, *_ in columns)
    rows = [
        f"<tr><th>{kind.replace('_', ' ')}</th>"
        + "".join(f"<td>{_number(c.get(kind), unit, n)}</td>" for _, c, unit, n in columns)
        + "</tr>"
        for kind in scores["completeness_by_class"]
    ]
    return f"<h3>By class</h3><table><tr><th></th>{head}</tr>{''.join(rows)}</table>"


def _warning_parts(scores: Scores | None, records: Sequence[ZoneRecord]) -> list[str]:
    if scores is None:
        return []
    start, end = int(scores["start_ns"]), int(scores["end_ns"])
    busy = [r for r in records if len(r.alarm) or len(r.pre_alert) or r.effects]
    busy.sort(key=lambda r: (_first_ns(r, end), r.zone.zone_id))
    rows = [(r.zone.name, _bars(r, start)) for r in busy[:ROWS]]
    more = f". The first {ROWS} of {len(busy)} zones." if len(busy) > ROWS else ""
    key = (
        '<i class="pre"></i> pre-alert <i class="alarm"></i> alert '
        '<i class="needed"></i> alert needed <i class="effect"></i> effect' + more
    )
    return [_figure("Zones over time", key, bar_rows(rows, (end - start) / NS))] if rows else []


def _first_ns(record: ZoneRecord, end_ns: int) -> int:
    starts = [*record.alarm[:1, 0], *record.needed[:1, 0], *record.pre_alert[:1, 0]]
    return int(min(starts, default=end_ns))


def _bars(record: ZoneRecord, start_ns: int) -> list[tuple[float, float, str]]:
    bars = [
        ((a - start_ns) / NS, (b - start_ns) / NS, style)
        for spans, style in (
            (record.needed, "needed"),
            (record.pre_alert, "pre"),
            (record.alarm, "alarm"),
        )
        for a, b in spans.tolist()
    ]
    return bars + [
        ((e.first_ns - start_ns) / NS, (e.last_ns - start_ns) / NS, "effect")
        for e in record.effects
    ]


def _map_key() -> str:
    return (
        '<i class="alarmed"></i> zone that was in alarm <i class="struck"></i> zone affected '
        '<i class="truth"></i> true path <i class="track"></i> track'
    )


def _figure(heading: str, key: str, chart: str) -> str:
    if not chart:
        return ""
    return f"<figure><h3>{heading}</h3><figcaption>{key}</figcaption>{chart}</figure>"


def _everything(track_scores: Scores | None, warning_scores: Scores | None) -> str:
    kept = {
        name: {key: value for key, value in scores.items() if key != "series"}
        for name, scores in (("tracks", track_scores), ("warnings", warning_scores))
        if scores is not None
    }
    text = escape(json.dumps(kept, indent=2))
    return f"<details><summary>All scores</summary><pre>{text}</pre></details>"
