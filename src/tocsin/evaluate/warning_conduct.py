"""How warnings began and ended: false ones, again, too soon, too late, never."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tocsin.contract import NS
from tocsin.evaluate.config import WarningScoring
from tocsin.evaluate.spans import since_ns
from tocsin.evaluate.warning_leads import mean, quantile, ratio
from tocsin.evaluate.warning_records import ZoneRecord

HOUR_NS = 3600 * NS


def alerts(records: Sequence[ZoneRecord]) -> dict[str, Any]:
    """Return how many alerts were false, how long those stood, and how long true ones outlasted.

    Source: G. J. Stumpf and A. E. Gerard, Wea. Forecasting 36 (2021) 627-643 (departure time).
    """
    people, false, stood_s, outlasted_s = [], [], [], []
    for record in records:
        for start, end in record.alarm.tolist():
            struck = [e.last_ns for e in record.effects if e.first_ns <= end and e.last_ns >= start]
            people.append(float(record.zone.population))
            false.append(not struck)
            stood_s.append((end - start) / NS)
            outlasted_s.append((end - min(max(struck, default=end), end)) / NS)
    weight, wrong = np.array(people), np.array(false, bool)
    times = (("time_to_correct", stood_s, wrong), ("departure", outlasted_s, ~wrong))
    return {
        "alerts": len(false),
        "false_alerts": int(wrong.sum()),
        "false_area_ratio": mean(wrong, weight),
        **{
            f"{name}_p{q}_s": quantile(np.array(values)[rows], weight[rows], q / 100.0)
            for name, values, rows in times
            for q in (50, 95)
        },
    }


def conduct(records: Sequence[ZoneRecord], end_ns: int, config: WarningScoring) -> dict[str, Any]:
    """Return what was alerted again, cleared too soon, or never cleared."""
    soon = round(config.soon_s * NS)
    alarmed = [record for record in records if len(record.alarm)]
    gaps = [record.alarm[1:, 0] - record.alarm[:-1, 1] for record in alarmed]
    again = int(sum(np.sum(gap <= soon) for gap in gaps))
    observed_h = (end_ns - min((int(r.alarm[0, 0]) for r in alarmed), default=end_ns)) / HOUR_NS
    return {
        "re_alerts": again,
        "re_alerts_per_zone_h": ratio(again, len(alarmed) * observed_h),
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
