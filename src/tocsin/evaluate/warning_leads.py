"""Who was affected when, and how long before they had been warned: POD, leads, their equity.

Source: D. S. Wilks, Statistical Methods in the Atmospheric Sciences, 4th ed., section 9.2; G. J.
Stumpf and A. E. Gerard, Wea. Forecasting 36 (2021) 627-643 (verification per cell and minute).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.contract import F64, I8, I64, NS, Bool, ObjectClass
from tocsin.evaluate.config import WarningScoring
from tocsin.evaluate.warning_records import ZoneRecord

Index = NDArray[np.intp]
PERCENTILES = (5, 50, 95)


@dataclass(frozen=True, eq=False)
class Affected:
    """Hold one row per affected cell, or per event, in the order of the zones.

    Args:
        zone: (n,) place of its zone in the records.
        kind: (n,) object class.
        at_ns: (n,) its moment: the first at which people were affected.
        people: (n,) of the zone.
        shelter_s: (n,) time that they need.
        district: (n,) name of the zone's district.
    """

    zone: Index
    kind: I8
    at_ns: I64
    people: F64
    shelter_s: F64
    district: NDArray[np.str_]


def affected_cells(
    records: Sequence[ZoneRecord], start_ns: int, config: WarningScoring
) -> Affected:
    """Return the affected cells of zone x minute x class, each at its first affected instant."""
    return _affected(records, [_cells(record, start_ns, config) for record in records])


def affected_events(records: Sequence[ZoneRecord], config: WarningScoring) -> Affected:
    """Return the events: effects of one class on one zone that follow each other closely."""
    return _affected(records, [_events(record, config) for record in records])


def _affected(
    records: Sequence[ZoneRecord], moments: Sequence[Sequence[tuple[ObjectClass, int]]]
) -> Affected:
    zone = np.repeat(np.arange(len(records)), [len(rows) for rows in moments])
    flat = [moment for rows in moments for moment in rows]
    people = np.array([record.zone.population for record in records], float)
    shelter_s = np.array([record.zone.time_to_shelter_s for record in records], float)
    district = np.array([record.district for record in records], np.str_)
    return Affected(
        zone,
        np.array([kind for kind, _ in flat], np.int8),
        np.array([at_ns for _, at_ns in flat], np.int64),
        people[zone],
        shelter_s[zone],
        district[zone],
    )


def _cells(
    record: ZoneRecord, start_ns: int, config: WarningScoring
) -> list[tuple[ObjectClass, int]]:
    length = round(config.minute_s * NS)
    first: dict[tuple[int, ObjectClass], int] = {}
    for effect in record.effects:
        low, high = (effect.first_ns - start_ns) // length, (effect.last_ns - start_ns) // length
        for minute in range(low, high + 1):
            moment = max(effect.first_ns, start_ns + minute * length)
            key = (minute, effect.kind)
            first[key] = min(moment, first.get(key, moment))
    return [(kind, at_ns) for (_, kind), at_ns in sorted(first.items())]


def _events(record: ZoneRecord, config: WarningScoring) -> list[tuple[ObjectClass, int]]:
    gap = round(config.event_gap_s * NS)
    last: dict[ObjectClass, int] = {}
    events = []
    for effect in record.effects:
        if effect.kind not in last or effect.first_ns - last[effect.kind] > gap:
            events.append((effect.kind, effect.first_ns))
        last[effect.kind] = max(effect.last_ns, last.get(effect.kind, effect.last_ns))
    return events


def leads_s(affected: Affected, alarms: Sequence[I64]) -> F64:
    """Return (n,) how long people had been in alarm at each moment; NaN: they were not.

    Args:
        affected: cells or events.
        alarms: spans of alarm of each zone.
    """
    lead = np.full(len(affected.zone), np.nan)
    firsts = np.searchsorted(affected.zone, np.arange(len(alarms) + 1))
    for spans, begin, end in zip(alarms, firsts[:-1].tolist(), firsts[1:].tolist(), strict=True):
        if begin == end or len(spans) == 0:
            continue
        at_ns = affected.at_ns[begin:end]
        place = np.searchsorted(spans[:, 0], at_ns, "left") - 1
        inside = (place >= 0) & (at_ns < spans[np.maximum(place, 0), 1])
        lead[begin:end] = np.where(inside, (at_ns - spans[np.maximum(place, 0), 0]) / NS, np.nan)
    return lead


def usable(affected: Affected, lead_s: F64) -> Bool:
    """Return where people had the time that they need, to the nanosecond of the tables."""
    enough: Bool = np.nan_to_num(lead_s, nan=-1.0) >= affected.shelter_s - 1.0 / NS
    return enough


def detection(affected: Affected, lead_s: F64) -> dict[str, Any]:
    """Return how many moments there were, and the share of people warned, and warned in time."""
    enough = usable(affected, lead_s)
    return {
        "affected": len(lead_s),
        "people": float(affected.people.sum()),
        "people_not_in_time": float(affected.people[~enough].sum()),
        "pod": mean(np.isfinite(lead_s), affected.people),
        "pod_usable_lead": mean(enough, affected.people),
    }


def detection_by_class(affected: Affected, lead_s: F64) -> dict[str, Any]:
    """Return `detection` of each class that affected anybody."""
    found = {}
    for kind in ObjectClass:
        rows = np.flatnonzero(affected.kind == kind)
        if len(rows):
            some = Affected(*(column[rows] for column in vars(affected).values()))
            found[kind.name.lower()] = detection(some, lead_s[rows])
    return found


def lead_quantiles(affected: Affected, lead_s: F64) -> dict[str, float | None]:
    """Return weighted quantiles of lead; who was missed counts with no lead at all."""
    lead = np.nan_to_num(lead_s)
    return {f"lead_p{q}_s": quantile(lead, affected.people, q / 100.0) for q in PERCENTILES}


def equity(affected: Affected, lead_s: F64) -> dict[str, float | None]:
    """Return how evenly the warning reached the districts, and how unequal leads were.

    Source: C. Gini, Variabilita e mutabilita, 1912, for the coefficient.
    """
    enough, everybody = usable(affected, lead_s), affected.people
    shares = [
        mean(enough[rows], everybody[rows])
        for rows in (affected.district == name for name in np.unique(affected.district))
    ]
    known = [share for share in shares if share is not None]
    worst, whole = min(known, default=None), mean(enough, everybody)
    return {
        "worst_district_pod_usable_lead": worst,
        "lead_equity": None if worst is None or whole is None else ratio(worst, whole),
        "lead_gini": gini(np.nan_to_num(lead_s), everybody),
    }


def gini(value: F64, weight: F64) -> float | None:
    """Return half the mean absolute difference of two draws, over the mean; 0: all equal.

    >>> gini(np.array([0.0, 10.0]), np.array([1.0, 1.0]))
    0.5
    """
    order = np.argsort(value, kind="stable")
    value, weight = value[order], weight[order]
    total, whole = float(weight.sum()), float(value @ weight)
    if total <= 0.0 or whole <= 0.0:
        return None
    below = np.cumsum(weight) - weight / 2.0
    return float(2.0 * (value * weight) @ below / (total * whole) - 1.0)


def quantile(value: F64, weight: F64, share: float) -> float | None:
    """Return the least value that a share of the weight does not exceed; None without weight."""
    order = np.argsort(value, kind="stable")
    reached = np.cumsum(weight[order])
    if len(value) == 0 or reached[-1] <= 0.0:
        return None
    return float(value[order[int(np.searchsorted(reached, share * reached[-1]))]])


def mean(flags: Bool, weight: F64) -> float | None:
    """Return the weighted share of flags; None without weight."""
    return ratio(float(flags @ weight), float(weight.sum()))


def ratio(part: float, whole: float) -> float | None:
    """Return a ratio; None without a denominator."""
    return float(part / whole) if whole > 0.0 else None
