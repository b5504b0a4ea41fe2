"""Measure what each preset policy does over the same tracks; prints JSON.

python bench/policies.py [--seed SEED] [--quick]

Tracks are the true states of simulated raids with a track's errors from their first second on, so
what differs between rows is the policy alone, and leads are longer than those of sensors. Person
hours stand beside the oracle's, who knows the future and alarms each zone for its time to shelter.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from bench.reliability import flights, scenario, tracks_at
from tocsin import simulate, warn
from tocsin.contract import NS, ObjectClass, Truth, Warnings
from tocsin.evaluate import score_warnings

SCENARIOS = ("", "fast-and-low")
EVERY_S = 4
QUIET_AFTER_S = 900
KEYS = (
    "pod",
    "pod_usable_lead",
    "lead_p50_s",
    "alarm_person_h",
    "over_warning_ratio",
    "re_alerts_per_zone_h",
    "alerts",
    "false_alerts",
    "premature_clears",
)


def decided(
    chosen: simulate.Scenario, truth: Truth, policy: warn.Policy, seed: int
) -> tuple[Warnings, int]:
    """Return the warnings of a raid under a policy, and when the last decision was."""
    config = warn.WarnConfig(
        chosen.zones,
        chosen.region,
        policy,
        decision_period_s=float(EVERY_S),
    )
    state, draw, rows = warn.start(config), np.random.default_rng(seed), []
    first_ns, last_ns = int(truth.measured_at_ns.min()), int(truth.measured_at_ns.max())
    end_ns = last_ns + QUIET_AFTER_S * NS
    for now_ns in range(first_ns, end_ns, EVERY_S * NS):
        state, out = warn.step(state, tracks_at(truth, now_ns, draw), now_ns)
        rows.append(out.warnings)
    return Warnings.concat(rows), end_ns


def measured(name: str, seed: int, presets: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return a row for each preset over one scenario."""
    chosen = scenario(name, seed)
    truth = flights(chosen)
    done = simulate.effects(chosen, truth)
    names, first = np.unique(truth.target_id.astype(str), return_index=True)
    kinds = [ObjectClass(kind) for kind in truth.object_class[first].tolist()]
    classes = dict(zip(names.tolist(), kinds, strict=True))
    begin_ns, rows = int(truth.measured_at_ns.min()), []
    for preset in presets:
        print(f"{name or 'demo'}, {preset} ...", file=sys.stderr)
        warnings, end_ns = decided(chosen, truth, warn.preset(preset), seed)
        scores = score_warnings(done, warnings, chosen.zones, begin_ns, end_ns, classes)
        row = {"scenario": name or "demo", "policy": preset}
        rows.append({**row, **{key: scores[key] for key in KEYS}})
    return rows


def main() -> None:
    """Print the rows as JSON."""
    given = sys.argv[1:]
    seed = int(given[given.index("--seed") + 1]) if "--seed" in given else 2000
    quick = "--quick" in given
    names = SCENARIOS[1:] if quick else SCENARIOS
    presets = warn.PRESETS[1:2] if quick else warn.PRESETS
    print(json.dumps({"rows": [r for n in names for r in measured(n, seed, presets)]}, indent=1))


if __name__ == "__main__":
    main()
