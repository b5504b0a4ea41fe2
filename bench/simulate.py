"""Measure the simulator: the demo's steps on one core, in CPU time.

python bench/simulate.py
"""

from __future__ import annotations

import json
import time

import numpy as np

from tocsin import simulate


def main() -> None:
    """Print mean and 99th percentile of a step, and what the demo holds, as JSON."""
    began = time.process_time()
    run = simulate.steps(simulate.read_scenario(simulate.demo_scenario()))
    first = next(run)
    start_s = time.process_time() - began
    seconds, reports, objects = [], len(first.reports), len(first.truth)
    while True:
        began = time.process_time()
        step = next(run, None)
        if step is None:
            break
        seconds.append(time.process_time() - began)
        reports += len(step.reports)
        objects = max(objects, len(step.truth))
    result = {
        "start_s": round(start_s, 3),
        "steps": len(seconds) + 1,
        "step_mean_ms": round(1e3 * float(np.mean(seconds)), 3),
        "step_p99_ms": round(1e3 * float(np.quantile(seconds, 0.99)), 3),
        "reports": reports,
        "objects_at_once": objects,
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
