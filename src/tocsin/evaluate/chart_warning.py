"""Charts of warnings: where people were alarmed and missed, how early, at what cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np

from tocsin.contract import F64
from tocsin.evaluate.chart_scenario import Setting
from tocsin.evaluate.config import WarningScoring
from tocsin.evaluate.plane import Plane, land, scale_bar
from tocsin.evaluate.spans import length_ns
from tocsin.evaluate.svg import BOTTOM, TOP, WIDTH, Axis, drawing, number, path_of, text
from tocsin.evaluate.warning_leads import affected_events, leads_s, usable
from tocsin.evaluate.warning_records import ZoneRecord

HOUR_NS = 3.6e12
MAP_PX = (1080.0, 560.0)
HALF_PX = (530.0, 400.0)
MARGIN = 0.05
"""Of the zones' extent, on each side of the map."""
SHADES = 5
ROWS = 40
ROW_PX = 18
EDGE = (52.0, 14.0, 14.0, 44.0)
"""Left, right, top and bottom of a half-page chart, in pixels."""


class ZoneLeads(NamedTuple):
    """Hold the leads of one zone's events, NaN where nobody was warned, and which were enough."""

    record: ZoneRecord
    lead_s: F64
    enough: F64


def zone_leads(records: Sequence[ZoneRecord]) -> list[ZoneLeads]:
    """Return the leads of each affected zone, in the order of the zones."""
    events = affected_events(records, WarningScoring())
    lead = leads_s(events, [record.alarm for record in records])
    enough = usable(events, lead)
    rows = []
    for k, record in enumerate(records):
        mine = events.zone == k
        if mine.any():
            rows.append(ZoneLeads(record, lead[mine], enough[mine].astype(float)))
    return rows


def warning_map(records: Sequence[ZoneRecord], setting: Setting) -> tuple[str, float]:
    """Return the zones shaded by person-hours in alarm, and those of the darkest shade."""
    corners = np.concatenate([np.array(p[0], float) for r in records for p in r.zone.polygons])
    low_deg, high_deg = corners.min(axis=0), corners.max(axis=0)
    margin_deg = np.maximum((high_deg - low_deg) * MARGIN, 1e-3)
    plane = Plane(low_deg - margin_deg, high_deg + margin_deg, *MAP_PX)
    spent = [length_ns(r.alarm) * r.zone.population / HOUR_NS for r in records]
    most = max(spent, default=0.0)
    missed = {row.record.zone.zone_id for row in zone_leads(records) if not row.enough.all()}
    shapes = []
    for record, person_h in zip(records, spent, strict=True):
        late = record.zone.zone_id in missed
        shade = int(np.ceil(SHADES * person_h / most)) if person_h > 0.0 else 0
        style = f"zone heat{shade}{' struck' if record.effects else ''}{' late' if late else ''}"
        words = f"{record.zone.name}: {person_h:,.0f} person-hours in alarm"
        words += "; not everybody in time" if late else "; in time" if record.effects else ""
        rings = [ring for polygon in record.zone.polygons for ring in polygon]
        shape = "".join(path_of(plane(np.array(ring, float))) + "Z" for ring in rings)
        path = f'<path class="{style}" d="{shape}"><title>{escape(words)}</title></path>'
        shapes.append((late, bool(record.effects), path))
    shapes.sort(key=lambda row: row[:2])
    parts = [
        f'<rect class="sea" width="{MAP_PX[0]:.0f}" height="{MAP_PX[1]:.0f}"/>',
        land(setting.coastline, plane),
        *(path for _, _, path in shapes),
        *scale_bar(plane),
    ]
    return drawing([part for part in parts if part], *MAP_PX, "warned"), most


def lead_rows(records: Sequence[ZoneRecord]) -> tuple[str, int]:
    """Return the leads of each affected zone, least first, and how many zones there are."""
    rows = zone_leads(records)
    rows.sort(key=lambda row: (float(np.nan_to_num(row.lead_s).min()), row.record.zone.zone_id))
    shown = rows[:ROWS]
    if not shown:
        return "", 0
    high = max(float(np.nanmax(np.append(row.lead_s, 60.0))) for row in shown)
    height = TOP + ROW_PX * len(shown) + BOTTOM + 14
    across = Axis(0.0, high * 1.05, 190, WIDTH - 16)
    parts = []
    for value in across.ticks(8):
        x = across(value)
        parts.append(f'<path class="grid" d="M{x:.1f} {TOP}V{height - BOTTOM - 14:.1f}"/>')
        parts.append(text(x, height - BOTTOM + 2, number(value), "middle"))
    parts.append(text((190 + WIDTH) / 2, height - 4, "lead, s", "middle"))
    for k, row in enumerate(shown):
        y = TOP + (k + 0.5) * ROW_PX
        parts.append(text(182, y + 4, row.record.zone.name, "end"))
        need = across(min(row.record.zone.time_to_shelter_s, high * 1.05))
        parts.append(f'<path class="limit" d="M{need:.1f} {y - 7:.1f}v14"/>')
        for lead, enough in zip(row.lead_s, row.enough, strict=True):
            x, style = across(float(np.nan_to_num(lead))), "dot" if enough else "dot late"
            parts.append(f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>')
    return drawing(parts, WIDTH, height), len(rows)


class Point(NamedTuple):
    """Hold one policy or baseline: what it is called, what it cost, whom it reached."""

    label: str
    person_h: float
    reached: float
    style: str


NAMES: Mapping[str, str] = {
    "hindsight": "hindsight",
    "oracle": "oracle",
    "oracle_district": "oracle, by district",
    "oracle_whole_region": "oracle, whole region",
    "district": "ours, by district",
    "whole_region": "ours, whole region",
}


def cost_points(scores: Mapping[str, Any]) -> list[Point]:
    """Return what was decided, and the baselines beside it, as points."""
    if scores["pod_usable_lead"] is None:
        return []
    points = [Point("this run", scores["alarm_person_h"], scores["pod_usable_lead"], "ours")]
    for key, row in scores["baselines"].items():
        if key == "hindsight" and "oracle" in scores["baselines"]:
            continue
        label = NAMES.get(key, key.replace("radius_", "circle of ").replace("_", " "))
        style = "oracle" if key in ("oracle", "hindsight") else "other"
        points.append(Point(label, row["person_h"], row["pod_usable_lead"], style))
    return points


def cost_curve(scores: Mapping[str, Any], sweep: Sequence[Mapping[str, Any]]) -> str:
    """Return whom policies and baselines reached in time, over what they cost.

    Args:
        scores: of the warnings.
        sweep: of other policies on the same tracks, in ascending `missed_min` where they have one.
    """
    points = cost_points(scores)
    if not points:
        return ""
    line = [row for row in sweep if row["pod_usable_lead"] is not None]
    costs = [p.person_h for p in points] + [row["person_h"] for row in line]
    lows = [p.reached for p in points] + [row["pod_usable_lead"] for row in line]
    left, right, top, bottom = EDGE
    across = Axis(0.0, max(costs) * 1.06 or 1.0, left, WIDTH - right - 130)
    up = Axis(min(0.9, min(lows)), 1.0, 420.0 - bottom, top + 16)
    parts = _frame(across, up, "person-hours in alarm", "warned in time to shelter, %", 420.0)
    swept = [row for row in line if row.get("missed_min") is not None]
    if len(swept) > 1:
        way = np.array([(across(r["person_h"]), up(r["pod_usable_lead"])) for r in swept])
        parts.append(f'<path class="line ours" d="{path_of(way)}"/>')
    named = points + [
        Point(str(r["policy"]), r["person_h"], r["pod_usable_lead"], "swept") for r in line
    ]
    return drawing([*parts, *_labelled(named, across, up)], WIDTH, 420.0)


def _labelled(points: Sequence[Point], across: Axis, up: Axis) -> list[str]:
    """Return points with their names beside them, each name where no other one is."""
    parts, taken = [], list[tuple[float, float, float]]()
    for point in sorted(points, key=lambda p: (p.style not in ("ours", "oracle"), p.person_h)):
        x, y = across(point.person_h), up(point.reached)
        radius = 6.5 if point.style in ("ours", "oracle") else 4.5
        parts.append(f'<circle class="dot {point.style}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>')
        width, place = 6.3 * len(point.label) + 8.0, y + 20.0
        while any(abs(place - b) < 14.0 and x < a + w and a < x + width for a, b, w in taken):
            place += 14.0
        taken.append((x, place, width))
        parts.append(f'<path class="grid" d="M{x:.1f} {y + radius:.1f}V{place - 9:.1f}"/>')
        parts.append(text(x + 3, place, point.label, "label"))
    return parts


def _frame(across: Axis, up: Axis, x_words: str, y_words: str, height: float) -> list[str]:
    parts = [text(across.from_px - 40.0, up.to_px - 8, y_words, "small")]
    for value in up.ticks(5):
        y = up(value)
        parts.append(f'<path class="grid" d="M{across.from_px:.1f} {y:.1f}H{across.to_px:.1f}"/>')
        parts.append(text(across.from_px - 6, y + 4, f"{value * 100.0:.0f}", "end"))
    for value in across.ticks(6):
        x = across(value)
        parts.append(f'<path class="grid" d="M{x:.1f} {up.to_px:.1f}V{up.from_px:.1f}"/>')
        words = number(value) if across.high > 1.5 else f"{value * 100.0:.0f}"
        parts.append(text(x, up.from_px + 16, words, "middle"))
    middle = (across.from_px + across.to_px) / 2.0
    return [*parts, text(middle, height - 8, x_words, "middle")]


def reliability(title: str, scores: Mapping[str, Any]) -> str:
    """Return how often what was given a probability came true; empty without a forecast."""
    bins = [row for row in scores["bins"] if row["to"] > 0.0]
    if not bins:
        return ""
    width, height = HALF_PX
    left, right, top, bottom = EDGE
    across = Axis(0.0, 1.0, left, width - right)
    up = Axis(0.0, 1.0, height - bottom, top + 30)
    parts = _frame(across, up, "probability given, %", "affected, %", height)
    parts.append(text(width - right, up.to_px - 8, title, "title end"))
    ends = f"M{across(0.0):.1f} {up(0.0):.1f}L{across(1.0):.1f} {up(1.0):.1f}"
    parts.append(f'<path class="line expected" d="{ends}"/>')
    base = up(scores["base_rate"])
    parts.append(f'<path class="line bound" d="M{left:.1f} {base:.1f}H{width - right:.1f}"/>')
    for row in bins:
        x, low, high = across(row["given"]), up(row["low"]), up(row["high"])
        parts.append(f'<path class="bar" d="M{x:.1f} {low:.1f}V{high:.1f}"/>')
    way = np.array([(across(row["given"]), up(row["affected"])) for row in bins])
    parts.append(f'<path class="line ours" d="{path_of(way)}"/>')
    for row, (x, y) in zip(bins, way.tolist(), strict=True):
        parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
        parts.append(text(x, max(y - 8.0, up.to_px + 8), f"{row['zone_minutes']:,}", "middle tiny"))
    return drawing(parts, width, height)
