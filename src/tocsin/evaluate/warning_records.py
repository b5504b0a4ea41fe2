"""What happened in each zone: effects, alarm and pre-alert as spans, and what was needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tocsin.contract import (
    ENDINGS,
    I64,
    NS,
    Effects,
    InputError,
    ObjectClass,
    Objects,
    Stage,
    Warnings,
    Zone,
)
from tocsin.evaluate.spans import clipped, union

LONG_AFTER = np.iinfo(np.int64).max
_NO_ROWS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Effect:
    """Hold what one object did to one zone, and when."""

    first_ns: int
    last_ns: int
    kind: ObjectClass
    target_id: str = ""


@dataclass(frozen=True, eq=False)
class ZoneRecord:
    """Hold what happened in one zone: alarm, pre-alert, effects, and when alarm was needed."""

    zone: Zone
    alarm: I64
    pre_alert: I64
    needed: I64
    effects: tuple[Effect, ...]

    @property
    def district(self) -> str:
        """Return the name of what the zone is a part of; its own where it is of nothing."""
        return self.zone.parent_id or self.zone.zone_id


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
    heard = heard_ns(warnings)
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


def heard_ns(warnings: Warnings) -> I64:
    """Return when people could hear each warning: published, else decided."""
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
            effects.target_id[row],
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
    warnings: Warnings, heard: I64, rows: I64, stage: Stage, span_ns: tuple[int, int]
) -> I64:
    """Return when any of a zone's warnings stood at a stage.

    A row stands until the next row of the same warning, or until it expires.
    """
    order = rows[np.argsort(heard[rows], kind="stable")]
    pairs = []
    for name in dict.fromkeys(warnings.warning_id[order]):
        mine = order[warnings.warning_id[order] == name]
        ends = [*heard[mine[1:]].tolist(), LONG_AFTER]
        for row, end in zip(mine, ends, strict=True):
            over = warnings.action[row] in ENDINGS
            if not over and warnings.stage[row] == stage:
                expiry = int(warnings.expires_at_ns[row]) or LONG_AFTER
                pairs.append((int(heard[row]), min(end, expiry)))
    return clipped(union(pairs), *span_ns)
