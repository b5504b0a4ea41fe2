"""The charts of a report over time, and of the distance from the possible, with their captions."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from tocsin.contract import F64, NS
from tocsin.evaluate.chart_distance import Measure, chart_distance, key
from tocsin.evaluate.chart_time import Curve, Panel, panels
from tocsin.evaluate.entry import Entry
from tocsin.evaluate.svg import MAX_POINTS

PARTS = ("localisation", "missed", "false")


def gospa_over_time(entries: Sequence[Entry], references: Sequence[Entry]) -> tuple[str, str]:
    """Return GOSPA in its parts, one panel for each tracker, the oracle's beside."""
    rows = []
    for entry in entries:
        series = entry.track_scores["series"]
        total, order = _values(series["gospa_m"]), entry.world.config.order
        powers = [_values(series[f"{part}_m"]) ** order for part in PARTS]
        whole = np.maximum(np.sum(powers, axis=0), 1e-12)
        stack = [
            Curve(part, total * power / whole, part)
            for part, power in zip(PARTS, powers, strict=True)
        ]
        worst = [_since(entry, moment["at_ns"]) for moment in entry.track_scores["worst"]]
        oracle = [
            Curve("oracle", _values(other.track_scores["series"]["gospa_m"]), "oracle")
            for other in references[:1]
        ]
        rows.append(Panel(_title(entry, entries), oracle, stack, None, worst))
    words = (
        "GOSPA over time. The height is GOSPA; its areas divide it as the powers of its parts do. "
        "Triangles mark the ten worst moments, numbered from the worst; peaks far above the rest "
        "are cut" + ("; the dashed line is the oracle." if references else ".")
    )
    return panels(_seconds(entries[0]), rows, "m"), words + _averaged(entries[0])


def errors_over_time(entries: Sequence[Entry], references: Sequence[Entry]) -> tuple[str, str]:
    """Return errors of position, one panel for each tracker."""
    rows = []
    for entry in entries:
        curves = [
            Curve("tracker", _values(entry.track_scores["series"]["position_rmse_m"]), "ours")
        ]
        curves += [
            Curve("oracle", _values(other.track_scores["series"]["position_rmse_m"]), "oracle")
            for other in references[-1:]
        ]
        rows.append(Panel(_title(entry, entries), curves))
    words = "Position error over time: root mean square over the objects matched at each instant"
    words += f"; dashed: {references[-1].name}." if references else "."
    return panels(_seconds(entries[0]), rows, "m", True), words + _averaged(entries[0])


def nees(entries: Sequence[Entry]) -> tuple[str, str]:
    """Return the mean NEES with the band in which a consistent tracker's lies."""
    rows = []
    for entry in entries:
        scores = entry.track_scores
        series = scores["series"]
        band = (_values(series["nees_low"]), _values(series["nees_high"]))
        expected = np.full(len(series["at_ns"]), float(scores["nees_dimension"]))
        curves = [
            Curve("expected", expected, "expected"),
            Curve("tracker", _values(series["nees_mean"]), "ours"),
        ]
        rows.append(Panel(_title(entry, entries), curves, band=band))
    words = (
        "Normalised error squared (NEES), mean over the objects matched at each instant, with the "
        "95 % band of χ². Above the band a tracker is surer than it may be, below it less sure; "
        "peaks far above the rest are cut."
    )
    return panels(_seconds(entries[0]), rows, "", True), words + _averaged(entries[0])


def counts(entries: Sequence[Entry]) -> tuple[str, str]:
    """Return how many objects flew and how many tracks there were."""
    rows = []
    for entry in entries:
        series = entry.track_scores["series"]
        curves = [
            Curve("objects", _values(series["targets"]), "many"),
            Curve("tracks", _values(series["tracks"]), "ours"),
        ]
        rows.append(Panel(_title(entry, entries), curves))
    words = "True objects and confirmed tracks. Objects beyond coverage count among the objects."
    return panels(_seconds(entries[0]), rows, "", panel_px=90), words


def distances(entries: Sequence[Entry], references: Sequence[Entry]) -> tuple[str, str]:
    """Return bound, oracle and trackers for each measure, with the key; nothing without oracle."""
    if not references:
        return "", ""
    first = entries[0].scores["oracle"]
    names = [escape(entry.name) for entry in entries]
    measures = [
        Measure(
            "GOSPA",
            "m",
            None,
            [(r.name, r.track_scores["gospa_m"]) for r in references],
            [(e.name, e.track_scores["gospa_m"]) for e in entries],
        )
    ]
    for quantity, unit in (("position", "m"), ("velocity", "mps")):
        rmse = f"{quantity}_rmse_{unit}"
        measures.append(
            Measure(
                f"{quantity} error",
                unit.replace("mps", "m/s"),
                first[f"bound_{rmse}"],
                [(references[0].name, first[f"oracle_{rmse}"])],
                [(entry.name, entry.scores["oracle"][rmse]) for entry in entries],
                first[f"expected_bound_{rmse}"],
            )
        )
    legend = [key(name, "tracker", k) for k, name in enumerate(names)]
    legend += [key(escape(r.name), "oracle", k) for k, r in enumerate(references)]
    return chart_distance(measures), f'<div class="legend">{"".join(legend)}</div>'


def _title(entry: Entry, entries: Sequence[Entry]) -> str:
    return entry.name if len(entries) > 1 else ""


def _values(values: Sequence[Any]) -> F64:
    return np.array([np.nan if value is None else value for value in values], float)


def _seconds(entry: Entry) -> F64:
    at_ns = entry.world.at_ns
    return np.asarray((at_ns - at_ns[0]) / NS)


def _since(entry: Entry, at_ns: int) -> float:
    return (at_ns - int(entry.world.at_ns[0])) / NS


def _averaged(entry: Entry) -> str:
    size = -(-entry.world.count // MAX_POINTS)
    return f" Averaged over {size * entry.world.config.period_s:g} s." if size > 1 else ""
