"""Scores of public warnings against their effects; `docs/reference/scores.md` defines them.

Source: D. S. Wilks, Statistical Methods in the Atmospheric Sciences, 4th ed., section 9.2
(contingency tables).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tocsin.contract import NS, Effects, ObjectClass, Warnings, Zone
from tocsin.evaluate.config import WarningScoring
from tocsin.evaluate.spans import joined, length_ns
from tocsin.evaluate.warning_baselines import RunTables, baseline_alarms, person_h, score_alarms
from tocsin.evaluate.warning_conduct import alerts, conduct
from tocsin.evaluate.warning_latency import stage_latencies
from tocsin.evaluate.warning_leads import (
    affected_cells,
    affected_events,
    detection,
    detection_by_class,
    equity,
    lead_quantiles,
    leads_s,
    ratio,
)
from tocsin.evaluate.warning_records import ZoneRecord, zone_records

HOUR_NS = 3600 * NS
Scores = dict[str, Any]


def score_warnings(
    effects: Effects,
    warnings: Warnings,
    zones: Sequence[Zone],
    start_ns: int,
    end_ns: int,
    classes: Mapping[str, ObjectClass] | None = None,
    config: WarningScoring | None = None,
    run: RunTables | None = None,
) -> Scores:
    """Return the scores of warnings, population-weighted, ready for JSON.

    Args:
        effects: which zones were affected, when.
        warnings: what was decided and published.
        zones: the zone map that both name.
        start_ns: begin of what is scored.
        end_ns: end of what is scored.
        classes: object class of each target; without it all effects are of class unknown.
        config: lengths of cells and events, and the baselines.
        run: what else the run left; without it there is no oracle, circle or latency.

    Raises:
        InputError: effects or warnings name a zone that the map does not have; plots and origins
            do not belong together.
    """
    settings, tables, span = config or WarningScoring(), run or RunTables(), (start_ns, end_ns)
    records = zone_records(effects, warnings, zones, span, classes or {})
    cells = affected_cells(records, start_ns, settings)
    events = affected_events(records, settings)
    ours = [record.alarm for record in records]
    cell_leads_s, event_leads_s = leads_s(cells, ours), leads_s(events, ours)
    known_ns = tables.known_ns(records, settings.oracle_detections)
    alarms = baseline_alarms(records, span, tables, known_ns, settings)
    baselines = {name: score_alarms(records, each, cells, events) for name, each in alarms.items()}
    found = {
        "start_ns": start_ns,
        "end_ns": end_ns,
        "zones": len(records),
        "zones_affected": sum(bool(record.effects) for record in records),
        "zones_alarmed": sum(bool(len(record.alarm)) for record in records),
        **detection(cells, cell_leads_s),
        "by_class": detection_by_class(cells, cell_leads_s),
        **{f"event_{name}": value for name, value in detection(events, event_leads_s).items()},
        **lead_quantiles(events, event_leads_s),
        **equity(events, event_leads_s),
        **alerts(records),
        **_person_time(records, start_ns, end_ns),
        **conduct(records, end_ns, settings),
        "latency": stage_latencies(warnings, tables),
        "baselines": baselines,
    }
    unseen = None if known_ns is None else _unseen(records, known_ns)
    return {**found, **_beside(found, baselines, records), "oracle_unseen_effects": unseen}


def _person_time(records: Sequence[ZoneRecord], start_ns: int, end_ns: int) -> Scores:
    """Return the contingency table of person-time and what follows from it."""
    people = _people(records)
    alarm, needed, hits = person_h(records, [record.alarm for record in records])
    before = np.array([length_ns(record.pre_alert) for record in records], float)
    weight = np.array([record.zone.population for record in records], float)
    false, misses = alarm - hits, needed - hits
    rest = people * (end_ns - start_ns) / HOUR_NS - hits - false - misses
    chance = (hits + misses) * (misses + rest) + (hits + false) * (false + rest)
    return {
        "alarm_person_h": alarm,
        "pre_alert_person_h": float(before @ weight) / HOUR_NS,
        "pre_alert_share": ratio(float(before @ weight), people * float(end_ns - start_ns)),
        "needed_person_h": needed,
        "unwarned_person_h": misses,
        "false_time_ratio": ratio(false, alarm),
        "over_warning_ratio": ratio(alarm, needed),
        "csi": ratio(hits, hits + false + misses),
        "hss": ratio(2.0 * (hits * rest - false * misses), chance),
    }


def _beside(
    scores: Mapping[str, Any], baselines: Mapping[str, Scores], records: Sequence[ZoneRecord]
) -> Scores:
    """Return what the baselines did, in short, and ours as a share of the oracle's."""
    oracle = baselines.get("oracle", {})
    found: Scores = {f"oracle_{name}": oracle.get(name) for name in _ORACLE}
    for name in ("oracle_district", "oracle_whole_region", "district", "whole_region"):
        found[f"{name}_person_h"] = baselines.get(name, {}).get("person_h")
    whole = length_ns(joined(record.needed for record in records))
    found["needed_whole_region_person_h"] = _people(records) * whole / HOUR_NS
    for name in ("pod", "pod_usable_lead", "event_pod_usable_lead"):
        found[f"{name}_to_oracle"] = _quotient(scores[name], oracle.get(name))
    found["person_h_to_oracle"] = _quotient(scores["alarm_person_h"], oracle.get("person_h"))
    region = found["oracle_whole_region_person_h"]
    found["alarm_share_of_region"] = _quotient(scores["alarm_person_h"], region)
    found["oracle_share_of_region"] = _quotient(oracle.get("person_h"), region)
    return found


_ORACLE = ("person_h", "pod", "pod_usable_lead", "event_pod_usable_lead", "lead_p50_s")


def _quotient(part: float | None, whole: float | None) -> float | None:
    return None if part is None or whole is None else ratio(part, whole)


def _unseen(records: Sequence[ZoneRecord], known_ns: Mapping[str, int]) -> int:
    """Return how many effects were over before an oracle knew of their object."""
    never = np.iinfo(np.int64).max
    return sum(
        known_ns.get(effect.target_id, never) > effect.last_ns
        for record in records
        for effect in record.effects
    )


def _people(records: Sequence[ZoneRecord]) -> int:
    return sum(record.zone.population for record in records)
