"""The oracle of warnings: it knows the future, but of each object only from a detection on.

The detections are those that the same sensors really made, so no system with these sensors can be
expected to do better than warn of what comes as soon as it was seen to be there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tocsin.contract import I64, NS, InputError, Origins, Reports
from tocsin.evaluate.spans import clipped, union
from tocsin.evaluate.warning_records import ZoneRecord


def known_from_ns(
    reports: Reports, origins: Origins, targets: Sequence[str], detections: int
) -> dict[str, int]:
    """Return when each target's k-th detection was received; targets with fewer are left out.

    An object in one resolution cell with a stronger one is detected with it.

    Args:
        reports: plots of all sensors.
        origins: the true object behind each of them, row by row.
        targets: those asked for.
        detections: k, from 1.

    Raises:
        InputError: the tables differ in length, or k is below 1.
    """
    if len(reports) != len(origins):
        what = f"{len(origins)} origins for {len(reports)} plots"
        raise InputError("origins", what, "give the origins of these plots")
    if detections < 1:
        raise InputError("detections", f"is {detections}", "give 1 or more")
    number = {target: k for k, target in enumerate(dict.fromkeys(targets))}
    heard = np.where(reports.received_at_ns > 0, reports.received_at_ns, reports.measured_at_ns)
    who = np.fromiter((number.get(t, -1) for t in origins.target_id), np.int64, len(origins))
    merged = [
        (number[target], row)
        for row, others in enumerate(origins.merged_ids)
        for target in others
        if target in number
    ]
    weaker, row = np.array(merged, np.int64).reshape(-1, 2).T
    who, at_ns = np.concatenate([who, weaker]), np.concatenate([heard, heard[row]])
    order = np.lexsort((at_ns, who))
    who, at_ns = who[order], at_ns[order]
    first, after = (
        np.searchsorted(who, np.arange(len(number) + 1))[:-1],
        np.searchsorted(who, np.arange(len(number)), "right"),
    )
    place = first + detections - 1
    return {target: int(at_ns[place[k]]) for target, k in number.items() if place[k] < after[k]}


def oracle_alarm(
    record: ZoneRecord, span_ns: tuple[int, int], known_ns: Mapping[str, int] | None
) -> I64:
    """Return when an oracle alarms a zone: from time to shelter before each effect, to its end.

    Args:
        record: the zone.
        span_ns: begin and end of what is scored.
        known_ns: from when each object is known; None: all are from the beginning.
    """
    before = round(record.zone.time_to_shelter_s * NS)
    pairs = []
    for effect in record.effects:
        known = span_ns[0] if known_ns is None else known_ns.get(effect.target_id)
        if known is not None:
            # One more nanosecond, so that the last instant of the effect is in alarm too.
            pairs.append((max(effect.first_ns - before, known), effect.last_ns + 1))
    return clipped(union(pairs), *span_ns)
