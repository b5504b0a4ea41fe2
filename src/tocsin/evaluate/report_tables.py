"""The tables of a report: all scores side by side, by class, and the requirements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from tocsin.evaluate.entry import Entry
from tocsin.evaluate.requirements import Outcome, Standard, Verdict, met

BESIDE = 4
"""Columns of scores up to which a table is laid in two halves."""


class Row(NamedTuple):
    """Hold one row: a score, how it is written, and which end of it is better."""

    key: str
    label: str
    unit: str = ""
    digits: int = 0
    better: int = -1


GROUPS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    (
        "All in one",
        (
            Row("gospa_m", "GOSPA", "m"),
            Row("gospa_localisation_m", "– localisation", "m"),
            Row("gospa_missed_m", "– missed", "m"),
            Row("gospa_false_m", "– false", "m"),
            Row("ospa_m", "OSPA", "m"),
            Row("ospa2_m", "OSPA(2), over paths", "m"),
        ),
    ),
    (
        "Seen, and seen once",
        (
            Row("completeness", "completeness", "%", 1, 1),
            Row("never_confirmed", "objects never followed"),
            Row("time_to_confirm_p50_s", "time to confirm, median", "s"),
            Row("time_to_confirm_p95_s", "time to confirm, 95th percentile", "s"),
            Row("redundant_track_share", "redundant tracks", "%", 1),
            Row("spurious_track_share", "tracks of nothing", "%", 1),
            Row("false_tracks_per_h", "false tracks per hour", "", 2),
            Row("time_to_end_p50_s", "tracks outlive their object, median", "s"),
        ),
    ),
    (
        "How exactly, and how honestly",
        (
            Row("position_rmse_m", "position error, RMS", "m"),
            Row("velocity_rmse_mps", "velocity error, RMS", "m/s", 1),
            Row("height_rmse_m", "height error, RMS", "m"),
            Row("nees_mean", "NEES, mean", "", 1, 0),
            Row("nees_share_in_95", "errors within their stated 95 %", "%", 1, 1),
            Row("nis_mean", "NIS, mean", "", 2, 0),
            Row("nis_share_in_95", "plots within their predicted 95 %", "%", 1, 1),
            Row("latency_p95_s", "latency, 95th percentile", "s", 2),
        ),
    ),
    (
        "Kept",
        (
            Row("identity_switches_per_flight_h", "changes of identity per flight hour", "", 2),
            Row("breaks_per_flight_h", "breaks per flight hour", "", 2),
        ),
    ),
)
CLASS_ROWS = (
    Row("targets", "objects", "", 0, 0),
    Row("flight_h", "flight hours", "", 2, 0),
    Row("completeness", "completeness", "%", 1, 1),
    Row("time_to_confirm_p50_s", "to confirm", "s"),
    Row("position_rmse_m", "position", "m"),
    Row("velocity_rmse_mps", "velocity", "m/s", 1),
    Row("nees_mean", "NEES", "", 1, 0),
    Row("identity_switches", "changes of identity"),
    Row("breaks", "breaks"),
)
INNOVATION_ROWS = (
    Row("nis_plots", "plots"),
    Row("nis_dimension", "dimensions", "", 1),
    Row("nis_mean", "NIS", "", 2),
    Row("nis_mean_low", "95 % from", "", 2),
    Row("nis_mean_high", "to", "", 2),
    Row("nis_share_in_95", "within 95 %", "%", 1),
)
OUTCOME_STYLE = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.NOT_MEASURED: "open"}


def written(value: float | None, unit: str, digits: int) -> str:
    """Return a score as people read it.

    >>> written(0.9614, "%", 1), written(None, "m", 0), written(1234.0, "m", 0)
    ('96.1 %', '–', '1,234 m')
    """
    if value is None:
        return "–"
    if unit == "%":
        return f"{value * 100.0:.{digits}f} %"
    return f"{value:,.{digits}f} {unit}".strip()


def table(head: str, rows: str, caption: str = "", style: str = "") -> str:
    """Return a table with its caption above."""
    words = f"<caption>{caption}</caption>" if caption else ""
    return (
        f'<div class="table"><table class="{style}">{words}'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def score_table(entries: Sequence[Entry], references: Sequence[Entry], caption: str) -> str:
    """Return all scores, one column for each tracker and oracle; the best tracker's is bold.

    Few columns leave room for two halves side by side.
    """
    few = len(entries) + len(references) <= BESIDE
    halves = (GROUPS[::2], GROUPS[1::2]) if few else (GROUPS,)
    tables = [_groups(half, entries, references) for half in halves]
    words = f'<p class="caption">{caption}</p>'
    return words + (f'<div class="pair">{"".join(tables)}</div>' if few else tables[0])


def _groups(
    groups: Sequence[tuple[str, Sequence[Row]]],
    entries: Sequence[Entry],
    references: Sequence[Entry],
) -> str:
    head = "<th></th>" + "".join(f'<th class="n">{escape(entry.name)}</th>' for entry in entries)
    head += "".join(f'<th class="n ref">{escape(entry.name)}</th>' for entry in references)
    columns = 1 + len(entries) + len(references)
    parts = []
    for title, rows in groups:
        cells = [_score_row(row, entries, references) for row in rows]
        if any(cells):
            parts.append(f'<tr class="group"><th colspan="{columns}">{title}</th></tr>')
            parts += cells
    return table(head, "".join(parts))


def _score_row(row: Row, entries: Sequence[Entry], references: Sequence[Entry]) -> str:
    values = [entry.track_scores.get(row.key) for entry in entries]
    if not any(row.key in entry.track_scores for entry in entries):
        return ""
    best, marks = _best(values, row.better), ("", "best")
    cells = [
        f'<td class="{marks[k in best]}">{written(value, row.unit, row.digits)}</td>'
        for k, value in enumerate(values)
    ]
    cells += [
        f'<td class="ref">{written(e.track_scores.get(row.key), row.unit, row.digits)}</td>'
        for e in references
    ]
    return f"<tr><th>{row.label}</th>{''.join(cells)}</tr>"


def _best(values: Sequence[float | None], better: int) -> list[int]:
    known = [value for value in values if value is not None]
    if len(values) < 2 or not better or not known:
        return []
    top = max(known) if better > 0 else min(known)
    return [k for k, value in enumerate(values) if value == top] if len(set(known)) > 1 else []


def class_table(entries: Sequence[Entry], caption: str) -> str:
    """Return scores by class of object; with several trackers one row for each of them."""
    head = "<th>class</th>" + ("<th>tracker</th>" if len(entries) > 1 else "")
    head += "".join(f'<th class="n">{_headed(row)}</th>' for row in CLASS_ROWS)
    kinds = dict.fromkeys(kind for entry in entries for kind in entry.track_scores["by_class"])
    parts = []
    for kind in kinds:
        for k, entry in enumerate(entries):
            scores = entry.track_scores["by_class"].get(kind, {})
            first = f"<th>{kind.replace('_', ' ') if k == 0 else ''}</th>"
            own = f"<th>{escape(entry.name)}</th>" if len(entries) > 1 else ""
            cells = "".join(_class_cell(row, scores) for row in CLASS_ROWS)
            parts.append(f"<tr>{first}{own}{cells}</tr>")
    return table(head, "".join(parts), caption, "wide") if parts else ""


def _headed(row: Row) -> str:
    return row.label + (f"<br>[{row.unit}]" if row.unit else "")


def _class_cell(row: Row, scores: Mapping[str, Any]) -> str:
    value = scores.get(row.key)
    shown = written(value, row.unit, row.digits).removesuffix(row.unit).strip()
    if row.unit != "%" or value is None:
        return f"<td>{shown}</td>"
    full, rest = round(value * 48), 48 - round(value * 48)
    bar = f'<i class="share" style="width:{full}px"></i><i class="rest" style="width:{rest}px"></i>'
    return f"<td>{shown}{bar}</td>"


def innovation_table(entries: Sequence[Entry], references: Sequence[Entry], caption: str) -> str:
    """Return the NIS of each sensor's plots; nothing where no tracker told of its innovations."""
    told = [entry for entry in entries if "nis_by_sensor" in entry.track_scores]
    if not told:
        return ""
    shown = [(entry, "") for entry in told] + [(entry, "ref") for entry in references[:1]]
    names = [name for entry, _ in shown for name in entry.track_scores["nis_by_sensor"]]
    head = "<th>sensor</th>" + ("<th>tracker</th>" if len(shown) > 1 else "")
    head += "".join(f'<th class="n">{row.label}</th>' for row in INNOVATION_ROWS) + "<th></th>"
    parts = []
    for name in ("", *dict.fromkeys(names)):
        first = escape(name) or "all"
        for entry, style in shown:
            scores = entry.track_scores
            own = scores["nis_by_sensor"].get(name) if name else scores
            if own is None:
                continue
            tracker = f'<th class="{style}">{escape(entry.name)}</th>' if len(shown) > 1 else ""
            parts.append(f"<tr><th>{first}</th>{tracker}{_innovation_cells(own, style)}</tr>")
            first = ""
    return table(head, "".join(parts), caption, "wide")


def _innovation_cells(scores: Mapping[str, Any], style: str) -> str:
    values = ((scores[row.key], row) for row in INNOVATION_ROWS)
    cells = "".join(
        f'<td class="{style}">{written(value, row.unit, row.digits)}</td>' for value, row in values
    )
    return f'{cells}<td class="words {style}">{_honesty(scores)}</td>'


def _honesty(scores: Mapping[str, Any]) -> str:
    """Say what it means where a mean lies against its bounds."""
    mean, low, high = (scores[f"nis_{name}"] for name in ("mean", "mean_low", "mean_high"))
    if mean is None:
        return ""
    if mean > high:
        return "too sure"
    return "not sure enough" if mean < low else "consistent"


def requirement_table(entries: Sequence[Entry], standard: Standard, caption: str) -> str:
    """Return every requirement with what was measured and how it came out."""
    head = '<th></th><th>requirement</th><th class="n">wanted</th>'
    head += "".join(f'<th class="n">{escape(e.name)}</th><th></th>' for e in entries)
    rows = []
    for k, wanted in enumerate(standard.requirements):
        digits = 0 if abs(wanted.condition.value) >= 100 else 3
        value = f"{_sign(wanted.condition.comparison)} {_short(wanted.condition.value, digits)}"
        cells = "".join(_verdict_cells(entry.verdicts[k]) for entry in entries)
        rows.append(
            f'<tr><td class="code">{escape(wanted.requirement_id)}</td>'
            f'<td class="words">{escape(wanted.text)}</td><td>{value}</td>{cells}</tr>'
        )
    verdict = "".join(
        f'<td colspan="2"><b>{"met" if met(entry.verdicts) else "not met"}</b></td>'
        for entry in entries
    )
    rows.append(f'<tr><td></td><th colspan="2">{escape(standard.name)}</th>{verdict}</tr>')
    return table(head, "".join(rows), caption, "wide")


def _verdict_cells(verdict: Verdict) -> str:
    shown = "–" if verdict.measured is None else _short(verdict.measured, 3)
    style, words = OUTCOME_STYLE[verdict.outcome], verdict.outcome.value
    why = f' title="{escape(verdict.reason)}"' if verdict.reason else ""
    return (
        f'<td>{shown}</td><td class="words"><span class="outcome {style}"{why}>{words}</span></td>'
    )


def _short(value: float, digits: int) -> str:
    if abs(value) >= 100.0 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def _sign(comparison: str) -> str:
    return {">=": "≥", "<=": "≤", "<": "&lt;", ">": "&gt;"}[comparison]
