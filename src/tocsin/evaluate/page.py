"""The report: one page that needs nothing else, to read, to print, to send."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from itertools import count
from typing import Any

from tocsin.contract import NS
from tocsin.evaluate.chart_map import Ground, chart_map, ground
from tocsin.evaluate.chart_worst import chart_worst
from tocsin.evaluate.entry import Entry, Evidence
from tocsin.evaluate.report_charts import counts, distances, errors_over_time, gospa_over_time, nees
from tocsin.evaluate.report_tables import (
    class_table,
    innovation_table,
    requirement_table,
    score_table,
    written,
)
from tocsin.evaluate.report_warnings import warning_parts
from tocsin.evaluate.requirements import Outcome, Standard, met
from tocsin.evaluate.style import look, script
from tocsin.evaluate.svg import clock
from tocsin.evaluate.warning_records import ZoneRecord, zone_records

MAP_PX = (1080.0, 620.0)
HALF_MAP_PX = (530.0, 400.0)


class _Numbers:
    """Number the sections, figures and tables of a page in order."""

    def __init__(self) -> None:
        self._next = {word: count(1) for word in ("section", "Figure", "Table")}

    def heading(self, words: str) -> str:
        """Return the heading of the next section."""
        return f"<h2><small>{next(self._next['section'])}</small>{words}</h2>"

    def caption(self, word: str, words: str) -> str:
        """Return the caption of the next figure or table."""
        return f"<b>{word} {next(self._next[word])}.</b> {words}"

    def figure(self, chart: str, words: str, key: str = "") -> str:
        """Return a figure with its caption below; nothing where there is no chart."""
        if not chart:
            return ""
        caption = self.caption("Figure", words)
        return f"<figure>{key}{chart}<figcaption>{caption}</figcaption></figure>"


def report_page(
    title: str,
    evidence: Evidence,
    entries: Sequence[Entry],
    references: Sequence[Entry] = (),
    standard: Standard | None = None,
) -> str:
    """Return the report as one HTML page, without any address to fetch from.

    Args:
        title: name of the scenario or recording.
        evidence: what the trackers share.
        entries: one tracker, or several to compare; the first one's worst moments come first.
        references: the oracles.
        standard: what the entries were judged by.
    """
    records = [_records(entry, evidence) for entry in entries]
    worlds = [entry.world for entry in entries]
    base = ground(worlds, evidence.setting, evidence.plots_deg, evidence.plots_at_ns, records[0])
    numbers = _Numbers()
    write = (numbers.heading, numbers.figure, numbers.caption)
    parts = [
        _header(title, entries, evidence, standard),
        f'<p class="lede">{" ".join(_lede(entries, references, standard))}</p>',
        *_summary(entries, references, numbers),
        *_requirements(entries, standard, numbers),
        *_where(entries, base, records, numbers),
        *_when(entries, references, numbers),
        *_innovations(entries, references, numbers),
        *_classes(entries, numbers),
        *_worst(entries, base, numbers),
        *warning_parts(entries, records, evidence.setting, *write),
        _everything(entries, references),
        "<footer>Written by Tocsin. Scores are defined in docs/reference/scores.md, the oracle and "
        "the bound in docs/reference/bounds.md, standards in docs/reference/requirements.md."
        "</footer>",
    ]
    body = "\n".join(part for part in parts if part)
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{look()}</style>"
    )
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>{body}'
        f"<script>{script()}</script></body></html>\n"
    )


def _records(entry: Entry, evidence: Evidence) -> list[ZoneRecord]:
    scores = entry.scores.get("warning_scores")
    if scores is None:
        return zone_records(
            evidence.effects.take(slice(0, 0)),
            entry.warnings.take(slice(0, 0)),
            evidence.zones,
            (0, 1),
            {},
        )
    span = (int(scores["start_ns"]), int(scores["end_ns"]))
    return zone_records(evidence.effects, entry.warnings, evidence.zones, span, {})


def _header(
    title: str, entries: Sequence[Entry], evidence: Evidence, standard: Standard | None
) -> str:
    world = entries[0].world
    facts = []
    if world.count:
        begin, end = int(world.at_ns[0]), int(world.at_ns[-1])
        facts.append(("from", f"{datetime.fromtimestamp(begin // NS, UTC):%Y-%m-%d %H:%M:%S} UTC"))
        facts.append(("for", f"{clock((end - begin) / NS)} h"))
    facts.append(("true objects", f"{len(world.true.names):,}"))
    if len(evidence.plots_at_ns):
        facts.append(("plots", f"{len(evidence.plots_at_ns):,}"))
    config = world.config
    facts.append(("cut-off", f"{config.cutoff_m:,.0f} m"))
    facts.append(("dimension", f"{config.dimension}"))
    if standard is not None:
        facts.append(("standard", escape(standard.name)))
    shown = "".join(f"<span>{name} <b>{value}</b></span>" for name, value in facts)
    kicker = "Comparison of trackers" if len(entries) > 1 else "Scores of a tracker"
    return (
        f'<header><p class="kicker">{kicker} against the truth</p><h1>{escape(title)}</h1>'
        f'<p class="facts">{shown}</p></header>'
    )


def _lede(
    entries: Sequence[Entry], references: Sequence[Entry], standard: Standard | None
) -> Iterator[str]:
    """Say in plain words what came out."""
    for entry in entries:
        scores = entry.track_scores
        if scores["completeness"] is None:
            yield f"{escape(entry.name)}: no true object was within coverage."
            continue
        sentence = (
            f"{escape(entry.name)} held a track on what could be seen "
            f"{written(scores['completeness'], '%', 1)} of the time, "
            f"{written(scores['position_rmse_m'], 'm', 0)} off, with "
            f"{written(scores['false_tracks'], '', 0)} false "
            f"track{'' if scores['false_tracks'] == 1 else 's'}" + _beside(entry, references) + "."
        )
        # Numbers stay with their units.
        yield re.sub(r"(?<=[\d,]) (?=[m%])", "\u00a0", sentence)
    for entry in entries if standard is not None else ():
        failed = sum(verdict.outcome is Outcome.FAILED for verdict in entry.verdicts)
        open_ = sum(verdict.outcome is Outcome.NOT_MEASURED for verdict in entry.verdicts)
        verdict = "meets" if met(entry.verdicts) else "does not meet"
        whose = f"{escape(entry.name)} " if len(entries) > 1 else "It "
        yield (
            f"{whose}{verdict} the standard: {failed} of {len(entry.verdicts)} requirements failed"
            + (f", {open_} could not be measured." if open_ else ".")
        )


def _beside(entry: Entry, references: Sequence[Entry]) -> str:
    ratio = entry.scores.get("oracle", {}).get("position_ratio")
    if ratio is None or not references:
        return ""
    return f"; its position error is {ratio:.2f} times that of an oracle told every plot's origin"


def _summary(
    entries: Sequence[Entry], references: Sequence[Entry], numbers: _Numbers
) -> Iterator[str]:
    yield numbers.heading("Scores")
    best = "The best tracker of each row is in bold. " if len(entries) > 1 else ""
    beside = (
        "The oracle (in italics) is told which plot came from whom and that an object exists, from "
        "its first or third plot on; it is what no tracker can be expected to beat. "
        if references
        else ""
    )
    words = f"All scores over the whole time. {best}{beside}– means not measured."
    yield score_table(entries, references, numbers.caption("Table", words))
    chart, key = distances(entries, references)
    words = (
        "Distance from the possible. Each scale starts at zero; the shaded part ends at the "
        "Cramér–Rao bound of the detections that were really made, below which no tracker with the "
        "same motion model can be; the dashed line is the bound of what the site's radars detect "
        "on the average. Errors are compared where the first tracker and the oracle both "
        "hold a track of the object."
    )
    yield numbers.figure(chart, words, key)


def _requirements(
    entries: Sequence[Entry], standard: Standard | None, numbers: _Numbers
) -> Iterator[str]:
    if standard is None:
        return
    yield numbers.heading("Requirements")
    words = f"{escape(standard.about)} A requirement that could not be measured has not passed."
    yield requirement_table(entries, standard, numbers.caption("Table", words))


def _where(
    entries: Sequence[Entry],
    base: Ground | None,
    records: Sequence[Sequence[ZoneRecord]],
    numbers: _Numbers,
) -> Iterator[str]:
    if base is None:
        return
    yield numbers.heading("Where")
    many = len(entries) > 1
    size = HALF_MAP_PX if many else MAP_PX
    maps = [
        f"<div>{f'<h4>{escape(entry.name)}</h4>' if many else ''}"
        f"{chart_map(entry.world, base, *size, len(entries))}</div>"
        for entry in entries
    ]
    words = (
        "True paths, and what the tracker made of them. Zoom with the wheel or the buttons, drag "
        "to move" + ("; the maps move together." if many else ".")
    )
    chart = f'<div class="maps {"many" if many else ""}">{"".join(maps)}</div>'
    yield numbers.figure(chart, words, _map_key(base, bool(records[0])))


def _map_key(base: Ground, zones: bool) -> str:
    lines = [
        ("truth followed", "true path, followed"),
        ("truth missed", "true path, missed though in coverage"),
        ("truth beyond", "true path, beyond coverage"),
        ("track", "track"),
        ("track false", "track with no object within the cut-off"),
    ]
    swatches = [_swatch(f'<path class="{style}" d="M1 6H29"/>', words) for style, words in lines]
    if len(base.plots_deg):
        dots = '<path class="plot" d="M5 4h0M12 8h0M20 3h0M25 7h0"/>'
        swatches.append(_swatch(dots, "plots (a share of them)"))
    if base.setting.sensors:
        radar = (
            '<path class="sensor edge" d="M8 6h0"/><path class="sensor" d="M8 6h0"/>'
            '<path class="reach" d="M16 6H30"/>'
        )
        swatches.append(_swatch(radar, "radar, its greatest range"))
    if zones:
        zone = '<path class="zone alarmed struck" d="M4 1H26V11H4Z"/>'
        swatches.append(_swatch(zone, "zone alarmed (filled), affected (black edge)"))
    return f'<div class="legend">{"".join(swatches)}</div>'


def _swatch(shape: str, words: str) -> str:
    box = '<svg class="swatch" viewBox="0 0 30 12">'
    return f"<span>{box}{shape}</svg>{words}</span>"


def _when(
    entries: Sequence[Entry], references: Sequence[Entry], numbers: _Numbers
) -> Iterator[str]:
    if entries[0].world.count < 2:
        return
    yield numbers.heading("When")
    for chart, words in (
        gospa_over_time(entries, references),
        errors_over_time(entries, references),
        counts(entries),
        nees(entries),
    ):
        yield numbers.figure(chart, words)


def _innovations(
    entries: Sequence[Entry], references: Sequence[Entry], numbers: _Numbers
) -> Iterator[str]:
    if not any("nis_by_sensor" in entry.track_scores for entry in entries):
        return
    words = (
        "Normalised innovation squared (NIS): how far plots lay from where their tracks were "
        "predicted, over plots that surely were the track's, with the 95 % interval of the mean in "
        "a consistent tracker. Above it the tracker, or the sensor's stated errors, are too sure."
    )
    yield innovation_table(entries, references, numbers.caption("Table", words))


def _classes(entries: Sequence[Entry], numbers: _Numbers) -> Iterator[str]:
    yield numbers.heading("By class")
    words = (
        "Scores by the true class of the object. Errors are root mean squares over matched pairs; "
        f"a consistent tracker has a NEES of {entries[0].track_scores['nees_dimension']}."
    )
    yield class_table(entries, numbers.caption("Table", words))


def _worst(entries: Sequence[Entry], base: Ground | None, numbers: _Numbers) -> Iterator[str]:
    if base is None or not any(entry.track_scores["worst"] for entry in entries):
        return
    yield numbers.heading("The worst ten moments")
    key = [
        _swatch('<path class="sign missed" d="M10 6a5 5 0 1 0 10 0a5 5 0 1 0-10 0"/>', "missed"),
        _swatch('<path class="sign false" d="M11 2l8 8m0-8l-8 8"/>', "false"),
        _swatch(
            '<path class="error" d="M6 6H24"/><path class="hit" d="M6 6h0"/>',
            "true object and the error of its track",
        ),
        _swatch(
            '<path class="truth followed" d="M1 6H29"/><path class="track" d="M1 6H29"/>',
            "true path and track of the last 90 s",
        ),
    ]
    yield f'<div class="legend">{"".join(key)}</div>'
    for entry in entries:
        yield f"<h3>{escape(entry.name)}</h3>" if len(entries) > 1 else ""
        chart = chart_worst(entry.world, entry.track_scores["worst"], base)
        words = (
            "The instants of greatest GOSPA, worst first, no two within ten seconds; the numbers "
            "are those above the first chart over time. Each map shows the surroundings of what "
            "was missed or false, on a scale of its own."
        )
        yield numbers.figure(chart, words)


def _everything(entries: Sequence[Entry], references: Sequence[Entry]) -> str:
    kept = {entry.name: _without_series(entry.scores) for entry in (*entries, *references)}
    text = escape(json.dumps(kept, indent=1))
    return f"<details><summary>All scores as JSON</summary><pre>{text}</pre></details>"


def _without_series(scores: Any) -> Any:
    """Return scores without those that are long: one value for each instant."""
    if not isinstance(scores, dict):
        return scores
    long = ("series", "series_by_class", "ospa2_series", "worst", "bins")
    return {key: _without_series(value) for key, value in scores.items() if key not in long}
