"""The part of a report about public warnings: who was warned in time, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape

from tocsin.contract import NS
from tocsin.evaluate.entry import Entry, Scores
from tocsin.evaluate.report_tables import table, written
from tocsin.evaluate.svg import bar_rows
from tocsin.evaluate.warning_records import ZoneRecord

ROWS = 40
TILES = (
    ("event_pod_usable_lead", "people warned in time to shelter, by event", "%", 1),
    ("lead_p50_s", "lead, median", "s", 0),
    ("alerts", "alerts", "", 0),
    ("false_area_ratio", "people in alerts without any effect", "%", 1),
    ("alarm_person_h", "person-hours in alarm", "", 0),
    ("needed_person_h", "person-hours that were needed", "", 0),
    ("whole_region_person_h", "person-hours if the whole region were alarmed", "", 0),
    ("csi", "critical success index", "", 3),
    ("never_cleared", "alerts never cleared", "", 0),
)
KEY = (
    '<div class="legend"><span><svg class="swatch" viewBox="0 0 30 12">'
    '<rect class="pre" y="3" width="30" height="6"/></svg>pre-alert</span>'
    '<span><svg class="swatch" viewBox="0 0 30 12"><rect class="alarm" y="3" width="30" '
    'height="6"/></svg>alert</span><span><svg class="swatch" viewBox="0 0 30 12">'
    '<rect class="needed" x="1" y="1" width="28" height="10"/></svg>alert needed</span>'
    '<span><svg class="swatch" viewBox="0 0 30 12"><rect class="effect" x="13" y="1" width="4" '
    'height="10"/></svg>effect</span></div>'
)


def warning_parts(
    entries: Sequence[Entry],
    records: Sequence[Sequence[ZoneRecord]],
    heading: Callable[[str], str],
    figure: Callable[[str, str, str], str],
    caption: Callable[[str, str], str],
) -> Iterator[str]:
    """Yield the section on warnings; nothing where none were scored."""
    warned = [
        (entry, rows, entry.scores["warning_scores"])
        for entry, rows in zip(entries, records, strict=True)
        if "warning_scores" in entry.scores
    ]
    if not warned:
        return
    yield heading("Warnings")
    head = "<th></th>" + "".join(f'<th class="n">{escape(e.name)}</th>' for e, _, _ in warned)
    cells = "".join(
        f"<tr><th>{label}</th>"
        + "".join(f"<td>{written(scores.get(name), unit, n)}</td>" for _, _, scores in warned)
        + "</tr>"
        for name, label, unit, n in TILES
    )
    yield table(head, cells, caption("Table", "Scores of the public warnings."))
    for entry, rows, scores in warned:
        chart, more = _zones_over_time(rows, scores)
        whose = f"{escape(entry.name)}: zones" if len(warned) > 1 else "Zones"
        yield figure(chart, f"{whose} over time, in the order of their first alarm{more}.", KEY)


def _zones_over_time(records: Sequence[ZoneRecord], scores: Scores) -> tuple[str, str]:
    start, end = int(scores["start_ns"]), int(scores["end_ns"])
    busy = [r for r in records if len(r.alarm) or len(r.pre_alert) or r.effects]
    busy.sort(key=lambda r: (_first_ns(r, end), r.zone.zone_id))
    rows = [(r.zone.name, _bars(r, start)) for r in busy[:ROWS]]
    more = f"; the first {ROWS} of {len(busy)}" if len(busy) > ROWS else ""
    return (bar_rows(rows, (end - start) / NS) if rows else ""), more


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
