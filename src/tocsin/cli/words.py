"""Results in words, for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tocsin.run.offline import DecodedFiles

Result = Mapping[str, Any]


def _pairs(label: str, values: Mapping[str, Any]) -> Iterator[str]:
    if values:
        width = max(len(str(key)) for key in values)
        yield f"{label}:"
        yield from (f"  {key:<{width}}  {value}" for key, value in values.items())


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif not isinstance(value, list):
            yield f"{prefix}{key}", f"{value:.4g}" if isinstance(value, float) else value


def decoded(result: DecodedFiles) -> Iterator[str]:
    """Say what recordings held."""
    for path, summary in result.summary["files"].items():
        yield path
        for part in ("units", "reports", "faults"):
            yield from (f"  {line}" for line in _pairs(part, summary[part]))


def tracked(result: Result) -> Iterator[str]:
    """Say what tracking a recording gave."""
    for fact in result["inferred"]:
        yield f"inferred: {fact}"
    addresses = ", ".join(result["mode_s"]) or "none"
    yield f"{result['tracks_confirmed']} confirmed tracks (Mode S addresses: {addresses})"
    if result["tracks_external"]:
        yield f"{result['tracks_external']} tracks of other trackers, passed on as they are"
    yield from _pairs("faults", result["faults"])
    yield from _pairs("plots that came late", result["late"])
    yield f"written: {result['tracks']}"
    yield from (f"written: {path}" for path in result.get("smoothed", ()))


def simulated(result: Result) -> Iterator[str]:
    """Say what a simulation wrote."""
    yield from _pairs(f"rows written to {result['out']}", result["rows"])


def delivered(result: Result) -> Iterator[str]:
    """Say who was told what when."""
    for row in result["deliveries"]:
        what = f"{row['zone_id']} {row['action']} {row['stage']}"
        when = row["acknowledged_at"] or row["sent_at"] or row["queued_at"]
        tries = f", attempt {row['attempts']}" if row["attempts"] > 1 else ""
        why = f": {row['last_error']}" if row["last_error"] else ""
        yield f"{when}  {row['recipient']}  {what}  {row['status']}{tries}{why}"
    for name, counts in result["recipients"].items():
        said = [f"{counts[s]} {s}" for s in counts if s != "median_s" and counts[s]]
        median_s = counts["median_s"]
        took = "" if median_s is None else f" (confirmed after {median_s:g} s, half of them)"
        yield f"{name}: {', '.join(said)}{took}"
    if not result["deliveries"]:
        yield "nothing"
    if "written" in result:
        yield f"written: {result['written']}"


def warned(result: Result) -> Iterator[str]:
    """Say what was decided."""
    yield f"{result['rows']} warning rows written: {result['warnings']}"


CHIEF = (
    ("gospa_m", "GOSPA, m", 1.0),
    ("gospa_missed_m", "  of it missed, m", 1.0),
    ("gospa_false_m", "  of it false, m", 1.0),
    ("completeness", "completeness where covered, %", 100.0),
    ("position_rmse_m", "position error RMS, m", 1.0),
    ("velocity_rmse_mps", "velocity error RMS, m/s", 1.0),
    ("nees_mean", "NEES (consistent: 4)", 1.0),
    ("nis_mean", "NIS", 1.0),
    ("false_tracks_per_h", "false tracks per hour", 1.0),
    ("identity_switches_per_flight_h", "identity switches per flight-hour", 1.0),
    ("breaks_per_flight_h", "breaks per flight-hour", 1.0),
    ("time_to_confirm_p50_s", "time to confirm, median, s", 1.0),
)
"""The chief track scores: key, what people read, factor."""
CHIEF_WARNING = (
    ("zones_affected", "zones affected", 1.0),
    ("zones_alarmed", "zones in alarm at some time", 1.0),
    ("pod", "warned, % of those affected", 100.0),
    ("pod_usable_lead", "warned in time to shelter, %", 100.0),
    ("oracle_pod_usable_lead", "  the oracle, %", 100.0),
    ("lead_p50_s", "lead, median, s", 1.0),
    ("false_area_ratio", "alarms without an effect, %", 100.0),
    ("false_time_ratio", "time in alarm without need, %", 100.0),
    ("alarm_person_h", "person-hours in alarm", 1.0),
    ("oracle_person_h", "  the oracle", 1.0),
    ("whole_region_person_h", "  the whole region, when any zone is", 1.0),
    ("never_cleared", "alarms never cleared", 1.0),
)


def scored(result: Result) -> Iterator[str]:
    """Say the chief scores: of one tracker or several, the oracle beside them."""
    trackers = result.get("trackers", {"": result})
    columns = {name or "tracker": one["track_scores"] for name, one in trackers.items()}
    columns |= result.get("oracles", {})
    yield from _columns("tracks", CHIEF, columns)
    warned_of = {
        name or "warnings": one["warning_scores"]
        for name, one in trackers.items()
        if "warning_scores" in one
    }
    if any(s["zones_affected"] or s["zones_alarmed"] for s in warned_of.values()):
        yield from _columns("warnings", CHIEF_WARNING, warned_of)
    yield "all scores: --json; what each means: docs/reference/scores.md"
    for name, tracker in trackers.items():
        if "requirements" in tracker:
            yield from _judged(tracker["requirements"], name)
    if "report" in result:
        yield f"report written: {result['report']}"


def _columns(
    title: str, rows: Sequence[tuple[str, str, float]], columns: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    rows = [row for row in rows if any(row[0] in scores for scores in columns.values())]
    width = max(len(label) for _, label, _ in rows)
    wide = [max(len(name), 10) for name in columns]
    heads = (f"{name:>{size}}" for name, size in zip(columns, wide, strict=True))
    yield f"{title:<{width}}  {'  '.join(heads)}"
    for key, label, factor in rows:
        found = (scores.get(key) for scores in columns.values())
        values = (_written(None if value is None else value * factor) for value in found)
        cells = (f"{value:>{size}}" for value, size in zip(values, wide, strict=True))
        yield f"{label:<{width}}  {'  '.join(cells)}"


def _written(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _judged(requirements: Result, name: str) -> Iterator[str]:
    """Say how each requirement came out, the reason where it was not measured."""
    verdict = "met" if requirements["met"] else "NOT MET"
    yield f"{requirements['standard']}{f' by {name}' if name else ''}: {verdict}"
    for row in requirements["verdicts"]:
        wanted = f"{row['comparison']} {row['value']:g}"
        yield (
            f"  {row['outcome']:<12}  {row['id']:<6}  {_written(row['measured']):>8}  "
            f"{wanted:<9}  {row['text']}"
        )


def demo(result: Result) -> Iterator[str]:
    """Say what the demo did."""
    yield (
        f"{result['plots']} plots in {result['elapsed_s']} s, {result['tracks_confirmed']} "
        "confirmed tracks"
    )
    yield from _pairs("warnings", result["warnings"])
    yield from _pairs("faults", result["faults"])
    yield from scored(result)


SUITE = (
    ("zones_affected", "zones hit", 1.0),
    ("zones_alarmed", "alarmed", 1.0),
    ("pod_usable_lead", "in time %", 100.0),
    ("pod_usable_lead_to_oracle", "/oracle", 1.0),
    ("lead_p50_s", "lead s", 1.0),
    ("alarm_person_h", "person-h", 1.0),
    ("person_h_to_oracle", "/oracle", 1.0),
    ("district_person_h", "districts", 1.0),
    ("whole_region_person_h", "region", 1.0),
    ("csi", "CSI", 1.0),
    ("false_alerts", "false", 1.0),
    ("re_alerts_per_zone_h", "again /h", 1.0),
)
"""The columns of a suite: score of warnings, what people read, factor."""


def suite(result: Result) -> Iterator[str]:
    """Say how each scenario of a suite came out, and what was not met."""
    rows = result["scenarios"]
    heads = ["scenario", *(head for _, head, _ in SUITE), ""]
    lines = [heads, *(_suite_row(row) for row in rows)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(heads))]
    for line in lines:
        yield "  ".join(
            f"{text:<{width}}" if k == 0 else f"{text:>{width}}"
            for k, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
    for row in rows:
        for verdicts in row["standards"].values():
            failed = [v for v in verdicts if v["outcome"] == "failed"]
            for verdict in failed:
                wanted = f"{verdict['comparison']} {verdict['value']:g}"
                found = f"{_written(verdict['measured'])}, wanted {wanted}"
                yield f"{_run_name(row)}: {verdict['id']} not met ({found}): {verdict['text']}"
    yield from (f"left out: {reason}" for reason in result["left_out"])
    yield "all requirements met" if result["met"] else "NOT all requirements met"


def _suite_row(row: Result) -> list[str]:
    scores = row.get("warning_scores", {})
    found = [(scores.get(key), factor) for key, _, factor in SUITE]
    cells = [_count(None if value is None else value * factor) for value, factor in found]
    return [_run_name(row), *cells, "met" if row["met"] else "NOT MET"]


def _run_name(row: Result) -> str:
    return f"{row['scenario']}, seed {row['seed']}{', mirrored' if row['mirrored'] else ''}"


def _count(value: float | None) -> str:
    """Return a number to read down a column: whole from a thousand on."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def replayed(result: Result) -> Iterator[str]:
    """Say whether a replay gave the same outputs."""
    yield from _pairs("sha256", result["sha256"])
    words = {True: "identical to the record", False: "DIFFERENT from the record"}
    same = words.get(result["identical"], "ended before the record, so not compared")
    yield f"{result['ticks']} ticks replayed: {same} {', '.join(result['different'])}".rstrip()


WHAT_IF = (
    ("event_people", "people affected", 1.0),
    ("event_people_not_in_time", "  of them not warned in time", 1.0),
    ("pod_usable_lead", "warned in time to shelter, %", 100.0),
    ("unwarned_person_h", "person-hours without a needed alarm", 1.0),
    ("lead_p50_s", "lead, median, s", 1.0),
    ("alarm_person_h", "person-hours in alarm", 1.0),
    ("pre_alert_person_h", "person-hours in pre-alert", 1.0),
    ("zones_alarmed", "zones in alarm at some time", 1.0),
    ("alerts", "alarms", 1.0),
    ("false_alerts", "  of them false", 1.0),
    ("re_alerts", "  of them soon again", 1.0),
)
"""What is compared in a what-if: key, what people read, factor."""
_SHOWN_ZONES = 12


def compared(result: Result) -> Iterator[str]:
    """Say what a night was and what it would have been."""
    changed = result["changed"]
    asked = [f"policy {changed['policy']}"] if changed["policy"] else []
    asked += [f"zones {changed['zones']}"] if changed["zones"] else []
    asked += [f"without {name}" for name in changed["without_sensors"]]
    yield f"what if: {', '.join(asked)}"
    columns = {"recorded": result["recorded"], "what if": result["what_if"]}
    yield from _columns("warnings", WHAT_IF, columns)
    zones = result["zones"]
    yield f"{len(zones)} zones would have been in alarm at other times" + (":" if zones else "")
    for row in zones[:_SHOWN_ZONES]:
        both = (row[f"{which}_min"] for which in ("recorded", "what_if"))
        was, would = ("not on the map" if m is None else f"{m:.1f} min" for m in both)
        yield f"  {row['zone_id']:<8}  {row['name']:<24}  {was:>12}  ->  {would}"
    if len(zones) > _SHOWN_ZONES:
        yield f"  and {len(zones) - _SHOWN_ZONES} more: --json has all, with the times"
    if result["out"]:
        yield f"written: {result['out']}"


def covered(result: Result) -> Iterator[str]:
    """Say how much of the land radars see."""
    reaches = ", ".join(
        f"{name} {reach / 1000:.0f} km" for name, reach in result["reach_m"].items()
    )
    yield f"target of {result['rcs_m2']:g} m2, Pd {result['wanted_pd']:g}: reach of {reaches}"
    for row in result["at_height"]:
        yield (
            f"{row['above_ground_m']:>6g} m above ground: {row['seen_km2']:>9.0f} km2 seen, "
            f"{row['blind_km2']:>9.0f} blind, {row['unknown_km2']:>9.0f} UNKNOWN"
        )
    yield f"written: {result['png']}, {result['tif']}, {result['geojson']}"


def cap_checked(result: Result) -> Iterator[str]:
    """Say what is wrong with CAP messages."""
    for one in result["messages"]:
        for fault in one["faults"]:
            line = f"{one['file']}:{fault['line']}: {fault['where']}"
            yield f"{line} {fault['what']}; {fault['mend']}"
        if one["valid"]:
            by = f", signed by {one['signed_by']}" if one["signed_by"] else ""
            kind = f"{one['msgType']}, {one['status']}, {one['infos']} info"
            yield f"{one['file']}: valid CAP 1.2 ({kind}{by})"
    bad = [one for one in result["messages"] if not one["valid"]]
    faults = sum(len(one["faults"]) for one in bad)
    if bad:
        yield f"{len(bad)} of {len(result['messages'])} messages have {faults} faults"


def benched(results: Result) -> Iterator[str]:
    """Say what the benchmarks measured."""
    for name, result in results.items():
        yield from _pairs(name, dict(_flat(result)))
        for key, rows in result.items():
            if isinstance(rows, list) and rows and all(isinstance(row, Mapping) for row in rows):
                yield from _table(key, rows)


def _table(label: str, rows: list[Result]) -> Iterator[str]:
    """Lay rows out in columns, in the order in which the keys first occur."""
    names = list(dict.fromkeys(key for row in rows for key in row))
    cells = [names, *([_cell(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[k]) for line in cells) for k in range(len(names))]
    yield f"{label}:"
    for line in cells:
        padded = (f"{text:<{width}}" for text, width in zip(line, widths, strict=True))
        yield f"  {'  '.join(padded)}".rstrip()


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"
    return "" if value is None else str(value)
