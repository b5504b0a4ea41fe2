"""Scores of public warnings against their effects; `docs/reference/scores.md` defines them.

Source: D. S. Wilks, Statistical Methods in the Atmospheric Sciences, 4th ed., section 9.2
(contingency tables); G. J. Stumpf and A. E. Gerard, Wea. Forecasting 36 (2021) 627-643
(verification of warnings per cell and minute).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tocsin.contract import (
    F64,
    I64,
    NS,
    Action,
    Effects,
    InputError,
    ObjectClass,
    Objects,
    Stage,
    Warnings,
    Zone,
)
from tocsin.evaluate.config import WarningScoring
from tocsin.evaluate.spans import clipped, common_ns, joined, length_ns, since_ns, union

HOUR_NS = 3600 * NS
LONG_AFTER = np.iinfo(np.int64).max
_NO_ROWS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Effect:
    """Hold what one object did to one zone, and when."""

    first_ns: int
    last_ns: int
    kind: ObjectClass


@dataclass(frozen=True, eq=False)
class ZoneRecord:
    """Hold what happened in one zone: alarm, pre-alert, effects, and when alarm was needed."""

    zone: Zone
    alarm: I64
    pre_alert: I64
    needed: I64
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class Moment:
    """Hold one affected cell or event: who was there, and how long they had been warned."""

    zone: Zone
    kind: ObjectClass
    lead_s: float | None

    @property
    def usable(self) -> bool:
        """Return whether people had the time that they need to take shelter."""
        return self.lead_s is not None and self.lead_s >= self.zone.time_to_shelter_s


def score_warnings(
    effects: Effects,
    warnings: Warnings,
    zones: Sequence[Zone],
    start_ns: int,
    end_ns: int,
    classes: Mapping[str, ObjectClass] | None = None,
    config: WarningScoring | None = None,
) -> dict[str, Any]:
    """Return the scores of warnings, population-weighted, ready for JSON.

    Args:
        effects: which zones were affected, when.
        warnings: what was decided and published.
        zones: the zone map that both name.
        start_ns: begin of what is scored.
        end_ns: end of what is scored.
        classes: object class of each target; without it all effects are of class unknown.
        config: lengths of cells and events.

    Raises:
        InputError: effects or warnings name a zone that the map does not have.
    """
    settings = config or WarningScoring()
    records = zone_records(effects, warnings, zones, (start_ns, end_ns), classes or {})
    cells = [moment for record in records for moment in _cells(record, start_ns, settings)]
    events = [moment for record in records for moment in _events(record, settings)]
    return {
        "start_ns": start_ns,
        "end_ns": end_ns,
        "zones": len(records),
        "zones_affected": sum(bool(record.effects) for record in records),
        "zones_alarmed": sum(bool(len(record.alarm)) for record in records),
        **_detection(cells),
        "by_class": {
            kind.name.lower(): _detection([m for m in cells if m.kind == kind])
            for kind in ObjectClass
            if any(m.kind == kind for m in cells)
        },
        **{f"event_{name}": value for name, value in _detection(events).items()},
        **_leads(events),
        **_false_area(records),
        **_person_time(records, start_ns, end_ns),
        **_baselines(records),
        **_lifecycle(records, end_ns, settings),
    }


def zone_records(
    effects: Effects,
    warnings: Warnings,
    zones: Sequence[Zone],
    span_ns: tuple[int, int],
    classes: Mapping[str, ObjectClass],
) -> list[ZoneRecord]:
    """Return what happened in each zone within a span of time, in the order of the zones.

    Raises:
        InputError: effects or warnings name a zone that the map does not have.
    """
    known = {zone.zone_id for zone in zones}
    for name, column in (("effects", effects.zone_id), ("warnings", warnings.zone_id)):
        unknown = [zone_id for zone_id in column if zone_id not in known]
        if unknown:
            raise InputError(name, f"zone {unknown[0]!r} is not in the zones", "use one zone map")
    heard = _heard_ns(warnings)
    warned, struck = _rows_by_name(warnings.zone_id), _rows_by_name(effects.zone_id)
    records = []
    for zone in zones:
        rows = warned.get(zone.zone_id, _NO_ROWS)
        found = _effects_in(effects, struck.get(zone.zone_id, _NO_ROWS), span_ns, classes)
        alarm, pre_alert = (
            _staged(warnings, heard, rows, stage, span_ns)
            for stage in (Stage.ALERT, Stage.PRE_ALERT)
        )
        needed = clipped(_needed(zone, found), *span_ns)
        records.append(ZoneRecord(zone, alarm, pre_alert, needed, found))
    return records


def _rows_by_name(names: Objects) -> dict[str, I64]:
    known, number = np.unique(names.astype(str), return_inverse=True)
    order = np.argsort(number, kind="stable")
    groups = np.split(order, np.searchsorted(number[order], np.arange(1, len(known))))
    return dict(zip(known.tolist(), groups, strict=False))


def _heard_ns(warnings: Warnings) -> I64:
    return np.where(warnings.published_at_ns > 0, warnings.published_at_ns, warnings.decided_at_ns)


def _effects_in(
    effects: Effects, rows: I64, span_ns: tuple[int, int], classes: Mapping[str, ObjectClass]
) -> tuple[Effect, ...]:
    start, end = span_ns
    found = [
        Effect(
            max(int(effects.first_ns[row]), start),
            min(int(effects.last_ns[row]), end - 1),
            classes.get(effects.target_id[row], ObjectClass.UNKNOWN),
        )
        for row in rows
        if effects.last_ns[row] >= start and effects.first_ns[row] < end
    ]
    return tuple(sorted(found, key=lambda effect: (effect.first_ns, effect.last_ns, effect.kind)))


def _needed(zone: Zone, effects: Sequence[Effect]) -> I64:
    """Return when the zone had to be in alarm: time to shelter before each effect, to its end."""
    before = round(zone.time_to_shelter_s * NS)
    return union((effect.first_ns - before, effect.last_ns) for effect in effects)


def _staged(
    warnings: Warnings, heard_ns: I64, rows: I64, stage: Stage, span_ns: tuple[int, int]
) -> I64:
    """Return when any of a zone's warnings stood at a stage.

    A row stands until the next row of the same warning, or until it expires.
    """
    order = rows[np.argsort(heard_ns[rows], kind="stable")]
    pairs = []
    for name in dict.fromkeys(warnings.warning_id[order]):
        mine = order[warnings.warning_id[order] == name]
        ends = [*heard_ns[mine[1:]].tolist(), LONG_AFTER]
        for row, end in zip(mine, ends, strict=True):
            over = warnings.action[row] in (Action.CLEAR, Action.CANCEL)
            if not over and warnings.stage[row] == stage:
                expiry = int(warnings.expires_at_ns[row]) or LONG_AFTER
                pairs.append((int(heard_ns[row]), min(end, expiry)))
    return clipped(union(pairs), *span_ns)


def _cells(record: ZoneRecord, start_ns: int, config: WarningScoring) -> list[Moment]:
    """Return the affected cells of minute x class, each at its first affected moment."""
    length = round(config.minute_s * NS)
    first: dict[tuple[int, ObjectClass], int] = {}
    for effect in record.effects:
        low, high = (effect.first_ns - start_ns) // length, (effect.last_ns - start_ns) // length
        for minute in range(low, high + 1):
            moment = max(effect.first_ns, start_ns + minute * length)
            key = (minute, effect.kind)
            first[key] = min(moment, first.get(key, moment))
    return [_moment(record, kind, at_ns) for (_, kind), at_ns in sorted(first.items())]


def _events(record: ZoneRecord, config: WarningScoring) -> list[Moment]:
    """Return the events of each class: effects that follow each other closely, at the first."""
    gap = round(config.event_gap_s * NS)
    last: dict[ObjectClass, int] = {}
    events = []
    for effect in record.effects:
        if effect.kind not in last or effect.first_ns - last[effect.kind] > gap:
            events.append(_moment(record, effect.kind, effect.first_ns))
        last[effect.kind] = max(effect.last_ns, last.get(effect.kind, effect.last_ns))
    return events


def _moment(record: ZoneRecord, kind: ObjectClass, at_ns: int) -> Moment:
    since = since_ns(record.alarm, at_ns)
    return Moment(record.zone, kind, None if since is None else (at_ns - since) / NS)


def _detection(moments: Sequence[Moment]) -> dict[str, Any]:
    weight = np.array([moment.zone.population for moment in moments], float)
    warned = np.array([moment.lead_s is not None for moment in moments], bool)
    usable = np.array([moment.usable for moment in moments], bool)
    return {
        "affected": len(moments),
        "pod": _weighted(warned, weight),
        "pod_usable_lead": _weighted(usable, weight),
    }


def _leads(events: Sequence[Moment]) -> dict[str, float | None]:
    """Return weighted quantiles of lead; a missed event counts with no lead at all."""
    lead = np.array([moment.lead_s or 0.0 for moment in events])
    weight = np.array([moment.zone.population for moment in events], float)
    order = np.argsort(lead, kind="stable")
    reached = np.cumsum(weight[order])
    quantiles: dict[str, float | None] = {}
    for percent in (5, 50, 95):
        known = len(lead) > 0 and reached[-1] > 0.0
        place = int(np.searchsorted(reached, percent / 100.0 * reached[-1])) if known else 0
        quantiles[f"lead_p{percent}_s"] = float(lead[order[place]]) if known else None
    return quantiles


def _false_area(records: Sequence[ZoneRecord]) -> dict[str, Any]:
    weight, false = [], []
    for record in records:
        for start, end in record.alarm:
            justified = any(e.first_ns <= end and e.last_ns >= start for e in record.effects)
            weight.append(float(record.zone.population))
            false.append(not justified)
    return {
        "alerts": len(false),
        "false_alerts": sum(false),
        "false_area_ratio": _weighted(np.array(false, bool), np.array(weight)),
    }


def _person_time(records: Sequence[ZoneRecord], start_ns: int, end_ns: int) -> dict[str, Any]:
    """Return the contingency table of person-time and what follows from it."""
    people = np.array([record.zone.population for record in records], float)
    alarm = np.array([length_ns(record.alarm) for record in records], float) @ people / HOUR_NS
    needed = np.array([length_ns(record.needed) for record in records], float) @ people / HOUR_NS
    common = [common_ns(record.alarm, record.needed) for record in records]
    hits = np.array(common, float) @ people / HOUR_NS
    before = np.array([length_ns(record.pre_alert) for record in records], float)
    false, misses = alarm - hits, needed - hits
    rest = people.sum() * (end_ns - start_ns) / HOUR_NS - hits - false - misses
    chance = (hits + misses) * (misses + rest) + (hits + false) * (false + rest)
    return {
        "alarm_person_h": float(alarm),
        "pre_alert_person_h": float(before @ people / HOUR_NS),
        "oracle_person_h": float(needed),
        "unwarned_person_h": float(misses),
        "false_time_ratio": _ratio(false, alarm),
        "over_warning_ratio": _ratio(alarm, needed),
        "csi": _ratio(hits, hits + false + misses),
        "hss": _ratio(2.0 * (hits * rest - false * misses), chance),
    }


def _baselines(records: Sequence[ZoneRecord]) -> dict[str, Any]:
    """Return what the same decisions cost if whole districts or the whole region were alarmed."""
    districts: dict[str, list[ZoneRecord]] = {}
    for record in records:
        districts.setdefault(record.zone.parent_id or record.zone.zone_id, []).append(record)
    return {
        "district_person_h": sum(_area_person_h(group) for group in districts.values()),
        "whole_region_person_h": _area_person_h(records),
        "oracle_whole_region_person_h": _people(records)
        * length_ns(joined(record.needed for record in records))
        / HOUR_NS,
    }


def _area_person_h(records: Sequence[ZoneRecord]) -> float:
    return _people(records) * length_ns(joined(record.alarm for record in records)) / HOUR_NS


def _people(records: Sequence[ZoneRecord]) -> int:
    return sum(record.zone.population for record in records)


def _lifecycle(
    records: Sequence[ZoneRecord], end_ns: int, config: WarningScoring
) -> dict[str, Any]:
    soon = round(config.soon_s * NS)
    alarmed = [record for record in records if len(record.alarm)]
    gaps = [record.alarm[1:, 0] - record.alarm[:-1, 1] for record in alarmed]
    again = int(sum(np.sum(gap <= soon) for gap in gaps))
    observed_h = (end_ns - min((int(r.alarm[0, 0]) for r in alarmed), default=end_ns)) / HOUR_NS
    return {
        "re_alerts": again,
        "re_alerts_per_zone_h": _ratio(again, len(alarmed) * observed_h),
        "premature_clears": sum(_premature(record, soon) for record in alarmed),
        "never_cleared": sum(int(record.alarm[-1, 1]) >= end_ns for record in alarmed),
    }


def _premature(record: ZoneRecord, soon: int) -> int:
    """Return how many alerts ended before an effect that then met people who felt safe."""
    count = 0
    for cleared in record.alarm[:, 1].tolist():
        struck = [
            max(effect.first_ns, cleared)
            for effect in record.effects
            if effect.last_ns > cleared and effect.first_ns <= cleared + soon
        ]
        unwarned = [at_ns for at_ns in struck if since_ns(record.alarm, at_ns) is None]
        count += bool(unwarned)
    return count


def _weighted(flags: np.ndarray[Any, np.dtype[np.bool_]], weight: F64) -> float | None:
    return _ratio(float(flags @ weight), float(weight.sum()))


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole > 0.0 else None
