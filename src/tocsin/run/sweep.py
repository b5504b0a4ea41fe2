"""Other warning policies on the same tracks: what the curve of reach over cost is drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tocsin import evaluate, warn
from tocsin.contract import Effects, ObjectClass, Tracks, Zone
from tocsin.geo import Region
from tocsin.run.offline import Silent, decided, first_corner

MISSED_MIN = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
"""Minutes of alarm that weigh as much as one person unwarned, beside the presets."""
KEYS = ("pod_usable_lead", "event_pod_usable_lead", "lead_p50_s", "csi", "alerts", "false_alerts")


def policies() -> list[tuple[str, float | None, warn.Policy]]:
    """Return the policies to compare: name, `missed_min` where it is what varies, policy."""
    balanced = warn.preset("balanced")
    varied = [
        (f"missed_min {value:g}", value, replace(balanced, missed_min=value))
        for value in MISSED_MIN
    ]
    return [*varied, *((name, None, warn.preset(name)) for name in warn.PRESETS)]


def sweep(
    tracks: Tracks,
    zones: Sequence[Zone],
    effects: Effects,
    span_ns: tuple[int, int],
    classes: Mapping[str, ObjectClass],
    note: Any,
) -> list[dict[str, Any]]:
    """Return cost and reach of each policy, decided anew over the same tracks.

    Args:
        tracks: of the run.
        zones: the zone map.
        effects: which zones were affected, when.
        span_ns: begin and end of what is scored.
        classes: object class of each target.
        note: tells people.
    """
    tracks = tracks.sorted_by("measured_at_ns", "track_id")
    rows = []
    for name, missed_min, policy in policies():
        note(f"warning by {name} ...")
        config = warn.WarnConfig(tuple(zones), Region.at(first_corner(zones)), policy)
        warnings = decided(config, tracks, Silent())[1]
        scores = evaluate.score_warnings(effects, warnings, zones, *span_ns, classes)
        found = {key: scores[key] for key in KEYS}
        cost = {"person_h": scores["alarm_person_h"]}
        rows.append({"policy": name, "missed_min": missed_min, **cost, **found})
    return rows
