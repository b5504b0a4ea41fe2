"""The part of a report about public warnings: who was warned in time, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape

from tocsin.contract import NS
from tocsin.evaluate.chart_scenario import Setting
from tocsin.evaluate.chart_warning import (
    NAMES,
    SHADES,
    cost_curve,
    lead_rows,
    reliability,
    warning_map,
)
from tocsin.evaluate.entry import Entry, Scores
from tocsin.evaluate.report_tables import table, written
from tocsin.evaluate.svg import bar_rows
from tocsin.evaluate.warning_records import ZoneRecord

ROWS = 40
TILES = (
    ("pod_usable_lead", "people warned in time to shelter", "%", 1),
    ("event_pod_usable_lead", "– by event", "%", 1),
    ("pod_usable_lead_to_oracle", "– as a share of the oracle's", "%", 1),
    ("worst_district_pod_usable_lead", "– in the district that fared worst", "%", 1),
    ("lead_p5_s", "lead, 5th percentile (missed: 0)", "s", 0),
    ("lead_p50_s", "lead, median", "s", 0),
    ("alarm_person_h", "person-hours in alarm", "", 0),
    ("person_h_to_oracle", "– for each one of the oracle's", "", 2),
    ("pre_alert_person_h", "person-hours in pre-alert", "", 0),
    ("unwarned_person_h", "person-hours without a needed alarm", "", 0),
    ("false_time_ratio", "time in alarm without need", "%", 1),
    ("csi", "critical success index", "", 3),
    ("alerts", "alerts", "", 0),
    ("false_area_ratio", "people in alerts without any effect", "%", 1),
    ("time_to_correct_p50_s", "a false alert stands, median", "s", 0),
    ("departure_p50_s", "an alert outlasts its last effect, median", "s", 0),
    ("re_alerts_per_zone_h", "alerts soon again, per zone and hour", "", 2),
    ("premature_clears", "cleared before an effect", "", 0),
    ("never_cleared", "alerts never cleared", "", 0),
)
BASELINE_ROWS = (
    ("person_h", "person-hours", "", 0),
    ("pod_usable_lead", "in time", "%", 1),
    ("event_pod_usable_lead", "in time, by event", "%", 1),
    ("lead_p50_s", "lead, median", "s", 0),
    ("false_time_ratio", "without need", "%", 1),
    ("csi", "CSI", "", 3),
)
STAGES = (
    ("measured_to_received", "measured to received"),
    ("received_to_tracked", "received to in a track"),
    ("tracked_to_decided", "track to decision"),
    ("decided_to_published", "decision to published"),
    ("measured_to_told", "measured to told, all stages"),
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
    setting: Setting,
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
        for drawn, words, key in _charts(rows, scores, entry.scores, setting):
            yield figure(drawn, words, key)
        yield _baseline_table(scores, caption)
        yield _stage_table(scores, caption)
        yield from _forecasts(entry.scores.get("forecast_scores"), figure)


def _charts(
    records: Sequence[ZoneRecord], scores: Scores, all_scores: Scores, setting: Setting
) -> Iterator[tuple[str, str, str]]:
    """Yield charts with captions and keys: where, how early, at what cost."""
    if records:
        chart, most = warning_map(records, setting)
        words = "Zones by the person-hours that their people spent in alarm."
        yield chart, words, _map_key(most)
    chart, count = lead_rows(records)
    words = (
        "How long before its effects each zone had been in alarm, least first: a dot for each event"
        + (f"; the first {ROWS} of {count} zones" if count > ROWS else "")
        + ". The bar is the time that its people need to take shelter; red dots came too late, or "
        "not at all (at 0)."
    )
    yield chart, words, ""
    sweep = all_scores.get("warning_sweep", ())
    words = "What an alarm costs and whom it reaches in time (cells of zone and minute): this run"
    words += ", the same tracks under other policies (line: missed_min varies)" if sweep else ""
    words += (
        ", and baselines: the oracle knows the future of each object from its third detection on; "
        "circles alarm every zone near a hazardous track."
    )
    yield cost_curve(scores, sweep), words, ""


def _map_key(most_person_h: float) -> str:
    shades = [
        (f"heat{k}", f"to {most_person_h * k / SHADES:,.0f} person-hours")
        for k in range(1, SHADES + 1)
    ]
    rows = [*shades, ("struck", "affected, in time"), ("struck late", "affected, not in time")]
    swatches = "".join(
        f'<span><svg class="swatch" viewBox="0 0 30 12"><path class="zone {style}" '
        f'd="M4 1H26V11H4Z"/></svg>{words}</span>'
        for style, words in rows
    )
    return f'<div class="legend">{swatches}</div>'


def _baseline_table(scores: Scores, caption: Callable[[str, str], str]) -> str:
    head = "<th></th>" + "".join(f'<th class="n">{row[1]}</th>' for row in BASELINE_ROWS)
    own = {"person_h": scores["alarm_person_h"], **scores}
    named = [("this run", own)]
    named += [
        (NAMES.get(key, key.replace("radius_", "circles of ").replace("_", " ")), row)
        for key, row in scores["baselines"].items()
    ]
    rows = "".join(
        f"<tr><th>{escape(name)}</th>"
        + "".join(f"<td>{written(row.get(key), unit, n)}</td>" for key, _, unit, n in BASELINE_ROWS)
        + "</tr>"
        for name, row in named
    )
    words = "The warnings beside others that could have been given."
    return table(head, rows, caption("Table", words), "wide")


def _stage_table(scores: Scores, caption: Callable[[str, str], str]) -> str:
    head = '<th>stage</th><th class="n">of</th><th class="n">median</th><th class="n">95 %</th>'
    rows = "".join(
        f"<tr><th>{words}</th><td>{stage['count']:,}</td><td>{written(stage['p50_s'], 's', 2)}</td>"
        f"<td>{written(stage['p95_s'], 's', 2)}</td></tr>"
        for key, words in STAGES
        for stage in (scores["latency"][key],)
    )
    return table(head, rows, caption("Table", "How long each stage took."))


def _forecasts(scores: Scores | None, figure: Callable[[str, str, str], str]) -> Iterator[str]:
    if not scores or not scores["bins"]:
        return
    charts = [("all classes", scores)]
    charts += [(kind.replace("_", " "), part) for kind, part in scores["by_class"].items()]
    drawn = [chart for title, part in charts if (chart := reliability(title, part))]
    skill = written(scores["brier_skill"], "", 2)
    words = (
        "Whether forecasts mean what they say: of the zone-minutes given a probability (dots, with "
        "how many there were), the share that was affected within the horizon. Reliable forecasts "
        "lie on the diagonal; between the grey bars, 95 of 100 times. Dotted: the share of all "
        f"zone-minutes. Brier score {written(scores['brier'], '', 3)}, skill {skill}."
    )
    many = "many" if len(drawn) > 1 else ""
    yield figure(
        f'<div class="maps {many}">{"".join(f"<div>{c}</div>" for c in drawn)}</div>', words, ""
    )


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
